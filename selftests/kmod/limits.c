// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The limits of a store, who makes room, and who is told that there is none. */
#include <fcntl.h>
#include <sys/mman.h>

#include "ktest.h"
#include "kselftest_harness.h"

FIXTURE(limits)
{
	struct kt_sock sk;
	struct kt_msg msg;
	int session;
};

FIXTURE_SETUP(limits)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
}

FIXTURE_TEARDOWN(limits)
{
	close(self->session);
	kt_free(&self->sk);
}

#define expect_full(call)						\
	do {								\
		EXPECT_EQ(-ENOSPC, call);				\
		EXPECT_NE('\0', self->sk.text[0]);			\
	} while (0)

#define is_there(n)	(!kt_get(&self->sk, -1, n, 0, &self->msg))

#define ENTRY(n)	(1U << (n))

/* Which of the first entries are there, as a sum of ENTRY(). */
static unsigned int present(FIXTURE_DATA(limits) *self)
{
	unsigned int entries = 0;

	for (uint32_t n = 0; n < 8; n++)
		if (is_there(n))
			entries |= ENTRY(n);
	return entries;
}

static int set_bytes(struct kt_sock *sk, uint32_t n, size_t len,
		     int64_t seconds)
{
	static uint8_t data[KTLS_OCSP_BLOB_MAX];
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = len,
		.this_update = kt_now() - KT_DAY,
		.next_update = kt_now() + seconds,
	};

	return kt_set(sk, n, &blob, NULL);
}

/* Nothing that a session holds is given up for something new. */
TEST_F(limits, responses_held)
{
	ASSERT_EQ(0, kt_sysctl("max_entries", 3));
	for (uint32_t n = 0; n < 3; n++)
		ASSERT_EQ(0, kt_create(&self->sk, self->session, n, NULL));
	expect_full(kt_create(&self->sk, self->session, 3, NULL));
	expect_full(kt_set_for(&self->sk, 3, KT_DAY));
	EXPECT_EQ(3, kt_count(&self->sk, -1));
	EXPECT_EQ(0, kt_create(&self->sk, self->session, 2, NULL));
	EXPECT_EQ(0, kt_set_for(&self->sk, 2, KT_DAY));
}

/* Of those that no session holds, the one that expires first makes room. */
TEST_F(limits, responses_evicted)
{
	static const int64_t days[] = { 5, 2, 9, 1, 7 };

	ASSERT_EQ(0, kt_sysctl("max_entries", 5));
	for (uint32_t n = 0; n < 5; n++)
		ASSERT_EQ(0, kt_set_for(&self->sk, n, days[n] * KT_DAY));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 3, NULL));
	ASSERT_EQ(0, kt_set_for(&self->sk, 5, 3 * KT_DAY));
	EXPECT_FALSE(is_there(1));
	EXPECT_EQ(5, kt_count(&self->sk, -1));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 6, NULL));
	EXPECT_EQ(ENTRY(0) | ENTRY(2) | ENTRY(3) | ENTRY(4) | ENTRY(6),
		  present(self));
}

/* An update changes who is first. */
TEST_F(limits, eviction_follows_updates)
{
	ASSERT_EQ(0, kt_sysctl("max_entries", 2));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, 1 * KT_DAY));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, 2 * KT_DAY));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, 3 * KT_DAY));
	ASSERT_EQ(0, kt_set_for(&self->sk, 2, 4 * KT_DAY));
	EXPECT_EQ(ENTRY(0) | ENTRY(2), present(self));
}

/* What is let go can be given up, and what is given up is free again. */
TEST_F(limits, responses_given_back)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_sysctl("max_entries", 1));
	for (uint32_t n = 0; n < 20; n++) {
		ASSERT_EQ(0, kt_create(&self->sk, self->session, n, &slot));
		ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	}
	EXPECT_EQ(1, kt_count(&self->sk, -1));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 19));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
}

TEST_F(limits, bytes_held)
{
	ASSERT_EQ(0, kt_sysctl("max_bytes", 1000));
	ASSERT_EQ(0, set_bytes(&self->sk, 0, 600, KT_DAY));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 0, NULL));
	expect_full(set_bytes(&self->sk, 1, 401, KT_DAY));
	EXPECT_FALSE(is_there(1));
	EXPECT_EQ(0, set_bytes(&self->sk, 1, 400, KT_DAY));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 1, NULL));
	expect_full(set_bytes(&self->sk, 2, 1, KT_DAY));
	expect_full(kt_create(&self->sk, self->session, 3, NULL));
	EXPECT_EQ(2, kt_count(&self->sk, -1));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 0, 0, &self->msg));
	EXPECT_EQ(600, kt_u32(&self->msg, KTLS_OCSP_A_BLOB_LEN));
}

