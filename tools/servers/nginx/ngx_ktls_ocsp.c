// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* First: nginx' headers say which names the system's are to have. */
#include "ngx_ktls_ocsp.h"

#include <libocsp/ocsp_ssl.h>

#define WARNING	4	/* of syslog(3) */

void *ngx_ktls_ocsp_create_conf(ngx_conf_t *cf)
{
	ngx_ktls_ocsp_conf_t *conf = ngx_pcalloc(cf->pool, sizeof(*conf));

	if (conf)
		conf->enable = NGX_CONF_UNSET;
	return conf;
}

char *ngx_ktls_ocsp_merge_conf(ngx_conf_t *cf, void *parent, void *child)
{
	ngx_ktls_ocsp_conf_t *prev = parent, *conf = child;

	(void)cf;
	ngx_conf_merge_value(conf->enable, prev->enable, 0);
	return NGX_CONF_OK;
}

static void log_message(int level, const char *text, void *arg)
{
	/* What nginx logs by default, as it does when its own stapling fails */
	ngx_uint_t as = level <= WARNING ? NGX_LOG_ERR : NGX_LOG_NOTICE;

	(void)arg;
	ngx_log_error(as, ngx_cycle->log, 0, "%s", text);
}

/* The master does so with its privileges: before it forks workers, or daemonises. */
void ngx_ktls_ocsp_staple(ngx_conf_t *cf, const ngx_ktls_ocsp_conf_t *conf,
			  SSL_CTX *ctx)
{
	if (!conf->enable || !ctx)
		return;
	OcspSetSslMessageCallback(log_message, NULL);
	if (!OcspStapleSslCtx(ctx, ngx_test_config ? OCSP_STAPLE_DO_NOT_OPEN : 0))
		ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
				   "ktls_ocsp: no stapling: %s",
				   OcspGetLastErrorMessage());
}

void ngx_ktls_ocsp_state(ngx_connection_t *c, ngx_variable_value_t *v)
{
	static ngx_str_t names[] = {
		[OCSP_STAPLE_FROM_STORE] = ngx_string("good"),
		[OCSP_STAPLE_OWN] = ngx_string("own"),
		[OCSP_STAPLE_NONE] = ngx_string("none"),
		[OCSP_STAPLE_REVOKED] = ngx_string("revoked"),
	};
	unsigned int state = OCSP_STAPLE_NOT_ASKED;

	if (c->ssl)
		state = OcspGetStapleOfSsl(c->ssl->connection);
	if (state >= sizeof(names) / sizeof(names[0]) || !names[state].len) {
		v->not_found = 1;
		return;
	}
	v->data = names[state].data;
	v->len = names[state].len;
	v->valid = 1;
	v->no_cacheable = 0;
	v->not_found = 0;
}
