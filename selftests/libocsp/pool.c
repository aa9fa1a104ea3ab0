// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The library's pools of objects of one size. Needs no kernel. */
#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ktest.h"
#include "pool.h"

#define OBJECTS		500
#define ROUNDS		50000
#define THREADS		4

struct object {
	unsigned char *at;		/* NULL: not taken */
	size_t size;
};

/* Most are small; some are larger than what a pool has. */
static size_t a_size(unsigned int *seed)
{
	return 1 + rand_r(seed) % (rand_r(seed) % 8 ? 300 : 6000);
}

static bool is_filled(const struct object *o, unsigned char with)
{
	for (size_t i = 0; i < o->size; i++)
		if (o->at[i] != with)
			return false;
	return true;
}

/* Take one that is not taken, or give back one that still has its bytes. */
static bool step(struct object *o, unsigned char with, unsigned int *seed)
{
	size_t align = OCSP_POOL_LINE;
	bool ok;

	if (o->at) {
		ok = is_filled(o, with);
		ocsp_pool_free(o->at, o->size);
		o->at = NULL;
		return ok;
	}
	o->size = a_size(seed);
	o->at = ocsp_pool_alloc(o->size);
	if (!o->at)
		return false;
	memset(o->at, with, o->size);
	if (o->size % OCSP_POOL_LINE)
		align = alignof(max_align_t);
	return (uintptr_t)o->at % align == 0;
}

/* SEED points to an unsigned int. NULL when all went well. */
static void *use(void *seed)
{
	struct object objects[OBJECTS] = { { NULL, 0 } };
	unsigned int random = *(const unsigned int *)seed;
	bool ok = true;

	for (int i = 0; ok && i < ROUNDS; i++) {
		unsigned int n = rand_r(&random) % OBJECTS;

		ok = step(&objects[n], n, &random);
	}
	for (int i = 0; i < OBJECTS; i++)
		ocsp_pool_free(objects[i].at, objects[i].size);
	return ok ? NULL : seed;
}

TEST(bytes_stay)
{
	unsigned int seed = 1;

	EXPECT_EQ(NULL, use(&seed));
	ocsp_pool_free(NULL, 64);
}

TEST(threads)
{
	unsigned int seeds[THREADS];
	pthread_t threads[THREADS];
	void *failed;

	for (unsigned int i = 0; i < THREADS; i++) {
		seeds[i] = i + 1;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, use, &seeds[i]));
	}
	for (int i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
}

/* Objects of one size lie side by side, and what was given back is next. */
TEST(side_by_side)
{
	unsigned char *a, *b, *c;

	a = ocsp_pool_alloc(80);
	b = ocsp_pool_alloc(80);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(a + 80, b);
	c = ocsp_pool_alloc(64);
	EXPECT_LT(4096, labs(c - a));
	ocsp_pool_free(a, 80);
	EXPECT_EQ(a, ocsp_pool_alloc(80));
	ocsp_pool_free(a, 80);
	ocsp_pool_free(b, 80);
	ocsp_pool_free(c, 64);
}

/* A sanitizer keeps books on what is mapped, in mappings. */
#ifndef __SANITIZE_THREAD__
static int count_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	int c, n = 0;

	if (!f)
		return -1;
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* All memory goes back. */
TEST(returned)
{
	static void *objects[20000];
	int before = count_mappings(), peak;

	for (int i = 0; i < 20000; i++) {
		objects[i] = ocsp_pool_alloc(1000);
		ASSERT_NE(NULL, objects[i]);
	}
	/* The kernel may join them to one. */
	peak = count_mappings();
	EXPECT_LT(before, peak);
	for (int i = 0; i < 20000; i++)
		ocsp_pool_free(objects[i], 1000);
	EXPECT_EQ(before, count_mappings());
}

#endif

/* A child has what was taken before it, and may give it back. */
TEST(forked)
{
	unsigned char *o = ocsp_pool_alloc(200);
	unsigned int seed = 1;
	pid_t pid;

	ASSERT_NE(NULL, o);
	memset(o, 7, 200);
	pid = fork();
	if (!pid) {
		bool ok = o[0] == 7 && o[199] == 7;

		ocsp_pool_free(o, 200);
		_exit(!ok || use(&seed));
	}
	EXPECT_EQ(0, kt_child_status(pid));
	EXPECT_EQ(7, o[100]);
	ocsp_pool_free(o, 200);
}

TEST_HARNESS_MAIN
