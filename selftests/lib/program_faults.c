// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Programs whose allocations fail: see program_faults.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"
#include "program_faults.h"

#define SITES		1024
/* Of the thousands that a large library does so many fail, from first to last. */
#define FOREIGN		4
#define FOREIGN_ALL	50

/* Of all tests of a program: each is a process of its own. */
static struct {
	char directory[32];
	pid_t owner;
	unsigned int n;
	unsigned long site[SITES];
} *all;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "# %s: %s\n", what, strerror(errno));
	exit(1);
}

static void remove_directory(void)
{
	char command[64];

	if (getpid() != all->owner)
		return;
	snprintf(command, sizeof(command), "rm -rf %s", all->directory);
	if (system(command))
		fprintf(stderr, "# %s failed\n", command);
}

const char *pf_directory(void)
{
	if (all)
		return all->directory;
	all = kt_shared(sizeof(*all));
	strcpy(all->directory, "/tmp/ocsp-faults-XXXXXX");
	if (!mkdtemp(all->directory))
		die(all->directory);
	all->owner = getpid();
	atexit(remove_directory);
	return all->directory;
}

FILE *pf_create(char path[64], const char *name)
{
	FILE *file;

	snprintf(path, 64, "%s/%s", pf_directory(), name);
	file = fopen(path, "we");
	if (!file)
		die(path);
	return file;
}

/* A file in the directory. */
static const char *path_of(const char *name)
{
	static char path[8][64];
	static unsigned int turn;
	char *to = path[turn++ % 8];

	snprintf(to, sizeof(path[0]), "%s/%s", pf_directory(), name);
	return to;
}

static void redirect(int fd, const char *path)
{
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	if (to < 0 || dup2(to, fd) < 0)
		die(path);
	close(to);
}

static void __attribute__((noreturn))
execute(const char *const argv[], long nth)
{
	char text[24], library[PATH_MAX];

	redirect(1, path_of("out"));
	redirect(2, path_of("err"));
	if (!realpath("../lib/malloc_faults.so", library))
		die("../lib/malloc_faults.so");
	snprintf(text, sizeof(text), "%ld", nth);
	if (nth >= 0)
		setenv("MALLOC_FAULTS", text, 1);
	setenv("MALLOC_FAULTS_LOG", path_of("log"), 1);
	setenv("MALLOC_FAULTS_NEXT", path_of("next"), 1);
	setenv("LD_PRELOAD", library, 1);
	execvp(argv[0], (char *const *)argv);
	die(argv[0]);
}

pid_t pf_start(const char *const argv[], long nth)
{
	pid_t pid;

	/* What is read at once is not to be the last one's. */
	unlink(path_of("out"));
	unlink(path_of("err"));
	unlink(path_of("log"));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		execute(argv, nth);
	return pid;
}

static void read_text(const char *path, char text[PF_TEXT])
{
	FILE *file = fopen(path, "re");
	size_t n = 0;

	if (file) {
		n = fread(text, 1, PF_TEXT - 1, file);
		fclose(file);
	}
	text[n] = '\0';
}

/* Whether it failed there in this test or one before. */
static bool was_met(const struct mf_site *site)
{
	for (unsigned int i = 0; i < all->n; i++)
		if (all->site[i] == site->offset)
			return true;
	return false;
}

void pf_note(const struct mf_site *site)
{
	if (!was_met(site) && all->n < SITES)
		all->site[all->n++] = site->offset;
}

/* "N OWNER OFFSET STACK" */
static bool parse_line(const char *line, unsigned long *nth,
		       struct mf_site *site)
{
	return sscanf(line, "%lu %63s %lx %lx", nth, site->owner, &site->offset,
		      &site->stack) == 4;
}

static void peek(struct pf_run *run)
{
	unsigned long nth;
	char log[PF_TEXT];

	read_text(path_of("out"), run->out);
	read_text(path_of("err"), run->err);
	read_text(path_of("log"), log);
	run->met = parse_line(log, &nth, &run->site);
}

