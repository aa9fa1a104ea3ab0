// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A client that makes one full handshake after the other, asking for a staple,
 * and counts what it got: for the tests of servers. openssl(1) takes a process
 * for each.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/ocsp.h>
#include <openssl/ssl.h>

#include "peer.h"

/* A hung server is a failure, not a hung test. */
#define TIMEOUT	30	/* s */

static const char usage[] =
"usage: staple_client --port PORT [--count N] [--name SNI] [--starttls PROTOCOL]\n"
"	[--tls 1.2|1.3] [--sigalgs LIST] [--ca FILE] [--show]\n"
"Makes N handshakes (1), or as many as it can until SIGTERM with 0. Prints how\n"
"many had a staple, how many had none, and how many connections failed; with\n"
"--show before that for each the serial numbers of certificate and staple, and\n"
"what the latter says.\n";

struct counts {
	unsigned long stapled, unstapled, failed;
};

static const char *port;
static const char *name = "localhost";
static const struct starttls *starttls;
static bool show;

/* SIGTERM waits for the handshake that is under way: on a slow machine it is the first. */
static bool is_stopped(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGTERM);
}

static void __attribute__((noreturn)) bad_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

/* From here on OpenSSL reads and writes, and waits no longer than this. */
static void let_wait(int fd)
{
	struct timeval t = { .tv_sec = TIMEOUT };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

/* Connected, and the server expects TLS. */
static bool reach(struct peer *peer)
{
	if (!peer_connect(peer, "127.0.0.1", port, TIMEOUT * 1000) ||
	    (starttls && !starttls_run(starttls, peer)))
		return false;
	let_wait(peer->fd);
	return true;
}

static bool handshake(SSL *ssl, int fd)
{
	return SSL_set_fd(ssl, fd) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) &&
	       SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) &&
	       SSL_connect(ssl) == 1;
}

static void print_serial(const char *what, const ASN1_INTEGER *serial)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = bn ? BN_bn2hex(bn) : NULL;

	printf("%s %s ", what, hex ? hex : "?");
	OPENSSL_free(hex);
	BN_free(bn);
}

static void print_staple(const unsigned char *der, long len)
{
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &der, len);
	OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
	OCSP_SINGLERESP *single = basic ? OCSP_resp_get0(basic, 0) : NULL;
	ASN1_INTEGER *serial = NULL;

	if (single) {
		OCSP_id_get0_info(NULL, NULL, NULL, &serial,
				  (OCSP_CERTID *)OCSP_SINGLERESP_get0_id(single));
		print_serial("staple", serial);
		puts(OCSP_cert_status_str(OCSP_single_get0_status(single, NULL, NULL,
								  NULL, NULL)));
	} else {
		puts("staple garbage");
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
}

static void print_handshake(SSL *ssl, const unsigned char *der, long len)
{
	printf("%s ", SSL_get_version(ssl));
	print_serial("certificate",
		     X509_get0_serialNumber(SSL_get0_peer_certificate(ssl)));
	if (len > 0)
		print_staple(der, len);
	else
		puts("no staple");
}

static void talk(SSL_CTX *ctx, struct counts *counts)
{
	SSL *ssl = SSL_new(ctx);
	const unsigned char *der;
	struct peer peer = { .fd = -1 };
	long len;

	if (!ssl || !reach(&peer) || !handshake(ssl, peer.fd)) {
		counts->failed++;
	} else {
		len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
		if (len > 0)
			counts->stapled++;
		else
			counts->unstapled++;
		if (show)
			print_handshake(ssl, der, len);
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	peer_close(&peer);
}

struct options {
	unsigned long count;
	int version;
	const char *sigalgs;
	const char *ca;
};

static SSL_CTX *make_ctx(const struct options *o)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx ||
	    (o->version && (!SSL_CTX_set_min_proto_version(ctx, o->version) ||
			    !SSL_CTX_set_max_proto_version(ctx, o->version))) ||
	    (o->sigalgs && !SSL_CTX_set1_sigalgs_list(ctx, o->sigalgs)) ||
	    (o->ca && !SSL_CTX_load_verify_file(ctx, o->ca))) {
		fputs("staple_client: an option is wrong\n", stderr);
		exit(2);
	}
	if (o->ca)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "count", required_argument, NULL, 'c' },
		{ "name", required_argument, NULL, 'n' },
		{ "starttls", required_argument, NULL, 's' },
		{ "tls", required_argument, NULL, 't' },
		{ "sigalgs", required_argument, NULL, 'a' },
		{ "ca", required_argument, NULL, 'f' },
		{ "show", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			port = optarg;
			break;
		case 'c':
			o->count = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			name = optarg;
			break;
		case 's':
			starttls = starttls_find(optarg);
			if (!starttls)
				bad_usage();
			break;
		case 't':
			o->version = !strcmp(optarg, "1.2") ? TLS1_2_VERSION :
							      TLS1_3_VERSION;
			break;
		case 'a':
			o->sigalgs = optarg;
			break;
		case 'f':
			o->ca = optarg;
			break;
		case 'v':
			show = true;
			break;
		default:
			bad_usage();
		}
	}
	if (!port)
		bad_usage();
}

int main(int argc, char **argv)
{
	struct counts counts = { 0, 0, 0 };
	struct options o = { .count = 1 };
	sigset_t term;
	SSL_CTX *ctx;

	parse(argc, argv, &o);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	signal(SIGPIPE, SIG_IGN);
	ctx = make_ctx(&o);
	for (unsigned long i = 0; !is_stopped() && (!o.count || i < o.count); i++)
		talk(ctx, &counts);
	SSL_CTX_free(ctx);
	printf("stapled %lu unstapled %lu failed %lu\n", counts.stapled,
	       counts.unstapled, counts.failed);
	return counts.failed && o.count;
}
