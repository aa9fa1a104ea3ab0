/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What ocspd tells: a line for people; where systemd's journal reads standard
 * error, an entry of the journal with a field for each value.
 */
#ifndef OCSPD_LOG_H
#define OCSPD_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <syslog.h>		/* the levels: LOG_ERR ... LOG_DEBUG */

/* Without verbose nothing at LOG_DEBUG is told. */
void log_init(bool verbose);
bool log_is_verbose(void);

/* One line of text, without a newline. */
__attribute__((format(printf, 2, 3)))
void log_text(int level, const char *fmt, ...);

/*
 * An event: its name, then pairs of a name and a value, then NULL. A pair
 * whose value is NULL is left out. Values may come from the network.
 */
void log_event(int level, const char *event, ...) __attribute__((sentinel));

/* A line that the next one overwrites, on a terminal only; "" ends it. */
__attribute__((format(printf, 1, 2)))
void log_progress(const char *fmt, ...);

#endif /* OCSPD_LOG_H */
