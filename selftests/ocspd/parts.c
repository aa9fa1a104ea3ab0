// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The parts of ocspd that decide and touch nothing: when to fetch, which
 * addresses to talk to, what HTTP says about age, which proxy, which URL. And
 * what it sweeps from its cache once a day.
 */
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>

#include "kselftest_harness.h"

#include "address.h"
#include "cache.h"
#include "config.h"
#include "forge.h"
#include "headers.h"
#include "heap.h"
#include "log.h"
#include "pki.h"
#include "proxy.h"
#include "request.h"
#include "schedule.h"
#include "url.h"

#define NOW		1800000000LL
#define HOUR		3600
#define DAY		(24 * HOUR)

static const struct ocsp_terms week = {
	.this_update = NOW,
	.next_update = NOW + 7 * DAY,
};

/* As a server that hands out what has 10 minutes left */
#define MARGIN		600
/* So long that it decides nothing but in its own test */
#define REFRESH		(400LL * DAY)

static int64_t refresh(const struct ocsp_terms *terms, int64_t asked,
		       int64_t max_age, double random)
{
	const struct freshness f = {
		.asked = asked,
		.margin = MARGIN,
		.max_age = max_age,
		.refresh = REFRESH,
		.refresh_min = 300,
		.refresh_max = 4 * DAY,
	};

	return schedule_refresh(terms, &f, random);
}

TEST(module_is_asked_for_less_and_less)
{
	int64_t delay = 0, total = 0;
	int i;

	for (i = 0; i < 10; i++) {
		delay = schedule_module(delay);
		total += delay;
	}
	/* 2, 4, ... 32, and then a minute each */
	EXPECT_EQ(60000, delay);
	EXPECT_EQ(62000 + 5 * 60000, total);
}

TEST(refresh_at_half)
{
	const int64_t half = 7 * DAY / 2;

	EXPECT_EQ(NOW + half, refresh(&week, NOW, -1, 0.5));
	EXPECT_EQ(NOW + half * 9 / 10, refresh(&week, NOW, -1, 0));
	EXPECT_LE(refresh(&week, NOW + DAY, -1, 0.9999), NOW + half * 11 / 10);
	/* The signed times count, not when we came by. */
	EXPECT_EQ(NOW + half, refresh(&week, NOW + DAY, -1, 0.5));
}

/* Also where half of it is later than what servers hand out. */
TEST(refresh_before_servers_stop)
{
	struct ocsp_terms terms = { .this_update = NOW };
	int64_t left;

	for (left = MARGIN + 2; left < DAY; left += 60) {
		terms.next_update = NOW + left;
		EXPECT_LE(NOW, refresh(&terms, NOW, -1, 0));
		EXPECT_GT(schedule_stop(&terms, MARGIN),
			  refresh(&terms, NOW, -1, 0.9999));
	}
	/* What never had that much is refreshed before it ends. */
	terms.next_update = NOW + MARGIN / 2;
	EXPECT_EQ(terms.next_update, schedule_stop(&terms, MARGIN));
	EXPECT_GT(terms.next_update, refresh(&terms, NOW, -1, 0.9999));
}

TEST(refresh_at_max_age)
{
	EXPECT_EQ(NOW + HOUR, refresh(&week, NOW, HOUR, 0));
	EXPECT_EQ(NOW + HOUR + HOUR / 20, refresh(&week, NOW, HOUR, 0.5));
	/* Not later than at half, not all the time, and 0 is nothing. */
	EXPECT_EQ(NOW + 7 * DAY / 2, refresh(&week, NOW, 30 * DAY, 0.5));
	EXPECT_EQ(NOW + 300, refresh(&week, NOW, 1, 0));
	EXPECT_EQ(NOW + 7 * DAY / 2, refresh(&week, NOW, 0, 0.5));
}

