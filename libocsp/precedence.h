/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Which of two verified responses for a certificate counts: the one rule of all
 * who write to the store or read a directory. Private to this project, like
 * client.h.
 */
#ifndef OCSP_PRECEDENCE_H
#define OCSP_PRECEDENCE_H

#include <stdint.h>

#include <linux/ktls_ocsp.h>

/* What is signed in a response, and decides between two of them. */
struct ocsp_terms {
	enum ktls_ocsp_cert_status status;
	int64_t this_update;		/* seconds since the epoch, UTC */
	int64_t next_update;		/* 0: there is no response */
};

/*
 * Why a response is worse than what there is, in words; NULL when it is not, and
 * may replace it. What there is counts when it has expired, too: else an older
 * response that is valid for longer would come back. Not when it was made in
 * the future, by a clock that was ahead.
 */
const char *ocsp_worse(const struct ocsp_terms *have,
		       const struct ocsp_terms *response, int64_t now);

#endif /* OCSP_PRECEDENCE_H */
