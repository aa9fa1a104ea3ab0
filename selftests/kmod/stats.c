// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The command stats: what is used of each limit, and what has happened. Who may
 * see what.
 */
#include <string.h>
#include <unistd.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define BLOB_LEN	100		/* of kt_set_for() */
#define CERTS_LEN	(KT_CERT_LEN + sizeof(KT_ISSUER) - 1)
#define ABSENT		UINT64_MAX

/* One resource, ABSENT where the kernel does not tell. */
struct usage {
	uint64_t used, limit, user_used, user_limit, userns_used, userns_limit;
};

struct stats {
	struct usage usage[KTLS_OCSP_RESOURCE_MAX + 1];
	uint64_t set, refused, expired, evicted, lost;
};

FIXTURE(stats)
{
	struct kt_sock sk;
	struct stats stats;
	int session;
};

FIXTURE_SETUP(stats)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->session = -1;
}

FIXTURE_TEARDOWN(stats)
{
	close(self->session);
	kt_free(&self->sk);
}

static uint64_t u64_of(const struct nlattr *nla)
{
	uint64_t value;

	memcpy(&value, (const char *)nla + NLA_HDRLEN, sizeof(value));
	return value;
}

#define for_each(nla, start, end)					\
	for ((nla) = (const struct nlattr *)(start);			\
	     (const char *)(nla) < (const char *)(end);			\
	     (nla) = (const struct nlattr *)((const char *)(nla) +	\
					     NLA_ALIGN((nla)->nla_len)))

static void read_usage(struct stats *stats, const struct nlattr *nest)
{
	struct usage usage;
	const struct nlattr *nla;
	uint32_t kind = UINT32_MAX;

	memset(&usage, 0xff, sizeof(usage));
	for_each(nla, (const char *)nest + NLA_HDRLEN,
		 (const char *)nest + nest->nla_len) {
		switch (nla->nla_type) {
		case KTLS_OCSP_A_RESOURCE_KIND:
			memcpy(&kind, (const char *)nla + NLA_HDRLEN, 4);
			break;
		case KTLS_OCSP_A_RESOURCE_USED:
			usage.used = u64_of(nla);
			break;
		case KTLS_OCSP_A_RESOURCE_LIMIT:
			usage.limit = u64_of(nla);
			break;
		case KTLS_OCSP_A_RESOURCE_USER_USED:
			usage.user_used = u64_of(nla);
			break;
		case KTLS_OCSP_A_RESOURCE_USER_LIMIT:
			usage.user_limit = u64_of(nla);
			break;
		case KTLS_OCSP_A_RESOURCE_USERNS_USED:
			usage.userns_used = u64_of(nla);
			break;
		case KTLS_OCSP_A_RESOURCE_USERNS_LIMIT:
			usage.userns_limit = u64_of(nla);
			break;
		}
	}
	if (kind <= KTLS_OCSP_RESOURCE_MAX)
		stats->usage[kind] = usage;
}

static int ask(struct kt_sock *sk, int session, struct stats *stats)
{
	const struct nlmsghdr *nlh;
	const struct nlattr *nla;
	struct kt_msg msg;
	struct kt_req req;
	int err;

	memset(stats, 0xff, sizeof(*stats));
	kt_begin(&req, sk, KTLS_OCSP_CMD_STATS, NLM_F_ACK);
	if (session != -1)
		kt_put_u32(&req, KTLS_OCSP_A_STATS_SESSION, session);
	err = kt_call(sk, &req, &msg);
	if (err)
		return err;
	nlh = (const struct nlmsghdr *)msg.buf;
	for_each(nla, msg.buf + NLMSG_HDRLEN + GENL_HDRLEN,
		 msg.buf + nlh->nlmsg_len) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case KTLS_OCSP_A_STATS_RESOURCE:
			read_usage(stats, nla);
			break;
		case KTLS_OCSP_A_STATS_BLOBS_SET:
			stats->set = u64_of(nla);
			break;
		case KTLS_OCSP_A_STATS_BLOBS_REFUSED:
			stats->refused = u64_of(nla);
			break;
		case KTLS_OCSP_A_STATS_BLOBS_EXPIRED:
			stats->expired = u64_of(nla);
			break;
		case KTLS_OCSP_A_STATS_ENTRIES_EVICTED:
			stats->evicted = u64_of(nla);
			break;
		case KTLS_OCSP_A_STATS_EVENTS_LOST:
			stats->lost = u64_of(nla);
			break;
		}
	}
	return 0;
}

#define usage_of(self, kind) (&(self)->stats.usage[KTLS_OCSP_RESOURCE_##kind])

TEST_F(stats, empty)
{
	ASSERT_EQ(0, ask(&self->sk, -1, &self->stats));
	for (int i = 0; i <= KTLS_OCSP_RESOURCE_MAX; i++) {
		EXPECT_EQ(0, self->stats.usage[i].used);
		EXPECT_EQ(0, self->stats.usage[i].user_used);
	}
	EXPECT_EQ(kt_sysctl_get("max_entries"), usage_of(self, ENTRIES)->limit);
	EXPECT_EQ(kt_sysctl_get("max_bytes"), usage_of(self, BYTES)->limit);
	EXPECT_EQ(kt_sysctl_get("max_sessions_of_user"),
		  usage_of(self, SESSIONS)->user_limit);
	EXPECT_EQ(kt_sysctl_get("max_handles_of_user"),
		  usage_of(self, HANDLES)->user_limit);
	EXPECT_EQ(0, self->stats.set);
	EXPECT_EQ(0, self->stats.refused);
	EXPECT_EQ(0, self->stats.expired);
	EXPECT_EQ(0, self->stats.evicted);
	EXPECT_EQ(0, self->stats.lost);
}