/* Where the responder does not say how long its response is fresh */
TEST(refresh_without_max_age)
{
	struct freshness f = {
		.asked = NOW + DAY,
		.margin = MARGIN,
		.max_age = -1,
		.refresh = HOUR,
		.refresh_min = 300,
		.refresh_max = 4 * DAY,
	};

	EXPECT_EQ(NOW + DAY + HOUR, schedule_refresh(&week, &f, 0.5));
	EXPECT_EQ(NOW + DAY + HOUR * 9 / 10, schedule_refresh(&week, &f, 0));
	EXPECT_LE(schedule_refresh(&week, &f, 0.9999), NOW + DAY + HOUR * 11 / 10);
	/* What a server says that knows nothing of it is not said. */
	f.max_age = 0;
	EXPECT_EQ(NOW + DAY + HOUR, schedule_refresh(&week, &f, 0.5));
	/* What it says goes before, also when that is later. */
	f.max_age = DAY;
	EXPECT_EQ(NOW + 2 * DAY, schedule_refresh(&week, &f, 0));
	/* Half-life goes before all of that. */
	f.max_age = -1;
	f.refresh = 30 * DAY;
	EXPECT_EQ(NOW + 7 * DAY / 2, schedule_refresh(&week, &f, 0.5));
}

TEST(refresh_at_most)
{
	const struct ocsp_terms year = {
		.this_update = NOW - 30 * DAY,
		.next_update = NOW + 335 * DAY,
	};

	EXPECT_EQ(NOW + 4 * DAY, refresh(&year, NOW, -1, 0));
	EXPECT_EQ(NOW + 4 * DAY * 79 / 80, refresh(&year, NOW, -1, 0.5));
}

TEST(again_before_the_end)
{
	int64_t left, in;

	for (left = 1; left < 7 * DAY; left *= 2) {
		in = schedule_again(left, 0.9999);
		EXPECT_GE(in, 0);
		EXPECT_LE(in, left + left / 10);
	}
	EXPECT_EQ(DAY / 4, schedule_again(DAY, 0.5));
}

static int64_t retry(unsigned int failures, int64_t left, int64_t without,
		     double random)
{
	const struct backoff b = {
		.failures = failures,
		.base = 30,
		.max = 3600,
		.left = left,
		.without = without,
	};

	return schedule_retry(&b, random);
}

TEST(retry_doubles)
{
	EXPECT_EQ(30000, retry(1, DAY, 0, 0.5));
	EXPECT_EQ(60000, retry(2, DAY, 0, 0.5));
	EXPECT_EQ(120000, retry(3, DAY, 0, 0.5));
	EXPECT_EQ(3600000, retry(8, DAY, 0, 0.5));
	EXPECT_EQ(3600000, retry(4000000000U, DAY, 0, 0.5));
	EXPECT_EQ(22500, retry(1, DAY, 0, 0));
	EXPECT_LE(retry(1, DAY, 0, 0.9999), 37500);
}

TEST(retry_in_time)
{
	/* A quarter of what is left, but not below the first delay */
	EXPECT_EQ(450000, retry(20, 1800, 0, 0.5));
	EXPECT_EQ(30000, retry(20, 60, 0, 0.5));
	EXPECT_EQ(30000, retry(1, 1800, 0, 0.5));
	/* Nothing left: 5 minutes, and more when that lasts */
	EXPECT_EQ(300000, retry(20, 0, 0, 0.5));
	EXPECT_EQ(300000, retry(20, 0, HOUR, 0.5));
	EXPECT_EQ(8 * HOUR / 16 * 1000, retry(20, 0, 8 * HOUR, 0.5));
	EXPECT_EQ(3600000, retry(20, 0, 30 * DAY, 0.5));
	EXPECT_EQ(60000, retry(2, 0, 30 * DAY, 0.5));
}

TEST(retry_after_has_limits)
{
	/* With a response: in time for a new one. Without: soon enough. */
	EXPECT_EQ(7 * DAY / 2, schedule_hold(7 * DAY, 3600));
	EXPECT_EQ(3600, schedule_hold(0, 3600));
	EXPECT_EQ(1, schedule_hold(1, 3600));
}

