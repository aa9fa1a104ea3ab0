/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* All certificates, counted. */
#ifndef OCSPD_TALLY_H
#define OCSPD_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "certs.h"

struct tally {
	size_t states[CERT_HELD + 1];
	uint64_t failing;		/* their last attempt failed */
	uint64_t unserved;		/* servers have nothing to staple */
	uint64_t pinned;		/* of the configuration */
	/*
	 * Wall clock: the first nextUpdate of what is served, of those that are
	 * refreshed; 0: there is none.
	 */
	int64_t first_end;
};

void tally_certs(struct tally *tally);

#endif /* OCSPD_TALLY_H */
