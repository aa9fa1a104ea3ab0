// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The admin socket of HAProxy, see haproxy_cli.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "export.h"
#include "haproxy_cli.h"

/* us */
#define PATIENCE	5000000ULL
#define ACCURACY	100000
#define REPLY_MAX	(4 << 20)

static void disconnect(struct haproxy_cli *cli)
{
	cli->io = sd_event_source_unref(cli->io);
	cli->timer = sd_event_source_unref(cli->timer);
	if (cli->fd >= 0)
		close(cli->fd);
	cli->fd = -1;
	free(cli->out);
	cli->out = NULL;
}

void haproxy_cli_stop(struct haproxy_cli *cli)
{
	disconnect(cli);
	free(cli->in);
	cli->in = NULL;
}

static void fail(struct haproxy_cli *cli, const char *why)
{
	haproxy_cli_stop(cli);
	cli->failed(cli->owner, why);
}

static int on_patience(sd_event_source *source, uint64_t when, void *arg)
{
	(void)source;
	(void)when;
	fail(arg, "no answer");
	return 0;
}

static void finish(struct haproxy_cli *cli)
{
	char *reply = cli->in;

	cli->in = NULL;
	disconnect(cli);
	cli->then(cli->owner, reply);
	free(reply);
}

static void receive(struct haproxy_cli *cli)
{
	ssize_t n;

	if (cli->in_len + 4096 > REPLY_MAX) {
		fail(cli, "its answer is too long");
		return;
	}
	cli->in = must(realloc(cli->in, cli->in_len + 4097));
	n = recv(cli->fd, cli->in + cli->in_len, 4096, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		fail(cli, strerror(errno));
		return;
	}
	cli->in_len += n;
	cli->in[cli->in_len] = '\0';
	if (!n)
		finish(cli);
}

static void send_more(struct haproxy_cli *cli)
{
	ssize_t n = send(cli->fd, cli->out + cli->out_sent,
			 cli->out_len - cli->out_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		fail(cli, strerror(errno));
		return;
	}
	cli->out_sent += n > 0 ? n : 0;
	if (cli->out_sent == cli->out_len)
		sd_event_source_set_io_events(cli->io, EPOLLIN);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct haproxy_cli *cli = arg;

	(void)source;
	(void)fd;
	if (revents & EPOLLOUT)
		send_more(cli);
	else
		receive(cli);
	return 0;
}

void haproxy_cli_send(struct haproxy_cli *cli, char *text,
		      void (*then)(void *owner, char *reply))
{
	cli->then = then;
	cli->out = must(text);
	cli->out_len = strlen(text);
	cli->out_sent = 0;
	cli->in_len = 0;
	cli->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			 0);
	if (cli->fd < 0 || connect(cli->fd, (struct sockaddr *)&cli->address,
				   sizeof(cli->address))) {
		fail(cli, strerror(errno));
		return;
	}
	if (sd_event_add_io(loop, &cli->io, cli->fd, EPOLLOUT, on_io, cli) < 0 ||
	    sd_event_add_time_relative(loop, &cli->timer, CLOCK_MONOTONIC,
				       PATIENCE, ACCURACY, on_patience,
				       cli) < 0)
		no_memory();
}

bool haproxy_cli_is_busy(const struct haproxy_cli *cli)
{
	return cli->fd >= 0;
}

void haproxy_cli_init(struct haproxy_cli *cli)
{
	cli->fd = -1;
}
