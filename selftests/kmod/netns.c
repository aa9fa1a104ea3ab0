// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * One store for each network namespace: they know nothing of each other, and
 * nothing is left of one that is deleted.
 */
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <sys/socket.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define HELD	20
#define UNHELD	30

FIXTURE(netns)
{
	struct kt_sock sk;
	struct kt_msg msg;
	long refs;			/* of the module */
};

static long read_number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return -1;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 ? strtol(text, NULL, 10) : -1;
}

static long module_refs(void)
{
	return read_number("/sys/module/ktls_ocsp/refcnt");
}

FIXTURE_SETUP(netns)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->refs = module_refs();
}

FIXTURE_TEARDOWN(netns)
{
	kt_free(&self->sk);
}

TEST_F(netns, two_stores)
{
	uint8_t data[2][KT_BLOB_MIN];
	struct kt_sock sk[2] = { self->sk };
	struct kt_blob blob = {
		.session = -1,
		.len = KT_BLOB_MIN,
		.this_update = 1,
		.next_update = kt_now() + KT_DAY,
	};
	uint64_t generation;

	kt_new_netns();
	kt_new(&sk[1]);
	for (int i = 0; i < 2; i++) {
		kt_blob(data[i], KT_BLOB_MIN, i);
		blob.data = data[i];
		ASSERT_EQ(0, kt_set(&sk[i], 0, &blob, &generation));
		EXPECT_EQ(1, generation);
	}
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, kt_get(&sk[i], -1, 0, 1, &self->msg));
		EXPECT_EQ(0, memcmp(data[i],
				    kt_data(&self->msg, KTLS_OCSP_A_BLOB),
				    KT_BLOB_MIN));
	}
	EXPECT_EQ(0, kt_set_for(&sk[0], 1, KT_DAY));
	EXPECT_EQ(2, kt_count(&sk[0], -1));
	EXPECT_EQ(1, kt_count(&sk[1], -1));
	EXPECT_EQ(0, kt_del(&sk[1], -1, 0));
	EXPECT_EQ(2, kt_count(&sk[0], -1));
	kt_free(&sk[1]);
}

#define FIRST_USERS	4
#define FIRST_ROUNDS	50

/* In a new network namespace: sets one of its own as soon as all are ready. */
static void use_first(int *ready, uint32_t n)
{
	struct kt_sock sk;

	kt_new(&sk);
	__atomic_add_fetch(ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(ready, __ATOMIC_SEQ_CST) < FIRST_USERS)
		sched_yield();
	_exit(kt_set_for(&sk, n, KT_DAY) != 0);
}

/* Whoever is first makes the store; the others get the same. */
TEST_F_TIMEOUT(netns, first_users, 120)
{
	int *ready = kt_shared(sizeof(*ready));
	pid_t pids[FIRST_USERS];

	for (int i = 0; i < FIRST_ROUNDS; i++) {
		struct kt_sock sk;

		kt_new_netns();
		*ready = 0;
		for (uint32_t n = 0; n < FIRST_USERS; n++) {
			pids[n] = fork();
			if (!pids[n])
				use_first(ready, n);
		}
		for (uint32_t n = 0; n < FIRST_USERS; n++)
			ASSERT_EQ(0, kt_child_status(pids[n]));
		kt_new(&sk);
		ASSERT_EQ(FIRST_USERS, kt_count(&sk, -1));
		kt_free(&sk);
	}
}

/* Fills a network namespace of its own, and leaves it with a session in it. */
static void leave_namespace(int unix_fd)
{
	struct kt_sock sk;
	int session;

	kt_new_netns();
	kt_new(&sk);
	session = kt_session(&sk);
	for (uint32_t n = 0; n < HELD + UNHELD; n++)
		if (kt_set_for(&sk, n, KT_DAY) ||
		    (n < HELD && kt_open(&sk, session, n, NULL)))
			_exit(1);
	if (kt_create(&sk, session, HELD + UNHELD, NULL))
		_exit(1);
	kt_send_fd(unix_fd, session);
	_exit(0);
}

static int session_without_namespace(struct __test_metadata *_metadata)
{
	int pair[2], session;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid)
		leave_namespace(pair[1]);
	session = kt_recv_fd(pair[0]);
	ASSERT_EQ(0, kt_child_status(pid));
	close(pair[0]);
	close(pair[1]);
	return session;
}

/* The kernel takes a network namespace down some time after its last user. */
static int wait_for_shutdown(struct kt_sock *sk, int session)
{
	int64_t end = kt_uptime_ms() + 20000;
	int err;

	do {
		kt_sleep_ms(50);
		err = kt_open(sk, session, 0, NULL);
	} while (!err && kt_uptime_ms() < end);
	return err;
}

#define expect_gone(call)						\
	do {								\
		EXPECT_EQ(-ESHUTDOWN, call);				\
		EXPECT_NE('\0', self->sk.text[0]);			\
	} while (0)

