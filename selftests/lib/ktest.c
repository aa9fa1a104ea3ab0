// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The tests' netlink client: see ktest.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "ktest.h"

#define ATTR_DATA(nla)	((const char *)(nla) + NLA_HDRLEN)
#define ATTR_LEN(nla)	((size_t)(nla)->nla_len - NLA_HDRLEN)

static void die(const char *what)
{
	fprintf(stderr, "# %s: %s\n", what, strerror(errno));
	exit(1);
}

static const struct nlattr *attr_ok(const char *at, const char *end)
{
	const struct nlattr *nla = (const void *)at;

	if (end - at < NLA_HDRLEN || nla->nla_len < NLA_HDRLEN ||
	    nla->nla_len > end - at)
		return NULL;
	return nla;
}

#define for_each_attr(nla, at, end)					\
	for ((nla) = attr_ok((at), (end)); (nla);			\
	     (nla) = attr_ok((const char *)(nla) +			\
			     NLA_ALIGN((nla)->nla_len), (end)))

/* Genetlink's controller. */

static void read_group(struct kt_sock *sk, const struct nlattr *group)
{
	const char *end = (const char *)group + group->nla_len;
	const struct nlattr *nla;
	const char *name = "";
	uint32_t id = 0;

	for_each_attr(nla, ATTR_DATA(group), end) {
		if (nla->nla_type == CTRL_ATTR_MCAST_GRP_NAME)
			name = ATTR_DATA(nla);
		else if (nla->nla_type == CTRL_ATTR_MCAST_GRP_ID)
			memcpy(&id, ATTR_DATA(nla), sizeof(id));
	}
	if (!strcmp(name, KTLS_OCSP_MCGRP_WANTED))
		sk->wanted = id;
	else if (!strcmp(name, KTLS_OCSP_MCGRP_EVENTS))
		sk->events = id;
}

static void read_family(struct kt_sock *sk, const struct nlmsghdr *nlh)
{
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	const struct nlattr *nla, *group;

	for_each_attr(nla, (const char *)nlh + NLMSG_HDRLEN + GENL_HDRLEN, end) {
		if (nla->nla_type == CTRL_ATTR_FAMILY_ID) {
			memcpy(&sk->family, ATTR_DATA(nla), sizeof(sk->family));
		} else if (nla->nla_type == CTRL_ATTR_MCAST_GROUPS) {
			for_each_attr(group, ATTR_DATA(nla),
				      (const char *)nla + nla->nla_len)
				read_group(sk, group);
		}
	}
}

static int find_family(struct kt_sock *sk)
{
	struct kt_req req;
	char buf[8192];
	const struct nlmsghdr *nlh = (void *)buf;
	ssize_t len;

	sk->family = GENL_ID_CTRL;
	kt_begin(&req, sk, CTRL_CMD_GETFAMILY, 0);
	req.nlh.nlmsg_flags = NLM_F_REQUEST;
	kt_put_str(&req, CTRL_ATTR_FAMILY_NAME, KTLS_OCSP_FAMILY_NAME);
	if (send(sk->fd, &req, req.nlh.nlmsg_len, 0) < 0)
		return -errno;
	len = recv(sk->fd, buf, sizeof(buf), 0);
	if (len < 0)
		return -errno;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
	read_family(sk, nlh);
	return 0;
}

int kt_try_new(struct kt_sock *sk)
{
	const struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	const int one = 1, big = 1 << 20;
	int err;

	memset(sk, 0, sizeof(*sk));
	sk->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (sk->fd < 0 || bind(sk->fd, (void *)&self, sizeof(self)))
		die("netlink socket");
	if (setsockopt(sk->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) ||
	    setsockopt(sk->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) ||
	    setsockopt(sk->fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big)) ||
	    setsockopt(sk->fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big)))
		die("netlink socket options");
	err = find_family(sk);
	if (err)
		kt_free(sk);
	return err;
}

