// SPDX-License-Identifier: GPL-2.0-or-later
/* The event loop: epoll, with a signalfd and two timerfds on it. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "loop.h"

/* As many events and timers are handled before signals are looked at again. */
#define BATCH	64

static struct loop_calls calls;
static int epoll_fd = -1;
static bool stopped;
static int64_t alarm_at = -1;	/* what the timerfd is set to */

static struct watch signals, alarms, steps;
/* What epoll reported and is not handled yet, see loop_remove(). */
static struct epoll_event batch[BATCH];
static int batch_len;

static int control(struct watch *watch, int op, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = watch };

	return epoll_ctl(epoll_fd, op, watch->fd, &e) ? -errno : 0;
}

int loop_add(struct watch *watch, uint32_t events)
{
	return control(watch, EPOLL_CTL_ADD, events);
}

int loop_change(struct watch *watch, uint32_t events)
{
	return control(watch, EPOLL_CTL_MOD, events);
}

void loop_remove(struct watch *watch)
{
	int i;

	control(watch, EPOLL_CTL_DEL, 0);
	for (i = 0; i < batch_len; i++)
		if (batch[i].data.ptr == watch)
			batch[i].data.ptr = NULL;
}

static void on_signal(struct watch *watch, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		calls.reload();
	else
		stopped = true;
}

static void on_alarm(struct watch *watch, uint32_t events)
{
	uint64_t count;

	(void)events;
	/* The timers themselves are run at each turn of the loop. */
	if (read(watch->fd, &count, sizeof(count)) > 0)
		alarm_at = -1;
}

/*
 * A timer that never comes is cancelled when the clock is set: it is for the
 * last second that the kernel counts, in the year 2262.
 */
static int arm_steps(void)
{
	const struct itimerspec never = {
		.it_value.tv_sec = sizeof(time_t) > 4 ?
				   (time_t)(INT64_MAX / 1000000000) : INT_MAX,
	};

	return timerfd_settime(steps.fd, TFD_TIMER_ABSTIME |
			       TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void on_step(struct watch *watch, uint32_t events)
{
	uint64_t count;
	bool stepped;

	(void)events;
	stepped = read(watch->fd, &count, sizeof(count)) < 0 &&
		  errno == ECANCELED;
	arm_steps();
	if (stepped)
		calls.clock_stepped();
}

static int init_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals.fn = on_signal;
	signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals.fd < 0)
		return -errno;
	return loop_add(&signals, EPOLLIN);
}

static int init_timers(void)
{
	const int flags = TFD_CLOEXEC | TFD_NONBLOCK;
	int err;

	alarms.fn = on_alarm;
	alarms.fd = timerfd_create(CLOCK_BOOTTIME, flags);
	steps.fn = on_step;
	steps.fd = timerfd_create(CLOCK_REALTIME, flags);
	if (alarms.fd < 0 || steps.fd < 0 || arm_steps())
		return -errno;
	err = loop_add(&alarms, EPOLLIN);
	return err ? err : loop_add(&steps, EPOLLIN);
}

int loop_init(const struct loop_calls *the_calls)
{
	int err;

	calls = *the_calls;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		return -errno;
	err = init_signals();
	return err ? err : init_timers();
}

/* Runs what is due, not more than a batch. True: there may be more. */
static bool run_timers(void)
{
	int i;

	for (i = 0; i < BATCH && !stopped; i++)
		if (!timer_run())
			return false;
	return true;
}

static void set_alarm(void)
{
	struct itimerspec spec = { 0 };
	int64_t due = timer_first();

	if (due == -1 || due == alarm_at)
		return;
	alarm_at = due;
	/* 0 would be no timer at all */
	spec.it_value.tv_sec = alarm_at / 1000;
	spec.it_value.tv_nsec = alarm_at % 1000 * 1000000 + 1;
	timerfd_settime(alarms.fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void handle_events(bool wait)
{
	struct watch *watch;
	int i;

	if (wait)
		set_alarm();
	batch_len = epoll_wait(epoll_fd, batch, BATCH, wait ? -1 : 0);
	for (i = 0; i < batch_len; i++) {
		watch = batch[i].data.ptr;
		if (watch)
			watch->fn(watch, batch[i].events);
	}
	batch_len = 0;
}

void loop_run(void)
{
	bool more;

	stopped = false;
	while (!stopped) {
		more = run_timers();
		more |= calls.work();
		if (!stopped)
			handle_events(!more);
	}
}

void loop_stop(void)
{
	stopped = true;
}
