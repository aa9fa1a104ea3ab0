// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl verify, and a verdict in words. */
#include <stdlib.h>
#include <time.h>

#include "issuer.h"
#include "ocspctl.h"

int refused(const char *file, const struct ocsp_verdict *verdict)
{
	error("%s: refused: %s", file, verdict->reason);
	return EXIT_REFUSED;
}

void verdict_print(const char *file, const struct ocsp_verdict *verdict,
		   int64_t now)
{
	char when[TIME_TEXT_SIZE], distance[SPAN_TEXT_SIZE];
	const char *reason;

	print_text(stdout, file, 0);
	printf(": %s", status_name(verdict->status));
	if (verdict->status == KTLS_OCSP_CERT_STATUS_REVOKED) {
		reason = revocation_reason_name(verdict->revocation_reason);
		printf(" since %s%s%s%s", time_text(verdict->revoked_at, when),
		       reason ? " (" : "", reason ? reason : "",
		       reason ? ")" : "");
	}
	printf(", valid until %s, %s\n", time_text(verdict->next_update, when),
	       distance_text(verdict->next_update, now, distance));
}

json_t *verdict_json(const struct ocsp_verdict *v, bool accepted)
{
	bool revoked = accepted && v->status == KTLS_OCSP_CERT_STATUS_REVOKED;
	json_t *o = json_new();

	json_add(o, "accepted", json_boolean(accepted));
	json_add(o, "reason", json_text(accepted ? NULL : v->reason));
	json_add(o, "status", json_text(accepted ? status_name(v->status) :
					NULL));
	json_add(o, "this_update", accepted ? json_integer(v->this_update) :
		 json_null());
	json_add(o, "next_update", accepted ? json_integer(v->next_update) :
		 json_null());
	json_add(o, "revoked_at", revoked ? json_integer(v->revoked_at) :
		 json_null());
	json_add(o, "revocation_reason", json_text(revoked ?
		 revocation_reason_name(v->revocation_reason) : NULL));
	return o;
}

static int exit_status(const struct ocsp_verdict *verdict)
{
	switch (verdict->status) {
	case KTLS_OCSP_CERT_STATUS_GOOD:
		return EXIT_OK;
	case KTLS_OCSP_CERT_STATUS_REVOKED:
		return EXIT_REVOKED;
	default:
		return EXIT_UNKNOWN;
	}
}

static int judge(const struct args *args, X509 *cert, X509 *issuer,
		 int64_t now)
{
	const char *file = args->argv[0];
	struct ocsp_verdict verdict;
	unsigned char *data;
	char why[512];
	size_t len;
	int err;

	data = ocsp_read_file(file, &len, why, sizeof(why));
	if (!data)
		return error("%s", why);
	err = ocsp_verify(data, len, cert, issuer, now, &verdict);
	free(data);
	if (args->json)
		json_print(verdict_json(&verdict, !err), false);
	if (err)
		return refused(file, &verdict);
	if (!args->json)
		verdict_print(file, &verdict, now);
	return exit_status(&verdict);
}

/* The certificate is the first of its file, the issuer the best of its. */
static int judge_by(const struct args *args, STACK_OF(X509) *certs,
		    STACK_OF(X509) *issuers, int64_t now)
{
	X509 *cert = sk_X509_value(certs, 0);
	X509 *issuer = ocsp_find_issuer(issuers, cert, NULL, now);

	/* Where there is none, the refusal says what is wrong with the first. */
	return judge(args, cert, issuer ? issuer : sk_X509_value(issuers, 0),
		     now);
}

int cmd_verify(const struct args *args)
{
	int64_t now = time(NULL);
	int status = EXIT_ERROR;
	STACK_OF(X509) *certs, *issuers;

	if (!args->cert || !args->issuer)
		return error("verify needs --cert CERT and --issuer ISSUER (see ocspctl verify --help)");
	if (args->at && !parse_time(args->at, &now))
		return error("--at %s: not a time like 2026-11-30T12:00:00Z or @1796040000",
			     args->at);
	certs = target_read_certs(args->cert);
	issuers = certs ? target_read_certs(args->issuer) : NULL;
	if (issuers)
		status = judge_by(args, certs, issuers, now);
	sk_X509_pop_free(certs, X509_free);
	sk_X509_pop_free(issuers, X509_free);
	return status;
}
