/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * DER taken apart, changed and put together again: for what no library writes.
 *
 * Nothing here returns an error: what fails ends the test.
 */
#ifndef DER_H
#define DER_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

enum der_form {
	DER_SHORTEST,
	DER_LONG_LENGTH,		/* a length with a zero before it */
	DER_INDEFINITE,
};

/* One value. It has children, or else data. */
struct der {
	uint8_t tag;			/* 0: data is all of its encoding */
	enum der_form form;
	unsigned char *data;
	size_t len;
	struct der *first;
	struct der *next;
};

/* The value that der[0..len) starts with. der_free() it. */
struct der *der_parse(const unsigned char *der, size_t len);
void der_free(struct der *der);
/* free() it. */
unsigned char *der_encode(const struct der *der, size_t *len);

/*
 * The value at a path of indexes, such as "1.0.2". On the way OCTET STRINGs
 * are opened: what is in them must be DER, and can be changed as well.
 */
struct der *der_at(struct der *der, const char *path);

void der_remove(struct der *root, const char *path);
/* Put bytes in place of the value at path. */
void der_replace(struct der *root, const char *path, const void *bytes,
		 size_t len);
/* Append bytes to what the value at path consists of. */
void der_append(struct der *root, const char *path, const void *bytes,
		size_t len);
/* Insert bytes before the value at path. */
void der_insert(struct der *root, const char *path, const void *bytes,
		size_t len);

/*
 * Sign the first child of what is at path anew, with SHA-256: a certificate or
 * a basic response, whose third child is the signature.
 */
void der_sign(struct der *root, const char *path, EVP_PKEY *key);

#endif /* DER_H */
