# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # these are for those who source it, or theirs
#
# For what runs on a kernel that build_kernel makes; sourced in the top directory, where O is set.

# build_for KIND: that kernel, and for it the module, in $modules. That of KASAN's kernel counts its
# lines (gcov) and tells each thread where it was (KCOV).
build_for()
{
	kernel=$(selftests/vm/build_kernel "$1") || return
	modules=$O/modules/$(cat "$kernel/build/include/config/kernel.release")
	case $1 in
	kasan)	make -s modules KDIR="$kernel/build" GCOV_PROFILE=y KCOV_INSTRUMENT=y ;;
	kcsan)	make -s modules KDIR="$kernel/build" ;;
	esac
}

# guest_of KIND: vm/run's options for its guest. The firmware's table of interrupts takes two minutes
# to read on the machine that is QEMU's default.
guest_of()
{
	echo "--machine q35 --kernel $O/debug/$1 --mem 3072 --boot-timeout 600"
}
