// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What a responder can answer: as it should, and in every wrong way. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "faults.h"

#define HOUR		3600L
#define DAY		(24 * HOUR)
#define MANY_BYTES	(1 << 20)

#define must(x) must_be((x), #x, __LINE__)

static void must_be(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "faults.c:%d: %s\n", line, what);
	abort();
}

static const struct forged *issuer;
static struct forged delegate, no_eku, expired_delegate, stranger;

/* From the forge's clock to the wall's. */
static long shift(void)
{
	return (long)(time(NULL) - FORGE_NOW);
}

static struct forged make_delegate(int key, const struct forged *from,
				   const char *eku, long from_time,
				   long to_time)
{
	const struct forge_cert spec = {
		.cn = "Test Delegate",
		.issuer = from,
		.key = forge_ec(key),
		.serial = 100 + key,
		.not_before = shift() + from_time,
		.not_after = shift() + to_time,
		.basic_constraints = "critical,CA:FALSE",
		.key_usage = "critical,digitalSignature",
		.ext_key_usage = eku,
	};

	return forge_cert(&spec);
}

void faults_init(const struct forged *the_issuer)
{
	issuer = the_issuer;
	delegate = make_delegate(0, issuer, "OCSPSigning", -DAY, 20 * DAY);
	no_eku = make_delegate(1, issuer, "serverAuth", -DAY, 20 * DAY);
	expired_delegate = make_delegate(2, issuer, "OCSPSigning", -2 * DAY,
					 -DAY);
	stranger = make_delegate(3, NULL, "OCSPSigning", -DAY, 20 * DAY);
}

/* HTTP */

/* Headers, then a body; with a longer Content-Length than that on demand. */
__attribute__((format(printf, 5, 6)))
static void http(struct answer *a, const char *status, const void *body,
		 size_t len, const char *fmt, ...)
{
	char more[512], head[1024], date[64];
	time_t now = time(NULL);
	va_list args;
	int n;

	va_start(args, fmt);
	vsnprintf(more, sizeof(more), fmt, args);
	va_end(args);
	strftime(date, sizeof(date), "%a, %d %b %Y %T GMT", gmtime(&now));
	n = snprintf(head, sizeof(head),
		     "HTTP/1.1 %s\r\nDate: %s\r\nContent-Length: %zu\r\n%s\r\n",
		     status, date, len, more);
	a->bytes = malloc(n + len);
	must(a->bytes);
	memcpy(a->bytes, head, n);
	if (len)
		memcpy(a->bytes + n, body, len);
	a->len = n + len;
}

#define OCSP_TYPE	"Content-Type: application/ocsp-response\r\n"

static void http_der(struct answer *a, unsigned char *der, size_t len,
		     const char *headers)
{
	http(a, "200 OK", der, len, OCSP_TYPE "%s", headers);
	free(der);
}

/* Where the headers end. */
static size_t head_len(const struct answer *a)
{
	const char *end = memmem(a->bytes, a->len, "\r\n\r\n", 4);

	must(end);
	return (const unsigned char *)end + 4 - a->bytes;
}

/* Signed responses */

/* A certificate that only has what a CertID is made of. */
static struct forged bare_cert(const ASN1_INTEGER *serial)
{
	struct forged bare = { X509_new(), NULL };

	must(bare.cert);
	must(X509_set_serialNumber(bare.cert, (ASN1_INTEGER *)serial));
	must(X509_set_issuer_name(bare.cert,
				  X509_get_subject_name(issuer->cert)));
	return bare;
}

/* As it should be, for the certificate that was asked for. */
static struct forge_response proper(const struct question *q,
				    const struct forged *of)
{
	return (struct forge_response) {
		.signer = &delegate,
		.single = { {
			.of = of,
			.issuer = issuer,
			.hash = q->sha1 ? EVP_sha1() : EVP_sha256(),
			.this_update = shift() - 60,
			.next_update = shift() + DAY,
		} },
	};
}

