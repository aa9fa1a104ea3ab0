/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* ocspd's control socket, from the side of those that ask. */
#ifndef OCSPCTL_CONTROL_H
#define OCSPCTL_CONTROL_H

#include "ocspctl.h"

/*
 * Sends the request, whose reference it takes, and calls fn for each record of
 * the answer, the last one too. slow: the answer may take as long as it
 * takes. False: there was no answer, it failed, or it came to no end; then
 * why was said, unless quiet.
 */
bool control_ask(json_t *request, void (*fn)(json_t *record, void *arg),
		 void *arg, bool slow, bool quiet);

/* ocspd listens at it. */
bool control_is_served(void);

/* {"request": NAME}, and with the key of a certificate */
json_t *control_request(const char *name);
json_t *control_request_for(const char *name,
			    const uint8_t key[KTLS_OCSP_KEY_LEN]);

/* Members of a record; NULL or 0 where they are none, or not there */
const char *record_text(json_t *record, const char *name);
int64_t record_number(json_t *record, const char *name);

/* What ocspd says of one certificate, or of all, by their keys; NULL: nothing */
json_t *control_list(const uint8_t *key);

/* Hold the certificate for good, or no longer: an exit status. */
int control_keep(const uint8_t key[KTLS_OCSP_KEY_LEN], bool keep);

#endif /* OCSPCTL_CONTROL_H */
