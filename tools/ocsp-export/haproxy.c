// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * HAProxy, by its admin socket. What it is told, it forgets when it starts again
 * or reloads. Most starts make a new socket, which its directory tells. A reload
 * that hands the socket to the new process does not: so HAProxy is asked each
 * second which process it is.
 *
 *	IDLE --LOOK_EVERY, or a new socket--> "show info": another process, or
 *					      something to send?
 *	  "show ssl cert": its files, each asked for the SHA-1 of its certificate
 *	  for each one that the store has a response for:
 *	    "set ssl ocsp-response"; or, where HAProxy has no entry for it,
 *	    "set ssl cert NAME.ocsp", which makes one, and "commit ssl cert NAME"
 *	--> IDLE
 *
 * HAProxy itself stops stapling what has expired.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <openssl/evp.h>

#include "export.h"
#include "haproxy_cli.h"
#include "haproxy_files.h"
#include "haproxy_watch.h"
#include "items.h"
#include "unix_socket.h"

/* us */
#define LOOK_EVERY	1000000ULL
#define ACCURACY	100000
/* A new socket is there before HAProxy listens: until the next try, then twice as long each time */
#define RETRY_FIRST	5000ULL
/* All its certificates are asked for again after so many looks. */
#define LOOKS_OF_LIST	60
/* tune.bufsize is 16384 by default. */
#define BLOB_MAX	12000

struct haproxy {
	struct target target;
	struct haproxy_cli cli;
	struct haproxy_watch watch;	/* of its socket */
	struct haproxy_files files;
	uint64_t retry;			/* us until the next look after a failure */
	uint64_t looked;		/* us: when it was asked which process it is */
	long pid;			/* of HAProxy; 0: not known */
	int looks;			/* since the list was read */
	char *complaint;		/* the last one, since all went well */
	sd_event_source *timer;		/* of the next look */
	/* What is being sent */
	struct haproxy_file *file;
	uint64_t generation;
	char *base64;
};

static void look_in(struct haproxy *h, uint64_t us);
static void look_later(struct haproxy *h);
static void ask_process(struct haproxy *h);

/* Whoever is there next has nothing of it. */
static void forget_process(struct haproxy *h)
{
	haproxy_cli_stop(&h->cli);
	free(h->base64);
	h->base64 = NULL;
	h->pid = 0;
}

static void forget_complaint(struct haproxy *h)
{
	free(h->complaint);
	h->complaint = NULL;
}

/* Once of the same: what hides behind it, when that is mended, is another. */
static void complain(struct haproxy *h, const char *why)
{
	if (h->complaint && !strcmp(h->complaint, why))
		return;
	log_text(LOG_WARNING, "haproxy %s: %s: %s; trying again",
		 h->target.name, h->watch.path, why);
	forget_complaint(h);
	h->complaint = must(strdup(why));
}

static void on_failure(void *owner, const char *why)
{
	struct haproxy *h = owner;

	/* Right after its start it is no news. */
	if (h->retry == LOOK_EVERY)
		complain(h, why);
	forget_process(h);
	look_in(h, h->retry);
	h->retry = h->retry < LOOK_EVERY / 2 ? 2 * h->retry : LOOK_EVERY;
}

__attribute__((format(printf, 1, 2)))
static char *print(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		no_memory();
	va_end(args);
	return text;
}

/* Responses */

static char *base64(const uint8_t *data, size_t len)
{
	unsigned char *text = must(malloc(len / 3 * 4 + 5));

	EVP_EncodeBlock(text, data, len);
	return (char *)text;
}

static void send_next(struct haproxy *h);

static void sent(struct haproxy *h, const char *fault)
{
	struct haproxy_file *file = h->file;

	if (fault && !file->refused)
		log_text(LOG_WARNING, "haproxy %s: %s: %.*s", h->target.name,
			 file->name, (int)strcspn(fault, "\n"), fault);
	file->refused = fault;
	/* It says the same to the same the next time. */
	file->sent = h->generation;
	free(h->base64);
	h->base64 = NULL;
	send_next(h);
}

static void on_commit(void *owner, char *reply)
{
	sent(owner, strstr(reply, "Success!") ? NULL : reply);
}

static void on_transaction(void *owner, char *reply)
{
	struct haproxy *h = owner;

	if (strstr(reply, "ransaction"))
		haproxy_cli_send(&h->cli, print("commit ssl cert %s\n",
						h->file->name), on_commit);
	else
		sent(h, reply);
}

static void make_entry(struct haproxy *h)
{
	haproxy_cli_send(&h->cli,
			 print("set ssl cert %s.ocsp <<\n%s\n\n",
			       h->file->name, h->base64), on_transaction);
}

static void on_response(void *owner, char *reply)
{
	struct haproxy *h = owner;

	if (strstr(reply, "OCSP Response updated"))
		sent(h, NULL);
	else if (strstr(reply, "does not match any certificate"))
		make_entry(h);
	else
		sent(h, reply);
}

/*
 * HAProxy takes it where any of the files with that certificate has an entry,
 * and staples for those that have one.
 */
static void send_base64(struct haproxy *h)
{
	if (!h->file->sent && haproxy_files_is_copy(&h->files, h->file))
		make_entry(h);
	else
		haproxy_cli_send(&h->cli,
				 print("set ssl ocsp-response <<\n%s\n\n",
				       h->base64), on_response);
}

