// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl top: the status, again and again */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "summary.h"

#define INTERVAL	2
#define LINES		24

/* ECMA-48: another screen, without a cursor; and back */
#define ENTER_SCREEN	"\033[?1049h\033[?25l"
#define LEAVE_SCREEN	"\033[?25h\033[?1049l"
#define HOME		"\033[H"
#define END_OF_LINE	"\033[K"
#define END_OF_SCREEN	"\033[J"

static struct termios saved;
static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static void catch_signals(void)
{
	/* Without SA_RESTART, so that the wait ends. */
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* Keys come as they are pressed, and are not shown. */
static void enter(void)
{
	struct termios raw;

	if (!tcgetattr(STDIN_FILENO, &saved)) {
		raw = saved;
		raw.c_lflag &= ~(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs(ENTER_SCREEN, stdout);
}

static void leave(void)
{
	fputs(LEAVE_SCREEN, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

static unsigned short lines(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ?
	       LINES : size.ws_row;
}

/* To a buffer first, since it is to be cut at the end of the screen. */
static char *status_text(const struct summary *s)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		no_memory();
	summary_print(out, s);
	if (fclose(out))
		no_memory();
	return text;
}

static void draw(const struct summary *s)
{
	char when[TIME_TEXT_SIZE], *text = status_text(s), *line, *rest = text;
	unsigned short left = lines();

	printf(HOME "ocspctl top, %s (q ends)" END_OF_LINE,
	       time_text(s->now, when));
	/* A newline in the last line would scroll. */
	while (--left && (line = strsep(&rest, "\n")) && *line)
		printf("\n%s" END_OF_LINE, line);
	fputs(END_OF_SCREEN, stdout);
	free(text);
}

/* False: it is to end. */
static bool wait_for_key(int ms)
{
	struct pollfd fd = { STDIN_FILENO, POLLIN, 0 };
	char key;

	if (poll(&fd, 1, ms) <= 0)
		return !stopped;
	return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && !stopped;
}

static int watch(struct ocsp_client *client, int ms)
{
	struct summary s;
	bool read;

	do {
		/* As many as there may be lines; the rest is cut. */
		read = summary_read(&s, client, lines());
		if (read)
			draw(&s);
		summary_clear(&s);
	} while (read && !finish_output() && wait_for_key(ms));
	return read ? EXIT_OK : EXIT_ERROR;
}

int cmd_top(const struct args *args)
{
	struct ocsp_client *client;
	int64_t interval = INTERVAL;
	int status;

	if (args->interval && (!parse_span(args->interval, &interval) ||
			       !interval || interval > 3600))
		return error("top: '%s' is not a time span from 1s to 1h",
			     args->interval);
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return error("top: needs a terminal, use ocspctl status");
	client = connect_store();
	if (!client)
		return EXIT_ERROR;
	catch_signals();
	enter();
	status = watch(client, interval * 1000);
	leave();
	ocsp_client_free(client);
	return status;
}
