// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A malloc() that fails: see malloc_faults.h. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "malloc_faults.h"

#define FRAMES		48

/* glibc's own functions call these, too, so they are all there is to it. */
static void *(*next_malloc)(size_t size);
static void *(*next_calloc)(size_t n, size_t size);
static void *(*next_realloc)(void *old, size_t size);
static void *(*next_aligned_alloc)(size_t align, size_t size);
static int (*next_posix_memalign)(void **block, size_t align, size_t size);
static void (*next_free)(void *block);
static void *(*next_mmap)(void *at, size_t size, int protection, int flags,
			  int fd, off_t offset);

static atomic_bool armed;
static atomic_ulong count, fatal;
static atomic_long live;
static struct mf_site site;

/* In here nothing fails. Known from the start, so that it takes no memory. */
static __thread bool inside __attribute__((tls_model("initial-exec")));

void (*mf_tell)(unsigned long nth, const struct mf_site *site);

static void *find(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn)
		abort();
	return fn;
}

static void find_all(void)
{
	next_calloc = find("calloc");
	next_realloc = find("realloc");
	next_aligned_alloc = find("aligned_alloc");
	next_posix_memalign = find("posix_memalign");
	next_free = find("free");
	next_mmap = find("mmap");
	next_malloc = find("malloc");
}

/* The first one takes memory, to load what unwinds. */
static void __attribute__((constructor)) warm_up(void)
{
	void *frames[1];

	inside = true;
	backtrace(frames, 1);
	inside = false;
}

/* What an address is in: its file, and where there. NULL: nothing that we know. */
static const char *object_of(void *at, unsigned long *offset)
{
	struct dl_find_object found;
	const char *path, *slash;

	if (_dl_find_object(at, &found))
		return NULL;
	*offset = (uintptr_t)at - found.dlfo_link_map->l_addr;
	path = found.dlfo_link_map->l_name;
	slash = strrchr(path, '/');
	return !*path ? program_invocation_short_name :
	       slash ? slash + 1 : path;
}

/* Not those through which others ask. */
static void add_frame(void *return_to)
{
	static const char * const between[] = {
		"libc.so", "ld-linux", "libasan", "libubsan", "libtsan",
		"malloc_faults.so", NULL,
	};
	/* Where it is to return to may be another function's. */
	void *at = (char *)return_to - 1;
	const char *object;
	unsigned long offset;

	object = object_of(at, &offset);
	if (!object || mf_starts_with(object, between))
		return;
	site.stack = (site.stack ^ offset) * 0x100000001b3UL;
	if (!*site.owner)
		snprintf(site.owner, sizeof(site.owner), "%s", object);
	/* What has no suffix is no library. */
	if (!site.offset && !strstr(object, ".so"))
		site.offset = offset;
}

static void find_site(void *caller, bool quick)
{
	void *frames[FRAMES];
	int n;

	memset(&site, 0, sizeof(site));
	add_frame(caller);
	/* Of which there are thousands. */
	if (quick && mf_is_foreign(&site))
		return;
	memset(&site, 0, sizeof(site));
	n = backtrace(frames, FRAMES);
	for (int i = 0; i < n; i++) {
		if (frames[i] == caller)
			caller = NULL;
		if (!caller)
			add_frame(frames[i]);
	}
}

/* Whether this one is to fail. */
static bool fails(void *caller)
{
	unsigned long nth;
	bool fail;

	if (!next_malloc)
		find_all();
	if (!armed || inside)
		return false;
	inside = true;
	nth = ++count;
	fail = nth == fatal;
	if (fail || (!fatal && mf_tell)) {
		find_site(caller, !fail);
		if (mf_tell)
			mf_tell(nth, &site);
	}
	inside = false;
	if (fail)
		errno = ENOMEM;
	return fail;
}

#define FAILS()	fails(__builtin_return_address(0))

static void *counted(void *block)
{
	live += !!block;
	return block;
}

void *malloc(size_t size)
{
	return FAILS() ? NULL : counted(next_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return FAILS() ? NULL : counted(next_calloc(n, size));
}

static void *resized(void *old, size_t size)
{
	void *block = next_realloc(old, size);

	if (!old)
		return counted(block);
	live -= !block && !size;
	return block;
}

void *realloc(void *old, size_t size)
{
	return FAILS() ? NULL : resized(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
	if (FAILS() || (size && n > SIZE_MAX / size)) {
		errno = ENOMEM;
		return NULL;
	}
	return resized(old, n * size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return FAILS() ? NULL : counted(next_aligned_alloc(align, size));
}

/* The pools of libocsp take it by the chunk. No block: those are counted. */
void *mmap(void *at, size_t size, int protection, int flags, int fd,
	   off_t offset)
{
	if (FAILS()) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return next_mmap(at, size, protection, flags, fd, offset);
}

int posix_memalign(void **block, size_t align, size_t size)
{
	int err = ENOMEM;

	if (FAILS())
		return err;
	err = next_posix_memalign(block, align, size);
	live += !err;
	return err;
}

static char *copied(const char *text, size_t len, void *caller)
{
	char *copy = fails(caller) ? NULL : counted(next_malloc(len + 1));

	if (!copy)
		return NULL;
	copy[len] = '\0';
	return memcpy(copy, text, len);
}

/* Those of ASan would not ask malloc() as those of glibc do. */
char *strdup(const char *text)
{
	return copied(text, strlen(text), __builtin_return_address(0));
}

char *strndup(const char *text, size_t len)
{
	return copied(text, strnlen(text, len), __builtin_return_address(0));
}

void free(void *block)
{
	if (!next_malloc)
		find_all();
	live -= !!block;
	next_free(block);
}

void mf_arm(unsigned long nth)
{
	count = 0;
	fatal = nth;
	armed = true;
}

bool mf_disarm(void)
{
	armed = false;
	return fatal && count >= fatal;
}

unsigned long mf_count(void)
{
	return count;
}

const struct mf_site *mf_site(void)
{
	return &site;
}

long mf_live(void)
{
	return live;
}
