/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Programs whose allocations fail, by malloc_preload.c: running one, and
 * choosing which allocations are worth it.
 *
 * What cannot be done here ends the test.
 */
#ifndef PROGRAM_FAULTS_H
#define PROGRAM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "malloc_faults.h"

#define PF_ARGS		16
#define PF_TEXT		16384

/* A program's run. */
struct pf_run {
	int status;			/* its exit status, or 128 + a signal */
	bool met;			/* the allocation was met, and failed */
	struct mf_site site;		/* where */
	char out[PF_TEXT];
	char err[PF_TEXT];
};

/* The directory of all that is written here; removed at the end. */
const char *pf_directory(void);

/* A new file in there, and its path. */
FILE *pf_create(char path[64], const char *name);

/*
 * Start argv[0], of PATH, with its Nth allocation failing; 0: none, but they are
 * told; -1: none. Its output goes into the directory. pf_end() waits for it and
 * reads that.
 */
pid_t pf_start(const char *const argv[], long nth);
void pf_end(pid_t pid, struct pf_run *run);
void pf_run(const char *const argv[], long nth, struct pf_run *run);

/* One that runs on: whether it has ended, and what it has said so far. */
bool pf_has_ended(pid_t pid, struct pf_run *run);
/* Forget what it has said. */
void pf_forget(void);
/* One that runs on: as pf_start(), from now on. */
void pf_next(pid_t pid, long nth);

struct pf_numbers {
	unsigned long *number;
	size_t count;
};

/*
 * Which allocations of a run are to fail. Of the program's own, and of the
 * libraries that it uses for small things, one for each way that leads there,
 * or when it is thrifty for each place in the program; of the large libraries a
 * few. With KSFT_ALLOC_ALL in the environment each of the former, and more of
 * the latter.
 */
struct pf_choice {
	bool every_one;
	bool thrifty;
	struct pf_numbers chosen;
	struct pf_numbers foreign;
	struct pf_numbers ways;
};

void pf_choice_init(struct pf_choice *choice);
void pf_consider(struct pf_choice *choice, unsigned long nth,
		 const struct mf_site *site);
void pf_choice_end(struct pf_choice *choice);
void pf_choice_clear(struct pf_choice *choice);
/* All of these, from a program's run with an nth of 0, as far as it is. */
void pf_choose(struct pf_choice *choice, bool thrifty);

/* One that failed; pf_end() notes that of its run. */
void pf_note(const struct mf_site *site);
/* All that failed, of all tests: told, as places in that program; their number. */
unsigned int pf_tell_places(const char *program);

#endif /* PROGRAM_FAULTS_H */
