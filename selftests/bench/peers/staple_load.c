// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A client for the comparison of servers: full handshakes that start at fixed
 * times, however long earlier ones take, and a verdict on each staple.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "clock.h"
#include "verdict.h"

#define OPEN_MAX_AT_ONCE	4000

static const char usage[] =
"usage: staple_load --port PORT --ca FILE [--names N] [--count N] [--interval MS]\n"
"	[--at-once N] [--timeout S]\n"
"Makes COUNT (1) full TLS 1.3 handshakes, one each INTERVAL (0) milliseconds, but\n"
"no more than AT_ONCE (4000) at a time. They ask for n00000.test to that of N - 1\n"
"(1) in turn, in an order that looks random. After S (60) seconds one has failed.\n"
"Prints a line for each when it is over: when it began, in milliseconds of the\n"
"wall clock; how many it took; the number of the name; the verdict on the staple.\n";

static struct {
	int port;
	const char *ca;
	long names;
	long count;
	long interval;
	long at_once;
	long timeout;
} options = { .names = 1, .count = 1, .at_once = OPEN_MAX_AT_ONCE, .timeout = 60 };

struct handshake {
	int fd;				/* -1: free */
	SSL *ssl;
	long name;
	int64_t began_wall;		/* ms */
	int64_t began;			/* ms, of a clock that nobody sets */
	short events;
};

static struct handshake handshakes[OPEN_MAX_AT_ONCE];
static long under_way;
static SSL_CTX *ctx;

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "staple_load: %s: %s\n", what, why);
	exit(2);
}

static int64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

/* The same order in each run; each name once in so many. */
static long name_of(long i)
{
	static const long steps[] = { 7919, 6151, 4049, 31, 7, 1 };
	long a, b, rest;

	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		for (a = options.names, b = steps[s]; b; rest = a % b, a = b, b = rest)
			;
		if (a == 1)
			return i % options.names * steps[s] % options.names;
	}
	return i % options.names;
}

static void finish(struct handshake *h, const char *what)
{
	printf("%lld %lld %ld %s\n", (long long)h->began_wall,
	       (long long)(now_ms() - h->began), h->name, what);
	if (!strcmp(what, "failed"))
		SSL_set_quiet_shutdown(h->ssl, 1);
	else
		SSL_shutdown(h->ssl);
	SSL_free(h->ssl);
	close(h->fd);
	h->fd = -1;
	under_way--;
}

/* Goes on as far as it can without waiting. */
static void proceed(struct handshake *h)
{
	int rc = SSL_connect(h->ssl);

	if (rc == 1) {
		finish(h, verdict_name(verdict_of(h->ssl)));
		return;
	}
	switch (SSL_get_error(h->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		h->events = POLLIN;
		break;
	case SSL_ERROR_WANT_WRITE:
		h->events = POLLOUT;
		break;
	default:
		finish(h, "failed");
	}
}

static int open_socket(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(options.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int yes = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct handshake *find_free(void)
{
	for (long i = 0; i < options.at_once; i++)
		if (handshakes[i].fd == -1)
			return &handshakes[i];
	return NULL;
}

static void begin(long i)
{
	struct handshake *h = find_free();
	char name[32];

	h->name = name_of(i);
	h->began = now_ms();
	h->began_wall = clock_ns(CLOCK_REALTIME) / NS_PER_MS;
	h->events = POLLOUT;
	h->fd = open_socket();
	if (h->fd == -1) {
		printf("%lld 0 %ld failed\n", (long long)h->began_wall, h->name);
		return;
	}
	snprintf(name, sizeof(name), "n%05ld.test", h->name);
	h->ssl = SSL_new(ctx);
	if (!h->ssl || !SSL_set_fd(h->ssl, h->fd) ||
	    !SSL_set_tlsext_host_name(h->ssl, name) ||
	    !SSL_set1_host(h->ssl, name) ||
	    !SSL_set_tlsext_status_type(h->ssl, TLSEXT_STATUSTYPE_ocsp))
		die(name, "cannot prepare a handshake");
	under_way++;
}

/* Of what is under way: goes on with it, or ends what takes too long. */
static void step(int wait_ms)
{
	static struct pollfd fds[OPEN_MAX_AT_ONCE];
	static struct handshake *of[OPEN_MAX_AT_ONCE];
	int64_t now = now_ms(), left;
	int n = 0;

	for (long i = 0; i < options.at_once; i++) {
		struct handshake *h = &handshakes[i];

		if (h->fd == -1)
			continue;
		left = h->began + 1000 * options.timeout - now;
		if (left <= 0) {
			finish(h, "failed");
			continue;
		}
		if (left < wait_ms || wait_ms < 0)
			wait_ms = left;
		fds[n] = (struct pollfd){ .fd = h->fd, .events = h->events };
		of[n++] = h;
	}
	/* The last ones took too long: nothing would end that wait. */
	if (!n && wait_ms < 0)
		return;
	if (poll(fds, n, wait_ms) < 0)
		die("poll", strerror(errno));
	for (int i = 0; i < n; i++)
		if (fds[i].revents)
			proceed(of[i]);
}

static void run(void)
{
	int64_t start = now_ms(), due, now;
	long begun = 0;

	while (begun < options.count || under_way) {
		now = now_ms();
		due = start + begun * options.interval;
		if (begun < options.count && due <= now && under_way < options.at_once)
			begin(begun++);
		else if (begun == options.count || under_way == options.at_once)
			step(-1);
		else
			step(due - now);
	}
}

static void make_ctx(void)
{
	ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) ||
	    !SSL_CTX_load_verify_file(ctx, options.ca))
		die(options.ca, "no certificates in PEM");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

static long number(const char *option, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 0)
		die(option, "not a number");
	return n;
}

static void parse(int argc, char **argv)
{
	static const struct option all[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "ca", required_argument, NULL, 'f' },
		{ "names", required_argument, NULL, 'n' },
		{ "count", required_argument, NULL, 'c' },
		{ "interval", required_argument, NULL, 'i' },
		{ "at-once", required_argument, NULL, 'a' },
		{ "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", all, NULL)) != -1) {
		switch (option) {
		case 'p':
			options.port = number("--port", optarg);
			break;
		case 'f':
			options.ca = optarg;
			break;
		case 'n':
			options.names = number("--names", optarg);
			break;
		case 'c':
			options.count = number("--count", optarg);
			break;
		case 'i':
			options.interval = number("--interval", optarg);
			break;
		case 'a':
			options.at_once = number("--at-once", optarg);
			break;
		case 't':
			options.timeout = number("--timeout", optarg);
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind != argc || !options.port || !options.ca || !options.names ||
	    !options.at_once || options.at_once > OPEN_MAX_AT_ONCE) {
		fputs(usage, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const struct rlimit files = { OPEN_MAX_AT_ONCE + 100, OPEN_MAX_AT_ONCE + 100 };

	parse(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	make_ctx();
	for (long i = 0; i < OPEN_MAX_AT_ONCE; i++)
		handshakes[i].fd = -1;
	run();
	SSL_CTX_free(ctx);
	return fflush(stdout) ? 2 : 0;
}
