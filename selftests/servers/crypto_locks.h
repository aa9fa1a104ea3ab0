/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What may not be under way in a thread while another one forks, see crypto_locks.c. */
#ifndef CRYPTO_LOCKS_H
#define CRYPTO_LOCKS_H

/* Between the two a fork waits. They nest, and wait for a fork themselves. */
void forks_wait(void);
void forks_go_on(void);

/*
 * Before a fork: wait until nothing is between them. fork() does so itself, but
 * with the locks held that others take around it.
 */
void forks_prepare(void);

#endif
