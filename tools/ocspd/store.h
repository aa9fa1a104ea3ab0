/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The kernel's store, of the network namespace that ocspd runs in. What
 * returns int returns 0 or a negative errno; then store_error() says why.
 */
#ifndef OCSPD_STORE_H
#define OCSPD_STORE_H

#include <stdbool.h>

#include "client.h"
#include "verify.h"

struct store_calls {
	void (*wanted)(const uint8_t *key);
	void (*event)(enum ktls_ocsp_event event,
		      const struct ocsp_entry *entry);
	/* Notices were lost: store_read() has to be called. */
	void (*lost)(void);
};

/*
 * Connect, and listen where follow is set. -ENOENT: there is no module.
 * The module cannot be unloaded while a store is open.
 */
int store_open(const struct store_calls *calls, bool follow);
void store_close(void);
bool store_is_open(void);
const char *store_error(void);
/* Seconds that a response must have left for servers to hand it out. */
uint32_t store_min_validity(void);

/* What is used of its limits, and what happened since it was made. */
int store_stats(struct ocsp_stats *stats);

/* Calls fn for each entry there is. */
int store_read(void (*fn)(const struct ocsp_entry *entry));

/* parts as ocsp_client_get(); ocsp_entry_clear() after. -ENOENT: none. */
int store_get(const uint8_t *key, uint32_t parts,
	      struct ocsp_entry *entry);

int store_publish(const uint8_t *key, const struct ocsp_verdict *verdict,
		  const unsigned char *blob, size_t len, uint64_t *generation);
/*
 * Why there is no new response: text of any length and origin. repeated: the
 * attempt was reported already, or there was none; those who wait are told.
 */
int store_report(const uint8_t *key, const char *failure, bool repeated);

/* Hold an entry, which is made where it is not there; let it go. */
int store_hold(const struct ocsp_name *certs, uint32_t *slot);
void store_let_go(uint32_t slot);

#endif /* OCSPD_STORE_H */
