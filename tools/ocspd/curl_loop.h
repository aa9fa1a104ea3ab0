/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* libcurl's multi interface on the event loop. */
#ifndef OCSPD_CURL_LOOP_H
#define OCSPD_CURL_LOOP_H

#include <curl/curl.h>

struct curl_loop_calls {
	/* A transfer ended, and was removed. Called from the loop only. */
	void (*done)(CURL *easy, CURLcode code);
	/*
	 * libcurl fails, for want of memory: none that it has will end. All
	 * have to be removed.
	 */
	void (*broken)(CURLMcode code);
};

/*
 * Begin, or begin anew without the connections that there are; no transfer is
 * under way. 0 or -1: libcurl does not work.
 */
int curl_loop_init(const struct curl_loop_calls *calls);
void curl_loop_exit(void);

/* 0 or -1: no memory. */
int curl_loop_add(CURL *easy);
/* One that was not added, too. */
void curl_loop_remove(CURL *easy);

#endif /* OCSPD_CURL_LOOP_H */
