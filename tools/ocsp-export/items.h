/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The responses that the store serves, and the indexes by which targets find
 * one: there may be 10,000, and each of them changes.
 */
#ifndef EXPORT_ITEMS_H
#define EXPORT_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ocsp.h>
#include <systemd/sd-event.h>

#include "client.h"

#define SHA1_LEN	20

struct item;

struct item_id {
	OCSP_CERTID *id;		/* NULL: there is none */
	struct item *item;
};

/* A response that the store serves. The indexes are by what never changes. */
struct item {
	uint8_t key[KTLS_OCSP_KEY_LEN];
	uint8_t sha1[SHA1_LEN];		/* of the certificate */
	struct item_id ids[2];		/* by SHA-1 and SHA-256 */
	uint64_t generation;
	int64_t end;			/* when it is served no longer */
	sd_event_source *end_timer;
	bool seen;			/* by the dump that is going on */
};

/* With the key and the certificates of an entry, which must have them */
struct item *items_add(const struct ocsp_entry *r);
void items_remove(struct item *item);
void items_clear(void);

/*
 * Each returns NULL where there is none. Of several certificates of one CertID
 * or SHA-1 one is found: a CA may have used a serial number twice.
 */
struct item *items_by_key(const uint8_t key[KTLS_OCSP_KEY_LEN]);
const struct item *items_by_sha1(const uint8_t sha1[SHA1_LEN]);
const struct item *items_by_id(OCSP_CERTID *id);

/* Calls fn for each item. It must add none, and remove none. */
void items_each(void (*fn)(struct item *item, void *arg), void *arg);

#endif /* EXPORT_ITEMS_H */
