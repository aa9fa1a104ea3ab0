/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The figures of metrics.h in a file, for node_exporter's textfile collector. */
#ifndef OCSPD_METRICS_FILE_H
#define OCSPD_METRICS_FILE_H

/* Write it from now on; NULL: none. May be called again. */
void metrics_file_open(const char *path);
/* It is removed: who reads it must not take old figures for today's. */
void metrics_file_close(void);

#endif /* OCSPD_METRICS_FILE_H */
