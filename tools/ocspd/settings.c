// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The sections of ocspd.conf(5), their settings, and what these may be. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cert.h"
#include "config_reader.h"
#include "control_protocol.h"
#include "loopback.h"
#include "text.h"
#include "unix_socket.h"
#include "url.h"

#define CACHE_DIRECTORY	"/var/cache/ocspd"
#define STATE_DIRECTORY	"/var/lib/ocspd"
/* systemd's LoadCredential= puts it into $CREDENTIALS_DIRECTORY. */
#define CREDENTIAL	"ocspd.proxy"
#define NONE		"none"
#define BETWEEN		" \t,"
/* What a pattern may match by itself: so many files of so many bytes */
#define MAX_FILES	1000
#define MAX_BYTES	65536

struct setting {
	const char *name;
	void (*set)(struct reader *r, const struct setting *s, void *field,
		    const char *value);
	size_t offset;			/* of the field, in the section's object */
	bool is_list;			/* lines and files add to it */
	long min;			/* of a number, and what it is by itself */
	long max;
	long initial;
	const char *const *words;	/* of a choice: three, by its enum, from 1 on */
};

struct section_kind {
	const char *name;
	bool is_named;
	const struct setting *settings;
	size_t count;
	size_t policy;			/* of its policy, in the object */
	bool (*begin)(struct reader *r, struct section *s);
	void (*check)(struct reader *r, const struct section *s);
};

/* What values may be */

static void set_text(struct reader *r, void *field, const char *value)
{
	config_set_text(r, field, strdup(value));
}

static void set_path(struct reader *r, const struct setting *s, void *field,
		     const char *value)
{
	if (*value == '/')
		set_text(r, field, value);
	else
		config_fault(r, "%s: '%s' is no absolute path", s->name, value);
}

static void set_path_or_none(struct reader *r, const struct setting *s,
			     void *field, const char *value)
{
	if (*value == '/' || !strcmp(value, NONE))
		set_text(r, field, value);
	else
		config_fault(r, "%s: '%s' is no absolute path, and not \"" NONE "\"",
			     s->name, value);
}

/* node_exporter looks at no other files. */
static void set_metrics_file(struct reader *r, const struct setting *s,
			     void *field, const char *value)
{
	const char *end = strrchr(value, '.');

	if (*value == '/' && (!end || strcmp(end, ".prom")))
		config_fault(r, "%s: '%s' does not end in \".prom\"", s->name,
			     value);
	set_path_or_none(r, s, field, value);
}

static void set_metrics_listen(struct reader *r, const struct setting *s,
			       void *field, const char *value)
{
	struct sockaddr_storage loopback;
	struct sockaddr_un path;

	if (*value == '/' ? unix_address(&path, value) :
	    strcmp(value, NONE) && !loopback_address(value, &loopback))
		config_fault(r, "%s: '%s' is no loopback address and port, no path of a socket, and not \"%s\"",
			     s->name, value, NONE);
	set_text(r, field, value);
}

static void set_number(struct reader *r, const struct setting *s, void *field,
		       const char *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || end == value || *end || n < s->min || n > s->max)
		config_fault(r, "%s: '%s' is no number from %ld to %ld", s->name,
			     value, s->min, s->max);
	else
		*(long *)field = n;
}

static void set_proxy(struct reader *r, const struct setting *s, void *field,
		      const char *value)
{
	struct url url = { 0 };

	if (!strcmp(value, NONE))
		value = "";
	else if (url_parse_proxy(&url, value))
		config_fault(r, "%s: '%s' is no URL of an HTTP or SOCKS proxy, and not \"" NONE "\"",
			     s->name, value);
	url_clear(&url);
	set_text(r, field, value);
}

static void set_no_proxy(struct reader *r, const struct setting *s, void *field,
			 const char *value)
{
	char **where = field, *joined;

	if (!strcmp(value, NONE))
		value = "";
	if (!*where) {
		set_text(r, field, value);
	} else if (asprintf(&joined, "%s %s", *where, value) < 0) {
		config_fault(r, "%s: no memory", s->name);
	} else {
		free(*where);
		*where = joined;
	}
}

static void add_prefixes(struct reader *r, const struct setting *s,
			 struct address_rules *rules, const char *value,
			 bool allow)
{
	char *copy = strdup(value), *save, *word;

	if (!copy) {
		config_fault(r, "%s: no memory", s->name);
		return;
	}
	for (word = strtok_r(copy, BETWEEN, &save); word;
	     word = strtok_r(NULL, BETWEEN, &save))
		if (!address_add(rules, word, allow))
			config_fault(r, errno == ENOMEM ? "%s: no memory for '%s'" :
				     "%s: '%s' is no address and no prefix like 10.0.0.0/8",
				     s->name, word);
	free(copy);
}

