/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* ocspd --once: how many of them are done. */
#ifndef OCSPD_ONCE_H
#define OCSPD_ONCE_H

#include <stddef.h>

enum once_outcome {
	ONCE_STORED,
	ONCE_FAILED,
	ONCE_NOT_APPLICABLE,		/* nobody to ask */
};

/* The first attempt for a certificate came to this. */
void once_count(enum once_outcome outcome);
/* On a terminal: how far it is. */
void once_progress(size_t left);
/* Says what came of it all; the status to exit with. */
int once_finish(void);

#endif /* OCSPD_ONCE_H */
