// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * An OCSP responder that does what it is told to, for tests: see usage[].
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "clock.h"
#include "faults.h"

#define CONNECTIONS	2048
#define REQUEST_MAX	8192
#define NAME_SIZE	64

static const char usage[] =
"usage: bad_responder --port PORT --ca CERT --key KEY --faults DIR\n"
"	[--log FILE [--long]]\n"
"\n"
"Answers GET /NAME/REQUEST and POST /NAME/ for any certificate of the CA, whose\n"
"certificate and key are PEM files. How it answers the first line of DIR/NAME\n"
"says, as of that moment: a fault of faults.c; \"good\" where there is no such\n"
"file. FILE gets a line for each request: NAME METHOD DIGEST FAULT; a long one\n"
"begins with the milliseconds of the wall clock and the certificate's serial.\n";

struct connection {
	int fd;				/* -1: free */
	char in[REQUEST_MAX + 1];
	size_t in_len;
	struct answer answer;
	size_t sent;
	bool answering;
	int64_t when;			/* ms; not before */
};

static struct connection connections[CONNECTIONS];
static const char *faults_dir;
static FILE *log_file;
static bool long_lines;

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "bad_responder: %s: %s\n", what, why);
	exit(1);
}

static int64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

/* What was asked */

struct request {
	char name[NAME_SIZE];
	char fault[256];
	const char *target;
	bool post;
	bool no_cache;
	bool close;			/* the connection, after the answer */
	OCSP_REQUEST *ocsp;
};

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c ? strchr(digits, c | 0x20) : NULL;
	return at ? at - digits : -1;
}

static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (*text == '%' && hex_digit(text[1]) >= 0 &&
		    hex_digit(text[2]) >= 0) {
			*out++ = 16 * hex_digit(text[1]) + hex_digit(text[2]);
			text += 2;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static OCSP_REQUEST *decode_base64(const char *from)
{
	unsigned char der[REQUEST_MAX];
	const unsigned char *p = der;
	char text[REQUEST_MAX];
	int len;

	snprintf(text, sizeof(text), "%s", from);
	unescape(text);
	len = EVP_DecodeBlock(der, (unsigned char *)text, strlen(text));
	return len > 0 ? d2i_OCSP_REQUEST(NULL, &p, len) : NULL;
}

/* The whole of a request: its target, NUL-terminated, and its body. */
static bool parse_target(struct request *rq, const char *target,
			 const unsigned char *body, size_t len)
{
	const char *slash;
	size_t n;

	if (*target != '/')
		return false;
	rq->target = target;
	slash = strchr(target + 1, '/');
	n = slash ? (size_t)(slash - target - 1) : strlen(target + 1);
	if (n >= sizeof(rq->name))
		return false;
	memcpy(rq->name, target + 1, n);
	rq->name[n] = '\0';
	rq->ocsp = rq->post ? d2i_OCSP_REQUEST(NULL, &body, len) :
			      decode_base64(slash ? slash + 1 : "");
	return rq->ocsp;
}

static void read_fault(struct request *rq)
{
	char path[512];
	FILE *f;

	strcpy(rq->fault, "good");
	snprintf(path, sizeof(path), "%s/%s", faults_dir, rq->name);
	f = *rq->name && *rq->name != '.' ? fopen(path, "r") : NULL;
	if (!f)
		return;
	if (fgets(rq->fault, sizeof(rq->fault), f))
		rq->fault[strcspn(rq->fault, "\n")] = '\0';
	fclose(f);
}

static void log_serial(const struct question *q)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(q->serial, NULL);
	char *digits = number ? BN_bn2dec(number) : NULL;

	fprintf(log_file, "%lld %s ",
		(long long)(clock_ns(CLOCK_REALTIME) / NS_PER_MS),
		digits ? digits : "?");
	OPENSSL_free(digits);
	BN_free(number);
}

static void log_request(const struct request *rq, const struct question *q)
{
	if (!log_file)
		return;
	if (long_lines)
		log_serial(q);
	fprintf(log_file, "%s %s %s %s%s\n", rq->name, rq->post ? "POST" : "GET",
		q->sha1 ? "SHA-1" : "SHA-256", rq->fault,
		q->no_cache ? " no-cache" : "");
	fflush(log_file);
}

