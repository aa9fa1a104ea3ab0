// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A certificate in JSON, see describe.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "clock.h"
#include "describe.h"
#include "json_text.h"
#include "keep.h"
#include "plan.h"
#include "store.h"
#include "subject.h"
#include "text.h"

static const char *const state_names[] = {
	[CERT_NEW] = "due",
	[CERT_LOOK] = "due",
	[CERT_FRESH] = "fresh",
	[CERT_UNUSED] = "unused",
	[CERT_QUEUED] = "queued",
	[CERT_FETCHING] = "fetching",
	[CERT_RETRY] = "retry",
	[CERT_HELD] = "held",
};

static const char *const result_names[PLAN_RESULTS] = {
	[PLAN_STORED] = "stored",
	[PLAN_UNCHANGED] = "unchanged",
	[PLAN_FAILED] = "failed",
	[PLAN_HELD] = "held",
	[PLAN_NOT_APPLICABLE] = "not_applicable",
	[PLAN_GONE] = "gone",
};

const char *describe_state(enum cert_state state)
{
	return state_names[state];
}

const char *describe_result(enum plan_result result)
{
	return result_names[result];
}

/* Seconds since the epoch; 0: never */
static json_t *when(int64_t seconds)
{
	return seconds > 0 ? json_integer(seconds) : json_null();
}

/* The same, of clock_ms() */
static json_t *when_ms(int64_t ms)
{
	return when(ms > 0 ? clock_wall() + (ms - clock_ms()) / 1000 : 0);
}

static int64_t next_attempt(const struct cert *cert)
{
	switch (cert->state) {
	case CERT_QUEUED:
	case CERT_FETCHING:
		return clock_ms();
	case CERT_UNUSED:
		return 0;
	default:
		return cert->timer.place ? cert->timer.due : 0;
	}
}

static json_t *last_success(const struct cert *cert, const struct ocsp_entry *r)
{
	return when(cert->answered ? cert->answered : r->stored);
}

static json_t *held_until(const struct cert *cert)
{
	return when_ms(cert->responder ?
		       plan_held_until(cert, cert->responder) : 0);
}

static bool must_staple(const struct ocsp_entry *r)
{
	X509 *cert = ocsp_cert_decode(r->cert, r->cert_len);
	bool must = cert && ocsp_cert_must_staple(cert);

	X509_free(cert);
	return must;
}

static json_t *describe(const struct cert *cert, const struct ocsp_entry *r,
			const struct subject *subject)
{
	const char *failure = *r->failure ? r->failure : NULL;
	const char *status = r->generation ? status_name(r->status) : NULL;
	char key[KEY_TEXT_SIZE];

	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:b, s:b, s:b}",
			 "key", key_text(cert->key, key),
			 "certificate", json_of_text(subject->name),
			 "state", describe_state(cert->state),
			 "next_attempt", when_ms(next_attempt(cert)),
			 "refresh", when(cert->refresh),
			 "last_attempt", when_ms(cert->last),
			 "last_success", last_success(cert, r),
			 "last_failure", when(r->failure_time),
			 "failure", json_of_text(failure),
			 "failures", (json_int_t)r->failures,
			 "responder", json_of_text(subject_url(subject, 0)),
			 "held_until", held_until(cert),
			 "status", json_of_text(status),
			 "next_update", when(r->generation ? r->next_update :
							     0),
			 "must_staple", must_staple(r), "pinned", !!cert->pin,
			 "kept", keep_has(cert->key));
}

int describe_cert(struct cert *cert, json_t **record)
{
	struct subject subject = { 0 };
	struct ocsp_entry r;
	int err;

	*record = NULL;
	err = store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &r);
	if (err)
		return err == -ENOENT ? err : 0;
	/* Without its certificates: what the store has of it all the same. */
	if (!subject_outline(&subject, cert, &r) && errno == ENOMEM) {
		ocsp_entry_clear(&r);
		return 0;
	}
	*record = describe(cert, &r, &subject);
	subject_clear(&subject);
	ocsp_entry_clear(&r);
	return 0;
}
