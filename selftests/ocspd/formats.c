// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What the tools share: configuration files as they are read, and text in JSON. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "ini.h"
#include "json_text.h"

/* Configuration files: what is called, one after the other, in one text */

static char calls[400];

__attribute__((format(printf, 1, 2)))
static void note(const char *fmt, ...)
{
	size_t len = strlen(calls);
	va_list args;

	va_start(args, fmt);
	vsnprintf(calls + len, sizeof(calls) - len, fmt, args);
	va_end(args);
}

static void on_section(void *arg, unsigned int line, const char *name)
{
	(void)arg;
	note("%u[%s]", line, name);
}

static void on_setting(void *arg, unsigned int line, unsigned int last,
		       const char *name, const char *value)
{
	(void)arg;
	if (strlen(value) > 100)
		note("%u-%u(%s=%zu)", line, last, name, strlen(value));
	else
		note("%u-%u(%s=%s)", line, last, name, value);
}

static void on_fault(void *arg, unsigned int line, const char *why)
{
	(void)arg;
	(void)why;
	note("%u!", line);
}

static const struct ini_calls notes = {
	.section = on_section,
	.setting = on_setting,
	.fault = on_fault,
};

/* What a file of these bytes leads to; "" too when it cannot be made. */
static const char *read_bytes(const char *bytes, size_t len)
{
	char path[] = "/tmp/ktls-ocsp-ini.XXXXXX";
	int fd = mkstemp(path);

	*calls = '\0';
	if (fd >= 0 && write(fd, bytes, len) == (ssize_t)len)
		ini_read(path, &notes, NULL);
	close(fd);
	unlink(path);
	return calls;
}

static const char *read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

TEST(ini_settings)
{
	EXPECT_STREQ("1[a]2-2(b=c)", read_text("[a]\nb = c\n"));
	EXPECT_STREQ("1[a b]2-2(c=d=e#f)", read_text("[ a b ]\nc=d=e#f"));
	EXPECT_STREQ("1-1(b=c)", read_text("b\t=\tc \t\r\n"));
	EXPECT_STREQ("1-1(b=)2-2(b=c)", read_text("b =\nb = c\n"));
	EXPECT_STREQ("1[a]3[c]", read_text("[a]\n\n[c]\n"));
	EXPECT_STREQ("1[a]", read_text("\xef\xbb\xbf[a]\n"));
	EXPECT_STREQ("", read_text(""));
}

TEST(ini_continued)
{
	EXPECT_STREQ("1-3(a=b c d)4-4(e=f)",
		     read_text("a = b\n c\n\td\t\ne = f\n"));
	EXPECT_STREQ("1-2(a=b)", read_text("a =\n b\n"));
	/* What is between them is no end of it. */
	EXPECT_STREQ("1-4(a=b c)", read_text("a = b\n\n# x\n c\n"));
	/* But a section is. */
	EXPECT_STREQ("1-1(a=b)2[c]3!", read_text("a = b\n[c]\n d\n"));
}

TEST(ini_comments)
{
	EXPECT_STREQ("3-3(a=b)", read_text("# x\n ; y = z\na = b ; c\n"));
	EXPECT_STREQ("1-1(a=b;c)2-2(d=#e)", read_text("a = b;c\nd = #e\n"));
	EXPECT_STREQ("1[a]", read_text("[a] ; b\n"));
}

TEST(ini_faults)
{
	EXPECT_STREQ("1!2-2(a=b)", read_text("word\na = b\n"));
	EXPECT_STREQ("1!2!3!", read_text("= b\n[a\n[]\n"));
	EXPECT_STREQ("1!", read_text(" a = b\n"));
	EXPECT_STREQ("1!2-2(a=b)", read_bytes("a=\0b\na=b\n", 9));
	EXPECT_EQ(-ENOENT, ini_read("/no/such/file", &notes, NULL));
	EXPECT_EQ(-EISDIR, ini_read("/", &notes, NULL));
}

/* As long as it may be: a list of hosts, a URL */
TEST(ini_long_lines)
{
	const size_t len = 300000;
	char *text = malloc(len + 1);

	ASSERT_NE(NULL, text);
	memset(text, 'x', len);
	memcpy(text, "a=", 2);
	text[len] = '\0';
	EXPECT_STREQ("1-1(a=299998)", read_text(text));
	free(text);
}

/* JSON */

static const char *value_of(const char *text)
{
	static char copy[80];
	json_t *value = json_of_text(text);

	snprintf(copy, sizeof(copy), "%s",
		 value ? json_string_value(value) : "no memory");
	json_decref(value);
	return copy;
}

TEST(json_text)
{
	EXPECT_TRUE(json_is_null(json_of_text(NULL)));
	EXPECT_STREQ("", value_of(""));
	EXPECT_STREQ("CN=www\n", value_of("CN=www\n"));
	EXPECT_STREQ("CN=\xc3\xa4", value_of("CN=\xc3\xa4"));
	/* Latin-1, half a character, and what only looks like one */
	EXPECT_STREQ("CN=\\xE4\\x0A", value_of("CN=\xe4\n"));
	EXPECT_STREQ("\\xC3", value_of("\xc3"));
	EXPECT_STREQ("\\xED\\xA0\\x80\\xC0\\x80", value_of("\xed\xa0\x80\xc0\x80"));
}

TEST_HARNESS_MAIN
