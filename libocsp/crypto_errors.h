/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * libcrypto's queue of errors. Those that the application has there are none of
 * our business. Private to the project.
 */
#ifndef OCSP_CRYPTO_ERRORS_H
#define OCSP_CRYPTO_ERRORS_H

#include <stdbool.h>

/* Before libcrypto is called; what it returns is for ocsp_errors_end(). */
bool ocsp_errors_begin(void);

/*
 * Forgets the errors since then. True: libcrypto had no memory for something,
 * so what it says is wrong may be in order.
 */
bool ocsp_errors_end(bool alone);

#endif /* OCSP_CRYPTO_ERRORS_H */
