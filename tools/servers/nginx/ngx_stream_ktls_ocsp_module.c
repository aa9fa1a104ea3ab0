// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* nginx staples from the kernel's store, stream: ktls-ocsp-nginx(7). */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_stream.h>

#include "ngx_ktls_ocsp.h"

/* Renamed with the virtual servers of stream */
#if nginx_version >= 1025005
typedef ngx_stream_ssl_srv_conf_t ssl_conf_t;
#else
typedef ngx_stream_ssl_conf_t ssl_conf_t;
#endif

extern ngx_module_t ngx_stream_ktls_ocsp_module;

static ngx_command_t commands[] = {
	{ ngx_string("ktls_ocsp"),
	  NGX_STREAM_MAIN_CONF | NGX_STREAM_SRV_CONF | NGX_CONF_FLAG,
	  ngx_conf_set_flag_slot, NGX_STREAM_SRV_CONF_OFFSET,
	  offsetof(ngx_ktls_ocsp_conf_t, enable), NULL },
	ngx_null_command
};

static ngx_int_t get_state(ngx_stream_session_t *s, ngx_stream_variable_value_t *v,
			   uintptr_t data)
{
	(void)data;
	ngx_ktls_ocsp_state(s->connection, v);
	return NGX_OK;
}

static ngx_int_t add_variable(ngx_conf_t *cf)
{
	static ngx_str_t name = ngx_string("ktls_ocsp");
	ngx_stream_variable_t *var = ngx_stream_add_variable(cf, &name, 0);

	if (!var)
		return NGX_ERROR;
	var->get_handler = get_state;
	return NGX_OK;
}

/* All servers are configured, and have their own status callbacks. */
static ngx_int_t staple_servers(ngx_conf_t *cf)
{
	ngx_stream_core_main_conf_t *main;
	ngx_stream_core_srv_conf_t **servers;
	ssl_conf_t *ssl;
	void **conf;

	main = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);
	servers = main->servers.elts;
	for (ngx_uint_t i = 0; i < main->servers.nelts; i++) {
		conf = servers[i]->ctx->srv_conf;
		ssl = conf[ngx_stream_ssl_module.ctx_index];
		ngx_ktls_ocsp_staple(cf, conf[ngx_stream_ktls_ocsp_module.ctx_index],
				     ssl->ssl.ctx);
	}
	return NGX_OK;
}

static ngx_stream_module_t context = {
	.preconfiguration = add_variable,
	.postconfiguration = staple_servers,
	.create_srv_conf = ngx_ktls_ocsp_create_conf,
	.merge_srv_conf = ngx_ktls_ocsp_merge_conf,
};

ngx_module_t ngx_stream_ktls_ocsp_module = {
	NGX_MODULE_V1,
	.ctx = &context,
	.commands = commands,
	.type = NGX_STREAM_MODULE,
};