static void set_allow(struct reader *r, const struct setting *s, void *field,
		      const char *value)
{
	add_prefixes(r, s, field, value, true);
}

static void set_deny(struct reader *r, const struct setting *s, void *field,
		     const char *value)
{
	add_prefixes(r, s, field, value, false);
}

static void set_responder(struct reader *r, const struct setting *s, void *field,
			  const char *value)
{
	struct url url;

	if (url_parse(&url, value) || url.has_user)
		config_fault(r, "%s: '%s' is no http or https URL without a user name",
			     s->name, value);
	url_clear(&url);
	set_text(r, field, value);
}

/* The field, an enum, gets the number of the word. */
static void set_choice(struct reader *r, const struct setting *s, void *field,
		       const char *value)
{
	int i;

	for (i = 1; i <= 3; i++)
		if (!strcmp(value, s->words[i])) {
			*(unsigned int *)field = i;
			return;
		}
	config_fault(r, "%s: '%s' is not \"%s\", \"%s\" or \"%s\"", s->name,
		     value, s->words[1], s->words[2], s->words[3]);
}

/* It is read here, so that a bad one is told with its line. */
static void set_ca_file(struct reader *r, const struct setting *s, void *field,
			const char *value)
{
	STACK_OF(X509) *certs = NULL;
	char why[512];

	set_path(r, s, field, value);
	if (*value != '/')
		return;
	certs = ocsp_read_certs(value, why, sizeof(why));
	if (!certs)
		config_fault(r, "%s: %s", s->name, why);
	sk_X509_pop_free(certs, X509_free);
}

/* As openssl x509 -fingerprint -sha256 prints it, or without the colons */
static void set_fingerprint(struct reader *r, const struct setting *s,
			    void *field, const char *value)
{
	struct config_cert *cert = r->section->object;
	const char *hex = strrchr(value, '=');
	size_t len;

	(void)field;
	hex = hex ? hex + 1 : value;
	if (strlen(hex) <= 3 * KTLS_OCSP_KEY_LEN &&
	    OPENSSL_hexstr2buf_ex(cert->key, sizeof(cert->key), &len, hex,
				  ':') && len == sizeof(cert->key))
		cert->has_key = true;
	else
		config_fault(r, "%s: '%s' is no SHA-256 fingerprint, 64 hexadecimal digits",
			     s->name, value);
}

/* Sections */

/*
 * An hour, as nginx, Apache httpd and HAProxy have it: a revocation shows within
 * that time, and an outage begins with nearly all of the validity left. It is
 * one request for each certificate, however many servers there are.
 */
#define REFRESH		3600
/* Four days: the age at which the CA/Browser Forum has responders replace one. */
#define REFRESH_MAX	345600
#define YEAR		31536000

#define FIELD(type, field)	.name = #field, .offset = offsetof(type, field)

static const char *const methods[] = {
	[METHOD_AUTO] = "auto",
	[METHOD_GET] = "get",
	[METHOD_POST] = "post",
};

static const char *const digests[] = {
	[DIGEST_AUTO] = "auto",
	[DIGEST_SHA1] = "sha1",
	[DIGEST_SHA256] = "sha256",
};

/* How responses are fetched, of each section; initial values only hold in [ocspd]. */
static const struct setting policy_settings[] = {
	{ FIELD(struct config_policy, responder), .set = set_responder },
	{ FIELD(struct config_policy, method), .set = set_choice,
	  .words = methods },
	{ FIELD(struct config_policy, digest), .set = set_choice,
	  .words = digests },
	{ FIELD(struct config_policy, ca_file), .set = set_ca_file },
	{ FIELD(struct config_policy, refresh), .set = set_number,
	  .min = 60, .max = YEAR, .initial = REFRESH },
	{ FIELD(struct config_policy, refresh_min), .set = set_number,
	  .min = 60, .max = YEAR, .initial = 300 },
	{ FIELD(struct config_policy, refresh_max), .set = set_number,
	  .min = 3600, .max = YEAR, .initial = REFRESH_MAX },
};

