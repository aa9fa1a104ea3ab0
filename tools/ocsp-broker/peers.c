// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The broker's limits: for each user a bucket of sessions that fills again, and
 * places for those that are in flight. All of it is of a fixed size.
 */
#include <stdlib.h>
#include <unistd.h>

#include "peers.h"

#define USERS		256
#define MINUTE		60

struct user {
	uid_t uid;
	bool used;
	bool refused;			/* since he had one */
	unsigned int in_flight;
	uint64_t tokens;		/* in MINUTE parts of a session */
	uint64_t filled;		/* when that was so */
};

struct place {
	int fd;				/* -1: it is free */
	struct user *user;
};

struct peers {
	unsigned int rate;
	struct user users[USERS];
	struct place places[PEERS_IN_FLIGHT];
	size_t taken;
};

struct peers *peers_new(unsigned int rate)
{
	struct peers *peers = calloc(1, sizeof(*peers));
	size_t i;

	if (!peers)
		return NULL;
	peers->rate = rate;
	for (i = 0; i < PEERS_IN_FLIGHT; i++)
		peers->places[i].fd = -1;
	return peers;
}

void peers_free(struct peers *peers)
{
	size_t i;

	for (i = 0; peers && i < PEERS_IN_FLIGHT; i++)
		if (peers->places[i].fd != -1)
			close(peers->places[i].fd);
	free(peers);
}

static uint64_t full(const struct peers *peers)
{
	return (uint64_t)peers->rate * MINUTE;
}

static void fill(const struct peers *peers, struct user *user, uint64_t now)
{
	user->tokens += (now - user->filled) * peers->rate;
	if (user->tokens > full(peers))
		user->tokens = full(peers);
	user->filled = now;
}

/* Nothing is remembered of him that a new user would not have. */
static bool is_forgettable(const struct peers *peers, struct user *user,
			   uint64_t now)
{
	fill(peers, user, now);
	return !user->in_flight && user->tokens == full(peers);
}

/* NULL: all places are others', who are not to be forgotten. */
static struct user *find(struct peers *peers, uid_t uid, uint64_t now)
{
	struct user *user, *spare = NULL;
	size_t i;

	for (i = 0; i < USERS; i++) {
		user = &peers->users[i];
		if (user->used && user->uid == uid)
			return user;
		if (!spare && (!user->used || is_forgettable(peers, user, now)))
			spare = user;
	}
	if (spare)
		*spare = (struct user){
			.uid = uid, .used = true,
			.tokens = full(peers), .filled = now,
		};
	return spare;
}

static const char *refuse(struct peers *peers, struct user *user, uint64_t now)
{
	fill(peers, user, now);
	if (peers->taken == PEERS_IN_FLIGHT)
		return "too many sessions are waiting to be taken";
	if (user->in_flight == PEERS_IN_FLIGHT_OF_USER)
		return "too many sessions of this user are waiting to be taken";
	if (user->tokens < MINUTE)
		return "this user asks for too many sessions";
	user->tokens -= MINUTE;
	return NULL;
}

const char *peers_refuse(struct peers *peers, uid_t uid, uint64_t now,
			 bool *first)
{
	struct user *user = find(peers, uid, now);
	const char *why;

	*first = true;
	if (!user)
		return "too many users ask for sessions";
	why = refuse(peers, user, now);
	*first = !user->refused;
	user->refused = why;
	return why;
}

void peers_keep(struct peers *peers, uid_t uid, int fd)
{
	struct place *place = peers->places;
	struct user *user = peers->users;

	/* Both are there: peers_refuse() has just said so. */
	while (!user->used || user->uid != uid)
		user++;
	while (place->fd != -1)
		place++;
	place->fd = fd;
	place->user = user;
	user->in_flight++;
	peers->taken++;
}

nfds_t peers_poll_set(const struct peers *peers, struct pollfd *set)
{
	size_t i;

	/* Only the end of the connection, which is told unasked. */
	for (i = 0; i < PEERS_IN_FLIGHT; i++)
		set[i] = (struct pollfd){ .fd = peers->places[i].fd };
	return PEERS_IN_FLIGHT;
}

void peers_reap(struct peers *peers, const struct pollfd *set, nfds_t n)
{
	struct place *place;
	nfds_t i;

	for (i = 0; i < n; i++) {
		place = &peers->places[i];
		if (place->fd == -1 || !set[i].revents)
			continue;
		close(place->fd);
		place->fd = -1;
		place->user->in_flight--;
		peers->taken--;
	}
}
