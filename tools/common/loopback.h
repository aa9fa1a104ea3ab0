/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Addresses and ports on loopback. */
#ifndef COMMON_LOOPBACK_H
#define COMMON_LOOPBACK_H

#include <stdbool.h>
#include <sys/socket.h>

/* "127.0.0.1:PORT" or "[::1]:PORT", or another address of loopback. False: it is none. */
bool loopback_address(const char *text, struct sockaddr_storage *address);

/* A socket that listens there, non-blocking; or a negative errno. */
int loopback_listen(const struct sockaddr_storage *address, int backlog);

#endif /* COMMON_LOOPBACK_H */
