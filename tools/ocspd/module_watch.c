// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The controller of generic netlink tells which families are registered. The
 * first client loads the module, and does not want to wait until ocspd looks
 * for it the next time.
 */
#include <string.h>
#include <sys/epoll.h>

#include <linux/genetlink.h>
#include <linux/ktls_ocsp.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "loop.h"
#include "module_watch.h"

static void on_readable(struct watch *watch, uint32_t events);

static struct nl_sock *sock;
static struct watch readable = { .fn = on_readable, .fd = -1 };
static void (*on_loaded)(void);

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nla_policy policy[CTRL_ATTR_MAX + 1] = {
		[CTRL_ATTR_FAMILY_NAME] = { .type = NLA_STRING },
	};
	struct nlattr *attrs[CTRL_ATTR_MAX + 1];
	bool *ours = arg;

	if (genlmsg_hdr(nlmsg_hdr(msg))->cmd == CTRL_CMD_NEWFAMILY &&
	    !genlmsg_parse(nlmsg_hdr(msg), 0, attrs, CTRL_ATTR_MAX, policy) &&
	    attrs[CTRL_ATTR_FAMILY_NAME] &&
	    !nla_strcmp(attrs[CTRL_ATTR_FAMILY_NAME], KTLS_OCSP_FAMILY_NAME))
		*ours = true;
	return NL_OK;
}

static void on_readable(struct watch *watch, uint32_t events)
{
	bool ours = false;
	int err;

	(void)watch;
	(void)events;
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, &ours);
	do {
		err = nl_recvmsgs_default(sock);
	} while (!err);
	if (err != -NLE_AGAIN && err != -NLE_NOMEM)
		module_watch_stop();
	/* If messages were lost, it may have been among them. */
	if (ours || err == -NLE_NOMEM)
		on_loaded();
}

static bool listen_to_controller(void)
{
	int group;

	if (genl_connect(sock))
		return false;
	nl_socket_disable_seq_check(sock);
	group = genl_ctrl_resolve_grp(sock, "nlctrl", "notify");
	return group >= 0 && !nl_socket_add_membership(sock, group) &&
	       !nl_socket_set_nonblocking(sock);
}

void module_watch_start(void (*loaded)(void))
{
	on_loaded = loaded;
	if (sock)
		return;
	sock = nl_socket_alloc();
	if (!sock)
		return;
	if (listen_to_controller()) {
		readable.fd = nl_socket_get_fd(sock);
		if (!loop_add(&readable, EPOLLIN))
			return;
		readable.fd = -1;
	}
	module_watch_stop();
}

void module_watch_stop(void)
{
	if (readable.fd != -1)
		loop_remove(&readable);
	readable.fd = -1;
	nl_socket_free(sock);
	sock = NULL;
}