static const struct setting globals[] = {
	{ FIELD(struct config, cache), .set = set_path_or_none },
	{ FIELD(struct config, control), .set = set_path_or_none },
	{ FIELD(struct config, state), .set = set_path_or_none },
	{ FIELD(struct config, metrics_file), .set = set_metrics_file },
	{ FIELD(struct config, metrics_listen), .set = set_metrics_listen },
	{ FIELD(struct config, proxy), .set = set_proxy },
	{ FIELD(struct config, proxy_credentials), .set = set_path_or_none },
	{ FIELD(struct config, no_proxy), .set = set_no_proxy, .is_list = true },
	{ .name = "allow", .offset = offsetof(struct config, addresses),
	  .set = set_allow, .is_list = true },
	{ .name = "deny", .offset = offsetof(struct config, addresses),
	  .set = set_deny, .is_list = true },
	{ FIELD(struct config, start_timeout), .set = set_number,
	  .min = 0, .max = 60, .initial = 10 },
	{ FIELD(struct config, connect_timeout), .set = set_number,
	  .min = 1, .max = 300, .initial = 5 },
	{ FIELD(struct config, idle_timeout), .set = set_number,
	  .min = 1, .max = 300, .initial = 10 },
	{ FIELD(struct config, timeout), .set = set_number,
	  .min = 1, .max = 300, .initial = 15 },
	{ FIELD(struct config, transfers), .set = set_number,
	  .min = 1, .max = 1024, .initial = 64 },
	{ FIELD(struct config, transfers_per_host), .set = set_number,
	  .min = 1, .max = 1024, .initial = 8 },
	{ FIELD(struct config, retry), .set = set_number,
	  .min = 1, .max = 86400, .initial = 30 },
	{ FIELD(struct config, retry_max), .set = set_number,
	  .min = 1, .max = 86400, .initial = 3600 },
};

static const struct setting cert_settings[] = {
	{ FIELD(struct config_cert, file), .set = set_path },
	{ FIELD(struct config_cert, files), .set = set_path },
	{ FIELD(struct config_cert, issuer), .set = set_path },
	{ FIELD(struct config_cert, max_files), .set = set_number,
	  .min = 1, .max = 100000 },
	{ FIELD(struct config_cert, max_bytes), .set = set_number,
	  .min = 1, .max = OCSP_FILE_MAX },
	{ .name = "fingerprint", .offset = offsetof(struct config_cert, key),
	  .set = set_fingerprint },
};

static const struct setting issuer_settings[] = {
	{ FIELD(struct config_issuer, file), .set = set_path },
};

static bool begin_global(struct reader *r, struct section *s)
{
	s->object = r->config;
	return true;
}

static bool begin_cert(struct reader *r, struct section *s)
{
	struct config_cert *cert = calloc(1, sizeof(*cert));

	if (!cert)
		return false;
	*r->last_cert = cert;
	r->last_cert = &cert->next;
	s->object = cert;
	cert->name = strdup(s->name);
	return cert->name;
}

static bool begin_issuer(struct reader *r, struct section *s)
{
	struct config_issuer *issuer = calloc(1, sizeof(*issuer));

	if (!issuer)
		return false;
	*r->last_issuer = issuer;
	r->last_issuer = &issuer->next;
	s->object = issuer;
	issuer->name = strdup(s->name);
	return issuer->name;
}

static void check_cert(struct reader *r, const struct section *s)
{
	const struct config_cert *cert = s->object;
	int count = !!cert->file + !!cert->files + cert->has_key;

	if (count != 1)
		config_fault(r, "[certificate %s] has %s of \"file\", \"files\" and \"fingerprint\"",
			     s->name, count ? "more than one" : "none");
	else if (cert->has_key && cert->issuer)
		config_fault(r, "[certificate %s]: \"issuer\" goes with \"file\" or \"files\"",
			     s->name);
	else if (!cert->files && (cert->max_files || cert->max_bytes))
		config_fault(r, "[certificate %s]: \"max_files\" and \"max_bytes\" go with \"files\"",
			     s->name);
}

static void check_issuer(struct reader *r, const struct section *s)
{
	const struct config_issuer *issuer = s->object;

	if (!issuer->file)
		config_fault(r, "[issuer %s] has no \"file\"", s->name);
}

static const struct section_kind kinds[] = {
	{ "ocspd", false, globals, ARRAY_SIZE(globals),
	  offsetof(struct config, policy), begin_global, NULL },
	{ "certificate", true, cert_settings, ARRAY_SIZE(cert_settings),
	  offsetof(struct config_cert, policy), begin_cert, check_cert },
	{ "issuer", true, issuer_settings, ARRAY_SIZE(issuer_settings),
	  offsetof(struct config_issuer, policy), begin_issuer, check_issuer },
};

const struct section_kind *settings_kind(const char *text, const char **name)
{
	size_t len = strcspn(text, " \t"), i;

	*name = text + len + strspn(text + len, " \t");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == len &&
		    !strncmp(kinds[i].name, text, len) &&
		    kinds[i].is_named == !!**name)
			return &kinds[i];
	return NULL;
}

bool settings_begin(struct reader *r, struct section *s)
{
	return s->kind->begin(r, s);
}

void settings_check(struct reader *r, const struct section *s)
{
	if (s->kind->check)
		s->kind->check(r, s);
}

/* Setting */

/*
 * In one file a value is given once, in one line: a second one is somebody's
 * mistake. A later file replaces it.
 */