void kt_new(struct kt_sock *sk)
{
	int err = kt_try_new(sk);

	if (err) {
		errno = -err;
		die("netlink family " KTLS_OCSP_FAMILY_NAME);
	}
}

void kt_skip_all(void)
{
	const char *why = NULL;
	struct kt_sock sk;

	if (geteuid())
		why = "needs root";
	else if (kt_try_new(&sk))
		why = "no module ktls_ocsp";
	else
		kt_free(&sk);
	if (!why)
		return;
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	exit(4);	/* KSFT_SKIP */
}

void kt_free(struct kt_sock *sk)
{
	close(sk->fd);
	sk->fd = -1;
}

/* Requests. */

void kt_begin(struct kt_req *req, const struct kt_sock *sk, uint8_t cmd,
	      uint16_t flags)
{
	struct genlmsghdr *genl = NLMSG_DATA(&req->nlh);

	memset(&req->nlh, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	req->nlh.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	req->nlh.nlmsg_type = sk->family;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	genl->cmd = cmd;
	genl->version = KTLS_OCSP_FAMILY_VERSION;
}

void kt_put(struct kt_req *req, uint16_t type, const void *data, size_t len)
{
	struct nlattr *nla = (void *)(req->buf + req->nlh.nlmsg_len);
	size_t room = NLA_ALIGN(NLA_HDRLEN + len);

	if (NLA_HDRLEN + len > UINT16_MAX ||
	    req->nlh.nlmsg_len + room > sizeof(req->buf)) {
		errno = EMSGSIZE;
		die("attribute");
	}
	memset(nla, 0, NLA_HDRLEN);
	memset((char *)nla + room - NLA_ALIGNTO, 0, len ? NLA_ALIGNTO : 0);
	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)nla + NLA_HDRLEN, data, len);
	req->nlh.nlmsg_len += room;
}

void kt_put_u32(struct kt_req *req, uint16_t type, uint32_t value)
{
	kt_put(req, type, &value, sizeof(value));
}

void kt_put_s64(struct kt_req *req, uint16_t type, int64_t value)
{
	kt_put(req, type, &value, sizeof(value));
}

void kt_put_str(struct kt_req *req, uint16_t type, const char *text)
{
	kt_put(req, type, text, strlen(text) + 1);
}

/* Answers. */

static uint16_t attr_at(const struct kt_req *req, uint32_t offset)
{
	const struct nlattr *nla;

	if (offset < NLMSG_HDRLEN + GENL_HDRLEN ||
	    offset + NLA_HDRLEN > req->nlh.nlmsg_len)
		return 0;
	nla = (const void *)(req->buf + offset);
	return nla->nla_type & NLA_TYPE_MASK;
}

static void read_extack(struct kt_sock *sk, const struct kt_req *req,
			const char *at, const char *end)
{
	const struct nlattr *nla;
	uint32_t value;

	for_each_attr(nla, at, end) {
		if (nla->nla_type == NLMSGERR_ATTR_MSG) {
			snprintf(sk->text, sizeof(sk->text), "%s",
				 ATTR_DATA(nla));
			continue;
		}
		if (ATTR_LEN(nla) != sizeof(value))
			continue;
		memcpy(&value, ATTR_DATA(nla), sizeof(value));
		if (nla->nla_type == NLMSGERR_ATTR_OFFS)
			sk->bad = attr_at(req, value);
		else if (nla->nla_type == NLMSGERR_ATTR_MISS_TYPE)
			sk->missing = value;
	}
}

/* With NETLINK_CAP_ACK the request's header alone precedes the extack. */
static int read_ack(struct kt_sock *sk, const struct kt_req *req,
		    const struct nlmsghdr *nlh)
{
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	const struct nlmsgerr *ack = NLMSG_DATA(nlh);

	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		read_extack(sk, req, (const char *)(ack + 1), end);
	return ack->error;
}

