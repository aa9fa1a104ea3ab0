// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The tracepoints, read through tracefs: each comes when it should, once, and
 * says whom it is about.
 */
#include "tracefs.h"
#include "kselftest_harness.h"

#define EVENTS		"events/ktls_ocsp"
#define SOON		5000	/* ms that an expiry may come late */

FIXTURE(trace)
{
	struct kt_sock sk;
	int session;
	unsigned long netns;
	char text[1 << 16];
};

FIXTURE_SETUP(trace)
{
	struct stat st;

	if (!tracefs_start(EVENTS))
		SKIP(return, "no tracefs, or a kernel without CONFIG_TRACEPOINTS");
	kt_new_netns();
	kt_new(&self->sk);
	ASSERT_EQ(0, stat("/proc/self/ns/net", &st));
	self->netns = st.st_ino;
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
}

FIXTURE_TEARDOWN_PARENT(trace)
{
	tracefs_stop();
}

/* The lines of @event in the trace; *@line gets the last one's fields. */
static unsigned int find(FIXTURE_DATA(trace) *self, const char *event,
			 const char **line)
{
	unsigned int count = 0;
	char head[64];
	char *at;

	*line = "";
	snprintf(head, sizeof(head), " ktls_ocsp_%s: ", event);
	if (!tracefs_read("trace", self->text, sizeof(self->text)))
		return 0;
	for (at = self->text; (at = strstr(at, head)); count++) {
		at += strlen(head);
		*line = at;
	}
	if (count)
		*strchrnul(*line, '\n') = '\0';
	return count;
}

static void key_field(uint32_t n, char text[5 + 2 * KTLS_OCSP_KEY_LEN])
{
	uint8_t key[KTLS_OCSP_KEY_LEN];

	kt_key(n, key);
	strcpy(text, "key=");
	for (size_t i = 0; i < sizeof(key); i++)
		sprintf(text + 4 + 2 * i, "%02x", key[i]);
}

/* @event came @count times, the last one in this namespace with @fields. */
#define expect_event(count, event, fields)				\
	do {								\
		const char *_line;					\
		char _netns[32];					\
									\
		snprintf(_netns, sizeof(_netns), "netns=%lu ",		\
			 self->netns);					\
		EXPECT_EQ(count, find(self, event, &_line));		\
		EXPECT_EQ(_line, strstr(_line, _netns)) {		\
			TH_LOG("%s: %s", event, _line);			\
		}							\
		EXPECT_NE(NULL, strstr(_line, fields)) {		\
			TH_LOG("%s: %s, not %s", event, _line, fields);	\
		}							\
	} while (0)

/* The same for what is about the entry of @n. */
#define expect_entry(count, event, n, fields)				\
	do {								\
		char _key[5 + 2 * KTLS_OCSP_KEY_LEN];			\
									\
		key_field(n, _key);					\
		expect_event(count, event, _key);			\
		expect_event(count, event, fields);			\
	} while (0)

#define expect_none(event)						\
	do {								\
		const char *_line;					\
									\
		EXPECT_EQ(0, find(self, event, &_line));		\
	} while (0)

TEST_F(trace, session)
{
	const char *line;
	char *session;

	expect_event(1, "session_create", "uid=0");
	expect_none("session_release");
	find(self, "session_create", &line);
	ASSERT_NE(NULL, strstr(line, "session="));
	session = strndup(strstr(line, "session="), strlen("session=") + 16);
	close(self->session);
	self->session = -1;
	expect_event(1, "session_release", "uid=0");
	/* They can be told from each other, and paired. */
	expect_event(1, "session_release", session);
	free(session);
}

TEST_F(trace, session_of_nobody)
{
	char fields[32];
	pid_t pid;

	snprintf(fields, sizeof(fields), "uid=%u", KT_NOBODY);
	pid = fork();
	if (!pid) {
		struct kt_sock sk;

		kt_become_nobody();
		kt_new(&sk);
		_exit(kt_session(&sk) < 0);
	}
	ASSERT_EQ(0, kt_child_status(pid));
	expect_event(2, "session_create", fields);
	expect_event(1, "session_release", fields);
}

/* The handle comes and goes once, however often it is opened. */
TEST_F(trace, handle)
{
	uint32_t slot;
	char fields[32];

	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, &slot));
	snprintf(fields, sizeof(fields), "slot=%u ", slot);
	expect_entry(1, "handle_open", 1, fields);
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 1, &slot));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	expect_entry(1, "handle_open", 1, fields);
	expect_none("handle_close");
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	expect_entry(1, "handle_close", 1, fields);
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 1, &slot));
	close(self->session);
	expect_entry(2, "handle_close", 1, fields);
}

TEST_F(trace, set)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	expect_entry(1, "set", 1, "generation=1 status=good ");
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	expect_entry(2, "set", 1, "generation=2 ");
	/* What is refused is not set. */
	EXPECT_EQ(-ESTALE, kt_set_for(&self->sk, 1, -1));
	expect_entry(2, "set", 1, "generation=2 ");
	expect_none("failure");
}

