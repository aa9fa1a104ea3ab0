// SPDX-License-Identifier: MIT-0
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * An example: a pre-forking TLS server on kernel TLS that staples the OCSP
 * response which the kernel keeps.
 *
 * What a server has to do for its staple is in four places, and marked STAPLE:
 *
 *   1. enable_staples() opens a handle on the server's certificate, before the
 *      workers are forked,
 *   2. and names the callback that OpenSSL calls when a client asks for a
 *      staple (the status_request extension);
 *   3. staple() hands out the response of the moment: it waits for nobody, and
 *      asks no responder and no disk;
 *   4. main() closes the handle.
 *
 * There is nothing to refresh, to share between the workers or to save for the
 * next start: whoever feeds the store (ocspctl, ocspd) does it for all of them,
 * and the store outlives every process here.
 *
 * Each worker serves one connection at a time, and answers with what a person
 * or a test wants to know about it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <libocsp/ocsp_ssl.h>

#define WORKERS_MAX	256
#define REQUEST_MAX	8192
#define CLIENT_TIMEOUT	10	/* seconds that a silent client may take */
#define CLOSE_TIMEOUT	1	/* and for its end of the connection */
#define BIND_TRIES	20	/* of 50 ms each */

static const char usage[] =
"usage: ktls_server --cert CHAIN.pem --key KEY.pem --port PORT\n"
"	[--workers N] [--tls1.2] [--async] [--constant RESPONSE.der]\n"
"\n"
"Serve HTTPS on 127.0.0.1 with kernel TLS and a stapled OCSP response.\n"
"  --cert FILE   the certificate, then its issuer (PEM)\n"
"  --key FILE    its private key (PEM)\n"
"  --workers N   processes that accept connections, 1 to 256 (2)\n"
"  --tls1.2      speak TLS 1.2 only (else TLS 1.2 and 1.3)\n"
"  --async       start at once, do not wait for the first response\n"
"  --constant FILE  staple this, and nothing of the store: to compare with\n";

struct config {
	const char *cert;
	const char *key;
	unsigned int port;
	unsigned int workers;
	bool tls1_2;
	uint32_t open_flags;
	const char *constant;
};

/* A log line is one write, so that those of the workers do not mix. */
__attribute__((format(printf, 1, 2)))
static void note(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	n = snprintf(line, sizeof(line), "ktls_server[%d]: ", (int)getpid());
	va_start(args, format);
	n += vsnprintf(line + n, sizeof(line) - n, format, args);
	va_end(args);
	if (n > (int)sizeof(line) - 1)
		n = sizeof(line) - 1;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return;		/* nobody is left to be told */
}

#define die(...)			\
	do {				\
		note(__VA_ARGS__);	\
		exit(1);		\
	} while (0)

/* Why OpenSSL failed, by its first error; empties its queue of errors. */
static const char *openssl_error(void)
{
	unsigned long e = ERR_peek_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	if (ERR_GET_LIB(e) == ERR_LIB_SYS)
		reason = strerror(ERR_GET_REASON(e));
	ERR_clear_error();
	return reason ? reason : "the connection ended early";
}

/* STAPLE 3 of 4: OpenSSL asks for the staple of this handshake. */
static int staple(SSL *ssl, void *handle)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response;
	unsigned char *der;
	size_t len;

	response = CertGetServerOcspResponseContext(handle, 0, NULL);
	if (!response) {
		/* The handshake goes on; the client decides what it thinks. */
		note("no staple: %s", OcspGetLastErrorMessage());
		return SSL_TLSEXT_ERR_NOACK;
	}

	/* OpenSSL wants bytes of its own, which it frees. */
	len = response->cbEncodedOcspResponse;
	der = OPENSSL_memdup(response->pbEncodedOcspResponse, len);
	CertFreeServerOcspResponseContext(response);

	if (!der)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, der, len);
	return SSL_TLSEXT_ERR_OK;
}

