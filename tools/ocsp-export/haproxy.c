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
#include <sys/inotify.h>
#include <syslog.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "export.h"
#include "unix_socket.h"

/* us */
#define LOOK_EVERY	1000000ULL
#define PATIENCE	5000000ULL
#define ACCURACY	100000
/* A new socket is there before HAProxy listens: until the next try, then twice as long each time */
#define RETRY_FIRST	5000ULL
/* All its certificates are asked for again after so many looks. */
#define LOOKS_OF_LIST	60
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
	sd_event_source *watch;		/* of the socket's directory, or that one's */
	char *awaited;			/* what is to be made in there */
	bool awaits_directory;		/* that of the socket */
	uint64_t retry;			/* us until the next look after a failure */
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

/* Whoever is there next has nothing of it. */
static void forget_process(struct haproxy *h)
{
	end_command(h);
	free(h->in);
	h->in = NULL;
	free(h->base64);
	h->base64 = NULL;
	h->pid = 0;
}

static void give_up(struct haproxy *h, const char *why)
{
	/* Right after its start it is no news. */
	if (!h->complained && h->retry == LOOK_EVERY) {
		log_text(LOG_WARNING, "haproxy %s: %s: %s; trying again",
			 h->target.name, h->address.sun_path, why);
		h->complained = true;
	}
	forget_process(h);
	look_in(h, h->retry);
	h->retry = h->retry < LOOK_EVERY / 2 ? 2 * h->retry : LOOK_EVERY;
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
	bool is_sent = false;
	size_t len;
	uint8_t *blob;

	h->generation = item->generation;
	blob = follow_blob(item, &len);
	if (blob && len <= BLOB_MAX) {
		h->base64 = base64(blob, len);
		is_sent = true;
		command(h, print("set ssl ocsp-response <<\n%s\n\n", h->base64),
			on_response);
	} else if (blob) {
		log_text(LOG_WARNING,
			 "haproxy %s: %s: its response has %zu bytes, more than HAProxy takes",
			 h->target.name, h->at->name, len);
		h->at->sent = item->generation;
	}
	free(blob);
	return is_sent;
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

	/* What it says of a level that is too low is another thing in each version. */
	if (reply[strspn(reply, "\n")] && *reply != '#') {
		give_up(h, "it does not show its certificates; is the level of the socket admin?");
		return;
	}
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

/* Its socket, whose path is absolute */

static int on_change(sd_event_source *source, const struct inotify_event *event,
		     void *arg)
{
	struct haproxy *h = arg;
	bool gone = event->mask & IN_IGNORED;

	(void)source;
	if (!gone && !(event->mask & IN_Q_OVERFLOW) &&
	    !(event->len && !strcmp(event->name, h->awaited)))
		return 0;
	/* The look watches the directory that is there now. */
	if (gone || h->awaits_directory)
		h->watch = sd_event_source_unref(h->watch);
	forget_process(h);
	h->retry = RETRY_FIRST;
	look_in(h, 0);
	return 0;
}

/* Watches the directory in which path is to be made. */
static bool watch_for(struct haproxy *h, const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	char *directory = must(strndup(path, base - path));
	sd_event_source *source = NULL;

	if (sd_event_add_inotify(loop, &source, directory,
				 IN_CREATE | IN_MOVED_TO | IN_ONLYDIR,
				 on_change, h) >= 0) {
		sd_event_source_unref(h->watch);
		h->watch = source;
		free(h->awaited);
		h->awaited = must(strdup(base));
	}
	free(directory);
	return source;
}

/*
 * While HAProxy's unit is stopped the socket's directory may not be there: that
 * is waited for. What cannot be watched, the looks have to find.
 */
static void watch(struct haproxy *h)
{
	char *directory;

	if (h->watch && !h->awaits_directory)
		return;
	if (watch_for(h, h->address.sun_path)) {
		h->awaits_directory = false;
		return;
	}
	if (h->watch)
		return;
	directory = must(strdup(h->address.sun_path));
	*strrchr(directory, '/') = '\0';
	h->awaits_directory = *directory && watch_for(h, directory);
	free(directory);
}

/* Looks */

static void on_info(struct haproxy *h, char *reply)
{
	const char *line = strstr(reply, "\nPid: ");
	long pid = line ? atol(line + strlen("\nPid: ")) : 0;

	if (!pid) {
		give_up(h, "no answer to \"show info\"");
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
	watch(h);
	command(h, print("show info\n"), on_info);
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
	h->complained = false;
	h->retry = LOOK_EVERY;
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

	forget_process(h);
	forget_files(h);
	sd_event_source_unref(h->watch);
	free(h->awaited);
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
	h->retry = LOOK_EVERY;
	h->fd = -1;
	return &h->target;
}
