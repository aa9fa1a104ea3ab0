// SPDX-License-Identifier: GPL-2.0-only
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
#include "staples.h"

#define CHAIN		"/tmp/ktls_ocsp_bench.pem"
#define KEY		"/tmp/ktls_ocsp_bench.key"
#define STAPLE		"/tmp/ktls_ocsp_bench.der"
#define OPS		50	/* connections to each in a round */
#define TRIES		600	/* of 50 ms each */

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

static FILE *create(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		bench_die(path, errno);
	return f;
}

/* The certificate, its key, and a response, in files and in the store. */
static void make_pki(void)
{
	struct ocsp_client *client;
	unsigned char *der;
	struct pki pki;
	FILE *f;

	pki_new(&pki, 1, PKI_URL, 0);
	f = create(CHAIN);
	PEM_write_X509(f, pki.leaf.cert);
	PEM_write_X509(f, pki.ca.cert);
	fclose(f);
	f = create(KEY);
	PEM_write_PrivateKey(f, pki.leaf.key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	der = pki_response(&pki, V_OCSP_CERTSTATUS_GOOD, 0, PKI_DAY,
			   &staple_len);
	f = create(STAPLE);
	fwrite(der, 1, staple_len, f);
	fclose(f);
	if (ocsp_client_new(&client) ||
	    pki_set(client, &pki, der, staple_len, KTLS_OCSP_CERT_STATUS_GOOD,
		    PKI_DAY))
		bench_die(ocsp_client_error(client), 0);
	ocsp_client_free(client);
	free(der);
	pki_free(&pki);
}

static void start(struct server *s, const char *staple)
{
	char port[16];

	snprintf(port, sizeof(port), "%u", s->port);
	s->pid = fork();
	if (s->pid < 0)
		bench_die("fork", errno);
	if (s->pid)
		return;
	execlp("ktls_server", "ktls_server", "--cert", CHAIN, "--key", KEY,
	       "--workers", "1", "--port", port, staple ? "--constant" : NULL,
	       staple, NULL);
	bench_die("ktls_server", errno);
}

static int reach(unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd;

	for (int i = 0; i < TRIES; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			bench_die("socket", errno);
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		close(fd);
		kt_sleep_ms(50);
	}
	bench_die("the server does not listen", errno);
	return -1;
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

	fd = reach(s->port);
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

static double nanoseconds_of(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		bench_die("the worker's time", errno);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/*
 * The kernel loads its cipher for the first connection, and waits for a minute.
 * The guest's clock goes ahead to that when there is nothing to do but to wait
 * for the host's files.
 */
static void warm_up(struct server *s)
{
	pid_t worker = 0;

	for (int i = 0; !worker && i < TRIES; i++)
		worker = talk(s);
	if (!worker)
		bench_die("the server does not use kernel TLS", 0);
	if (clock_getcpuclockid(worker, &s->worker))
		bench_die("the worker's clock", 0);
}

static void measure(struct server *s, int round)
{
	double cpu = nanoseconds_of(s->worker);
	uint64_t wall = bench_clock();

	for (int i = 0; i < OPS; i++)
		if (!talk(s))
			bench_die("the server uses kernel TLS no more", 0);
	s->wall[round] = (double)(bench_clock() - wall) / OPS;
	/* It goes to sleep with the connection closed. */
	kt_sleep_ms(20);
	s->cpu[round] = (nanoseconds_of(s->worker) - cpu) / OPS;
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
	make_pki();
	start(&constant, STAPLE);
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
