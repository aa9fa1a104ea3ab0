// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The schedule: when entries expire, and in which order they are evicted.
 *
 * A blob's age passes two thresholds, "expiring" and "expired", each a margin
 * ahead of its next update. A mark remembers up to which deadline each was
 * handled. When the clock is stepped back, the marks go back with it, and the
 * same deadlines are handled again when their time comes again. Readers never
 * depend on this: they compare next update with the clock themselves.
 *
 * What has no valid blob lingers by CLOCK_BOOTTIME, which nobody steps.
 *
 * The timer of the deadlines runs on CLOCK_REALTIME with absolute times, which
 * the kernel reprograms when the clock is stepped and after a suspend.
 */
#include "compat.h"
#include "schedule.h"

static s64 margin_of(const struct ktls_ocsp_schedule *schedule,
		     enum ktls_ocsp_due due)
{
	return due == KTLS_OCSP_DUE_EXPIRING ?
	       READ_ONCE(schedule->settings->min_validity) : 0;
}

static bool is_after(s64 time, u32 slot, const struct ktls_ocsp_mark *mark)
{
	return time > mark->time || (time == mark->time && slot > mark->slot);
}

/* The first entry whose deadline lies after the mark. */
static struct ktls_ocsp_entry *
first_after(const struct ktls_ocsp_schedule *schedule,
	    const struct ktls_ocsp_mark *mark)
{
	struct rb_node *node = schedule->deadlines.rb_node;
	struct ktls_ocsp_entry *entry, *found = NULL;

	while (node) {
		entry = rb_entry(node, struct ktls_ocsp_entry, deadline_node);
		if (is_after(entry->deadline, entry->slot, mark)) {
			found = entry;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static void set_mark(struct ktls_ocsp_mark *mark, s64 time, u32 slot)
{
	/* ktls_ocsp_schedule_is_ahead() reads it without a lock. */
	WRITE_ONCE(mark->time, time);
	mark->slot = slot;
}

/* The next entry that passes the threshold; NULL, and all have. */
static struct ktls_ocsp_entry *pass(struct ktls_ocsp_schedule *schedule,
				    enum ktls_ocsp_due due, s64 now)
{
	struct ktls_ocsp_mark *mark = &schedule->marks[due];
	s64 limit = now + margin_of(schedule, due);
	struct ktls_ocsp_entry *entry;

	if (mark->time == limit && mark->slot == U32_MAX)
		return NULL;
	if (mark->time > limit) {
		/* The clock was stepped back, or the margin is smaller. */
		set_mark(mark, limit, U32_MAX);
		schedule->changed = true;
		return NULL;
	}
	entry = first_after(schedule, mark);
	if (entry && entry->deadline <= limit) {
		set_mark(mark, entry->deadline, entry->slot);
		return entry;
	}
	set_mark(mark, limit, U32_MAX);
	return NULL;
}

static struct ktls_ocsp_entry *first_of_rank(const struct ktls_ocsp_schedule *s,
					     enum ktls_ocsp_rank rank)
{
	return rb_entry_safe(rb_first(&s->ranks[rank]), struct ktls_ocsp_entry,
			     rank_node);
}

/**
 * ktls_ocsp_schedule_next_due() - find the next entry that is due
 * @schedule: the schedule
 * @due: gets what is due
 *
 * Every writer calls this first until nothing is due, so that what it files is
 * on the right side of the marks. An entry that has lingered for long enough
 * stays due until it is filed or forgotten.
 *
 * Return: the entry, or NULL if none is due.
 */
struct ktls_ocsp_entry *
ktls_ocsp_schedule_next_due(struct ktls_ocsp_schedule *schedule,
			    enum ktls_ocsp_due *due)
{
	struct ktls_ocsp_entry *entry;
	s64 now = ktls_ocsp_now();

	for (*due = 0; *due < KTLS_OCSP_MARKS; ++*due) {
		entry = pass(schedule, *due, now);
		if (entry)
			return entry;
	}
	entry = first_of_rank(schedule, KTLS_OCSP_RANK_LINGERING);
	if (entry && entry->rank_key <= ktime_get_boottime_seconds())
		return entry;
	return NULL;
}

/**
 * ktls_ocsp_schedule_arm() - set the timers to the next deadlines
 * @schedule: the schedule, none of whose entries is due
 */
void ktls_ocsp_schedule_arm(struct ktls_ocsp_schedule *schedule)
{
	const struct ktls_ocsp_entry *entry;
	s64 next = S64_MAX;
	int i;

	schedule->changed = false;
	for (i = 0; i < KTLS_OCSP_MARKS; i++) {
		entry = first_after(schedule, &schedule->marks[i]);
		if (entry)
			next = min(next, entry->deadline -
					 margin_of(schedule, i));
	}
	if (next != S64_MAX)
		hrtimer_start(&schedule->deadline_timer,
			      ktime_set(max(next, 0LL), 0),
			      HRTIMER_MODE_ABS_SOFT);
	entry = first_of_rank(schedule, KTLS_OCSP_RANK_LINGERING);
	if (entry)
		hrtimer_start(&schedule->linger_timer,
			      ktime_set(entry->rank_key, 0),
			      HRTIMER_MODE_ABS_SOFT);
}

static bool deadline_less(struct rb_node *a, const struct rb_node *b)
{
	const struct ktls_ocsp_entry *x, *y;

	x = rb_entry(a, struct ktls_ocsp_entry, deadline_node);
	y = rb_entry(b, struct ktls_ocsp_entry, deadline_node);
	return x->deadline < y->deadline ||
	       (x->deadline == y->deadline && x->slot < y->slot);
}

static bool rank_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ktls_ocsp_entry, rank_node)->rank_key <
	       rb_entry(b, struct ktls_ocsp_entry, rank_node)->rank_key;
}

static void forget_deadline(struct ktls_ocsp_schedule *schedule,
			    struct ktls_ocsp_entry *entry)
{
	if (RB_EMPTY_NODE(&entry->deadline_node))
		return;
	rb_erase(&entry->deadline_node, &schedule->deadlines);
	RB_CLEAR_NODE(&entry->deadline_node);
}

static void forget_rank(struct ktls_ocsp_schedule *schedule,
			struct ktls_ocsp_entry *entry)
{
	if (RB_EMPTY_NODE(&entry->rank_node))
		return;
	rb_erase(&entry->rank_node, &schedule->ranks[entry->rank]);
	RB_CLEAR_NODE(&entry->rank_node);
}

/**
 * ktls_ocsp_schedule_forget() - take an entry out of the schedule
 * @schedule: the schedule
 * @entry: the entry
 */
void ktls_ocsp_schedule_forget(struct ktls_ocsp_schedule *schedule,
			       struct ktls_ocsp_entry *entry)
{
	forget_deadline(schedule, entry);
	forget_rank(schedule, entry);
}

/* An open or a close leaves the deadline where it is. */
static void file_deadline(struct ktls_ocsp_schedule *schedule,
			  struct ktls_ocsp_entry *entry, s64 deadline)
{
	if (!RB_EMPTY_NODE(&entry->deadline_node) &&
	    entry->deadline == deadline)
		return;
	forget_deadline(schedule, entry);
	entry->deadline = deadline;
	rb_add(&entry->deadline_node, &schedule->deadlines, deadline_less);
}

static void add_to_rank(struct ktls_ocsp_schedule *schedule,
			struct ktls_ocsp_entry *entry, enum ktls_ocsp_rank rank,
			s64 key)
{
	entry->rank = rank;
	entry->rank_key = key;
	rb_add(&entry->rank_node, &schedule->ranks[rank], rank_less);
}

static void rank_dead(struct ktls_ocsp_schedule *schedule,
		      struct ktls_ocsp_entry *entry)
{
	s64 linger = READ_ONCE(schedule->settings->linger);
	s64 now = ktime_get_boottime_seconds();

	/* Not reset by an open, so that reopening does not keep it for ever. */
	if (!entry->dead_since)
		entry->dead_since = max(now, 1LL); /* fits for 136 years */
	if (!entry->handles)
		add_to_rank(schedule, entry, KTLS_OCSP_RANK_LINGERING,
			    now + max(linger, 1LL));
	else
		add_to_rank(schedule, entry, KTLS_OCSP_RANK_DEAD,
			    entry->dead_since +
			    (entry->withdrawn ? 0 : linger));
}

/**
 * ktls_ocsp_schedule_file() - put an entry into its place
 * @schedule: the schedule
 * @entry: the entry, whose blob or holders changed; its store is locked
 */
void ktls_ocsp_schedule_file(struct ktls_ocsp_schedule *schedule,
			     struct ktls_ocsp_entry *entry)
{
	const struct ktls_ocsp_blob *blob;
	bool valid;

	forget_rank(schedule, entry);
	blob = rcu_dereference_protected(entry->blob, true);
	valid = blob && ktls_ocsp_now() < blob->next_update;
	/*
	 * A held blob keeps its place when it has expired: if the clock is
	 * stepped back, it will expire again.
	 */
	if (valid || (blob && entry->handles))
		file_deadline(schedule, entry, blob->next_update);
	else
		forget_deadline(schedule, entry);
	if (!valid) {
		rank_dead(schedule, entry);
	} else {
		entry->dead_since = 0;
		if (!entry->handles)
			add_to_rank(schedule, entry, KTLS_OCSP_RANK_IDLE,
				    blob->next_update);
	}
	schedule->changed = true;
}

/**
 * ktls_ocsp_schedule_is_expiring() - check if a new blob is expiring already
 * @schedule: the schedule, none of whose entries is due
 * @blob: the blob
 *
 * Return: true when less than min_validity is left. It will not become due.
 */
bool ktls_ocsp_schedule_is_expiring(const struct ktls_ocsp_schedule *schedule,
				    const struct ktls_ocsp_blob *blob)
{
	return blob->next_update <=
	       schedule->marks[KTLS_OCSP_DUE_EXPIRING].time;
}

/**
 * ktls_ocsp_schedule_is_ahead() - check if the clock was stepped back
 * @schedule: the schedule
 * @now: the time, from ktls_ocsp_now()
 *
 * No timer fires for such a step. Takes no lock: a mark that is read too early
 * or too late costs a needless run, or the next reader notices it.
 *
 * Return: true when a later time than @now was handled.
 */
bool ktls_ocsp_schedule_is_ahead(const struct ktls_ocsp_schedule *schedule,
				 s64 now)
{
	return now < READ_ONCE(schedule->marks[KTLS_OCSP_DUE_EXPIRED].time);
}

/* The clock may have been stepped back, and the blob be valid again. */
static bool is_alive(const struct ktls_ocsp_entry *entry)
{
	const struct ktls_ocsp_blob *blob;

	blob = rcu_dereference_protected(entry->blob, true);
	return blob && ktls_ocsp_now() < blob->next_update;
}

/* The first of the dead, from @node on, that may make room. */
static struct ktls_ocsp_entry *dead_from(struct rb_node *node)
{
	s64 now = ktime_get_boottime_seconds();
	struct ktls_ocsp_entry *entry;

	for (; node; node = rb_next(node)) {
		entry = rb_entry(node, struct ktls_ocsp_entry, rank_node);
		if (entry->rank_key > now)
			return NULL;
		if (!is_alive(entry))
			return entry;
	}
	return NULL;
}

/* From @node on, or of the next ranks. */
static struct ktls_ocsp_entry *
victim_from(const struct ktls_ocsp_schedule *schedule, struct rb_node *node,
	    enum ktls_ocsp_rank rank)
{
	struct ktls_ocsp_entry *entry;

	for (;;) {
		entry = rank == KTLS_OCSP_RANK_DEAD ? dead_from(node) :
			rb_entry_safe(node, struct ktls_ocsp_entry, rank_node);
		if (entry || ++rank == KTLS_OCSP_RANKS)
			return entry;
		node = rb_first(&schedule->ranks[rank]);
	}
}

/**
 * ktls_ocsp_schedule_first_victim() - the entry that is evicted first
 * @schedule: the schedule
 *
 * Return: the entry, or NULL when none may.
 */
struct ktls_ocsp_entry *
ktls_ocsp_schedule_first_victim(const struct ktls_ocsp_schedule *schedule)
{
	return victim_from(schedule, rb_first(&schedule->ranks[0]), 0);
}

/**
 * ktls_ocsp_schedule_next_victim() - the entry that is evicted next
 * @schedule: the schedule
 * @entry: the one before
 *
 * Return: the entry, or NULL when no more may.
 */
struct ktls_ocsp_entry *
ktls_ocsp_schedule_next_victim(const struct ktls_ocsp_schedule *schedule,
			       const struct ktls_ocsp_entry *entry)
{
	return victim_from(schedule, rb_next(&entry->rank_node), entry->rank);
}

/**
 * ktls_ocsp_schedule_init() - set up a new store's schedule
 * @schedule: the schedule
 * @settings: the settings; the store pins them
 * @deadline_fn: called when a deadline may be due
 * @linger_fn: called when something may have lingered out
 */
void ktls_ocsp_schedule_init(struct ktls_ocsp_schedule *schedule,
			     const struct ktls_ocsp_settings *settings,
			     ktls_ocsp_timer_fn *deadline_fn,
			     ktls_ocsp_timer_fn *linger_fn)
{
	s64 now = ktls_ocsp_now();
	int i;

	schedule->settings = settings;
	schedule->deadlines = RB_ROOT;
	for (i = 0; i < KTLS_OCSP_RANKS; i++)
		schedule->ranks[i] = RB_ROOT;
	for (i = 0; i < KTLS_OCSP_MARKS; i++)
		set_mark(&schedule->marks[i], now + margin_of(schedule, i),
			 U32_MAX);
	hrtimer_setup(&schedule->deadline_timer, deadline_fn, CLOCK_REALTIME,
		      HRTIMER_MODE_ABS_SOFT);
	hrtimer_setup(&schedule->linger_timer, linger_fn, CLOCK_BOOTTIME,
		      HRTIMER_MODE_ABS_SOFT);
}

/**
 * ktls_ocsp_schedule_stop() - stop the timers
 * @schedule: the schedule, which nothing arms any more
 *
 * Waits for timers that fire.
 */
void ktls_ocsp_schedule_stop(struct ktls_ocsp_schedule *schedule)
{
	hrtimer_cancel(&schedule->deadline_timer);
	hrtimer_cancel(&schedule->linger_timer);
}
