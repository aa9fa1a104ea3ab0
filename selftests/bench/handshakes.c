// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What a full TLS 1.3 handshake costs tools/examples/ktls_server.c with the staple
 * of libocsp, and with the same bytes as a constant: the processor time of its
 * worker, a connection with each in turn.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "bench.h"
#include "tls.h"

#define OPS		50	/* connections to each in a round */

struct server {
	const char *name;
	unsigned int port;
	pid_t pid;
	clockid_t worker;		/* its time */
	double cpu[BENCH_ROUNDS];
	double wall[BENCH_ROUNDS];
};

static SSL_CTX *ctx;
static size_t staple_len;

static void start(struct server *s, const char *staple)
{
	char port[16];

	snprintf(port, sizeof(port), "%u", s->port);
	s->pid = fork();
	if (s->pid < 0)
		bench_die("fork", errno);
	if (s->pid)
		return;
	execlp("ktls_server", "ktls_server", "--cert", TLS_CHAIN, "--key", TLS_KEY,
	       "--workers", "1", "--port", port, staple ? "--constant" : NULL,
	       staple, NULL);
	bench_die("ktls_server", errno);
}

/*
 * One connection, with a request and an answer; returns the worker's number, 0
 * if it does not use kernel TLS.
 */
static pid_t talk(const struct server *s)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	SSL *ssl = SSL_new(ctx);
	char answer[2048];
	size_t got = 0;
	const char *at;
	int fd, n;

	fd = bench_tls_reach(s->port);
	if (!ssl || SSL_set_fd(ssl, fd) != 1 ||
	    !SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) ||
	    SSL_connect(ssl) != 1)
		bench_die("the handshake failed", 0);
	if (SSL_session_reused(ssl) || SSL_version(ssl) != TLS1_3_VERSION ||
	    SSL_get_tlsext_status_ocsp_resp(ssl, &at) != (long)staple_len)
		bench_die("not a full handshake with the staple", 0);
	SSL_write(ssl, request, strlen(request));
	while ((n = SSL_read(ssl, answer + got, sizeof(answer) - 1 - got)) > 0)
		got += n;
	answer[got] = '\0';
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	if (!strstr(answer, "ktls-send yes"))
		return 0;
	at = strstr(answer, "worker ");
	return at ? atoi(at + strlen("worker ")) : 0;
}

/*
 * The kernel loads its cipher for the first connection, and waits for a minute.
 * The guest's clock goes ahead to that when there is nothing to do but to wait
 * for the host's files.
 */
static void warm_up(struct server *s)
{
	pid_t worker = 0;

	for (int i = 0; !worker && i < TLS_TRIES; i++)
		worker = talk(s);
	if (!worker)
		bench_die("the server does not use kernel TLS", 0);
	if (clock_getcpuclockid(worker, &s->worker))
		bench_die("the worker's clock", 0);
}

static void measure(struct server *s, int round)
{
	double cpu = bench_tls_time(s->worker);
	uint64_t wall = bench_clock();

	for (int i = 0; i < OPS; i++)
		if (!talk(s))
			bench_die("the server uses kernel TLS no more", 0);
	s->wall[round] = (double)(bench_clock() - wall) / OPS;
	/* It goes to sleep with the connection closed. */
	kt_sleep_ms(20);
	s->cpu[round] = (bench_tls_time(s->worker) - cpu) / OPS;
}

static void print(const struct server *s)
{
	bench_print(bench_unit(), s->cpu, BENCH_ROUNDS, "handshake/%s/server",
		    s->name);
	bench_print(bench_unit(), s->wall, BENCH_ROUNDS,
		    "handshake/%s/server+client", s->name);
	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
}

static void part(void)
{
	struct server constant = { .name = "constant", .port = 4433 };
	struct server store = { .name = "libocsp", .port = 4434 };

	if (system("modprobe tls && ip link set lo up"))
		bench_die("no kernel TLS, or no loopback", 0);
	ctx = SSL_CTX_new(TLS_client_method());
	staple_len = bench_tls_files();
	start(&constant, TLS_STAPLE);
	start(&store, NULL);
	warm_up(&constant);
	warm_up(&store);
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		measure(&constant, i);
		measure(&store, i);
	}
	print(&constant);
	print(&store);
	SSL_CTX_free(ctx);
}

void bench_handshakes(void)
{
	bench_apart(part);
}
