// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The stand-in's client and the program "standin". */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "standin_wire.h"

struct standin_link {
	int fd;
	struct standin_reply reply;
	uint8_t bytes[STANDIN_MESSAGE_MAX];
};

bool standin_may_write(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data))
		return false;
	return data[0].effective & 1U << CAP_NET_ADMIN;
}

/* There is a store where something listens; as with a module, or none. */
static int connect_store(void)
{
	struct sockaddr_un address;
	socklen_t len = standin_address(&address);
	int fd, err;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&address, len))
		return fd;
	err = errno == ECONNREFUSED ? -ENOENT : -errno;
	close(fd);
	return err;
}

int standin_link_open(struct standin_link **link)
{
	/* Its bytes are not cleared: their pages come when they are used. */
	struct standin_link *l = malloc(sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->fd = connect_store();
	if (l->fd < 0) {
		int err = l->fd;

		free(l);
		return err;
	}
	*link = l;
	return 0;
}

void standin_link_close(struct standin_link *link)
{
	close(link->fd);
	free(link);
}

void standin_link_abandon(struct standin_link *link)
{
	free(link);
}

int standin_link_fd(const struct standin_link *link)
{
	return link->fd;
}

static int receive(struct standin_link *link, int *new_fd, int flags)
{
	ssize_t n = standin_receive(link->fd, &link->reply, sizeof(link->reply),
				    link->bytes, sizeof(link->bytes), new_fd,
				    flags);

	return n < 0 ? n : n ? 0 : -ENOENT;
}

static int send_request(struct standin_link *link,
			const struct standin_request *request,
			const uint8_t *bytes, int session)
{
	return standin_send(link->fd, request, sizeof(*request), bytes,
			    request->cert_len + request->issuer_len +
			    request->blob_len + request->failure_len,
			    session, 0);
}

/* A module may have been unloaded and loaded again since the last request. */
static int reconnect(struct standin_link *link)
{
	int fd = connect_store();

	if (fd < 0)
		return fd;
	/* In its place: it may be known by its number. */
	dup3(fd, link->fd, O_CLOEXEC);
	close(fd);
	return 0;
}

int standin_link_call(struct standin_link *link,
		      const struct standin_request *request,
		      const uint8_t *bytes, int session, int *new_fd,
		      int (*fn)(const struct standin_reply *reply,
				const uint8_t *bytes, void *arg),
		      void *arg)
{
	int err, fn_err = 0;

	err = send_request(link, request, bytes, session);
	if (err == -EPIPE || err == -ECONNRESET) {
		err = reconnect(link);
		if (!err)
			err = send_request(link, request, bytes, session);
	}
	do {
		if (!err)
			err = receive(link, new_fd, 0);
		if (err)
			return err;
		if (!fn_err)
			fn_err = fn(&link->reply, link->bytes, arg);
	} while (link->reply.kind != STANDIN_REPLY);
	return fn_err;
}

int standin_link_notice(struct standin_link *link, struct standin_reply *reply)
{
	int err = receive(link, NULL, MSG_DONTWAIT);

	if (!err)
		*reply = link->reply;
	return err;
}

static int take_reply(const struct standin_reply *reply, const uint8_t *bytes,
		      void *arg)
{
	(void)bytes;
	*(struct standin_reply *)arg = *reply;
	return reply->err;
}

int standin_control(const struct standin_control *control,
		    struct standin_reply *reply)
{
	const struct standin_request request = {
		.op = STANDIN_CONTROL,
		.control = *control,
	};
	struct standin_link *link;
	int err;

	err = standin_link_open(&link);
	if (err)
		return err;
	err = standin_link_call(link, &request, NULL, -1, NULL, take_reply,
				reply);
	standin_link_close(link);
	return err;
}
