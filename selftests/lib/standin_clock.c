// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A wall clock that a test may set, for all programs that it starts, while that
 * of the machine stays what it is: to be preloaded.
 *
 * The file that STANDIN_CLOCK names has the seconds by which this clock is
 * ahead; "standin step" writes it. A timerfd of CLOCK_REALTIME is only there to
 * tell that the clock was set (TFD_TIMER_CANCEL_ON_SET).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EXPORT	__attribute__((visibility("default")))

static const volatile int64_t *ahead;
static const volatile int64_t nothing;
/* A program has one such timer. */
static int step_fd = -1;

static const char *clock_file(void)
{
	return getenv("STANDIN_CLOCK");
}

/* Also before the constructors of libraries ask for the time. */
static int64_t seconds_ahead(void)
{
	const char *path;
	void *base = MAP_FAILED;
	int fd;

	if (ahead)
		return *ahead;
	path = clock_file();
	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd != -1) {
		base = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	ahead = base == MAP_FAILED ? &nothing : base;
	return *ahead;
}

static int real_gettime(clockid_t clock, struct timespec *ts)
{
	static int (*real)(clockid_t clock, struct timespec *ts);

	if (!real)
		real = dlsym(RTLD_NEXT, "clock_gettime");
	return real(clock, ts);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = real_gettime(clock, ts);

	if (!rc && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ts->tv_sec += seconds_ahead();
	return rc;
}

EXPORT int gettimeofday(struct timeval *tv, void *zone)
{
	struct timespec ts;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &ts))
		return -1;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

EXPORT time_t time(time_t *t)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

EXPORT int timerfd_create(clockid_t clock, int flags)
{
	const char *path = clock_file();

	if (clock != CLOCK_REALTIME || !path)
		return syscall(SYS_timerfd_create, clock, flags);
	step_fd = inotify_init1((flags & TFD_CLOEXEC ? IN_CLOEXEC : 0) |
				(flags & TFD_NONBLOCK ? IN_NONBLOCK : 0));
	if (step_fd != -1 && inotify_add_watch(step_fd, path, IN_MODIFY) == -1)
		return -1;
	return step_fd;
}

EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec *new,
			   struct itimerspec *old)
{
	if (fd != step_fd || fd == -1)
		return syscall(SYS_timerfd_settime, fd, flags, new, old);
	return 0;
}

EXPORT ssize_t read(int fd, void *bytes, size_t len)
{
	char events[4096];
	ssize_t n;

	if (fd != step_fd || fd == -1)
		return syscall(SYS_read, fd, bytes, len);
	n = syscall(SYS_read, fd, events, sizeof(events));
	if (n > 0)
		errno = ECANCELED;
	return -1;
}
