// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The netlink client's life, and one function for each command. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <netlink/attr.h>

#include "client_priv.h"

/*
 * The kernel doubles it. Largest request: a blob and two certificates; an
 * unprivileged process may ask for 212992 (net.core.wmem_max).
 */
#define SEND_BUFFER	OCSP_MSG_MAX
/* Notices that may queue up while the listener is busy. */
#define NOTICE_BUFFER	(4 << 20)

static int set_option(struct ocsp_client *client, int level, int option,
		      int value)
{
	if (!setsockopt(client->fd, level, option, &value, sizeof(value)))
		return 0;
	return -errno;
}

static int client_connect(struct ocsp_client *client)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int rc;

	client->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			    NETLINK_GENERIC);
	if (client->fd < 0)
		return ocsp_fail(client, errno, "cannot open a netlink socket: %s",
				 strerror(errno));
	rc = set_option(client, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
	if (!rc)
		rc = set_option(client, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	if (!rc)
		rc = set_option(client, SOL_NETLINK, NETLINK_CAP_ACK, 1);
	if (!rc && bind(client->fd, (struct sockaddr *)&any, sizeof(any)))
		rc = -errno;
	if (rc)
		return ocsp_fail(client, -rc, "cannot set up a netlink socket: %s",
				 strerror(-rc));
	return ocsp_client_resolve(client);
}

/*
 * Not by malloc(): the receive buffer's pages come when they are used; and each
 * child of fork() replaces its parent's client, when an allocation of this size
 * would sort a heap that the two still share.
 */
static struct ocsp_client *map_client(void)
{
	void *c = mmap(NULL, sizeof(struct ocsp_client), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return c == MAP_FAILED ? NULL : c;
}

int ocsp_client_new(struct ocsp_client **client)
{
	struct ocsp_client *c = map_client();
	int rc;

	*client = c;
	if (!c)
		return -ENOMEM;
	c->fd = -1;
	rc = client_connect(c);
	if (rc && c->fd != -1) {
		close(c->fd);
		c->fd = -1;
	}
	return rc;
}

void ocsp_client_free(struct ocsp_client *client)
{
	if (client && client->fd != -1)
		close(client->fd);
	ocsp_client_abandon(client);
}

void ocsp_client_abandon(struct ocsp_client *client)
{
	if (client)
		munmap(client, sizeof(*client));
}

const char *ocsp_client_error(const struct ocsp_client *client)
{
	return client ? client->error : strerror(ENOMEM);
}

int ocsp_client_fd(const struct ocsp_client *client)
{
	return client->fd;
}

struct session_answer {
	int fd;
	uint32_t min_validity;
	uint64_t board_size;
};

static int session_answer(struct ocsp_client *client, struct nlmsghdr *hdr,
			  void *arg)
{
	struct nlattr *tb[KTLS_OCSP_A_MAX + 1];
	struct session_answer *a = arg;
	int rc = ocsp_parse(client, hdr, tb);

	if (rc)
		return rc;
	if (!tb[KTLS_OCSP_A_SESSION] || !tb[KTLS_OCSP_A_MIN_VALIDITY])
		return ocsp_fail(client, EPROTO, "the kernel's answer has no session");
	a->fd = nla_get_s32(tb[KTLS_OCSP_A_SESSION]);
	a->min_validity = nla_get_u32(tb[KTLS_OCSP_A_MIN_VALIDITY]);
	a->board_size = tb[KTLS_OCSP_A_BOARD_SIZE] ?
			nla_get_u64(tb[KTLS_OCSP_A_BOARD_SIZE]) : 0;
	return 0;
}

static int put_terms(struct ocsp_client *client, struct nl_msg *msg,
		     const struct ocsp_session_terms *terms)
{
	uint32_t flags = KTLS_OCSP_SESSION_FLAG_CREATE, owner;
	int rc = 0;

	if (terms && terms->create)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_SESSION_FLAGS, &flags,
			      sizeof(flags), sizeof(flags));
	if (rc || !terms || !terms->owner)
		return rc;
	owner = *terms->owner;
	return ocsp_put(client, msg, KTLS_OCSP_A_OWNER, &owner, sizeof(owner),
			sizeof(owner));
}

int ocsp_client_session_for(struct ocsp_client *client,
			    const struct ocsp_session_terms *terms, int *fd,
			    uint32_t *min_validity, uint64_t *board_size)
{
	struct session_answer a;
	struct nl_msg *msg;
	int rc;

	msg = ocsp_msg_new(client, KTLS_OCSP_CMD_SESSION, 0, 0);
	if (!msg)
		return -ENOMEM;
	rc = put_terms(client, msg, terms);
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	rc = ocsp_exchange(client, msg, session_answer, &a);
	if (rc)
		return rc;
	*fd = a.fd;
	if (min_validity)
		*min_validity = a.min_validity;
	if (board_size)
		*board_size = a.board_size;
	return 0;
}

static int open_answer(struct ocsp_client *client, struct nlmsghdr *hdr,
		       void *arg)
{
	struct nlattr *tb[KTLS_OCSP_A_MAX + 1];
	struct ocsp_opened *o = arg;
	struct ocsp_entry r;
	int rc = ocsp_parse(client, hdr, tb);

	if (!rc)
		rc = ocsp_parse_entry(client, tb, &r);
	if (rc)
		return rc;
	if (!tb[KTLS_OCSP_A_SLOT])
		return ocsp_fail(client, EPROTO, "the kernel's answer has no slot");
	o->slot = r.slot;
	o->generation = r.generation;
	o->state = r.state;
	o->refresher = tb[KTLS_OCSP_A_REFRESHER];
	return 0;
}

int ocsp_client_open(struct ocsp_client *client, const struct ocsp_name *name,
		     bool wait, struct ocsp_opened *opened)
{
	struct nl_msg *msg;
	int rc;

	msg = ocsp_msg_new(client, KTLS_OCSP_CMD_OPEN, 0, ocsp_name_size(name));
	if (!msg)
		return -ENOMEM;
	rc = ocsp_put_name(client, msg, name);
	if (!rc && wait)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_WAIT, NULL, 0, 0);
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return ocsp_exchange(client, msg, open_answer, opened);
}