static int read_done(struct kt_sock *sk, const struct kt_req *req,
		     const struct nlmsghdr *nlh)
{
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	int err;

	memcpy(&err, NLMSG_DATA(nlh), sizeof(err));
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		read_extack(sk, req,
			    (const char *)NLMSG_DATA(nlh) + sizeof(err), end);
	return err;
}

static void parse(struct kt_msg *msg, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	const struct nlattr *nla;

	memset(msg->tb, 0, sizeof(msg->tb));
	msg->cmd = genl->cmd;
	for_each_attr(nla, (const char *)genl + GENL_HDRLEN,
		      (const char *)nlh + nlh->nlmsg_len) {
		uint16_t type = nla->nla_type & NLA_TYPE_MASK;

		if (type <= KTLS_OCSP_A_MAX)
			msg->tb[type] = nla;
	}
}

static ssize_t receive(struct kt_sock *sk, char *buf, size_t size, int flags)
{
	ssize_t len;

	do {
		len = recv(sk->fd, buf, size, flags | MSG_TRUNC);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	return len > (ssize_t)size ? -EMSGSIZE : len;
}

static int transmit(struct kt_sock *sk, struct kt_req *req)
{
	req->nlh.nlmsg_seq = ++sk->seq;
	sk->text[0] = '\0';
	sk->bad = 0;
	sk->missing = 0;
	return send(sk->fd, req, req->nlh.nlmsg_len, 0) < 0 ? -errno : 0;
}

int kt_call(struct kt_sock *sk, struct kt_req *req, struct kt_msg *msg)
{
	char small[4096];
	char *buf = msg ? msg->buf : small;
	size_t size = msg ? sizeof(msg->buf) : sizeof(small);
	int err = transmit(sk, req);
	char ack[4096];
	ssize_t len;

	if (msg)
		memset(msg->tb, 0, sizeof(msg->tb));
	while (!err) {
		const struct nlmsghdr *nlh = (void *)buf;

		len = receive(sk, buf, size, 0);
		if (len < 0)
			return len;
		if (nlh->nlmsg_seq != sk->seq)
			continue;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return read_ack(sk, req, nlh);
		if (nlh->nlmsg_type == NLMSG_DONE)
			return read_done(sk, req, nlh);
		if (msg)
			parse(msg, nlh);
		/* The reply stays in msg while the acknowledgment comes. */
		buf = ack;
		size = sizeof(ack);
	}
	return err;
}

bool kt_named(const struct kt_sock *sk, uint16_t type)
{
	return sk->text[0] &&
	       (!type || sk->bad == type || sk->missing == type);
}

/* Attributes. */

const void *kt_data(const struct kt_msg *msg, uint16_t type)
{
	return msg->tb[type] ? ATTR_DATA(msg->tb[type]) : NULL;
}

size_t kt_len(const struct kt_msg *msg, uint16_t type)
{
	return msg->tb[type] ? ATTR_LEN(msg->tb[type]) : 0;
}

uint64_t kt_u64(const struct kt_msg *msg, uint16_t type)
{
	uint64_t value = 0;

	if (kt_len(msg, type) == sizeof(value))
		memcpy(&value, kt_data(msg, type), sizeof(value));
	return value;
}

int64_t kt_s64(const struct kt_msg *msg, uint16_t type)
{
	return (int64_t)kt_u64(msg, type);
}

uint32_t kt_u32(const struct kt_msg *msg, uint16_t type)
{
	uint32_t value = 0;

	if (kt_len(msg, type) == sizeof(value))
		memcpy(&value, kt_data(msg, type), sizeof(value));
	return value;
}

/* Dumps and notifications. */

int kt_dump_request(struct kt_sock *sk, struct kt_req *req,
		    void (*fn)(const struct kt_msg *msg, void *arg), void *arg)
{
	struct kt_msg msg;
	bool torn = false;
	int err;

	err = transmit(sk, req);
	while (!err) {
		struct nlmsghdr *nlh = (void *)msg.buf;
		ssize_t rest = receive(sk, msg.buf, sizeof(msg.buf), 0);

		if (rest < 0)
			return rest;
		for (; NLMSG_OK(nlh, rest); nlh = NLMSG_NEXT(nlh, rest)) {
			if (nlh->nlmsg_seq != sk->seq)
				continue;
			torn |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return read_ack(sk, req, nlh);
			if (nlh->nlmsg_type == NLMSG_DONE)
				return read_done(sk, req, nlh) ?: torn;
			parse(&msg, nlh);
			fn(&msg, arg);
		}
	}
	return err;
}

int kt_dump(struct kt_sock *sk, int session,
	    void (*fn)(const struct kt_msg *msg, void *arg), void *arg)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_GET, NLM_F_DUMP);
	if (session >= 0)
		kt_put_u32(&req, KTLS_OCSP_A_SESSION, session);
	return kt_dump_request(sk, &req, fn, arg);
}

