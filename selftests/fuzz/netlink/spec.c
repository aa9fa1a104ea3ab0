// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The family as its spec has it. */
#include "kfuzz.h"

#include "kfuzz_spec.h"

_Static_assert(KTLS_OCSP_A_MAX < 64, "a set of attributes is 64 bits");

const struct kf_command *kf_command(uint8_t cmd)
{
	for (unsigned int i = 0; i < kf_n_commands; i++)
		if (kf_commands[i].cmd == cmd)
			return &kf_commands[i];
	return NULL;
}
