// SPDX-License-Identifier: LGPL-2.1-or-later
/* The functions of <wincrypt.h> that take or make a handle. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "last_error.h"
#include "response.h"
#include "view.h"

#define PARA_FLAGS (CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG | \
		    CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG)

static bool invalid(const char *why)
{
	ocsp_set_error(ERROR_INVALID_PARAMETER, "%s", why);
	return false;
}

/* Copy and check what the application's struct has; it may be a shorter one. */
static bool take_para(PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA from,
		      CERT_SERVER_OCSP_RESPONSE_OPEN_PARA *para)
{
	DWORD used = sizeof(*para);

	memset(para, 0, sizeof(*para));
	if (!from)
		return true;
	if (from->cbSize < offsetof(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA,
				    pwszOcspDirectory))
		return invalid("pOpenPara: cbSize is too small");
	if (from->cbSize < used)
		used = from->cbSize;
	/* From there on all members are pointers; half of one is none. */
	if ((used - offsetof(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, pcbUsedSize)) %
	    sizeof(void *))
		return invalid("pOpenPara: cbSize ends inside a member");
	memcpy(para, from, used);
	if (para->dwFlags & ~PARA_FLAGS)
		return invalid("pOpenPara: unknown flags");
	if (para->dwFlags == PARA_FLAGS)
		return invalid("pOpenPara: both of READ and WRITE");
	if (para->dwFlags && !para->pwszOcspDirectory)
		return invalid("pOpenPara: a flag without a directory");
	if (!para->dwFlags && para->pwszOcspDirectory)
		return invalid("pOpenPara: a directory without READ or WRITE");
	if (para->pcbUsedSize)
		*para->pcbUsedSize = used;
	return true;
}

static bool use_para(struct ocsp_handle *h,
		     const CERT_SERVER_OCSP_RESPONSE_OPEN_PARA *para)
{
	struct ocsp_subject *s = h->subject;
	int rc;

	s->callback = para->pfnUpdateCallback;
	s->callback_arg = para->pvUpdateCallbackArg;
	if (!para->pwszOcspDirectory)
		return true;
	rc = ocsp_directory_new(&s->directory, para->pwszOcspDirectory,
				para->dwFlags &
				CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG,
				s->leaf);
	if (!rc)
		return true;
	if (rc == -EINVAL)
		return invalid("pOpenPara: the directory is empty, or not UTF-16");
	ocsp_set_error(ocsp_error_code(rc), "%s", strerror(-rc));
	return false;
}

static int open_now(struct ocsp_session *session, void *arg)
{
	return ocsp_handle_attach(session, arg, false, NULL);
}

static bool open_handle(struct ocsp_handle *h, DWORD flags)
{
	int rc;

	if ((flags & CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG) ||
	    ocsp_handle_has_file(h))
		rc = ocsp_session_call(open_now, h);
	else
		rc = ocsp_handle_open_waiting(h);
	if (rc == -ENOENT && !h->subject->issuer)
		invalid("the chain lacks the certificate's issuer, and the response is not in the store");
	return !rc;
}

static void close_handle(struct ocsp_handle *h)
{
	struct ocsp_session *session;
	bool last;

	session = ocsp_session_lock();
	last = !--h->opens;
	ocsp_handle_detach(session, h, h->opens);
	ocsp_session_unlock();
	if (last)
		ocsp_handle_unpin(h);
}

HCERT_SERVER_OCSP_RESPONSE WINAPI CertOpenServerOcspResponse(
	PCCERT_CHAIN_CONTEXT pChainContext,
	DWORD dwFlags,
	PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA pOpenPara)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para;
	struct ocsp_handle *h;

	if (!pChainContext) {
		invalid("pChainContext is NULL");
		return NULL;
	}
	if (dwFlags & ~CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG) {
		invalid("dwFlags: unknown flags");
		return NULL;
	}
	if (!take_para(pOpenPara, &para))
		return NULL;
	h = ocsp_handle_new(pChainContext);
	if (!h)
		return NULL;
	if (!use_para(h, &para) || !open_handle(h, dwFlags)) {
		close_handle(h);
		return NULL;
	}
	/* Children of fork() start with what is there now. */
	ocsp_context_put(ocsp_handle_look(h));
	return h;
}

VOID WINAPI CertAddRefServerOcspResponse(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse)
{
	struct ocsp_handle *h = hServerOcspResponse;
	struct ocsp_session *session;

	if (!h)
		return;
	session = ocsp_session_lock();
	h->opens++;
	/* A reference that the kernel does not give is still one of ours. */
	if (h->epoch == ocsp_session_epoch && ocsp_session_is_open(session) &&
	    !ocsp_client_ref(session->client, session->fd, h->slot))
		h->krefs++;
	ocsp_session_unlock();
}

VOID WINAPI CertCloseServerOcspResponse(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	DWORD dwFlags)
{
	if (!hServerOcspResponse)
		return;
	if (dwFlags)
		invalid("dwFlags is not 0");
	else
		close_handle(hServerOcspResponse);
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

	/* The callback may close the handle. */
	ocsp_handle_pin(h);
	context = ocsp_handle_look(h);
	ocsp_handle_unpin(h);
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
	context = ocsp_view_get(h);
	return context ? &context->pub : get_anew(h);
}
