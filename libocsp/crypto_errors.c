// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* libcrypto's queue of errors, see crypto_errors.h. */
#include <openssl/err.h>

#include "crypto_errors.h"

bool ocsp_errors_begin(void)
{
	bool alone = !ERR_peek_error();

	ERR_set_mark();
	/* So that the last of what was there is not taken for ours. */
	if (!alone)
		ERR_raise(ERR_LIB_USER, ERR_R_OPERATION_FAIL);
	return alone;
}

static bool is_memory(unsigned long e)
{
	return e && ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
}

bool ocsp_errors_end(bool alone)
{
	/* What is behind the last one cannot be seen without taking it away. */
	bool found = is_memory(ERR_peek_last_error());
	unsigned long e;

	while (alone && (e = ERR_get_error()))
		found |= is_memory(e);
	ERR_pop_to_mark();
	return found;
}
