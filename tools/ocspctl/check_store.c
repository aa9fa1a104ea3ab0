// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl check-store: for monitoring systems, as their plugins do it */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "summary.h"

/* Percent of a limit of the store */
#define FULL_WARN	80
#define FULL_CRIT	95

/* What is wrong with one entry */
enum trouble {
	NO_TROUBLE,
	ENDING,				/* within the limit of the warning */
	ENDING_SOON,
	NOT_SERVED,
	USED_NOT_SERVED,		/* by a server */
	STRICT_NOT_SERVED,		/* the certificate is must-staple */
	USED_REVOKED,
	TROUBLES
};

static const struct {
	const char *text;
	int status;
} troubles[TROUBLES] = {
	[ENDING] = { "ending", CHECK_WARNING },
	[ENDING_SOON] = { "ending soon", CHECK_CRITICAL },
	[NOT_SERVED] = { "not served", CHECK_WARNING },
	[USED_NOT_SERVED] = { "in use and not served", CHECK_CRITICAL },
	[STRICT_NOT_SERVED] = { "must-staple and not served", CHECK_CRITICAL },
	[USED_REVOKED] = { "in use and revoked", CHECK_CRITICAL },
};

static enum trouble judge(const struct ocsp_entry *r,
			  const struct check_limits *limits, int64_t now)
{
	int status;

	if (!entry_is_served(r, now))
		return r->handles ? USED_NOT_SERVED : NOT_SERVED;
	status = check_left(limits, r->this_update, r->next_update, now);
	if (status == CHECK_CRITICAL)
		return ENDING_SOON;
	if (r->status == KTLS_OCSP_CERT_STATUS_REVOKED && r->handles)
		return USED_REVOKED;
	return status == CHECK_WARNING ? ENDING : NO_TROUBLE;
}

static void count_troubles(const struct summary *s,
			   const struct check_limits *limits,
			   size_t counts[TROUBLES])
{
	size_t i;

	memset(counts, 0, TROUBLES * sizeof(*counts));
	for (i = 0; i < s->list.count; i++)
		counts[judge(&s->list.all[i], limits, s->now)]++;
	/* These are counted above as well. */
	for (i = 0; i < s->endangered_count; i++) {
		counts[judge(s->endangered[i].entry, limits, s->now)]--;
		counts[STRICT_NOT_SERVED]++;
	}
}

static void check_limit(struct check *check, const char *name,
			const struct ocsp_usage *usage)
{
	double percent;

	if (usage->used == UINT64_MAX || !usage->limit ||
	    usage->limit == UINT64_MAX)
		return;
	percent = 100.0 * usage->used / usage->limit;
	if (percent >= FULL_WARN)
		check_add(check, percent >= FULL_CRIT ? CHECK_CRITICAL :
							CHECK_WARNING,
			  "%s at %.0f %% of the limit", name, percent);
}

static void check_summary(struct check *check, const struct summary *s,
			  const struct check_limits *limits)
{
	size_t counts[TROUBLES], first = s->next_count ? 1 : 0;
	int i;

	count_troubles(s, limits, counts);
	for (i = TROUBLES - 1; i > NO_TROUBLE; i--)
		if (counts[i])
			check_add(check, troubles[i].status, "%zu %s",
				  counts[i], troubles[i].text);
	check_limit(check, "entries",
		    &s->stats.usage[KTLS_OCSP_RESOURCE_ENTRIES]);
	check_limit(check, "bytes", &s->stats.usage[KTLS_OCSP_RESOURCE_BYTES]);
	check_add(check, CHECK_OK, "%zu of %zu served", s->served,
		  s->list.count);
	check_value(check, "entries", s->list.count, "");
	check_value(check, "served", s->served, "");
	check_value(check, "failing", s->failing, "");
	if (first)
		check_value(check, "first_end",
			    s->next[0].entry->next_update - s->now, "s");
}

int cmd_check_store(const struct args *args)
{
	struct check_limits limits = { 24 * 3600, 2 * 3600 };
	struct check check = { .what = "OCSP store" };
	struct ocsp_client *client;
	struct summary s = { 0 };
	int status = CHECK_UNKNOWN;

	if (!check_limits_read(args, &limits))
		return CHECK_UNKNOWN;
	client = connect_store();
	if (client && summary_read(&s, client, 1)) {
		check_summary(&check, &s, &limits);
		status = check_print(&check, args->json);
	}
	summary_clear(&s);
	ocsp_client_free(client);
	return status;
}
