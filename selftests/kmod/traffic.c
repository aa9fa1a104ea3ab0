// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * For tests in shell.
 *
 * traffic SECONDS: uses the store, with short pauses, while the module may be
 * loaded and unloaded: sessions, opens, sets, gets, dumps, a listener. What it
 * is refused does not matter; a blob that is not whole does (exit status 1).
 * Tells in the end how often it was served.
 *
 * traffic hold: holds an entry in a session, says "held", and stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktest.h"

#define RESPONSES	6

static void ignore(const struct kt_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
}

static bool use_entry(struct kt_sock *sk, int session, uint32_t n)
{
	static struct kt_msg msg;
	uint32_t slot;

	kt_create(sk, session, n, &slot);
	kt_set_for(sk, n, KT_DAY);
	if (!kt_get(sk, session, n, KTLS_OCSP_PART_BLOB, &msg) &&
	    !kt_blob_ok(kt_data(&msg, KTLS_OCSP_A_BLOB),
			kt_len(&msg, KTLS_OCSP_A_BLOB)))
		return false;
	if (n % 3)
		kt_close(sk, session, slot);
	if (n % 7 == 0)
		kt_del(sk, -1, n);
	return true;
}

static bool use_store(struct kt_sock *sk, int *served)
{
	int session = kt_session(sk);
	bool whole = true;

	*served += session >= 0;
	kt_join(sk, sk->events);
	for (uint32_t n = 0; whole && n < RESPONSES; n++)
		whole = use_entry(sk, session, n);
	kt_dump(sk, session, ignore, NULL);
	kt_dump(sk, -1, ignore, NULL);
	if (session >= 0)
		close(session);
	return whole;
}

static int use_for(int seconds)
{
	int64_t end = kt_uptime_ms() + seconds * 1000LL;
	int64_t start, took = 0;
	struct kt_sock sk;
	bool whole = true;
	int served = 0;

	srandom(getpid());
	while (whole && kt_uptime_ms() < end) {
		/*
		 * As long as what came before it, on average: on a slow
		 * machine, too, there are moments when nobody holds a session.
		 */
		kt_sleep_ms(random() % (100 + 2 * took));
		start = kt_uptime_ms();
		/* Each try starts a modprobe, which takes its time. */
		if (kt_try_new(&sk)) {
			kt_sleep_ms(200);
			continue;
		}
		whole = use_store(&sk, &served);
		kt_free(&sk);
		took = kt_uptime_ms() - start;
	}
	printf("%d\n", served);
	if (!whole)
		fprintf(stderr, "traffic: a blob is not whole\n");
	return whole ? 0 : 1;
}

static int hold(void)
{
	struct kt_sock sk;
	int session;

	kt_new(&sk);
	session = kt_session(&sk);
	if (session < 0 || kt_create(&sk, session, 0, NULL)) {
		fprintf(stderr, "traffic: %s\n", sk.text);
		return 1;
	}
	kt_free(&sk);
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "hold"))
		return hold();
	if (argc == 2 && atoi(argv[1]) > 0)
		return use_for(atoi(argv[1]));
	fprintf(stderr, "usage: traffic SECONDS | hold\n");
	return 2;
}
