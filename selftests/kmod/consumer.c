// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ktls_ocsp_get() and ktls_ocsp_put(), through a module that uses them: what
 * they refuse, and that a blob stays as it is for as long as anyone has it.
 */
#include <fcntl.h>
#include <sys/syscall.h>

#include "ktest.h"
#include "modules/ktls_ocsp_consumer.h"
#include "kselftest_harness.h"

#define MODULE		"ktls_ocsp_consumer"
#define PATH		"/proc/" MODULE
#define GREEDY		4
#define ROUNDS		3000

FIXTURE(consumer)
{
	struct kt_sock sk;
	struct kt_msg msg;
	int session;
	struct ktls_ocsp_consumed head;
	uint8_t data[KTLS_OCSP_BLOB_MAX];
};

static bool load_module(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execlp("modprobe", "modprobe", "-q", MODULE, NULL);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

FIXTURE_SETUP(consumer)
{
	if (!load_module())
		SKIP(return, "no module " MODULE);
	kt_new_netns();
	kt_new(&self->sk);
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
}

/* In the parent: no file is open any more that would pin the module. */
FIXTURE_TEARDOWN_PARENT(consumer)
{
	EXPECT_EQ(0, syscall(SYS_delete_module, MODULE, O_NONBLOCK));
}

/* Gets n's blob from the caller's network namespace: an fd, or -errno. */
static int get(uint32_t n)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];
	int fd = open(PATH, O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -EPROTO;
	kt_key(n, key);
	if (write(fd, key, sizeof(key)) == sizeof(key))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static bool show(int fd, struct ktls_ocsp_consumed *head, uint8_t *data)
{
	return pread(fd, head, sizeof(*head), 0) == sizeof(*head) &&
	       pread(fd, data, KTLS_OCSP_BLOB_MAX, sizeof(*head)) == head->len;
}

static int set_len(struct kt_sock *sk, uint32_t n, size_t len, uint64_t seed)
{
	static uint8_t data[KTLS_OCSP_BLOB_MAX];
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = len,
		.status = KTLS_OCSP_CERT_STATUS_REVOKED,
		.this_update = kt_now() - 7,
		.next_update = kt_now() + KT_DAY,
	};

	kt_blob(data, len, seed);
	return kt_set(sk, n, &blob, NULL);
}

TEST_F(consumer, refusals)
{
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	EXPECT_EQ(-ENOENT, get(0));
	EXPECT_EQ(-ENODATA, get(1));
	ASSERT_EQ(0, kt_fail(&self->sk, 1, "timed out"));
	EXPECT_EQ(-ENODATA, get(1));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, 2));
	EXPECT_LE(0, get(1));
	kt_sleep_ms(2100);
	EXPECT_EQ(-ESTALE, get(1));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 1));
	EXPECT_EQ(-ENODATA, get(1));
}

TEST_F(consumer, members)
{
	int fd;

	ASSERT_EQ(0, set_len(&self->sk, 1, 1234, 1));
	fd = get(1);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(show(fd, &self->head, self->data));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, KTLS_OCSP_PART_BLOB, &self->msg));
	EXPECT_EQ(kt_u64(&self->msg, KTLS_OCSP_A_GENERATION),
		  self->head.generation);
	EXPECT_EQ(kt_s64(&self->msg, KTLS_OCSP_A_THIS_UPDATE),
		  self->head.this_update);
	EXPECT_EQ(kt_s64(&self->msg, KTLS_OCSP_A_NEXT_UPDATE),
		  self->head.next_update);
	EXPECT_EQ(kt_s64(&self->msg, KTLS_OCSP_A_STORED), self->head.stored);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, self->head.status);
	ASSERT_EQ(1234, self->head.len);
	EXPECT_EQ(0, memcmp(self->data, kt_data(&self->msg, KTLS_OCSP_A_BLOB),
			    1234));
}