TEST(start_waits_while_responses_come)
{
	/* Three times at most, a minute in all, and once if none comes. */
	EXPECT_EQ(10000, schedule_start(10000, 0, false));
	EXPECT_EQ(0, schedule_start(10000, 1, false));
	EXPECT_EQ(10000, schedule_start(10000, 1, true));
	EXPECT_EQ(10000, schedule_start(10000, 2, true));
	EXPECT_EQ(0, schedule_start(10000, 3, true));
	EXPECT_EQ(25000, schedule_start(25000, 1, true));
	EXPECT_EQ(10000, schedule_start(25000, 2, true));
	EXPECT_EQ(60000, schedule_start(60000, 0, false));
	EXPECT_EQ(0, schedule_start(60000, 1, true));
	EXPECT_EQ(0, schedule_start(0, 0, true));
}

TEST(unused_is_looked_at)
{
	EXPECT_EQ(600, schedule_unused(&week, NOW));
	EXPECT_EQ(100, schedule_unused(&week, week.next_update - 400));
	EXPECT_EQ(1, schedule_unused(&week, week.next_update));
}

static const char *worse(enum ktls_ocsp_cert_status old_status, int64_t old_at,
			 enum ktls_ocsp_cert_status new_status, int64_t new_at)
{
	struct ocsp_terms old = { old_status, old_at, NOW + DAY };
	struct ocsp_terms new = { new_status, new_at, NOW + DAY };

	return ocsp_worse(&old, &new, NOW);
}

TEST(never_a_worse_one)
{
	const enum ktls_ocsp_cert_status good = KTLS_OCSP_CERT_STATUS_GOOD;
	const enum ktls_ocsp_cert_status bad = KTLS_OCSP_CERT_STATUS_REVOKED;
	const enum ktls_ocsp_cert_status who = KTLS_OCSP_CERT_STATUS_UNKNOWN;
	struct ocsp_terms old = { good, NOW - DAY, NOW }, none = { 0 };

	EXPECT_EQ(NULL, worse(good, NOW - 9, good, NOW - 8));
	EXPECT_EQ(NULL, worse(good, NOW - 9, good, NOW - 9));
	EXPECT_EQ(NULL, worse(good, NOW - 9, bad, NOW - 9));
	EXPECT_EQ(NULL, worse(bad, NOW - 9, good, NOW - 8));
	EXPECT_EQ(NULL, worse(who, NOW - 9, good, NOW - 9));
	EXPECT_NE(NULL, worse(good, NOW - 9, good, NOW - 10));
	EXPECT_NE(NULL, worse(good, NOW - 9, bad, NOW - 10));
	EXPECT_NE(NULL, worse(bad, NOW - 9, good, NOW - 9));
	EXPECT_NE(NULL, worse(good, NOW - 9, who, NOW));
	EXPECT_NE(NULL, worse(bad, NOW - 9, who, NOW));
	/* One that is over keeps older ones out that are not. */
	EXPECT_NE(NULL, ocsp_worse(&old, &(struct ocsp_terms){
		good, NOW - 2 * DAY, NOW + DAY }, NOW));
	EXPECT_EQ(NULL, ocsp_worse(&old, &week, NOW));
	/* A clock that was ahead does not. */
	old.this_update = NOW + DAY;
	old.next_update = NOW + 2 * DAY;
	EXPECT_EQ(NULL, ocsp_worse(&old, &week, NOW));
	EXPECT_EQ(NULL, ocsp_worse(&none, &week, NOW));
}

static const char *refused(const struct address_rules *rules, const char *text)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	const char *why;

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		why = address_refused(rules, (struct sockaddr *)&in);
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		why = address_refused(rules, (struct sockaddr *)&in6);
	else
		return "no address";
	/* The same in a URL */
	if (why != address_refused_host(rules, text))
		return "judged in two ways";
	return why;
}

