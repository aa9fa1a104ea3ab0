// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* All certificates, counted. */
#include <string.h>

#include "plan.h"
#include "tally.h"

static struct tally *current;

static void count_cert(struct cert *cert)
{
	int64_t end = cert->terms.next_update;

	current->states[cert->state]++;
	current->failing += cert->failures > 0;
	current->pinned += !!cert->pin;
	if (plan_is_unserved(cert))
		current->unserved++;
	else if (cert->state != CERT_UNUSED &&
		 (!current->first_end || end < current->first_end))
		current->first_end = end;
}

void tally_certs(struct tally *tally)
{
	memset(tally, 0, sizeof(*tally));
	current = tally;
	certs_for_each(count_cert);
}
