// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <stdatomic.h>

#include <openssl/crypto.h>

#include "callback.h"
#include "ex_data.h"

/* Of each SSL_CTX */
struct cell {
	/* Written before the callback that replaces it is set. */
	_Atomic(status_callback) callback;
};

/* Constant after callback_init(). */
static int cell_index = -1;

static void cell_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		      long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	OPENSSL_free(ptr);
}

bool callback_init(void)
{
	cell_index = ex_data_new_index(CRYPTO_EX_INDEX_SSL_CTX,
				       sizeof(struct cell), cell_free);
	return cell_index >= 0;
}

bool callback_make_room(SSL_CTX *ctx)
{
	struct cell *cell;

	if (libssl.ctx_get_ex_data(ctx, cell_index))
		return true;
	cell = OPENSSL_zalloc(sizeof(*cell));
	if (cell && libssl.ctx_set_ex_data(ctx, cell_index, cell))
		return true;
	OPENSSL_free(cell);
	return false;
}

void callback_replace(SSL_CTX *ctx, status_callback callback)
{
	struct cell *cell = libssl.ctx_get_ex_data(ctx, cell_index);
	status_callback own = libssl_get_callback(ctx);

	if (!cell || own == callback)
		return;
	atomic_store_explicit(&cell->callback, own, memory_order_release);
	/* Who sees the callback sees what it replaced. */
	atomic_thread_fence(memory_order_seq_cst);
	libssl_set_callback(ctx, callback);
}

status_callback callback_replaced(const SSL *ssl)
{
	SSL_CTX *ctx = libssl.get_ctx(ssl);
	struct cell *cell;

	cell = ctx ? libssl.ctx_get_ex_data(ctx, cell_index) : NULL;
	atomic_thread_fence(memory_order_acquire);
	return cell ? atomic_load_explicit(&cell->callback,
					   memory_order_relaxed) : NULL;
}