TEST(addresses_built_in)
{
	static const struct {
		const char *address;
		const char *why;	/* NULL: fine */
	} all[] = {
		{ "192.0.2.1", NULL }, { "10.1.2.3", NULL },
		{ "2001:db8::1", NULL }, { "fd12::1", NULL },
		{ "127.0.0.1", "loopback" }, { "127.255.0.9", "loopback" },
		{ "128.0.0.0", NULL }, { "0.0.0.0", "this-network" },
		{ "169.254.169.254", "link-local" },
		{ "169.253.255.255", NULL }, { "100.100.100.200", "metadata" },
		{ "100.100.100.201", NULL }, { "168.63.129.16", "metadata" },
		{ "224.0.0.1", "multicast" }, { "240.0.0.1", NULL },
		{ "255.255.255.255", "broadcast" }, { "::1", "loopback" },
		{ "::", "unspecified" }, { "::2", "this-network" },
		{ "fe80::1", "link-local" }, { "febf::1", "link-local" },
		{ "fec0::1", NULL }, { "ff02::1", "multicast" },
		{ "fd00:ec2::254", "metadata" }, { "fd00:ec2::253", NULL },
		/* IPv4 in disguise */
		{ "::ffff:127.0.0.1", "loopback" },
		{ "::ffff:192.0.2.1", NULL }, { "::127.0.0.1", "loopback" },
		{ "64:ff9b::a9fe:a9fe", "link-local" },
		{ "64:ff9b::c000:201", NULL }, { "2002:7f00:1::", "loopback" },
		{ "2002:c000:201::1", NULL },
		{ "::ffff:0:127.0.0.1", "loopback" },
		{ "::ffff:0:192.0.2.1", NULL },
		/* 169.254.169.254 behind the prefixes of RFC 6052 */
		{ "64:ff9b:1:a9fe:a9:fe00::", "link-local" },
		{ "64:ff9b:1:1a9:fe:a9fe::", "link-local" },
		{ "64:ff9b:1::a9:fea9:fe00:0", "link-local" },
		{ "64:ff9b:1::a9fe:a9fe", "link-local" },
		{ "64:ff9b:1::c000:201", NULL },
		/* Teredo: the server, and the client's bits turned over */
		{ "2001:0:7f00:1:0:0:3fff:fdfe", "loopback" },
		{ "2001:0:c000:201:0:0:80ff:fffe", "loopback" },
		{ "2001:0:c000:201:0:0:3fff:fdfe", NULL },
	};
	const struct address_rules none = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		TH_LOG("%s", all[i].address);
		EXPECT_STREQ(all[i].why ? all[i].why : "",
			     refused(&none, all[i].address) ?
			     refused(&none, all[i].address) : "");
	}
}

TEST(addresses_configured)
{
	struct address_rules r = { 0 };

	ASSERT_TRUE(address_add(&r, "127.0.0.0/8", true));
	ASSERT_TRUE(address_add(&r, "10.0.0.0/8", false));
	ASSERT_TRUE(address_add(&r, "10.1.2.3", true));
	ASSERT_TRUE(address_add(&r, "fd00::/8", false));
	ASSERT_TRUE(address_add(&r, "0.0.0.0/0", true));
	EXPECT_EQ(NULL, refused(&r, "127.0.0.1"));
	EXPECT_EQ(NULL, refused(&r, "::ffff:127.0.0.1"));
	EXPECT_STREQ("loopback", refused(&r, "::1"));
	EXPECT_STREQ("denied", refused(&r, "10.9.9.9"));
	EXPECT_STREQ("denied", refused(&r, "::ffff:10.9.9.9"));
	EXPECT_STREQ("denied", refused(&r, "64:ff9b::a09:909"));
	EXPECT_EQ(NULL, refused(&r, "10.1.2.3"));
	EXPECT_STREQ("denied", refused(&r, "fd12::1"));
	EXPECT_STREQ("metadata", refused(&r, "fd00:ec2::254"));
	/* All of IPv4 is a shorter prefix than what is refused. */
	EXPECT_STREQ("link-local", refused(&r, "169.254.1.1"));
	address_clear(&r);
}

