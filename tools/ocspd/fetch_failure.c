// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Why a fetch failed, in words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "fetch_parts.h"

bool fetch_fail(struct fetch *f, enum fetch_fault fault, const char *fmt, ...)
{
	va_list args;

	f->result.fault = fault;
	va_start(args, fmt);
	vsnprintf(f->result.failure, sizeof(f->result.failure), fmt, args);
	va_end(args);
	return false;
}

static void explain_timeout(struct fetch *f)
{
	long seconds = (clock_ms() - f->start + 500) / 1000;
	double connected = 0;

	f->result.timed_out = true;
	curl_easy_getinfo(f->easy, CURLINFO_CONNECT_TIME, &connected);
	if (connected == 0)
		fetch_fail(f, FAULT_TIMEOUT, "timed out after %ld s, connecting",
			   seconds);
	else if (f->len)
		fetch_fail(f, FAULT_TIMEOUT,
			   "timed out after %ld s, in the middle of the response",
			   seconds);
	else
		fetch_fail(f, FAULT_TIMEOUT, "timed out after %ld s", seconds);
}

static const char *curl_text(const struct fetch *f, CURLcode code)
{
	return *f->error ? f->error : curl_easy_strerror(code);
}

/* The system's word for it, where libcurl kept that; else libcurl's. */
static void explain_errno(struct fetch *f, const char *what, CURLcode code)
{
	long err = 0;

	curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &err);
	fetch_fail(f, FAULT_CONNECT, "%s: %s", what,
		   err ? strerror(err) : curl_text(f, code));
}

void fetch_explain(struct fetch *f, CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		explain_timeout(f);
		break;
	case CURLE_COULDNT_CONNECT:
		if (*f->refused && !f->tried)
			fetch_fail(f, FAULT_ADDRESS, "%s", f->refused);
		else
			explain_errno(f, "cannot connect", code);
		break;
	case CURLE_GOT_NOTHING:
		fetch_fail(f, FAULT_HTTP, "connection closed without a response");
		break;
	case CURLE_PARTIAL_FILE:
		fetch_fail(f, FAULT_HTTP, "connection closed in the middle of the response");
		break;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		explain_errno(f, "connection lost", code);
		break;
	/* Which of them, and the words, depend on the release of libcurl. */
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		fetch_fail(f, FAULT_HTTP, "not valid HTTP: %s", curl_text(f, code));
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
		fetch_fail(f, FAULT_TLS, "%s", curl_text(f, code));
		break;
	default:
		fetch_fail(f, FAULT_OTHER, "%s", curl_text(f, code));
	}
}
