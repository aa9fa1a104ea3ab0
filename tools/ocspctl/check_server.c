// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl check: does a server staple, and what? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "handshake.h"
#include "issuer.h"

#define TIMEOUT_SECONDS	10

/* HOST:PORT, HOST, [IPv6]:PORT, [IPv6] */
static bool split(char *text, const char **host, const char **port)
{
	char *end, *colon;

	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*end = '\0';
		*host = text + 1;
		colon = end[1] ? end + 1 : NULL;
	} else {
		*host = text;
		colon = strchr(text, ':');
		if (colon && strchr(colon + 1, ':'))
			return false;
	}
	if (colon) {
		*colon = '\0';
		*port = colon + 1;
	}
	return **host && **port;
}

static bool read_terms(const struct args *args, char *address,
		       struct handshake_terms *terms)
{
	int64_t timeout = TIMEOUT_SECONDS;

	memset(terms, 0, sizeof(*terms));
	terms->port = "443";
	if (args->starttls) {
		terms->starttls = starttls_find(args->starttls);
		if (!terms->starttls) {
			error("check: --starttls %s: none of %s",
			      args->starttls, starttls_names());
			return false;
		}
		terms->port = starttls_port(terms->starttls);
	}
	if (!split(address, &terms->host, &terms->port)) {
		error("check: %s: not HOST:PORT (an IPv6 address is in brackets)",
		      args->argv[0]);
		return false;
	}
	if (args->key_type && !handshake_knows_key(args->key_type)) {
		error("check: --key-type %s: neither rsa nor ecdsa nor ed25519",
		      args->key_type);
		return false;
	}
	if (args->timeout && (!parse_span(args->timeout, &timeout) ||
			      !timeout || timeout > 3600)) {
		error("check: --timeout %s: not a time span from 1s to 1h",
		      args->timeout);
		return false;
	}
	terms->key_type = args->key_type;
	terms->timeout_ms = timeout * 1000;
	terms->patience_ms = args->patience_ms;
	terms->server_name = args->servername ? args->servername : terms->host;
	return true;
}

/* From the system's trust store: a server need not send its root. */
static X509 *trusted_issuer(X509 *cert)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *issuer = NULL;

	if (!store || !ctx)
		no_memory();
	if (X509_STORE_set_default_paths(store) != 1 ||
	    X509_STORE_CTX_init(ctx, store, cert, NULL) != 1 ||
	    X509_STORE_CTX_get1_issuer(&issuer, ctx, cert) != 1)
		issuer = NULL;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return issuer;
}

static X509 *find_issuer(const STACK_OF(X509) *certs, X509 *cert,
			 const STACK_OF(X509) *extra)
{
	X509 *issuer = ocsp_find_issuer(extra, cert, NULL, time(NULL));

	if (!issuer)
		issuer = ocsp_find_issuer(certs, cert, NULL, time(NULL));
	if (!issuer)
		return trusted_issuer(cert);
	X509_up_ref(issuer);
	return issuer;
}

/* Where this host has the store that the server should have it from. */
static void tell_store(struct check *check, X509 *cert)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_client *client = NULL;
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct ocsp_entry r;

	name.key = key;
	if (ocsp_cert_key(cert, key))
		no_memory();
	if (!ocsp_client_new(&client) &&
	    !ocsp_client_get(client, &name, 0, &r)) {
		if (entry_is_served(&r, time(NULL)))
			check_add(check, CHECK_OK,
				  "the store of this host has one");
		else
			check_add(check, CHECK_OK,
				  "the store of this host has none: %s",
				  r.failures ? r.failure : state_name(r.state));
		ocsp_entry_clear(&r);
	}
	ocsp_client_free(client);
}