TEST_F(stats, used)
{
	int other = kt_session(&self->sk);
	struct kt_sock elsewhere;

	self->session = kt_session(&self->sk);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 2, NULL));
	ASSERT_EQ(0, kt_open(&self->sk, other, 1, NULL));
	ASSERT_EQ(0, kt_open(&self->sk, other, 1, NULL));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, ask(&self->sk, -1, &self->stats));
	EXPECT_EQ(2, usage_of(self, ENTRIES)->used);
	EXPECT_EQ(BLOB_LEN + 2 * CERTS_LEN, usage_of(self, BYTES)->used);
	EXPECT_EQ(2, usage_of(self, SESSIONS)->used);
	EXPECT_EQ(2, usage_of(self, SESSIONS)->user_used);
	EXPECT_EQ(3, usage_of(self, HANDLES)->used);
	EXPECT_EQ(3, usage_of(self, HANDLES)->user_used);
	/* Of the session's store, wherever the socket is. */
	kt_new_netns();
	kt_new(&elsewhere);
	ASSERT_EQ(0, ask(&elsewhere, self->session, &self->stats));
	EXPECT_EQ(2, usage_of(self, ENTRIES)->used);
	ASSERT_EQ(0, ask(&elsewhere, -1, &self->stats));
	EXPECT_EQ(0, usage_of(self, ENTRIES)->used);
	kt_free(&elsewhere);
	close(other);
}

TEST_F(stats, counts)
{
	ASSERT_EQ(0, kt_sysctl("max_entries", 2));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_set_for(&self->sk, 2, KT_DAY));
	ASSERT_EQ(0, kt_set_for(&self->sk, 3, 5));
	self->session = kt_session(&self->sk);
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 2, NULL));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 3, NULL));
	ASSERT_EQ(-ENOSPC, kt_set_for(&self->sk, 4, KT_DAY));
	kt_sleep_ms(6000);
	ASSERT_EQ(0, ask(&self->sk, -1, &self->stats));
	EXPECT_EQ(3, self->stats.set);
	EXPECT_EQ(1, self->stats.refused);
	EXPECT_EQ(1, self->stats.evicted);
	EXPECT_EQ(1, self->stats.expired);
	EXPECT_EQ(0, self->stats.lost);
}

/* Nobody sees what is his, and what a dump shows, but not others' sessions. */
TEST_F(stats, of_others)
{
	pid_t pid;

	self->session = kt_session(&self->sk);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	pid = fork();
	if (!pid) {
		int own;

		kt_become_nobody();
		kt_free(&self->sk);
		kt_new(&self->sk);
		own = kt_session(&self->sk);
		EXPECT_LE(0, own);
		EXPECT_EQ(0, ask(&self->sk, -1, &self->stats));
		EXPECT_EQ(ABSENT, usage_of(self, SESSIONS)->used);
		EXPECT_EQ(1, usage_of(self, SESSIONS)->user_used);
		EXPECT_EQ(0, usage_of(self, HANDLES)->user_used);
		EXPECT_EQ(1, usage_of(self, HANDLES)->used);
		EXPECT_EQ(1, usage_of(self, ENTRIES)->used);
		EXPECT_EQ(ABSENT, usage_of(self, ENTRIES)->userns_used);
		EXPECT_EQ(ABSENT, usage_of(self, ENTRIES)->userns_limit);
		_exit(_metadata->exit_code);
	}
	EXPECT_EQ(0, kt_child_status(pid));
}

/* The sum over all user namespaces is for the host's administrator alone. */
TEST_F(stats, of_user_namespaces)
{
	pid_t pid;

	ASSERT_EQ(0, ask(&self->sk, -1, &self->stats));
	EXPECT_NE(ABSENT, usage_of(self, ENTRIES)->userns_used);
	EXPECT_NE(ABSENT, usage_of(self, ENTRIES)->userns_limit);
	pid = fork();
	if (!pid) {
		kt_become_userns_root();
		kt_free(&self->sk);
		kt_new(&self->sk);
		EXPECT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
		EXPECT_EQ(0, ask(&self->sk, -1, &self->stats));
		EXPECT_EQ(1, usage_of(self, ENTRIES)->used);
		EXPECT_EQ(1, usage_of(self, ENTRIES)->user_used);
		EXPECT_EQ(0, usage_of(self, SESSIONS)->used);
		EXPECT_EQ(ABSENT, usage_of(self, ENTRIES)->userns_used);
		EXPECT_EQ(ABSENT, usage_of(self, ENTRIES)->userns_limit);
		_exit(_metadata->exit_code);
	}
	EXPECT_EQ(0, kt_child_status(pid));
}

TEST_F(stats, refused)
{
	EXPECT_EQ(-EBADF, ask(&self->sk, 0, &self->stats));
	EXPECT_TRUE(kt_named(&self->sk, KTLS_OCSP_A_STATS_SESSION));
}

KT_HARNESS_MAIN
