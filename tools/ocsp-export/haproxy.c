// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * HAProxy, by its admin socket. What it has to be told, it forgets at each
 * reload, and nothing says that there was one: so it is asked each some
 * seconds which process it is.
 *
 *	IDLE --LOOK_EVERY--> "show info": another process, or something to send?
 *	  "show ssl cert": its certificates, each asked for its SHA-1
 *	  for each one that the store has a response for:
 *	    "set ssl ocsp-response"; or, where HAProxy has no entry for it,
 *	    "set ssl cert NAME.ocsp", which makes one, and "commit ssl cert NAME"
 *	--> IDLE
 *
 * HAProxy takes one command for each connection, and itself stops stapling what
 * has expired.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "export.h"
#include "unix_socket.h"

/* us */
#define LOOK_EVERY	5000000ULL
#define PATIENCE	5000000ULL
#define ACCURACY	100000
/* All its certificates are asked for again after so many looks. */
#define LOOKS_OF_LIST	12
#define REPLY_MAX	(4 << 20)
/* tune.bufsize is 16384 by default. */
#define BLOB_MAX	12000

/* One of HAProxy's certificates */
struct file {
	struct file *next;
	char *name;
	uint8_t sha1[SHA1_LEN];
	uint64_t sent;			/* the generation that it has */
	bool refused;			/* and that this was told of */
};

struct haproxy {
	struct target target;
	struct sockaddr_un address;	/* of its socket */
	long pid;			/* of HAProxy; 0: not known */
	int looks;			/* since the list was read */
	bool pending;			/* a response is to be sent */
	bool complained;
	struct file *files;
	struct file *at;		/* the one that is being asked or sent */
	uint64_t generation;		/* that is being sent */
	char *base64;			/* the same */
	/* The command that is going on */
	void (*then)(struct haproxy *h, char *reply);
	int fd;				/* -1: none */
	char *out;
	size_t out_len, out_sent;
	char *in;
	size_t in_len;
	sd_event_source *io, *timer;
};

static void look_in(struct haproxy *h, uint64_t us);
static void look_later(struct haproxy *h);

static void forget_files(struct haproxy *h)
{
	struct file *file;

	while ((file = h->files)) {
		h->files = file->next;
		free(file->name);
		free(file);
	}
	h->at = NULL;
}

/* One command */

static void end_command(struct haproxy *h)
{
	h->io = sd_event_source_unref(h->io);
	h->timer = sd_event_source_unref(h->timer);
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	free(h->out);
	h->out = NULL;
}

static void give_up(struct haproxy *h, const char *why)
{
	if (!h->complained)
		log_text(LOG_WARNING, "haproxy %s: %s: %s; trying again",
			 h->target.name, h->address.sun_path, why);
	h->complained = true;
	end_command(h);
	free(h->in);
	h->in = NULL;
	/* Whoever comes back has nothing of it. */
	h->pid = 0;
	look_in(h, LOOK_EVERY);
}

static int on_patience(sd_event_source *source, uint64_t when, void *arg)
{
	(void)source;
	(void)when;
	give_up(arg, "no answer");
	return 0;
}

static void finish(struct haproxy *h)
{
	char *reply = h->in;

	h->in = NULL;
	end_command(h);
	h->complained = false;
	h->then(h, reply);
	free(reply);
}

static void receive(struct haproxy *h)
{
	ssize_t n;

	if (h->in_len + 4096 > REPLY_MAX) {
		give_up(h, "its answer is too long");
		return;
	}
	h->in = must(realloc(h->in, h->in_len + 4097));
	n = recv(h->fd, h->in + h->in_len, 4096, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		give_up(h, strerror(errno));
		return;
	}
	h->in_len += n;
	h->in[h->in_len] = '\0';
	if (!n)
		finish(h);
}