static HCERT_SERVER_OCSP_RESPONSE enable_staples(SSL_CTX *ctx,
						 const struct config *cf)
{
	PCCERT_CHAIN_CONTEXT chain = OcspCreateCertificateChainFromSslCtx(ctx);
	HCERT_SERVER_OCSP_RESPONSE handle;

	if (!chain)
		die("%s: %s", cf->cert, OcspGetLastErrorMessage());

	/*
	 * STAPLE 1 of 4. The handle is good in this process and in all that it
	 * forks. There is one even while there is no response; where there can
	 * be none, a server that would rather run without staples goes on.
	 */
	handle = CertOpenServerOcspResponse(chain, cf->open_flags, NULL);
	if (!handle)
		die("%s: cannot staple: %s", cf->cert,
		    OcspGetLastErrorMessage());
	CertFreeCertificateChain(chain);	/* the handle has its own */

	/* STAPLE 2 of 4 */
	SSL_CTX_set_tlsext_status_cb(ctx, staple);
	SSL_CTX_set_tlsext_status_arg(ctx, handle);
	return handle;
}

/* What a server without a store could do, for the benchmark. */
struct constant {
	size_t len;
	unsigned char der[65536];
};

static int staple_constant(SSL *ssl, void *arg)
{
	const struct constant *c = arg;
	unsigned char *der = OPENSSL_memdup(c->der, c->len);

	if (!der)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, der, c->len);
	return SSL_TLSEXT_ERR_OK;
}

static void enable_constant(SSL_CTX *ctx, const char *path)
{
	static struct constant constant;
	FILE *f = fopen(path, "r");

	if (!f)
		die("%s: %s", path, strerror(errno));
	constant.len = fread(constant.der, 1, sizeof(constant.der), f);
	fclose(f);
	if (!constant.len)
		die("%s: no response in it", path);
	SSL_CTX_set_tlsext_status_cb(ctx, staple_constant);
	SSL_CTX_set_tlsext_status_arg(ctx, &constant);
}

static SSL_CTX *tls_context(const struct config *cf)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx)
		die("cannot start TLS: %s", openssl_error());

	/*
	 * The handshake stays with OpenSSL, the records go to the kernel once
	 * it is done: where the kernel (tls.ko) has the cipher, else OpenSSL
	 * goes on by itself.
	 */
	SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	if (cf->tls1_2)
		SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);

	if (SSL_CTX_use_certificate_chain_file(ctx, cf->cert) != 1)
		die("%s: no certificate: %s", cf->cert, openssl_error());
	if (SSL_CTX_use_PrivateKey_file(ctx, cf->key, SSL_FILETYPE_PEM) != 1)
		die("%s: no key for it: %s", cf->key, openssl_error());
	return ctx;
}

static int listen_on(unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int tries = BIND_TRIES;

	if (fd < 0)
		die("cannot make a socket: %s", strerror(errno));

	/* Connections of the server before us may still be in TIME_WAIT. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));

	/* Workers of a server that was killed take a moment to follow it. */
	while (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EADDRINUSE || !--tries)
			die("cannot bind 127.0.0.1:%u: %s", port,
			    strerror(errno));
		nanosleep(&pause, NULL);
	}
	if (listen(fd, SOMAXCONN) < 0)
		die("cannot listen on port %u: %s", port, strerror(errno));
	return fd;
}

/* Read the head of a request, up to its empty line. What it asks for is one. */
static bool read_request(SSL *ssl)
{
	char request[REQUEST_MAX + 1];
	size_t len = 0;

	while (len < REQUEST_MAX) {
		int n = SSL_read(ssl, request + len, REQUEST_MAX - len);

		if (n <= 0)
			return false;
		len += n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n") || strstr(request, "\n\n"))
			return true;
	}
	return false;
}

static bool answer(SSL *ssl)
{
	char body[512], head[256];
	unsigned char *der;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
	int n;

	n = snprintf(body, sizeof(body),
		     "worker %d\nprotocol %s\ncipher %s\n"
		     "ktls-send %s\nktls-receive %s\nstaple %ld\n",
		     (int)getpid(), SSL_get_version(ssl), SSL_get_cipher(ssl),
		     BIO_get_ktls_send(SSL_get_wbio(ssl)) ? "yes" : "no",
		     BIO_get_ktls_recv(SSL_get_rbio(ssl)) ? "yes" : "no",
		     len > 0 ? len : 0);
	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
		 "Content-Length: %d\r\nConnection: close\r\n\r\n", n);
	return SSL_write(ssl, head, strlen(head)) > 0 &&
	       SSL_write(ssl, body, n) > 0;
}

