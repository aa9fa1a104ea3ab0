/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Requests: what a message names (a session, a store, an entry) and brings.
 * Owns the references that it takes for the time of the request.
 */
#ifndef KTLS_OCSP_REQUEST_H
#define KTLS_OCSP_REQUEST_H

#include <net/netlink.h>

#include "session.h"
#include "update.h"

/**
 * struct ktls_ocsp_request - what a request names
 * @file: the session's file, referenced, or NULL
 * @session: the session, or NULL
 * @store: the session's store, or else the socket's, pinned by either; NULL
 *	when that was not made yet
 * @key: the entry's key, or NULL
 * @certs: certificate and issuer, referenced, or NULL
 * @digest: where @key points when it comes from a certificate
 */
struct ktls_ocsp_request {
	struct file *file;
	struct ktls_ocsp_session *session;
	struct ktls_ocsp_store *store;
	const u8 *key;
	struct ktls_ocsp_certs *certs;
	u8 digest[KTLS_OCSP_KEY_LEN];
};

/* Report a missing attribute, by number and in words. */
#define KTLS_OCSP_MISSING(extack, attribute, text)			\
({									\
	struct netlink_ext_ack *__missing = (extack);			\
									\
	NL_SET_ERR_ATTR_MISS(__missing, NULL, attribute);		\
	NL_SET_ERR_MSG(__missing, text);				\
	-EINVAL;							\
})

int ktls_ocsp_request_begin(struct ktls_ocsp_request *request,
			    struct nlattr **attrs, struct net *net,
			    struct netlink_ext_ack *extack);
int ktls_ocsp_request_begin_of(struct ktls_ocsp_request *request,
			       const struct nlattr *session, struct net *net,
			       struct netlink_ext_ack *extack);
int ktls_ocsp_request_make_store(struct ktls_ocsp_request *request,
				 struct net *net);
int ktls_ocsp_request_certs(struct ktls_ocsp_request *request,
			    struct nlattr **attrs,
			    struct netlink_ext_ack *extack);
int ktls_ocsp_request_update(struct nlattr **attrs,
			     struct ktls_ocsp_update *update,
			     struct netlink_ext_ack *extack);
bool ktls_ocsp_request_privileged(const struct ktls_ocsp_request *request,
				  const struct sk_buff *skb);
bool
ktls_ocsp_request_privileged_noaudit(const struct ktls_ocsp_request *request,
				     const struct sk_buff *skb);
void ktls_ocsp_request_end(struct ktls_ocsp_request *request);

#endif /* KTLS_OCSP_REQUEST_H */