TEST_F(consumer, largest_blob)
{
	int fd;

	ASSERT_EQ(0, set_len(&self->sk, 1, KTLS_OCSP_BLOB_MAX, 1));
	fd = get(1);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(show(fd, &self->head, self->data));
	ASSERT_EQ(KTLS_OCSP_BLOB_MAX, self->head.len);
	EXPECT_TRUE(kt_blob_ok(self->data, self->head.len));
}

/* What was got stays, though the store has another blob, and then none. */
TEST_F(consumer, outlives_the_response)
{
	int old, new;

	ASSERT_EQ(0, set_len(&self->sk, 1, 3000, 1));
	old = get(1);
	ASSERT_EQ(0, set_len(&self->sk, 1, 500, 2));
	new = get(1);
	ASSERT_EQ(0, kt_del(&self->sk, -1, 1));
	ASSERT_EQ(0, kt_count(&self->sk, -1));
	for (uint32_t n = 10; n < 30; n++)
		ASSERT_EQ(0, set_len(&self->sk, n, 3000, n));
	ASSERT_TRUE(show(old, &self->head, self->data));
	EXPECT_EQ(1, self->head.generation);
	EXPECT_EQ(3000, self->head.len);
	EXPECT_TRUE(kt_blob_ok(self->data, self->head.len));
	ASSERT_TRUE(show(new, &self->head, self->data));
	EXPECT_EQ(2, self->head.generation);
	EXPECT_EQ(500, self->head.len);
	EXPECT_TRUE(kt_blob_ok(self->data, self->head.len));
}

static void get_elsewhere(int fd)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct kt_sock sk;

	kt_new_netns();
	kt_new(&sk);
	kt_key(1, key);
	if (set_len(&sk, 1, 3000, 1) ||
	    write(fd, key, sizeof(key)) != sizeof(key))
		_exit(1);
	_exit(0);
}

/* It stays when the whole network namespace is gone. */
TEST_F(consumer, outlives_the_namespace)
{
	int fd = open(PATH, O_RDWR | O_CLOEXEC);
	int status;
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = fork();
	if (!pid)
		get_elsewhere(fd);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	kt_sleep_ms(1500);
	ASSERT_TRUE(show(fd, &self->head, self->data));
	EXPECT_TRUE(kt_blob_ok(self->data, self->head.len));
	EXPECT_EQ(-ENOENT, get(1));
}

TEST_F(consumer, many_references)
{
	int fds[500];

	ASSERT_EQ(0, set_len(&self->sk, 1, 3000, 1));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = get(1);
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, kt_del(&self->sk, -1, 1));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_TRUE(show(fds[i], &self->head, self->data));
		ASSERT_TRUE(kt_blob_ok(self->data, self->head.len));
		close(fds[i]);
	}
}

/* The module pins the store's: that cannot be unloaded under it. */
TEST_F(consumer, pins_the_module)
{
	close(self->session);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "ktls_ocsp", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
}

/* How many blobs of a key were got and found to be torn or out of order. */
static int look_again_and_again(void)
{
	static uint8_t data[KTLS_OCSP_BLOB_MAX];
	struct ktls_ocsp_consumed head;
	uint64_t last = 0;
	int bad = 0, fd;

	for (int i = 0; i < ROUNDS; i++) {
		fd = get(1);
		if (fd < 0) {
			bad += fd != -ENOENT && fd != -ENODATA;
			continue;
		}
		bad += !show(fd, &head, data) || !kt_blob_ok(data, head.len) ||
		       head.generation < last;
		last = head.generation;
		close(fd);
	}
	return bad;
}

TEST_F_TIMEOUT(consumer, races, 120)
{
	pid_t pids[GREEDY];
	int status, ended = 0;

	for (int i = 0; i < GREEDY; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(look_again_and_again() ? 1 : 0);
	}
	for (uint64_t i = 0; ended < GREEDY; i++) {
		ASSERT_EQ(0, i % 5 == 4 ? kt_del(&self->sk, -1, 1) :
			     set_len(&self->sk, 1, 64 + i % 4000, i));
		if (waitpid(pids[ended], &status, WNOHANG) == pids[ended]) {
			EXPECT_EQ(0, status);
			ended++;
		}
	}
}

KT_HARNESS_MAIN
