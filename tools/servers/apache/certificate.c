// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "certificate.h"
#include "init.h"
#include "log.h"
#include "response.h"

struct certificate {
	struct staple_source source;
	X509 *leaf;
	STACK_OF(X509) *others;
	struct staple *staple;
	char name[256];
};

void certificate_init(void (*log)(int level, const char *text, void *arg))
{
	log_set_callback(log, NULL);
}

static void get(const struct staple_source *source, struct staple_certs *certs,
		bool with_others)
{
	const struct certificate *c = (const struct certificate *)source;

	X509_up_ref(c->leaf);
	certs->leaf = c->leaf;
	if (with_others)
		certs->others = X509_chain_up_ref(c->others);
}

static bool parse(struct certificate *c, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x;

	c->others = sk_X509_new_null();
	if (!bio || !c->others)
		return false;
	c->leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		if (sk_X509_push(c->others, x) <= 0)
			X509_free(x);
	BIO_free(bio);
	return c->leaf;
}

static bool complete(struct certificate *c, const char *pem)
{
	unsigned char key[KEY_SIZE];
	char subject[192];

	if (!parse(c, pem) || !X509_digest(c->leaf, EVP_sha256(), key, NULL))
		return false;
	X509_NAME_oneline(X509_get_subject_name(c->leaf), subject, sizeof(subject));
	snprintf(c->name, sizeof(c->name), "%s (%02x%02x%02x%02x%02x%02x%02x%02x)",
		 subject, key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7]);
	c->source.get = get;
	c->staple = staple_get(key);
	return c->staple;
}

struct certificate *certificate_make(const char *pem)
{
	struct certificate *c = calloc(1, sizeof(*c));
	bool ok;

	if (!c)
		return NULL;
	ERR_set_mark();
	ok = staple_init() && complete(c, pem);
	ERR_pop_to_mark();
	if (!ok) {
		certificate_free(c);
		return NULL;
	}
	staple_open(c->staple, &c->source);
	staples_reap();
	return c;
}

void certificate_free(struct certificate *c)
{
	staple_put(c->staple);
	X509_free(c->leaf);
	sk_X509_pop_free(c->others, X509_free);
	free(c);
}

const char *certificate_name(const struct certificate *c)
{
	return c->name;
}

PCCERT_SERVER_OCSP_RESPONSE_CONTEXT certificate_response(const struct certificate *c)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response;
	int saved = errno;

	response = staple_response(c->staple, &c->source);
	errno = saved;
	return response;
}