TEST_F(trace, failure)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_fail(&self->sk, 1, "timed out"));
	expect_entry(1, "failure", 1, "count=1 reason=\"timed out\"");
	ASSERT_EQ(0, kt_fail(&self->sk, 1, "HTTP 503"));
	expect_entry(2, "failure", 1, "count=2 reason=\"HTTP 503\"");
}

TEST_F(trace, wanted)
{
	struct kt_sock listener;
	uint32_t slot;

	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, &slot));
	expect_entry(1, "wanted", 1, "heard=0");
	kt_new(&listener);
	ASSERT_EQ(0, kt_join(&listener, listener.wanted));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 2, &slot));
	expect_entry(2, "wanted", 2, "heard=1");
	kt_free(&listener);
}

TEST_F(trace, expire)
{
	const char *line;
	uint32_t slot;

	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_BRIEF));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 1, &slot));
	expect_none("expire");
	for (int ms = 0; ms < KT_BRIEF * 1000 + SOON && !find(self, "expire", &line); ms += 200)
		kt_sleep_ms(200);
	expect_entry(1, "expire", 1, "generation=1 ");
}

TEST_F(trace, evict)
{
	ASSERT_EQ(0, kt_sysctl("max_entries", 2));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, 1000));
	ASSERT_EQ(0, kt_set_for(&self->sk, 2, 2000));
	expect_none("evict");
	ASSERT_EQ(0, kt_set_for(&self->sk, 3, 3000));
	expect_entry(1, "evict", 1, "handles=0 ");
	/* A withdrawal is none. */
	ASSERT_EQ(0, kt_del(&self->sk, -1, 2));
	expect_entry(1, "evict", 1, "handles=0 ");
}

TEST_F(trace, denied_by_the_store)
{
	ASSERT_EQ(0, kt_sysctl("max_entries", 0));
	ASSERT_EQ(-ENOSPC, kt_set_for(&self->sk, 1, 1000));
	expect_event(1, "denied", "err=-28 resource=entries of_user=0");
	expect_none("set");
}

TEST_F(trace, denied_to_the_user)
{
	ASSERT_EQ(0, kt_sysctl("max_sessions_of_user", 1));
	ASSERT_EQ(-ENOSPC, kt_session(&self->sk));
	expect_event(1, "denied", "uid=0 err=-28 resource=sessions of_user=1");
	expect_event(1, "session_create", "uid=0");
}

/* Who asks for what anybody may have is not denied anything. */
TEST_F(trace, denied_for_want_of_privilege)
{
	char fields[64];
	uint32_t slot;
	pid_t pid;

	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	snprintf(fields, sizeof(fields), "uid=%u err=-1 resource=none ",
		 KT_NOBODY);
	pid = fork();
	if (!pid) {
		struct kt_sock sk;

		kt_become_nobody();
		kt_new(&sk);
		_exit(kt_create(&sk, self->session, 1, &slot) ||
		      kt_set_for(&sk, 1, KT_DAY) != -EPERM ||
		      kt_create(&sk, self->session, 2, &slot) != -EPERM);
	}
	ASSERT_EQ(0, kt_child_status(pid));
	expect_event(2, "denied", fields);
}

/* The fields that ktls_ocsp.rst promises */
TEST_F(trace, fields)
{
	static const struct {
		const char *event;
		const char *fields[9];
	} events[] = {
		{ "set", { "key[32]", "slot", "generation", "status",
			   "this_update", "next_update", "len" } },
		{ "expire", { "key[32]", "slot", "generation", "status",
			      "this_update", "next_update", "len" } },
		{ "failure", { "key[32]", "slot", "count", "reason" } },
		{ "evict", { "key[32]", "slot", "handles", "bytes" } },
		{ "wanted", { "key[32]", "slot", "heard" } },
		{ "session_create", { "session", "uid" } },
		{ "session_release", { "session", "uid" } },
		{ "handle_open", { "session", "key[32]", "slot" } },
		{ "handle_close", { "session", "key[32]", "slot" } },
		{ "denied", { "uid", "err", "resource", "of_user" } },
	};
	char path[128], field[64];

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), EVENTS "/ktls_ocsp_%s/format",
			 events[i].event);
		ASSERT_TRUE(tracefs_read(path, self->text, sizeof(self->text)));
		EXPECT_NE(NULL, strstr(self->text, " netns_ino;"));
		for (size_t j = 0; events[i].fields[j]; j++) {
			snprintf(field, sizeof(field), " %s;",
				 events[i].fields[j]);
			EXPECT_NE(NULL, strstr(self->text, field)) {
				TH_LOG("%s: no%s", events[i].event, field);
			}
		}
	}
}

KT_HARNESS_MAIN
