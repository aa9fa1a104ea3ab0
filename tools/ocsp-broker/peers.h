/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Who has asked the broker for how much: its limits for each user. */
#ifndef BROKER_PEERS_H
#define BROKER_PEERS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A session that was sent and not taken yet is in flight: a descriptor that the
 * kernel counts as the broker's, and that closing the broker's end would not take
 * back. So its connection stays open, in one of these places, until the peer
 * closes it.
 */
#define PEERS_IN_FLIGHT		256
#define PEERS_IN_FLIGHT_OF_USER	16

struct peers;

/* rate: sessions that a user may have in a minute. NULL: no memory. */
struct peers *peers_new(unsigned int rate);
void peers_free(struct peers *peers);

/*
 * May the user have a session at that time, of a steady clock in seconds? Takes
 * it from his share. NULL: he may; else why not. *first: it is his first refusal
 * since he had one.
 */
const char *peers_refuse(struct peers *peers, uid_t uid, uint64_t now,
			 bool *first);

/* He was sent one: keep fd until the peer has closed his end. */
void peers_keep(struct peers *peers, uid_t uid, int fd);

/* For poll(): those that are kept. Then close those whose peer has gone. */
nfds_t peers_poll_set(const struct peers *peers, struct pollfd *set);
void peers_reap(struct peers *peers, const struct pollfd *set, nfds_t n);

#endif /* BROKER_PEERS_H */
