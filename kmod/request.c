// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Requests: what a message names and brings. The policies checked types and
 * most lengths; the rest is checked here.
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/netlink.h>
#include <crypto/sha2.h>

#include "net.h"
#include "request.h"

/*
 * The last second that an OCSP response can name: a GeneralizedTime has four
 * digits for the year (X.680 46.3), so this is 9999-12-31 23:59:59.
 */
#define TIME_MAX	253402300799LL

static int find_session(struct ktls_ocsp_request *request,
			const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	request->file = fget(nla_get_s32(attr));
	if (!request->file) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the session is no open file descriptor");
		return -EBADF;
	}
	request->session = ktls_ocsp_session_of(request->file);
	if (!request->session) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the file descriptor is no session");
		return -EBADF;
	}
	request->store = request->session->store;
	return 0;
}

/**
 * ktls_ocsp_request_begin_of() - resolve the session and the store
 * @request: gets them
 * @session: the session's attribute, or NULL
 * @net: the socket's network namespace
 * @extack: gets the reason
 *
 * As ktls_ocsp_request_begin(), for a request without a key.
 *
 * Return: 0, or -EBADF.
 */
int ktls_ocsp_request_begin_of(struct ktls_ocsp_request *request,
			       const struct nlattr *session, struct net *net,
			       struct netlink_ext_ack *extack)
{
	memset(request, 0, sizeof(*request));
	request->store = ktls_ocsp_net_store(net);
	return session ? find_session(request, session, extack) : 0;
}

/**
 * ktls_ocsp_request_begin() - resolve the session, the store and the key
 * @request: gets them
 * @attrs: the request's attributes, of the set ktls-ocsp
 * @net: the socket's network namespace
 * @extack: gets the reason
 *
 * In the context of the process that sent the request, whose file descriptor
 * the session is. ktls_ocsp_request_end() follows, also on failure.
 *
 * Return: 0, or -EBADF.
 */
int ktls_ocsp_request_begin(struct ktls_ocsp_request *request,
			    struct nlattr **attrs, struct net *net,
			    struct netlink_ext_ack *extack)
{
	int err;

	err = ktls_ocsp_request_begin_of(request, attrs[KTLS_OCSP_A_SESSION],
					 net, extack);
	if (attrs[KTLS_OCSP_A_KEY])
		request->key = nla_data(attrs[KTLS_OCSP_A_KEY]);
	return err;
}

/**
 * ktls_ocsp_request_make_store() - make the store if it does not exist yet
 * @request: the request, begun
 * @net: the socket's network namespace
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_request_make_store(struct ktls_ocsp_request *request,
				 struct net *net)
{
	if (!request->store)
		request->store = ktls_ocsp_net_make_store(net);
	return request->store ? 0 : -ENOMEM;
}

/**
 * ktls_ocsp_request_end() - drop what a request holds
 * @request: the request
 */
void ktls_ocsp_request_end(struct ktls_ocsp_request *request)
{
	ktls_ocsp_certs_put(request->certs);
	if (request->file)
		fput(request->file);
}

/**
 * ktls_ocsp_request_certs() - take the certificates, which make the key
 * @request: gets them
 * @attrs: the request's attributes
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0; -EINVAL when neither a key nor both certificates are there, when
 * one is empty, or the key is not the certificate's; -ENOMEM.
 */
int ktls_ocsp_request_certs(struct ktls_ocsp_request *request,
			    struct nlattr **attrs,
			    struct netlink_ext_ack *extack)
{
	const struct nlattr *certificate = attrs[KTLS_OCSP_A_CERTIFICATE];
	const struct nlattr *issuer = attrs[KTLS_OCSP_A_ISSUER];

	if (!certificate && !issuer && !request->key)
		return KTLS_OCSP_MISSING(extack, KTLS_OCSP_A_KEY,
					 "a key or a certificate is needed");
	if (!certificate && !issuer)
		return 0;
	if (!certificate)
		return KTLS_OCSP_MISSING(extack, KTLS_OCSP_A_CERTIFICATE,
					 "an issuer needs its certificate");
	if (!issuer)
		return KTLS_OCSP_MISSING(extack, KTLS_OCSP_A_ISSUER,
					 "a certificate needs its issuer");
	if (!nla_len(certificate) || !nla_len(issuer)) {
		NL_SET_ERR_MSG_ATTR(extack,
				    nla_len(certificate) ? issuer : certificate,
				    "the certificate or its issuer is empty");
		return -EINVAL;
	}
	sha256(nla_data(certificate), nla_len(certificate), request->digest);
	if (request->key &&
	    memcmp(request->key, request->digest, sizeof(request->digest))) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[KTLS_OCSP_A_KEY],
				    "the key is not the certificate's SHA-256");
		return -EINVAL;
	}
	request->key = request->digest;
	request->certs = ktls_ocsp_certs_alloc(nla_data(certificate),
					       nla_len(certificate),
					       nla_data(issuer),
					       nla_len(issuer));
	return request->certs ? 0 : -ENOMEM;
}

/**
 * ktls_ocsp_request_privileged_noaudit() - may the sender do what others may not?
 * @request: the request, begun
 * @skb: its message
 *
 * As ktls_ocsp_request_privileged(), but without an audit record of who may
 * not: it is no offence.
 *
 * Return: true if it has CAP_NET_ADMIN over the store's network namespace.
 */
bool
ktls_ocsp_request_privileged_noaudit(const struct ktls_ocsp_request *request,
				     const struct sk_buff *skb)
{
	struct user_namespace *user_ns = request->store->user_ns;

	return ns_capable_noaudit(user_ns, CAP_NET_ADMIN) &&
	       netlink_ns_capable(skb, user_ns, CAP_NET_ADMIN);
}