/* What a blob replaces does not count against it. */
TEST_F(limits, bytes_replaced)
{
	ASSERT_EQ(0, kt_sysctl("max_bytes", 1000));
	ASSERT_EQ(0, set_bytes(&self->sk, 0, 600, KT_DAY));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 0, NULL));
	EXPECT_EQ(0, set_bytes(&self->sk, 0, 900, KT_DAY));
	expect_full(set_bytes(&self->sk, 0, 1001, KT_DAY));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 0, 0, &self->msg));
	EXPECT_EQ(900, kt_u32(&self->msg, KTLS_OCSP_A_BLOB_LEN));
	EXPECT_EQ(0, set_bytes(&self->sk, 0, 100, KT_DAY));
	EXPECT_EQ(0, set_bytes(&self->sk, 1, 900, KT_DAY));
}

/* As many as it takes make room, and no more. */
TEST_F(limits, bytes_evicted)
{
	ASSERT_EQ(0, kt_sysctl("max_bytes", 1000));
	for (uint32_t n = 0; n < 4; n++)
		ASSERT_EQ(0, set_bytes(&self->sk, n, 250, (n + 1) * KT_DAY));
	ASSERT_EQ(0, set_bytes(&self->sk, 4, 500, KT_DAY));
	EXPECT_EQ(ENTRY(2) | ENTRY(3) | ENTRY(4), present(self));
}

/* A blob that can never fit costs nobody anything. */
TEST_F(limits, bytes_hopeless)
{
	ASSERT_EQ(0, kt_sysctl("max_bytes", 1000));
	for (uint32_t n = 0; n < 4; n++)
		ASSERT_EQ(0, set_bytes(&self->sk, n, 250, KT_DAY));
	expect_full(set_bytes(&self->sk, 4, 1001, KT_DAY));
	EXPECT_EQ(4, kt_count(&self->sk, -1));
}

TEST_F(limits, bytes_of_certificates)
{
	ASSERT_EQ(0, kt_sysctl("max_bytes",
			       KT_CERT_LEN + strlen(KT_ISSUER) - 1));
	expect_full(kt_create(&self->sk, self->session, 0, NULL));
	EXPECT_EQ(0, kt_count(&self->sk, -1));
	ASSERT_EQ(0, kt_sysctl("max_bytes", KT_CERT_LEN + strlen(KT_ISSUER)));
	EXPECT_EQ(0, kt_create(&self->sk, self->session, 0, NULL));
}

/* The bytes come back with whatever took them, however it goes. */
TEST_F(limits, bytes_given_back)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_sysctl("max_bytes", 1000));
	for (uint32_t n = 0; n < 10; n++) {
		ASSERT_EQ(0, kt_create(&self->sk, self->session, n, &slot));
		ASSERT_EQ(0, kt_fail(&self->sk, n, "some reason"));
		ASSERT_EQ(0, set_bytes(&self->sk, n, 900, KT_DAY));
		ASSERT_EQ(0, kt_fail(&self->sk, n, "another"));
		ASSERT_EQ(0, kt_del(&self->sk, -1, n));
		ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
		ASSERT_EQ(0, kt_del(&self->sk, -1, n));
	}
	EXPECT_EQ(0, set_bytes(&self->sk, 0, 1000, KT_DAY));
}

TEST_F(limits, sessions)
{
	int more[2];

	ASSERT_EQ(0, kt_sysctl("max_sessions", 3));
	more[0] = kt_session(&self->sk);
	more[1] = kt_session(&self->sk);
	ASSERT_LE(0, more[0]);
	ASSERT_LE(0, more[1]);
	expect_full(kt_session(&self->sk));
	close(more[0]);
	more[0] = kt_session(&self->sk);
	EXPECT_LE(0, more[0]);
	expect_full(kt_session(&self->sk));
	close(more[0]);
	close(more[1]);
}

