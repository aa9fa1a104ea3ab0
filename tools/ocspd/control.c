// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The control socket, see control.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "command.h"
#include "control.h"
#include "control_protocol.h"
#include "log.h"
#include "loop.h"
#include "unix_socket.h"

/* Clients at a time; root's, so this is against mistakes. */
#define CLIENTS_MAX	8
/* And as many that only read why they are refused */
#define REFUSED_MAX	8

struct client {
	LIST_ENTRY(client) others;
	struct watch watch;
	struct timer timer;		/* until it is disconnected */
	struct answer *answer;		/* NULL: between two requests */
	bool ended;			/* it sends nothing more */
	bool refused;			/* what it sends is thrown away */
	bool broken;			/* nothing more can be sent */
	char in[CONTROL_REQUEST_MAX];
	size_t in_len;
	char *out;			/* out_len bytes, out_sent of them sent */
	size_t out_len, out_sent, out_size;
};

static LIST_HEAD(, client) clients = LIST_HEAD_INITIALIZER(clients);
static int clients_count;

static void on_connection(struct watch *watch, uint32_t events);
static struct watch listening = { .fn = on_connection, .fd = -1 };
static char *own_path;			/* NULL: the socket is systemd's */

static void end_answer(struct client *client)
{
	struct answer *answer = client->answer;

	client->answer = NULL;
	if (answer)
		answer->free(answer);
}

static void disconnect(struct client *client)
{
	end_answer(client);
	loop_remove(&client->watch);
	timer_stop(&client->timer);
	close(client->watch.fd);
	LIST_REMOVE(client, others);
	clients_count--;
	free(client->out);
	free(client);
}

static void on_timeout(struct timer *timer)
{
	disconnect(container_of(timer, struct client, timer));
}

/* Whatever it waits for: it has as much time from now on. */
static void give_time(struct client *client)
{
	timer_set(&client->timer, clock_ms() + CONTROL_TIMEOUT * 1000);
}

/* Sending */

static bool has_output(const struct client *client)
{
	return client->out_sent < client->out_len;
}

static bool reserve(struct client *client, size_t len)
{
	size_t want = client->out_len + len;
	char *grown;

	if (want <= client->out_size)
		return true;
	want += want / 2;
	grown = realloc(client->out, want);
	if (!grown)
		return false;
	client->out = grown;
	client->out_size = want;
	return true;
}

void client_send(struct client *client, json_t *record)
{
	char *text = record ? json_dumps(record, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	size_t len = text ? strlen(text) : 0;

	if (!text || !reserve(client, len + 1)) {
		/* Half an answer could be taken for all of it. */
		client->broken = true;
	} else {
		memcpy(client->out + client->out_len, text, len);
		client->out[client->out_len + len] = '\n';
		client->out_len += len + 1;
	}
	free(text);
	json_decref(record);
}

void client_done(struct client *client, json_t *record)
{
	if (record && json_object_set_new(record, "done", json_true())) {
		json_decref(record);
		record = NULL;
	}
	client_send(client, record);
}

void client_fail(struct client *client, const char *why)
{
	client_done(client, json_pack("{s:s}", "error", why));
}

/* False: it does not take anything any more. */
static bool flush(struct client *client)
{
	ssize_t n;

	while (has_output(client)) {
		n = send(client->watch.fd, client->out + client->out_sent,
			 client->out_len - client->out_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		client->out_sent += n;
		give_time(client);
	}
	client->out_len = 0;
	client->out_sent = 0;
	return true;
}

/* Requests */

void client_answer(struct client *client, struct answer *answer)
{
	client->answer = answer;
}

static void run(struct client *client, const char *line, size_t len)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, 0, &error);

	if (json_is_object(request))
		command_run(client, request);
	else
		client_fail(client, "the request is not a JSON object");
	json_decref(request);
}

/* One request is answered before the next is looked at. */
static bool take_request(struct client *client)
{
	char *end = memchr(client->in, '\n', client->in_len);
	size_t len;

	if (client->answer || has_output(client) || client->refused)
		return false;
	if (end) {
		len = end - client->in;
		run(client, client->in, len);
		client->in_len -= len + 1;
		memmove(client->in, end + 1, client->in_len);
		return true;
	}
	if (client->in_len == sizeof(client->in)) {
		client_fail(client, "the request is too long");
		client->refused = true;
		client->in_len = 0;
	}
	return client->refused;
}

