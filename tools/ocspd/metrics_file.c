// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The figures in a file, see metrics_file.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "metrics.h"
#include "metrics_file.h"
#include "timer.h"

/* ms */
#define EVERY	15000

static void on_timer(struct timer *timer);
static struct timer timer = { .fn = on_timer };
static char *path;
static bool written;
static bool troubled;			/* the last write failed, and that was told */

static int write_it(void)
{
	size_t len;
	char *text = metrics_text(METRICS_PROMETHEUS, &len);
	int err = -ENOMEM;

	/* Not synced: it is of no use after a crash of the machine. */
	if (text)
		err = write_file(path, (unsigned char *)text, len, false);
	free(text);
	return err;
}

static void on_timer(struct timer *the_timer)
{
	int err = write_it();

	if (err && !troubled)
		log_text(LOG_WARNING, "metrics_file %s: %s", path,
			 strerror(-err));
	else if (!err && troubled)
		log_text(LOG_NOTICE, "metrics_file %s: can be written again",
			 path);
	troubled = err;
	written |= !err;
	timer_set(the_timer, clock_ms() + EVERY);
}

void metrics_file_open(const char *new_path)
{
	if (path && new_path && !strcmp(path, new_path))
		return;
	metrics_file_close();
	if (!new_path)
		return;
	path = strdup(new_path);
	if (path)
		timer_set(&timer, clock_ms());
	else
		log_text(LOG_WARNING, "metrics_file %s: no memory", new_path);
}

void metrics_file_close(void)
{
	timer_stop(&timer);
	/* What is there may be somebody else's, as long as we wrote nothing. */
	if (written)
		unlink(path);
	written = false;
	troubled = false;
	free(path);
	path = NULL;
}