/* A handle is a session's hold on an entry, however often it is counted. */
TEST_F(limits, handles)
{
	int other = kt_session(&self->sk);
	uint32_t slot;

	ASSERT_EQ(0, kt_sysctl("max_handles", 3));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 0, &slot));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	ASSERT_EQ(0, kt_open(&self->sk, other, 0, NULL));
	ASSERT_EQ(0, kt_ref(&self->sk, self->session, slot));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 0, NULL));
	expect_full(kt_open(&self->sk, other, 1, NULL));
	expect_full(kt_create(&self->sk, other, 2, NULL));
	EXPECT_EQ(2, kt_count(&self->sk, -1));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
		expect_full(kt_open(&self->sk, other, 1, NULL));
	}
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	EXPECT_EQ(0, kt_open(&self->sk, other, 1, NULL));
	close(other);
	EXPECT_EQ(0, kt_create(&self->sk, self->session, 2, NULL));
	EXPECT_EQ(0, kt_create(&self->sk, self->session, 3, NULL));
}

/* What is refused at one limit gives up nothing at another. */
TEST_F(limits, refused_open_evicts_nothing)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	ASSERT_EQ(0, kt_sysctl("max_entries", 1));
	ASSERT_EQ(0, kt_sysctl("max_handles", 0));
	expect_full(kt_create(&self->sk, self->session, 1, NULL));
	EXPECT_TRUE(is_there(0));
}

TEST_F(limits, refused_set_evicts_nothing)
{
	ASSERT_EQ(0, set_bytes(&self->sk, 0, 100, KT_DAY));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 0, NULL));
	ASSERT_EQ(0, set_bytes(&self->sk, 1, 100, KT_DAY));
	ASSERT_EQ(0, kt_sysctl("max_entries", 2));
	ASSERT_EQ(0, kt_sysctl("max_bytes", 200));
	expect_full(set_bytes(&self->sk, 2, 150, KT_DAY));
	EXPECT_TRUE(is_there(1));
}

/*
 * What was withdrawn makes room though somebody holds it, who need not be
 * anybody: else he would keep the writers out for good.
 */
TEST_F(limits, dead_ones_make_room)
{
	uint32_t slots[3], slot;
	struct kt_req req;

	ASSERT_EQ(0, kt_sysctl("max_entries", 3));
	for (uint32_t n = 0; n < 3; n++) {
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
		ASSERT_EQ(0, kt_open(&self->sk, self->session, n, &slots[n]));
	}
	expect_full(kt_set_for(&self->sk, 3, KT_DAY));
	for (uint32_t n = 0; n < 3; n++)
		ASSERT_EQ(0, kt_del(&self->sk, -1, n));
	EXPECT_EQ(0, kt_set_for(&self->sk, 3, KT_DAY));
	EXPECT_FALSE(is_there(0));
	EXPECT_EQ(3, kt_count(&self->sk, -1));

	/* The holder is told, and its slot is nobody else's. */
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_GET, 0);
	kt_put_u32(&req, KTLS_OCSP_A_SESSION, self->session);
	kt_put_u32(&req, KTLS_OCSP_A_SLOT, slots[0]);
	EXPECT_EQ(-EIDRM, kt_call(&self->sk, &req, NULL));
	EXPECT_NE('\0', self->sk.text[0]);
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 3, &slot));
	for (uint32_t n = 0; n < 3; n++)
		EXPECT_NE(slots[n], slot);
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slots[0]));
	EXPECT_EQ(-ENOENT, kt_call(&self->sk, &req, NULL));
	/* It is open to who wants it again. */
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 0, &slot));
	EXPECT_EQ(slots[0], slot);
}

/* So does what has been without a blob for as long as it would linger. */
TEST_F(limits, dead_ones_in_time)
{
	ASSERT_EQ(0, kt_sysctl("linger", 2));
	ASSERT_EQ(0, kt_sysctl("max_entries", 1));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 0, NULL));
	expect_full(kt_set_for(&self->sk, 1, KT_DAY));
	kt_sleep_ms(3500);
	EXPECT_TRUE(is_there(0));
	EXPECT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	EXPECT_FALSE(is_there(0));
}

/* A board that is mapped counts as the session did that it was mapped from. */
TEST_F(limits, boards)
{
	struct kt_req req;
	int other;
	void *map;
	size_t size;

	ASSERT_EQ(0, kt_sysctl("max_sessions", 2));
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_SESSION, 0);
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	other = kt_u32(&self->msg, KTLS_OCSP_A_SESSION);
	size = kt_u64(&self->msg, KTLS_OCSP_A_BOARD_SIZE);
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, other, 0);
	ASSERT_NE(MAP_FAILED, map);
	close(other);
	expect_full(kt_session(&self->sk));
	munmap(map, size);
	other = kt_session(&self->sk);
	EXPECT_LE(0, other);
	close(other);
}

