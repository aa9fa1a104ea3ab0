// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client that makes one full handshake after the other, asking for a staple,
 * and counts what it got: for the tests of servers. openssl(1) takes a process
 * for each.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ocsp.h>
#include <openssl/ssl.h>

static const char usage[] =
"usage: staple_client --port PORT [--count N] [--name SNI] [--starttls postgres]\n"
"	[--tls 1.2|1.3] [--sigalgs LIST] [--ca FILE] [--show]\n"
"Makes N handshakes (1), or as many as it can until SIGTERM with 0. Prints how\n"
"many had a staple, how many had none, and how many connections failed; with\n"
"--show before that for each the serial numbers of certificate and staple, and\n"
"what the latter says.\n";

struct counts {
	unsigned long stapled, unstapled, failed;
};

static unsigned int port;
static const char *name = "localhost";
static bool postgres, show;

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

/* A hung server is a failure, not a hung test. */
static void set_timeout(int fd)
{
	struct timeval t = { .tv_sec = 30 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

static int reach(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	set_timeout(fd);
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

/* The SSLRequest of PostgreSQL's protocol: length 8, and its number. */
static bool start_tls(int fd)
{
	static const unsigned char request[8] = { 0, 0, 0, 8, 4, 210, 22, 47 };
	char answer;

	return !postgres ||
	       (write(fd, request, sizeof(request)) == sizeof(request) &&
		read(fd, &answer, 1) == 1 && answer == 'S');
}

static bool handshake(SSL *ssl, int fd)
{
	return SSL_set_fd(ssl, fd) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) &&
	       SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) &&
	       start_tls(fd) && SSL_connect(ssl) == 1;
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
	int fd = reach();
	long len;

	if (!ssl || fd < 0 || !handshake(ssl, fd)) {
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
	if (fd >= 0)
		close(fd);
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
			port = atoi(optarg);
			break;
		case 'c':
			o->count = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			name = optarg;
			break;
		case 's':
			postgres = !strcmp(optarg, "postgres");
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
