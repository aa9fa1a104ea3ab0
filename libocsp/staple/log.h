/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Lines for the operator: to the callback that was set; else to the journal, and
 * where there is none to stderr. Who calls decides how often. Nothing here
 * waits, and nothing raises a signal.
 */
#ifndef LIBOCSP_STAPLE_LOG_H
#define LIBOCSP_STAPLE_LOG_H

enum log_level {
	LOG_LEVEL_WARNING = 4,	/* syslog(3)'s */
	LOG_LEVEL_NOTICE = 5,
};

/* Remember what stderr is. To be called once, early. */
void log_init(void);

/*
 * Connect to the journal now, for a process that will change its root: it keeps
 * one descriptor. Once for a process; not while a line may be written.
 */
void log_keep_journal(void);

/* NULL: none. Not while a line may be written. */
void log_set_callback(void (*callback)(int level, const char *line, void *arg),
		      void *arg);

void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
