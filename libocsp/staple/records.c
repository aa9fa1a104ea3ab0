// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <ctype.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "records.h"

#define RECORDS		4096	/* a power of 2; 96 KiB, taken as it is used */
#define PROBES		8
#define FIRST_DELAY	4000	/* ms; doubled by each failure */
#define DOUBLINGS	6	/* so at most 256 s */
#define REASONS		4	/* lines of a certificate until it recovers */

struct shared {
	_Atomic uint32_t changes;
	struct record records[RECORDS];
};

/* Constant after records_init(). */
static struct shared *shared;

bool records_init(void)
{
	void *map;

	if (shared)
		return true;
	map = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return false;
	shared = map;
	return true;
}

static uint64_t tag_of(const unsigned char key[KEY_SIZE])
{
	uint64_t tag;

	memcpy(&tag, key, sizeof(tag));
	return tag | 1;		/* never 0, that of a free record */
}

static struct record *place(uint64_t tag, unsigned int probe)
{
	return &shared->records[((tag >> 1) + probe) % RECORDS];
}

static struct record *find(uint64_t tag)
{
	struct record *r;

	for (unsigned int i = 0; i < PROBES; i++) {
		r = place(tag, i);
		if (atomic_load_explicit(&r->tag, memory_order_acquire) == tag)
			return r;
	}
	return NULL;
}

struct record *record_find(const unsigned char key[KEY_SIZE])
{
	return find(tag_of(key));
}

static bool take(struct record *r, uint64_t old, uint64_t tag)
{
	if (!atomic_compare_exchange_strong(&r->tag, &old, tag))
		return old == tag;
	atomic_store(&r->next_try, 0);
	atomic_store(&r->failures, 0);
	atomic_store(&r->said, 0);
	return true;
}

struct record *record_make(const unsigned char key[KEY_SIZE])
{
	struct record *r, *oldest;
	uint64_t tag = tag_of(key);

	r = find(tag);
	if (r)
		return r;
	oldest = place(tag, 0);
	for (unsigned int i = 0; i < PROBES; i++) {
		r = place(tag, i);
		if (!atomic_load(&r->tag) && take(r, 0, tag))
			return r;
		if (atomic_load(&r->next_try) < atomic_load(&oldest->next_try))
			oldest = r;
	}
	/* Whoever is faster has it; to share one is no harm. */
	take(oldest, atomic_load(&oldest->tag), tag);
	return oldest;
}

bool record_claim(struct record *r)
{
	uint64_t now = now_ms(), next;

	next = atomic_load_explicit(&r->next_try, memory_order_relaxed);
	return next <= now &&
	       atomic_compare_exchange_strong(&r->next_try, &next,
					      now + FIRST_DELAY);
}

void record_failed(struct record *r)
{
	uint32_t failures = atomic_fetch_add(&r->failures, 1);

	if (failures > DOUBLINGS)
		failures = DOUBLINGS;
	atomic_store(&r->next_try,
		     now_ms() + ((uint64_t)FIRST_DELAY << failures));
}

void record_opened(struct record *r)
{
	atomic_store(&r->failures, 0);
	atomic_store(&r->next_try, 0);
}

/* FNV-1a, over all but the numbers */
static uint32_t reason_bit(uint32_t code, const char *why)
{
	uint32_t hash = 2166136261u ^ code;

	for (; *why; why++)
		if (!isdigit((unsigned char)*why))
			hash = (hash ^ (unsigned char)*why) * 16777619u;
	return 1u << (hash >> 27);
}

bool record_say(struct record *r, uint32_t code, const char *why)
{
	uint32_t bit = reason_bit(code, why), said = atomic_load(&r->said);

	if ((said & bit) || __builtin_popcount(said) >= REASONS)
		return false;
	if (atomic_fetch_or(&r->said, bit) & bit)
		return false;
	/* After the bit: whoever sees the change sees what changed. Bit 0 is records_change()'s. */
	atomic_fetch_add(&shared->changes, 2);
	return true;
}

uint32_t records_change(void)
{
	return atomic_load(&shared->changes) | 1;
}

bool record_recovered(struct record *r)
{
	record_opened(r);
	return atomic_exchange(&r->said, 0);
}
