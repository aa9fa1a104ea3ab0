/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an HCERT_SERVER_OCSP_RESPONSE points to. Private to libocsp. */
#ifndef OCSP_RESPONSE_H
#define OCSP_RESPONSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "context.h"
#include "directory.h"
#include "session.h"
#include "wincrypt.h"

/* What a handle was opened for. Constant, once the application has it. */
struct ocsp_subject {
	PCCERT_CHAIN_CONTEXT chain;
	PCCERT_CONTEXT leaf;		/* in chain, as is the next */
	PCCERT_CONTEXT issuer;		/* NULL: the chain does not have it */
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct ocsp_directory *directory;	/* NULL: there is none */
	PFN_CERT_SERVER_OCSP_RESPONSE_UPDATE_CALLBACK callback;
	PVOID callback_arg;
};

/* What a worker writes to, which is why it is kept small: see pool.h. */
struct ocsp_handle {
	/* One for all of the application's, one for each call in progress. */
	atomic_uint refs;

	/* Constant from ocsp_handle_new() on. */
	uint32_t index;			/* no other handle has it now */
	uint64_t serial;		/* no other handle ever has it */
	struct ocsp_subject *subject;

	/* Protected by the session's lock, all that follows. */
	unsigned int opens;		/* the application's references */
	unsigned int krefs;		/* the kernel's; <= opens */
	uint64_t epoch;			/* of the session that holds slot */
	uint64_t looked;		/* what that was at the last look */
	uint32_t slot;
	bool known;			/* current is of the store of place */
	struct ocsp_place place;	/* of slot on the board */
	struct ocsp_context *current;	/* the store's newest that we saw */
};

/* handle.c. What returns NULL or a negative errno has set the last error. */

struct ocsp_handle *ocsp_handle_new(PCCERT_CHAIN_CONTEXT chain);
void ocsp_handle_pin(struct ocsp_handle *h);
void ocsp_handle_unpin(struct ocsp_handle *h);
/*
 * With the lock held: have the session hold the response. The answer is in
 * *opened, which may be NULL. 0 or a negative errno of the client.
 */
int ocsp_handle_attach(struct ocsp_session *session, struct ocsp_handle *h,
		       bool wait, struct ocsp_opened *opened);
/* With the lock held: drop the kernel references above what is kept. */
void ocsp_handle_detach(struct ocsp_session *session, struct ocsp_handle *h,
			unsigned int keep);

/* wait.c: attach, and wait for the first response. */
int ocsp_handle_open_waiting(struct ocsp_handle *h);

/*
 * look.c: what there is to staple now, with a reference, which is NULL when
 * there is nothing; then the last error says why. Tells the callback and the
 * directory about what is new.
 */
struct ocsp_context *ocsp_handle_look(struct ocsp_handle *h);

/* Does the directory have a response that is time valid? */
bool ocsp_handle_has_file(struct ocsp_handle *h);

#endif /* OCSP_RESPONSE_H */
