/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The figures of metrics.h by HTTP, on loopback or a Unix socket.
 *
 * No client can slow ocspd down: there are so many connections, of so many
 * seconds and bytes; the text is made once a second at most; and what all of
 * them have done in one period is limited.
 */
#ifndef OCSPD_METRICS_HTTP_H
#define OCSPD_METRICS_HTTP_H

/*
 * Listen there from now on: ADDRESS:PORT of loopback, or the path of a Unix
 * socket; NULL: nowhere. May be called again.
 */
void metrics_http_open(const char *where);
void metrics_http_close(void);

#endif /* OCSPD_METRICS_HTTP_H */
