/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Parts of a test that run without privileges. */
#ifndef SELFTESTS_KMOD_AS_NOBODY_H
#define SELFTESTS_KMOD_AS_NOBODY_H

#include "ktest.h"
#include "kselftest_harness.h"

typedef void (*body_fn)(struct __test_metadata *_metadata, struct kt_sock *sk);

/*
 * Runs body in a child without privileges and waits for its end. sk: the socket
 * to use, NULL: one of its own.
 */
static void as_nobody(struct __test_metadata *_metadata, body_fn body,
		      struct kt_sock *sk)
{
	struct kt_sock own;
	pid_t pid;

	pid = fork();
	if (!pid) {
		kt_become_nobody();
		if (!sk) {
			kt_new(&own);
			sk = &own;
		}
		body(_metadata, sk);
		_exit(0);
	}
	EXPECT_EQ(0, kt_child_status(pid));
}

#endif /* SELFTESTS_KMOD_AS_NOBODY_H */
