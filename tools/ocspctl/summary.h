/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What can be said of all entries together. */
#ifndef OCSPCTL_SUMMARY_H
#define OCSPCTL_SUMMARY_H

#include "ocspctl.h"

/* Seconds: how many served responses end within each */
#define SUMMARY_SPANS	4
extern const int64_t summary_spans[SUMMARY_SPANS];

struct summary_reason {
	const char *text;		/* the list's */
	size_t count;
};

/* An entry and what is known of its certificate */
struct summary_entry {
	const struct ocsp_entry *entry;	/* the list's */
	char *subject;			/* NULL: no certificate is known */
};

struct summary {
	struct list list;
	int64_t now;
	struct ocsp_stats stats;
	size_t states[KTLS_OCSP_STATE_WITHDRAWN + 1];
	size_t statuses[KTLS_OCSP_CERT_STATUS_UNKNOWN + 1];	/* of the valid */
	size_t served;
	size_t held;			/* by servers */
	size_t held_unserved;
	size_t ending[SUMMARY_SPANS];
	size_t failing;
	struct summary_reason *reasons;	/* the most frequent first */
	size_t reason_count;
	/* Must-staple certificates without a response that is served */
	struct summary_entry *endangered;
	size_t endangered_count;
	/* Those that end first */
	struct summary_entry *next;
	size_t next_count;
	json_t *refresher;		/* what ocspd says of itself, or NULL */
};

/*
 * Reads the store; next: how many of those that end first to tell of. False,
 * and why was said. summary_clear() in either case.
 */
bool summary_read(struct summary *summary, struct ocsp_client *client,
		  size_t next);
void summary_clear(struct summary *summary);

/* status.c: one screen of it */
void summary_print(FILE *out, const struct summary *summary);

#endif /* OCSPCTL_SUMMARY_H */
