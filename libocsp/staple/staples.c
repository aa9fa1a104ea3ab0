// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "staples.h"

#define BUCKETS		1024	/* a power of 2 */
#define MAX_IDLE	256
#define IDLE_TIME	30000	/* ms */
#define REAPED_AT_ONCE	2	/* so that no handshake pays for many */

/*
 * Protects the table, the list, and their members in the staples. Held for a
 * few instructions, never across a call that waits.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(bucket, staple) table[BUCKETS];
static TAILQ_HEAD(, staple) idle = TAILQ_HEAD_INITIALIZER(idle);
static unsigned int idle_count;

/*
 * When the first one on the list has been there for IDLE_TIME; UINT64_MAX: it
 * is empty. Written with the lock held. Read without: who is late by one
 * change comes again.
 */
static _Atomic uint64_t reap_due = UINT64_MAX;

void staples_lock(void)
{
	pthread_mutex_lock(&lock);
}

void staples_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static struct bucket *bucket_of(const unsigned char key[KEY_SIZE])
{
	unsigned int hash;

	memcpy(&hash, key, sizeof(hash));
	return &table[hash % BUCKETS];
}

static void update_due(void)
{
	const struct staple *first = TAILQ_FIRST(&idle);

	atomic_store(&reap_due, first ? first->idle_since + IDLE_TIME :
					UINT64_MAX);
}

static void leave_idle(struct staple *s)
{
	TAILQ_REMOVE(&idle, s, idle);
	idle_count--;
	update_due();
}

/* With the lock held: the next to free, taken out of everything, or NULL. */
static struct staple *take_victim(void)
{
	struct staple *s = TAILQ_FIRST(&idle);

	if (!s || (idle_count <= MAX_IDLE && now_ms() < atomic_load(&reap_due)))
		return NULL;
	leave_idle(s);
	LIST_REMOVE(s, bucket);
	return s;
}

/* Nobody knows the staple any more. Closing asks the kernel: without lock. */
static void destroy(struct staple *s)
{
	CertCloseServerOcspResponse(atomic_load(&s->handle), 0);
	free(s);
}

static void reap(void)
{
	struct staple *s;

	for (int i = 0; i < REAPED_AT_ONCE; i++) {
		staples_lock();
		s = take_victim();
		staples_unlock();
		if (!s)
			return;
		destroy(s);
	}
}

void staples_reap(void)
{
	uint64_t due = atomic_load_explicit(&reap_due, memory_order_relaxed);

	if (due != UINT64_MAX && now_ms() >= due)
		reap();
}

static struct staple *find(const unsigned char key[KEY_SIZE])
{
	struct staple *s;

	LIST_FOREACH(s, bucket_of(key), bucket)
		if (!memcmp(s->key, key, KEY_SIZE))
			return s;
	return NULL;
}

static struct staple *make(const unsigned char key[KEY_SIZE])
{
	struct staple *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	memcpy(s->key, key, KEY_SIZE);
	LIST_INSERT_HEAD(bucket_of(key), s, bucket);
	return s;
}

struct staple *staple_get(const unsigned char key[KEY_SIZE])
{
	struct staple *s;

	staples_lock();
	s = find(key);
	if (s && !s->refs)
		leave_idle(s);
	if (!s)
		s = make(key);
	if (s)
		s->refs++;
	staples_unlock();
	return s;
}

void staple_put(struct staple *s)
{
	bool too_many;

	if (!s)
		return;
	staples_lock();
	if (!--s->refs) {
		s->idle_since = now_ms();
		TAILQ_INSERT_TAIL(&idle, s, idle);
		idle_count++;
		update_due();
	}
	too_many = idle_count > MAX_IDLE;
	staples_unlock();
	if (too_many)
		reap();
}
