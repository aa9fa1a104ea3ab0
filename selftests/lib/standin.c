// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The stand-in for the kernel's store as a program, one for each network
 * namespace: see usage[] and standin.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "standin_wire.h"

static const char usage[] =
"usage: standin start | run | stop\n"
"       standin fail OP ERRNO [TIMES]\n"
"       standin limit NAME VALUE\n"
"       standin lose TIMES | unsettle TIMES | count\n"
"       standin step SECONDS\n"
"\n"
"A stand-in for the kernel's store in this network namespace. \"start\" returns\n"
"when it is there; \"run\" does not, and closes its output then; \"stop\" fails\n"
"while there are sessions, as rmmod does. The\n"
"other commands tell the one that runs: the next TIMES (1) requests OP (session,\n"
"open, ref, close, get, dump, set, del, stats, listen) fail; a limit has that\n"
"VALUE; so many notices are lost; so many dumps are interrupted. \"count\" prints how many\n"
"listeners have something to read, and how many lost something. \"step\" sets the\n"
"clock that the file $STANDIN_CLOCK is.\n";

#define CLIENTS		1024
/* What the kernel's listeners get (twice of what they ask for) */
#define NOTICE_BUFFER	(4 << 20)
/* ms between two looks at the wall clock, which may be set */
#define LOOK_EVERY	100
/* Seconds in which a client has to take its answer */
#define PATIENCE	20

struct client {
	int fd;				/* -1: free */
	bool wanted, events;
	bool lost;			/* that has to be told, when there is room */
	bool ever_lost;
};

static struct client clients[CLIENTS];
static struct standin_store *store;
static unsigned int to_lose;
static bool stopping;

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "standin: %s: %s\n", what, why);
	exit(1);
}

