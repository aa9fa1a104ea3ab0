// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which of two responses counts, see precedence.h. */
#include <stddef.h>

#include "precedence.h"

const char *ocsp_worse(const struct ocsp_terms *have,
		       const struct ocsp_terms *response, int64_t now)
{
	/*
	 * Also where there is nothing: no server staples it, and a good one
	 * that was signed before it could not replace it any more.
	 */
	if (response->status == KTLS_OCSP_CERT_STATUS_UNKNOWN)
		return "the responder does not know the certificate";
	if (!have->next_update ||
	    have->this_update > now + KTLS_OCSP_CLOCK_TOLERANCE)
		return NULL;
	if (response->this_update < have->this_update)
		return "older than the stored response";
	/* Of two of the same second the bad news is the one to believe. */
	if (response->status == KTLS_OCSP_CERT_STATUS_GOOD &&
	    have->status == KTLS_OCSP_CERT_STATUS_REVOKED &&
	    response->this_update == have->this_update)
		return "not newer than the stored response, which says revoked";
	return NULL;
}