static bool is_one_too_many(struct reader *r, const struct setting *s,
			    size_t index)
{
	struct section *section = r->section;
	uint64_t bit = UINT64_C(1) << index;
	bool again;

	if (section->file != r->file)
		section->seen = 0;
	section->file = r->file;
	again = section->seen & bit;
	section->seen |= bit;
	if (s->is_list)
		return false;
	if (again)
		config_fault(r, "%s: it was given before in this file", s->name);
	else if (r->last != r->line)
		config_fault(r, "%s: it takes one value, but goes on in line %u",
			     s->name, r->last);
	return again || r->last != r->line;
}

static size_t find(const struct setting *settings, size_t count,
		   const char *name)
{
	size_t i;

	for (i = 0; i < count && strcmp(settings[i].name, name); i++)
		;
	return i;
}

void settings_set(struct reader *r, const char *name, const char *value)
{
	const struct section_kind *kind = r->section->kind;
	size_t i = find(kind->settings, kind->count, name), j;
	char *object = r->section->object;
	const struct setting *s;

	if (i < kind->count) {
		s = &kind->settings[i];
	} else {
		j = find(policy_settings, ARRAY_SIZE(policy_settings), name);
		if (j == ARRAY_SIZE(policy_settings)) {
			config_fault(r, "%s: unknown setting of [%s%s]", name,
				     kind->name, kind->is_named ? " NAME" : "");
			return;
		}
		s = &policy_settings[j];
		object += kind->policy;
		i += j;
	}
	if (!*value)
		config_fault(r, "%s: nothing is set", name);
	else if (!is_one_too_many(r, s, i))
		s->set(r, s, object + s->offset, value);
}

static void set_initial(void *object, const struct setting *settings,
			size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (settings[i].set == set_number)
			*(long *)((char *)object + settings[i].offset) =
				settings[i].initial;
}

void settings_initial(struct config *config)
{
	set_initial(config, globals, ARRAY_SIZE(globals));
	set_initial(&config->policy, policy_settings,
		    ARRAY_SIZE(policy_settings));
}

/* The initial value, where there was none and there is one; NULL for "none". */
static void complete_path(struct reader *r, char **where, const char *initial)
{
	if (!*where && initial)
		set_text(r, where, initial);
	if (*where && !strcmp(*where, NONE)) {
		free(*where);
		*where = NULL;
	}
}

static void complete_certs(struct config_cert *cert)
{
	for (; cert; cert = cert->next) {
		if (!cert->max_files)
			cert->max_files = MAX_FILES;
		if (!cert->max_bytes)
			cert->max_bytes = MAX_BYTES;
	}
}

/* The file of the proxy's credentials, where there is one. */
static void find_credentials(struct reader *r)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char **where = &r->config->proxy_credentials, *path;

	if (*where || !dir)
		return;
	if (asprintf(&path, "%s/" CREDENTIAL, dir) < 0) {
		config_fault(r, "no memory");
		return;
	}
	if (access(path, F_OK))
		free(path);
	else
		*where = path;
}

/* One line, "USER:PASSWORD" */
static void read_credentials(struct reader *r)
{
	char why[512], *data;
	const char *login;
	size_t len;

	find_credentials(r);
	if (!r->config->proxy_credentials ||
	    !strcmp(r->config->proxy_credentials, NONE))
		return;
	data = (char *)ocsp_read_file(r->config->proxy_credentials, &len, why,
				      sizeof(why));
	if (!data) {
		config_fault(r, "proxy_credentials: %s", why);
		return;
	}
	config_set_text(r, &r->config->proxy_login,
			strndup(data, strcspn(data, "\r\n")));
	login = r->config->proxy_login;
	if (login &&
	    (!strchr(login, ':') || *login == ':' || strlen(login) + 2 < len))
		config_fault(r, "proxy_credentials: %s is not one line with USER:PASSWORD",
			     r->config->proxy_credentials);
	explicit_bzero(data, len);
	free(data);
}

void settings_complete(struct reader *r)
{
	const char *cache = getenv("CACHE_DIRECTORY");	/* systemd sets it */
	const char *state = getenv("STATE_DIRECTORY");
	const char *control = getenv(CONTROL_SOCKET_VARIABLE);
	struct config *config = r->config;

	complete_path(r, &config->cache, cache ? cache : CACHE_DIRECTORY);
	complete_path(r, &config->state, state ? state : STATE_DIRECTORY);
	complete_path(r, &config->control, control ? control : CONTROL_SOCKET);
	complete_path(r, &config->metrics_file, NULL);
	complete_path(r, &config->metrics_listen, NULL);
	complete_certs(config->certs);
	read_credentials(r);
	if (config->retry_max < config->retry)
		config->retry_max = config->retry;
}