/**
 * ktls_ocsp_request_privileged() - may the sender write?
 * @request: the request, begun
 * @skb: its message
 *
 * Not left to GENL_UNS_ADMIN_PERM, which looks at the socket's network
 * namespace: the store may be another one's, through a session.
 *
 * Return: true if so.
 */
bool ktls_ocsp_request_privileged(const struct ktls_ocsp_request *request,
				  const struct sk_buff *skb)
{
	return netlink_ns_capable(skb, request->store->user_ns, CAP_NET_ADMIN);
}

static int check_times(struct nlattr **attrs, s64 this_update, s64 next_update,
		       s64 now, struct netlink_ext_ack *extack)
{
	const struct nlattr *this_attr = attrs[KTLS_OCSP_A_THIS_UPDATE];
	const struct nlattr *next_attr = attrs[KTLS_OCSP_A_NEXT_UPDATE];

	if (this_update < 0) {
		NL_SET_ERR_MSG_ATTR(extack, this_attr,
				    "this-update is before 1970");
		return -EINVAL;
	}
	if (next_update > TIME_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, next_attr,
				    "next-update is after the year 9999");
		return -EINVAL;
	}
	if (this_update >= next_update) {
		NL_SET_ERR_MSG_ATTR(extack, next_attr,
				    "next-update is not after this-update");
		return -EINVAL;
	}
	if (this_update > now + KTLS_OCSP_CLOCK_TOLERANCE) {
		NL_SET_ERR_MSG_ATTR(extack, this_attr,
				    "this-update lies in the future");
		return -EINVAL;
	}
	if (next_update <= now) {
		NL_SET_ERR_MSG_ATTR(extack, next_attr,
				    "next-update has passed");
		return -ESTALE;
	}
	return 0;
}

static int update_blob(struct nlattr **attrs, struct ktls_ocsp_update *update,
		       struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = attrs[KTLS_OCSP_A_BLOB];
	s64 this_update, next_update, now = ktls_ocsp_now();
	struct ktls_ocsp_blob *blob;
	int err;

	if (!nla_len(attr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "the blob is empty");
		return -EINVAL;
	}
	if (attrs[KTLS_OCSP_A_REPEATED]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[KTLS_OCSP_A_REPEATED],
				    "a blob is not repeated");
		return -EINVAL;
	}
	if (!attrs[KTLS_OCSP_A_STATUS])
		return KTLS_OCSP_MISSING(extack, KTLS_OCSP_A_STATUS,
					 "a blob needs its status");
	if (!attrs[KTLS_OCSP_A_THIS_UPDATE])
		return KTLS_OCSP_MISSING(extack, KTLS_OCSP_A_THIS_UPDATE,
					 "a blob needs its this-update");
	if (!attrs[KTLS_OCSP_A_NEXT_UPDATE])
		return KTLS_OCSP_MISSING(extack, KTLS_OCSP_A_NEXT_UPDATE,
					 "a blob needs its next-update");
	this_update = nla_get_s64(attrs[KTLS_OCSP_A_THIS_UPDATE]);
	next_update = nla_get_s64(attrs[KTLS_OCSP_A_NEXT_UPDATE]);
	err = check_times(attrs, this_update, next_update, now, extack);
	if (err)
		return err;

	blob = ktls_ocsp_blob_alloc(nla_data(attr), nla_len(attr));
	if (!blob)
		return -ENOMEM;
	blob->status = nla_get_u32(attrs[KTLS_OCSP_A_STATUS]);
	blob->this_update = this_update;
	blob->next_update = next_update;
	blob->stored = now;
	update->blob = blob;
	return 0;
}

/* A failure is shown on terminals, and parsed by programs as text. */
static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static int update_failure(struct nlattr **attrs,
			  struct ktls_ocsp_update *update,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = attrs[KTLS_OCSP_A_FAILURE];
	const char *reason;

	if (attrs[KTLS_OCSP_A_STATUS] || attrs[KTLS_OCSP_A_THIS_UPDATE] ||
	    attrs[KTLS_OCSP_A_NEXT_UPDATE]) {
		NL_SET_ERR_MSG(extack, "a failure has no status and no times");
		return -EINVAL;
	}
	reason = nla_data(attr);
	if (!*reason) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "the failure has no reason");
		return -EINVAL;
	}
	if (!is_printable(reason)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the failure is not one line of printable ASCII");
		return -EINVAL;
	}
	update->is_repeated = attrs[KTLS_OCSP_A_REPEATED];
	update->failure = ktls_ocsp_failure_alloc(reason, ktls_ocsp_now());
	return update->failure ? 0 : -ENOMEM;
}

/**
 * ktls_ocsp_request_update() - take what a set brings
 * @attrs: the request's attributes
 * @update: gets the blob or the failure, with a reference for the caller
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0, -EINVAL, -ESTALE when the blob has expired already, or -ENOMEM.
 */
int ktls_ocsp_request_update(struct nlattr **attrs,
			     struct ktls_ocsp_update *update,
			     struct netlink_ext_ack *extack)
{
	const struct nlattr *failure = attrs[KTLS_OCSP_A_FAILURE];

	if (failure && attrs[KTLS_OCSP_A_BLOB]) {
		NL_SET_ERR_MSG_ATTR(extack, failure,
				    "a blob and a failure exclude each other");
		return -EINVAL;
	}
	if (failure)
		return update_failure(attrs, update, extack);
	if (attrs[KTLS_OCSP_A_BLOB])
		return update_blob(attrs, update, extack);
	return KTLS_OCSP_MISSING(extack, KTLS_OCSP_A_BLOB,
				 "a blob or a failure is needed");
}
