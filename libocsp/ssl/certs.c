// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Each X509 gets a cell when it is made, where the staple is put when it is
 * first wanted. So the staple is found in two loads; the association ends with
 * the object, and a certificate that replaces another one, or that is given
 * the address of one that was freed, has a cell of its own.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "certs.h"
#include "ex_data.h"

struct cell {
	/* A reference; set once, and taken away with the X509. */
	struct staple *_Atomic staple;
	/* Whoever looks first writes what all others would. */
	_Atomic enum { UNKNOWN, NAMES_RESPONDER, NAMES_NONE } names;
};

/* Constant after certs_init(). */
static int cell_index = -1;

static void cell_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		      long argl, void *argp)
{
	struct cell *cell = ptr;

	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (!cell)
		return;
	staple_put(atomic_load(&cell->staple));
	OPENSSL_free(cell);
}

bool certs_init(void)
{
	cell_index = ex_data_new_index(CRYPTO_EX_INDEX_X509,
				       sizeof(struct cell), cell_free);
	return cell_index >= 0;
}

void cert_make_room(X509 *cert)
{
	struct cell *cell;

	if (X509_get_ex_data(cert, cell_index))
		return;
	cell = OPENSSL_zalloc(sizeof(*cell));
	if (cell && !X509_set_ex_data(cert, cell_index, cell))
		OPENSSL_free(cell);
}

static struct staple *find_by_key(X509 *cert)
{
	unsigned char key[KEY_SIZE];
	bool ok;

	ERR_set_mark();
	ok = X509_digest(cert, EVP_sha256(), key, NULL);
	ERR_pop_to_mark();
	return ok ? staple_get(key) : NULL;
}

struct staple *cert_staple(X509 *cert, struct staple **borrowed)
{
	struct cell *cell = X509_get_ex_data(cert, cell_index);
	struct staple *found, *old = NULL;

	*borrowed = NULL;
	found = cell ? atomic_load_explicit(&cell->staple,
					    memory_order_acquire) : NULL;
	if (found)
		return found;
	found = find_by_key(cert);
	if (!found || !cell) {
		*borrowed = found;
		return found;
	}
	if (atomic_compare_exchange_strong(&cell->staple, &old, found))
		return found;
	staple_put(found);
	return old;
}

static bool find_responder(X509 *cert)
{
	STACK_OF(OPENSSL_STRING) *urls;
	bool any;

	ERR_set_mark();
	urls = X509_get1_ocsp(cert);
	any = sk_OPENSSL_STRING_num(urls) > 0;
	X509_email_free(urls);
	ERR_pop_to_mark();
	return any;
}

bool cert_names_responder(X509 *cert)
{
	struct cell *cell = X509_get_ex_data(cert, cell_index);
	int names = cell ? atomic_load_explicit(&cell->names,
						memory_order_relaxed) : UNKNOWN;

	if (names == UNKNOWN) {
		names = find_responder(cert) ? NAMES_RESPONDER : NAMES_NONE;
		if (cell)
			atomic_store_explicit(&cell->names, names,
					      memory_order_relaxed);
	}
	return names == NAMES_RESPONDER;
}
