// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* One HTTP exchange with a responder: libcurl's multi interface on our loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include <linux/ktls_ocsp.h>

#include "address.h"
#include "fetch.h"
#include "headers.h"
#include "log.h"
#include "loop.h"
#include "proxy.h"
#include "resolve.h"
#include "text.h"
#include "url.h"

/* What the store takes: there is no use in reading more. */
#define BODY_MAX	KTLS_OCSP_BLOB_MAX
#define HEADERS_MAX	16384
#define REDIRECTS_MAX	5
/* Idle connections that are kept, for all responders. */
#define CONNECTIONS_KEPT	16

/* A name that libcurl is going to connect to */
struct name {
	char *host;			/* NULL: there is none */
	char *port;
	bool proxy;			/* its address is for the configuration */
};

struct fetch {
	LIST_ENTRY(fetch) others;
	CURL *easy;
	struct name names[2];		/* to be looked up yet */
	struct lookup *lookup;		/* of the first of them */
	struct curl_slist *addresses;	/* CURLOPT_RESOLVE */
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
	fetch_done_fn done;
	void *arg;
	int64_t start;
	int redirects;
	bool proxied;			/* connects to the proxy, not to the URL */
	char refused[80];		/* an address that we did not connect to */
	bool tried;			/* another one that we did */
	unsigned char *post;
	unsigned char *body;
	size_t len;
	size_t size;
	bool too_large;
	bool no_memory;
	struct headers seen;
	struct fetch_result result;
};

static const struct config *config;
static CURLM *multi;
static LIST_HEAD(, fetch) under_way = LIST_HEAD_INITIALIZER(under_way);

static void on_curl_timer(struct timer *timer);
static struct timer curl_timer = { .fn = on_curl_timer };

/* libcurl's callbacks */

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
	struct fetch *f = arg;
	unsigned char *grown;
	size_t size;

	(void)one;
	if (len > BODY_MAX - f->len) {
		f->too_large = true;
		return 0;
	}
	if (f->len + len > f->size) {
		size = f->size ? 2 * f->size : 2048;
		while (size < f->len + len)
			size *= 2;
		grown = realloc(f->body, size);
		if (!grown) {
			f->no_memory = true;
			return 0;
		}
		f->body = grown;
		f->size = size;
	}
	memcpy(f->body + f->len, data, len);
	f->len += len;
	return len;
}

static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
	struct fetch *f = arg;

	(void)one;
	headers_take(&f->seen, data, len);
	return f->seen.bytes > HEADERS_MAX ? 0 : len;
}

/* Each connection comes by here, also one to where a redirect leads. */
static curl_socket_t on_open(void *arg, curlsocktype purpose,
			     struct curl_sockaddr *address)
{
	char text[INET6_ADDRSTRLEN];
	struct fetch *f = arg;
	const char *why = NULL;

	(void)purpose;
	if (!f->proxied)
		why = address_refused(&config->addresses, &address->addr);
	if (why) {
		snprintf(f->refused, sizeof(f->refused),
			 "address %s is refused (%s)",
			 address_text(&address->addr, text, sizeof(text)), why);
		return CURL_SOCKET_BAD;
	}
	f->tried = true;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		      address->protocol);
}

static void act(curl_socket_t fd, int ready);

static void on_socket_event(struct watch *watch, uint32_t events)
{
	int ready = 0;

	if (events & EPOLLIN)
		ready |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		ready |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		ready |= CURL_CSELECT_ERR;
	act(watch->fd, ready);
}

static struct watch *watch_socket(curl_socket_t fd)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->fn = on_socket_event;
	watch->fd = fd;
	if (!loop_add(watch, 0)) {
		curl_multi_assign(multi, fd, watch);
		return watch;
	}
	free(watch);
	return NULL;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		     void *socket_arg)
{
	struct watch *watch = socket_arg;
	uint32_t events = 0;

	(void)easy;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			loop_remove(watch);
		free(watch);
		return 0;
	}
	if (!watch)
		watch = watch_socket(fd);
	if (!watch)
		return -1;
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	return loop_change(watch, events) ? -1 : 0;
}

