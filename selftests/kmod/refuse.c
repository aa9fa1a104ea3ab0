// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Every refusal of a malformed or impossible request: its errno, a text that
 * names the attribute, and a store that stays as it was.
 */
#include <fcntl.h>
#include <limits.h>

#include "ktest.h"
#include "kselftest_harness.h"
#include "named.h"

/* What the fixture put into the store. */
enum {
	VALID,			/* held by "session" */
	PENDING,		/* held by "session" */
	FOREIGN,		/* held by "other" */
	ABSENT,
};

struct attr {
	uint16_t type;
	const void *data;
	uint16_t len;
};

struct refusal {
	const char *what;
	int err;
	uint16_t about;		/* the attribute that is named, or 0 */
	struct attr attrs[8];
};

static int32_t session, other, file_fd, socket_fd, closed_fd;
static uint32_t valid_slot, foreign_slot;
static uint8_t keys[4][KTLS_OCSP_KEY_LEN + 1];
static uint8_t certificate[KTLS_OCSP_CERT_MAX + 1];
static uint8_t bytes[KTLS_OCSP_BLOB_MAX + 1];
static char text[KTLS_OCSP_FAILURE_MAX + 2];
static int64_t last_year, yesterday, today, tomorrow, next_week;

static const int32_t minus_one = -1;

#define A(name, ptr, len)	{ KTLS_OCSP_A_##name, ptr, len }
#define U32(name, v)		A(name, (&(const uint32_t){ v }), 4)
#define S64(name, v)		A(name, (&(const int64_t){ v }), 8)
#define TIME(name, var)		A(name, &(var), 8)
/* What a request puts. */
#define P_SESSION(fd)		A(SESSION, &(fd), 4)
#define P_KEY(which)		A(KEY, keys[which], KTLS_OCSP_KEY_LEN)
#define P_CERT			A(CERTIFICATE, certificate, KT_CERT_LEN)
#define P_ISSUER		A(ISSUER, KT_ISSUER, sizeof(KT_ISSUER) - 1)
#define P_STATUS		U32(STATUS, KTLS_OCSP_CERT_STATUS_GOOD)
#define P_TIMES			TIME(THIS_UPDATE, today),		\
				TIME(NEXT_UPDATE, tomorrow)
#define P_BLOB			A(BLOB, bytes, 100)
#define P_FAILURE		A(FAILURE, "no answer", 10)
#define P_REPEATED		A(REPEATED, "", 0)
#define P_UNKNOWN		{ KTLS_OCSP_A_MAX + 1, bytes, 4 }

