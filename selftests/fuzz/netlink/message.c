// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* From an operation to the bytes of a message. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "kfuzz.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define MOST			UINT16_MAX	/* of an attribute's value */

static int any_session(struct kf_worker *worker, uint32_t arg)
{
	struct kf_process *process = worker->process;
	uint32_t which = arg >> 8;

	switch (arg & 0x1f) {
	case 0:
		return -1;
	case 1:
		return atomic_load(&process->stale[which % KF_SESSIONS]);
	case 2:
		return worker->socks[which % KF_SOCKETS].fd;
	case 3:
		return (int32_t)(arg * 2654435761U);
	default:
		return atomic_load(&process->sessions[which % KF_SESSIONS]);
	}
}

static const struct kf_held *held_of(const struct kf_worker *worker,
				     const struct kf_op *op)
{
	return worker->n_held ? &worker->held[op->arg % worker->n_held] : NULL;
}

static size_t put_session(struct kf_worker *worker, const struct kf_op *op,
			  uint32_t arg, uint8_t *to)
{
	const struct kf_held *held = held_of(worker, op);
	int session = held && arg & 0x80 ? held->session :
					   any_session(worker, arg);

	worker->session = session;
	memcpy(to, &session, sizeof(session));
	return sizeof(session);
}

static size_t put_slot(struct kf_worker *worker, const struct kf_op *op,
		       uint32_t arg, uint8_t *to)
{
	static const uint32_t borders[] = {
		0, 1, 62, 63, INT32_MAX, INT32_MAX + 1U, UINT32_MAX
	};
	const struct kf_held *held = held_of(worker, op);
	uint32_t slot = (arg >> 8) % KF_SUBJECTS;

	if (held && arg & 0xc0)
		slot = held->slot;
	else if (!(arg & 0x7))
		slot = borders[(arg >> 8) % ARRAY_SIZE(borders)];
	memcpy(to, &slot, sizeof(slot));
	return sizeof(slot);
}

static size_t put_key(struct kf_worker *worker, const struct kf_op *op,
		      uint32_t arg, uint8_t *to)
{
	uint32_t n = arg & 0xc0 ? op->subject : arg >> 8;

	memcpy(to, worker->keys[n % KF_SUBJECTS], KTLS_OCSP_KEY_LEN);
	if (!(arg & 0x1f))
		memcpy(to, &arg, sizeof(arg));
	return KTLS_OCSP_KEY_LEN;
}

static size_t put_bytes(const struct kf_attr *attr, uint32_t arg, uint8_t *to)
{
	static const uint16_t usual[] = {
		1, 24, 100, 100, 600, 600, 2200, 4000, 4096, 5000
	};
	size_t len = usual[(arg >> 8) % ARRAY_SIZE(usual)];

	if (!(arg & 0x3f))
		len = attr->max_len + (arg >> 8) % 3 - 1;
	else if ((arg & 0x3f) == 1)
		len = 0;
	if (len > MOST)
		len = MOST;
	memset(to, arg, len);
	return len;
}

static size_t put_certificate(const struct kf_op *op, uint32_t arg, uint8_t *to)
{
	uint32_t n = arg & 0xc0 ? op->subject : arg >> 8;

	if (!(arg & 0x1f))
		return put_bytes(&kf_attrs[KTLS_OCSP_A_CERTIFICATE], arg >> 5,
				 to);
	kt_cert(n % KF_SUBJECTS, to);
	return KT_CERT_LEN;
}

static size_t put_text(const struct kf_attr *attr, uint32_t arg, uint8_t *to)
{
	static const char * const texts[] = {
		"no answer", "timed out", "", "two\nlines", "\x7f", "\xff\xfe",
		"a"
	};
	const char *text = texts[(arg >> 8) % ARRAY_SIZE(texts)];
	size_t len = strlen(text);

	if (arg & 0x7) {
		memcpy(to, text, len + 1);
		return len + 1;
	}
	/* Around the limit, and without an end */
	len = attr->max_len + (arg >> 8) % 3;
	memset(to, 'x', len);
	if (arg & 0x8)
		to[len - 1] = '\0';
	return len;
}

static size_t put_s64(uint32_t arg, uint8_t *to)
{
	static const int64_t from_now[] = {
		-86400, -3600, -60, -1, 0, 1, 1, 2, 3, 599, 600, 601, 3600,
		86400, 30 * 86400
	};
	static const int64_t borders[] = {
		INT64_MIN, -1, 0, 1, INT32_MAX, 253402300799LL,
		253402300800LL, INT64_MAX
	};
	int64_t value;

	if (arg & 0xf)
		value = kt_now() + from_now[(arg >> 8) % ARRAY_SIZE(from_now)];
	else
		value = borders[(arg >> 8) % ARRAY_SIZE(borders)];
	memcpy(to, &value, sizeof(value));
	return sizeof(value);
}

static size_t put_u32(const struct kf_attr *attr, uint32_t arg, uint8_t *to)
{
	uint32_t value = arg & 0xf && attr->max ?
			 (arg >> 8) % (attr->max + 1) : arg >> 3;

	if (!(arg & 0x7f))
		value = attr->max + 1;
	memcpy(to, &value, sizeof(value));
	return sizeof(value);
}

