// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* How the response of a certificate is fetched, see policy.h. */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "cert.h"
#include "log.h"
#include "pins.h"
#include "policy.h"
#include "store.h"

#define ID_LEN		KTLS_OCSP_KEY_LEN

/*
 * A certificate by its fingerprint, or an issuer by its public key: a CA has
 * several certificates of one key, and which of them a server sends varies.
 */
struct rule {
	uint8_t id[ID_LEN];
	const struct config_policy *policy;
};

struct rules {
	struct config *config;
	void *certs;
	void *issuers;
	uint32_t number;		/* what certificates remember is of it */
};

static struct rules rules;

static int compare(const void *a, const void *b)
{
	const struct rule *left = a, *right = b;

	return memcmp(left->id, right->id, sizeof(left->id));
}

static const struct config_policy *find(void *tree, const uint8_t *id)
{
	struct rule wanted, **node;

	if (!tree)
		return NULL;
	memcpy(wanted.id, id, sizeof(wanted.id));
	node = tfind(&wanted, &tree, compare);
	return node ? (*node)->policy : NULL;
}

/* Of two of the same certificate or key the first one holds. False: no memory. */
static bool add(void **tree, const uint8_t *id,
		const struct config_policy *policy)
{
	struct rule *rule = malloc(sizeof(*rule)), **node;

	if (!rule)
		return false;
	memcpy(rule->id, id, sizeof(rule->id));
	rule->policy = policy;
	node = tsearch(rule, tree, compare);
	if (!node || *node != rule)
		free(rule);
	return node;
}

static bool issuer_id(X509 *issuer, uint8_t id[ID_LEN])
{
	return X509_pubkey_digest(issuer, EVP_sha256(), id, NULL);
}

static bool add_certs(struct rules *new)
{
	const struct config_cert *cert;

	for (cert = new->config->certs; cert; cert = cert->next)
		if (cert->has_key && !add(&new->certs, cert->key, &cert->policy))
			return false;
	return true;
}

/* Every certificate in the file; the text of a fault is in why. */
static bool add_issuer(struct rules *new, const struct config_issuer *issuer,
		       char *why, size_t size)
{
	uint8_t id[ID_LEN];
	STACK_OF(X509) *certs;
	char text[400];
	bool ok = true;
	int i;

	certs = ocsp_read_certs(issuer->file, text, sizeof(text));
	if (!certs) {
		snprintf(why, size, "[issuer %s]: %s", issuer->name, text);
		return false;
	}
	for (i = 0; ok && i < sk_X509_num(certs); i++)
		ok = issuer_id(sk_X509_value(certs, i), id) &&
		     add(&new->issuers, id, &issuer->policy);
	sk_X509_pop_free(certs, X509_free);
	if (!ok)
		snprintf(why, size, "no memory");
	return ok;
}

static bool add_issuers(struct rules *new, char *why, size_t size)
{
	const struct config_issuer *issuer = new->config->issuers;

	for (; issuer; issuer = issuer->next)
		if (!add_issuer(new, issuer, why, size))
			return false;
	return true;
}

static void clear(struct rules *old)
{
	tdestroy(old->certs, free);
	tdestroy(old->issuers, free);
	old->certs = NULL;
	old->issuers = NULL;
	config_put(old->config);
	old->config = NULL;
}

int policy_configure(struct config *config, char *why, size_t size)
{
	struct rules new = {
		.config = config_get(config),
		.number = rules.number + 1,
	};

	snprintf(why, size, "no memory");
	if (!add_certs(&new) || !add_issuers(&new, why, size)) {
		log_text(LOG_ERR, "%s", why);
		clear(&new);
		return -1;
	}
	*why = '\0';
	clear(&rules);
	rules = new;
	return 0;
}

void policy_clear(void)
{
	clear(&rules);
}

/* What the issuer of that certificate is, for whom that is not at hand. */
static void ask_store(struct cert *cert)
{
	struct ocsp_entry r;
	uint8_t id[ID_LEN];
	X509 *issuer;

	if (store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &r))
		return;
	issuer = ocsp_cert_decode(r.issuer, r.issuer_len);
	ocsp_entry_clear(&r);
	if (issuer && issuer_id(issuer, id)) {
		cert->issuer_policy = find(rules.issuers, id);
		cert->policy_number = rules.number;
	}
	X509_free(issuer);
}

static const struct config_policy *of_issuer(struct cert *cert, X509 *issuer)
{
	uint8_t id[ID_LEN];

	if (!rules.issuers)
		return NULL;
	if (issuer && issuer_id(issuer, id)) {
		cert->issuer_policy = find(rules.issuers, id);
		cert->policy_number = rules.number;
	} else if (cert->policy_number != rules.number) {
		cert->issuer_policy = NULL;
		ask_store(cert);
	}
	return cert->issuer_policy;
}

/* Where the more special ones said nothing. */
static void complete(struct policy *policy, const struct config_policy *by)
{
	if (!by)
		return;
	if (!policy->responder)
		policy->responder = by->responder;
	if (!policy->ca_file)
		policy->ca_file = by->ca_file;
	if (!policy->method)
		policy->method = by->method;
	if (!policy->digest)
		policy->digest = by->digest;
	if (!policy->refresh)
		policy->refresh = by->refresh;
	if (!policy->refresh_min)
		policy->refresh_min = by->refresh_min;
	if (!policy->refresh_max)
		policy->refresh_max = by->refresh_max;
}

static struct policy make(const struct config_policy *pin, const uint8_t *key,
			  const struct config_policy *issuer)
{
	struct policy policy = { .config = rules.config };

	complete(&policy, pin);
	complete(&policy, find(rules.certs, key));
	complete(&policy, issuer);
	complete(&policy, &rules.config->policy);
	if (!policy.method)
		policy.method = METHOD_AUTO;
	if (!policy.digest)
		policy.digest = DIGEST_AUTO;
	return policy;
}

struct policy policy_of(struct cert *cert, X509 *issuer)
{
	return make(cert->pin ? pin_policy(cert->pin) : NULL, cert->key,
		    of_issuer(cert, issuer));
}

struct policy policy_of_pin(const struct config_policy *pin, const uint8_t *key,
			    X509 *issuer)
{
	uint8_t id[ID_LEN];

	return make(pin, key, issuer && issuer_id(issuer, id) ?
			      find(rules.issuers, id) : NULL);
}
