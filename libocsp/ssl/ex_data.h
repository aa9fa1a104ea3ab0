/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* A cell of ours in each X509 or SSL_CTX. */
#ifndef LIBOCSP_SSL_EX_DATA_H
#define LIBOCSP_SSL_EX_DATA_H

#include <stddef.h>

#include <openssl/crypto.h>

/*
 * The index of a cell of size bytes, all zero, in each object of the class
 * (CRYPTO_EX_INDEX_X509 and the like) that is made from then on; NULL in one for
 * which there was no memory. free_cell gets the cell, or NULL, when the object is
 * freed. Negative: not enough memory.
 *
 * The cell is there from the beginning because libcrypto's list of ex_data may
 * not grow while other threads read it.
 */
int ex_data_new_index(int class, size_t size, CRYPTO_EX_free free_cell);

#endif
