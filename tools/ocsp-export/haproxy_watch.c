// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Tells when HAProxy makes its admin socket, see haproxy_watch.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "export.h"
#include "haproxy_watch.h"

static int on_event(sd_event_source *source, const struct inotify_event *event,
		    void *arg)
{
	struct haproxy_watch *w = arg;
	bool gone = event->mask & IN_IGNORED;

	(void)source;
	if (!gone && !(event->mask & IN_Q_OVERFLOW) &&
	    !(event->len && !strcmp(event->name, w->awaited)))
		return 0;
	/* The next start watches the directory that is there then. */
	if (gone || w->awaits_directory)
		w->source = sd_event_source_unref(w->source);
	w->changed(w->owner);
	return 0;
}

/* Watches the directory in which path is to be made. */
static bool watch_for(struct haproxy_watch *w, const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	char *directory = must(strndup(path, base - path));
	sd_event_source *source = NULL;

	if (sd_event_add_inotify(loop, &source, directory,
				 IN_CREATE | IN_MOVED_TO | IN_ONLYDIR,
				 on_event, w) >= 0) {
		sd_event_source_unref(w->source);
		w->source = source;
		free(w->awaited);
		w->awaited = must(strdup(base));
	}
	free(directory);
	return source;
}

void haproxy_watch_start(struct haproxy_watch *w)
{
	char *directory;

	if (w->source && !w->awaits_directory)
		return;
	if (watch_for(w, w->path)) {
		w->awaits_directory = false;
		return;
	}
	if (w->source)
		return;
	directory = must(strdup(w->path));
	*strrchr(directory, '/') = '\0';
	w->awaits_directory = *directory && watch_for(w, directory);
	free(directory);
}

void haproxy_watch_stop(struct haproxy_watch *w)
{
	w->source = sd_event_source_unref(w->source);
	free(w->awaited);
	w->awaited = NULL;
}