static int on_timer(CURLM *of, long ms, void *arg)
{
	(void)of;
	(void)arg;
	if (ms < 0)
		timer_stop(&curl_timer);
	else
		timer_set(&curl_timer, clock_ms() + ms);
	return 0;
}

static void on_curl_timer(struct timer *timer)
{
	(void)timer;
	act(CURL_SOCKET_TIMEOUT, 0);
}

/* Setting up */

static CURLM *new_multi(void)
{
	CURLM *new = curl_multi_init();

	if (!new)
		return NULL;
	curl_multi_setopt(new, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(new, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(new, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	return new;
}

__attribute__((format(printf, 2, 3)))
static bool fail(struct fetch *f, const char *fmt, ...);
static void finish(struct fetch *f);

/* Those that the caller left: they are under the old rules. */
static void cancel_all(void)
{
	struct fetch *f;

	while ((f = LIST_FIRST(&under_way))) {
		curl_multi_remove_handle(multi, f->easy);
		fail(f, "the configuration was read again");
		finish(f);
	}
}

int fetch_init(const struct config *the_config)
{
	if (!multi && curl_global_init(CURL_GLOBAL_DEFAULT))
		return -1;
	cancel_all();
	config = the_config;
	resolve_forget();
	if (multi)	/* connections that the new rules may forbid */
		curl_multi_cleanup(multi);
	multi = new_multi();
	return multi ? 0 : -1;
}

void fetch_exit(void)
{
	if (!multi)
		return;
	curl_multi_cleanup(multi);
	multi = NULL;
	timer_stop(&curl_timer);
	resolve_forget();
	curl_global_cleanup();
}

static bool fail(struct fetch *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(f->result.failure, sizeof(f->result.failure), fmt, args);
	va_end(args);
	return false;
}

static void clear_names(struct fetch *f)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(f->names); i++) {
		free(f->names[i].host);
		free(f->names[i].port);
	}
	memset(f->names, 0, sizeof(f->names));
}

/* An address is no name. */
static bool add_name(struct fetch *f, const struct url *url, bool proxy)
{
	struct name *name = &f->names[f->names[0].host ? 1 : 0];
	struct in_addr in;

	if (*url->host == '[' || inet_pton(AF_INET, url->host, &in) == 1)
		return true;
	name->host = strdup(url->host);
	name->port = strdup(url->port);
	name->proxy = proxy;
	return name->host && name->port;
}

/* What libcurl connects to, and what it gives to the proxy as an address. */
static bool add_names(struct fetch *f, const struct url *url, const char *proxy)
{
	struct url p;
	bool ok;

	clear_names(f);
	if (!*proxy)
		return add_name(f, url, false);
	ok = url_parse_proxy(&p, proxy) != -ENOMEM;
	if (ok && p.host)
		ok = add_name(f, &p, true);
	if (ok && p.scheme && (!strcmp(p.scheme, "socks4") ||
			       !strcmp(p.scheme, "socks5")))
		ok = add_name(f, url, false);
	url_clear(&p);
	return ok;
}

/*
 * Where to and through what. An address in the URL is judged here: a proxy
 * would go there for us. False, and the failure is set.
 */
static bool aim_at(struct fetch *f, const struct url *p, const char *url)
{
	const char *why = address_refused_host(&config->addresses, p->host);
	const char *proxy;

	if (p->has_user)
		return fail(f, "a user name in the URL");
	if (why)
		return fail(f, "address %s is refused (%s)", p->host, why);
	proxy = proxy_for(config, p->scheme, p->host);
	f->proxied = *proxy;
	if (curl_easy_setopt(f->easy, CURLOPT_PROXY, proxy) ||
	    curl_easy_setopt(f->easy, CURLOPT_URL, url) ||
	    !add_names(f, p, proxy))
		return fail(f, "no memory");
	return true;
}

static bool aim(struct fetch *f, const char *url)
{
	struct url p;
	bool ok = false;

	switch (url_parse(&p, url)) {
	case 0:
		ok = aim_at(f, &p, url);
		break;
	case -ENOMEM:
		fail(f, "no memory");
		break;
	default:
		fail(f, "no http or https URL: %.100s", url);
	}
	url_clear(&p);
	return ok;
}

/* ms, at least 1 */
static long time_left(const struct fetch *f)
{
	int64_t left = config->timeout * 1000 - (clock_ms() - f->start);

	return left > 0 ? left : 1;
}

static void set_limits(struct fetch *f)
{
	curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, time_left(f));
	curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT,
			 config->connect_timeout);
	curl_easy_setopt(f->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(f->easy, CURLOPT_LOW_SPEED_TIME, config->idle_timeout);
}

