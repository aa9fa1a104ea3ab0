// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The netlink client's transport: send one request, read its answer.
 *
 * Messages are built and taken apart with libnl, but the socket is ours. Its
 * port is the kernel's choice (libnl keeps a process-wide map of ports behind
 * a lock, which is no good across fork), and libnl reads no extended ACK.
 *
 * The kernel handles a request inside send(), so the answer is there when
 * send() returns: nothing here blocks, and a request without an answer is an
 * error and not a hang.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>

#include "client_priv.h"

int ocsp_fail(struct ocsp_client *client, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(client->error, sizeof(client->error), fmt, ap);
	va_end(ap);
	return -err;
}

static int fail_errno(struct ocsp_client *client, int err)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return ocsp_fail(client, err, OCSP_NOT_PERMITTED);
	case ENOBUFS:
		return ocsp_fail(client, err, OCSP_BUFFER_RAN_OVER);
	default:
		return ocsp_fail(client, err, "%s", strerror(err));
	}
}

/* The attribute of request that lies offset bytes from its start. */
static const char *attr_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *nla;

	if (offset < NLMSG_HDRLEN + GENL_HDRLEN ||
	    offset + NLA_HDRLEN > request->nlmsg_len)
		return NULL;
	nla = (const void *)((const char *)request + offset);
	return ocsp_attr_name(nla_type(nla));
}

/*
 * A refusal with its extended ACK, tlv[0..len). The kernel's text alone may
 * not say which attribute it means, so that is added.
 */
static int fail_extack(struct ocsp_client *client, int err,
		       const struct nlmsghdr *request, struct nlattr *tlv,
		       int len)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	const char *text = NULL, *name = NULL;
	bool missing = false;
	int text_len = 0;

	if (nla_parse(tb, NLMSGERR_ATTR_MAX, tlv, len, NULL) < 0)
		return fail_errno(client, err);
	if (tb[NLMSGERR_ATTR_MSG]) {
		text = nla_data(tb[NLMSGERR_ATTR_MSG]);
		text_len = strnlen(text, nla_len(tb[NLMSGERR_ATTR_MSG]));
	}
	if (tb[NLMSGERR_ATTR_MISS_TYPE] &&
	    nla_len(tb[NLMSGERR_ATTR_MISS_TYPE]) == sizeof(uint32_t)) {
		name = ocsp_attr_name(nla_get_u32(tb[NLMSGERR_ATTR_MISS_TYPE]));
		missing = true;
	} else if (tb[NLMSGERR_ATTR_OFFS] &&
		   nla_len(tb[NLMSGERR_ATTR_OFFS]) == sizeof(uint32_t)) {
		name = attr_at(request, nla_get_u32(tb[NLMSGERR_ATTR_OFFS]));
	}

	if (!text && !name)
		return fail_errno(client, err);
	if (!text) {
		text = strerror(err);
		text_len = strlen(text);
	}
	if (!name)
		return ocsp_fail(client, err, "%.*s", text_len, text);
	return ocsp_fail(client, err, "%.*s (%s \"%s\")", text_len, text,
			 missing ? "missing attribute" : "attribute", name);
}

/*
 * The end of an answer: NLMSG_ERROR (an ACK when its code is 0) and
 * NLMSG_DONE start with the same int, and carry the same attributes.
 */
static int answer_end(struct ocsp_client *client, struct nlmsghdr *hdr,
		      const struct nlmsghdr *request)
{
	size_t skip = sizeof(int);
	int code = 0;

	if (hdr->nlmsg_type == NLMSG_ERROR) {
		struct nlmsgerr *e = nlmsg_data(hdr);

		skip = sizeof(*e);
		if ((size_t)nlmsg_datalen(hdr) < skip)
			return ocsp_fail(client, EPROTO, "a short netlink error message");
		if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
			skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	if ((size_t)nlmsg_datalen(hdr) >= sizeof(int))
		memcpy(&code, nlmsg_data(hdr), sizeof(code));
	if (code >= 0)
		return 0;
	client->error[0] = '\0';
	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    (size_t)nlmsg_datalen(hdr) <= NLMSG_ALIGN(skip))
		return fail_errno(client, -code);
	return fail_extack(client, -code, request,
			   (void *)((char *)nlmsg_data(hdr) + NLMSG_ALIGN(skip)),
			   nlmsg_datalen(hdr) - NLMSG_ALIGN(skip));
}

/* Read one datagram of the kernel's into client->buf; -EAGAIN: none there. */
ssize_t ocsp_receive(struct ocsp_client *client, int flags)
{
	struct sockaddr_nl from;
	struct iovec iov = { client->buf, sizeof(client->buf) };
	struct msghdr m = {
		.msg_name = &from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n;

	for (;;) {
		m.msg_namelen = sizeof(from);
		n = recvmsg(client->fd, &m, flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(client, errno);
		if (m.msg_namelen != sizeof(from) || from.nl_pid)
			continue;	/* some process, not the kernel */
		if (m.msg_flags & MSG_TRUNC)
			return ocsp_fail(client, EMSGSIZE, "a netlink message of more than %zu bytes",
					 sizeof(client->buf));
		return n;
	}
}

/* 1: the answer goes on; 0 or a negative errno: it is over. */
static int answer_part(struct ocsp_client *client, ssize_t n,
		       const struct nlmsghdr *request, ocsp_answer_fn fn,
		       void *arg)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)client->buf;
	int left = n, rc = 0;

	for (; nlmsg_ok(hdr, left); hdr = nlmsg_next(hdr, &left)) {
		if (hdr->nlmsg_seq != request->nlmsg_seq)
			continue;	/* left over from a request that failed */
		if (hdr->nlmsg_type == NLMSG_NOOP)
			continue;
		if (hdr->nlmsg_type == NLMSG_ERROR)
			return answer_end(client, hdr, request);
		if (hdr->nlmsg_type == NLMSG_DONE) {
			rc = fn(client, hdr, arg);
			return rc ? rc : answer_end(client, hdr, request);
		}
		rc = fn(client, hdr, arg);
		if (rc)
			return rc;
		if (!(hdr->nlmsg_flags & NLM_F_MULTI) &&
		    !(request->nlmsg_flags & NLM_F_ACK))
			return 0;
	}
	return 1;
}