static void drop(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

/* Notices */

static void tell_one(struct client *client, const struct standin_reply *message)
{
	if (!client->lost && !to_lose &&
	    standin_send(client->fd, message, sizeof(*message), NULL, 0, -1,
			 MSG_DONTWAIT) != -EAGAIN)
		return;
	client->lost = true;
	client->ever_lost = true;
}

static void tell(const struct ocsp_notice *notice)
{
	struct standin_reply message = {
		.kind = STANDIN_NOTICE,
		.notice = *notice,
	};
	bool told = false;
	int i;

	for (i = 0; i < CLIENTS; i++) {
		if (clients[i].fd == -1 ||
		    !(notice->wanted ? clients[i].wanted : clients[i].events))
			continue;
		tell_one(&clients[i], &message);
		told = true;
	}
	if (told && to_lose)
		to_lose--;
}

/* All that was there was read: a socket that ran over says so now. */
static void tell_lost(struct client *client)
{
	const struct standin_reply message = { .kind = STANDIN_LOST };

	if (!standin_send(client->fd, &message, sizeof(message), NULL, 0, -1,
			  MSG_DONTWAIT))
		client->lost = false;
}

static bool has_refresher(void)
{
	int i;

	for (i = 0; i < CLIENTS; i++)
		if (clients[i].fd != -1 && clients[i].wanted)
			return true;
	return false;
}

/* Answers */

static void dumped(const struct ocsp_entry *entry, void *arg)
{
	const struct standin_reply message = {
		.kind = STANDIN_ENTRY,
		.entry = *entry,
	};
	const struct client *client = arg;

	standin_send(client->fd, &message, sizeof(message), NULL, 0, -1, 0);
}

static const struct standin_calls calls = {
	.notice = tell,
	.has_refresher = has_refresher,
	.dumped = dumped,
	.wall = standin_wall,
	.ms = standin_ms,
};

static void answer(struct client *client, const struct standin_reply *reply,
		   int fd)
{
	static uint8_t bytes[STANDIN_MESSAGE_MAX];
	const struct ocsp_entry *r = &reply->entry;
	uint8_t *p = bytes;

	if (r->cert)
		p = mempcpy(p, r->cert, r->cert_len);
	if (r->issuer)
		p = mempcpy(p, r->issuer, r->issuer_len);
	if (r->blob)
		p = mempcpy(p, r->blob, r->blob_len);
	if (standin_send(client->fd, reply, sizeof(*reply), bytes, p - bytes,
			 fd, 0))
		drop(client);
}

static void count_listeners(struct standin_reply *reply)
{
	int i, unread;

	for (i = 0; i < CLIENTS; i++) {
		if (clients[i].fd == -1 ||
		    !(clients[i].wanted || clients[i].events))
			continue;
		if (clients[i].lost ||
		    (!ioctl(clients[i].fd, SIOCOUTQ, &unread) && unread > 0))
			reply->waiting++;
		reply->dropped += clients[i].ever_lost;
	}
}

static void stop(struct standin_reply *reply)
{
	if (standin_store_sessions(store)) {
		reply->err = -EBUSY;
		strcpy(reply->text, "there are sessions");
	} else {
		stopping = true;
	}
}

static bool control(const struct standin_control *c, struct standin_reply *reply)
{
	switch (c->action) {
	case STANDIN_ACTION_LOSE:
		to_lose = c->times;
		return true;
	case STANDIN_ACTION_COUNT:
		count_listeners(reply);
		return true;
	case STANDIN_ACTION_STOP:
		stop(reply);
		return true;
	default:
		return false;
	}
}

static void handle(struct client *client, const struct standin_request *rq,
		   const uint8_t *bytes, int fd)
{
	struct standin_reply reply = { .kind = STANDIN_REPLY };
	int buffer = NOTICE_BUFFER, session = -1;

	standin_session_reap(store);
	if (rq->op != STANDIN_CONTROL || !control(&rq->control, &reply))
		standin_store_call(store, fd == -1 ? NULL :
				   standin_session_of(store, fd), rq, bytes,
				   client, &reply);
	if (!reply.err && rq->op == STANDIN_LISTEN) {
		client->wanted |= rq->wanted;
		client->events |= rq->events;
		if (!rq->privileged ||
		    setsockopt(client->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer,
			       sizeof(buffer)))
			setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &buffer,
				   sizeof(buffer));
	}
	if (!reply.err && rq->op == STANDIN_SESSION)
		session = standin_session_fd(store, rq, &reply);
	answer(client, &reply, session);
	if (session != -1)
		close(session);
}

static void on_readable(struct client *client)
{
	static uint8_t bytes[STANDIN_MESSAGE_MAX];
	struct standin_request rq;
	int fd = -1;
	ssize_t n;

	n = standin_receive(client->fd, &rq, sizeof(rq), bytes, sizeof(bytes),
			    &fd, MSG_DONTWAIT);
	if (n > 0)
		handle(client, &rq, bytes, fd);
	else if (n != -EAGAIN)
		drop(client);
	if (fd != -1)
		close(fd);
}

static void on_connection(int listener)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int i, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (i = 0; i < CLIENTS && clients[i].fd != -1; i++)
		;
	if (i == CLIENTS)
		die("clients", "too many");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	clients[i] = (struct client) { .fd = fd };
}

static int listen_here(void)
{
	struct sockaddr_un address;
	socklen_t len = standin_address(&address);
	int i, fd;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) ||
	    listen(fd, CLIENTS))
		die("socket", strerror(errno));
	for (i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	return fd;
}

static void turn(int listener)
{
	static struct pollfd fds[CLIENTS + 1];
	static int which[CLIENTS + 1];
	int64_t due = standin_store_run(store);
	int i, n = 1;

	fds[0] = (struct pollfd) { listener, POLLIN, 0 };
	for (i = 0; i < CLIENTS; i++) {
		if (clients[i].fd == -1)
			continue;
		fds[n] = (struct pollfd) { clients[i].fd, POLLIN, 0 };
		if (clients[i].lost)
			fds[n].events |= POLLOUT;
		which[n++] = i;
	}
	if (poll(fds, n, due == -1 ? -1 : LOOK_EVERY) < 0)
		return;
	for (i = 1; i < n; i++) {
		if (fds[i].revents & POLLOUT)
			tell_lost(&clients[which[i]]);
		if (fds[i].revents & ~POLLOUT)
			on_readable(&clients[which[i]]);
	}
	if (fds[0].revents)
		on_connection(listener);
}

