/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The headers of an HTTP answer that say how old it is. */
#ifndef OCSPD_HEADERS_H
#define OCSPD_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed: nothing was seen. */
struct headers {
	int64_t max_age;		/* seconds, with has_max_age */
	int64_t age;			/* seconds, with aged */
	bool has_max_age;
	bool aged;
	size_t bytes;			/* of all, and of what came before */
};

/* One line, with its end. A status line starts from the beginning. */
void headers_take(struct headers *headers, const char *line, size_t len);

/* The seconds for which it is fresh from now on; -1: it does not say. */
int64_t headers_max_age(const struct headers *headers);

#endif /* OCSPD_HEADERS_H */
