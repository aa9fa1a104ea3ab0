// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The certificates whose responses we keep fresh, by key. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "plan.h"
#include "responder.h"

static void *tree;
static size_t count;

static int compare(const void *a, const void *b)
{
	const struct cert *left = a, *right = b;

	return memcmp(left->key, right->key, sizeof(left->key));
}

struct cert *certs_find(const uint8_t *key)
{
	struct cert wanted;
	struct cert **node;

	memcpy(wanted.key, key, sizeof(wanted.key));
	node = tfind(&wanted, &tree, compare);
	return node ? *node : NULL;
}

struct cert *certs_add(const uint8_t *key)
{
	struct cert *cert = certs_find(key);

	if (cert)
		return cert;
	cert = calloc(1, sizeof(*cert));
	if (!cert)
		return NULL;
	memcpy(cert->key, key, sizeof(cert->key));
	cert->timer.fn = plan_due;
	if (!tsearch(cert, &tree, compare)) {
		free(cert);
		return NULL;
	}
	count++;
	return cert;
}

void certs_remove(struct cert *cert)
{
	timer_stop(&cert->timer);
	responder_unlist(cert);
	responder_put(cert->responder);
	tdelete(cert, &tree, compare);
	count--;
	free(cert->reasons);
	free(cert);
}

static void visit(const void *node, VISIT which, void *arg)
{
	void (**fn)(struct cert *cert) = arg;

	if (which == postorder || which == leaf)
		(*fn)(*(struct cert *const *)node);
}

void certs_for_each(void (*fn)(struct cert *cert))
{
	twalk_r(tree, visit, &fn);
}

static void append_key(const void *node, VISIT which, void *arg)
{
	uint8_t **end = arg;

	if (which != postorder && which != leaf)
		return;
	memcpy(*end, (*(struct cert *const *)node)->key, KTLS_OCSP_KEY_LEN);
	*end += KTLS_OCSP_KEY_LEN;
}

uint8_t *certs_keys(void)
{
	uint8_t *keys = malloc(count * KTLS_OCSP_KEY_LEN + 1), *end = keys;

	if (keys)
		twalk_r(tree, append_key, &end);
	return keys;
}

size_t certs_count(void)
{
	return count;
}