static void set_callbacks(struct fetch *f)
{
	CURL *easy = f->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, f);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, f->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, f);
}

static void set_http(struct fetch *f)
{
	CURL *easy = f->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* Whoever is not to be proxied is ours to tell, see proxy.c. */
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "ocspd/" VERSION);
}

static bool add_header(struct fetch *f, const char *line)
{
	struct curl_slist *longer = curl_slist_append(f->headers, line);

	if (longer)
		f->headers = longer;
	return longer;
}

static bool set_request(struct fetch *f, const struct fetch_request *request)
{
	bool ok = add_header(f, "Accept: application/ocsp-response");

	if (ok && request->no_cache)
		ok = add_header(f, "Cache-Control: no-cache") &&
		     add_header(f, "Pragma: no-cache");
	if (ok && request->post) {
		ok = add_header(f, "Content-Type: application/ocsp-request") &&
		     add_header(f, "Expect:");
		f->post = malloc(request->post_len);
		ok = ok && f->post;
		if (ok)
			memcpy(f->post, request->post, request->post_len);
		curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE,
				 (long)request->post_len);
		curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, f->post);
	}
	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
	return ok;
}

static void free_fetch(struct fetch *f)
{
	LIST_REMOVE(f, others);
	if (f->lookup)
		resolve_cancel(f->lookup);
	clear_names(f);
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->addresses);
	curl_slist_free_all(f->headers);
	free(f->post);
	free(f->body);
	free(f);
}

/* The end */

static void finish(struct fetch *f)
{
	struct fetch_result *r = &f->result;

	r->body = f->body;
	r->len = f->len;
	r->max_age = headers_max_age(&f->seen);
	r->aged = f->seen.aged;
	f->done(r, f->arg);
	free_fetch(f);
}

static void explain_timeout(struct fetch *f)
{
	long seconds = (clock_ms() - f->start + 500) / 1000;
	double connected = 0;

	f->result.timed_out = true;
	curl_easy_getinfo(f->easy, CURLINFO_CONNECT_TIME, &connected);
	if (connected == 0)
		fail(f, "timed out after %ld s, connecting", seconds);
	else if (f->len)
		fail(f, "timed out after %ld s, in the middle of the response",
		     seconds);
	else
		fail(f, "timed out after %ld s", seconds);
}

static const char *curl_text(const struct fetch *f, CURLcode code)
{
	return *f->error ? f->error : curl_easy_strerror(code);
}

/* The system's word for it, where libcurl kept that; else libcurl's. */
static void explain_errno(struct fetch *f, const char *what, CURLcode code)
{
	long err = 0;

	curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &err);
	fail(f, "%s: %s", what, err ? strerror(err) : curl_text(f, code));
}

