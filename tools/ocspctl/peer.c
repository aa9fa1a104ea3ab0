// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A TCP connection that never waits for longer than its deadline. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3)))
static bool fail(struct peer *peer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(peer->why, sizeof(peer->why), fmt, args);
	va_end(args);
	return false;
}

bool peer_wait(struct peer *peer, short events)
{
	struct pollfd fd = { peer->fd, events, 0 };
	int64_t left;
	int n;

	do {
		left = peer->deadline - monotonic_ms();
		if (left <= 0)
			return fail(peer, "timed out");
		n = poll(&fd, 1, left);
	} while (!n || (n < 0 && errno == EINTR));
	return n > 0 || fail(peer, "%s", strerror(errno));
}

static bool finish_connect(struct peer *peer)
{
	socklen_t len = sizeof(int);
	int err;

	if (!peer_wait(peer, POLLOUT))
		return false;
	if (getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	return !err || fail(peer, "%s", strerror(err));
}

static bool try_address(struct peer *peer, const struct addrinfo *a)
{
	peer->fd = socket(a->ai_family,
			  a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  a->ai_protocol);
	if (peer->fd < 0)
		return fail(peer, "%s", strerror(errno));
	if (!connect(peer->fd, a->ai_addr, a->ai_addrlen))
		return true;
	if (errno == EINPROGRESS)
		return finish_connect(peer);
	return fail(peer, "%s", strerror(errno));
}

bool peer_connect(struct peer *peer, const char *host, const char *port,
		  int64_t timeout_ms)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all, *a;
	bool done = false;
	int err;

	peer->fd = -1;
	peer->deadline = monotonic_ms() + timeout_ms;
	err = getaddrinfo(host, port, &hints, &all);
	if (err)
		return fail(peer, "%s", gai_strerror(err));
	for (a = all; a && !done; a = a->ai_next) {
		peer_close(peer);
		done = try_address(peer, a);
	}
	freeaddrinfo(all);
	return done;
}

void peer_close(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

bool peer_send(struct peer *peer, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = send(peer->fd, p, len, MSG_NOSIGNAL);
		if (n >= 0) {
			p += n;
			len -= n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return fail(peer, "%s", strerror(errno));
		} else if (!peer_wait(peer, POLLOUT)) {
			return false;
		}
	}
	return true;
}

bool peer_receive(struct peer *peer, void *data, size_t len)
{
	char *p = data;
	ssize_t n;

	while (len) {
		n = recv(peer->fd, p, len, 0);
		if (!n)
			return fail(peer, "the server closed the connection");
		if (n > 0) {
			p += n;
			len -= n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return fail(peer, "%s", strerror(errno));
		} else if (!peer_wait(peer, POLLIN)) {
			return false;
		}
	}
	return true;
}

/* Byte by byte: what is behind the line may be TLS. */
bool peer_read_line(struct peer *peer, char *line, size_t size)
{
	size_t len = 0;

	while (peer_receive(peer, &line[len], 1)) {
		if (line[len] == '\n') {
			while (len && line[len - 1] == '\r')
				len--;
			line[len] = '\0';
			return true;
		}
		if (++len == size)
			return fail(peer, "a line of the server is too long");
	}
	return false;
}