static void set_timeout(int fd, int seconds)
{
	const struct timeval timeout = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

/*
 * Say that we are done, and wait for the client to say so: to close a socket
 * with bytes unread resets the connection, and the client may lose our answer.
 */
static void finish(SSL *ssl, int fd)
{
	set_timeout(fd, CLOSE_TIMEOUT);
	if (SSL_shutdown(ssl) == 0)
		SSL_shutdown(ssl);
}

static void serve(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);

	set_timeout(fd, CLIENT_TIMEOUT);
	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		note("no memory for a connection");
	else if (SSL_accept(ssl) != 1)
		note("handshake failed: %s", openssl_error());
	else if (read_request(ssl) && answer(ssl))
		finish(ssl, fd);
	ERR_clear_error();
	SSL_free(ssl);
	close(fd);
}

static void __attribute__((noreturn)) work(SSL_CTX *ctx, int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve(ctx, fd);
		else if (errno != EINTR && errno != ECONNABORTED)
			die("cannot accept: %s", strerror(errno));
	}
}

static pid_t start_worker(SSL_CTX *ctx, int listener, const sigset_t *signals)
{
	pid_t master = getpid();
	pid_t pid = fork();

	if (pid < 0)
		die("cannot start a worker: %s", strerror(errno));
	if (pid)
		return pid;

	/* End with the master, however it ends; it may be gone already. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != master)
		_exit(1);
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	work(ctx, listener);
}

/* Put a new worker in the place of each that ended. */
static void replace_workers(pid_t *workers, unsigned int count, SSL_CTX *ctx,
			    int listener, const sigset_t *signals)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		note("worker %d ended, starting another", (int)pid);
		for (unsigned int i = 0; i < count; i++)
			if (workers[i] == pid)
				workers[i] = start_worker(ctx, listener,
							  signals);
	}
}

/* Run the workers until somebody asks us to stop. */
static void supervise(const struct config *cf, SSL_CTX *ctx, int listener)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
	pid_t workers[WORKERS_MAX];
	sigset_t signals;
	int signal;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	for (unsigned int i = 0; i < cf->workers; i++)
		workers[i] = start_worker(ctx, listener, &signals);

	while ((signal = sigwaitinfo(&signals, NULL)) == SIGCHLD ||
	       signal < 0) {
		replace_workers(workers, cf->workers, ctx, listener, &signals);
		/* A worker that cannot live must not become a fork storm. */
		nanosleep(&pause, NULL);
	}

	for (unsigned int i = 0; i < cf->workers; i++)
		kill(workers[i], SIGTERM);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static unsigned int number(const char *option, const char *text,
			   unsigned int max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > max)
		die("--%s %s: not a number from 1 to %u", option, text, max);
	return n;
}

static void parse(int argc, char **argv, struct config *cf)
{
	static const struct option options[] = {
		{ "cert", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "port", required_argument, NULL, 'p' },
		{ "workers", required_argument, NULL, 'w' },
		{ "tls1.2", no_argument, NULL, '2' },
		{ "async", no_argument, NULL, 'a' },
		{ "constant", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			cf->cert = optarg;
			break;
		case 'k':
			cf->key = optarg;
			break;
		case 'p':
			cf->port = number("port", optarg, 65535);
			break;
		case 'w':
			cf->workers = number("workers", optarg, WORKERS_MAX);
			break;
		case '2':
			cf->tls1_2 = true;
			break;
		case 'a':
			cf->open_flags = CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG;
			break;
		case 'C':
			cf->constant = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind != argc || !cf->cert || !cf->key || !cf->port) {
		fputs(usage, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct config cf = { .workers = 2 };
	HCERT_SERVER_OCSP_RESPONSE handle = NULL;
	SSL_CTX *ctx;
	int listener;

	parse(argc, argv, &cf);
	signal(SIGPIPE, SIG_IGN);

	ctx = tls_context(&cf);
	if (cf.constant)
		enable_constant(ctx, cf.constant);
	else
		handle = enable_staples(ctx, &cf);
	listener = listen_on(cf.port);
	note("ready on 127.0.0.1:%u, %u workers", cf.port, cf.workers);
	supervise(&cf, ctx, listener);

	/* STAPLE 4 of 4, when nothing that uses it is left. */
	SSL_CTX_free(ctx);
	CertCloseServerOcspResponse(handle, 0);
	close(listener);
	return 0;
}