/* Returns its length. */
static size_t put_value(struct kf_worker *worker, const struct kf_op *op,
			uint8_t type, uint32_t arg, uint8_t *to)
{
	const struct kf_attr *attr = &kf_attrs[type];

	switch (type) {
	case KTLS_OCSP_A_SESSION:
		return put_session(worker, op, arg, to);
	case KTLS_OCSP_A_SLOT:
		return put_slot(worker, op, arg, to);
	case KTLS_OCSP_A_KEY:
		return put_key(worker, op, arg, to);
	case KTLS_OCSP_A_CERTIFICATE:
		return put_certificate(op, arg, to);
	}
	switch (type <= KTLS_OCSP_A_MAX ? attr->type : KF_U64) {
	case KF_FLAG:
		return 0;
	case KF_U32:
	case KF_S32:
		return put_u32(attr, arg, to);
	case KF_S64:
		return put_s64(arg, to);
	case KF_BINARY:
		return put_bytes(attr, arg, to);
	case KF_STRING:
		return put_text(attr, arg, to);
	default:
		memcpy(to, &(uint64_t){ arg }, sizeof(uint64_t));
		return sizeof(uint64_t);
	}
}

static size_t misshape(struct nlattr *nla, uint8_t shape, uint32_t arg,
		       size_t len)
{
	uint8_t *value = (uint8_t *)nla + NLA_HDRLEN;
	struct nlattr inner = { .nla_len = NLA_HDRLEN, .nla_type = arg };

	switch (shape) {
	case KF_SHORT:
		len -= !!len;
		break;
	case KF_LONG:
		memset(value + len, 0, 8);
		len += 1 + arg % 8;
		break;
	case KF_EMPTY:
		len = 0;
		break;
	case KF_NESTED:
		nla->nla_type |= NLA_F_NESTED;
		break;
	case KF_BYTEORDER:
		nla->nla_type |= NLA_F_NET_BYTEORDER;
		break;
	case KF_NEST:
		memcpy(value, &inner, sizeof(inner));
		len = NLA_HDRLEN;
	}
	return len;
}

/* A blob begins with its length, for answer.c to see whether it is whole. */
static void sign(const struct nlattr *nla, uint8_t *to)
{
	uint32_t len = nla->nla_len - NLA_HDRLEN;

	if (nla->nla_type == KTLS_OCSP_A_BLOB && nla->nla_len > NLA_HDRLEN)
		memcpy(to, &len, sizeof(len));
}

static void put_attr(struct kf_worker *worker, const struct kf_op *op,
		     const struct kf_value *value, uint32_t arg)
{
	struct nlattr *nla = (void *)(worker->out + worker->out_len);
	uint8_t *to = (uint8_t *)nla + NLA_HDRLEN;
	size_t len;

	nla->nla_type = value->type;
	len = put_value(worker, op, value->type, arg, to);
	len = misshape(nla, value->shape, arg, len);
	if (len > MOST - NLA_HDRLEN)
		len = MOST - NLA_HDRLEN;
	memset(to + len, 0, 2 * NLA_ALIGNTO);
	nla->nla_len = NLA_HDRLEN + len;
	if (value->shape == KF_LIES_SHORT)
		nla->nla_len = arg % NLA_HDRLEN;
	else if (value->shape == KF_LIES_LONG && len)
		nla->nla_len += 1 + arg % 64;
	sign(nla, to);
	worker->out_len += NLA_ALIGN(NLA_HDRLEN + len);
}

static void put_header(struct kf_worker *worker, const struct kf_op *op,
		       const struct kt_sock *sk)
{
	struct nlmsghdr *nlh = (void *)(worker->out + worker->out_len);
	struct genlmsghdr *genl = NLMSG_DATA(nlh);

	*nlh = (struct nlmsghdr){
		.nlmsg_type = sk->family,
		.nlmsg_flags = op->flags,
		.nlmsg_seq = ++worker->seq,
	};
	*genl = (struct genlmsghdr){ .cmd = op->cmd, .version = op->version };
	worker->out_len += NLMSG_HDRLEN + GENL_HDRLEN;
}

static void expect_answer(struct kf_worker *worker, const struct kf_op *op)
{
	worker->pending[worker->seq % KF_PENDING] = (struct kf_pending){
		.seq = worker->seq,
		.session = worker->session,
		.op = op,
		/* What is no request is acknowledged unread. */
		.cmd = op->flags & NLM_F_REQUEST ? op->cmd : 0,
		.ack = op->flags & NLM_F_ACK,
	};
}

void kf_put_message(struct kf_worker *worker, const struct kf_op *op)
{
	struct kt_sock *sk = &worker->socks[op->socket % KF_SOCKETS];
	unsigned int n = op->n < KF_ATTRS ? op->n : KF_ATTRS;
	struct nlmsghdr *nlh;
	size_t start;

	/* Attributes of 64 KiB at most, each perhaps twice */
	if (worker->batch && (worker->batch_on != sk ||
			      worker->out_len > KF_BUFFER / 4))
		kf_flush(worker);
	worker->batch_on = sk;
	start = worker->out_len;
	worker->session = -1;
	put_header(worker, op, sk);
	for (unsigned int i = 0; i < n; i++) {
		const struct kf_value *value = &op->attrs[i];

		if (worker->out_len > KF_BUFFER - 3 * (MOST + 64))
			break;
		put_attr(worker, op, value, value->arg);
		if (value->shape == KF_TWICE)
			put_attr(worker, op, value, value->arg * 2654435761U);
	}
	nlh = (void *)(worker->out + start);
	nlh->nlmsg_len = worker->out_len - start;
	expect_answer(worker, op);
	worker->batch++;
}

void kf_flush(struct kf_worker *worker)
{
	struct kt_sock *sk = worker->batch_on;

	if (!worker->batch)
		return;
	if (send(sk->fd, worker->out, worker->out_len, MSG_DONTWAIT) < 0 &&
	    errno != EMSGSIZE && errno != ENOBUFS && errno != EAGAIN)
		kf_wrong(worker->shared, "send: %s", strerror(errno));
	else
		atomic_fetch_add(&worker->shared->sent, worker->batch);
	worker->batch = 0;
	worker->out_len = 0;
}
