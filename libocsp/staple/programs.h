/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Which programs the module leaves alone. */
#ifndef LIBOCSP_STAPLE_PROGRAMS_H
#define LIBOCSP_STAPLE_PROGRAMS_H

#include <stdbool.h>

/*
 * Left out where the configuration does not say: haproxy(1) takes any status
 * callback that it finds on an SSL_CTX for its own, with its own argument.
 */
#define PROGRAMS_EXCLUDED "haproxy"

/* The name of the running program, without directories. Never NULL. */
const char *program_name(void);

/*
 * Is the program to be left alone? It is when list, names separated by commas
 * or blanks, has its name, or when it runs with more privileges than its
 * caller: what a caller's environment asks for has no place there.
 */
bool program_is_excluded(const char *list);

#endif