/* True: it is on its way. */
static bool send_response(struct haproxy *h, const struct item *item)
{
	bool is_sent = false;
	size_t len;
	uint8_t *blob;

	h->generation = item->generation;
	blob = follow_blob(item, &len);
	if (blob && len <= BLOB_MAX) {
		h->base64 = base64(blob, len);
		is_sent = true;
		send_base64(h);
	} else if (blob) {
		log_text(LOG_WARNING,
			 "haproxy %s: %s: its response has %zu bytes, more than HAProxy takes",
			 h->target.name, h->file->name, len);
		h->file->sent = item->generation;
	}
	free(blob);
	return is_sent;
}

static uint64_t now(void)
{
	uint64_t us = 0;

	sd_event_now(loop, CLOCK_MONOTONIC, &us);
	return us;
}

/* Thousands take a while, in which another process may take its place. */
static void send_next(struct haproxy *h)
{
	const struct item *item;

	h->timer = sd_event_source_unref(h->timer);
	if (now() - h->looked >= LOOK_EVERY) {
		ask_process(h);
		return;
	}
	while ((h->file = haproxy_files_next(&h->files, &item)))
		if (send_response(h, item))
			return;
	look_later(h);
}

/* Its certificates */

static void ask_next(struct haproxy *h);

static void on_certs(void *owner, char *reply)
{
	struct haproxy *h = owner;

	haproxy_files_answer(&h->files, reply);
	ask_next(h);
}

static void ask_next(struct haproxy *h)
{
	char *text = haproxy_files_ask(&h->files);

	if (text)
		haproxy_cli_send(&h->cli, text, on_certs);
	else
		send_next(h);
}

static void on_list(void *owner, char *reply)
{
	struct haproxy *h = owner;

	if (!haproxy_files_list(&h->files, reply)) {
		on_failure(h, "it does not show its certificates; is the level of the socket admin?");
		return;
	}
	h->looks = 0;
	ask_next(h);
}

/* Looks */

static void on_info(void *owner, char *reply)
{
	const char *line = strstr(reply, "\nPid: ");
	long pid = line ? atol(line + strlen("\nPid: ")) : 0;
	struct haproxy *h = owner;

	if (!pid) {
		on_failure(h, "no answer to \"show info\"");
		return;
	}
	h->looked = now();
	if (pid != h->pid)
		haproxy_files_clear(&h->files);
	if (pid != h->pid || ++h->looks >= LOOKS_OF_LIST) {
		h->pid = pid;
		haproxy_cli_send(&h->cli, print("show ssl cert\n"), on_list);
	} else {
		send_next(h);
	}
}

static void ask_process(struct haproxy *h)
{
	haproxy_cli_send(&h->cli, print("show info\n"), on_info);
}

static int on_look(sd_event_source *source, uint64_t when, void *arg)
{
	struct haproxy *h = arg;

	(void)source;
	(void)when;
	h->timer = sd_event_source_unref(h->timer);
	haproxy_watch_start(&h->watch);
	ask_process(h);
	return 0;
}

static void look_in(struct haproxy *h, uint64_t us)
{
	h->timer = sd_event_source_unref(h->timer);
	if (sd_event_add_time_relative(loop, &h->timer, CLOCK_MONOTONIC, us,
				       us < LOOK_EVERY ? 1 : ACCURACY, on_look,
				       h) < 0)
		no_memory();
}

/* All went well. */
static void look_later(struct haproxy *h)
{
	forget_complaint(h);
	h->retry = LOOK_EVERY;
	look_in(h, LOOK_EVERY);
}

/* There may be a new socket. */
static void on_change(void *owner)
{
	struct haproxy *h = owner;

	forget_process(h);
	h->retry = RETRY_FIRST;
	look_in(h, 0);
}

/* The target */

static void update(struct target *target, const struct item *item,
		   const uint8_t *blob, size_t len)
{
	(void)blob;
	(void)len;
	haproxy_files_update(&((struct haproxy *)target)->files, item);
}

static void settle(struct target *target, bool complete)
{
	struct haproxy *h = (struct haproxy *)target;

	(void)complete;
	/* Else that comes when the command is over. */
	if (!STAILQ_EMPTY(&h->files.queue) && !haproxy_cli_is_busy(&h->cli) &&
	    h->pid)
		send_next(h);
}

static int start(struct target *target)
{
	look_in((struct haproxy *)target, 0);
	return 0;
}

static void stop(struct target *target)
{
	struct haproxy *h = (struct haproxy *)target;

	forget_process(h);
	haproxy_files_clear(&h->files);
	haproxy_watch_stop(&h->watch);
	forget_complaint(h);
	sd_event_source_unref(h->timer);
	free(h->target.name);
	free(h);
}

static const struct target_ops ops = {
	.start = start,
	.update = update,
	.settle = settle,
	.stop = stop,
};

struct target *haproxy_new(const struct settings *settings)
{
	struct sockaddr_un address;
	struct haproxy *h;

	if (unix_address(&address, settings->path)) {
		log_text(LOG_ERR, "%s: too long for a socket", settings->path);
		return NULL;
	}
	h = must(calloc(1, sizeof(*h)));
	h->target.ops = &ops;
	h->target.name = must(strdup(settings->name));
	haproxy_cli_init(&h->cli);
	h->cli.address = address;
	h->cli.owner = h;
	h->cli.failed = on_failure;
	h->watch.path = h->cli.address.sun_path;
	h->watch.owner = h;
	h->watch.changed = on_change;
	haproxy_files_init(&h->files);
	h->retry = LOOK_EVERY;
	return &h->target;
}
