// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The responses that the store serves, see items.h. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "cert.h"
#include "export.h"
#include "items.h"
#include "text.h"

static void *by_key, *by_sha1, *by_id;	/* tsearch() */
/* How many places in by_sha1 and by_id are another's of the same name */
static size_t left_out;

static int compare_keys(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return memcmp(x->key, y->key, sizeof(x->key));
}

static int compare_sha1(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return memcmp(x->sha1, y->sha1, sizeof(x->sha1));
}

/* The digest's algorithm is a part of the CertID. */
static int compare_ids(const void *a, const void *b)
{
	const struct item_id *x = a, *y = b;

	return OCSP_id_cmp(x->id, y->id);
}

static void *find(const void *wanted, void *const *tree,
		  int (*compare)(const void *a, const void *b))
{
	void **node = tfind(wanted, tree, compare);

	return node ? *node : NULL;
}

/* Another of the same name may have the place. */
static void put_in(void *member, void **tree,
		   int (*compare)(const void *a, const void *b))
{
	void **node = must(tsearch(member, tree, compare));

	left_out += *node != member;
}

static void take_out(const void *member, void **tree,
		     int (*compare)(const void *a, const void *b))
{
	if (find(member, tree, compare) == member)
		tdelete(member, tree, compare);
	else
		left_out--;
}

static void index_names(struct item *item, void *arg)
{
	size_t i;

	(void)arg;
	put_in(item, &by_sha1, compare_sha1);
	for (i = 0; i < ARRAY_SIZE(item->ids); i++)
		if (item->ids[i].id)
			put_in(&item->ids[i], &by_id, compare_ids);
}

static void make_ids(struct item *item, X509 *cert, X509 *issuer)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(item->ids); i++) {
		item->ids[i].id = must(OCSP_cert_to_id(i ? EVP_sha256() :
						       EVP_sha1(),
						       cert, issuer));
		item->ids[i].item = item;
	}
}

struct item *items_add(const struct ocsp_entry *r)
{
	struct item *item = must(calloc(1, sizeof(*item)));
	X509 *cert = ocsp_cert_decode(r->cert, r->cert_len);
	X509 *issuer = ocsp_cert_decode(r->issuer, r->issuer_len);

	memcpy(item->key, r->key, sizeof(item->key));
	if (!EVP_Digest(r->cert, r->cert_len, item->sha1, NULL, EVP_sha1(),
			NULL))
		no_memory();
	if (cert && issuer)
		make_ids(item, cert, issuer);
	X509_free(cert);
	X509_free(issuer);
	must(tsearch(item, &by_key, compare_keys));
	index_names(item, NULL);
	return item;
}

static void free_item(void *memory)
{
	struct item *item = memory;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(item->ids); i++)
		OCSP_CERTID_free(item->ids[i].id);
	sd_event_source_unref(item->end_timer);
	free(item);
}

void items_remove(struct item *item)
{
	size_t i;

	tdelete(item, &by_key, compare_keys);
	take_out(item, &by_sha1, compare_sha1);
	for (i = 0; i < ARRAY_SIZE(item->ids); i++)
		if (item->ids[i].id)
			take_out(&item->ids[i], &by_id, compare_ids);
	free_item(item);
	if (left_out) {
		left_out = 0;
		items_each(index_names, NULL);
	}
}

static void keep(void *memory)
{
	(void)memory;
}

void items_clear(void)
{
	tdestroy(by_sha1, keep);
	tdestroy(by_id, keep);
	tdestroy(by_key, free_item);
	by_key = NULL;
	by_sha1 = NULL;
	by_id = NULL;
	left_out = 0;
}

struct item *items_by_key(const uint8_t key[KTLS_OCSP_KEY_LEN])
{
	struct item wanted;

	memcpy(wanted.key, key, sizeof(wanted.key));
	return find(&wanted, &by_key, compare_keys);
}

const struct item *items_by_sha1(const uint8_t sha1[SHA1_LEN])
{
	struct item wanted;

	memcpy(wanted.sha1, sha1, sizeof(wanted.sha1));
	return find(&wanted, &by_sha1, compare_sha1);
}

const struct item *items_by_id(OCSP_CERTID *id)
{
	const struct item_id wanted = { .id = id };
	const struct item_id *found = find(&wanted, &by_id, compare_ids);

	return found ? found->item : NULL;
}

struct walk {
	void (*fn)(struct item *item, void *arg);
	void *arg;
};

static void visit(const void *node, VISIT order, void *arg)
{
	const struct walk *walk = arg;

	if (order == postorder || order == leaf)
		walk->fn(*(struct item *const *)node, walk->arg);
}

void items_each(void (*fn)(struct item *item, void *arg), void *arg)
{
	struct walk walk = { fn, arg };

	twalk_r(by_key, visit, &walk);
}
