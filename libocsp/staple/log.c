// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "programs.h"

/* It is on the stack of a thread that may have little of it. */
#define LINE_SIZE	768
#define JOURNAL		"/run/systemd/journal/socket"
#define KEPT_FD		64	/* or above */

/* What stderr was in the beginning; constant from then on. */
static dev_t stderr_dev;
static ino_t stderr_ino;

/* What log_keep_journal() has connected; constant from then on. -1: nothing */
static int kept_fd = -1;
static ino_t kept_ino;

/* Constant while lines are written */
static void (*log_callback)(int level, const char *line, void *arg);
static void *log_arg;

void log_set_callback(void (*callback)(int level, const char *line, void *arg),
		      void *arg)
{
	log_callback = callback;
	log_arg = arg;
}

void log_init(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st))
		return;
	stderr_dev = st.st_dev;
	stderr_ino = st.st_ino;
}

/* A socket for datagrams to the journal, or -1 */
static int connect_journal(void)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = JOURNAL,
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || !connect(fd, (const struct sockaddr *)&address,
			       sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

/* Out of the way of a daemon that expects certain numbers */
void log_keep_journal(void)
{
	int fd = connect_journal();
	struct stat st;

	if (fd < 0)
		return;
	kept_fd = fcntl(fd, F_DUPFD_CLOEXEC, KEPT_FD);
	close(fd);
	if (kept_fd >= 0 && !fstat(kept_fd, &st))
		kept_ino = st.st_ino;
}

/* A daemon may have closed it, and got another file in its place. */
static bool is_kept(void)
{
	struct stat st;

	return kept_fd >= 0 && !fstat(kept_fd, &st) && S_ISSOCK(st.st_mode) &&
	       st.st_ino == kept_ino;
}

static bool send_to(int fd, const char *text, int len)
{
	return send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) == len;
}

/*
 * The journal's own protocol. Not syslog(3): that has one connection and one
 * name for the whole program, the server's, and can wait.
 */
static bool to_journal(enum log_level level, const char *line)
{
	char text[LINE_SIZE + 128];
	int fd, len;
	bool sent;

	len = snprintf(text, sizeof(text),
		       "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=%.64s\n",
		       line, level, program_name());
	if (len < 0 || (size_t)len >= sizeof(text))
		return false;
	fd = connect_journal();
	if (fd < 0)
		return is_kept() && send_to(kept_fd, text, len);
	sent = send_to(fd, text, len);
	close(fd);
	return sent;
}

/*
 * A daemon may have closed stderr, and got a client's connection or a file of
 * data in its place. It is what it was, or it is a file to append to, as the
 * logs are that servers put there.
 */
static bool stderr_is_a_log(void)
{
	struct stat st;
	int flags;

	if (fstat(STDERR_FILENO, &st))
		return false;
	if (st.st_dev == stderr_dev && st.st_ino == stderr_ino)
		return true;
	flags = fcntl(STDERR_FILENO, F_GETFL);
	return S_ISREG(st.st_mode) && flags >= 0 && (flags & O_APPEND);
}

static bool stderr_would_wait(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT) ||
	       (p.revents & (POLLERR | POLLHUP | POLLNVAL));
}

/* write() to a pipe without reader raises SIGPIPE, in this thread. */
static void write_quietly(const char *text, size_t len)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t sigpipe, pending, old;
	bool was_pending;

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &sigpipe, &old);
	if (write(STDERR_FILENO, text, len) < 0 && !was_pending)
		sigtimedwait(&sigpipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void to_stderr(const char *line)
{
	char text[LINE_SIZE + 128];
	int len;

	if (!stderr_is_a_log() || stderr_would_wait())
		return;
	len = snprintf(text, sizeof(text), "%.64s[%d]: %s\n", program_name(),
		       (int)getpid(), line);
	if (len > 0 && (size_t)len < sizeof(text))
		write_quietly(text, len);
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	/* A line is a line, whatever a certificate's name has in it. */
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\177')
			*c = '?';
	if (log_callback)
		log_callback(level, line, log_arg);
	else if (!to_journal(level, line))
		to_stderr(line);
}
