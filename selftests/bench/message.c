// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Requests that are built once and sent often, so that what is measured is
 * the kernel's part: one send() and one recv().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"

/* Without NLM_F_ACK the kernel answers with a reply alone. */
static void keep(struct bench_request *r, const struct kt_sock *sk,
		 struct kt_req *req, uint16_t flags)
{
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	r->fd = sk->fd;
	r->len = req->nlh.nlmsg_len;
	r->nlh = malloc(r->len);
	if (!r->nlh)
		bench_die("a request", ENOMEM);
	memcpy(r->nlh, req, r->len);
}

void bench_free(struct bench_request *r)
{
	free(r->nlh);
}

static char *field(const struct nlmsghdr *nlh, uint16_t type)
{
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	char *at = (char *)nlh + NLMSG_HDRLEN + GENL_HDRLEN;

	while (at + NLA_HDRLEN <= end) {
		struct nlattr *nla = (void *)at;

		if (nla->nla_type == type)
			return at + NLA_HDRLEN;
		at += NLA_ALIGN(nla->nla_len);
	}
	bench_die("a message lacks an attribute", 0);
	return NULL;
}

void *bench_field(const struct bench_request *r, uint16_t type)
{
	return field(r->nlh, type);
}

uint32_t bench_u32(const struct nlmsghdr *nlh, uint16_t type)
{
	uint32_t value;

	memcpy(&value, field(nlh, type), sizeof(value));
	return value;
}

const struct nlmsghdr *bench_exchange(const struct bench_request *r)
{
	static union {
		struct nlmsghdr nlh;
		char buf[KTLS_OCSP_BLOB_MAX + 1024];
	} reply;
	const struct nlmsgerr *error = NLMSG_DATA(&reply.nlh);

	if (send(r->fd, r->nlh, r->len, 0) != (ssize_t)r->len)
		bench_die("send", errno);
	if (recv(r->fd, &reply, sizeof(reply), 0) < NLMSG_HDRLEN)
		bench_die("recv", errno);
	if (reply.nlh.nlmsg_type == NLMSG_ERROR && error->error)
		bench_die("the kernel refused a request", -error->error);
	return &reply.nlh;
}

static void put_key(struct kt_req *req)
{
	const uint8_t zeros[KTLS_OCSP_KEY_LEN] = { 0 };

	kt_put(req, KTLS_OCSP_A_KEY, zeros, sizeof(zeros));
}

static void put_handle(struct kt_req *req, int session)
{
	kt_put_u32(req, KTLS_OCSP_A_SESSION, session);
	kt_put_u32(req, KTLS_OCSP_A_SLOT, 0);
}

void bench_get_slot(struct bench_request *r, const struct kt_sock *sk,
		    int session)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_GET, 0);
	put_handle(&req, session);
	keep(r, sk, &req, 0);
}

void bench_get_key(struct bench_request *r, const struct kt_sock *sk)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_GET, 0);
	put_key(&req);
	keep(r, sk, &req, 0);
}

void bench_open(struct bench_request *r, const struct kt_sock *sk, int session)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_OPEN, 0);
	kt_put_u32(&req, KTLS_OCSP_A_SESSION, session);
	put_key(&req);
	keep(r, sk, &req, 0);
}

void bench_close(struct bench_request *r, const struct kt_sock *sk, int session)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_CLOSE, 0);
	put_handle(&req, session);
	keep(r, sk, &req, NLM_F_ACK);
}

void bench_del(struct bench_request *r, const struct kt_sock *sk)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_DEL, 0);
	put_key(&req);
	keep(r, sk, &req, NLM_F_ACK);
}

void bench_set(struct bench_request *r, const struct kt_sock *sk, size_t len,
	       size_t cert_len)
{
	static const char zeros[KTLS_OCSP_BLOB_MAX];
	int64_t now = kt_now();
	const struct kt_blob blob = {
		.session = -1,
		.data = (const void *)zeros,
		.len = len,
		.this_update = now - KT_DAY,
		.next_update = now + 7 * KT_DAY,
	};
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_SET, 0);
	put_key(&req);
	if (cert_len) {
		kt_put(&req, KTLS_OCSP_A_CERTIFICATE, zeros, cert_len);
		kt_put(&req, KTLS_OCSP_A_ISSUER, zeros, cert_len);
	}
	kt_put_blob(&req, &blob);
	keep(r, sk, &req, 0);
}
