# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # these are for those who source it, or theirs
#
# For what asks which lines of the module were reached; sourced in the top directory, where O is set.

# A build directory of its own: nobody else is to load this module by mistake.
instrumented=$O/instrumented

# instrument: the kernel of config.kasan, and the module for it that counts its lines (gcov) and
# tells each thread where it was (KCOV)
instrument()
{
	kernel=$(selftests/debug/build-kernel kasan) &&
		make -s modules O="$instrumented" KDIR="$kernel/build" GCOV_PROFILE=y KCOV_INSTRUMENT=y
}
