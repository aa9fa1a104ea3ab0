// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* nginx staples from the kernel's store, http: ktls-ocsp-nginx(7). */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_ktls_ocsp.h"

extern ngx_module_t ngx_http_ktls_ocsp_module;

static ngx_command_t commands[] = {
	{ ngx_string("ktls_ocsp"),
	  NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_CONF_FLAG,
	  ngx_conf_set_flag_slot, NGX_HTTP_SRV_CONF_OFFSET,
	  offsetof(ngx_ktls_ocsp_conf_t, enable), NULL },
	ngx_null_command
};

static ngx_int_t get_state(ngx_http_request_t *r, ngx_http_variable_value_t *v,
			   uintptr_t data)
{
	(void)data;
	ngx_ktls_ocsp_state(r->connection, v);
	return NGX_OK;
}

static ngx_int_t add_variable(ngx_conf_t *cf)
{
	static ngx_str_t name = ngx_string("ktls_ocsp");
	ngx_http_variable_t *var = ngx_http_add_variable(cf, &name, 0);

	if (!var)
		return NGX_ERROR;
	var->get_handler = get_state;
	return NGX_OK;
}

/* All servers are configured, and have their own status callbacks. */
static ngx_int_t staple_servers(ngx_conf_t *cf)
{
	ngx_http_core_main_conf_t *main;
	ngx_http_core_srv_conf_t **servers;
	ngx_http_ssl_srv_conf_t *ssl;
	void **conf;

	main = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
	servers = main->servers.elts;
	for (ngx_uint_t i = 0; i < main->servers.nelts; i++) {
		conf = servers[i]->ctx->srv_conf;
		ssl = conf[ngx_http_ssl_module.ctx_index];
		ngx_ktls_ocsp_staple(cf, conf[ngx_http_ktls_ocsp_module.ctx_index],
				     ssl->ssl.ctx);
	}
	return NGX_OK;
}

static ngx_http_module_t context = {
	.preconfiguration = add_variable,
	.postconfiguration = staple_servers,
	.create_srv_conf = ngx_ktls_ocsp_create_conf,
	.merge_srv_conf = ngx_ktls_ocsp_merge_conf,
};

ngx_module_t ngx_http_ktls_ocsp_module = {
	NGX_MODULE_V1,
	.ctx = &context,
	.commands = commands,
	.type = NGX_HTTP_MODULE,
};