static int start(bool in_background)
{
	int listener;
	pid_t pid;

	store = standin_store_new(&calls);
	if (!store)
		die("store", "no memory");
	listener = listen_here();
	pid = in_background ? fork() : 0;
	if (pid < 0)
		die("fork", strerror(errno));
	if (pid)
		return 0;
	if (in_background)
		setsid();
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	while (!stopping)
		turn(listener);
	standin_store_free(store);
	return 0;
}

/* By a write() and not through a mapping, so that inotify tells of it. */
static int step_clock(long seconds)
{
	const char *path = getenv("STANDIN_CLOCK");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	int64_t ahead;

	if (fd == -1 || pread(fd, &ahead, sizeof(ahead), 0) != sizeof(ahead))
		die("$STANDIN_CLOCK", "is no clock");
	ahead += seconds;
	if (pwrite(fd, &ahead, sizeof(ahead), 0) != sizeof(ahead))
		die(path, strerror(errno));
	close(fd);
	return 0;
}

/* The commands to the one that runs */

static bool parse_op(const char *text, enum standin_op *op)
{
	static const char * const names[STANDIN_OPS] = {
		"session", "open", "ref", "close", "get", "dump", "set", "del",
		"stats", "listen",
	};
	int i;

	for (i = 0; i < STANDIN_OPS; i++) {
		if (strcmp(text, names[i]))
			continue;
		*op = i;
		return true;
	}
	return false;
}

static bool parse_error(const char *text, int *err)
{
	int i;

	for (i = 1; i < 200; i++) {
		if (!strerrorname_np(i) || strcmp(text, strerrorname_np(i)))
			continue;
		*err = i;
		return true;
	}
	return false;
}

static bool parse(int argc, char **argv, struct standin_control *c)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "stop") && argc == 2) {
		c->action = STANDIN_ACTION_STOP;
	} else if (!strcmp(verb, "count") && argc == 2) {
		c->action = STANDIN_ACTION_COUNT;
	} else if (!strcmp(verb, "fail") && (argc == 4 || argc == 5)) {
		c->action = STANDIN_ACTION_FAIL;
		c->times = argc == 5 ? atoi(argv[4]) : 1;
		return parse_op(argv[2], &c->op) && parse_error(argv[3], &c->err);
	} else if (!strcmp(verb, "limit") && argc == 4) {
		c->action = STANDIN_ACTION_LIMIT;
		snprintf(c->limit, sizeof(c->limit), "%s", argv[2]);
		c->value = atoi(argv[3]);
	} else if (!strcmp(verb, "lose") && argc == 3) {
		c->action = STANDIN_ACTION_LOSE;
		c->times = atoi(argv[2]);
	} else if (!strcmp(verb, "unsettle") && argc == 3) {
		c->action = STANDIN_ACTION_UNSETTLE;
		c->times = atoi(argv[2]);
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct standin_control c = { 0 };
	struct standin_reply reply = { 0 };
	int err;

	if (argc == 2 && !strcmp(argv[1], "start"))
		return start(true);
	if (argc == 2 && !strcmp(argv[1], "run"))
		return start(false);
	if (argc == 3 && !strcmp(argv[1], "step"))
		return step_clock(atol(argv[2]));
	if (!parse(argc, argv, &c)) {
		fputs(usage, stderr);
		return 2;
	}
	err = standin_control(&c, &reply);
	if (err)
		die(argv[1], *reply.text ? reply.text : strerror(-err));
	if (c.action == STANDIN_ACTION_COUNT)
		printf("%u %u\n", reply.waiting, reply.dropped);
	return 0;
}
