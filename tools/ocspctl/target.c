// SPDX-License-Identifier: GPL-2.0-or-later
/* CERT on the command line: a file of certificates, or a key. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "issuer.h"
#include "ocspctl.h"

/* Digits of a key that name an entry; "show" prints 16. */
#define PREFIX_MIN	8

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What "openssl x509 -fingerprint -sha256" puts before it. */
static const char *skip_name(const char *text)
{
	static const char name[] = "sha256 fingerprint=";

	return strncasecmp(text, name, strlen(name)) ? text :
						       text + strlen(name);
}

/* What of a key was given, 2 * KTLS_OCSP_KEY_LEN digits when it is all. */
struct prefix {
	uint8_t key[KTLS_OCSP_KEY_LEN];	/* the rest is 0 */
	size_t digits;
};

/* Hex digits; between two pairs there may be a colon. */
static bool parse_prefix(const char *text, struct prefix *prefix)
{
	int digit;

	memset(prefix, 0, sizeof(*prefix));
	for (text = skip_name(text); *text; text++) {
		if (*text == ':' && prefix->digits && prefix->digits % 2 == 0 &&
		    text[1] && text[-1] != ':')
			continue;
		digit = hex_digit(*text);
		if (digit < 0 || prefix->digits == 2 * KTLS_OCSP_KEY_LEN)
			return false;
		prefix->key[prefix->digits / 2] |=
			prefix->digits % 2 ? digit : digit << 4;
		prefix->digits++;
	}
	return prefix->digits >= PREFIX_MIN;
}

/* Looking for the entries whose keys begin so */
struct search {
	struct prefix prefix;
	uint8_t *key;			/* of the last one found */
	size_t found;
};

static int match(const struct ocsp_entry *r, void *arg)
{
	struct search *s = arg;
	size_t bytes = s->prefix.digits / 2;

	if (memcmp(r->key, s->prefix.key, bytes))
		return 0;
	if (s->prefix.digits % 2 &&
	    (r->key[bytes] & 0xf0) != s->prefix.key[bytes])
		return 0;
	memcpy(s->key, r->key, KTLS_OCSP_KEY_LEN);
	s->found++;
	return 0;
}

static bool find_prefix(struct target *target, const struct prefix *prefix)
{
	struct search search = { .prefix = *prefix, .key = target->key };
	struct ocsp_client *client = connect_store();
	int err;

	if (!client)
		return false;
	err = ocsp_client_dump(client, -1, match, &search, NULL);
	if (err)
		client_error(client, target->text);
	else if (!search.found)
		error("%s: no file, and no entry has a key that begins so",
		      target->text);
	else if (search.found > 1)
		error("%s: %zu entries have a key that begins so",
		      target->text, search.found);
	ocsp_client_free(client);
	return !err && search.found == 1;
}

static bool encode(X509 *cert, unsigned char **der, size_t *len)
{
	int n;

	*der = NULL;
	n = i2d_X509(cert, der);
	if (n < 0)
		return false;
	*len = n;
	return true;
}

static bool too_large(const struct target *t, const char *which, size_t len)
{
	if (len <= KTLS_OCSP_CERT_MAX)
		return false;
	error("%s: the %s has %zu bytes, more than the %d that the store takes",
	      t->text, which, len, KTLS_OCSP_CERT_MAX);
	return true;
}

/* Fill what a request needs from the certificates that there are. */
static bool encode_target(struct target *t)
{
	struct ocsp_name *name = &t->name;

	if (ocsp_cert_key(t->cert, t->key) ||
	    !encode(t->cert, &t->cert_der, &name->cert_len) ||
	    (t->issuer &&
	     !encode(t->issuer, &t->issuer_der, &name->issuer_len))) {
		error("%s: no memory", t->text);
		return false;
	}
	return !too_large(t, "certificate", name->cert_len) &&
	       !too_large(t, "issuer", name->issuer_len);
}

bool target_read(struct target *target, const char *text)
{
	STACK_OF(X509) *certs;
	struct prefix prefix;
	char why[512];

	memset(target, 0, sizeof(*target));
	target->text = text;
	target->name.session = -1;
	target->name.key = target->key;
	if (parse_prefix(text, &prefix)) {
		memcpy(target->key, prefix.key, sizeof(target->key));
		if (prefix.digits == 2 * KTLS_OCSP_KEY_LEN)
			return true;
		/* A file may have such a name, too. */
		if (access(text, F_OK))
			return find_prefix(target, &prefix);
	}
	certs = ocsp_read_certs(text, why, sizeof(why));
	if (!certs) {
		error("%s", why);
		return false;
	}
	target->cert = sk_X509_value(certs, 0);
	target->issuer = ocsp_find_issuer(certs, target->cert, NULL, time(NULL));
	X509_up_ref(target->cert);
	if (target->issuer)
		X509_up_ref(target->issuer);
	sk_X509_pop_free(certs, X509_free);
	if (encode_target(target))
		return true;
	target_clear(target);
	return false;
}

void target_clear(struct target *target)
{
	X509_free(target->cert);
	X509_free(target->issuer);
	OPENSSL_free(target->cert_der);
	OPENSSL_free(target->issuer_der);
	memset(target, 0, sizeof(*target));
}

bool target_needs_issuer(const struct target *target)
{
	if (target->issuer)
		return true;
	if (target->cert)
		error("%s: no issuer in it: the certificate that issued the first one must follow it",
		      target->text);
	else
		error("%s: a key is not enough, give the file with the certificate and its issuer",
		      target->text);
	return false;
}

bool target_from_store(struct target *target, struct ocsp_client *client)
{
	struct ocsp_entry r;

	if (ocsp_client_get(client, &target->name, KTLS_OCSP_PART_CERTIFICATES,
			    &r)) {
		client_error(client, target->text);
		return false;
	}
	target->cert = ocsp_cert_decode(r.cert, r.cert_len);
	if (target->cert)
		target->issuer = ocsp_cert_decode(r.issuer, r.issuer_len);
	ocsp_entry_clear(&r);
	if (target->cert && target->issuer)
		return true;
	if (errno == ENOMEM)
		no_memory();
	error("%s: the store has no certificate and issuer for this key, give their file",
	      target->text);
	return false;
}
