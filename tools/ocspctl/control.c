// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspd's control socket, see common/control_protocol.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "control_protocol.h"
#include "unix_socket.h"

static const char *socket_path(void)
{
	const char *path = secure_getenv(CONTROL_SOCKET_VARIABLE);

	return path && *path ? path : CONTROL_SOCKET;
}

static int connect_to(const char *path, bool slow)
{
	const struct timeval patience = { .tv_sec = CONTROL_TIMEOUT };
	struct sockaddr_un address;
	int fd;

	if (unix_address(&address, path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!slow)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

bool control_is_served(void)
{
	int fd = connect_to(socket_path(), false);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool send_request(int fd, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII);
	struct iovec parts[] = {
		{ text, text ? strlen(text) : 0 }, { "\n", 1 },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	size_t len = parts[0].iov_len + 1;
	ssize_t n;

	if (!text)
		no_memory();
	/* A request fits into the socket's buffer. */
	n = sendmsg(fd, &message, MSG_NOSIGNAL);
	free(text);
	return n == (ssize_t)len;
}

__attribute__((format(printf, 2, 3)))
static bool fail(bool quiet, const char *fmt, ...)
{
	char why[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	if (!quiet)
		error("ocspd: %s", why);
	return false;
}

/* 1: one more is to come; 0: that was the last; -1: it is no record. */
static int take_line(const char *line, size_t len,
		     void (*fn)(json_t *record, void *arg), void *arg,
		     bool quiet)
{
	json_t *record = json_loadb(line, len, 0, NULL);
	const char *why;
	int more = -1;

	if (json_is_object(record)) {
		more = !json_is_true(json_object_get(record, "done"));
		why = record_text(record, "error");
		if (why)
			more = fail(quiet, "%s", why) - 1;
		else
			fn(record, arg);
	} else {
		fail(quiet, "its answer is no JSON object");
	}
	json_decref(record);
	return more;
}

static bool read_answer(FILE *in, void (*fn)(json_t *record, void *arg),
			void *arg, bool quiet)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int more = 1;

	while (more > 0) {
		errno = 0;
		len = getline(&line, &size, in);
		if (len < 0) {
			fail(quiet, "no answer: %s", errno ? strerror(errno) :
			     "it closed the connection");
			more = -1;
		} else {
			more = take_line(line, len, fn, arg, quiet);
		}
	}
	free(line);
	return !more;
}

bool control_ask(json_t *request, void (*fn)(json_t *record, void *arg),
		 void *arg, bool slow, bool quiet)
{
	const char *path = socket_path();
	int fd = connect_to(path, slow);
	bool done = false;
	FILE *in;

	if (fd < 0) {
		fail(quiet, "cannot connect to %s: %s%s", path, strerror(errno),
		     errno == ENOENT || errno == ECONNREFUSED ?
		     "; is it running?" : "");
		json_decref(request);
		return false;
	}
	in = fdopen(fd, "r");
	if (!in)
		no_memory();
	if (send_request(fd, request))
		done = read_answer(in, fn, arg, quiet);
	else
		fail(quiet, "cannot send to %s: %s", path, strerror(errno));
	fclose(in);
	json_decref(request);
	return done;
}

json_t *control_request(const char *name)
{
	json_t *request = json_new();

	json_add(request, "request", json_text(name));
	return request;
}

json_t *control_request_for(const char *name,
			    const uint8_t key[KTLS_OCSP_KEY_LEN])
{
	json_t *request = control_request(name);
	char text[KEY_TEXT_SIZE];

	json_add(request, "key", json_text(key_text(key, text)));
	return request;
}

const char *record_text(json_t *record, const char *name)
{
	return json_string_value(json_object_get(record, name));
}

int64_t record_number(json_t *record, const char *name)
{
	return json_integer_value(json_object_get(record, name));
}

static void keep_record(json_t *record, void *arg)
{
	const char *key = record_text(record, "key");
	json_t *all = arg;

	if (key && json_object_set(all, key, record))
		no_memory();
}

json_t *control_list(const uint8_t *key)
{
	json_t *all = json_new();

	if (control_ask(key ? control_request_for("list", key) :
			      control_request("list"),
			keep_record, all, false, true))
		return all;
	json_decref(all);
	return NULL;
}