static void explain(struct fetch *f, CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		explain_timeout(f);
		break;
	case CURLE_COULDNT_CONNECT:
		if (*f->refused && !f->tried)
			fail(f, "%s", f->refused);
		else
			explain_errno(f, "cannot connect", code);
		break;
	case CURLE_GOT_NOTHING:
		fail(f, "connection closed without a response");
		break;
	case CURLE_PARTIAL_FILE:
		fail(f, "connection closed in the middle of the response");
		break;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		explain_errno(f, "connection lost", code);
		break;
	/* Which of them, and the words, depend on the release of libcurl. */
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		fail(f, "not valid HTTP: %s", curl_text(f, code));
		break;
	default:
		fail(f, "%s", curl_text(f, code));
	}
}

/* Names */

/* "+HOST:PORT:ADDRESS,ADDRESS", for as long as libcurl remembers names. */
static bool add_addresses(struct fetch *f, const struct name *name,
			  const struct resolve_answer *answer)
{
	char line[1024], text[INET6_ADDRSTRLEN];
	const struct sockaddr *address;
	struct curl_slist *longer;
	const char *why = NULL;
	size_t i, len, start;

	len = snprintf(line, sizeof(line), "+%.300s:%s:", name->host, name->port);
	start = len;
	for (i = 0; i < answer->count; i++) {
		address = (const void *)&answer->addresses[i];
		why = name->proxy ? NULL :
		      address_refused(&config->addresses, address);
		address_text(address, text, sizeof(text));
		if (why)
			snprintf(f->refused, sizeof(f->refused),
				 "address %s is refused (%s)", text, why);
		else
			len += snprintf(line + len, sizeof(line) - len,
					address->sa_family == AF_INET6 ?
					"%s[%s]" : "%s%s",
					len > start ? "," : "", text);
	}
	if (len == start)
		return fail(f, "%s", f->refused);
	longer = curl_slist_append(f->addresses, line);
	if (!longer)
		return fail(f, "no memory");
	f->addresses = longer;
	return true;
}

static bool take_answer(struct fetch *f, const struct resolve_answer *answer)
{
	struct name name = f->names[0];
	bool ok = false;

	f->names[0] = f->names[1];
	memset(&f->names[1], 0, sizeof(f->names[1]));
	if (answer->status == RESOLVE_FOUND)
		ok = add_addresses(f, &name, answer);
	else if (answer->status == RESOLVE_NO_ADDRESS)
		fail(f, "the %s's name has no address",
		     name.proxy ? "proxy" : "responder");
	else
		fail(f, "the %s's name could not be looked up: %s",
		     name.proxy ? "proxy" : "responder", answer->why);
	free(name.host);
	free(name.port);
	return ok;
}

static void on_answer(const struct resolve_answer *answer, void *arg);

/*
 * Look up what is to be looked up, and let libcurl begin; done is called in
 * any case. False: it cannot be done, and the failure is set.
 */
static bool go(struct fetch *f)
{
	const struct resolve_answer *known;

	while (f->names[0].host) {
		known = resolve_known(f->names[0].host);
		if (!known) {
			f->lookup = resolve_start(f->names[0].host,
						  time_left(f), on_answer, f);
			return f->lookup || fail(f, "no memory");
		}
		if (!take_answer(f, known))
			return false;
	}
	curl_easy_setopt(f->easy, CURLOPT_RESOLVE, f->addresses);
	set_limits(f);
	return !curl_multi_add_handle(multi, f->easy) || fail(f, "no memory");
}

static void on_answer(const struct resolve_answer *answer, void *arg)
{
	struct fetch *f = arg;

	f->lookup = NULL;
	if (!take_answer(f, answer) || !go(f))
		finish(f);
}

/* 303 asks for a GET, the others for the same again. */
static bool redirect(struct fetch *f, const char *url)
{
	if (++f->redirects > REDIRECTS_MAX)
		return fail(f, "more than %d redirects", REDIRECTS_MAX);
	if (f->result.status == 303)
		curl_easy_setopt(f->easy, CURLOPT_HTTPGET, 1L);
	if (!aim(f, url))
		return false;
	memset(&f->seen, 0, sizeof(f->seen));
	f->tried = false;
	f->len = 0;
	f->result.status = 0;
	return go(f);
}

