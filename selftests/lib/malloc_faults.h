/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A malloc() that fails: the Nth time that anything in the process asks for
 * memory, its libraries included. Linked into a test of libocsp, and with
 * malloc_preload.c a library that is loaded before a program's own.
 */
#ifndef MALLOC_FAULTS_H
#define MALLOC_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MF_PLACE_SIZE	64

/* Where memory was asked for. */
struct mf_site {
	char owner[MF_PLACE_SIZE];	/* who asked: the program, or a library */
	unsigned long offset;		/* in the program: where it did, or called that */
	unsigned long stack;		/* a hash of all callers */
};

/* From now on the Nth fails, once; 0: none does, but they are counted. */
void mf_arm(unsigned long nth);
/* Stops it; true when the Nth was met. */
bool mf_disarm(void);
/* How many were asked for since mf_arm(). */
unsigned long mf_count(void);
/* Of the one that failed last. */
const struct mf_site *mf_site(void);
/* Blocks that are not freed. */
long mf_live(void);

/*
 * Called for each that is counted while armed with 0, and that which fails. Of
 * what a large library asks for only the owner is known then.
 */
extern void (*mf_tell)(unsigned long nth, const struct mf_site *site);

static inline bool mf_starts_with(const char *object,
				  const char * const names[])
{
	for (; *names; names++)
		if (!strncmp(object, *names, strlen(*names)))
			return true;
	return false;
}

/* Asked for by one of the large libraries, which do thousands. */
static inline bool mf_is_foreign(const struct mf_site *site)
{
	static const char * const names[] = {
		"libcrypto.so", "libssl.so", "libcurl", "libgnutls.so", NULL,
	};

	return mf_starts_with(site->owner, names);
}

#endif /* MALLOC_FAULTS_H */