static unsigned char *forge_changed(const struct question *q,
				    void (*change)(struct forge_response *r,
						   const struct question *q),
				    size_t *len)
{
	struct forged of = bare_cert(q->serial);
	struct forge_response spec = proper(q, &of);
	unsigned char *der;

	if (change)
		change(&spec, q);
	der = forge_response(&spec, len);
	forge_free(&of);
	return der;
}

static void send_changed(const struct question *q, struct answer *a,
			 void (*change)(struct forge_response *r,
					const struct question *q))
{
	unsigned char *der;
	size_t len;

	der = forge_changed(q, change, &len);
	http_der(a, der, len, "");
}

/* The argument behind the fault's name, or what there is without one. */
static long argument(const struct question *q, long otherwise)
{
	const char *space = strchr(q->fault, ' ');

	return space ? atol(space + 1) : otherwise;
}

/* good: signed by a delegate, valid for a day or so many seconds */
static void change_end(struct forge_response *r, const struct question *q)
{
	r->single[0].next_update = shift() + argument(q, DAY);
}

static void good(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_end);
}

static void change_signer(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->signer = issuer;
}

static void by_issuer(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_signer);
}

static void change_revoked(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->single[0].status = V_OCSP_CERTSTATUS_REVOKED;
	r->single[0].reason = OCSP_REVOKED_STATUS_KEYCOMPROMISE;
}

static void revoked(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_revoked);
}

static void change_unknown(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->single[0].status = V_OCSP_CERTSTATUS_UNKNOWN;
}

static void unknown(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_unknown);
}

static void change_key(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->wrong_key = forge_ec(4);
}

static void bad_signature(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_key);
}

static void change_no_eku(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->signer = &no_eku;
}

static void signer_no_eku(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_no_eku);
}

static void change_stranger(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->signer = &stranger;
}

static void signer_stranger(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_stranger);
}

static void change_old_signer(struct forge_response *r,
			      const struct question *q)
{
	(void)q;
	r->signer = &expired_delegate;
}

static void signer_expired(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_old_signer);
}

static void change_expired(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->single[0].this_update = shift() - 2 * DAY;
	r->single[0].next_update = shift() - DAY;
}

static void expired(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_expired);
}

/* stale: what a cache kept too long, unless it is told to ask */
static void stale(const struct question *q, struct answer *a)
{
	unsigned char *der;
	size_t len;

	der = forge_changed(q, q->no_cache ? NULL : change_expired, &len);
	http_der(a, der, len, q->no_cache ? "" : "Age: 200000\r\n");
}

static void change_older(struct forge_response *r, const struct question *q)
{
	r->single[0].this_update = shift() - argument(q, 2 * HOUR);
}

/* older: signed two hours, or so many seconds, ago, and still valid */
static void older(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_older);
}

static void change_future(struct forge_response *r, const struct question *q)
{
	r->single[0].this_update = shift() + argument(q, HOUR);
}

static void future(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_future);
}

static void change_no_next(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->single[0].no_next_update = true;
}

static void no_next_update(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_no_next);
}

static void change_two(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->single[1] = r->single[0];
	r->single[0].hash = EVP_sha1();
	r->single[1].hash = EVP_sha256();
}

static void two(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_two);
}

/* other: of the certificate with the next serial number */
static void other(const struct question *q, struct answer *a)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(q->serial, NULL);
	struct question next = *q;
	ASN1_INTEGER *serial;

	must(number && BN_add_word(number, 1));
	serial = BN_to_ASN1_INTEGER(number, NULL);
	must(serial);
	next.serial = serial;
	send_changed(&next, a, NULL);
	ASN1_INTEGER_free(serial);
	BN_free(number);
}

static void change_nonce(struct forge_response *r, const struct question *q)
{
	(void)q;
	r->nonce = true;
}

static void nonce(const struct question *q, struct answer *a)
{
	send_changed(q, a, change_nonce);
}

/* Answers that are no good response */

static void send_status(struct answer *a, int status)
{
	unsigned char *der;
	size_t len;

	der = forge_status(status, &len);
	http_der(a, der, len, "");
}