static int no_answer(struct ocsp_client *client, struct nlmsghdr *hdr,
		     void *arg)
{
	(void)client;
	(void)hdr;
	(void)arg;
	return 0;
}

/* An attribute of 32 bits, as it lies in a message. */
struct attr_32 {
	struct nlattr nla;
	uint32_t value;
};

static struct attr_32 attr_32(uint16_t type, uint32_t value)
{
	return (struct attr_32){ { sizeof(struct attr_32), type }, value };
}

/*
 * A command on a slot, whose only answer is yes or no. It takes no memory: what
 * is given back must not stay held for want of it.
 */
static int client_slot(struct ocsp_client *client, uint8_t cmd, int session,
		       uint32_t slot)
{
	struct {
		struct nlmsghdr hdr;
		struct genlmsghdr genl;
		struct attr_32 session;
		struct attr_32 slot;
	} msg = {
		.hdr.nlmsg_len = sizeof(msg),
		.hdr.nlmsg_type = client->family,
		.hdr.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.genl.cmd = cmd,
		.genl.version = KTLS_OCSP_FAMILY_VERSION,
		.session = attr_32(KTLS_OCSP_A_SESSION, session),
		.slot = attr_32(KTLS_OCSP_A_SLOT, slot),
	};

	return ocsp_exchange_hdr(client, &msg.hdr, no_answer, NULL);
}

int ocsp_client_ref(struct ocsp_client *client, int session, uint32_t slot)
{
	return client_slot(client, KTLS_OCSP_CMD_REF, session, slot);
}

int ocsp_client_close(struct ocsp_client *client, int session, uint32_t slot)
{
	return client_slot(client, KTLS_OCSP_CMD_CLOSE, session, slot);
}

int ocsp_client_del(struct ocsp_client *client, const struct ocsp_name *name)
{
	struct nl_msg *msg;
	int rc;

	msg = ocsp_msg_new(client, KTLS_OCSP_CMD_DEL, NLM_F_ACK,
			   ocsp_name_size(name));
	if (!msg)
		return -ENOMEM;
	rc = ocsp_put_name(client, msg, name);
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return ocsp_exchange(client, msg, no_answer, NULL);
}

static int get_answer(struct ocsp_client *client, struct nlmsghdr *hdr,
		      void *arg)
{
	struct nlattr *tb[KTLS_OCSP_A_MAX + 1];
	int rc = ocsp_parse(client, hdr, tb);

	return rc ? rc : ocsp_parse_entry(client, tb, arg);
}

int ocsp_client_get(struct ocsp_client *client, const struct ocsp_name *name,
		    uint32_t parts, struct ocsp_entry *entry)
{
	struct nl_msg *msg;
	int rc;

	memset(entry, 0, sizeof(*entry));
	msg = ocsp_msg_new(client, KTLS_OCSP_CMD_GET, 0, ocsp_name_size(name));
	if (!msg)
		return -ENOMEM;
	rc = ocsp_put_name(client, msg, name);
	if (!rc)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_PARTS, &parts,
			      sizeof(parts), sizeof(parts));
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return ocsp_exchange(client, msg, get_answer, entry);
}

