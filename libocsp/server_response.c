// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The functions of <wincrypt.h> that take or make a handle. */
#include <stddef.h>
#include <stdint.h>

#include "cancel.h"
#include "dispatcher.h"
#include "lookup.h"
#include <libocsp/ocsp.h>
#include "thread_cache.h"

/* The application's last reference was the last, and nobody is told any more. */
static void close_handle(struct ocsp_handle *h)
{
	struct ocsp_client *client = NULL;
	struct ocsp_error ignored;
	bool last;

	ocsp_lock();
	last = !--h->config->opens;
	/* Nothing is given back of what is not this process's. */
	if (ocsp_handle_hold_of(h) == OCSP_HELD)
		client = ocsp_connection(OCSP_WHEN_DUE, &ignored);
	if (client)
		ocsp_handle_release(client, h, h->config->opens);
	ocsp_unlock();
	if (!last)
		return;
	ocsp_updates_finish(h->config);
	ocsp_dispatcher_leave(h);
	ocsp_handle_unpin(h);
}

/* For certificate i of the chain. NULL: *error says why. */
static struct ocsp_handle *
open_handle(PCCERT_CHAIN_CONTEXT chain, DWORD i, DWORD flags,
	    PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA para, struct ocsp_error *error)
{
	struct ocsp_handle_config *config;
	struct ocsp_handle *h;
	bool ok;

	config = ocsp_handle_config_new(chain, i, para, error);
	if (!config)
		return NULL;
	h = ocsp_handle_new(config);
	if (!h) {
		ocsp_error_memory(error);
		return NULL;
	}
	ocsp_session_prepare();
	if ((flags & CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG) ||
	    ocsp_handle_has_file(h))
		ok = ocsp_handle_open(h, error);
	else
		ok = ocsp_handle_open_waiting(h, error);
	if (ok)
		return h;
	if (flags & OCSP_OPEN_LATER_FLAG) {
		ocsp_lock();
		ocsp_handle_refused(h, error);
		ocsp_unlock();
		return h;
	}
	close_handle(h);
	return NULL;
}

/* The same, of arguments that nobody has looked at. */
static struct ocsp_handle *
open_checked(PCCERT_CHAIN_CONTEXT chain, DWORD i, DWORD flags,
	     PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA para,
	     struct ocsp_error *error)
{
	struct ocsp_handle *h;

	if (!chain) {
		ocsp_error_set(error, ERROR_INVALID_PARAMETER,
			       "pChainContext is NULL");
		return NULL;
	}
	if (flags & ~(CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG |
		      OCSP_OPEN_LATER_FLAG)) {
		ocsp_error_set(error, ERROR_INVALID_PARAMETER,
			       "dwFlags: unknown flags");
		return NULL;
	}
	h = open_handle(chain, i, flags, para, error);
	if (!h)
		return NULL;
	/* Children of fork() start with what is there now. */
	ocsp_handle_update(h);
	ocsp_dispatcher_start(h);
	return h;
}

HCERT_SERVER_OCSP_RESPONSE OcspOpenServerOcspResponse(
	PCCERT_CHAIN_CONTEXT pChainContext,
	DWORD dwIndex,
	DWORD dwFlags,
	PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA pOpenPara,
	OCSP_ERROR *pError)
{
	struct ocsp_error error;
	struct ocsp_handle *h;
	int state;

	state = ocsp_cancel_disable();
	h = open_checked(pChainContext, dwIndex, dwFlags, pOpenPara, &error);
	if (!h)
		ocsp_error_give(&error, pError);
	ocsp_cancel_restore(state);
	return h;
}

HCERT_SERVER_OCSP_RESPONSE WINAPI CertOpenServerOcspResponse(
	PCCERT_CHAIN_CONTEXT pChainContext,
	DWORD dwFlags,
	PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA pOpenPara)
{
	return OcspOpenServerOcspResponse(pChainContext, 0, dwFlags, pOpenPara,
					  NULL);
}

/*
 * Those of the CAs are welcome, and no more: a server that cannot have them is
 * not to be without that of its own certificate. *error: of the first that
 * names a responder and has no handle; else its code is 0.
 */
static DWORD open_all(PCCERT_CHAIN_CONTEXT chain, DWORD flags,
		      HCERT_SERVER_OCSP_RESPONSE *handles, DWORD n,
		      struct ocsp_error *error)
{
	const DWORD none = CRYPT_E_NOT_IN_REVOCATION_DATABASE;
	struct ocsp_error why;
	DWORD i, opened = 0;

	error->code = 0;
	for (i = 0; i < n; i++) {
		handles[i] = open_checked(chain, i, flags, NULL, &why);
		if (handles[i])
			opened++;
		else if (why.code != none && !error->code)
			*error = why;
		if (!handles[0] && error->code)
			return 0;
		flags |= CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG;
	}
	if (!opened && !error->code)
		ocsp_error_set(error, none,
			       "no certificate of the chain names an OCSP responder");
	return opened;
}

DWORD OcspOpenServerOcspResponses(PCCERT_CHAIN_CONTEXT pChainContext,
				  DWORD dwFlags,
				  HCERT_SERVER_OCSP_RESPONSE *rghResponse,
				  DWORD cResponse, OCSP_ERROR *pError)
{
	DWORD i, n, opened = 0;
	struct ocsp_error error;
	int state;

	state = ocsp_cancel_disable();
	for (i = 0; rghResponse && i < cResponse; i++)
		rghResponse[i] = NULL;
	n = OcspGetCertificateChainLength(pChainContext);
	if (!n || !rghResponse || !cResponse)
		ocsp_error_set(&error, ERROR_INVALID_PARAMETER, "%s",
			       n ? "no room for a handle" : "the chain is empty");
	else
		opened = open_all(pChainContext, dwFlags, rghResponse,
				  n < cResponse ? n : cResponse, &error);
	if (error.code || !opened)
		ocsp_error_give(&error, pError);
	else if (pError)
		pError->dwCode = 0;
	ocsp_cancel_restore(state);
	return opened;
}

