#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# NAME_standin.sh: the test NAME.sh with the stand-in for the store.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
name=${0##*/}
export STORE=standin
exec "./${name%_standin.sh}.sh" "$@"
