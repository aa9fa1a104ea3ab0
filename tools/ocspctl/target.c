// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
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

/* Digits of a key that may name an entry; "show" prints 16. */
#define PREFIX_MIN	4

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

static bool has_prefix(const struct ocsp_entry *r, const struct prefix *prefix)
{
	size_t bytes = prefix->digits / 2;

	return !memcmp(r->key, prefix->key, bytes) &&
	       (prefix->digits % 2 == 0 ||
		(r->key[bytes] & 0xf0) == prefix->key[bytes]);
}

static size_t find_prefix(const struct list *list, const struct prefix *prefix,
			  uint8_t key[KTLS_OCSP_KEY_LEN])
{
	size_t i, found = 0;

	for (i = 0; i < list->count; i++) {
		if (!has_prefix(&list->all[i], prefix))
			continue;
		memcpy(key, list->all[i].key, KTLS_OCSP_KEY_LEN);
		found++;
	}
	return found;
}

/* The same of those that have a name; -1, and why was said. */
static ssize_t find_name(const struct list *list, struct ocsp_client *client,
			 const char *name, uint8_t key[KTLS_OCSP_KEY_LEN])
{
	struct ocsp_entry certs;
	ssize_t found = 0;
	size_t i;
	int err;

	for (i = 0; i < list->count; i++) {
		err = list_certs(client, &list->all[i], &certs);
		if (err == -ENOENT)
			continue;
		if (err) {
			client_error(client, name);
			return -1;
		}
		if (entry_has_name(&certs, name)) {
			memcpy(key, list->all[i].key, KTLS_OCSP_KEY_LEN);
			found++;
		}
		ocsp_entry_clear(&certs);
	}
	return found;
}

static bool tell_found(const char *text, ssize_t found, const char *what)
{
	if (!found)
		error("%s: no such file, and no entry has this %s", text, what);
	else if (found > 1)
		error("%s: %zd entries have this %s", text, found, what);
	return found == 1;
}

/* The one that the text names, of those in the store. prefix may be NULL. */
static bool find_entry(struct target *target, const struct prefix *prefix)
{
	struct ocsp_client *client = connect_store();
	const char *what = prefix ? "beginning of a key" : "name";
	struct list list = { 0 };
	ssize_t found = -1;

	if (client && list_read(&list, client, NULL)) {
		found = prefix ? find_prefix(&list, prefix, target->key) : 0;
		/* A host may be called "cafe". */
		if (!found)
			found = find_name(&list, client, target->text,
					  target->key);
	}
	list_free(&list);
	ocsp_client_free(client);
	return found >= 0 && tell_found(target->text, found, what);
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

/* Words of a subject may have a slash in them. */
bool target_is_name(const char *text)
{
	struct prefix prefix;

	return *text && (!strchr(text, '/') || strchr(text, '=')) &&
	       !parse_prefix(text, &prefix) && access(text, F_OK);
}

STACK_OF(X509) *target_read_certs(const char *path)
{
	STACK_OF(X509) *certs;
	char why[512];

	certs = ocsp_read_certs(path, why, sizeof(why));
	if (!certs)
		error("%s", why);
	return certs;
}

static bool read_issuer(struct target *target, STACK_OF(X509) *certs)
{
	target->issuer = ocsp_find_issuer(certs, target->cert, NULL, time(NULL));
	if (!target->issuer)
		return false;
	X509_up_ref(target->issuer);
	return true;
}

static bool read_files(struct target *target, const char *issuer)
{
	STACK_OF(X509) *certs = target_read_certs(target->text);
	bool read = true;

	if (!certs)
		return false;
	target->cert = sk_X509_value(certs, 0);
	X509_up_ref(target->cert);
	if (!issuer)
		read_issuer(target, certs);
	sk_X509_pop_free(certs, X509_free);
	if (!issuer)
		return true;
	certs = target_read_certs(issuer);
	if (!certs)
		return false;
	if (!read_issuer(target, certs)) {
		error("%s: no certificate in it issued the one in %s", issuer,
		      target->text);
		read = false;
	}
	sk_X509_pop_free(certs, X509_free);
	return read;
}

/* In the store, by a key, the beginning of one, or a name; or in a file. */
static bool is_in_store(const char *text, struct prefix *prefix)
{
	/* A file may be called as a key begins. */
	if (parse_prefix(text, prefix))
		return prefix->digits == 2 * KTLS_OCSP_KEY_LEN ||
		       access(text, F_OK);
	prefix->digits = 0;
	return target_is_name(text);
}

bool target_read(struct target *target, const char *text, const char *issuer)
{
	struct prefix prefix;

	memset(target, 0, sizeof(*target));
	target->text = text;
	target->name.session = -1;
	target->name.key = target->key;
	if (is_in_store(text, &prefix)) {
		if (issuer) {
			error("%s: --issuer takes a file with the certificate",
			      text);
			return false;
		}
		if (prefix.digits != 2 * KTLS_OCSP_KEY_LEN)
			return find_entry(target, prefix.digits ? &prefix :
							       NULL);
		memcpy(target->key, prefix.key, sizeof(target->key));
		return true;
	}
	if (read_files(target, issuer) && encode_target(target))
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
		error("%s: no issuer in it: the certificate that issued the first one must follow it, or be in the file of --issuer",
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
