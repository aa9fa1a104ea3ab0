/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * One test of the client's interface (libocsp/client.h), of two stores: the
 * kernel's and the stand-in. What it needs beside that interface differs.
 */
#ifndef CONFORM_H
#define CONFORM_H

#include <stdbool.h>

struct ocsp_client;
struct ocsp_name;

/* A store of the test's own, which is empty. */
void conform_begin(void);
/* A limit, by the name of its sysctl. */
int conform_limit(const char *name, unsigned int value);
/* Whether we have CAP_NET_ADMIN from now on, as at first. */
void conform_privileged(bool yes);
/* Time passes, and does to the store what it does. */
void conform_sleep(unsigned int seconds);
/* Have a listener lose notices, by failures of that response. 0: done. */
int conform_overrun(struct ocsp_client *client, const struct ocsp_name *name);

#endif /* CONFORM_H */
