// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* libcurl's multi interface on the event loop, see curl_loop.h. */
#include <stdlib.h>
#include <sys/epoll.h>

#include "clock.h"
#include "curl_loop.h"
#include "log.h"
#include "loop.h"

/* Idle connections that are kept, for all responders. */
#define CONNECTIONS_KEPT	16

static struct curl_loop_calls calls;
static CURLM *multi;
static CURLM *dead;			/* while what it has is removed */

static void on_curl_timer(struct timer *timer);
static struct timer curl_timer = { .fn = on_curl_timer };

static void act(curl_socket_t fd, int ready);

/* Sockets and the timer */

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

/* Acting */

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

/* Never inside one of libcurl's callbacks: it does not like to be called. */
static void check_done(void)
{
	CURL *easy;
	CURLcode code;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		code = msg->data.result;
		easy = msg->easy_handle;
		curl_multi_remove_handle(multi, easy);
		calls.done(easy, code);
	}
}

/*
 * Once a callback has failed, for want of memory, the multi does nothing any
 * more, and tells of no end: all that it has would wait for ever.
 */
static void start_over(CURLMcode code)
{
	dead = multi;
	multi = new_multi();
	if (!multi) {
		log_text(LOG_CRIT, "no memory to fetch anything");
		exit(EXIT_FAILURE);
	}
	calls.broken(code);
	curl_multi_cleanup(dead);
	dead = NULL;
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

int curl_loop_init(const struct curl_loop_calls *the_calls)
{
	if (!multi && curl_global_init(CURL_GLOBAL_DEFAULT))
		return -1;
	calls = *the_calls;
	if (multi)
		curl_multi_cleanup(multi);
	multi = new_multi();
	return multi ? 0 : -1;
}

void curl_loop_exit(void)
{
	if (!multi)
		return;
	curl_multi_cleanup(multi);
	multi = NULL;
	timer_stop(&curl_timer);
	curl_global_cleanup();
}

int curl_loop_add(CURL *easy)
{
	return curl_multi_add_handle(multi, easy) ? -1 : 0;
}

void curl_loop_remove(CURL *easy)
{
	curl_multi_remove_handle(dead ? dead : multi, easy);
}
