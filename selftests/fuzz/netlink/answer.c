// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What the kernel answers: counted, learned from, and held against the spec. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "kfuzz.h"

#define ERRNO_MAX	133	/* EHWPOISON, the last that user space sees */

static struct kf_pending *pending_of(struct kf_worker *worker, uint32_t seq)
{
	struct kf_pending *pending = &worker->pending[seq % KF_PENDING];

	return pending->seq == seq ? pending : NULL;
}

/* The operation may be another one's by now: what is learned may be odd. */
static void accepted(struct kf_worker *worker, struct kf_pending *pending)
{
	struct kf_shared *shared = worker->shared;

	if (!pending->cmd || pending->cmd > KTLS_OCSP_CMD_MAX)
		return;
	atomic_fetch_add(&shared->accepted[pending->cmd], 1);
	if (pending->op)
		kf_learn(shared, pending->op, &worker->random);
}

static void judge_ack(struct kf_worker *worker, const struct nlmsghdr *nlh)
{
	struct kf_pending *pending = pending_of(worker, nlh->nlmsg_seq);
	struct kf_shared *shared = worker->shared;
	int err;

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(err))) {
		kf_wrong(shared, "an acknowledgment of %u bytes", nlh->nlmsg_len);
		return;
	}
	memcpy(&err, NLMSG_DATA(nlh), sizeof(err));
	if (err > 0 || err < -ERRNO_MAX)
		kf_wrong(shared, "errno %d", err);
	if (!pending || !pending->cmd || pending->cmd > KTLS_OCSP_CMD_MAX)
		return;
	if (err)
		atomic_fetch_add(&shared->refused[pending->cmd], 1);
	else
		accepted(worker, pending);
	pending->seq = 0;
}

/* Each that is sent begins with its length: see message.c. */
static void judge_blob(struct kf_worker *worker, const struct kt_msg *msg)
{
	size_t len = kt_len(msg, KTLS_OCSP_A_BLOB);
	uint32_t told = len;

	if (!msg->tb[KTLS_OCSP_A_BLOB])
		return;
	if (len >= sizeof(told))
		memcpy(&told, kt_data(msg, KTLS_OCSP_A_BLOB), sizeof(told));
	if (told != len)
		kf_wrong(worker->shared, "a blob of %zu bytes that was sent with %u",
			 len, told);
	if (!len || len > KTLS_OCSP_BLOB_MAX ||
	    len != kt_u32(msg, KTLS_OCSP_A_BLOB_LEN))
		kf_wrong(worker->shared, "a blob of %zu bytes, told to have %u",
			 len, kt_u32(msg, KTLS_OCSP_A_BLOB_LEN));
}

/* Each attribute set has one of its own. */
static uint16_t pad_of(uint8_t cmd)
{
	return cmd == KTLS_OCSP_CMD_STATS ? KTLS_OCSP_A_STATS_PAD :
					    KTLS_OCSP_A_PAD;
}

static bool read_attrs(struct kf_worker *worker, const struct nlmsghdr *nlh,
		       struct kt_msg *msg)
{
	const char *at = (const char *)NLMSG_DATA(nlh) + GENL_HDRLEN;
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	const struct kf_command *command = kf_command(msg->cmd);
	uint64_t many = command->many | KF_BIT(pad_of(msg->cmd));
	const struct nlattr *nla;
	uint64_t seen = 0;
	uint16_t type;

	memset(msg->tb, 0, sizeof(msg->tb));
	while (at < end) {
		nla = (const void *)at;
		type = nla->nla_type & ~NLA_F_NESTED;
		if (end - at < NLA_HDRLEN || nla->nla_len < NLA_HDRLEN ||
		    nla->nla_len > end - at || !type ||
		    type > KTLS_OCSP_A_MAX ||
		    seen & ~many & KF_BIT(type)) {
			kf_wrong(worker->shared,
				 "attribute %u of %u bytes in an answer to %u",
				 nla->nla_type, nla->nla_len, msg->cmd);
			return false;
		}
		seen |= KF_BIT(type);
		msg->tb[type] = nla;
		at += NLA_ALIGN(nla->nla_len);
	}
	seen &= ~(command->reply | many);
	if (seen)
		kf_wrong(worker->shared, "attributes %#llx in an answer to %u",
			 (unsigned long long)seen, msg->cmd);
	return true;
}

static void hold(struct kf_worker *worker, int session, uint32_t slot)
{
	unsigned int place = worker->n_held;

	if (worker->n_held < KF_HELD)
		worker->n_held++;
	else
		place = kf_draw(&worker->random, KF_HELD);
	worker->held[place] = (struct kf_held){ session, slot };
}

static void read_message(struct kf_worker *worker, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	struct kf_pending *pending = pending_of(worker, nlh->nlmsg_seq);
	struct kt_msg *msg = &worker->msg;

	msg->cmd = nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) ? 0 : genl->cmd;
	if (!kf_command(msg->cmd)) {
		kf_wrong(worker->shared, "an answer to command %u of %u bytes",
			 msg->cmd, nlh->nlmsg_len);
		return;
	}
	if (!read_attrs(worker, nlh, msg))
		return;
	judge_blob(worker, msg);
	if (msg->cmd == KTLS_OCSP_CMD_SESSION)
		kf_keep_session(worker->process, nlh->nlmsg_seq,
				kt_u32(msg, KTLS_OCSP_A_SESSION));
	if (!pending)
		return;
	if (msg->cmd == KTLS_OCSP_CMD_OPEN)
		hold(worker, pending->session, kt_u32(msg, KTLS_OCSP_A_SLOT));
	if (!pending->ack) {
		accepted(worker, pending);
		pending->seq = 0;
	}
}

static void read_datagram(struct kf_worker *worker, size_t len)
{
	const char *at = worker->in, *end = at + len;

	while (end - at >= NLMSG_HDRLEN) {
		const struct nlmsghdr *nlh = (const void *)at;

		if (nlh->nlmsg_len < NLMSG_HDRLEN || nlh->nlmsg_len > end - at) {
			kf_wrong(worker->shared, "a message of %u bytes in %zu",
				 nlh->nlmsg_len, (size_t)(end - at));
			return;
		}
		if (nlh->nlmsg_type == NLMSG_ERROR ||
		    nlh->nlmsg_type == NLMSG_DONE)
			judge_ack(worker, nlh);
		else if (nlh->nlmsg_type == worker->socks[0].family)
			read_message(worker, nlh);
		else
			kf_wrong(worker->shared, "a message of type %u",
				 nlh->nlmsg_type);
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
}

void kf_read(struct kf_worker *worker, struct kt_sock *sk)
{
	ssize_t len;

	for (;;) {
		len = recv(sk->fd, worker->in, sizeof(worker->in), MSG_DONTWAIT);
		if (len >= 0)
			read_datagram(worker, len);
		else if (errno == ENOBUFS)
			atomic_fetch_add(&worker->shared->lost, 1);
		else
			break;
	}
}