static long open_files(void)
{
	FILE *file = fopen("/proc/sys/fs/file-nr", "re");
	long files = 0;

	if (file && fscanf(file, "%ld", &files) != 1)
		files = 0;
	if (file)
		fclose(file);
	return files;
}

#define MAPS	2000

/* However often a session is mapped, it takes the kernel one file. */
TEST_F(limits, files_of_boards)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *maps[MAPS];
	long before;

	before = open_files();
	for (int i = 0; i < MAPS; i++) {
		maps[i] = mmap(NULL, page, PROT_READ, MAP_SHARED,
			       self->session, 0);
		ASSERT_NE(MAP_FAILED, maps[i]);
	}
	EXPECT_GT(before + MAPS / 2, open_files());
	for (int i = 0; i < MAPS; i++)
		munmap(maps[i], page);
}

/* The pages of the board count, but for the first, which a store has anyway. */
TEST_F(limits, bytes_of_board)
{
	uint32_t per_page = sysconf(_SC_PAGESIZE) / 64, n;
	long bytes = KT_CERT_LEN + strlen(KT_ISSUER);

	ASSERT_EQ(0, kt_sysctl("max_bytes", 2 * per_page * bytes));
	for (n = 0; n < 2 * per_page; n++)
		if (kt_create(&self->sk, self->session, n, NULL))
			break;
	EXPECT_LE(per_page - 1, n);
	EXPECT_GT(per_page + 1, n);
}

static bool gone_within(struct kt_sock *sk, uint32_t n, int ms)
{
	int64_t end = kt_uptime_ms() + ms;
	struct kt_msg msg;

	while (!kt_get(sk, -1, n, 0, &msg)) {
		if (kt_uptime_ms() > end)
			return false;
		kt_sleep_ms(50);
	}
	return true;
}

/* An entry without blob and holder stays for a refresher, but not for ever. */
TEST_F(limits, linger)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_sysctl("linger", 2));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 0, &slot));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	kt_sleep_ms(2500);
	EXPECT_TRUE(is_there(0));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	kt_sleep_ms(800);
	EXPECT_TRUE(is_there(0));
	EXPECT_TRUE(gone_within(&self->sk, 0, 3000));
	EXPECT_TRUE(is_there(1));
}

TEST_F(limits, linger_ends_with_a_blob)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_sysctl("linger", 1));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 0, &slot));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	EXPECT_FALSE(gone_within(&self->sk, 0, 2500));
}

/* A limit below what is in use takes nothing away. */
TEST_F(limits, lowered)
{
	for (uint32_t n = 0; n < 5; n++)
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 0, NULL));
	ASSERT_EQ(0, kt_sysctl("max_entries", 1));
	ASSERT_EQ(0, kt_sysctl("max_handles", 0));
	ASSERT_EQ(0, kt_sysctl("max_sessions", 0));
	EXPECT_EQ(5, kt_count(&self->sk, -1));
	EXPECT_EQ(0, kt_get(&self->sk, self->session, 0, 1, &self->msg));
	EXPECT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	expect_full(kt_session(&self->sk));
	expect_full(kt_open(&self->sk, self->session, 1, NULL));
}

TEST_F(limits, sysctl_values)
{
	for (const struct kt_tunable *t = kt_tunables; t->name; t++) {
		EXPECT_EQ(t->value, kt_sysctl_get(t->name)) {
			TH_LOG("%s", t->name);
		}
		EXPECT_EQ(-EINVAL, kt_sysctl(t->name, -1));
		EXPECT_EQ(-EINVAL, kt_sysctl(t->name, 1L << 31));
		EXPECT_EQ(-EINVAL, kt_sysctl(t->name, 1L << 32));
		EXPECT_EQ(t->value, kt_sysctl_get(t->name));
		EXPECT_EQ(0, kt_sysctl(t->name, 7));
		EXPECT_EQ(7, kt_sysctl_get(t->name));
	}
}

/* Each network namespace has its own; the sums are the first one's alone. */
TEST_F(limits, sysctls_per_namespace)
{
	ASSERT_EQ(0, kt_sysctl("linger", 5));
	EXPECT_EQ(-ENOENT, kt_sysctl_get("userns_max_entries"));
	kt_new_netns();
	EXPECT_EQ(3600, kt_sysctl_get("linger"));
}

KT_HARNESS_MAIN