static void check_missing(struct check *check, X509 *cert)
{
	bool strict = ocsp_cert_must_staple(cert);
	char *url = ocsp_cert_url(cert);

	if (strict)
		check_add(check, CHECK_CRITICAL,
			  "no staple, though the certificate is must-staple");
	else if (!url)
		check_add(check, CHECK_OK,
			  "no staple, and the certificate names no OCSP responder");
	else
		check_add(check, CHECK_CRITICAL, "no staple");
	free(url);
	tell_store(check, cert);
}

static void check_verdict(struct check *check,
			  const struct ocsp_verdict *verdict,
			  const struct check_limits *limits, int64_t now)
{
	int64_t left = verdict->next_update - now;
	char span[SPAN_TEXT_SIZE], when[TIME_TEXT_SIZE];
	int status;

	if (verdict->status == KTLS_OCSP_CERT_STATUS_REVOKED)
		check_add(check, CHECK_CRITICAL, "revoked since %s",
			  time_text(verdict->revoked_at, when));
	else if (verdict->status == KTLS_OCSP_CERT_STATUS_UNKNOWN)
		check_add(check, CHECK_CRITICAL,
			  "the responder does not know the certificate");
	else
		check_add(check, CHECK_OK, "good");
	status = check_left(limits, verdict->this_update, verdict->next_update,
			    now);
	check_add(check, status, "%s in %s", status == CHECK_OK ?
		  "next update" : "not refreshed: expires",
		  span_text(left, span));
	check_value(check, "left", left, "s");
}

static void check_staple(struct check *check, const struct handshake *h,
			 X509 *cert, const STACK_OF(X509) *extra,
			 const struct check_limits *limits)
{
	X509 *issuer = find_issuer(h->certs, cert, extra);
	struct ocsp_verdict verdict;
	int64_t now = time(NULL);

	if (!issuer)
		check_add(check, CHECK_UNKNOWN,
			  "stapled, but the issuer is not in the chain: see --issuer");
	else if (ocsp_verify(h->staple, h->staple_len, cert, issuer, now,
			     &verdict))
		check_add(check, CHECK_CRITICAL, "staple refused: %s",
			  verdict.reason);
	else
		check_verdict(check, &verdict, limits, now);
	X509_free(issuer);
}

static void check_server(struct check *check,
			 const struct handshake_terms *terms,
			 const STACK_OF(X509) *extra,
			 const struct check_limits *limits)
{
	struct handshake h;
	char *subject;
	X509 *cert;

	if (!handshake_run(&h, terms)) {
		check_add(check, CHECK_CRITICAL, "%s", h.why);
		handshake_clear(&h);
		return;
	}
	cert = sk_X509_value(h.certs, 0);
	if (h.staple)
		check_staple(check, &h, cert, extra, limits);
	else
		check_missing(check, cert);
	subject = ocsp_cert_subject(cert, true);
	if (!subject)
		no_memory();
	check_add(check, CHECK_OK, "%s, %.200s", h.version, subject);
	free(subject);
	handshake_clear(&h);
}

static STACK_OF(X509) *read_extra(const char *path, bool *failed)
{
	STACK_OF(X509) *certs = NULL;
	char why[512];

	*failed = false;
	if (!path)
		return NULL;
	certs = ocsp_read_certs(path, why, sizeof(why));
	if (!certs) {
		*failed = true;
		error("%s", why);
	}
	return certs;
}

int cmd_check(const struct args *args)
{
	struct check_limits limits = { 24 * 3600, 2 * 3600 };
	char *address = strdup(args->argv[0]), what[300];
	struct check check = { .what = what };
	struct handshake_terms terms;
	int status = CHECK_UNKNOWN;
	STACK_OF(X509) *extra;
	bool failed;

	if (!address)
		no_memory();
	extra = read_extra(args->issuer, &failed);
	if (!failed && check_limits_read(args, &limits) &&
	    read_terms(args, address, &terms)) {
		snprintf(what, sizeof(what), "OCSP %.200s", args->argv[0]);
		check_server(&check, &terms, extra, &limits);
		status = check_print(&check, args->json);
	}
	sk_X509_pop_free(extra, X509_free);
	free(address);
	return status;
}
