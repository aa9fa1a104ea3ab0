// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * For LD_PRELOAD, with malloc_faults.c: a program's Nth request for memory
 * fails, counted from its main() up to the last of its exit handlers.
 *
 * Environment: MALLOC_FAULTS, N; MALLOC_FAULTS_LOG, a file that gets a line for
 * it, "N OWNER OFFSET STACK" of struct mf_site; with an N of 0 nothing fails, and each gets one. A
 * program that runs on is told with SIGRTMIN to start anew, with the N that
 * the file MALLOC_FAULTS_NEXT has then, or "-" for none.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "malloc_faults.h"

typedef int (*main_fn)(int argc, char **argv, char **env);

static main_fn next_main;
static const char *next_file;
static int log_fd = -1;

static void tell(unsigned long nth, const struct mf_site *site)
{
	char line[2 * MF_PLACE_SIZE];
	int n = snprintf(line, sizeof(line), "%lu %s %#lx %#lx\n", nth,
			 site->owner, site->offset, site->stack);

	/* Whoever reads it finds that there is none. */
	if (write(log_fd, line, n) != n)
		close(log_fd);
}

/* Calls what a handler may call, and nothing else. */
static void on_next(int sig)
{
	char text[16] = "";
	unsigned long nth = 0;
	int fd = open(next_file, O_RDONLY | O_CLOEXEC);

	(void)sig;
	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	for (const char *p = text; *p >= '0' && *p <= '9'; p++)
		nth = 10 * nth + (*p - '0');
	mf_disarm();
	if (*text != '-')
		mf_arm(nth);
	/* Done: that is what the file's end tells. */
	unlink(next_file);
}

static void disarm(void)
{
	mf_disarm();
}

static int run(int argc, char **argv, char **env)
{
	const struct sigaction next = {
		.sa_handler = on_next, .sa_flags = SA_RESTART,
	};
	const char *nth = getenv("MALLOC_FAULTS");
	const char *path = getenv("MALLOC_FAULTS_LOG");

	/* Not for what the program may start. */
	unsetenv("LD_PRELOAD");
	next_file = getenv("MALLOC_FAULTS_NEXT");
	if (next_file)
		sigaction(SIGRTMIN, &next, NULL);
	if (path) {
		log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0666);
		mf_tell = tell;
	}
	/* What comes after them is the destructors', as that of libgcov. */
	atexit(disarm);
	if (nth)
		mf_arm(strtoul(nth, NULL, 10));
	return next_main(argc, argv, env);
}

/* What comes before main() is the dynamic linker's and the constructors'. */
int __libc_start_main(main_fn main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void),
		      void *stack_end);

int __libc_start_main(main_fn main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void),
		      void *stack_end)
{
	typeof(__libc_start_main) *start = dlsym(RTLD_NEXT, __func__);

	next_main = main;
	return start(run, argc, argv, init, fini, rtld_fini, stack_end);
}