static int put_update(struct ocsp_client *client, struct nl_msg *msg,
		      const struct ocsp_update *u)
{
	uint32_t status = u->status;
	int rc = 0;

	if (u->failure)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_FAILURE, u->failure,
			      strlen(u->failure) + 1, KTLS_OCSP_FAILURE_MAX + 1);
	if (!rc && u->repeated)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_REPEATED, NULL, 0, 0);
	if (rc || !u->blob)
		return rc;
	rc = ocsp_put(client, msg, KTLS_OCSP_A_STATUS, &status, sizeof(status),
		      sizeof(status));
	if (!rc)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_THIS_UPDATE,
			      &u->this_update, sizeof(u->this_update),
			      sizeof(u->this_update));
	if (!rc)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_NEXT_UPDATE,
			      &u->next_update, sizeof(u->next_update),
			      sizeof(u->next_update));
	if (!rc)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_BLOB, u->blob,
			      u->blob_len, KTLS_OCSP_BLOB_MAX);
	return rc;
}

static int set_answer(struct ocsp_client *client, struct nlmsghdr *hdr,
		      void *arg)
{
	struct nlattr *tb[KTLS_OCSP_A_MAX + 1];
	int rc = ocsp_parse(client, hdr, tb);

	if (!rc && arg && tb[KTLS_OCSP_A_GENERATION])
		*(uint64_t *)arg = nla_get_u64(tb[KTLS_OCSP_A_GENERATION]);
	return rc;
}

int ocsp_client_set(struct ocsp_client *client, const struct ocsp_name *name,
		    const struct ocsp_update *update, uint64_t *generation)
{
	struct nl_msg *msg;
	size_t size;
	int rc;

	size = ocsp_name_size(name) + (update->blob ? update->blob_len : 0) +
	       (update->failure ? strlen(update->failure) : 0);
	msg = ocsp_msg_new(client, KTLS_OCSP_CMD_SET, NLM_F_ACK, size);
	if (!msg)
		return -ENOMEM;
	rc = ocsp_put_name(client, msg, name);
	if (!rc)
		rc = put_update(client, msg, update);
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return ocsp_exchange(client, msg, set_answer, generation);
}

static int join(struct ocsp_client *client, uint32_t group)
{
	int rc = set_option(client, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);

	if (rc == -EPERM)
		return ocsp_fail(client, EPERM, "%s",
				 group == client->group_wanted ?
				 OCSP_MAY_NOT_LISTEN(KTLS_OCSP_MCGRP_WANTED) :
				 OCSP_MAY_NOT_LISTEN(KTLS_OCSP_MCGRP_EVENTS));
	if (rc)
		return ocsp_fail(client, -rc, "cannot listen: %s", strerror(-rc));
	return 0;
}

int ocsp_client_listen(struct ocsp_client *client, bool wanted, bool events)
{
	int rc = 0;

	if (set_option(client, SOL_SOCKET, SO_RCVBUFFORCE, NOTICE_BUFFER))
		set_option(client, SOL_SOCKET, SO_RCVBUF, NOTICE_BUFFER);
	/* Who has no room for a "wanted" is there all the same: say so. */
	if (wanted)
		rc = set_option(client, SOL_NETLINK, NETLINK_BROADCAST_ERROR, 1);
	if (rc)
		return ocsp_fail(client, -rc, "cannot listen: %s", strerror(-rc));
	if (wanted)
		rc = join(client, client->group_wanted);
	if (!rc && events)
		rc = join(client, client->group_events);
	return rc;
}

static int notice_parse(struct ocsp_client *client, struct nlmsghdr *hdr,
			struct ocsp_notice *n)
{
	struct nlattr *tb[KTLS_OCSP_A_MAX + 1];
	int rc = ocsp_parse(client, hdr, tb);

	if (!rc)
		rc = ocsp_parse_entry(client, tb, &n->entry);
	if (rc)
		return rc;
	n->wanted = genlmsg_hdr(hdr)->cmd == KTLS_OCSP_CMD_WANTED_NTF;
	n->event = tb[KTLS_OCSP_A_EVENT] ? nla_get_u32(tb[KTLS_OCSP_A_EVENT]) : 0;
	n->number = tb[KTLS_OCSP_A_EVENT_NUMBER] ?
		    nla_get_u64(tb[KTLS_OCSP_A_EVENT_NUMBER]) : 0;
	return 0;
}

static int notices_in(struct ocsp_client *client, ssize_t len,
		      int (*fn)(const struct ocsp_notice *n, void *arg),
		      void *arg)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)client->buf;
	struct ocsp_notice n;
	int left = len, rc;

	for (; nlmsg_ok(hdr, left); hdr = nlmsg_next(hdr, &left)) {
		if (hdr->nlmsg_type != client->family)
			continue;
		rc = notice_parse(client, hdr, &n);
		if (!rc) {
			rc = fn(&n, arg);
			ocsp_entry_clear(&n.entry);
		}
		if (rc)
			return rc;
	}
	return 0;
}

int ocsp_client_notice(struct ocsp_client *client,
		       int (*fn)(const struct ocsp_notice *n, void *arg),
		       void *arg)
{
	ssize_t n;
	int rc = 0;

	while (!rc) {
		n = ocsp_receive(client, MSG_DONTWAIT);
		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return n;
		rc = notices_in(client, n, fn, arg);
	}
	return rc;
}