TEST_F_TIMEOUT(netns, deleted, 60)
{
	int session = session_without_namespace(_metadata);
	uint8_t data[KT_BLOB_MIN];
	struct kt_blob blob = {
		.session = session,
		.data = data,
		.len = sizeof(data),
		.next_update = kt_now() + KT_DAY,
	};

	EXPECT_EQ(self->refs + 1, module_refs());
	expect_gone(wait_for_shutdown(&self->sk, session));
	expect_gone(kt_open(&self->sk, session, 0, NULL));
	expect_gone(kt_create(&self->sk, session, 99, NULL));
	expect_gone(kt_set(&self->sk, 0, &blob, NULL));
	expect_gone(kt_del(&self->sk, session, 0));
	expect_gone(kt_get(&self->sk, session, 0, 0, &self->msg));
	expect_gone(kt_count(&self->sk, session));
	/* Whoever closes what he holds needs not care what became of it. */
	EXPECT_EQ(0, kt_close(&self->sk, session, 0));
	EXPECT_EQ(0, kt_count(&self->sk, -1));
	close(session);
	EXPECT_EQ(self->refs, module_refs());
}

static long objects_of(const char *line)
{
	long active;

	return sscanf(line, "%*s %ld", &active) == 1 ? active : 0;
}

/* Objects in the module's slab caches; -1 when the kernel does not tell. */
static long slab_objects(void)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[512];
	long sum = -1;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "ktls_ocsp", strlen("ktls_ocsp")))
			sum = (sum < 0 ? 0 : sum) + objects_of(line);
	if (file)
		fclose(file);
	return sum;
}

static long available_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

#define BIG_BLOBS	200

static void fill_with_big_blobs(void)
{
	static uint8_t data[KTLS_OCSP_BLOB_MAX];
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = sizeof(data),
		.next_update = kt_now() + KT_DAY,
	};
	struct kt_sock sk;
	int session;

	kt_new_netns();
	kt_new(&sk);
	session = kt_session(&sk);
	for (uint32_t n = 0; n < BIG_BLOBS; n++)
		if (kt_set(&sk, n, &blob, NULL) ||
		    (n % 2 && kt_open(&sk, session, n, NULL)))
			_exit(1);
	_exit(0);
}

/* What the processors keep of free objects counts as used: some hundred on newer kernels. */
static void give_back_free(void)
{
	glob_t caches;

	if (glob("/sys/kernel/slab/ktls_ocsp*/shrink", 0, NULL, &caches))
		return;
	for (size_t i = 0; i < caches.gl_pathc; i++) {
		FILE *file = fopen(caches.gl_pathv[i], "w");

		if (file) {
			fputs("1", file);
			fclose(file);
		}
	}
	globfree(&caches);
}

static bool objects_fall_to(long objects)
{
	int64_t end = kt_uptime_ms() + 20000;

	while (slab_objects() > objects) {
		if (kt_uptime_ms() > end)
			return false;
		kt_sleep_ms(100);
		give_back_free();
	}
	return true;
}

/*
 * Namespaces that come and go leave nothing: 20 times 13 MB would be seen. A
 * few objects may sit in the caches of the processors.
 */
TEST_F_TIMEOUT(netns, memory, 180)
{
	long objects = slab_objects();
	long kib = available_kib();
	pid_t pid;

	for (int i = 0; i < 20; i++) {
		pid = fork();
		if (!pid)
			fill_with_big_blobs();
		ASSERT_EQ(0, kt_child_status(pid));
	}
	if (objects >= 0) {
		EXPECT_TRUE(objects_fall_to(objects + 256)) {
			TH_LOG("%ld objects, before %ld", slab_objects(),
			       objects);
		}
	}
	kt_sleep_ms(2000);
	EXPECT_LT(kib - 100 * 1024, available_kib());
	EXPECT_EQ(self->refs, module_refs());
}

/* What was to expire within this second may be too late to be set. */
static void fill_with_short_lived(void)
{
	struct kt_sock sk;
	int err;

	kt_new_netns();
	kt_new(&sk);
	for (uint32_t n = 0; n < 50; n++) {
		err = kt_set_for(&sk, n, 1 + n % 2);
		if (err && err != -ESTALE)
			_exit(1);
	}
}

/* A namespace whose entries are about to expire dies like any other. */
TEST_F_TIMEOUT(netns, deleted_at_expiry, 60)
{
	pid_t pid;

	for (int i = 0; i < 10; i++) {
		pid = fork();
		if (!pid) {
			fill_with_short_lived();
			kt_sleep_ms(900 + 30 * i);
			_exit(0);
		}
		ASSERT_EQ(0, kt_child_status(pid));
	}
	kt_sleep_ms(2000);
	EXPECT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	EXPECT_EQ(self->refs, module_refs());
}

KT_HARNESS_MAIN
