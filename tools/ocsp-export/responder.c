// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * An OCSP responder (RFC 6960, by HTTP: appendix A) that answers with what the
 * store has. For servers that can fetch, but not from the store: it listens on
 * loopback only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <time.h>

#include <microhttpd.h>
#include <openssl/err.h>

#include "export.h"
#include "items.h"
#include "loopback.h"

#define REQUEST_MAX	4096
#define CONNECTIONS	64
#define TIMEOUT_SECONDS	10
/* us between two looks at connections that time out */
#define TICK		1000000ULL
#define ACCURACY	100000

struct responder {
	struct target target;
	struct sockaddr_storage address;
	struct MHD_Daemon *daemon;
	sd_event_source *io, *timer;
};

/* The body of a request, as it comes */
struct body {
	uint8_t data[REQUEST_MAX];
	size_t len;
	bool too_long;
};

/* Requests */

static const struct item *find(const uint8_t *der, size_t len)
{
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &der, len);
	const struct item *item = NULL;
	OCSP_ONEREQ *one;

	/* Of several certificates there is no one response. */
	if (request && OCSP_request_onereq_count(request) == 1) {
		one = OCSP_request_onereq_get0(request, 0);
		item = items_by_id(OCSP_onereq_get0_id(one));
	}
	OCSP_REQUEST_free(request);
	ERR_clear_error();
	return item;
}

/* base64, which libmicrohttpd has freed of "%2F" and the like; -1: none */
static int decode(const char *text, uint8_t der[REQUEST_MAX])
{
	size_t len = strlen(text);
	int n;

	if (!len || len % 4 || len / 4 * 3 > REQUEST_MAX)
		return -1;
	n = EVP_DecodeBlock(der, (const uint8_t *)text, len);
	if (n < 0)
		return -1;
	/* It counts the padding. */
	return n - (text[len - 1] == '=') - (text[len - 2] == '=');
}

/* Answers */

static enum MHD_Result reply(struct MHD_Connection *connection, int status,
			     struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, int status)
{
	return reply(connection, status,
		     MHD_create_response_from_buffer(0, "",
						     MHD_RESPMEM_PERSISTENT));
}

static void add_headers(struct MHD_Response *response, int64_t seconds)
{
	char text[80] = "no-store";

	if (seconds > 0)
		snprintf(text, sizeof(text),
			 "max-age=%lld, public, no-transform, must-revalidate",
			 (long long)seconds);
	if (!response)
		return;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				"application/ocsp-response");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, text);
}

static enum MHD_Result answer(struct MHD_Connection *connection,
			      const uint8_t *der, size_t der_len)
{
	/* The whole response "unauthorized", for what is not known here */
	static uint8_t unauthorized[] = { 0x30, 3, 0x0a, 1, 6 };
	const struct item *item = find(der, der_len);
	struct MHD_Response *response;
	uint8_t *blob = NULL;
	size_t len;

	if (item)
		blob = follow_blob(item, &len);
	if (blob) {
		response = MHD_create_response_from_buffer(len, blob,
							   MHD_RESPMEM_MUST_FREE);
		add_headers(response, item->end - time(NULL));
	} else {
		response = MHD_create_response_from_buffer(sizeof(unauthorized),
							   unauthorized,
							   MHD_RESPMEM_PERSISTENT);
		add_headers(response, 0);
	}
	return reply(connection, MHD_HTTP_OK, response);
}

static enum MHD_Result answer_get(struct MHD_Connection *connection,
				  const char *url)
{
	const char *text = url + strspn(url, "/");
	uint8_t der[REQUEST_MAX + 4];
	int len = decode(text, der);

	return len < 0 ? refuse(connection, MHD_HTTP_BAD_REQUEST) :
			 answer(connection, der, len);
}

static void collect(struct body *body, const char *data, size_t len)
{
	if (len > sizeof(body->data) - body->len) {
		body->too_long = true;
		return;
	}
	memcpy(body->data + body->len, data, len);
	body->len += len;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *size, void **state)
{
	struct body *body = *state;

	(void)arg;
	(void)version;
	/* First with the headers alone */
	if (!body) {
		*state = calloc(1, sizeof(*body));
		return *state ? MHD_YES : MHD_NO;
	}
	if (*size) {
		collect(body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (!strcmp(method, "GET"))
		return answer_get(connection, url);
	if (strcmp(method, "POST"))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED);
	if (body->too_long)
		return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE);
	return answer(connection, body->data, body->len);
}

static void on_completed(void *arg, struct MHD_Connection *connection,
			 void **state, enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)connection;
	(void)code;
	free(*state);
	*state = NULL;
}

/* The loop */

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct responder *r = arg;

	(void)source;
	(void)fd;
	(void)revents;
	MHD_run(r->daemon);
	return 0;
}

static void plan_tick(struct responder *r);

static int on_tick(sd_event_source *source, uint64_t when, void *arg)
{
	struct responder *r = arg;

	(void)source;
	(void)when;
	MHD_run(r->daemon);
	plan_tick(r);
	return 0;
}

static void plan_tick(struct responder *r)
{
	r->timer = sd_event_source_unref(r->timer);
	if (sd_event_add_time_relative(loop, &r->timer, CLOCK_MONOTONIC, TICK,
				       ACCURACY, on_tick, r) < 0)
		no_memory();
}

/* The target */

static void update(struct target *target, const struct item *item,
		   const uint8_t *blob, size_t len)
{
	(void)target;
	(void)item;
	(void)blob;
	(void)len;
}

static void settle(struct target *target, bool complete)
{
	(void)target;
	(void)complete;
}

static int start(struct target *target)
{
	struct responder *r = (struct responder *)target;
	unsigned int flags = MHD_USE_EPOLL;
	const union MHD_DaemonInfo *info;

	if (r->address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	r->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, r,
				     MHD_OPTION_SOCK_ADDR, &r->address,
				     MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
				     MHD_OPTION_CONNECTION_TIMEOUT,
				     TIMEOUT_SECONDS,
				     MHD_OPTION_NOTIFY_COMPLETED, on_completed,
				     NULL, MHD_OPTION_END);
	if (!r->daemon) {
		log_text(LOG_ERR, "responder %s: %s", target->name,
			 errno ? strerror(errno) : "cannot listen");
		return -EADDRINUSE;
	}
	info = MHD_get_daemon_info(r->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info || sd_event_add_io(loop, &r->io, info->epoll_fd, EPOLLIN,
				     on_io, r) < 0)
		no_memory();
	plan_tick(r);
	return 0;
}

static void stop(struct target *target)
{
	struct responder *r = (struct responder *)target;

	sd_event_source_unref(r->io);
	sd_event_source_unref(r->timer);
	if (r->daemon)
		MHD_stop_daemon(r->daemon);
	free(r->target.name);
	free(r);
}

static const struct target_ops ops = {
	.start = start,
	.update = update,
	.settle = settle,
	.stop = stop,
};

struct target *responder_new(const struct settings *settings)
{
	struct responder *r = must(calloc(1, sizeof(*r)));

	r->target.ops = &ops;
	r->target.name = must(strdup(settings->name));
	if (loopback_address(settings->listen, &r->address))
		return &r->target;
	log_text(LOG_ERR, "listen = %s: not a loopback address and a port, such as 127.0.0.1:8889",
		 settings->listen);
	stop(&r->target);
	return NULL;
}
