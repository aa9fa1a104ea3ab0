/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Tells when HAProxy makes its admin socket, which it does at most starts. */
#ifndef EXPORT_HAPROXY_WATCH_H
#define EXPORT_HAPROXY_WATCH_H

#include <stdbool.h>

#include <systemd/sd-event.h>

/* The owner sets the first three. */
struct haproxy_watch {
	const char *path;		/* of the socket: it is absolute */
	void *owner;
	/* There is a new socket; or something happened, and it may be there. */
	void (*changed)(void *owner);
	sd_event_source *source;	/* of the socket's directory, or that one's */
	char *awaited;			/* what is to be made in there */
	bool awaits_directory;		/* that of the socket */
};

/*
 * Watch, if we do not yet. While HAProxy's unit is stopped the socket's directory
 * may not be there: that is waited for. Where neither can be watched, nothing is.
 */
void haproxy_watch_start(struct haproxy_watch *w);
void haproxy_watch_stop(struct haproxy_watch *w);

#endif /* EXPORT_HAPROXY_WATCH_H */
