/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The socket that the broker listens on. */
#ifndef BROKER_LISTEN_H
#define BROKER_LISTEN_H

/*
 * The one that systemd passed (sd_listen_fds(3)), which does not block from then
 * on; -1: none was passed, or another kind, which is told on standard error.
 */
int listen_passed(void);

/*
 * One of our own, with mode 0660; group may be NULL. What a broker left there is
 * replaced. -1: it was told why not.
 */
int listen_at(const char *path, const char *group);

#endif /* BROKER_LISTEN_H */
