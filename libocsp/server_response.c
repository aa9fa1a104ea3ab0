// SPDX-License-Identifier: LGPL-2.1-or-later
/* The functions of <wincrypt.h> that take or make a handle. */
#include <stddef.h>
#include <stdint.h>

#include "cancel.h"
#include "dispatcher.h"
#include "lookup.h"
#include <libocsp/ocsp.h>
#include "thread_cache.h"

static void invalid(const char *why)
{
	ocsp_set_last_error(ERROR_INVALID_PARAMETER, "%s", why);
}

/* The application's last reference was the last, and nobody is told any more. */
static void close_handle(struct ocsp_handle *h)
{
	struct ocsp_client *client = NULL;
	struct ocsp_error ignored;
	bool last;

	ocsp_lock();
	last = !--h->config->opens;
	/* Nothing is given back of what is not this process's. */
	if (ocsp_handle_is_own(h))
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

static struct ocsp_handle *
open_handle(PCCERT_CHAIN_CONTEXT chain, DWORD flags,
	    PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA para, struct ocsp_error *error)
{
	struct ocsp_handle_config *config;
	struct ocsp_handle *h;
	bool ok;

	config = ocsp_handle_config_new(chain, para, error);
	if (!config)
		return NULL;
	h = ocsp_handle_new(config);
	if (!h) {
		ocsp_error_memory(error);
		return NULL;
	}
	if ((flags & CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG) ||
	    ocsp_handle_has_file(h))
		ok = ocsp_handle_open(h, error);
	else
		ok = ocsp_handle_open_waiting(h, error);
	if (ok)
		return h;
	close_handle(h);
	return NULL;
}

HCERT_SERVER_OCSP_RESPONSE WINAPI CertOpenServerOcspResponse(
	PCCERT_CHAIN_CONTEXT pChainContext,
	DWORD dwFlags,
	PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA pOpenPara)
{
	struct ocsp_error error;
	struct ocsp_handle *h;
	int state;

	if (!pChainContext) {
		invalid("pChainContext is NULL");
		return NULL;
	}
	if (dwFlags & ~CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG) {
		invalid("dwFlags: unknown flags");
		return NULL;
	}
	state = ocsp_cancel_disable();
	h = open_handle(pChainContext, dwFlags, pOpenPara, &error);
	if (h) {
		/* Children of fork() start with what is there now. */
		ocsp_handle_update(h);
		ocsp_dispatcher_start(h);
	} else {
		ocsp_error_report(&error);
	}
	ocsp_cancel_restore(state);
	return h;
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
	if (ocsp_handle_is_own(h)) {
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
		invalid("dwFlags is not 0");
		return;
	}
	state = ocsp_cancel_disable();
	close_handle(hServerOcspResponse);
	ocsp_cancel_restore(state);
}

/* Apart, so that who does not need it keeps nothing on the stack for it. */
static __attribute__((noinline, cold)) PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
get_invalid(const struct ocsp_handle *h, DWORD flags)
{
	invalid(!h ? "no handle" : flags ? "dwFlags is not 0" :
		"pvReserved is not NULL");
	return NULL;
}

static __attribute__((noinline)) PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
get_anew(struct ocsp_handle *h)
{
	struct ocsp_context *context;
	struct ocsp_error error;
	int state;

	state = ocsp_cancel_disable();
	/* The callback may close the handle. */
	ocsp_handle_pin(h);
	context = ocsp_handle_lookup(h, &error);
	if (!context)
		ocsp_error_report(&error);
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
		return get_invalid(h, dwFlags);
	context = ocsp_thread_cache_get(h);
	return context ? &context->pub : get_anew(h);
}

/* What a process cannot do without later, while it can be had. */
int OcspPrepareWorker(void)
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
		ocsp_error_report(&error);
	ocsp_cancel_restore(state);
	return ok;
}
