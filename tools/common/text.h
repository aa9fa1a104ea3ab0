/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The store's words, keys and times, as the tools print them. */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stdint.h>

#include <linux/ktls_ocsp.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define KEY_TEXT_SIZE	(2 * KTLS_OCSP_KEY_LEN + 1)
#define TIME_TEXT_SIZE	40

const char *key_text(const uint8_t key[KTLS_OCSP_KEY_LEN],
		     char text[KEY_TEXT_SIZE]);
/* "2026-11-30 12:00:00 UTC" */
const char *time_text(int64_t when, char text[TIME_TEXT_SIZE]);
const char *state_name(enum ktls_ocsp_state state);
const char *status_name(enum ktls_ocsp_cert_status status);
const char *event_name(enum ktls_ocsp_event event);

#endif /* TOOLS_TEXT_H */