#define R(what, err, about, ...) \
	{ what, err, KTLS_OCSP_A_##about, { __VA_ARGS__ } }

/* The fds that are no session, for every command that takes one. */
#define NO_SESSIONS(...)						\
	R("a negative fd", EBADF, SESSION, P_SESSION(minus_one), __VA_ARGS__), \
	R("an fd that is not open", EBADF, SESSION, P_SESSION(closed_fd),	\
	  __VA_ARGS__),							\
	R("a file", EBADF, SESSION, P_SESSION(file_fd), __VA_ARGS__),	\
	R("a socket", EBADF, SESSION, P_SESSION(socket_fd), __VA_ARGS__),	\
	R("a short session", EINVAL, SESSION, A(SESSION, &session, 2),	\
	  __VA_ARGS__),							\
	R("a long session", EINVAL, SESSION, A(SESSION, bytes, 8), __VA_ARGS__)

#define BAD_KEYS(...)							\
	R("an empty key", ERANGE, KEY, A(KEY, keys[VALID], 0), __VA_ARGS__), \
	R("a short key", ERANGE, KEY, A(KEY, keys[VALID], 31), __VA_ARGS__), \
	R("a long key", ERANGE, KEY, A(KEY, keys[VALID], 33), __VA_ARGS__)

static const struct refusal open_refusals[] = {
	NO_SESSIONS(P_KEY(VALID)),
	BAD_KEYS(P_SESSION(session)),
	R("no session", EINVAL, SESSION, P_KEY(VALID)),
	R("no key", EINVAL, KEY, P_SESSION(session)),
	R("a key that is absent", ENOENT, KEY, P_SESSION(session), P_KEY(ABSENT)),
	R("no issuer", EINVAL, ISSUER, P_SESSION(session), P_CERT),
	R("no certificate", EINVAL, CERTIFICATE, P_SESSION(session), P_ISSUER),
	R("an issuer with a key", EINVAL, CERTIFICATE, P_SESSION(session),
	  P_KEY(VALID), P_ISSUER),
	R("another certificate's key", EINVAL, KEY, P_SESSION(session),
	  P_KEY(VALID), P_CERT, P_ISSUER),
	R("an empty certificate", EINVAL, CERTIFICATE, P_SESSION(session),
	  A(CERTIFICATE, certificate, 0), P_ISSUER),
	R("an empty issuer", EINVAL, ISSUER, P_SESSION(session), P_CERT,
	  A(ISSUER, certificate, 0)),
	R("a certificate too long", ERANGE, CERTIFICATE, P_SESSION(session),
	  A(CERTIFICATE, certificate, KTLS_OCSP_CERT_MAX + 1), P_ISSUER),
	R("an issuer too long", ERANGE, ISSUER, P_SESSION(session), P_CERT,
	  A(ISSUER, certificate, KTLS_OCSP_CERT_MAX + 1)),
	R("wait with a value", ERANGE, WAIT, P_SESSION(session), P_KEY(VALID),
	  A(WAIT, bytes, 4)),
	R("an unknown attribute", EINVAL, MAX + 1, P_SESSION(session),
	  P_KEY(VALID), P_UNKNOWN),
	R("another command's attribute", EINVAL, BLOB, P_SESSION(session),
	  P_KEY(VALID), P_BLOB),
};

static const struct refusal handle_refusals[] = {
	NO_SESSIONS(A(SLOT, &valid_slot, 4)),
	R("no session", EINVAL, SESSION, A(SLOT, &valid_slot, 4)),
	R("no slot", EINVAL, SLOT, P_SESSION(session)),
	R("a short slot", EINVAL, SLOT, P_SESSION(session),
	  A(SLOT, &valid_slot, 3)),
	R("a long slot", EINVAL, SLOT, P_SESSION(session), A(SLOT, bytes, 8)),
	R("another session's slot", ENOENT, SLOT, P_SESSION(session),
	  A(SLOT, &foreign_slot, 4)),
	R("a slot of nothing", ENOENT, SLOT, P_SESSION(session),
	  U32(SLOT, 4711)),
	R("the last slot", ENOENT, SLOT, P_SESSION(session),
	  U32(SLOT, UINT32_MAX)),
	R("an unknown attribute", EINVAL, MAX + 1, P_SESSION(session),
	  A(SLOT, &valid_slot, 4), P_UNKNOWN),
	R("another command's attribute", EINVAL, KEY, P_SESSION(session),
	  A(SLOT, &valid_slot, 4), P_KEY(VALID)),
};

static const struct refusal get_refusals[] = {
	NO_SESSIONS(P_KEY(VALID)),
	BAD_KEYS(P_SESSION(session)),
	R("nothing", EINVAL, KEY, { 0 }),
	R("neither slot nor key", EINVAL, KEY, P_SESSION(session)),
	R("a slot without session", EINVAL, SESSION, A(SLOT, &valid_slot, 4)),
	R("another session's slot", ENOENT, SLOT, P_SESSION(session),
	  A(SLOT, &foreign_slot, 4)),
	R("a slot and a key", EINVAL, KEY, P_SESSION(session),
	  A(SLOT, &valid_slot, 4), P_KEY(VALID)),
	R("a key that is absent", ENOENT, KEY, P_KEY(ABSENT)),
	{ "the blob of one that has none", ENODATA, 0, { P_KEY(PENDING) } },
	R("a part that does not exist", EINVAL, PARTS, P_KEY(VALID),
	  U32(PARTS, 4)),
	R("short parts", EINVAL, PARTS, P_KEY(VALID), A(PARTS, bytes, 1)),
	R("an unknown attribute", EINVAL, MAX + 1, P_KEY(VALID), P_UNKNOWN),
	R("another command's attribute", EINVAL, BLOB, P_KEY(VALID), P_BLOB),
};

static const struct refusal dump_refusals[] = {
	NO_SESSIONS({ 0 }),
	R("a key", EINVAL, KEY, P_KEY(VALID)),
	R("a slot", EINVAL, SLOT, P_SESSION(session), A(SLOT, &valid_slot, 4)),
	R("parts", EINVAL, PARTS, U32(PARTS, KTLS_OCSP_PART_BLOB)),
	R("an unknown attribute", EINVAL, MAX + 1, P_UNKNOWN),
};

static const struct refusal set_refusals[] = {
	NO_SESSIONS(P_KEY(VALID), P_STATUS, P_TIMES, P_BLOB),
	BAD_KEYS(P_STATUS, P_TIMES, P_BLOB),
	R("no key", EINVAL, KEY, P_STATUS, P_TIMES, P_BLOB),
	R("no certificate", EINVAL, CERTIFICATE, P_KEY(VALID), P_ISSUER, P_STATUS,
	  P_TIMES, P_BLOB),
	R("another certificate's key", EINVAL, KEY, P_KEY(VALID), P_CERT, P_ISSUER,
	  P_STATUS, P_TIMES, P_BLOB),
	R("no status", EINVAL, STATUS, P_KEY(VALID), P_TIMES, P_BLOB),
	R("status 3", ERANGE, STATUS, P_KEY(VALID), U32(STATUS, 3), P_TIMES, P_BLOB),
	R("no this-update", EINVAL, THIS_UPDATE, P_KEY(VALID), P_STATUS,
	  TIME(NEXT_UPDATE, tomorrow), P_BLOB),
	R("no next-update", EINVAL, NEXT_UPDATE, P_KEY(VALID), P_STATUS,
	  TIME(THIS_UPDATE, today), P_BLOB),
	R("a short time", EINVAL, THIS_UPDATE, P_KEY(VALID), P_STATUS,
	  A(THIS_UPDATE, &today, 4), TIME(NEXT_UPDATE, tomorrow), P_BLOB),
	R("neither blob nor failure", EINVAL, BLOB, P_KEY(VALID)),
	R("times without blob", EINVAL, BLOB, P_KEY(VALID), P_STATUS, P_TIMES),
	R("blob and failure", EINVAL, FAILURE, P_KEY(VALID), P_STATUS, P_TIMES,
	  P_BLOB, P_FAILURE),
	R("a blob that is repeated", EINVAL, REPEATED, P_KEY(VALID), P_STATUS,
	  P_TIMES, P_BLOB, P_REPEATED),
	R("an empty blob", EINVAL, BLOB, P_KEY(VALID), P_STATUS, P_TIMES,
	  A(BLOB, bytes, 0)),
	R("a blob too long", ERANGE, BLOB, P_KEY(VALID), P_STATUS, P_TIMES,
	  A(BLOB, bytes, KTLS_OCSP_BLOB_MAX + 1)),
	R("an unknown attribute", EINVAL, MAX + 1, P_KEY(VALID), P_STATUS,
	  P_TIMES, P_BLOB, P_UNKNOWN),
	R("another command's attribute", EINVAL, SLOT, P_KEY(VALID), P_STATUS,
	  P_TIMES, P_BLOB, U32(SLOT, 0)),
};

#define SET_TIMES(this, next)	P_KEY(VALID), P_STATUS, this, next, P_BLOB

static const struct refusal time_refusals[] = {
	R("times reversed", EINVAL, NEXT_UPDATE,
	  SET_TIMES(TIME(THIS_UPDATE, tomorrow), TIME(NEXT_UPDATE, today))),
	R("times equal", EINVAL, NEXT_UPDATE,
	  SET_TIMES(TIME(THIS_UPDATE, tomorrow), TIME(NEXT_UPDATE, tomorrow))),
	R("this-update before the epoch", EINVAL, THIS_UPDATE,
	  SET_TIMES(S64(THIS_UPDATE, -1), TIME(NEXT_UPDATE, tomorrow))),
	R("both before the epoch", EINVAL, THIS_UPDATE,
	  SET_TIMES(S64(THIS_UPDATE, -2), S64(NEXT_UPDATE, -1))),
	R("the least this-update", EINVAL, THIS_UPDATE,
	  SET_TIMES(S64(THIS_UPDATE, INT64_MIN), TIME(NEXT_UPDATE, tomorrow))),
	R("the least next-update", EINVAL, NEXT_UPDATE,
	  SET_TIMES(TIME(THIS_UPDATE, today), S64(NEXT_UPDATE, INT64_MIN))),
	R("the greatest next-update", EINVAL, NEXT_UPDATE,
	  SET_TIMES(TIME(THIS_UPDATE, today), S64(NEXT_UPDATE, INT64_MAX))),
	R("the year 10000", EINVAL, NEXT_UPDATE,
	  SET_TIMES(TIME(THIS_UPDATE, today),
		    S64(NEXT_UPDATE, 253402300800))),
	R("not valid before tomorrow", EINVAL, THIS_UPDATE,
	  SET_TIMES(TIME(THIS_UPDATE, tomorrow),
		    TIME(NEXT_UPDATE, next_week))),
	R("expired yesterday", ESTALE, NEXT_UPDATE,
	  SET_TIMES(TIME(THIS_UPDATE, last_year),
		    TIME(NEXT_UPDATE, yesterday))),
	R("older than what is stored", EEXIST, THIS_UPDATE,
	  SET_TIMES(TIME(THIS_UPDATE, last_year), TIME(NEXT_UPDATE, tomorrow))),
};

static const struct refusal failure_refusals[] = {
	R("of one that is absent", ENOENT, KEY, P_KEY(ABSENT), P_FAILURE),
	R("with a status", EINVAL, FAILURE, P_KEY(VALID), P_STATUS, P_FAILURE),
	R("with times", EINVAL, FAILURE, P_KEY(VALID), P_TIMES, P_FAILURE),
	R("nothing at all", EINVAL, FAILURE, P_KEY(VALID), A(FAILURE, "", 0)),
	R("an empty text", EINVAL, FAILURE, P_KEY(VALID), A(FAILURE, "", 1)),
	R("no NUL", EINVAL, FAILURE, P_KEY(VALID), A(FAILURE, "abc", 3)),
	R("256 bytes and a NUL", EINVAL, FAILURE, P_KEY(VALID),
	  A(FAILURE, text, KTLS_OCSP_FAILURE_MAX + 2)),
	R("two lines", EINVAL, FAILURE, P_KEY(VALID), A(FAILURE, "a\nb", 4)),
	R("an escape sequence", EINVAL, FAILURE, P_KEY(VALID),
	  A(FAILURE, "\033[2J", 5)),
	R("an escape sequence in one byte", EINVAL, FAILURE, P_KEY(VALID),
	  A(FAILURE, "\2332J", 4)),
	R("UTF-8", EINVAL, FAILURE, P_KEY(VALID),
	  A(FAILURE, "caf\xc3\xa9", 6)),
	R("repeated, with a value", ERANGE, REPEATED, P_KEY(VALID), P_FAILURE,
	  A(REPEATED, "no", 3)),
	R("a DEL", EINVAL, FAILURE, P_KEY(VALID), A(FAILURE, "\x7f", 2)),
};

static const struct refusal del_refusals[] = {
	NO_SESSIONS(P_KEY(VALID)),
	BAD_KEYS(P_SESSION(session)),
	R("no key", EINVAL, KEY, { 0 }),
	R("a key that is absent", ENOENT, KEY, P_KEY(ABSENT)),
	R("an unknown attribute", EINVAL, MAX + 1, P_KEY(VALID), P_UNKNOWN),
	R("another command's attribute", EINVAL, SLOT, P_KEY(VALID),
	  U32(SLOT, 0)),
};

static const struct refusal session_refusals[] = {
	R("a key", EINVAL, KEY, P_KEY(VALID)),
	R("a session", EINVAL, SESSION, P_SESSION(session)),
	R("an unknown attribute", EINVAL, MAX + 1, P_UNKNOWN),
};

static void build(struct kt_req *req, const struct refusal *refusal)
{
	const struct attr *attr = refusal->attrs;
	const struct attr *end = attr + 8;

	for (; attr < end; attr++)
		if (attr->type)
			kt_put(req, attr->type, attr->data, attr->len);
}

static void refuse(struct __test_metadata *_metadata, struct kt_sock *sk,
		   struct kt_req *req, const struct refusal *refusal)
{
	uint64_t before = kt_snapshot(sk);
	int err = kt_call(sk, req, NULL);
	bool named = is_named(sk, refusal->about);

	EXPECT_EQ(-refusal->err, err) {
		TH_LOG("%s: \"%s\"", refusal->what, sk->text);
	}
	EXPECT_TRUE(named) {
		TH_LOG("%s: \"%s\", attribute %u, missing %u", refusal->what,
		       sk->text, sk->bad, sk->missing);
	}
	EXPECT_EQ(before, kt_snapshot(sk)) {
		TH_LOG("%s: the store changed", refusal->what);
	}
}

#define refuse_all(cmd, flags, table)					\
	do {								\
		struct kt_req _req;					\
									\
		for (size_t _i = 0; _i < ARRAY_SIZE(table); _i++) {	\
			kt_begin(&_req, &self->sk, cmd, flags);		\
			build(&_req, &(table)[_i]);			\
			refuse(_metadata, &self->sk, &_req,		\
			       &(table)[_i]);				\
		}							\
	} while (0)

FIXTURE(refuse)
{
	struct kt_sock sk;
};

static void fill_globals(void)
{
	today = kt_now();
	yesterday = today - KT_DAY;
	tomorrow = today + KT_DAY;
	next_week = today + 7 * KT_DAY;
	last_year = today - 365 * KT_DAY;
	for (int i = 0; i < 4; i++)
		kt_key(i, keys[i]);
	kt_cert(ABSENT, certificate);
	memset(text, 'x', sizeof(text) - 1);
}

static void open_fds(struct kt_sock *sk)
{
	session = kt_session(sk);
	other = kt_session(sk);
	file_fd = open("/dev/null", O_RDWR);
	socket_fd = sk->fd;
	closed_fd = dup(file_fd);
	close(closed_fd);
}

FIXTURE_SETUP(refuse)
{
	kt_new_netns();
	kt_new(&self->sk);
	fill_globals();
	open_fds(&self->sk);
	ASSERT_GE(session, 0);
	ASSERT_GE(other, 0);
	ASSERT_EQ(0, kt_create(&self->sk, session, VALID, &valid_slot));
	ASSERT_EQ(0, kt_create(&self->sk, session, PENDING, NULL));
	ASSERT_EQ(0, kt_create(&self->sk, other, FOREIGN, &foreign_slot));
	ASSERT_EQ(0, kt_set_for(&self->sk, VALID, KT_DAY));
}

FIXTURE_TEARDOWN(refuse)
{
	kt_free(&self->sk);
}

/* One test of all requests of a table. */
#define TEST_REFUSALS(name, cmd, flags, table)				\
	TEST_F(refuse, name)						\
	{								\
		refuse_all(KTLS_OCSP_CMD_##cmd, flags, table);		\
	}

TEST_REFUSALS(session, SESSION, 0, session_refusals)
TEST_REFUSALS(open, OPEN, 0, open_refusals)
TEST_REFUSALS(ref, REF, 0, handle_refusals)
TEST_REFUSALS(close, CLOSE, 0, handle_refusals)
TEST_REFUSALS(get, GET, 0, get_refusals)
TEST_REFUSALS(dump, GET, NLM_F_DUMP, dump_refusals)
TEST_REFUSALS(set, SET, 0, set_refusals)
TEST_REFUSALS(times, SET, 0, time_refusals)
TEST_REFUSALS(failure, SET, 0, failure_refusals)
TEST_REFUSALS(del, DEL, 0, del_refusals)

/* Netlink has no text for these: there is no operation that could have one. */
TEST_F(refuse, unknown_commands)
{
	static const uint8_t cmds[] = {
		0, KTLS_OCSP_CMD_WANTED_NTF, KTLS_OCSP_CMD_EVENT_NTF,
		KTLS_OCSP_CMD_MAX + 1, UINT8_MAX,
	};
	uint64_t before = kt_snapshot(&self->sk);
	struct kt_req req;

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		kt_begin(&req, &self->sk, cmds[i], 0);
		EXPECT_EQ(-EOPNOTSUPP, kt_call(&self->sk, &req, NULL));
	}
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_DEL, NLM_F_DUMP);
	EXPECT_EQ(-EOPNOTSUPP, kt_call(&self->sk, &req, NULL));
	EXPECT_EQ(before, kt_snapshot(&self->sk));
}

