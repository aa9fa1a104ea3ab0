// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The store's words, keys and times, as the tools print them. */
#include <stdio.h>
#include <time.h>

#include "text.h"

static const char *name_of(const char *const names[], size_t count,
			   unsigned int value)
{
	return value < count && names[value] ? names[value] : "?";
}

const char *state_name(enum ktls_ocsp_state state)
{
	static const char *const names[] = {
		[KTLS_OCSP_STATE_PENDING] = "pending",
		[KTLS_OCSP_STATE_VALID] = "valid",
		[KTLS_OCSP_STATE_FAILED] = "failed",
		[KTLS_OCSP_STATE_EXPIRED] = "expired",
		[KTLS_OCSP_STATE_WITHDRAWN] = "withdrawn",
	};

	return name_of(names, ARRAY_SIZE(names), state);
}

const char *status_name(enum ktls_ocsp_cert_status status)
{
	static const char *const names[] = {
		[KTLS_OCSP_CERT_STATUS_GOOD] = "good",
		[KTLS_OCSP_CERT_STATUS_REVOKED] = "revoked",
		[KTLS_OCSP_CERT_STATUS_UNKNOWN] = "unknown",
	};

	return name_of(names, ARRAY_SIZE(names), status);
}

const char *event_name(enum ktls_ocsp_event event)
{
	static const char *const names[] = {
		[KTLS_OCSP_EVENT_UPDATED] = "updated",
		[KTLS_OCSP_EVENT_FAILED] = "failed",
		[KTLS_OCSP_EVENT_EXPIRING] = "expiring",
		[KTLS_OCSP_EVENT_EXPIRED] = "expired",
		[KTLS_OCSP_EVENT_REVOKED] = "revoked",
		[KTLS_OCSP_EVENT_WITHDRAWN] = "withdrawn",
		[KTLS_OCSP_EVENT_CREATED] = "created",
		[KTLS_OCSP_EVENT_REMOVED] = "removed",
		[KTLS_OCSP_EVENT_EVICTED] = "evicted",
	};

	return name_of(names, ARRAY_SIZE(names), event);
}

const char *key_text(const uint8_t key[KTLS_OCSP_KEY_LEN],
		     char text[KEY_TEXT_SIZE])
{
	int i;

	for (i = 0; i < KTLS_OCSP_KEY_LEN; i++)
		sprintf(text + 2 * i, "%02x", key[i]);
	return text;
}

const char *time_text(int64_t when, char text[TIME_TEXT_SIZE])
{
	time_t t = when;
	struct tm tm;

	if (!gmtime_r(&t, &tm) ||
	    !strftime(text, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(text, TIME_TEXT_SIZE, "@%lld", (long long)when);
	return text;
}
