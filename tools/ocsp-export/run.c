// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A command that runs after changes, but not too often. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#include "export.h"

/* us from a change to the command: several changes come together */
#define SETTLE		500000
/* us after which a command is ended */
#define PATIENCE	60000000ULL
#define ACCURACY	10000

struct run {
	char *command;
	uint64_t interval;		/* us */
	uint64_t last;			/* start of the last one; 0: never */
	pid_t pid;			/* 0: it does not run */
	bool again;			/* when it is over */
	sd_event_source *timer;		/* until the start, or the end by force */
	sd_event_source *child;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

static void set_timer(struct run *run, uint64_t when,
		      sd_event_time_handler_t fn)
{
	run->timer = sd_event_source_unref(run->timer);
	if (sd_event_add_time(loop, &run->timer, CLOCK_MONOTONIC, when,
			      ACCURACY, fn, run) < 0)
		no_memory();
}

static void tell_end(const struct run *run, const siginfo_t *info)
{
	if (info->si_code != CLD_EXITED)
		log_text(LOG_WARNING, "command '%s': ended by signal %d",
			 run->command, info->si_status);
	else if (info->si_status)
		log_text(LOG_WARNING, "command '%s': exit status %d",
			 run->command, info->si_status);
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *arg)
{
	struct run *run = arg;

	(void)source;
	tell_end(run, info);
	run->pid = 0;
	run->timer = sd_event_source_unref(run->timer);
	run->child = sd_event_source_unref(run->child);
	if (run->again)
		run_request(run);
	return 0;
}

/* Its group: a shell's children do not end with it. */
static int on_patience(sd_event_source *source, uint64_t when, void *arg)
{
	struct run *run = arg;

	(void)source;
	(void)when;
	log_text(LOG_WARNING, "command '%s': ended after %llu s", run->command,
		 PATIENCE / 1000000);
	kill(-run->pid, SIGKILL);
	return 0;
}

static int spawn(struct run *run)
{
	char *const argv[] = { "sh", "-c", run->command, NULL };
	posix_spawnattr_t attr;
	sigset_t none;
	int err;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
				 POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	err = posix_spawn(&run->pid, "/bin/sh", NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return err;
}

static int on_start(sd_event_source *source, uint64_t when, void *arg)
{
	struct run *run = arg;
	int err;

	(void)source;
	(void)when;
	run->again = false;
	run->last = now_us();
	run->timer = sd_event_source_unref(run->timer);
	err = spawn(run);
	if (err) {
		run->pid = 0;
		log_text(LOG_WARNING, "command '%s': %s", run->command,
			 strerror(err));
		return 0;
	}
	if (sd_event_add_child(loop, &run->child, run->pid, WEXITED, on_end,
			       run) < 0)
		no_memory();
	set_timer(run, run->last + PATIENCE, on_patience);
	return 0;
}

void run_request(struct run *run)
{
	uint64_t when = now_us() + SETTLE;

	run->again = true;
	/* It starts when that is over, or is to start already. */
	if (run->pid || run->timer)
		return;
	if (run->last && run->last + run->interval > when)
		when = run->last + run->interval;
	set_timer(run, when, on_start);
}

struct run *run_new(const char *command, int64_t interval_seconds)
{
	struct run *run = must(calloc(1, sizeof(*run)));

	run->command = must(strdup(command));
	run->interval = interval_seconds * 1000000ULL;
	return run;
}

void run_free(struct run *run)
{
	if (!run)
		return;
	if (run->pid)
		kill(-run->pid, SIGTERM);
	sd_event_source_unref(run->timer);
	sd_event_source_unref(run->child);
	free(run->command);
	free(run);
}
