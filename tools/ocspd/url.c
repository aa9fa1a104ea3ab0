// SPDX-License-Identifier: GPL-2.0-or-later
/* What a URL is made of, see url.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "text.h"
#include "url.h"

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

bool url_is_proxy(const char *text)
{
	static const char *const schemes[] = {
		"http", "https", "socks4", "socks4a", "socks5", "socks5h",
	};
	CURLU *handle = curl_url();
	char *scheme = NULL;
	bool known = false;
	size_t i;

	/* What stands before a colon without two slashes is a name, to libcurl. */
	if (handle && !strstr(text, ":/") == !strstr(text, "://") &&
	    !curl_url_set(handle, CURLUPART_URL, text,
			  CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) &&
	    !curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0))
		for (i = 0; i < ARRAY_SIZE(schemes); i++)
			known |= !strcmp(scheme, schemes[i]);
	curl_free(scheme);
	curl_url_cleanup(handle);
	return known;
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