/* An attribute that reaches behind the message, and bytes behind the last. */
TEST_F(refuse, torn_attributes)
{
	uint64_t before = kt_snapshot(&self->sk);
	struct nlattr *nla;
	struct kt_req req;

	for (unsigned int len = 0; len < 3 * NLA_HDRLEN; len++) {
		kt_begin(&req, &self->sk, KTLS_OCSP_CMD_DEL, 0);
		nla = (void *)(req.buf + req.nlh.nlmsg_len);
		kt_put(&req, KTLS_OCSP_A_KEY, keys[VALID], NLA_HDRLEN);
		nla->nla_len = len == 2 * NLA_HDRLEN ? UINT16_MAX : len;
		EXPECT_GT(0, kt_call(&self->sk, &req, NULL));
		EXPECT_NE('\0', self->sk.text[0]) TH_LOG("nla_len %u", len);
	}
	EXPECT_EQ(before, kt_snapshot(&self->sk));
}

TEST_F(refuse, stray_flags)
{
	static const uint16_t flags[] = { NLM_F_CREATE, NLM_F_EXCL, 0x8000 };
	uint64_t before = kt_snapshot(&self->sk);
	struct kt_req req;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		kt_begin(&req, &self->sk, KTLS_OCSP_CMD_OPEN, flags[i]);
		kt_put(&req, KTLS_OCSP_A_SESSION, &session, 4);
		kt_put(&req, KTLS_OCSP_A_KEY, keys[VALID], KTLS_OCSP_KEY_LEN);
		EXPECT_EQ(-EINVAL, kt_call(&self->sk, &req, NULL));
		EXPECT_NE('\0', self->sk.text[0]);
	}
	EXPECT_EQ(before, kt_snapshot(&self->sk));
}

/* Netlink's rule for an attribute that comes twice: the last one counts. */
TEST_F(refuse, twice)
{
	struct kt_req req;

	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_DEL, 0);
	kt_put(&req, KTLS_OCSP_A_KEY, keys[VALID], KTLS_OCSP_KEY_LEN);
	kt_put(&req, KTLS_OCSP_A_KEY, keys[ABSENT], KTLS_OCSP_KEY_LEN);
	EXPECT_EQ(-ENOENT, kt_call(&self->sk, &req, NULL));
	EXPECT_TRUE(is_named(&self->sk, KTLS_OCSP_A_KEY));
	EXPECT_EQ(3, kt_count(&self->sk, -1));
}

KT_HARNESS_MAIN
