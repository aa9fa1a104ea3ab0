# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# What a script sources first to run in namespaces of its own, with the helpers of lib.sh: see
# own_namespaces() there. The arguments are still those of the script.

. ../lib/lib.sh
own_namespaces "$0" "$@"