/* status N: OCSPResponseStatus */
static void ocsp_status(const struct question *q, struct answer *a)
{
	send_status(a, argument(q, OCSP_RESPONSE_STATUS_TRYLATER));
}

static void sha1_only(const struct question *q, struct answer *a)
{
	if (q->sha1)
		good(q, a);
	else
		send_status(a, OCSP_RESPONSE_STATUS_UNAUTHORIZED);
}

static void truncated(const struct question *q, struct answer *a)
{
	unsigned char *der;
	size_t len;

	der = forge_changed(q, NULL, &len);
	http_der(a, der, len / 2, "");
}

static void empty(const struct question *q, struct answer *a)
{
	(void)q;
	http_der(a, NULL, 0, "");
}

static void html(const struct question *q, struct answer *a)
{
	static const char page[] = "<html><body>Please log in.</body></html>\n";

	(void)q;
	http(a, "200 OK", page, strlen(page), "Content-Type: text/html\r\n");
}

/* CRC-32 of RFC 1952 */
static uint32_t crc32_of(const unsigned char *data, size_t len)
{
	uint32_t crc = 0xffffffff;
	int bit;

	while (len--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static unsigned char *put_le(unsigned char *p, uint32_t value, int bytes)
{
	while (bytes--) {
		*p++ = value;
		value >>= 8;
	}
	return p;
}

/* encoded [NAME]: in gzip, as one block that is not compressed; and so named */
static void encoded(const struct question *q, struct answer *a)
{
	static const unsigned char head[] = {
		0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff,	/* of gzip */
		1,					/* the last block, stored */
	};
	const char *name = strchr(q->fault, ' ');
	unsigned char *der, *body, *p;
	char header[80];
	size_t len;

	der = forge_changed(q, NULL, &len);
	body = malloc(sizeof(head) + 4 + len + 8);
	must(body);
	memcpy(body, head, sizeof(head));
	p = put_le(body + sizeof(head), len, 2);
	p = put_le(p, ~len, 2);
	memcpy(p, der, len);
	p = put_le(p + len, crc32_of(der, len), 4);
	p = put_le(p, len, 4);
	free(der);
	snprintf(header, sizeof(header), "Content-Encoding: %.40s\r\n",
		 name ? name + 1 : "gzip");
	http_der(a, body, p - body, header);
}

static void big(const struct question *q, struct answer *a)
{
	unsigned char *body = calloc(1, MANY_BYTES);

	(void)q;
	must(body);
	http_der(a, body, MANY_BYTES, "");
}

/* HTTP that says no */

/* http N [SECONDS]: the status, and Retry-After */
static void http_status(const struct question *q, struct answer *a)
{
	const char *seconds = strrchr(q->fault, ' ');
	char status[32], retry[64] = "";

	snprintf(status, sizeof(status), "%ld Fault", argument(q, 500));
	if (seconds != strchr(q->fault, ' '))
		snprintf(retry, sizeof(retry), "Retry-After:%s\r\n", seconds);
	http(a, status, "no\n", 3, "%s", retry);
}

/* Or to a GET another fault, which follows the name. */
static void no_get(const struct question *q, struct answer *a)
{
	const char *fault = strchr(q->fault, ' ');
	struct question other = *q;

	if (q->post) {
		other.fault = "good";
		good(&other, a);
	} else if (fault) {
		other.fault = fault + 1;
		must(faults_answer(&other, a));
	} else {
		http(a, "405 Method Not Allowed", NULL, 0, "Allow: POST\r\n");
	}
}

/* redirect URL: with what was asked for behind it, unless it is a whole one */
static void redirect(const struct question *q, struct answer *a)
{
	const char *url = strchr(q->fault, ' ');
	const char *rest = strchr(q->target + 1, '/');
	bool append;

	url = url ? url + 1 : "/";
	append = url[strlen(url) - 1] == '/' && rest && !q->post;
	http(a, q->post ? "307 Temporary Redirect" : "302 Found", NULL, 0,
	     "Location: %s%s\r\n", url, append ? rest + 1 : "");
}

static void loop(const struct question *q, struct answer *a)
{
	http(a, "301 Moved Permanently", NULL, 0, "Location: %s\r\n",
	     q->target);
}

/* max-age SECONDS */
static void max_age(const struct question *q, struct answer *a)
{
	char header[64];
	unsigned char *der;
	size_t len;

	snprintf(header, sizeof(header), "Cache-Control: max-age=%ld\r\n",
		 argument(q, 600));
	der = forge_changed(q, NULL, &len);
	http_der(a, der, len, header);
}

/* Connections that go wrong */

static void raw(struct answer *a, const char *text)
{
	a->bytes = (unsigned char *)strdup(text);
	must(a->bytes);
	a->len = strlen(text);
	a->close = true;
}

static void no_http(const struct question *q, struct answer *a)
{
	(void)q;
	raw(a, "220 mail.example.com ESMTP\r\n");
}

static void close_at_once(const struct question *q, struct answer *a)
{
	(void)q;
	raw(a, "");
}

static void reset(const struct question *q, struct answer *a)
{
	(void)q;
	raw(a, "");
	a->reset = true;
}

static void stall(const struct question *q, struct answer *a)
{
	good(q, a);
	a->stop_after = 0;
}

static void stall_headers(const struct question *q, struct answer *a)
{
	good(q, a);
	a->stop_after = 20;
}

static void stall_body(const struct question *q, struct answer *a)
{
	good(q, a);
	a->stop_after = head_len(a) + argument(q, 100);
}

static void cut_body(const struct question *q, struct answer *a)
{
	good(q, a);
	a->len = head_len(a) + 100;
	a->close = true;
}

static void trickle(const struct question *q, struct answer *a)
{
	good(q, a);
	a->trickle = true;
}

/* slow MS */
static void slow(const struct question *q, struct answer *a)
{
	send_changed(q, a, NULL);
	a->delay = argument(q, 1000);
}

static void endless(const struct question *q, struct answer *a)
{
	(void)q;
	raw(a, "HTTP/1.1 200 OK\r\n" OCSP_TYPE "\r\n0123456789abcdef\n");
	a->endless = true;
}

static void endless_headers(const struct question *q, struct answer *a)
{
	(void)q;
	raw(a, "HTTP/1.1 200 OK\r\nX-More: and more, and more, and more\n");
	a->endless = true;
}

static const struct {
	const char *name;
	void (*answer)(const struct question *q, struct answer *a);
} faults[] = {
	{ "good", good },
	{ "by-issuer", by_issuer },
	{ "revoked", revoked },
	{ "unknown", unknown },
	{ "bad-signature", bad_signature },
	{ "signer-no-eku", signer_no_eku },
	{ "signer-expired", signer_expired },
	{ "signer-stranger", signer_stranger },
	{ "expired", expired },
	{ "stale", stale },
	{ "older", older },
	{ "future", future },
	{ "no-next-update", no_next_update },
	{ "two", two },
	{ "other", other },
	{ "nonce", nonce },
	{ "status", ocsp_status },
	{ "sha1-only", sha1_only },
	{ "truncated", truncated },
	{ "empty", empty },
	{ "html", html },
	{ "encoded", encoded },
	{ "big", big },
	{ "http", http_status },
	{ "no-get", no_get },
	{ "redirect", redirect },
	{ "loop", loop },
	{ "max-age", max_age },
	{ "no-http", no_http },
	{ "close", close_at_once },
	{ "reset", reset },
	{ "stall", stall },
	{ "stall-headers", stall_headers },
	{ "stall-body", stall_body },
	{ "cut-body", cut_body },
	{ "trickle", trickle },
	{ "slow", slow },
	{ "endless", endless },
	{ "endless-headers", endless_headers },
};

bool faults_answer(const struct question *question, struct answer *answer)
{
	size_t i, len = strcspn(question->fault, " ");

	memset(answer, 0, sizeof(*answer));
	answer->stop_after = SIZE_MAX;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (strlen(faults[i].name) != len ||
		    strncmp(faults[i].name, question->fault, len))
			continue;
		faults[i].answer(question, answer);
		return true;
	}
	return false;
}
