// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A binary heap: the children of place i are at 2 i and 2 i + 1. */
#include <stdlib.h>

#include "heap.h"

static struct timer **heap;
static uint32_t used, size;

static void put(struct timer *timer, uint32_t place)
{
	heap[place] = timer;
	timer->place = place;
}

static void sift_up(struct timer *timer, uint32_t place)
{
	while (place > 1 && heap[place / 2]->due > timer->due) {
		put(heap[place / 2], place);
		place /= 2;
	}
	put(timer, place);
}

static void sift_down(struct timer *timer, uint32_t place)
{
	uint32_t child;

	for (; (child = 2 * place) <= used; place = child) {
		if (child < used && heap[child + 1]->due < heap[child]->due)
			child++;
		if (heap[child]->due >= timer->due)
			break;
		put(heap[child], place);
	}
	put(timer, place);
}

bool heap_insert(struct timer *timer)
{
	struct timer **grown;
	uint32_t want;

	if (used + 1 >= size) {
		want = size ? 2 * size : 64;
		/* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
		grown = realloc(heap, want * sizeof(*heap));
		if (!grown)
			return false;
		heap = grown;
		size = want;
	}
	sift_up(timer, ++used);
	return true;
}

void heap_remove(struct timer *timer)
{
	uint32_t place = timer->place;
	struct timer *last = heap[used--];

	timer->place = 0;
	if (last == timer)
		return;
	if (place > 1 && heap[place / 2]->due > last->due)
		sift_up(last, place);
	else
		sift_down(last, place);
}

struct timer *heap_first(void)
{
	return used ? heap[1] : NULL;
}
