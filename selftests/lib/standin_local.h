/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* A stand-in for the store in the same process: what its test may do with it. */
#ifndef STANDIN_LOCAL_H
#define STANDIN_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

/* As modprobe and rmmod. 0 or a negative errno; -EBUSY: there are sessions. */
int standin_local_load(void);
int standin_local_unload(void);

/* Other clocks than the machine's: seconds since the epoch, and ms. Before load. */
void standin_local_clocks(int64_t (*wall)(void), int64_t (*ms)(void));

/* What time does. Milliseconds until it is due again, or -1. */
int64_t standin_local_run(void);

/* Whether its clients have CAP_NET_ADMIN, as they do at first. */
void standin_local_privileged(bool yes);

#endif /* STANDIN_LOCAL_H */
