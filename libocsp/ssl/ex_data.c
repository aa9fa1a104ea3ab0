// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include "ex_data.h"

/* argl: the size of the cell */
static void new_cell(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		     long argl, void *argp)
{
	void *cell = OPENSSL_zalloc(argl);

	(void)parent, (void)ptr, (void)argp;
	if (cell && !CRYPTO_set_ex_data(ad, idx, cell))
		OPENSSL_free(cell);
}

int ex_data_new_index(int class, size_t size, CRYPTO_EX_free free_cell)
{
	return CRYPTO_get_ex_new_index(class, size, NULL, new_cell, NULL,
				       free_cell);
}
