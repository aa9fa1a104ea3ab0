// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include "libssl.h"

status_callback libssl_get_callback(SSL_CTX *ctx)
{
	status_callback callback = NULL;

	libssl.ctx_ctrl(ctx, SSL_CTRL_GET_TLSEXT_STATUS_REQ_CB, 0, &callback);
	return callback;
}

void libssl_set_callback(SSL_CTX *ctx, status_callback callback)
{
	libssl.ctx_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
				 (void (*)(void))callback);
}