static void answer_request(struct connection *c, struct request *rq)
{
	struct question q = {
		.fault = rq->fault,
		.target = rq->target,
		.post = rq->post,
		.no_cache = rq->no_cache,
	};
	ASN1_INTEGER *serial;
	ASN1_OBJECT *digest;
	OCSP_CERTID *id;

	if (OCSP_request_onereq_count(rq->ocsp) != 1)
		die(rq->name, "not one certificate in the request");
	id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(rq->ocsp, 0));
	OCSP_id_get0_info(NULL, &digest, NULL, &serial, id);
	q.serial = serial;
	q.sha1 = OBJ_obj2nid(digest) == NID_sha1;
	log_request(rq, &q);
	if (!faults_answer(&q, &c->answer))
		die(rq->fault, "no such fault");
	c->answer.close |= rq->close;
	c->answering = true;
	c->sent = 0;
	c->when = now_ms() + c->answer.delay;
}

/* A header's value, or NULL. */
static const char *header(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at ? at + strlen(name) : NULL;
}

/* Of a client that expects that: it can take the end of the answer from it. */
static bool is_last_request(const char *version)
{
	if (header(version, "\nConnection: close"))
		return true;
	return !strncmp(version, "HTTP/1.0", 8) &&
	       !header(version, "\nConnection: keep-alive");
}

static void close_connection(struct connection *c)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (c->answer.reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once,
			   sizeof(at_once));
	close(c->fd);
	free(c->answer.bytes);
	c->fd = -1;
}

/* The request in c->in, if all of it is there. False: it is none. */
static bool take_request(struct connection *c)
{
	struct request rq = { 0 };
	size_t head_len, body_len = 0;
	const char *length;
	char *end, *target, *space;

	c->in[c->in_len] = '\0';
	end = strstr(c->in, "\r\n\r\n");
	if (!end)
		return c->in_len < REQUEST_MAX;
	head_len = end + 4 - c->in;
	*end = '\0';
	rq.post = !strncmp(c->in, "POST ", 5);
	rq.no_cache = header(c->in, "\nCache-Control: no-cache");
	length = header(c->in, "\nContent-Length:");
	if (length)
		body_len = strtoul(length, NULL, 10);
	if (body_len > REQUEST_MAX - head_len)
		return false;
	if (c->in_len < head_len + body_len) {
		*end = '\r';
		return true;
	}
	target = strchr(c->in, ' ');
	space = target ? strchr(target + 1, ' ') : NULL;
	if (!space)
		return false;
	rq.close = is_last_request(space + 1);
	*space = '\0';
	if (!parse_target(&rq, target + 1, (unsigned char *)c->in + head_len,
			  body_len))
		return false;
	read_fault(&rq);
	answer_request(c, &rq);
	OCSP_REQUEST_free(rq.ocsp);
	c->in_len -= head_len + body_len;
	memmove(c->in, c->in + head_len + body_len, c->in_len);
	return true;
}

static void on_readable(struct connection *c)
{
	ssize_t n = read(c->fd, c->in + c->in_len, REQUEST_MAX - c->in_len);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		c->in_len += n;
	if (n <= 0 || !take_request(c))
		close_connection(c);
}

/* The answer */

static size_t sendable(const struct connection *c)
{
	const struct answer *a = &c->answer;
	size_t end = a->len < a->stop_after ? a->len : a->stop_after;
	size_t n = end > c->sent ? end - c->sent : 0;

	return a->trickle && n > 1 ? 1 : n;
}

static void finish_answer(struct connection *c)
{
	bool over = c->answer.close;

	if (over) {
		close_connection(c);
		return;
	}
	free(c->answer.bytes);
	memset(&c->answer, 0, sizeof(c->answer));
	c->answering = false;
	if (c->in_len && !take_request(c))
		close_connection(c);
}

static size_t last_line(const struct answer *a)
{
	const unsigned char *end = memrchr(a->bytes, '\n', a->len - 1);

	return end ? end + 1 - a->bytes : 0;
}

