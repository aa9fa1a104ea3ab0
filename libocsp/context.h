/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Response contexts: a blob with what is known of it. Private to libocsp. */
#ifndef OCSP_CONTEXT_H
#define OCSP_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "wincrypt.h"

/* Immutable from ocsp_context_new() on, but for refs. */
struct ocsp_context {
	CERT_SERVER_OCSP_RESPONSE_CONTEXT pub;	/* first: the application's */
	atomic_uint refs;
	uint64_t generation;		/* in the store; 0: came from a file */
	enum ktls_ocsp_cert_status status;
	int64_t this_update;
	int64_t next_update;
	CRL_CONTEXT crl;		/* what the update callback is shown */
	CRL_INFO crl_info;
	BYTE der[];
};

/* With one reference; copies r->blob. NULL: no memory. */
struct ocsp_context *ocsp_context_new(const struct ocsp_response *r);

/* Both take NULL. */
struct ocsp_context *ocsp_context_get(struct ocsp_context *context);
void ocsp_context_put(struct ocsp_context *context);

#endif /* OCSP_CONTEXT_H */
