// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* libocsp-ssl is linked with libssl. */
#include "libssl.h"

struct libssl libssl = {
	.ctx_callback_ctrl = SSL_CTX_callback_ctrl,
	.ctx_ctrl = SSL_CTX_ctrl,
	.ctx_get_ex_data = SSL_CTX_get_ex_data,
	.ctx_set_ex_data = SSL_CTX_set_ex_data,
	.ctx_get_cert_store = SSL_CTX_get_cert_store,
	.ctx_get_ssl_method = SSL_CTX_get_ssl_method,
	.client_method = TLS_client_method,
	.ctrl = SSL_ctrl,
	.get_certificate = SSL_get_certificate,
	.get_ctx = SSL_get_SSL_CTX,
	.is_server = SSL_is_server,
	.set_ex_data = SSL_set_ex_data,
	.version = SSL_version,
};