static void on_writable(struct connection *c)
{
	struct answer *a = &c->answer;
	ssize_t n;

	n = send(c->fd, a->bytes + c->sent, sendable(c), MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN)
			close_connection(c);
		return;
	}
	c->sent += n;
	if (a->trickle)
		c->when = now_ms() + 1000;
	if (a->endless && c->sent == a->len)
		c->sent = last_line(a);
	else if (c->sent == a->len)
		finish_answer(c);
}

/* One that stops for ever only waits for the other side to go. */
static short events_of(const struct connection *c, int64_t now)
{
	if (!c->answering)
		return POLLIN;
	if (c->when > now)
		return 0;
	return sendable(c) || c->sent == c->answer.len ? POLLOUT : 0;
}

static void accept_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int i;

	if (fd < 0)
		return;
	for (i = 0; i < CONNECTIONS; i++) {
		if (connections[i].fd != -1)
			continue;
		memset(&connections[i], 0, sizeof(connections[i]));
		connections[i].fd = fd;
		return;
	}
	close(fd);
}

static void handle(struct connection *c, short revents)
{
	if (revents & (POLLERR | POLLHUP))
		close_connection(c);
	else if (revents & POLLIN)
		on_readable(c);
	else if (revents & POLLOUT)
		on_writable(c);
}

/* ms until the first answer that is held back may go on; -1: none is. */
static int timeout(int64_t now)
{
	int64_t first = INT64_MAX;
	int i;

	for (i = 0; i < CONNECTIONS; i++)
		if (connections[i].fd != -1 && connections[i].answering &&
		    connections[i].when > now && connections[i].when < first)
			first = connections[i].when;
	return first == INT64_MAX ? -1 : first - now;
}

static void serve(int listener)
{
	static struct pollfd fds[CONNECTIONS + 1];
	static int which[CONNECTIONS + 1];
	int64_t now = now_ms();
	int i, n = 1;

	fds[0].fd = listener;
	fds[0].events = POLLIN;
	for (i = 0; i < CONNECTIONS; i++) {
		if (connections[i].fd == -1)
			continue;
		fds[n].fd = connections[i].fd;
		fds[n].events = events_of(&connections[i], now);
		which[n++] = i;
	}
	if (poll(fds, n, timeout(now)) < 0)
		return;
	for (i = 1; i < n; i++)
		handle(&connections[which[i]], fds[i].revents);
	if (fds[0].revents)
		accept_one(listener);
}

static int listen_on(int port)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	const int yes = 1;
	int fd;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 1024))
		die("port", strerror(errno));
	return fd;
}

static FILE *open_file(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);

	if (!f)
		die(path, strerror(errno));
	return f;
}

static struct forged read_ca(const char *cert_path, const char *key_path)
{
	FILE *cert = open_file(cert_path, "r"), *key = open_file(key_path, "r");
	struct forged ca = {
		PEM_read_X509(cert, NULL, NULL, NULL),
		PEM_read_PrivateKey(key, NULL, NULL, NULL),
	};

	if (!ca.cert || !ca.key)
		die(cert_path, "no certificate with its key");
	fclose(cert);
	fclose(key);
	return ca;
}

struct options {
	int port;
	const char *ca;
	const char *key;
	const char *log;
};

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option all[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "ca", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "faults", required_argument, NULL, 'f' },
		{ "log", required_argument, NULL, 'l' },
		{ "long", no_argument, NULL, 'L' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", all, NULL)) != -1) {
		switch (option) {
		case 'p':
			o->port = atoi(optarg);
			break;
		case 'c':
			o->ca = optarg;
			break;
		case 'k':
			o->key = optarg;
			break;
		case 'f':
			faults_dir = optarg;
			break;
		case 'l':
			o->log = optarg;
			break;
		case 'L':
			long_lines = true;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind == argc && o->port && o->ca && o->key && faults_dir)
		return;
	fputs(usage, stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	static struct forged ca;
	int i, listener;

	parse(argc, argv, &options);
	ca = read_ca(options.ca, options.key);
	faults_init(&ca);
	if (options.log)
		log_file = open_file(options.log, "a");
	for (i = 0; i < CONNECTIONS; i++)
		connections[i].fd = -1;
	signal(SIGPIPE, SIG_IGN);
	listener = listen_on(options.port);
	for (;;)
		serve(listener);
}
