// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* KCOV: which places in the module an input reached, in the thread that sent it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kcov.h>

#include "kfuzz.h"

#define ENTRIES		(1UL << 16)

static unsigned long load(const unsigned long *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

void kf_cover_find(struct kf_shared *shared)
{
	char line[256];
	unsigned long size, text;
	FILE *file = fopen("/proc/modules", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, KTLS_OCSP_FAMILY_NAME " %lu %*s %*s %*s %lx",
			   &size, &text) == 2) {
			shared->text = text;
			shared->text_size = size < KF_PCS ? size : KF_PCS;
		}
	if (file)
		fclose(file);
}

void kf_cover_open(struct kf_cover *cover, const struct kf_shared *shared)
{
	const size_t size = ENTRIES * sizeof(*cover->pcs);
	void *pcs;

	cover->fd = -1;
	if (!shared->text)
		return;
	cover->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (cover->fd < 0)
		return;
	if (!ioctl(cover->fd, KCOV_INIT_TRACE, ENTRIES)) {
		pcs = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   cover->fd, 0);
		if (pcs != MAP_FAILED) {
			cover->pcs = pcs;
			return;
		}
	}
	close(cover->fd);
	cover->fd = -1;
}

void kf_cover_enable(struct kf_cover *cover)
{
	if (cover->fd >= 0 && ioctl(cover->fd, KCOV_ENABLE, KCOV_TRACE_PC)) {
		close(cover->fd);
		cover->fd = -1;
	}
}

void kf_cover_reset(struct kf_cover *cover)
{
	if (cover->fd >= 0)
		__atomic_store_n(&cover->pcs[0], 0, __ATOMIC_RELAXED);
}

/* Also the step from one place to the next: that tells orders apart. */
bool kf_cover_new(struct kf_cover *cover, struct kf_shared *shared)
{
	unsigned long n, at, before = 0;
	bool found = false;
	uint32_t edge;

	if (cover->fd < 0)
		return false;
	n = load(&cover->pcs[0]);
	for (unsigned long i = 1; i <= n && i < ENTRIES; i++) {
		at = load(&cover->pcs[i]) - shared->text;
		if (at >= shared->text_size)
			continue;
		if (!shared->pcs[at]) {
			shared->pcs[at] = 1;
			atomic_fetch_add(&shared->n_pcs, 1);
			found = true;
		}
		edge = (uint32_t)(before * 2654435761U ^ at) % KF_EDGES;
		if (!shared->edges[edge]) {
			shared->edges[edge] = 1;
			atomic_fetch_add(&shared->n_edges, 1);
			found = true;
		}
		before = at;
	}
	return found;
}
