// SPDX-License-Identifier: GPL-2.0-only
/*
 * Expiry: what time does to a response.
 *
 * A response has a deadline when time will do something to it: the next
 * update of its blob or, when no session holds it and it has no valid blob,
 * the end of its lingering. It then stands in the store's timeline, and in
 * the idle tree too when no session holds it.
 *
 * A blob's age crosses two thresholds, each a margin ahead of its deadline.
 * store->passed[] remembers up to which deadline each crossing was handled,
 * so a clock that is stepped back moves these marks back, and the same
 * deadlines are handled again when their time comes again. Readers never
 * depend on this: they compare next update with the clock themselves.
 *
 * The timer runs on CLOCK_REALTIME with absolute times, which the kernel
 * reprograms when the clock is stepped and after a suspend.
 */
#include <linux/sched.h>

#include "compat.h"
#include "message.h"
#include "store.h"

static struct workqueue_struct *expiry_wq;

static s64 margin_of(const struct ktls_ocsp_store *store,
		     enum ktls_ocsp_threshold threshold)
{
	return threshold == KTLS_OCSP_EXPIRING ?
	       READ_ONCE(*store->limits.min_validity) : 0;
}

/* The first response of the timeline whose deadline is after @time. */
static struct ktls_ocsp_response *first_after(struct ktls_ocsp_store *store,
					      s64 time)
{
	struct ktls_ocsp_response *response, *found = NULL;
	struct rb_node *node = store->timeline.rb_node;

	while (node) {
		response = rb_entry(node, struct ktls_ocsp_response, timeline);
		if (response->deadline > time) {
			found = response;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* Set the timer to the next crossing of a threshold. */
static void arm(struct ktls_ocsp_store *store)
{
	struct ktls_ocsp_response *response;
	s64 next = S64_MAX;
	int i;

	for (i = 0; i < KTLS_OCSP_THRESHOLDS; i++) {
		response = first_after(store, store->passed[i]);
		if (response)
			next = min(next, response->deadline -
					 margin_of(store, i));
	}
	if (next != S64_MAX)
		hrtimer_start(&store->timer, ktime_set(max(next, 0LL), 0),
			      HRTIMER_MODE_ABS_SOFT);
}

/* Move the marks back when the clock was. */
static void rewind(struct ktls_ocsp_store *store, s64 now)
{
	int i;

	for (i = 0; i < KTLS_OCSP_THRESHOLDS; i++)
		if (store->passed[i] > now + margin_of(store, i))
			WRITE_ONCE(store->passed[i],
				   now + margin_of(store, i));
}

static void cross(struct ktls_ocsp_store *store,
		  struct ktls_ocsp_response *response,
		  enum ktls_ocsp_threshold threshold)
{
	const struct ktls_ocsp_blob *blob;

	blob = rcu_dereference_protected(response->blob,
					 lockdep_is_held(&store->lock));
	if (blob && blob->next_update == response->deadline) {
		if (threshold == KTLS_OCSP_EXPIRED)
			ktls_ocsp_notify_event(store, response,
					       KTLS_OCSP_EVENT_EXPIRED);
		else if (margin_of(store, threshold))
			ktls_ocsp_notify_event(store, response,
					       KTLS_OCSP_EVENT_EXPIRING);
	}
	if (threshold == KTLS_OCSP_EXPIRED && !response->handles)
		ktls_ocsp_store_remove(store, response);
}

static void advance(struct ktls_ocsp_store *store,
		    enum ktls_ocsp_threshold threshold, s64 limit)
{
	struct ktls_ocsp_response *response;
	struct rb_node *node, *next;

	response = first_after(store, store->passed[threshold]);
	node = response ? &response->timeline : NULL;
	for (; node; node = next) {
		response = rb_entry(node, struct ktls_ocsp_response, timeline);
		if (response->deadline > limit)
			break;
		next = rb_next(node);
		cross(store, response, threshold);
		cond_resched();
	}
	WRITE_ONCE(store->passed[threshold], limit);
}

/**
 * ktls_ocsp_expiry_run() - do what the time asks for
 * @store: the store, locked, its network namespace alive
 *
 * Every writer calls this first, so that what it adds stands on the right
 * side of the marks. May remove responses that no session holds.
 */
void ktls_ocsp_expiry_run(struct ktls_ocsp_store *store)
{
	s64 now = ktls_ocsp_now();
	int i;

	lockdep_assert_held(&store->lock);
	rewind(store, now);
	for (i = 0; i < KTLS_OCSP_THRESHOLDS; i++)
		advance(store, i, now + margin_of(store, i));
}

static void expiry_work(struct work_struct *work)
{
	struct ktls_ocsp_store *store;

	store = container_of(work, struct ktls_ocsp_store, work);
	mutex_lock(&store->lock);
	if (store->net) {
		ktls_ocsp_expiry_run(store);
		arm(store);
	}
	mutex_unlock(&store->lock);
}

static enum hrtimer_restart expiry_timer(struct hrtimer *timer)
{
	struct ktls_ocsp_store *store;

	store = container_of(timer, struct ktls_ocsp_store, timer);
	queue_work(expiry_wq, &store->work);
	return HRTIMER_NORESTART;
}

static bool timeline_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ktls_ocsp_response, timeline)->deadline <
	       rb_entry(b, struct ktls_ocsp_response, timeline)->deadline;
}

static bool idle_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ktls_ocsp_response, idle)->deadline <
	       rb_entry(b, struct ktls_ocsp_response, idle)->deadline;
}

