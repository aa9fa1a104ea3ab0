// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What a full TLS 1.3 handshake costs Debian's nginx: without a staple, with
 * its own ssl_stapling, and with OpenSSL's module that staples from the store.
 * A connection with each in turn; what counts is nginx's processor time.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "bench.h"
#include "tls.h"

#define CONF	"/tmp/ktls_ocsp_nginx.conf"
#define OPENSSL	"/tmp/ktls_ocsp_openssl.cnf"
/* As the tests of servers have it; the benchmark runs in their lib/. */
#define MODULE	"../servers/installed/usr/local/lib/ktls-ocsp/ktls_ocsp.so"
#define OPS	20	/* connections to each in a round */
#define WARM_UP	10

struct server {
	const char *name;
	unsigned int port;
	bool stapling, module;
	pid_t pid;
	clockid_t time;
	double cpu[BENCH_ROUNDS];
};

static SSL_CTX *ctx;
static long staple_len;

/* One process, so that its time is that of the handshakes. */
static void write_nginx_conf(const struct server *s)
{
	FILE *f = fopen(CONF, "w");

	if (!f)
		bench_die(CONF, errno);
	fprintf(f,
		"daemon off; master_process off; pid " CONF ".%u; error_log stderr;\n"
		"events { }\n"
		"http { access_log off; server {\n"
		"	listen 127.0.0.1:%u ssl; ssl_protocols TLSv1.3;\n"
		"	ssl_session_cache off; ssl_session_tickets off;\n"
		"	ssl_certificate " TLS_CHAIN "; ssl_certificate_key " TLS_KEY ";\n"
		"%s	return 200;\n"
		"} }\n",
		s->port, s->port,
		s->stapling ? "	ssl_stapling on; ssl_stapling_file " TLS_STAPLE ";\n" : "");
	fclose(f);
}

static void write_openssl_conf(void)
{
	char *module = realpath(MODULE, NULL);
	FILE *f = fopen(OPENSSL, "w");

	if (!f || !module)
		bench_die(MODULE, errno);
	fprintf(f, "openssl_conf = a\n[a]\nktls_ocsp = b\n[b]\npath = %s\n", module);
	fclose(f);
	free(module);
}

static void start(struct server *s)
{
	write_nginx_conf(s);
	s->pid = fork();
	if (s->pid < 0)
		bench_die("fork", errno);
	if (!s->pid) {
		if (s->module)
			setenv("OPENSSL_CONF", OPENSSL, 1);
		execlp("nginx", "nginx", "-c", CONF, NULL);
		bench_die("nginx", errno);
	}
	close(bench_tls_reach(s->port));
	if (clock_getcpuclockid(s->pid, &s->time))
		bench_die("nginx's clock", 0);
}

static void talk(const struct server *s)
{
	int fd = bench_tls_reach(s->port);
	SSL *ssl = SSL_new(ctx);
	const char *at;
	long len;

	if (!ssl || SSL_set_fd(ssl, fd) != 1 ||
	    !SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) ||
	    SSL_connect(ssl) != 1)
		bench_die("the handshake failed", 0);
	len = SSL_get_tlsext_status_ocsp_resp(ssl, &at);
	if (SSL_session_reused(ssl) || SSL_version(ssl) != TLS1_3_VERSION ||
	    len != (s->stapling || s->module ? staple_len : -1))
		bench_die("not a full handshake with its staple", 0);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static void measure(struct server *s, int round)
{
	double cpu = bench_tls_time(s->time);

	for (int i = 0; i < OPS; i++)
		talk(s);
	/* It goes to sleep with the connection closed. */
	kt_sleep_ms(20);
	s->cpu[round] = (bench_tls_time(s->time) - cpu) / OPS;
}

static void stop(const struct server *s)
{
	int status;

	kill(s->pid, SIGTERM);
	if (waitpid(s->pid, &status, 0) != s->pid || status)
		bench_die("nginx did not stop in order", 0);
}

static void part(void)
{
	static struct server servers[] = {
		{ .name = "none", .port = 4451 },
		{ .name = "ssl_stapling", .port = 4452, .stapling = true },
		{ .name = "module", .port = 4453, .module = true },
	};
	const size_t count = sizeof(servers) / sizeof(servers[0]);

	if (system("ip link set lo up"))
		bench_die("no loopback", 0);
	staple_len = bench_tls_files();
	write_openssl_conf();
	ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx)
		bench_die("no client", 0);
	for (size_t i = 0; i < count; i++) {
		start(&servers[i]);
		for (int n = 0; n < WARM_UP; n++)
			talk(&servers[i]);
	}
	for (int round = 0; round < BENCH_ROUNDS; round++)
		for (size_t i = 0; i < count; i++)
			measure(&servers[i], round);
	for (size_t i = 0; i < count; i++) {
		bench_print(bench_unit(), servers[i].cpu, BENCH_ROUNDS, "nginx/%s",
			    servers[i].name);
		stop(&servers[i]);
	}
	SSL_CTX_free(ctx);
}

void bench_nginx(void)
{
	bench_apart(part);
}
