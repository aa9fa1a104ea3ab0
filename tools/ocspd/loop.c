// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The event loop: sd-event's, with one time source for the first of our timers.
 *
 * A time source of sd-event for each certificate would cost 304 bytes, of the
 * 600 that one may take, and 440 ns each time it is set; the heap of timer.h
 * takes 37 bytes and 80 ns (10,000 timers, amd64, libsystemd 252). And the
 * simulation of a year in the selftests runs the heap without any loop.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "loop.h"

/* As many timers are run before descriptors and signals are looked at again. */
#define BATCH	64
/* us by which the first timer may be late */
#define ACCURACY	1000

static struct loop_calls calls;
static sd_event *event;
static bool stopped;
static sd_event_source *alarm_source;
static int64_t alarm_at = -1;	/* what it is set to; -1: it is off */
static struct watch steps = { .fd = -1 };

/* Descriptors */

static int on_io(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct watch *watch = arg;

	(void)source;
	(void)fd;
	watch->fn(watch, events);
	return 0;
}

int loop_add(struct watch *watch, uint32_t events)
{
	return sd_event_add_io(event, &watch->source, watch->fd, events, on_io,
			       watch);
}

int loop_change(struct watch *watch, uint32_t events)
{
	return sd_event_source_set_io_events(watch->source, events);
}

/* What was reported of it already is dropped with it. */
void loop_remove(struct watch *watch)
{
	watch->source = sd_event_source_disable_unref(watch->source);
}

/* Signals */

static int on_signal(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *arg)
{
	(void)source;
	(void)arg;
	if (info->ssi_signo == SIGHUP)
		calls.reload();
	else
		stopped = true;
	return 0;
}

static int init_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	sigset_t set;
	size_t i;
	int err = 0;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && err >= 0; i++)
		err = sd_event_add_signal(event, NULL, numbers[i], on_signal,
					  NULL);
	return err;
}

/* Clocks */

/*
 * sd-event does not tell when the clock is set; systemd does as we do. A timer
 * that never comes is cancelled then: it is for the last second that the
 * kernel counts, in the year 2262.
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

static int init_steps(void)
{
	steps.fn = on_step;
	steps.fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (steps.fd < 0 || arm_steps())
		return -errno;
	return loop_add(&steps, EPOLLIN);
}

/* Timers are run at each turn of the loop: this one only ends the wait. */
static int on_alarm(sd_event_source *source, uint64_t us, void *arg)
{
	(void)source;
	(void)us;
	(void)arg;
	alarm_at = -1;
	return 0;
}

static int init_alarm(void)
{
	int err = sd_event_add_time(event, &alarm_source, CLOCK_BOOTTIME,
				    UINT64_MAX - 1, ACCURACY, on_alarm, NULL);

	return err < 0 ? err : sd_event_source_set_enabled(alarm_source,
							   SD_EVENT_OFF);
}

static void set_alarm(void)
{
	int64_t due = timer_first();

	if (due == -1 || due == alarm_at)
		return;
	alarm_at = due;
	sd_event_source_set_time(alarm_source, due * 1000);
	sd_event_source_set_enabled(alarm_source, SD_EVENT_ONESHOT);
}

/* The loop */

int loop_init(const struct loop_calls *the_calls)
{
	int err;

	calls = *the_calls;
	err = sd_event_new(&event);
	if (err >= 0)
		err = init_signals();
	if (err >= 0)
		err = init_steps();
	if (err >= 0)
		err = init_alarm();
	if (err >= 0)
		err = sd_event_set_watchdog(event, true);
	return err < 0 ? err : 0;
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

void loop_run(void)
{
	bool more;

	stopped = false;
	while (!stopped) {
		more = run_timers();
		more |= calls.work();
		if (stopped)
			break;
		set_alarm();
		if (sd_event_run(event, more ? 0 : UINT64_MAX) < 0)
			break;
	}
}

void loop_stop(void)
{
	stopped = true;
}

void loop_exit(void)
{
	loop_remove(&steps);
	close(steps.fd);
	alarm_source = sd_event_source_disable_unref(alarm_source);
	event = sd_event_unref(event);
}
