/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The admin socket of HAProxy, which takes one line of commands for each connection. */
#ifndef EXPORT_HAPROXY_CLI_H
#define EXPORT_HAPROXY_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#include <systemd/sd-event.h>

/* The owner sets the first three. */
struct haproxy_cli {
	struct sockaddr_un address;
	void *owner;
	/* No command is going on any longer. */
	void (*failed)(void *owner, const char *why);
	/* What is going on */
	void (*then)(void *owner, char *reply);
	int fd;				/* -1: nothing */
	char *out;
	size_t out_len, out_sent;
	char *in;
	size_t in_len;
	sd_event_source *io, *timer;
};

void haproxy_cli_init(struct haproxy_cli *cli);
/*
 * Send the text, which is taken, and call then with the answer, which is not
 * then's to keep; or failed.
 */
void haproxy_cli_send(struct haproxy_cli *cli, char *text,
		      void (*then)(void *owner, char *reply));
bool haproxy_cli_is_busy(const struct haproxy_cli *cli);
/* Neither then nor failed is called. */
void haproxy_cli_stop(struct haproxy_cli *cli);

#endif /* EXPORT_HAPROXY_CLI_H */
