// SPDX-License-Identifier: GPL-2.0-or-later
/* Which fetch starts when, see queue.h. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "queue.h"

#define LANES	2

/* So many starts that fail at once do not hold up the loop. */
#define BATCH	64

/* What a host has in one lane. */
struct share {
	struct host *host;
	struct cert_queue waiting;
	long running;
	bool in_turn;			/* it is in the lane's list of turns */
	TAILQ_ENTRY(share) turn;
};

struct host {
	char *origin;
	struct share shares[LANES];
};

TAILQ_HEAD(turns, share);

/* turns: the hosts that wait for a place and may have one more. */
static struct {
	struct turns turns;
	struct cert_queue running;	/* in the order they started */
	long count;
} lanes[LANES];

static struct queue_calls calls;
static long max_running, max_per_host;
static size_t count;
static void *hosts;

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

/* Hosts */

static int compare(const void *a, const void *b)
{
	const struct host *left = a, *right = b;

	return strcmp(left->origin, right->origin);
}

static struct host *make_host(const char *origin)
{
	struct host *host = calloc(1, sizeof(*host));
	int i;

	if (!host)
		return NULL;
	for (i = 0; i < LANES; i++) {
		host->shares[i].host = host;
		TAILQ_INIT(&host->shares[i].waiting);
	}
	host->origin = strdup(origin);
	if (host->origin && tsearch(host, &hosts, compare))
		return host;
	free(host->origin);
	free(host);
	return NULL;
}

static struct host *find_host(const char *origin)
{
	struct host wanted = { .origin = (char *)origin };
	struct host **node = tfind(&wanted, &hosts, compare);

	return node ? *node : make_host(origin);
}

static bool is_unused(const struct share *share)
{
	return !share->running && TAILQ_EMPTY(&share->waiting);
}

static void put_host(struct host *host)
{
	if (!is_unused(&host->shares[LANE_FAST]) ||
	    !is_unused(&host->shares[LANE_SLOW]))
		return;
	tdelete(host, &hosts, compare);
	free(host->origin);
	free(host);
}

/* Turns */

static bool may_run(const struct share *share, enum lane lane)
{
	/* Who hangs anyway may as well hang with many. */
	return !TAILQ_EMPTY(&share->waiting) &&
	       (lane == LANE_SLOW || share->running < max_per_host);
}

/* Put the host into the list of turns, or take it out, as it is due. */
static void settle(struct host *host, enum lane lane)
{
	struct share *share = &host->shares[lane];
	bool may = may_run(share, lane);

	if (may && !share->in_turn)
		TAILQ_INSERT_TAIL(&lanes[lane].turns, share, turn);
	else if (!may && share->in_turn)
		TAILQ_REMOVE(&lanes[lane].turns, share, turn);
	share->in_turn = may;
}

static void set_patience(void)
{
	struct cert *first = TAILQ_FIRST(&lanes[LANE_FAST].running);

	if (first)
		timer_set(&patience, first->started + LANE_PATIENCE);
	else
		timer_stop(&patience);
}

static void enter_lane(struct cert *cert)
{
	TAILQ_INSERT_TAIL(&lanes[cert->lane].running, cert, queued);
	lanes[cert->lane].count++;
	cert->host->shares[cert->lane].running++;
	cert->phase = CERT_FETCHING;
}

static void leave_lane(struct cert *cert)
{
	TAILQ_REMOVE(&lanes[cert->lane].running, cert, queued);
	lanes[cert->lane].count--;
	cert->host->shares[cert->lane].running--;
	cert->phase = CERT_IDLE;
}

static void enter_queue(struct cert *cert)
{
	TAILQ_INSERT_TAIL(&cert->host->shares[cert->lane].waiting, cert,
			  queued);
	cert->phase = CERT_QUEUED;
}

static void leave_queue(struct cert *cert)
{
	TAILQ_REMOVE(&cert->host->shares[cert->lane].waiting, cert, queued);
	cert->phase = CERT_IDLE;
}

/* From the fast lane to the slow one, or to the queue for that. */
static void move_on(struct cert *cert)
{
	bool full = lanes[LANE_SLOW].count >= max_running;

	if (full)
		calls.stop(cert);
	leave_lane(cert);
	settle(cert->host, LANE_FAST);
	cert->lane = LANE_SLOW;
	if (full)
		enter_queue(cert);
	else
		enter_lane(cert);
	settle(cert->host, LANE_SLOW);
}

static void on_patience(struct timer *timer)
{
	int64_t now = clock_ms();
	struct cert *first;

	(void)timer;
	while ((first = TAILQ_FIRST(&lanes[LANE_FAST].running)) &&
	       first->started + LANE_PATIENCE <= now)
		move_on(first);
	set_patience();
}

bool queue_add(struct cert *cert, const char *origin)
{
	cert->host = find_host(origin);
	if (!cert->host)
		return false;
	count++;
	enter_queue(cert);
	settle(cert->host, cert->lane);
	return true;
}

void queue_remove(struct cert *cert)
{
	struct host *host = cert->host;

	if (cert->phase == CERT_FETCHING)
		leave_lane(cert);
	else
		leave_queue(cert);
	settle(host, cert->lane);
	cert->host = NULL;
	count--;
	put_host(host);
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
			settle(cert->host, cert->lane);
		}
	}
	set_patience();
}

static void start_next(enum lane lane)
{
	struct share *share = TAILQ_FIRST(&lanes[lane].turns);
	struct cert *cert = TAILQ_FIRST(&share->waiting);
	struct host *host = share->host;

	/* To the end of the list of turns, if it has more to do. */
	TAILQ_REMOVE(&lanes[lane].turns, share, turn);
	share->in_turn = false;
	leave_queue(cert);
	cert->started = clock_ms();
	enter_lane(cert);
	settle(host, lane);
	if (lane == LANE_FAST && !patience.place)
		timer_set(&patience, cert->started + LANE_PATIENCE);
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
