/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Responses on disk, over a reboot: DIRECTORY/KEY.ocsp, each the DER as it
 * was stored. What cannot be read or written is told once, and does no harm.
 */
#ifndef OCSPD_CACHE_H
#define OCSPD_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: no cache. The directory is made when it is not there. */
void cache_open(const char *directory);
void cache_close(void);

/* The bytes kept for a key; free() them. NULL: none. */
unsigned char *cache_load(const uint8_t *key, size_t *len);
void cache_store(const uint8_t *key, const unsigned char *data, size_t len);
void cache_remove(const uint8_t *key);

/* Remove those that is_wanted() says no to. */
void cache_keep_only(bool (*is_wanted)(const uint8_t *key));

/* Remove what has expired, and what a crash left behind. */
void cache_sweep(void);

#endif /* OCSPD_CACHE_H */
