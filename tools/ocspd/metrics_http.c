// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The figures by HTTP, see metrics_http.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <microhttpd.h>

#include "log.h"
#include "loop.h"
#include "loopback.h"
#include "metrics.h"
#include "metrics_http.h"
#include "unix_socket.h"

#define CONNECTIONS	8
/* Those that wait to be accepted */
#define BACKLOG		8
/* Bytes for what a connection sends and gets but for the text */
#define MEMORY		8192
/* ms that a connection lives, whatever it does */
#define LIFETIME	10000
/* ms that a text is good for */
#define MAX_AGE		1000
/* In each period of so many ms libmicrohttpd is run so many times at most. */
#define PERIOD		100
#define TURNS_MAX	20
/* Unlike the control socket, anybody may connect, as on loopback. */
#define SOCKET_MODE	0666

struct visitor {
	struct timer timer;
	int fd;
};

static struct MHD_Daemon *server;
static char *place;			/* where it listens */
static struct {
	struct MHD_Response *response;	/* with a reference of our own */
	int64_t made;
} texts[METRICS_FORMATS];

static void on_ready(struct watch *watch, uint32_t events);
static void on_timer(struct timer *timer);
static struct watch watch = { .fn = on_ready };
static struct timer timer = { .fn = on_timer };
static int64_t period;			/* when it began */
static int turns;			/* in it */
static bool closed;			/* a connection, since the last run */

/* Answers */

static struct MHD_Response *make_response(enum metrics_format format)
{
	static const char *const types[] = {
		[METRICS_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
		[METRICS_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	struct MHD_Response *response;
	size_t len;
	char *text = metrics_text(format, &len);

	response = text ? MHD_create_response_from_buffer(len, text,
							  MHD_RESPMEM_MUST_FREE) :
			  NULL;
	if (!response) {
		free(text);
		return NULL;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				types[format]);
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY,
				MHD_HTTP_HEADER_ACCEPT);
	/* Each gets one answer: the lifetime would cut off the next one. */
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

static void forget_text(enum metrics_format format)
{
	if (texts[format].response)
		MHD_destroy_response(texts[format].response);
	texts[format].response = NULL;
}

/* NULL: no memory. */
static struct MHD_Response *text_of(enum metrics_format format)
{
	if (texts[format].response &&
	    clock_ms() < texts[format].made + MAX_AGE)
		return texts[format].response;
	forget_text(format);
	texts[format].response = make_response(format);
	texts[format].made = clock_ms();
	return texts[format].response;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, int status)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(0, "",
						   MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum metrics_format wanted_format(struct MHD_Connection *connection)
{
	const char *accept;

	accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					     MHD_HTTP_HEADER_ACCEPT);
	return accept && strcasestr(accept, "application/openmetrics-text") ?
	       METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *size, void **state)
{
	struct MHD_Response *response;

	(void)arg;
	(void)version;
	(void)data;
	/* First with the headers alone */
	if (!*state) {
		*state = connection;
		return MHD_YES;
	}
	/* Nobody has to send us anything. */
	if (*size)
		return MHD_NO;
	if (strcmp(method, MHD_HTTP_METHOD_GET) &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED);
	if (strcmp(url, "/metrics"))
		return refuse(connection, MHD_HTTP_NOT_FOUND);
	response = text_of(wanted_format(connection));
	return response ? MHD_queue_response(connection, MHD_HTTP_OK, response) :
			  refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE);
}

/* Connections */

static void on_lifetime(struct timer *the_timer)
{
	struct visitor *visitor = container_of(the_timer, struct visitor, timer);

	/* libmicrohttpd sees that it has ended, and closes it. */
	shutdown(visitor->fd, SHUT_RDWR);
}

static void welcome(struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info;
	struct visitor *visitor;

	info = MHD_get_connection_info(connection,
				       MHD_CONNECTION_INFO_CONNECTION_FD);
	visitor = calloc(1, sizeof(*visitor));
	*context = visitor;
	if (!visitor) {
		shutdown(info->connect_fd, SHUT_RDWR);
		return;
	}
	visitor->fd = info->connect_fd;
	visitor->timer.fn = on_lifetime;
	timer_set(&visitor->timer, clock_ms() + LIFETIME);
}

static void on_connection(void *arg, struct MHD_Connection *connection,
			  void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct visitor *visitor = *context;

	(void)arg;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		welcome(connection, context);
		return;
	}
	closed = true;
	if (visitor)
		timer_stop(&visitor->timer);
	free(visitor);
}

/* The loop */

/* False: this period has had its share. */
static bool may_run(void)
{
	int64_t now = clock_ms();

	if (now >= period + PERIOD) {
		period = now;
		turns = 0;
	}
	return turns++ < TURNS_MAX;
}

static void run(void)
{
	MHD_UNSIGNED_LONG_LONG left;

	if (!may_run()) {
		loop_change(&watch, 0);
		timer_set(&timer, period + PERIOD);
		return;
	}
	closed = false;
	MHD_run(server);
	/*
	 * It may have read from a connection what it did not look at yet. And
	 * after the last of as many as it takes was closed, it listens from the
	 * next run on.
	 */
	if (closed || (MHD_get_timeout(server, &left) == MHD_YES && !left))
		timer_set(&timer, clock_ms());
}

static void on_ready(struct watch *the_watch, uint32_t events)
{
	(void)the_watch;
	(void)events;
	run();
}

static void on_timer(struct timer *the_timer)
{
	(void)the_timer;
	loop_change(&watch, EPOLLIN);
	run();
}

/* Listening */

static int listen_at(const char *where)
{
	struct sockaddr_storage address;

	if (*where == '/')
		return unix_listen(where, SOCK_STREAM, SOCKET_MODE, -1, BACKLOG);
	return loopback_address(where, &address) ?
	       loopback_listen(&address, BACKLOG) : -EINVAL;
}

static int start(int fd)
{
	const union MHD_DaemonInfo *info;

	server = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, NULL,
				  MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				  (size_t)MEMORY,
				  MHD_OPTION_NOTIFY_CONNECTION, on_connection,
				  NULL, MHD_OPTION_END);
	if (!server) {
		close(fd);
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_EPOLL_FD);
	watch.fd = info ? info->epoll_fd : -1;
	return loop_add(&watch, EPOLLIN);
}

void metrics_http_open(const char *where)
{
	int fd, err;

	if (place && where && !strcmp(place, where))
		return;
	metrics_http_close();
	if (!where)
		return;
	fd = listen_at(where);
	err = fd < 0 ? fd : start(fd);
	if (!err) {
		place = strdup(where);
		if (!place)
			err = -ENOMEM;
	}
	if (!err)
		return;
	log_text(LOG_WARNING, "metrics_listen %s: %s", where, strerror(-err));
	metrics_http_close();
}

void metrics_http_close(void)
{
	enum metrics_format format;

	timer_stop(&timer);
	if (server) {
		loop_remove(&watch);
		MHD_stop_daemon(server);
	}
	server = NULL;
	for (format = 0; format < METRICS_FORMATS; format++)
		forget_text(format);
	if (place && *place == '/')
		unlink(place);
	free(place);
	place = NULL;
}