static bool wait_for(pid_t pid, int options, struct pf_run *run)
{
	int status;
	pid_t ended = waitpid(pid, &status, options);

	if (ended < 0)
		die("waitpid");
	peek(run);
	if (!ended)
		return false;
	run->status = WIFEXITED(status) ? WEXITSTATUS(status) :
					  128 + WTERMSIG(status);
	if (run->met)
		pf_note(&run->site);
	return true;
}

void pf_end(pid_t pid, struct pf_run *run)
{
	wait_for(pid, 0, run);
}

bool pf_has_ended(pid_t pid, struct pf_run *run)
{
	return wait_for(pid, WNOHANG, run);
}

void pf_run(const char *const argv[], long nth, struct pf_run *run)
{
	pf_end(pf_start(argv, nth), run);
}

void pf_forget(void)
{
	/* They are appended to. */
	if (truncate(path_of("out"), 0) || truncate(path_of("err"), 0) ||
	    truncate(path_of("log"), 0))
		die("truncate");
}

void pf_next(pid_t pid, long nth)
{
	const char *path = path_of("next"), *new = path_of("next.new");
	FILE *file = fopen(new, "we");

	if (!file || fprintf(file, nth < 0 ? "-\n" : "%ld\n", nth) < 0 ||
	    fclose(file) || rename(new, path) || kill(pid, SIGRTMIN))
		die(path);
	/* It may have ended. */
	for (int i = 0; i < 5000 && !access(path, F_OK); i++)
		kt_sleep_ms(1);
}

static void add(struct pf_numbers *set, unsigned long number)
{
	unsigned long *grown;

	grown = reallocarray(set->number, set->count + 1, sizeof(*grown));
	if (!grown)
		die("no memory");
	grown[set->count++] = number;
	set->number = grown;
}

static bool has(const struct pf_numbers *set, unsigned long number)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->number[i] == number)
			return true;
	return false;
}

void pf_consider(struct pf_choice *choice, unsigned long nth,
		 const struct mf_site *site)
{
	unsigned long way;

	if (mf_is_foreign(site)) {
		add(&choice->foreign, nth);
	} else if (choice->every_one) {
		add(&choice->chosen, nth);
	} else {
		way = choice->thrifty ? site->offset : site->stack;
		if (has(&choice->ways, way))
			return;
		add(&choice->ways, way);
		add(&choice->chosen, nth);
	}
}

void pf_choice_end(struct pf_choice *choice)
{
	size_t some = choice->every_one ? FOREIGN_ALL : FOREIGN;
	size_t step = choice->foreign.count / some + 1;

	for (size_t i = 0; i < choice->foreign.count; i += step)
		add(&choice->chosen, choice->foreign.number[i]);
}

void pf_choice_init(struct pf_choice *choice)
{
	memset(choice, 0, sizeof(*choice));
	choice->every_one = getenv("KSFT_ALLOC_ALL");
}

void pf_choice_clear(struct pf_choice *choice)
{
	free(choice->chosen.number);
	free(choice->foreign.number);
	free(choice->ways.number);
}

void pf_choose(struct pf_choice *choice, bool thrifty)
{
	FILE *file = fopen(path_of("log"), "re");
	struct mf_site site;
	unsigned long nth;
	char line[256];

	pf_choice_init(choice);
	choice->thrifty = thrifty;
	while (file && fgets(line, sizeof(line), file))
		if (parse_line(line, &nth, &site))
			pf_consider(choice, nth, &site);
	pf_choice_end(choice);
	if (!choice->chosen.count)
		die("malloc_faults.so tells of no allocation");
	fclose(file);
}

unsigned int pf_tell_places(const char *program)
{
	char command[SITES * 12];
	int n;

	printf("# %u places in %s were met:\n", all->n, program);
	fflush(stdout);
	n = sprintf(command, "addr2line -fsp -e %s", program);
	for (unsigned int i = 0; i < all->n; i++)
		n += sprintf(command + n, " %#lx", all->site[i]);
	strcpy(command + n, " 2>&1 | sort | uniq -c | sed 's/^/# /'");
	if (system(command))
		printf("# (their names take addr2line)\n");
	return all->n;
}
