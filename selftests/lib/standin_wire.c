// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Messages between the stand-in's clients and the program "standin". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "standin_wire.h"

union control {
	struct cmsghdr header;		/* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void add_descriptor(struct msghdr *m, union control *control, int fd)
{
	struct cmsghdr *c;

	m->msg_control = control->bytes;
	m->msg_controllen = sizeof(control->bytes);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

/* Not on the stack: that of a server's thread may have 64 KiB. */
static ssize_t send_whole(int socket, const void *head, size_t head_len,
			  const void *bytes, size_t len, int flags)
{
	char *whole = malloc(head_len + len);
	ssize_t n;
	int err;

	if (!whole)
		return -1;
	memcpy(whole, head, head_len);
	if (len)
		memcpy(whole + head_len, bytes, len);
	n = send(socket, whole, head_len + len, flags);
	err = errno;
	free(whole);
	errno = err;
	return n;
}

int standin_send(int socket, const void *head, size_t head_len,
		 const void *bytes, size_t len, int fd, int flags)
{
	struct iovec iov[] = {
		{ (void *)head, head_len },
		{ (void *)bytes, len },
	};
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	union control control = { 0 };
	ssize_t n;

	if (fd != -1)
		add_descriptor(&m, &control, fd);
	do {
		n = fd == -1 ? send_whole(socket, head, head_len, bytes, len,
					  flags | MSG_NOSIGNAL) :
			       sendmsg(socket, &m, flags | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static void take_descriptor(struct msghdr *m, int *fd)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int taken;

	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&taken, CMSG_DATA(c), sizeof(taken));
	if (fd)
		*fd = taken;
	else
		close(taken);
}

ssize_t standin_receive(int socket, void *head, size_t head_len,
			void *bytes, size_t len, int *fd, int flags)
{
	struct iovec iov[] = { { head, head_len }, { bytes, len } };
	union control control;
	struct msghdr m = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n;

	do {
		n = recvmsg(socket, &m, flags | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	take_descriptor(&m, fd);
	return n && (size_t)n < head_len ? -EPROTO : n;
}
