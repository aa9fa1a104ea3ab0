// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What precedes TLS in protocols that upgrade to it. */
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "text.h"

#define LINE_SIZE	4096
/* Lines of one reply */
#define REPLY_LINES	200

/* Which line ends a reply */
enum style {
	EVERY,				/* each does */
	CODE,				/* "250 ", after what is not so */
	TAG,				/* "a ", after some of "* " */
	WORD,				/* "OK", after some of '"' */
};

struct starttls {
	const char *name;
	const char *port;
	/* Of those that talk in lines; NULL: there is none */
	const char *greeting;
	const char *hello;
	const char *hello_reply;
	const char *request;
	const char *reply;
	enum style style;
	/* Of the others */
	bool (*run)(struct peer *peer);
};

static bool refuse(struct peer *peer, const char *what)
{
	snprintf(peer->why, sizeof(peer->why),
		 "the server does not start TLS: %.180s", what);
	return false;
}

static bool is_last(const char *line, enum style style)
{
	switch (style) {
	case CODE:
		return strspn(line, "0123456789") == 3 && line[3] != '-';
	case TAG:
		return strncmp(line, "* ", 2);
	case WORD:
		return *line != '"';
	default:
		return true;
	}
}

static bool expect(struct peer *peer, const char *start, enum style style)
{
	char line[LINE_SIZE];
	int i;

	for (i = 0; i < REPLY_LINES; i++) {
		if (!peer_read_line(peer, line, sizeof(line)))
			return false;
		if (is_last(line, style))
			return !strncmp(line, start, strlen(start)) ||
			       refuse(peer, line);
	}
	return refuse(peer, "its reply does not end");
}

static bool talk(const struct starttls *p, struct peer *peer)
{
	/* The greeting of IMAP is what else comes before the reply. */
	if (!expect(peer, p->greeting, p->style == TAG ? EVERY : p->style))
		return false;
	if (p->hello && (!peer_send(peer, p->hello, strlen(p->hello)) ||
			 !expect(peer, p->hello_reply, p->style)))
		return false;
	return peer_send(peer, p->request, strlen(p->request)) &&
	       expect(peer, p->reply, p->style);
}

/* An ExtendedRequest with the OID of StartTLS (RFC 4511 4.14) */
static bool run_ldap(struct peer *peer)
{
	static const uint8_t head_of_request[] = {
		0x30, 29, 0x02, 1, 1, 0x77, 24, 0x80, 22,
	};
	static const char oid[] = "1.3.6.1.4.1.1466.20037";
	/* Message 1, an ExtendedResponse, with resultCode success first */
	static const uint8_t id[] = { 0x02, 0x01, 0x01, 0x78 };
	static const uint8_t success[] = { 0x0a, 0x01, 0x00 };
	uint8_t head[2], body[0x7f];
	const uint8_t *result;

	if (!peer_send(peer, head_of_request, sizeof(head_of_request)) ||
	    !peer_send(peer, oid, strlen(oid)) ||
	    !peer_receive(peer, head, sizeof(head)))
		return false;
	if (head[0] != 0x30 || head[1] > sizeof(body) || head[1] < 8)
		return refuse(peer, "no LDAP response");
	if (!peer_receive(peer, body, head[1]))
		return false;
	if (memcmp(body, id, sizeof(id)))
		return refuse(peer, "no response to StartTLS");
	result = body + sizeof(id) + 1;
	return !memcmp(result, success, sizeof(success)) ||
	       refuse(peer, "an LDAP error");
}

static bool run_postgres(struct peer *peer)
{
	static const uint8_t request[] = { 0, 0, 0, 8, 4, 210, 22, 47 };
	char answer;

	if (!peer_send(peer, request, sizeof(request)) ||
	    !peer_receive(peer, &answer, 1))
		return false;
	return answer == 'S' || refuse(peer, "SSL is off");
}

/* CLIENT_SSL is among the low 16 of the capabilities, behind the version. */
static bool mysql_has_ssl(const uint8_t *packet, size_t len)
{
	const size_t behind_version = 4 + 8 + 1;
	const uint8_t *end = memchr(packet, 0, len);

	return end && packet[0] == 10 &&
	       (size_t)(packet + len - end) > behind_version + 2 &&
	       end[1 + behind_version + 1] & 0x08;
}

static bool run_mysql(struct peer *peer)
{
	/* LONG_PASSWORD, PROTOCOL_41, SSL, SECURE_CONNECTION; 16 MiB; utf8 */
	static const uint8_t request[36] = {
		32, 0, 0, 1, 0x01, 0x8a, 0, 0, 0, 0, 0, 1, 33,
	};
	uint8_t head[4], packet[1024];

	if (!peer_receive(peer, head, sizeof(head)))
		return false;
	if (head[2] || head[1] > 3)
		return refuse(peer, "no MySQL greeting");
	if (!peer_receive(peer, packet, head[0] + 256 * head[1]))
		return false;
	if (!mysql_has_ssl(packet, head[0] + 256 * head[1]))
		return refuse(peer, "it has no SSL");
	return peer_send(peer, request, sizeof(request));
}

static const struct starttls protocols[] = {
	{ "smtp", "25", "220", "EHLO ocspctl\r\n", "250", "STARTTLS\r\n",
	  "220", CODE, NULL },
	{ "lmtp", "24", "220", "LHLO ocspctl\r\n", "250", "STARTTLS\r\n",
	  "220", CODE, NULL },
	{ "imap", "143", "* OK", NULL, NULL, "a STARTTLS\r\n", "a OK", TAG,
	  NULL },
	{ "pop3", "110", "+OK", NULL, NULL, "STLS\r\n", "+OK", EVERY, NULL },
	{ "ftp", "21", "220", NULL, NULL, "AUTH TLS\r\n", "234", CODE, NULL },
	{ "nntp", "119", "20", NULL, NULL, "STARTTLS\r\n", "382", EVERY,
	  NULL },
	{ "sieve", "4190", "OK", NULL, NULL, "STARTTLS\r\n", "OK", WORD,
	  NULL },
	{ .name = "ldap", .port = "389", .run = run_ldap },
	{ .name = "postgres", .port = "5432", .run = run_postgres },
	{ .name = "mysql", .port = "3306", .run = run_mysql },
};

const struct starttls *starttls_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		if (!strcmp(protocols[i].name, name))
			return &protocols[i];
	return NULL;
}

const char *starttls_port(const struct starttls *protocol)
{
	return protocol->port;
}

const char *starttls_names(void)
{
	static char names[128];
	size_t i, len = 0;

	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		len += snprintf(names + len, sizeof(names) - len, "%s%s",
				i ? " " : "", protocols[i].name);
	return names;
}

bool starttls_run(const struct starttls *protocol, struct peer *peer)
{
	return protocol->run ? protocol->run(peer) : talk(protocol, peer);
}
