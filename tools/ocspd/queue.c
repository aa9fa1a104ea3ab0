// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which fetch starts when, see queue.h. */
#include "queue.h"
#include "responder.h"

/* So many starts that fail at once do not hold up the loop. */
#define BATCH	64

TAILQ_HEAD(turns, share);

/* ms after which a fetch moves on from a lane; from the last one never. */
static const int64_t patience_of[LANES] = {
	[LANE_FAST] = 1000,
	[LANE_SLOW] = 5000,
	[LANE_STUCK] = INT64_MAX,
};

/* turns: the responders that wait for a place and may have one more. */
static struct {
	struct turns turns;
	struct cert_queue running;	/* in the order they came into the lane */
	long count;
} lanes[LANES];

static struct queue_calls calls;
static long max_running, max_per_host;
static size_t count;

static void on_patience(struct timer *timer);
static struct timer patience = { .fn = on_patience };

void queue_init(const struct queue_calls *the_calls)
{
	int i;

	calls = *the_calls;
	for (i = 0; i < LANES; i++) {
		TAILQ_INIT(&lanes[i].turns);
		TAILQ_INIT(&lanes[i].running);
	}
}

void queue_configure(const struct config *config)
{
	max_running = config->transfers;
	max_per_host = config->transfers_per_host;
}

size_t queue_count(void)
{
	return count;
}

size_t queue_running(void)
{
	size_t sum = 0;
	int i;

	for (i = 0; i < LANES; i++)
		sum += lanes[i].count;
	return sum;
}

/* Turns */

static bool may_run(const struct share *share, enum lane lane)
{
	if (TAILQ_EMPTY(&share->waiting))
		return false;
	/* Who hangs anyway may as well hang with many. */
	return lane != LANE_FAST || (share->running < max_per_host &&
				     share->running < share->responder->window);
}

/* Put a responder into the list of turns, or take it out, as it is due. */
static void settle(struct responder *responder, enum lane lane)
{
	struct share *share = &responder->shares[lane];
	bool may = may_run(share, lane);

	if (may && !share->in_turn)
		TAILQ_INSERT_TAIL(&lanes[lane].turns, share, turn);
	else if (!may && share->in_turn)
		TAILQ_REMOVE(&lanes[lane].turns, share, turn);
	share->in_turn = may;
}

static int64_t moves_on_at(const struct cert *cert)
{
	return cert->started + patience_of[cert->lane];
}

static void set_patience(void)
{
	int64_t first = INT64_MAX;
	const struct cert *cert;
	int i;

	for (i = 0; i < LANE_STUCK; i++) {
		cert = TAILQ_FIRST(&lanes[i].running);
		if (cert && moves_on_at(cert) < first)
			first = moves_on_at(cert);
	}
	if (first != INT64_MAX)
		timer_set(&patience, first);
	else
		timer_stop(&patience);
}

static void enter_lane(struct cert *cert)
{
	TAILQ_INSERT_TAIL(&lanes[cert->lane].running, cert, link);
	lanes[cert->lane].count++;
	cert->responder->shares[cert->lane].running++;
	cert->state = CERT_FETCHING;
}

static void leave_lane(struct cert *cert)
{
	TAILQ_REMOVE(&lanes[cert->lane].running, cert, link);
	lanes[cert->lane].count--;
	cert->responder->shares[cert->lane].running--;
	cert->state = CERT_LOOK;
}

static void enter_queue(struct cert *cert)
{
	TAILQ_INSERT_TAIL(&cert->responder->shares[cert->lane].waiting, cert,
			  link);
	cert->state = CERT_QUEUED;
}

static void leave_queue(struct cert *cert)
{
	TAILQ_REMOVE(&cert->responder->shares[cert->lane].waiting, cert, link);
	cert->state = CERT_LOOK;
}

/* To the next lane, or to the queue for that. */
static void move_on(struct cert *cert)
{
	enum lane next = cert->lane + 1;
	bool full = lanes[next].count >= max_running;

	if (full)
		calls.stop(cert);
	leave_lane(cert);
	settle(cert->responder, cert->lane);
	cert->lane = next;
	if (full)
		enter_queue(cert);
	else
		enter_lane(cert);
	settle(cert->responder, next);
}

static void on_patience(struct timer *timer)
{
	int64_t now = clock_ms();
	struct cert *first;
	int i;

	(void)timer;
	for (i = LANE_STUCK - 1; i >= 0; i--)
		while ((first = TAILQ_FIRST(&lanes[i].running)) &&
		       moves_on_at(first) <= now)
			move_on(first);
	set_patience();
}

enum lane queue_lane_of(int64_t ms)
{
	enum lane lane = LANE_FAST;

	while (patience_of[lane] < ms)
		lane++;
	return lane;
}

void queue_add(struct cert *cert)
{
	count++;
	enter_queue(cert);
	settle(cert->responder, cert->lane);
}

void queue_remove(struct cert *cert)
{
	if (cert->state == CERT_FETCHING)
		leave_lane(cert);
	else
		leave_queue(cert);
	settle(cert->responder, cert->lane);
	count--;
	set_patience();
}

void queue_restart(void)
{
	struct cert *cert;
	int i;

	for (i = 0; i < LANES; i++) {
		while ((cert = TAILQ_FIRST(&lanes[i].running))) {
			calls.stop(cert);
			leave_lane(cert);
			enter_queue(cert);
			settle(cert->responder, cert->lane);
		}
	}
	set_patience();
}

static void start_next(enum lane lane)
{
	struct share *share = TAILQ_FIRST(&lanes[lane].turns);
	struct cert *cert = TAILQ_FIRST(&share->waiting);

	/* To the end of the list of turns, if it has more to do. */
	TAILQ_REMOVE(&lanes[lane].turns, share, turn);
	share->in_turn = false;
	leave_queue(cert);
	cert->started = clock_ms();
	enter_lane(cert);
	settle(share->responder, lane);
	if (lane != LANE_STUCK && !patience.place)
		timer_set(&patience, moves_on_at(cert));
	calls.start(cert);
}

bool queue_run(void)
{
	int i, n = 0;

	for (i = 0; i < LANES; i++) {
		while (lanes[i].count < max_running &&
		       !TAILQ_EMPTY(&lanes[i].turns)) {
			if (n++ == BATCH)
				return true;
			start_next(i);
		}
	}
	return false;
}
