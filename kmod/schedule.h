/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The schedule: when entries expire, and in which order they are evicted. Owns
 * the trees, the marks and the timers; says which entries are due, and changes
 * nothing in them but their place in the trees.
 */
#ifndef KTLS_OCSP_SCHEDULE_H
#define KTLS_OCSP_SCHEDULE_H

#include <linux/hrtimer.h>

#include "entry.h"
#include "limits.h"

/* What is due for an entry. The first two are in the order of time. */
enum ktls_ocsp_due {
	KTLS_OCSP_DUE_EXPIRING,	/* min_validity before next update */
	KTLS_OCSP_DUE_EXPIRED,	/* next update */
	KTLS_OCSP_DUE_LINGERED,	/* unheld without a valid blob for linger */
	KTLS_OCSP_MARKS = KTLS_OCSP_DUE_LINGERED
};

/*
 * The order in which entries are evicted, each rank by its key: those without a valid
 * blob that nobody holds, by the end of their lingering; those that have long
 * been without one though held, by when they lost it; those with a valid blob
 * that nobody holds, by their next update. All others are in no rank.
 */
enum ktls_ocsp_rank {
	KTLS_OCSP_RANK_LINGERING,
	KTLS_OCSP_RANK_DEAD,
	KTLS_OCSP_RANK_IDLE,
	KTLS_OCSP_RANKS
};

/**
 * struct ktls_ocsp_mark - up to which deadline something was handled
 * @time: the deadline
 * @slot: the last slot with that deadline
 */
struct ktls_ocsp_mark {
	s64 time;
	u32 slot;
};

/**
 * struct ktls_ocsp_schedule - when a store's entries expire and are evicted
 * @settings: min_validity and linger
 * @deadlines: entries whose blob will expire, by next update and slot
 * @marks: up to which deadline "expiring" and "expired" were handled
 * @ranks: the order in which entries are evicted
 * @changed: the timers have to be armed again
 * @deadline_timer: CLOCK_REALTIME, for @deadlines
 * @linger_timer: CLOCK_BOOTTIME, for the lingering
 *
 * The store's lock protects all of it.
 */
struct ktls_ocsp_schedule {
	const struct ktls_ocsp_settings *settings;
	struct rb_root deadlines;
	struct ktls_ocsp_mark marks[KTLS_OCSP_MARKS];
	struct rb_root ranks[KTLS_OCSP_RANKS];
	bool changed;
	struct hrtimer deadline_timer;
	struct hrtimer linger_timer;
};

typedef enum hrtimer_restart ktls_ocsp_timer_fn(struct hrtimer *timer);

void ktls_ocsp_schedule_init(struct ktls_ocsp_schedule *schedule,
			     const struct ktls_ocsp_settings *settings,
			     ktls_ocsp_timer_fn *deadline_fn,
			     ktls_ocsp_timer_fn *linger_fn);
void ktls_ocsp_schedule_stop(struct ktls_ocsp_schedule *schedule);

void ktls_ocsp_schedule_file(struct ktls_ocsp_schedule *schedule,
			     struct ktls_ocsp_entry *entry);
void ktls_ocsp_schedule_forget(struct ktls_ocsp_schedule *schedule,
			       struct ktls_ocsp_entry *entry);

struct ktls_ocsp_entry *
ktls_ocsp_schedule_next_due(struct ktls_ocsp_schedule *schedule,
			    enum ktls_ocsp_due *due);
void ktls_ocsp_schedule_arm(struct ktls_ocsp_schedule *schedule);
bool ktls_ocsp_schedule_is_expiring(const struct ktls_ocsp_schedule *schedule,
				    const struct ktls_ocsp_blob *blob);
bool ktls_ocsp_schedule_is_ahead(const struct ktls_ocsp_schedule *schedule,
				 s64 now);

struct ktls_ocsp_entry *
ktls_ocsp_schedule_first_victim(const struct ktls_ocsp_schedule *schedule);
struct ktls_ocsp_entry *
ktls_ocsp_schedule_next_victim(const struct ktls_ocsp_schedule *schedule,
			       const struct ktls_ocsp_entry *entry);

#endif /* KTLS_OCSP_SCHEDULE_H */
