/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What the processes of one server have in common: for each certificate in
 * trouble, when an open is tried next, and what was said about it.
 *
 * It is memory that children of fork() share. Some servers are a new process
 * for each connection: what a process knew would be forgotten with it, so that
 * each connection would try again and say so again.
 *
 * There is no lock: a process that dies would take it along. Every field is an
 * atomic of its own; a certificate that loses its place to another one is
 * tried again early, or named in the log again, and nothing else.
 */
#ifndef LIBOCSP_STAPLE_RECORDS_H
#define LIBOCSP_STAPLE_RECORDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define KEY_SIZE 32	/* SHA-256 of a certificate: the store's key */

struct record {
	_Atomic uint64_t tag;		/* of the certificate; 0: free */
	_Atomic uint64_t next_try;	/* now_ms() */
	_Atomic uint32_t failures;	/* since the last success */
	_Atomic uint32_t said;		/* reasons that the log has, a bit each */
};

/* Make the memory. To be called once, before the server forks. */
bool records_init(void);

/* The record of a certificate, or NULL. */
struct record *record_find(const unsigned char key[KEY_SIZE]);

/* The same, made if there is none; never NULL. */
struct record *record_make(const unsigned char key[KEY_SIZE]);

/*
 * May the caller try now? Then nobody else may for some seconds. A certificate
 * without a record may be tried at once.
 */
bool record_claim(struct record *record);

/* An attempt failed: the next one is due later than the one before was. */
void record_failed(struct record *record);

/* One succeeded: other processes need not wait to do the same. */
void record_opened(struct record *record);

/*
 * A number that changes whenever record_say() says yes, in any of the processes.
 * Never 0. Whoever finds it as it was need not look at any record.
 */
uint32_t records_change(void);

/*
 * Is it the first time that this is said of the certificate? code and why are
 * a reason; numbers in why may differ. There is a limit to the number of
 * reasons, beyond which the answer is no.
 */
bool record_say(struct record *record, uint32_t code, const char *why);

/* All is well. True: something else had been said, and it is over now. */
bool record_recovered(struct record *record);

#endif