TEST(addresses_that_are_none)
{
	static const char *const bad[] = {
		"", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129",
		"10.0.0/8", "example.com", "1.2.3.4/8 ", "10.0.0.0/8x",
	};
	struct address_rules r = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_FALSE(address_add(&r, bad[i], true));
	EXPECT_EQ(0, r.count);
	EXPECT_EQ(NULL, address_refused_host(&r, "localhost"));
	EXPECT_STREQ("loopback", address_refused_host(&r, "[::1]"));
	EXPECT_STREQ("link-local", address_refused_host(&r, "[fe80::1%25lo]"));
	address_clear(&r);
}

static int64_t max_age_of(const char *const lines[])
{
	struct headers h = { 0 };

	for (; *lines; lines++)
		headers_take(&h, *lines, strlen(*lines));
	return headers_max_age(&h);
}

#define MAX_AGE(...) max_age_of((const char *const[]){ __VA_ARGS__, NULL })

TEST(max_age)
{
	EXPECT_EQ(-1, MAX_AGE("HTTP/1.1 200 OK\r\n", "\r\n"));
	EXPECT_EQ(60, MAX_AGE("Cache-Control: max-age=60\r\n"));
	EXPECT_EQ(60, MAX_AGE("cache-control:public,MAX-AGE=60, no-transform"));
	EXPECT_EQ(60, MAX_AGE("Cache-Control: max-age=\"60\""));
	EXPECT_EQ(50, MAX_AGE("Cache-Control: max-age=60", "Age: 10\r\n"));
	EXPECT_EQ(0, MAX_AGE("Age: 61", "Cache-Control: max-age=60"));
	EXPECT_EQ(-1, MAX_AGE("Cache-Control: s-maxage=60, private"));
	EXPECT_EQ(-1, MAX_AGE("Cache-Control: max-age=soon"));
	EXPECT_EQ(0x7fffffff,
		  MAX_AGE("Cache-Control: max-age=99999999999999999999"));
	/* Those of a redirect do not count. */
	EXPECT_EQ(-1, MAX_AGE("Cache-Control: max-age=60", "HTTP/1.1 200 OK"));
}

#define NETS	"::1 10.0.0.0/8, 2001:db8:1::/48"

TEST(proxy)
{
	/* Each for http://HOST/, with this no_proxy; NULL: that of the environment. */
	static const struct {
		char *no_proxy;
		const char *host;
		bool direct;
	} hosts[] = {
		{ NULL, "c.example", false },
		{ NULL, "a.example", true },
		{ NULL, "x.A.example", true },
		{ NULL, "xa.example", false },
		{ NULL, "b.example", true },
		{ "", "a.example", false },
		{ NETS, "[::1]", true },
		{ NETS, "[::2]", false },
		{ NETS, "10.1.2.3", true },
		{ NETS, "11.1.2.3", false },
		{ NETS, "[2001:db8:1::5]", true },
		{ NETS, "[2001:db8:2::5]", false },
		{ "[::1]", "[::1]", true },
		{ "*", "c.example", true },
	};
	struct config c = { .proxy = "http://p:1" };

	unsetenv("http_proxy");
	unsetenv("HTTP_PROXY");
	setenv("no_proxy", "a.example, .b.example", 1);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		c.no_proxy = hosts[i].no_proxy;
		EXPECT_STREQ(hosts[i].direct ? "" : "http://p:1",
			     proxy_for(&c, "http", hosts[i].host)) {
			TH_LOG("%s, no_proxy %s", hosts[i].host,
			       hosts[i].no_proxy ?: "from the environment");
		}
	}
	c.no_proxy = NULL;
	c.proxy = "";
	setenv("http_proxy", "http://q:1", 1);
	EXPECT_STREQ("", proxy_for(&c, "http", "c.example"));
	c.proxy = NULL;
	EXPECT_STREQ("http://q:1", proxy_for(&c, "http", "c.example"));
	EXPECT_STREQ("", proxy_for(&c, "https", "c.example"));
	setenv("ALL_PROXY", "http://r:1", 1);
	EXPECT_STREQ("http://r:1", proxy_for(&c, "https", "c.example"));
}