static int exchange_once(struct ocsp_client *client, struct nlmsghdr *hdr,
			 ocsp_answer_fn fn, void *arg)
{
	ssize_t n;
	int rc;

	hdr->nlmsg_seq = ++client->seq;
	do {
		n = send(client->fd, hdr, hdr->nlmsg_len, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail_errno(client, errno);
	do {
		n = ocsp_receive(client, MSG_DONTWAIT);
		if (n == -EAGAIN)
			return ocsp_fail(client, EPROTO, "the kernel did not answer");
		if (n < 0)
			return n;
		rc = answer_part(client, n, hdr, fn, arg);
	} while (rc > 0);
	return rc;
}

static int resolve_groups(struct ocsp_client *client, struct nlattr *groups)
{
	struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1], *pos;
	int rem;

	nla_for_each_nested(pos, groups, rem) {
		const char *name;
		uint32_t id;

		if (nla_parse_nested(tb, CTRL_ATTR_MCAST_GRP_MAX, pos, NULL) < 0 ||
		    !tb[CTRL_ATTR_MCAST_GRP_NAME] || !tb[CTRL_ATTR_MCAST_GRP_ID])
			return -EPROTO;
		name = nla_get_string(tb[CTRL_ATTR_MCAST_GRP_NAME]);
		id = nla_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
		if (!strcmp(name, KTLS_OCSP_MCGRP_WANTED))
			client->group_wanted = id;
		else if (!strcmp(name, KTLS_OCSP_MCGRP_EVENTS))
			client->group_events = id;
	}
	return 0;
}

static int resolve_answer(struct ocsp_client *client, struct nlmsghdr *hdr,
			  void *arg)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];

	(void)arg;
	if (genlmsg_parse(hdr, 0, tb, CTRL_ATTR_MAX, NULL) < 0 ||
	    !tb[CTRL_ATTR_FAMILY_ID] ||
	    nla_len(tb[CTRL_ATTR_FAMILY_ID]) != sizeof(uint16_t) ||
	    (tb[CTRL_ATTR_MCAST_GROUPS] &&
	     resolve_groups(client, tb[CTRL_ATTR_MCAST_GROUPS])))
		return ocsp_fail(client, EPROTO, "the kernel's description of the ktls_ocsp family makes no sense");
	client->family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

/* Look up the family. The kernel loads the module for it where it can. */
int ocsp_client_resolve(struct ocsp_client *client)
{
	struct nl_msg *msg = nlmsg_alloc_size(OCSP_MSG_SMALL);
	int rc;

	if (!msg)
		return fail_errno(client, ENOMEM);
	if (!genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, NLM_F_REQUEST,
			 CTRL_CMD_GETFAMILY, 1) ||
	    nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, KTLS_OCSP_FAMILY_NAME) < 0)
		rc = fail_errno(client, ENOMEM);
	else
		rc = exchange_once(client, nlmsg_hdr(msg), resolve_answer, NULL);
	nlmsg_free(msg);
	if (rc == -ENOENT)
		return ocsp_fail(client, ENOENT, OCSP_NO_MODULE);
	return rc;
}

/* A request with room for payload bytes of attributes; NULL: no memory. */
struct nl_msg *ocsp_msg_new(struct ocsp_client *client, uint8_t cmd,
			    int flags, size_t payload)
{
	struct nl_msg *msg;

	msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + payload +
			       OCSP_MSG_SMALL);
	if (msg && genlmsg_put(msg, 0, 0, client->family, 0,
			       NLM_F_REQUEST | flags, cmd,
			       KTLS_OCSP_FAMILY_VERSION))
		return msg;
	nlmsg_free(msg);
	fail_errno(client, ENOMEM);
	return NULL;
}

/*
 * Send a request, hand the messages of its answer to fn. Without NLM_F_ACK in
 * hdr the answer is one message (or a dump, up to NLMSG_DONE, which fn gets
 * too).
 *
 * An ENOENT without a text is the generic netlink core's: the family's number
 * is no longer the one that we know, because the module was unloaded.
 */
int ocsp_exchange_hdr(struct ocsp_client *client, struct nlmsghdr *hdr,
		      ocsp_answer_fn fn, void *arg)
{
	int rc;

	rc = exchange_once(client, hdr, fn, arg);
	if (rc == -ENOENT && !strcmp(client->error, strerror(ENOENT))) {
		rc = ocsp_client_resolve(client);
		if (!rc) {
			hdr->nlmsg_type = client->family;
			rc = exchange_once(client, hdr, fn, arg);
		}
	}
	return rc;
}

/* The same of a libnl message, which is freed. */
int ocsp_exchange(struct ocsp_client *client, struct nl_msg *msg,
		  ocsp_answer_fn fn, void *arg)
{
	int rc = ocsp_exchange_hdr(client, nlmsg_hdr(msg), fn, arg);

	nlmsg_free(msg);
	return rc;
}