VOID WINAPI CertAddRefServerOcspResponse(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse)
{
	struct ocsp_handle *h = hServerOcspResponse;
	struct ocsp_client *client;
	struct ocsp_error ignored;
	int state;

	if (!h)
		return;
	state = ocsp_cancel_disable();
	ocsp_lock();
	h->config->opens++;
	if (ocsp_handle_hold_of(h) == OCSP_HELD) {
		client = ocsp_connection(OCSP_WHEN_DUE, &ignored);
		if (client)
			ocsp_handle_ref(client, h);
	}
	ocsp_unlock();
	ocsp_cancel_restore(state);
}

VOID WINAPI CertCloseServerOcspResponse(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	DWORD dwFlags)
{
	int state;

	if (!hServerOcspResponse)
		return;
	if (dwFlags) {
		ocsp_set_last_error(ERROR_INVALID_PARAMETER, "%s",
				    "dwFlags is not 0");
		return;
	}
	state = ocsp_cancel_disable();
	close_handle(hServerOcspResponse);
	ocsp_cancel_restore(state);
}

/* Apart, so that who does not need it keeps nothing on the stack for it. */
static __attribute__((noinline, cold)) PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
get_invalid(const struct ocsp_handle *h, DWORD flags, OCSP_ERROR *to)
{
	struct ocsp_error error;

	ocsp_error_set(&error, ERROR_INVALID_PARAMETER, "%s",
		       !h ? "no handle" : flags ? "dwFlags is not 0" :
		       "pvReserved is not NULL");
	ocsp_error_give(&error, to);
	return NULL;
}

static __attribute__((noinline)) PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
get_anew(struct ocsp_handle *h, OCSP_ERROR *to)
{
	struct ocsp_context *context;
	struct ocsp_error error;
	int state;

	state = ocsp_cancel_disable();
	/* The callback may close the handle. */
	ocsp_handle_pin(h);
	context = ocsp_handle_lookup(h, &error);
	if (!context)
		ocsp_error_give(&error, to);
	ocsp_dispatcher_tell(h);
	ocsp_handle_unpin(h);
	ocsp_cancel_restore(state);
	return context ? &context->pub : NULL;
}

PCCERT_SERVER_OCSP_RESPONSE_CONTEXT WINAPI CertGetServerOcspResponseContext(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	DWORD dwFlags,
	LPVOID pvReserved)
{
	struct ocsp_handle *h = hServerOcspResponse;
	struct ocsp_context *context;

	/* One test for both, of what is 0 on every handshake. */
	if (!h || ((uintptr_t)pvReserved | dwFlags))
		return get_invalid(h, dwFlags, NULL);
	context = ocsp_thread_cache_get(h);
	return context ? &context->pub : get_anew(h, NULL);
}

PCCERT_SERVER_OCSP_RESPONSE_CONTEXT OcspGetServerOcspResponseContext(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	OCSP_ERROR *pError)
{
	struct ocsp_handle *h = hServerOcspResponse;
	struct ocsp_context *context;

	if (!h)
		return get_invalid(h, 0, pError);
	context = ocsp_thread_cache_get(h);
	return context ? &context->pub : get_anew(h, pError);
}

int OcspIsAttached(HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
		   OCSP_ERROR *pError)
{
	struct ocsp_handle *h = hServerOcspResponse;
	struct ocsp_error error;
	bool is_held;
	int state;

	if (!h) {
		get_invalid(h, 0, pError);
		return 0;
	}
	state = ocsp_cancel_disable();
	ocsp_handle_pin(h);
	is_held = ocsp_handle_attach(h, &error);
	if (!is_held)
		ocsp_error_give(&error, pError);
	ocsp_dispatcher_tell(h);
	ocsp_handle_unpin(h);
	ocsp_cancel_restore(state);
	return is_held;
}

int OcspAdoptSession(int fd, OCSP_ERROR *pError)
{
	struct ocsp_client *client;
	struct ocsp_error error;
	bool ok = false;
	int state;

	state = ocsp_cancel_disable();
	ocsp_lock();
	client = ocsp_connection(OCSP_AT_ONCE, &error);
	if (client && fd < 0)
		ocsp_error_set(&error, ERROR_INVALID_PARAMETER,
			       "%d is no descriptor", fd);
	else if (client)
		ok = ocsp_session_adopt(client, fd, &error);
	ocsp_unlock();
	if (!ok)
		ocsp_error_give(&error, pError);
	ocsp_cancel_restore(state);
	return ok;
}

/* What a process cannot do without later, while it can be had. */
int OcspPrepareWorkerEx(OCSP_ERROR *pError)
{
	struct ocsp_error error;
	bool ok;
	int state;

	state = ocsp_cancel_disable();
	ocsp_lock();
	ocsp_sessions_check(true);
	ok = ocsp_connection(OCSP_AT_ONCE, &error);
	ocsp_unlock();
	if (ok)
		ocsp_handles_heal();
	else
		ocsp_error_give(&error, pError);
	ocsp_cancel_restore(state);
	return ok;
}

int OcspPrepareWorker(void)
{
	return OcspPrepareWorkerEx(NULL);
}
