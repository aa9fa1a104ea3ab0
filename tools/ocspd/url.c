// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What a URL is made of, see url.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "text.h"
#include "url.h"

/* libcurl's, where the proxy's URL has none and is not https */
#define PROXY_PORT	"1080"

void url_clear(struct url *url)
{
	curl_free(url->scheme);
	curl_free(url->host);
	curl_free(url->port);
}

static CURLUcode take_apart(struct url *url, CURLU *handle, const char *text)
{
	CURLUcode code = curl_url_set(handle, CURLUPART_URL, text, 0);
	char *user = NULL;

	if (!code)
		code = curl_url_get(handle, CURLUPART_SCHEME, &url->scheme, 0);
	if (!code)
		code = curl_url_get(handle, CURLUPART_HOST, &url->host, 0);
	if (!code)
		code = curl_url_get(handle, CURLUPART_PORT, &url->port,
				    CURLU_DEFAULT_PORT);
	if (!code)
		code = curl_url_get(handle, CURLUPART_USER, &user, 0);
	url->has_user = user;
	curl_free(user);
	return code == CURLUE_NO_USER ? CURLUE_OK : code;
}

static bool is_http(const struct url *url)
{
	return url->scheme && (!strcmp(url->scheme, "http") ||
			       !strcmp(url->scheme, "https"));
}

int url_parse(struct url *url, const char *text)
{
	CURLUcode code = CURLUE_OUT_OF_MEMORY;
	CURLU *handle = curl_url();

	memset(url, 0, sizeof(*url));
	if (handle)
		code = take_apart(url, handle, text);
	curl_url_cleanup(handle);
	if (code == CURLUE_OUT_OF_MEMORY)
		return -ENOMEM;
	return !code && is_http(url) ? 0 : -EINVAL;
}

static bool is_proxy(const struct url *url)
{
	static const char *const schemes[] = {
		"http", "https", "socks4", "socks4a", "socks5", "socks5h",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(schemes); i++)
		if (url->scheme && !strcmp(url->scheme, schemes[i]))
			return true;
	return false;
}

static CURLUcode take_proxy(struct url *url, CURLU *handle, const char *text)
{
	CURLUcode code = curl_url_set(handle, CURLUPART_URL, text,
				      CURLU_NON_SUPPORT_SCHEME);

	if (!code)
		code = curl_url_get(handle, CURLUPART_SCHEME, &url->scheme, 0);
	if (!code)
		code = curl_url_get(handle, CURLUPART_HOST, &url->host, 0);
	if (code)
		return code;
	if (curl_url_get(handle, CURLUPART_PORT, &url->port, 0))
		url->port = strdup(!strcmp(url->scheme, "https") ? "443" :
								   PROXY_PORT);
	return url->port ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

int url_parse_proxy(struct url *url, const char *text)
{
	CURLUcode code = CURLUE_OUT_OF_MEMORY;
	bool has_scheme = strstr(text, "://");
	CURLU *handle;
	char *full;

	memset(url, 0, sizeof(*url));
	/* One slash makes a scheme a host's name, to libcurl. */
	if (!has_scheme && strstr(text, ":/"))
		return -EINVAL;
	if (asprintf(&full, "%s%s", has_scheme ? "" : "http://", text) < 0)
		return -ENOMEM;
	handle = curl_url();
	if (handle)
		code = take_proxy(url, handle, full);
	curl_url_cleanup(handle);
	free(full);
	if (code == CURLUE_OUT_OF_MEMORY)
		return -ENOMEM;
	return !code && is_proxy(url) ? 0 : -EINVAL;
}

int url_origin(const char *text, char *origin, size_t size)
{
	struct url url;
	int err = url_parse(&url, text);

	if (!err)
		snprintf(origin, size, "%s://%s:%s", url.scheme, url.host,
			 url.port);
	url_clear(&url);
	return err;
}