static void send_more(struct haproxy *h)
{
	ssize_t n = send(h->fd, h->out + h->out_sent, h->out_len - h->out_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		give_up(h, strerror(errno));
		return;
	}
	h->out_sent += n > 0 ? n : 0;
	if (h->out_sent == h->out_len)
		sd_event_source_set_io_events(h->io, EPOLLIN);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct haproxy *h = arg;

	(void)source;
	(void)fd;
	if (revents & EPOLLOUT)
		send_more(h);
	else
		receive(h);
	return 0;
}

/* Takes the text. */
static void command(struct haproxy *h, char *text,
		    void (*then)(struct haproxy *h, char *reply))
{
	h->then = then;
	h->out = must(text);
	h->out_len = strlen(text);
	h->out_sent = 0;
	h->in_len = 0;
	h->timer = sd_event_source_unref(h->timer);
	h->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (h->fd < 0 || connect(h->fd, (struct sockaddr *)&h->address,
				 sizeof(h->address))) {
		give_up(h, strerror(errno));
		return;
	}
	if (sd_event_add_io(loop, &h->io, h->fd, EPOLLOUT, on_io, h) < 0 ||
	    sd_event_add_time_relative(loop, &h->timer, CLOCK_MONOTONIC,
				       PATIENCE, ACCURACY, on_patience, h) < 0)
		no_memory();
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

struct match {
	const struct file *file;
	const struct item *item;
};

static bool find_item(const struct item *item, void *arg)
{
	struct match *match = arg;

	if (memcmp(item->sha1, match->file->sha1, SHA1_LEN))
		return true;
	match->item = item;
	return false;
}

static char *base64(const uint8_t *data, size_t len)
{
	unsigned char *text = must(malloc(len / 3 * 4 + 5));

	EVP_EncodeBlock(text, data, len);
	return (char *)text;
}

static void send_next(struct haproxy *h);

static void sent(struct haproxy *h, const char *fault)
{
	struct file *file = h->at;

	if (fault && !file->refused)
		log_text(LOG_WARNING, "haproxy %s: %s: %.*s", h->target.name,
			 file->name, (int)strcspn(fault, "\n"), fault);
	file->refused = fault;
	/* It says the same to the same the next time. */
	file->sent = h->generation;
	free(h->base64);
	h->base64 = NULL;
	h->at = file->next;
	send_next(h);
}

static void on_commit(struct haproxy *h, char *reply)
{
	sent(h, strstr(reply, "Success!") ? NULL : reply);
}

static void on_transaction(struct haproxy *h, char *reply)
{
	if (strstr(reply, "ransaction"))
		command(h, print("commit ssl cert %s\n", h->at->name),
			on_commit);
	else
		sent(h, reply);
}

static void on_response(struct haproxy *h, char *reply)
{
	if (strstr(reply, "OCSP Response updated"))
		sent(h, NULL);
	else if (strstr(reply, "does not match any certificate"))
		command(h, print("set ssl cert %s.ocsp <<\n%s\n\n", h->at->name,
				 h->base64), on_transaction);
	else
		sent(h, reply);
}

/* True: it is on its way. */
static bool send_response(struct haproxy *h, const struct item *item)
{
	size_t len;
	uint8_t *blob;

	h->generation = item->generation;
	blob = follow_blob(item, &len);
	if (blob && len <= BLOB_MAX) {
		h->base64 = base64(blob, len);
		command(h, print("set ssl ocsp-response <<\n%s\n\n", h->base64),
			on_response);
	} else if (blob) {
		log_text(LOG_WARNING,
			 "haproxy %s: %s: its response has %zu bytes, more than HAProxy takes",
			 h->target.name, h->at->name, len);
		h->at->sent = item->generation;
	}
	free(blob);
	return h->base64;
}

static void send_next(struct haproxy *h)
{
	struct match match;

	for (; h->at; h->at = h->at->next) {
		match = (struct match){ h->at, NULL };
		follow_each(find_item, &match);
		if (match.item && match.item->generation != h->at->sent &&
		    send_response(h, match.item))
			return;
	}
	look_later(h);
}

static void start_sending(struct haproxy *h)
{
	h->pending = false;
	h->at = h->files;
	send_next(h);
}

/* Its certificates */

static void ask_next(struct haproxy *h);

static void on_cert(struct haproxy *h, char *reply)
{
	static const char label[] = "SHA1 FingerPrint: ";
	char *hex = strstr(reply, label);
	size_t len;

	if (!hex || strlen(hex) < strlen(label) + 2 * SHA1_LEN) {
		memset(h->at->sha1, 0, SHA1_LEN);
	} else {
		hex += strlen(label);
		hex[2 * SHA1_LEN] = '\0';
		OPENSSL_hexstr2buf_ex(h->at->sha1, SHA1_LEN, &len, hex, '\0');
	}
	h->at = h->at->next;
	ask_next(h);
}

static void ask_next(struct haproxy *h)
{
	if (h->at)
		command(h, print("show ssl cert %s\n", h->at->name), on_cert);
	else
		start_sending(h);
}

/* What was sent to a file of this name is what HAProxy has still. */
static void add_file(struct haproxy *h, const char *name, struct file *old)
{
	struct file *file = must(calloc(1, sizeof(*file)));

	file->name = must(strdup(name));
	file->next = h->files;
	h->files = file;
	for (; old; old = old->next) {
		if (strcmp(old->name, name))
			continue;
		file->sent = old->sent;
		file->refused = old->refused;
	}
}

/* Lines of comment begin with "#", those of transactions with "*". */
static void on_list(struct haproxy *h, char *reply)
{
	struct file *old = h->files;
	struct haproxy before = { .files = old };
	char *line;

	h->files = NULL;
	while ((line = strsep(&reply, "\n")))
		if (*line && *line != '#' && *line != '*' &&
		    !strpbrk(line, " \t"))
			add_file(h, line, old);
	forget_files(&before);
	h->looks = 0;
	h->at = h->files;
	ask_next(h);
}

/* Looks */

static void on_info(struct haproxy *h, char *reply)
{
	const char *line = strstr(reply, "\nPid: ");
	long pid = line ? atol(line + strlen("\nPid: ")) : 0;

	if (!pid) {
		give_up(h, "no answer to \"show info\"; is the level of the socket admin?");
		return;
	}
	if (pid != h->pid)
		forget_files(h);
	if (pid != h->pid || ++h->looks >= LOOKS_OF_LIST) {
		h->pid = pid;
		command(h, print("show ssl cert\n"), on_list);
	} else if (h->pending) {
		start_sending(h);
	} else {
		look_later(h);
	}
}

static int on_look(sd_event_source *source, uint64_t when, void *arg)
{
	struct haproxy *h = arg;

	(void)source;
	(void)when;
	command(h, print("show info\n"), on_info);
	return 0;
}

static void look_in(struct haproxy *h, uint64_t us)
{
	h->timer = sd_event_source_unref(h->timer);
	if (sd_event_add_time_relative(loop, &h->timer, CLOCK_MONOTONIC, us,
				       ACCURACY, on_look, h) < 0)
		no_memory();
}

static void look_later(struct haproxy *h)
{
	look_in(h, h->pending ? 0 : LOOK_EVERY);
}

/* The target */

static void update(struct target *target, const struct item *item,
		   const uint8_t *blob, size_t len)
{
	(void)item;
	(void)blob;
	(void)len;
	((struct haproxy *)target)->pending = true;
}

static void settle(struct target *target, bool complete)
{
	struct haproxy *h = (struct haproxy *)target;

	(void)complete;
	/* Else that comes when the command is over. */
	if (h->pending && h->fd < 0 && h->pid)
		look_in(h, 0);
}

static int start(struct target *target)
{
	look_in((struct haproxy *)target, 0);
	return 0;
}

static void stop(struct target *target)
{
	struct haproxy *h = (struct haproxy *)target;

	end_command(h);
	forget_files(h);
	free(h->in);
	free(h->base64);
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
	h->address = address;
	h->fd = -1;
	return &h->target;
}
