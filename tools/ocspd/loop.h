/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The event loop: sd-event(3), and the timers of timer.h. One thread; every
 * function that is called back may change any timer and any descriptor.
 */
#ifndef OCSPD_LOOP_H
#define OCSPD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "timer.h"

struct sd_event_source;

/* A descriptor that is watched, for EPOLLIN and EPOLLOUT. */
struct watch {
	void (*fn)(struct watch *watch, uint32_t events);
	int fd;
	struct sd_event_source *source;	/* the loop's */
};

/* 0 or a negative errno. To be removed before its descriptor is closed. */
int loop_add(struct watch *watch, uint32_t events);
int loop_change(struct watch *watch, uint32_t events);
void loop_remove(struct watch *watch);

struct loop_calls {
	void (*reload)(void);		/* SIGHUP */
	void (*clock_stepped)(void);	/* the wall clock was set, or we slept */
	bool (*work)(void);		/* at each turn; true: there is more */
};

/*
 * 0 or a negative errno. SIGTERM and SIGINT end loop_run(). Each turn of it
 * tells the service manager's watchdog, where there is one, that we live.
 */
int loop_init(const struct loop_calls *calls);
void loop_run(void);
void loop_stop(void);
void loop_exit(void);

#endif /* OCSPD_LOOP_H */