TEST(proxy_url)
{
	static const char *const good[] = {
		"http://p:1", "https://p", "socks5h://u:s@p:1080", "p:3128",
		"proxy.example", "http://[::1]:3128/",
	};
	static const char *const bad[] = {
		"htp:/x", "http:/x", "ftp://p", "http://", "http://p:port",
		"http://a b", "",
	};
	char text[64];
	struct url url;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		TH_LOG("%s", good[i]);
		EXPECT_EQ(0, url_parse_proxy(&url, good[i]));
		url_clear(&url);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		TH_LOG("%s", bad[i]);
		EXPECT_NE(0, url_parse_proxy(&url, bad[i]));
		url_clear(&url);
	}
	ASSERT_EQ(0, url_parse_proxy(&url, "p:3128"));
	EXPECT_STREQ("http p 3128", (snprintf(text, sizeof(text), "%s %s %s", url.scheme, url.host,
					      url.port), text));
	url_clear(&url);
	ASSERT_EQ(0, url_parse_proxy(&url, "socks5://[::1]"));
	EXPECT_STREQ("1080", url.port);
	url_clear(&url);
	EXPECT_NE(0, url_parse(&url, "http://"));
	url_clear(&url);
}

static struct forged make_ca(void)
{
	const struct forge_cert spec = {
		.cn = "Test Root",
		.key = forge_ec(0),
		.basic_constraints = "critical,CA:TRUE",
	};

	return forge_cert(&spec);
}

/* The request that a GET's URL carries, behind responder. */
static OCSP_REQUEST *request_in(const char *url, const char *responder)
{
	unsigned char der[300];
	const unsigned char *p = der;
	char text[300] = "", *out = text;
	unsigned int c;
	int len;

	for (url += strlen(responder); *url; url++) {
		if (*url == '%' && sscanf(url, "%%%2X", &c) == 1) {
			*out++ = c;
			url += 2;
		} else {
			*out++ = *url;
		}
	}
	len = EVP_DecodeBlock(der, (unsigned char *)text, strlen(text));
	return len > 0 ? d2i_OCSP_REQUEST(NULL, &p, len) : NULL;
}

