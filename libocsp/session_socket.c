// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Sessions from the broker's socket, see session_socket.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "session_socket.h"

#define PATIENCE	10	/* seconds for the answer */
#define FIRST_DELAY	1	/* seconds; doubled by each refusal */
#define DOUBLINGS	6

/* Protected by the library's lock. */
static struct {
	bool asked;			/* connection and since are set */
	struct ocsp_fd_id connection;
	uint32_t since;			/* ocsp_uptime() */
	unsigned int refusals;		/* in a row */
	uint32_t retry_at;
	struct ocsp_error refusal;
} broker;

/* NULL: there is to be none. */
static const char *path(void)
{
	const char *named = secure_getenv(OCSP_SESSION_SOCKET_ENV);

	if (!named)
		return OCSP_SESSION_SOCKET;
	return *named ? named : NULL;
}

static bool is_waiting(void)
{
	return broker.refusals && (int32_t)(broker.retry_at - ocsp_uptime()) > 0;
}

void ocsp_broker_failed(const struct ocsp_error *error)
{
	broker.refusal = *error;
	broker.retry_at = ocsp_uptime() + (FIRST_DELAY << broker.refusals);
	if (broker.refusals < DOUBLINGS)
		broker.refusals++;
}

static enum ocsp_broker_answer refuse(struct ocsp_error *error, int err,
				      const char *why)
{
	ocsp_error_set(error, ocsp_error_code(-err),
		       "the session broker at %s: %s", path(), why);
	ocsp_broker_failed(error);
	return OCSP_BROKER_REFUSED;
}

static void hang_up(void)
{
	if (broker.asked)
		ocsp_fd_close(&broker.connection);
	broker.asked = false;
}

/* 0; or a negative errno, also where there is no such thing. */
static int connect_broker(const char *to)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(to) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, to);
	/* A handshake may come here, and does not wait for a full queue. */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		close(fd);
		return err;
	}
	ocsp_fd_remember(&broker.connection, fd);
	broker.since = ocsp_uptime();
	broker.asked = true;
	return 0;
}

/* The first descriptor of a message, the others closed; -1: it has none. */
static int take_fd(struct msghdr *m)
{
	struct cmsghdr *c;
	int fd = -1, passed;
	size_t i, n;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&passed, CMSG_DATA(c) + i * sizeof(int),
			       sizeof(passed));
			if (fd == -1)
				fd = passed;
			else
				close(passed);
		}
	}
	return fd;
}

/* -EAGAIN, another negative errno, or the bytes, which may be 0. */
static ssize_t receive(struct ocsp_session_offer *offer, int *fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec iov = { offer, sizeof(*offer) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t n;

	memset(offer, 0, sizeof(*offer));
	do
		n = recvmsg(broker.connection.fd, &m,
			    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*fd = take_fd(&m);
	offer->text[sizeof(offer->text) - 1] = '\0';
	return n;
}

/* With a connection. */
static enum ocsp_broker_answer take_answer(int *fd, struct ocsp_error *error)
{
	struct ocsp_session_offer offer;
	ssize_t n = receive(&offer, fd);

	if (n == -EAGAIN && ocsp_uptime() - broker.since <= PATIENCE) {
		ocsp_error_set(error, ERROR_NOT_READY,
			       "waiting for the session broker at %s", path());
		return OCSP_BROKER_WAIT;
	}
	hang_up();
	if (n == -EAGAIN)
		return refuse(error, EIO, "it does not answer");
	if (n < 0)
		return refuse(error, -n, strerror(-n));
	if (!offer.err && *fd != -1) {
		broker.refusals = 0;
		return OCSP_BROKER_SESSION;
	}
	if (*fd != -1)
		close(*fd);
	if (n < (ssize_t)offsetof(struct ocsp_session_offer, text) || !offer.err)
		return refuse(error, EPROTO, "its answer makes no sense");
	return refuse(error, offer.err, offer.text);
}

/* What is no refusal of the broker's, but of the way to it. */
static bool is_no_way(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ECONNREFUSED ||
	       err == -EACCES || err == -EPERM || err == -ELOOP ||
	       err == -ENAMETOOLONG || err == -EPROTOTYPE ||
	       err == -EAFNOSUPPORT;
}

/* Connect, unless that was done. 0, or a negative errno. */
static int ask(const char *to)
{
	if (broker.asked && ocsp_fd_is_ours(&broker.connection))
		return 0;
	broker.asked = false;
	return connect_broker(to);
}

enum ocsp_broker_answer ocsp_broker_ask(int *fd, struct ocsp_error *error)
{
	const char *to = path();
	int err;

	if (!to)
		return OCSP_BROKER_NONE;
	if (is_waiting()) {
		*error = broker.refusal;
		return OCSP_BROKER_REFUSED;
	}
	err = ask(to);
	if (is_no_way(err))
		return OCSP_BROKER_NONE;
	return err ? refuse(error, -err, strerror(-err)) : take_answer(fd, error);
}

int ocsp_broker_start(void)
{
	const char *to = path();

	if (!to || is_waiting() || ask(to))
		return -1;
	return fcntl(broker.connection.fd, F_DUPFD_CLOEXEC, 3);
}

void ocsp_broker_forked(void)
{
	hang_up();
	broker.refusals = 0;
}
