// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libcrypto's locks are not for threads that fork: a child that is made while
 * another thread holds one waits for it forever. In the test of OpenSSL's module
 * that would be taken for a mistake of the module, whose own locks are mutexes.
 * So no fork happens while a thread holds a lock of this kind: these functions
 * come before those of libc.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "crypto_locks.h"

static atomic_bool forking;
static atomic_int holders;
static __thread int depth;

void forks_wait(void)
{
	if (depth++)
		return;
	for (;;) {
		holders++;
		if (!forking)
			return;
		holders--;
		sched_yield();
	}
}

void forks_go_on(void)
{
	if (!--depth)
		holders--;
}

void forks_prepare(void)
{
	forking = true;
	while (holders)
		sched_yield();
}

static void open_gate(void)
{
	forking = false;
}

/* Before the module's own: what is registered first is called last. */
static void __attribute__((constructor)) watch_forks(void)
{
	pthread_atfork(forks_prepare, open_gate, open_gate);
}

typedef int rwlock_function(pthread_rwlock_t *lock);

/* Each call asks once: dlsym() takes longer than the lock. */
#define CALL_LIBC(name, lock)						\
({									\
	static rwlock_function *function;				\
									\
	if (!function)							\
		function = dlsym(RTLD_NEXT, name);			\
	function(lock);							\
})

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	forks_wait();
	return CALL_LIBC(__func__, lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	forks_wait();
	return CALL_LIBC(__func__, lock);
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
	int rc = CALL_LIBC(__func__, lock);

	forks_go_on();
	return rc;
}