static void count_one(const struct kt_msg *msg, void *arg)
{
	(void)msg;
	++*(int *)arg;
}

int kt_count(struct kt_sock *sk, int session)
{
	int err, n;

	do {
		n = 0;
		err = kt_dump(sk, session, count_one, &n);
	} while (err > 0);
	return err ?: n;
}

static void hash_one(const struct kt_msg *msg, void *arg)
{
	uint64_t *hash = arg;
	const char *data;

	for (unsigned int type = 1; type <= KTLS_OCSP_A_MAX; type++) {
		data = kt_data(msg, type);
		*hash = (*hash ^ type) * 0x100000001b3ULL;
		for (size_t i = 0; i < kt_len(msg, type); i++)
			*hash = (*hash ^ (uint8_t)data[i]) * 0x100000001b3ULL;
	}
}

uint64_t kt_snapshot(struct kt_sock *sk)
{
	uint64_t hash;
	int err;

	do {
		hash = 0xcbf29ce484222325ULL;	/* FNV-1a */
		err = kt_dump(sk, -1, hash_one, &hash);
	} while (err > 0);
	if (err) {
		errno = -err;
		die("dump");
	}
	return hash;
}

int kt_join(struct kt_sock *sk, uint32_t group)
{
	return setsockopt(sk->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group)) ? -errno : 0;
}

int kt_next(struct kt_sock *sk, int ms, struct kt_msg *msg)
{
	struct pollfd pfd = { .fd = sk->fd, .events = POLLIN };
	ssize_t len;

	if (poll(&pfd, 1, ms) <= 0)
		return -EAGAIN;
	len = receive(sk, msg->buf, sizeof(msg->buf), MSG_DONTWAIT);
	if (len < 0)
		return len;
	parse(msg, (void *)msg->buf);
	return 0;
}

/* Certificates and blobs. */

void kt_cert(uint32_t n, uint8_t der[KT_CERT_LEN])
{
	memset(der, 0, KT_CERT_LEN);
	snprintf((char *)der, KT_CERT_LEN, "certificate %u", n);
}

void kt_key(uint32_t n, uint8_t key[KTLS_OCSP_KEY_LEN])
{
	uint8_t der[KT_CERT_LEN];

	kt_cert(n, der);
	SHA256(der, sizeof(der), key);
}

void kt_blob(uint8_t *blob, size_t len, uint64_t seed)
{
	for (size_t i = SHA256_DIGEST_LENGTH; i < len; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		blob[i] = seed >> 56;
	}
	SHA256(blob + SHA256_DIGEST_LENGTH, len - SHA256_DIGEST_LENGTH, blob);
}

bool kt_blob_ok(const uint8_t *blob, size_t len)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (len < KT_BLOB_MIN)
		return false;
	SHA256(blob + sizeof(digest), len - sizeof(digest), digest);
	return !memcmp(blob, digest, sizeof(digest));
}
