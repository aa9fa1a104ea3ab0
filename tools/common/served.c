// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which responses the servers get. */
#include <stdio.h>

#include "served.h"

int64_t min_validity(void)
{
	static long long seconds = -1;
	FILE *f;

	if (seconds >= 0)
		return seconds;
	f = fopen("/proc/sys/net/ktls_ocsp/min_validity", "re");
	/* The module may come later. */
	if (!f)
		return 0;
	if (fscanf(f, "%lld", &seconds) != 1 || seconds < 0)
		seconds = 0;
	fclose(f);
	return seconds;
}

bool entry_is_served(const struct ocsp_entry *entry, int64_t now)
{
	return entry->state == KTLS_OCSP_STATE_VALID &&
	       entry->status != KTLS_OCSP_CERT_STATUS_UNKNOWN &&
	       entry->next_update - now >= min_validity();
}