TEST(get_url)
{
	const char *const responder = "http://ocsp.example/r/";
	struct forged ca = make_ca();
	struct ocsp_leaf leaf = ocsp_leaf_of(ca.cert);
	OCSP_REQUEST *request;
	unsigned char *der;
	char *url;
	int len;

	len = request_make(&leaf, ca.cert, false, &der);
	ASSERT_GT(len, 0);
	url = request_url(responder, der, len);
	ASSERT_NE(NULL, url);
	EXPECT_EQ(0, strncmp(url, responder, strlen(responder)));
	EXPECT_EQ(strlen(url), strlen(responder) +
		  strspn(url + strlen(responder),
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%"));
	request = request_in(url, responder);
	ASSERT_NE(NULL, request);
	EXPECT_EQ(1, OCSP_request_onereq_count(request));
	EXPECT_EQ(0, OCSP_REQUEST_get_ext_count(request));
	OCSP_REQUEST_free(request);
	free(url);
	OPENSSL_free(der);
	forge_free(&ca);
}

/* The whole URL counts, as it is sent. */
TEST(get_up_to_255_bytes)
{
	struct forged ca = make_ca();
	struct ocsp_leaf leaf = ocsp_leaf_of(ca.cert);
	char responder[256];
	unsigned char *der;
	size_t n, first;
	char *url;
	int len;

	len = request_make(&leaf, ca.cert, true, &der);
	ASSERT_GT(len, 0);
	url = request_url("http://r", der, len);
	ASSERT_NE(NULL, url);
	first = strlen(url);
	free(url);
	for (n = 0; first + n <= 257; n++) {
		snprintf(responder, sizeof(responder), "http://r%0*d",
			 (int)n, 0);
		if (!n)
			responder[8] = '\0';
		url = request_url(responder, der, len);
		EXPECT_EQ(first + n <= 255 ? first + n : 0,
			  url ? strlen(url) : 0);
		free(url);
	}
	EXPECT_EQ(NULL, request_url("http://r/?a=b", der, len));
	OPENSSL_free(der);
	forge_free(&ca);
}

TEST(timers_in_order)
{
	static struct timer timers[1000];
	int64_t last = -1;
	size_t i;

	srandom(1);
	for (i = 0; i < ARRAY_SIZE(timers); i++) {
		timers[i].due = random() % 500;
		ASSERT_TRUE(heap_insert(&timers[i]));
	}
	for (i = 0; i < ARRAY_SIZE(timers); i += 3)
		heap_remove(&timers[i]);
	for (i = 0; heap_first(); i++) {
		EXPECT_GE(heap_first()->due, last);
		last = heap_first()->due;
		heap_remove(heap_first());
	}
	EXPECT_EQ(ARRAY_SIZE(timers) - (ARRAY_SIZE(timers) + 2) / 3, i);
}

FIXTURE(cache) {
	char dir[32];
	struct pki pki;
};

FIXTURE_SETUP(cache)
{
	strcpy(self->dir, "/tmp/ocspd_parts.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	log_init(false);
	cache_open(self->dir);
	pki_new(&self->pki, 1, PKI_URL, 0);
}

FIXTURE_TEARDOWN(cache)
{
	cache_close();
	pki_free(&self->pki);
	rmdir(self->dir);
}

/* The key of that byte; the next one takes its place. */
static const uint8_t *key_of(uint8_t byte)
{
	static uint8_t key[KTLS_OCSP_KEY_LEN];

	memset(key, byte, sizeof(key));
	return key;
}

/* The response of a key, which ends so many seconds from now. */
static void keep(const struct pki *pki, uint8_t byte, long end)
{
	unsigned char *der;
	size_t len;

	der = pki_response(pki, V_OCSP_CERTSTATUS_GOOD, -2 * HOUR, end, &len);
	cache_store(key_of(byte), der, len);
	free(der);
}

static bool is_kept(uint8_t byte)
{
	unsigned char *der;
	size_t len;

	der = cache_load(key_of(byte), &len);
	free(der);
	return der;
}

TEST_F(cache, sweep_what_has_ended)
{
	static const uint8_t junk[] = "no response";

	keep(&self->pki, 1, HOUR);
	keep(&self->pki, 2, -HOUR);
	cache_store(key_of(3), junk, sizeof(junk));
	ASSERT_TRUE(is_kept(1) && is_kept(2) && is_kept(3));
	cache_sweep();
	EXPECT_TRUE(is_kept(1));
	EXPECT_FALSE(is_kept(2));
	EXPECT_FALSE(is_kept(3));
	cache_remove(key_of(1));
	EXPECT_FALSE(is_kept(1));
}

/* name, as old as that: is it there after a sweep? */
static bool survives(const char *dir, const char *name, long age)
{
	struct timespec times[2] = {};
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (!file)
		return false;
	fclose(file);
	times[0].tv_sec = time(NULL) - age;
	times[1] = times[0];
	utimensat(AT_FDCWD, path, times, 0);
	cache_sweep();
	return !unlink(path);
}

#define NAME_16		"0123456789abcdef"
#define NAME		NAME_16 NAME_16 NAME_16 NAME_16 ".ocsp"

TEST_F(cache, sweep_what_is_left_behind)
{
	EXPECT_FALSE(survives(self->dir, NAME ".AbCdEf", 2 * HOUR));
	/* Another one may be about to finish it. */
	EXPECT_TRUE(survives(self->dir, NAME ".AbCdEf", 0));
	/* Not ours */
	EXPECT_TRUE(survives(self->dir, "README", 2 * HOUR));
	EXPECT_TRUE(survives(self->dir, "x" NAME, 2 * HOUR));
	EXPECT_TRUE(survives(self->dir, NAME_16 ".ocsp", 2 * HOUR));
	EXPECT_TRUE(survives(self->dir, NAME_16 NAME_16, 2 * HOUR));
}

TEST_F(cache, none)
{
	cache_open(NULL);
	keep(&self->pki, 1, HOUR);
	EXPECT_FALSE(is_kept(1));
	cache_sweep();
}

TEST_HARNESS_MAIN
