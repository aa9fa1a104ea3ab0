/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the modules for http and for stream have in common. */
#ifndef NGX_KTLS_OCSP_H
#define NGX_KTLS_OCSP_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

/* The configuration of a server: "ktls_ocsp on|off" */
typedef struct {
	ngx_flag_t enable;
} ngx_ktls_ocsp_conf_t;

void *ngx_ktls_ocsp_create_conf(ngx_conf_t *cf);
char *ngx_ktls_ocsp_merge_conf(ngx_conf_t *cf, void *parent, void *child);

/*
 * Make the SSL_CTX of a server staple, if it has one and is told to. For want of
 * memory it does not, and the log says so.
 */
void ngx_ktls_ocsp_staple(ngx_conf_t *cf, const ngx_ktls_ocsp_conf_t *conf,
			  SSL_CTX *ctx);

/* The value of $ktls_ocsp */
void ngx_ktls_ocsp_state(ngx_connection_t *c, ngx_variable_value_t *v);

#endif
