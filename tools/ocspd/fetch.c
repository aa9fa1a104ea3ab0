// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* One HTTP exchange with a responder, see fetch.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/ktls_ocsp.h>

#include "clock.h"
#include "counters.h"
#include "curl_loop.h"
#include "fetch_parts.h"
#include "proxy.h"

/* What the store takes: there is no use in reading more. */
#define BODY_MAX	KTLS_OCSP_BLOB_MAX
#define HEADERS_MAX	16384
#define REDIRECTS_MAX	5

static const struct config *config;
static LIST_HEAD(, fetch) under_way = LIST_HEAD_INITIALIZER(under_way);

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

/*
 * Where to and through what. An address in the URL is judged here: a proxy
 * would go there for us. False, and the failure is set.
 */
static bool aim_at(struct fetch *f, const struct url *p, const char *url)
{
	const char *why = address_refused_host(&config->addresses, p->host);
	const char *proxy;

	if (p->has_user)
		return fetch_fail(f, FAULT_OTHER, "a user name in the URL");
	if (why)
		return fetch_fail(f, FAULT_ADDRESS, "address %s is refused (%s)",
				  p->host, why);
	proxy = proxy_for(config, p->scheme, p->host);
	f->proxied = *proxy;
	if (curl_easy_setopt(f->easy, CURLOPT_PROXY, proxy) ||
	    curl_easy_setopt(f->easy, CURLOPT_PROXYUSERPWD,
			     *proxy ? config->proxy_login : NULL) ||
	    curl_easy_setopt(f->easy, CURLOPT_URL, url) ||
	    !fetch_add_names(f, p, proxy))
		return fetch_fail(f, FAULT_OTHER, "no memory");
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
		fetch_fail(f, FAULT_OTHER, "no memory");
		break;
	default:
		fetch_fail(f, FAULT_OTHER, "no http or https URL: %.100s", url);
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
	/* What some send without being asked; see set_request(), too. */
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
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
	bool ok = add_header(f, "Accept: application/ocsp-response") &&
		  /* Nothing is gained, and caches would keep several forms. */
		  add_header(f, "Accept-Encoding:");

	if (ok && request->ca_file)
		ok = !curl_easy_setopt(f->easy, CURLOPT_CAINFO,
				       request->ca_file) &&
		     !curl_easy_setopt(f->easy, CURLOPT_CAPATH, NULL);

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
	fetch_clear_names(f);
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
	counters_answer(clock_ms() - f->start);
	if (*r->failure)
		counters.faults[r->fault]++;
	f->done(r, f->arg);
	free_fetch(f);
}

static void fail_all(const char *what, const char *why)
{
	struct fetch *f, *next;

	for (f = LIST_FIRST(&under_way); f; f = next) {
		next = LIST_NEXT(f, others);
		curl_loop_remove(f->easy);
		fetch_fail(f, FAULT_OTHER, "%s%s", what, why);
		finish(f);
	}
}

/* Names */

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
			return f->lookup || fetch_fail(f, FAULT_OTHER, "no memory");
		}
		if (!fetch_take_answer(f, &config->addresses, known))
			return false;
	}
	curl_easy_setopt(f->easy, CURLOPT_RESOLVE, f->addresses);
	set_limits(f);
	return !curl_loop_add(f->easy) || fetch_fail(f, FAULT_OTHER, "no memory");
}

static void on_answer(const struct resolve_answer *answer, void *arg)
{
	struct fetch *f = arg;

	f->lookup = NULL;
	if (!fetch_take_answer(f, &config->addresses, answer) || !go(f))
		finish(f);
}

/* 303 asks for a GET, the others for the same again. */
static bool redirect(struct fetch *f, const char *url)
{
	if (++f->redirects > REDIRECTS_MAX)
		return fetch_fail(f, FAULT_HTTP, "more than %d redirects",
				  REDIRECTS_MAX);
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
		fetch_fail(f, FAULT_HTTP, "HTTP %ld", f->result.status);
	else if (f->too_large)
		fetch_fail(f, FAULT_HTTP, "more than %d bytes", BODY_MAX);
	else if (f->no_memory)
		fetch_fail(f, FAULT_OTHER, "no memory");
	else if (f->seen.bytes > HEADERS_MAX)
		fetch_fail(f, FAULT_HTTP, "more than %d bytes of headers",
			   HEADERS_MAX);
	else if (code)
		fetch_explain(f, code);
	finish(f);
}

static void on_done(CURL *easy, CURLcode code)
{
	struct fetch *f;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &f);
	ended(f, code);
}

/* Whoever is told of an end starts nothing before the loop's next turn. */
static void on_broken(CURLMcode code)
{
	fail_all("no memory, or libcurl's fault: ", curl_multi_strerror(code));
}

int fetch_init(const struct config *the_config)
{
	static const struct curl_loop_calls calls = {
		.done = on_done,
		.broken = on_broken,
	};

	/* Those that the caller left: they are under the old rules. */
	fail_all("", "the configuration was read again");
	config = the_config;
	resolve_forget();
	return curl_loop_init(&calls);
}

void fetch_exit(void)
{
	curl_loop_exit();
	resolve_forget();
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
	if (aim(f, request->url) && go(f)) {
		counters.requests++;
		return f;
	}
	strcpy(failure, f->result.failure);
	counters.faults[f->result.fault]++;
free:
	free_fetch(f);
	return NULL;
}

void fetch_cancel(struct fetch *f)
{
	curl_loop_remove(f->easy);
	free_fetch(f);
}
