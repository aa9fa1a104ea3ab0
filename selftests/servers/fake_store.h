/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A store without a kernel, for the test of OpenSSL's module: the functions of
 * libocsp and libc that the module calls, in the program, which come before
 * those of the libraries. What is stapled for a certificate is its SHA-256.
 */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct fake_store {
	atomic_bool has_module;		/* the kernel's: /sys/module/ktls_ocsp */
	atomic_bool refuses;		/* to open */
	atomic_bool wants_issuer;	/* to open: a chain of two */
	atomic_bool is_empty;		/* a handle has nothing */
	atomic_bool is_revoked;		/* what it has says so */
	atomic_uint attempts;		/* to open */
	atomic_int handles;		/* open */
	atomic_int chains;		/* not freed */
	atomic_int contexts;		/* not freed */
	atomic_uint_fast64_t ahead;	/* ms that the clock is ahead */
	atomic_uint open_us;		/* how long an open takes */
};

extern struct fake_store fake_store;

#endif
