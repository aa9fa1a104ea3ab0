/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The staples of a process: one for each certificate, however many SSL_CTX and
 * X509 objects have it. This is their life; what they are good for is in
 * response.h.
 *
 * A server may load the same certificate anew for each connection. So one that
 * is not referred to is kept for a while, and found again.
 */
#ifndef LIBOCSP_STAPLE_STAPLES_H
#define LIBOCSP_STAPLE_STAPLES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <windows.h>
#include <wincrypt.h>

#include "records.h"

struct staple {
	/* Constant */
	unsigned char key[KEY_SIZE];

	/* Protected by the lock of staples.c */
	LIST_ENTRY(staple) bucket;
	TAILQ_ENTRY(staple) idle;	/* while refs is 0 */
	uint64_t idle_since;
	unsigned int refs;

	/*
	 * Each is read without a lock; response.c says who writes it. Once
	 * there is a handle, it stays until the staple is freed, which nobody
	 * does who has a reference.
	 */
	_Atomic(HCERT_SERVER_OCSP_RESPONSE) handle;
	_Atomic uint64_t next_try;	/* to open it, now_ms() */
	_Atomic uint64_t next_look;	/* 0: at once */
	atomic_bool tried;		/* to open it */
	_Atomic uint32_t settled;	/* records_change(), when all was well; or 0 */
};

/* The locks of fork(): see init.h. */
void staples_lock(void);
void staples_unlock(void);

/*
 * The staple of the certificate with this key, with a reference, or NULL for
 * want of memory.
 */
struct staple *staple_get(const unsigned char key[KEY_SIZE]);
void staple_put(struct staple *staple);

/* Free what nobody has referred to for long. Cheap where there is nothing. */
void staples_reap(void);

#endif