/* Where an answer sends us to; NULL: nowhere. */
static const char *redirect_url(struct fetch *f)
{
	char *url = NULL;

	switch (f->result.status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		curl_easy_getinfo(f->easy, CURLINFO_REDIRECT_URL, &url);
	}
	return url;
}

static void take_type(struct fetch *f)
{
	char *type = NULL;

	curl_easy_getinfo(f->easy, CURLINFO_CONTENT_TYPE, &type);
	if (!type)
		return;
	snprintf(f->result.type, sizeof(f->result.type), "%.*s",
		 (int)strcspn(type, "; \t"), type);
}

static void ended(struct fetch *f, CURLcode code)
{
	curl_off_t retry_after = 0;
	const char *url;
	long sent = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &f->result.status);
	curl_easy_getinfo(f->easy, CURLINFO_RETRY_AFTER, &retry_after);
	f->result.retry_after = retry_after;
	curl_easy_getinfo(f->easy, CURLINFO_REQUEST_SIZE, &sent);
	f->result.asked |= sent > 0;
	take_type(f);
	url = code ? NULL : redirect_url(f);
	if (url && redirect(f, url))
		return;
	if (url)
		;
	else if (f->result.status && f->result.status != 200)
		fail(f, "HTTP %ld", f->result.status);
	else if (f->too_large)
		fail(f, "more than %d bytes", BODY_MAX);
	else if (f->no_memory)
		fail(f, "no memory");
	else if (f->seen.bytes > HEADERS_MAX)
		fail(f, "more than %d bytes of headers", HEADERS_MAX);
	else if (code)
		explain(f, code);
	finish(f);
}

/* Never inside one of libcurl's callbacks: it does not like to be called. */
static void check_done(void)
{
	struct fetch *f;
	CURLMsg *msg;
	CURLcode code;
	int left;

	while ((msg = curl_multi_info_read(multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		code = msg->data.result;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &f);
		curl_multi_remove_handle(multi, f->easy);
		ended(f, code);
	}
}

/*
 * Once a callback has failed, for want of memory, the multi does nothing any
 * more, and tells of no end: all that it has would wait for ever.
 */
static void start_over(CURLMcode code)
{
	CURLM *dead = multi;
	struct fetch *f, *next;

	multi = new_multi();
	if (!multi) {
		log_text(LOG_CRIT, "no memory to fetch anything");
		exit(EXIT_FAILURE);
	}
	/* Whoever is told of an end starts nothing before the loop's next turn. */
	for (f = LIST_FIRST(&under_way); f; f = next) {
		next = LIST_NEXT(f, others);
		curl_multi_remove_handle(dead, f->easy);
		fail(f, "no memory, or libcurl's fault: %s",
		     curl_multi_strerror(code));
		finish(f);
	}
	curl_multi_cleanup(dead);
}

/* Let libcurl go on. */
static void act(curl_socket_t fd, int ready)
{
	CURLMcode code;
	int running;

	code = curl_multi_socket_action(multi, fd, ready, &running);
	if (code)
		start_over(code);
	else
		check_done();
}

struct fetch *fetch_start(const struct fetch_request *request,
			  fetch_done_fn done, void *arg,
			  char failure[FETCH_FAILURE_SIZE])
{
	struct fetch *f = calloc(1, sizeof(*f));

	snprintf(failure, FETCH_FAILURE_SIZE, "no memory");
	if (!f)
		return NULL;
	LIST_INSERT_HEAD(&under_way, f, others);
	f->done = done;
	f->arg = arg;
	f->start = clock_ms();
	f->easy = curl_easy_init();
	if (!f->easy || !set_request(f, request))
		goto free;
	set_callbacks(f);
	set_http(f);
	if (aim(f, request->url) && go(f))
		return f;
	strcpy(failure, f->result.failure);
free:
	free_fetch(f);
	return NULL;
}

void fetch_cancel(struct fetch *f)
{
	curl_multi_remove_handle(multi, f->easy);
	free_fetch(f);
}
