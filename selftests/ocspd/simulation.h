/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * ocspd's plan over simulated time: its own planning, queue, attempts and store
 * code, with a clock that jumps to what is due next, responders that are a few
 * lines here, and the stand-in for the store. A year takes a moment.
 *
 * Simulated are clock.c, fetch.c (HTTP) and ocsp_verify_leaf(): a response is a
 * struct here. The log is silent.
 */
#ifndef SIMULATION_H
#define SIMULATION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "certs.h"
#include "client.h"
#include "config.h"
#include "plan.h"
#include "standin.h"
#include "store.h"

#define SECOND		1000LL
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)
#define DAY		(24 * HOUR)
#define YEAR		(365 * DAY)

#define CERTS		1000
/* Seconds of the validity of what responders sign */
#define VALIDITY	(7 * 86400)

/* Servers staple nothing that has less left: seconds. */
#define MARGIN		600

/* Clocks: milliseconds that pass, and seconds of the wall clock beside them */
extern int64_t now_ms;
extern int64_t wall_offset;
int64_t clock_ms(void);
int64_t clock_wall(void);

/* ocspd's */
extern struct config config;

/* Responders. How one answers may change at any time. */

enum answer {
	GOOD,
	REVOKED,
	OLD,				/* of the day before the last */
	UNAVAILABLE,			/* HTTP 503 */
	TOO_MANY,			/* HTTP 429 */
	NOT_FOUND,			/* HTTP 404 */
	GARBAGE,
	HANGS,
};

struct responder_behind {
	enum answer answer;
	int64_t delay;			/* ms until it answers */
	int64_t max_age;		/* seconds, or -1 */
	int64_t retry_after;		/* seconds, or 0 */
	int64_t validity;		/* seconds; 0: VALIDITY */
	int64_t signed_at;		/* seconds; 0: when it is asked for */
	long refuses_get;		/* the HTTP status; 0: it does not */
	long refuses_post;
	unsigned int requests;
};

/* One for each host: http://NUMBER.example/ */
extern struct responder_behind responders[CERTS];

/* What a certificate's requests were, and what is known of them. */
struct history {
	unsigned int requests;
	unsigned int stored;
	int64_t last;			/* ms, of the last request */
	int64_t gap;			/* ms, between the last two */
	int64_t validity;		/* seconds; 0: its responder's */
};

extern struct history histories[CERTS];

/* What is in a body */
struct signed_response {
	enum ktls_ocsp_cert_status status;
	int64_t this_update;
	int64_t next_update;
};

/* A responder gave that for the certificate; NULL: nobody wants to know. */
extern void (*on_delivered)(int cert, const struct signed_response *body);

/* Of the servers that hold responses, and of who else writes to the store */
extern struct ocsp_client *server;
/* The store's keys of the certificates */
extern uint8_t keys[CERTS][KTLS_OCSP_KEY_LEN];

/* Looks of pass_watching() that found one not valid, in this process */
extern unsigned int unserved;

/* ocspd gets no notices of the store. */
extern bool deaf;

/* What the fixture of simulated.h calls */
void simulation_start(void);
void simulation_end(void);

/* A server opens a handle on the certificate, whose responder is at that host. */
void serve(int number, int host);
void end_serving(int number);

struct ocsp_entry stored(int number);
bool is_valid(int number);
/* Somebody else stores that, or what the responder would have signed now. */
void set_by_hand(int number, const struct signed_response *body);
void update_by_hand(int number, int64_t validity);
/* What the store is to do, see standin.h. */
void control(enum standin_action action, enum standin_op op, int err,
	     unsigned int times);

/* So much time passes. */
void pass(int64_t ms);
/* The same, looking every so many ms whether all of them can be stapled. */
void pass_watching(int64_t ms, int64_t every, int count);

#endif /* SIMULATION_H */
