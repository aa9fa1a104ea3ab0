// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Changing the settings of servers: files, and commands. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

char *act_path(const struct act *act, const char *path)
{
	char *whole;

	if (asprintf(&whole, "%s%s", act->root, path) < 0)
		no_memory();
	return whole;
}

char *act_read(const struct act *act, const char *path)
{
	char *whole = act_path(act, path), *text = NULL;
	size_t size = 0;
	FILE *f = fopen(whole, "re");

	free(whole);
	if (!f)
		return NULL;
	/* Nothing in it is a NUL. */
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = ferror(f) ? NULL : strdup("");
	}
	fclose(f);
	return text;
}

bool act_exists(const struct act *act, const char *path)
{
	char *whole = act_path(act, path);
	bool exists = !access(whole, F_OK);

	free(whole);
	return exists;
}

enum own_file act_compare(const struct act *act, const char *path,
			  const char *text)
{
	char *have = act_read(act, path);
	enum own_file what;

	if (!have)
		what = act_exists(act, path) ? OWN_CHANGED : OWN_MISSING;
	else
		what = strcmp(have, text) ? OWN_CHANGED : OWN_SAME;
	free(have);
	return what;
}

static int make_directory(const char *path)
{
	char *copy = strdup(path), *dir;
	int status = EXIT_OK;

	if (!copy)
		no_memory();
	dir = dirname(copy);
	if (mkdir(dir, 0755) && errno != EEXIST)
		status = error("%s: %s", dir, strerror(errno));
	free(copy);
	return status;
}

static void show_text(const char *what, const char *path, const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;

	if (!copy)
		no_memory();
	printf("%s ", what);
	print_text(stdout, path, 0);
	putchar('\n');
	while ((line = strsep(&rest, "\n")) && (*line || rest)) {
		fputs("    ", stdout);
		print_text(stdout, line, 0);
		putchar('\n');
	}
	free(copy);
}

int act_rewrite(const struct act *act, const char *path, const char *text)
{
	char *whole = act_path(act, path);
	int status = EXIT_OK, err;
	struct stat st;

	show_text(act->dry_run ? "would write" : "write", whole, text);
	if (!act->dry_run) {
		/* It stays its owner's, and as private as it is. */
		bool was = !stat(whole, &st);

		err = write_file(whole, (const unsigned char *)text,
				 strlen(text), true);
		if (!err && was && (chown(whole, st.st_uid, st.st_gid) ||
				    chmod(whole, st.st_mode & 07777)))
			err = -errno;
		if (err)
			status = error("%s: %s", whole, strerror(-err));
	}
	free(whole);
	return status;
}

int act_write_own(const struct act *act, const char *path, const char *text)
{
	enum own_file what = act_compare(act, path, text);
	char *whole;
	int status = EXIT_OK;

	if (what == OWN_SAME)
		return EXIT_OK;
	whole = act_path(act, path);
	if (what == OWN_CHANGED)
		status = error("%s: has other text than ocspctl writes, remove it first",
			       whole);
	else if (!act->dry_run)
		status = make_directory(whole);
	free(whole);
	return status ? status : act_rewrite(act, path, text);
}

int act_remove_own(const struct act *act, const char *path, const char *text)
{
	enum own_file what = act_compare(act, path, text);
	char *whole = act_path(act, path), *dir;
	int status = EXIT_OK;

	if (what == OWN_CHANGED) {
		status = error("%s: was changed, so it stays", whole);
	} else if (what == OWN_SAME) {
		printf("%s ", act->dry_run ? "would remove" : "remove");
		print_text(stdout, whole, 0);
		putchar('\n');
		if (!act->dry_run && unlink(whole))
			status = error("%s: %s", whole, strerror(errno));
		/* A unit's directory of drop-ins, where it is empty */
		dir = dirname(whole);
		if (!act->dry_run && strstr(dir, "/systemd/system/"))
			rmdir(dir);
	}
	free(whole);
	return status;
}

/* Commands */

static int start(const char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int err;

	posix_spawn_file_actions_init(&actions);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	err = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv,
			   environ);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

/* The exit status, or -1 */
static int wait_for_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int act_run(const struct act *act, const char *const argv[])
{
	int i, err, status;
	pid_t pid;

	if (*act->root)
		return EXIT_OK;
	fputs(act->dry_run ? "would run" : "run", stdout);
	for (i = 0; argv[i]; i++)
		printf(" %s", argv[i]);
	putchar('\n');
	if (act->dry_run)
		return EXIT_OK;
	fflush(stdout);
	err = start(argv, -1, &pid);
	if (err)
		return error("%s: %s", argv[0], strerror(err));
	status = wait_for_end(pid);
	return status ? error("%s %s: exit status %d", argv[0],
			      argv[1] ? argv[1] : "", status) : EXIT_OK;
}

char *act_ask(const struct act *act, const char *const argv[])
{
	char *text = NULL;
	size_t size = 0;
	int fds[2];
	pid_t pid;
	FILE *in;

	if (*act->root || pipe2(fds, O_CLOEXEC))
		return NULL;
	if (start(argv, fds[1], &pid)) {
		close(fds[0]);
		close(fds[1]);
		return NULL;
	}
	close(fds[1]);
	in = fdopen(fds[0], "r");
	if (!in)
		no_memory();
	if (getdelim(&text, &size, '\0', in) < 0) {
		free(text);
		text = strdup("");
		if (!text)
			no_memory();
	}
	fclose(in);
	if (wait_for_end(pid)) {
		free(text);
		return NULL;
	}
	text[strcspn(text, "\n")] = '\0';
	return text;
}
