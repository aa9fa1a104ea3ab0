/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What ocspd tells monitoring systems, as text. */
#ifndef OCSPD_METRICS_H
#define OCSPD_METRICS_H

#include <stdbool.h>
#include <stddef.h>

enum metrics_format {
	METRICS_PROMETHEUS,		/* its text format, version 0.0.4 */
	METRICS_OPENMETRICS,		/* version 1.0.0 */
	METRICS_FORMATS,
};

/* Whether a configuration that was read is in use now. */
void metrics_config(bool taken);
/* The store is open, and what it has is planned. */
void metrics_ready(void);

/* The figures of this moment, *len bytes; free() them. NULL: no memory. */
char *metrics_text(enum metrics_format format, size_t *len);

#endif /* OCSPD_METRICS_H */
