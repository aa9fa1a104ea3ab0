# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# shellcheck disable=SC2154 # O is set by those who source it
#
# guest_of KIND: vm/run's options for a guest of debug/config.KIND. The firmware's table of interrupts
# takes two minutes to read on the machine that is QEMU's default.
guest_of()
{
	echo "--machine q35 --kernel $O/debug/$1 --mem 3072 --boot-timeout 600"
}
