/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The result of a check, as monitoring systems read it from their plugins: an
 * exit status, one line, and behind a "|" values for graphs.
 */
#ifndef OCSPCTL_CHECK_H
#define OCSPCTL_CHECK_H

#include "ocspctl.h"

#define CHECK_FINDINGS	16
#define CHECK_VALUES	8
#define CHECK_TEXT	512

struct check_finding {
	int status;
	char text[CHECK_TEXT];
};

struct check_value {
	const char *name;
	int64_t value;
	const char *unit;
};

/* All is zero at first but what it is about. */
struct check {
	const char *what;
	struct check_finding findings[CHECK_FINDINGS];
	size_t finding_count;
	struct check_value values[CHECK_VALUES];
	size_t value_count;
};

/* Seconds that a response must still be valid */
struct check_limits {
	int64_t warn;
	int64_t crit;
};

/* Those of --warn and --crit, where they are given: false, and why was said. */
bool check_limits_read(const struct args *args, struct check_limits *limits);

/*
 * Is there enough left of a response? A limit counts as at most a part of the
 * time that the response is valid for in all: what is valid for a few hours
 * only would be near its end always.
 */
int check_left(const struct check_limits *limits, int64_t this_update,
	       int64_t next_update, int64_t now);

/* One more finding, of that status (CHECK_OK: only told). */
__attribute__((format(printf, 3, 4)))
void check_add(struct check *check, int status, const char *fmt, ...);
/* name and unit are kept as they are. */
void check_value(struct check *check, const char *name, int64_t value,
		 const char *unit);
/* The worst status of all findings */
int check_status(const struct check *check);
/* The worst finding comes first. Returns check_status(). */
int check_print(const struct check *check, bool json);

#endif /* OCSPCTL_CHECK_H */