/**
 * ktls_ocsp_expiry_forget() - take a response out of the trees
 * @store: the store, locked
 * @response: the response
 */
void ktls_ocsp_expiry_forget(struct ktls_ocsp_store *store,
			     struct ktls_ocsp_response *response)
{
	lockdep_assert_held(&store->lock);
	if (!RB_EMPTY_NODE(&response->timeline)) {
		rb_erase(&response->timeline, &store->timeline);
		RB_CLEAR_NODE(&response->timeline);
	}
	if (!RB_EMPTY_NODE(&response->idle)) {
		rb_erase(&response->idle, &store->idle);
		RB_CLEAR_NODE(&response->idle);
	}
}

/* When time will do something to the response, 0 when it will not. */
static s64 deadline_of(const struct ktls_ocsp_store *store,
		       const struct ktls_ocsp_response *response, s64 now)
{
	const struct ktls_ocsp_blob *blob;

	blob = rcu_dereference_protected(response->blob,
					 lockdep_is_held(&store->lock));
	/*
	 * A held blob keeps its place when it has expired: if the clock is
	 * stepped back, it will expire again.
	 */
	if (blob && (now < blob->next_update || response->handles))
		return blob->next_update;
	if (response->handles)
		return 0;
	/* Ahead of every mark, so that a linger of 0 is not overlooked. */
	return now + max(1U, READ_ONCE(store->limits.linger));
}

/**
 * ktls_ocsp_expiry_file() - put a response where it belongs in the trees
 * @store: the store, locked, its network namespace alive
 * @response: the response, whose blob or holders changed
 */
void ktls_ocsp_expiry_file(struct ktls_ocsp_store *store,
			   struct ktls_ocsp_response *response)
{
	lockdep_assert_held(&store->lock);
	ktls_ocsp_expiry_forget(store, response);
	response->deadline = deadline_of(store, response, ktls_ocsp_now());
	if (response->deadline) {
		rb_add(&response->timeline, &store->timeline, timeline_less);
		if (!response->handles)
			rb_add(&response->idle, &store->idle, idle_less);
	}
	arm(store);
}

/**
 * ktls_ocsp_expiry_near() - is a new blob past the first threshold already?
 * @store: the store, locked
 * @blob: the blob
 *
 * Return: true when less than min_validity is left. The timer will not tell.
 */
bool ktls_ocsp_expiry_near(const struct ktls_ocsp_store *store,
			   const struct ktls_ocsp_blob *blob)
{
	lockdep_assert_held(&store->lock);
	return blob->next_update <= store->passed[KTLS_OCSP_EXPIRING];
}

/**
 * ktls_ocsp_expiry_check() - notice that the clock was stepped back
 * @store: the store
 * @blob: a blob that a reader just found valid
 *
 * The timer does not fire for such a step. Takes no lock: a mark that is read
 * too early or too late costs a needless run, or is noticed at the next read.
 */
void ktls_ocsp_expiry_check(struct ktls_ocsp_store *store,
			    const struct ktls_ocsp_blob *blob)
{
	if (unlikely(blob->next_update <=
		     READ_ONCE(store->passed[KTLS_OCSP_EXPIRED])))
		queue_work(expiry_wq, &store->work);
}

/**
 * ktls_ocsp_expiry_init() - set up a new store's expiry
 * @store: the store, not published yet
 */
void ktls_ocsp_expiry_init(struct ktls_ocsp_store *store)
{
	s64 now = ktls_ocsp_now();
	int i;

	for (i = 0; i < KTLS_OCSP_THRESHOLDS; i++)
		store->passed[i] = now + margin_of(store, i);
	INIT_WORK(&store->work, expiry_work);
	hrtimer_setup(&store->timer, expiry_timer, CLOCK_REALTIME,
		      HRTIMER_MODE_ABS_SOFT);
}

/**
 * ktls_ocsp_expiry_stop() - end a closed store's expiry
 * @store: the store; its network namespace is gone, so nothing arms the timer
 *
 * May sleep.
 */
void ktls_ocsp_expiry_stop(struct ktls_ocsp_store *store)
{
	hrtimer_cancel(&store->timer);
	cancel_work_sync(&store->work);
}

/**
 * ktls_ocsp_expiry_start() - set up what all stores share
 *
 * Return: 0 or -ENOMEM.
 */
int __init ktls_ocsp_expiry_start(void)
{
	expiry_wq = alloc_workqueue("ktls_ocsp", WQ_UNBOUND, 0);
	return expiry_wq ? 0 : -ENOMEM;
}

/**
 * ktls_ocsp_expiry_end() - give back what all stores shared
 */
void ktls_ocsp_expiry_end(void)
{
	destroy_workqueue(expiry_wq);
}