/* What can be done at once, and what to wait for then. */
static void settle(struct client *client)
{
	uint32_t events = 0;

	do {
		if (client->broken || !flush(client)) {
			disconnect(client);
			return;
		}
	} while (take_request(client));
	if (client->ended && !has_output(client) && !client->answer) {
		disconnect(client);
		return;
	}
	/* To close it now would take from it what it did not read yet. */
	if (client->refused && !has_output(client))
		shutdown(client->watch.fd, SHUT_WR);
	if (has_output(client) || (client->answer && !client->answer->slow))
		events |= EPOLLOUT;
	if (client->in_len < sizeof(client->in) && !client->ended)
		events |= EPOLLIN;
	if (client->answer && client->answer->slow && !has_output(client))
		timer_stop(&client->timer);
	else if (!client->timer.place)
		give_time(client);
	loop_change(&client->watch, events);
}

static void go_on(struct client *client)
{
	if (client->answer && !has_output(client) &&
	    !client->answer->more(client, client->answer))
		end_answer(client);
}

void client_wake(struct client *client)
{
	go_on(client);
	settle(client);
}

/* False: it is gone. */
static bool receive(struct client *client)
{
	ssize_t n;

	n = recv(client->watch.fd, client->in + client->in_len,
		 sizeof(client->in) - client->in_len, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!client->refused)
		client->in_len += n;
	/* It may still want the answers to what it sent. */
	if (!n)
		client->ended = true;
	return true;
}

static void on_client(struct watch *watch, uint32_t events)
{
	struct client *client = container_of(watch, struct client, watch);

	if (events & (EPOLLERR | EPOLLHUP) ||
	    (events & EPOLLIN && !receive(client))) {
		disconnect(client);
		return;
	}
	if (events & EPOLLOUT) {
		if (!flush(client)) {
			disconnect(client);
			return;
		}
		go_on(client);
	}
	settle(client);
}

/* Connections */

static struct client *new_client(int fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->watch.fn = on_client;
	client->watch.fd = fd;
	client->timer.fn = on_timeout;
	if (!loop_add(&client->watch, EPOLLIN))
		return client;
	free(client);
	return NULL;
}

static void on_connection(struct watch *watch, uint32_t events)
{
	struct client *client;
	int fd;

	(void)events;
	fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	client = clients_count < CLIENTS_MAX + REFUSED_MAX ? new_client(fd) :
							     NULL;
	if (!client) {
		close(fd);
		return;
	}
	LIST_INSERT_HEAD(&clients, client, others);
	give_time(client);
	if (clients_count++ >= CLIENTS_MAX) {
		client_fail(client, "too many clients");
		client->refused = true;
	}
	settle(client);
}

/* The socket of ocspd.socket; -1: there is none. */
static int passed_socket(void)
{
	if (sd_listen_fds(false) < 1 ||
	    sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_STREAM, 1) <= 0)
		return -1;
	return SD_LISTEN_FDS_START;
}

/* A descriptor or a negative errno. */
static int own_socket(const char *path)
{
	int fd = unix_listen(path, SOCK_STREAM, 0600, -1, CLIENTS_MAX);

	if (fd >= 0)
		own_path = strdup(path);
	return fd;
}

void control_open(const char *path)
{
	int fd, err;

	if (!path || (own_path && !strcmp(own_path, path)) ||
	    (listening.fd != -1 && !own_path)) {
		if (!path)
			control_close();
		return;
	}
	control_close();
	fd = passed_socket();
	if (fd < 0)
		fd = own_socket(path);
	listening.fd = fd;
	err = fd < 0 ? fd : loop_add(&listening, EPOLLIN);
	if (!err)
		return;
	log_text(LOG_WARNING, "control socket %s: %s; ocspctl cannot reach ocspd",
		 path, strerror(-err));
	if (fd >= 0)
		close(fd);
	listening.fd = -1;
}

void control_close(void)
{
	struct client *client, *next;

	for (client = LIST_FIRST(&clients); client; client = next) {
		next = LIST_NEXT(client, others);
		disconnect(client);
	}
	if (listening.fd == -1)
		return;
	loop_remove(&listening);
	close(listening.fd);
	listening.fd = -1;
	if (own_path)
		unlink(own_path);
	free(own_path);
	own_path = NULL;
}
