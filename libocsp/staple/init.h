/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The staple of a certificate, for whatever TLS library:
 *
 *	staples		are kept, one for each certificate of the process
 *	response	opens a handle of libocsp, asks it, and tells the log
 *	source		is where certificate and issuer come from
 *	records		are what the server's processes share
 *	log		writes to the journal, to stderr, or to a callback
 *	programs	are those that are left alone
 */
#ifndef LIBOCSP_STAPLE_INIT_H
#define LIBOCSP_STAPLE_INIT_H

#include <stdbool.h>

/*
 * To be called before all else, best before the server forks, as often as one
 * likes. False: there is not enough memory.
 */
bool staple_init(void);

#endif
