// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Apache httpd staples from the kernel's store: ktls-ocsp-apache(7). mod_ssl names
 * its certificates when it is configured, while httpd has its privileges, and asks
 * for their responses in handshakes.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_ssl.h>
#include <apr_hash.h>
#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <mod_status.h>

#include "certificate.h"

#define UNSET	-1

/* All else is hidden. */
module AP_MODULE_DECLARE_DATA ktls_ocsp_module __attribute__((visibility("default")));

struct server_config {
	int enable;
};

/*
 * The certificates by mod_ssl's id. Filled while httpd is configured, by one thread,
 * and constant in the children.
 */
static apr_hash_t *certificates;

static void *create_server_config(apr_pool_t *p, server_rec *s)
{
	struct server_config *config = apr_palloc(p, sizeof(*config));

	(void)s;
	config->enable = UNSET;
	return config;
}

static void *merge_server_config(apr_pool_t *p, void *base, void *add)
{
	struct server_config *config = apr_palloc(p, sizeof(*config));
	const struct server_config *b = base, *a = add;

	config->enable = a->enable == UNSET ? b->enable : a->enable;
	return config;
}

static int is_enabled(const server_rec *s)
{
	const struct server_config *config =
		ap_get_module_config(s->module_config, &ktls_ocsp_module);

	return config->enable == 1;
}

static const char *set_enable(cmd_parms *cmd, void *dir, int on)
{
	struct server_config *config =
		ap_get_module_config(cmd->server->module_config, &ktls_ocsp_module);

	(void)dir;
	config->enable = on;
	return NULL;
}

static void log_message(int level, const char *text, void *arg)
{
	(void)arg;
	ap_log_error(APLOG_MARK, level, 0, ap_server_conf, "%s", text);
}

static int pre_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp)
{
	(void)plog;
	(void)ptemp;
	certificates = apr_hash_make(p);
	certificate_init(log_message);
	return OK;
}

/* httpd reads its configuration twice when it starts, and uses the second one. */
static int is_first_pass(void)
{
	return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

static apr_status_t free_certificate(void *data)
{
	certificate_free(data);
	return APR_SUCCESS;
}

/* Once for each server that has the certificate */
static int prime(server_rec *s, apr_pool_t *ptemp, const char *id, apr_size_t id_len,
		 const char *pem)
{
	apr_pool_t *p = apr_hash_pool_get(certificates);
	struct certificate *c;

	(void)ptemp;
	if (!is_enabled(s))
		return DECLINED;
	if (is_first_pass() || apr_hash_get(certificates, id, id_len))
		return OK;
	c = certificate_make(pem);
	if (!c)
		return DECLINED;
	apr_pool_cleanup_register(p, c, free_certificate, apr_pool_cleanup_null);
	apr_hash_set(certificates, apr_pmemdup(p, id, id_len), id_len, c);
	return OK;
}

static int get_resp(server_rec *s, conn_rec *conn, const char *id, apr_size_t id_len,
		    ap_ssl_ocsp_copy_resp *cb, void *userdata)
{
	const struct certificate *c;
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response;

	(void)conn;
	c = is_enabled(s) ? apr_hash_get(certificates, id, id_len) : NULL;
	response = c ? certificate_response(c) : NULL;
	if (!response)
		return DECLINED;
	cb(response->pbEncodedOcspResponse, response->cbEncodedOcspResponse, userdata);
	CertFreeServerOcspResponseContext(response);
	return OK;
}

static const char *state_of(apr_pool_t *p, const struct certificate *c)
{
	OCSP_RESPONSE_INFO info = { .cbSize = sizeof(info) };
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response = certificate_response(c);
	char until[APR_RFC822_DATE_LEN];

	if (!response)
		return "none";
	if (!OcspGetResponseInfo(response, &info))
		info.dwStatus = OCSP_STATUS_GOOD;
	CertFreeServerOcspResponseContext(response);
	apr_rfc822_date(until, apr_time_from_sec(info.llNextUpdate));
	return apr_psprintf(p, "%s until %s",
			    info.dwStatus == OCSP_STATUS_REVOKED ? "revoked" : "good",
			    until);
}

/* A line for each certificate, as the process that answers sees it */
static int status(request_rec *r, int flags)
{
	int is_short = flags & AP_STATUS_SHORT;
	apr_hash_index_t *i;
	const char *name;
	void *c;

	if (!apr_hash_count(certificates))
		return OK;
	if (!is_short)
		ap_rputs("<hr />\n<h2>OCSP responses from the kernel's store</h2>\n<dl>\n", r);
	for (i = apr_hash_first(r->pool, certificates); i; i = apr_hash_next(i)) {
		apr_hash_this(i, NULL, NULL, &c);
		name = certificate_name(c);
		ap_rprintf(r, is_short ? "KtlsOcsp %s: %s\n" : "<dt>%s: %s</dt>\n",
			   is_short ? name : ap_escape_html(r->pool, name),
			   state_of(r->pool, c));
	}
	if (!is_short)
		ap_rputs("</dl>\n", r);
	return OK;
}

static void register_hooks(apr_pool_t *p)
{
	(void)p;
	ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
	ap_hook_ssl_ocsp_prime_hook(prime, NULL, NULL, APR_HOOK_MIDDLE);
	ap_hook_ssl_ocsp_get_resp_hook(get_resp, NULL, NULL, APR_HOOK_MIDDLE);
	APR_OPTIONAL_HOOK(ap, status_hook, status, NULL, NULL, APR_HOOK_MIDDLE);
}

static const command_rec commands[] = {
	AP_INIT_FLAG("KtlsOcsp", set_enable, NULL, RSRC_CONF,
		     "Staple what the kernel's store has for the certificates of this server"),
	{ NULL }
};

AP_DECLARE_MODULE(ktls_ocsp) = {
	STANDARD20_MODULE_STUFF,
	.create_server_config = create_server_config,
	.merge_server_config = merge_server_config,
	.cmds = commands,
	.register_hooks = register_hooks,
};
