// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp on the board: no system call while nothing changes, and what changes
 * is seen at once.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/filter.h>
#include <linux/ktls_ocsp_board.h>
#include <linux/seccomp.h>

#include "clock.h"
#include "store_test.h"

/* What looks over memory, threads or lines makes calls of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||	\
	defined(OCSP_PLAIN_MALLOC) || defined(COVERAGE_H)
#define CALLS_ARE_OURS	0
#else
#define CALLS_ARE_OURS	1
#endif

#define READS	(CALLS_ARE_OURS ? 1000000 : 10000)

#define NR	offsetof(struct seccomp_data, nr)
#define FLAGS	offsetof(struct seccomp_data, args[3])	/* of mmap() */

static void filter(struct sock_filter *code, size_t len)
{
	struct sock_fprog prog = { len, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		_exit(98);
}

/*
 * From here on a system call is death, but for exit and, where the clock has
 * no other way (some virtual machines'), clock_gettime().
 */
static void no_more_calls(int clock)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, clock, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	if (CALLS_ARE_OURS)
		filter(code, sizeof(code) / sizeof(code[0]));
}

static bool get_is_null(HCERT_SERVER_OCSP_RESPONSE h)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;

	SetLastError(0);
	c = CertGetServerOcspResponseContext(h, 0, NULL);
	CertFreeServerOcspResponseContext(c);
	return !c && GetLastError() == (DWORD)CRYPT_E_REVOCATION_OFFLINE;
}

/* No hash: that would be most of the time. */
static int read_many(HCERT_SERVER_OCSP_RESPONSE h, void *unused)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	int i;

	(void)unused;
	for (i = 0; i < READS; i++) {
		c = CertGetServerOcspResponseContext(h, 0, NULL);
		if (!c || c->cbEncodedOcspResponse != BLOB)
			return 1;
		CertFreeServerOcspResponseContext(c);
	}
	return 0;
}

/* The end of a child, which has no call left but that: valgrind wants H back. */
static void leave(HCERT_SERVER_OCSP_RESPONSE h, int status)
{
	if (!CALLS_ARE_OURS)
		CertCloseServerOcspResponse(h, 0);
	_exit(status);
}

/* 0, or what went wrong. */
typedef int read_fn(HCERT_SERVER_OCSP_RESPONSE h, void *arg);

/*
 * A child that opens a handle and reads by it, while a system call other than
 * CLOCK is death to it. Its exit status is what fn() returns.
 */
static pid_t fork_reader(FIXTURE_DATA(store) *self, int clock, read_fn *fn,
			 void *arg)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pid_t pid = fork();

	if (!pid) {
		h = CertOpenServerOcspResponse(self->chain, 0, NULL);
		no_more_calls(clock);
		leave(h, fn(h, arg));
	}
	return pid;
}

TEST_F_TIMEOUT(store, no_system_call, 120)
{
	pid_t pid;

	ASSERT_EQ(0, set_good(self));
	pid = fork_reader(self, SYS_exit_group, read_many, NULL);
	EXPECT_EQ(0, kt_child_status(pid));
}

/* The trap of the test above does catch. */
TEST_F(store, change_costs_a_call)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pid_t pid;

	if (!CALLS_ARE_OURS)
		SKIP(return, "this build makes calls of its own");
	ASSERT_EQ(0, set_good(self));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		h = CertOpenServerOcspResponse(self->chain, 0, NULL);
		if (set_good(self))
			_exit(1);
		no_more_calls(SYS_exit_group);
		leave(h, !get_is_ok(h));
	}
	EXPECT_EQ(128 + SIGSYS, kt_child_status(pid));
}

/* The staples of a worker, and of its own worker: nothing is asked for. */
TEST_F(store, staples_of_a_child)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pid_t pid;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		pid = fork();
		if (!pid) {
			no_more_calls(SYS_exit_group);
			leave(h, read_many(h, NULL));
		}
		if (kt_child_status(pid) || handles(self) != 1)
			_exit(1);
		no_more_calls(SYS_exit_group);
		leave(h, read_many(h, NULL));
	}
	EXPECT_EQ(0, kt_child_status(pid));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
}

/* What could be held once more by nobody is no matter to it. */
TEST_F(store, child_at_the_limit)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pid_t pid;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, kt_sysctl("max_handles", 1));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (set_good(self) || !get_is_ok(h) || handles(self) != 1)
			_exit(1);
		no_more_calls(SYS_exit_group);
		leave(h, read_many(h, NULL));
	}
	EXPECT_EQ(0, kt_child_status(pid));
	CertCloseServerOcspResponse(h, 0);
}

static PCCERT_SERVER_OCSP_RESPONSE_CONTEXT get(HCERT_SERVER_OCSP_RESPONSE h)
{
	return CertGetServerOcspResponseContext(h, 0, NULL);
}

/* Is it what set_good() stored last? */
static bool is_newest(FIXTURE_DATA(store) *self,
		      PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c)
{
	uint8_t blob[BLOB];

	kt_blob(blob, sizeof(blob), self->seed);
	return c && c->cbEncodedOcspResponse == sizeof(blob) &&
	       !memcmp(c->pbEncodedOcspResponse, blob, sizeof(blob));
}

static bool get_is_newest(FIXTURE_DATA(store) *self,
			  HCERT_SERVER_OCSP_RESPONSE h)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c = get(h);
	bool newest = is_newest(self, c);

	CertFreeServerOcspResponseContext(c);
	return newest;
}

TEST_F(store, every_change_is_seen)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT old = NULL, c;
	struct ocsp_name name = OCSP_NAME_INIT;
	HCERT_SERVER_OCSP_RESPONSE h;
	int i;

	name.key = self->pki.key;
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	for (i = 0; i < 100; i++) {
		EXPECT_TRUE(get_is_null(h));
		ASSERT_EQ(0, set_good(self));
		EXPECT_TRUE(get_is_newest(self, h));
		ASSERT_EQ(0, set_good(self));
		c = get(h);
		EXPECT_TRUE(is_newest(self, c));
		EXPECT_NE(old, c);
		/* One that was kept stays as it was. */
		EXPECT_TRUE(!old || kt_blob_ok(old->pbEncodedOcspResponse,
					       BLOB));
		CertFreeServerOcspResponseContext(old);
		old = c;
		ASSERT_EQ(0, ocsp_client_del(self->client, &name));
	}
	CertCloseServerOcspResponse(h, 0);
	EXPECT_TRUE(kt_blob_ok(old->pbEncodedOcspResponse, BLOB));
	CertFreeServerOcspResponseContext(old);
}

/*
 * Reads until the response is over, which nobody tells. 0: served up to the
 * very second of next_update, and no longer.
 */
static int read_to_the_end(HCERT_SERVER_OCSP_RESPONSE h, void *arg)
{
	int64_t before, next_update = *(const int64_t *)arg;
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;

	for (;;) {
		before = clock_ns(CLOCK_REALTIME);
		c = get(h);
		if (!c)
			break;
		CertFreeServerOcspResponseContext(c);
		if (before >= next_update)
			return 1;
	}
	if (clock_ns(CLOCK_REALTIME) < next_update)
		return 2;
	return GetLastError() == (DWORD)CRYPT_E_REVOCATION_OFFLINE ? 0 : 3;
}

/*
 * Stores a response that is good for so many seconds, and reads it in a child
 * until it has only min_validity left.
 */
static int read_until(FIXTURE_DATA(store) *self, long seconds,
		      long min_validity)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_entry r;
	int64_t end;

	name.key = self->pki.key;
	if (kt_sysctl("min_validity", min_validity) ||
	    set_for(self, &self->pki, KTLS_OCSP_CERT_STATUS_GOOD, seconds) ||
	    ocsp_client_get(self->client, &name, 0, &r))
		return -1;
	/* It is served as long as exactly min_validity is left: this second. */
	end = r.next_update - min_validity + (min_validity ? 1 : 0);
	end *= NS_PER_S;
	return kt_child_status(fork_reader(self, SYS_clock_gettime,
					   read_to_the_end, &end));
}

TEST_F(store, expiry_without_a_call)
{
	EXPECT_EQ(0, read_until(self, 3, 0));
}

/* The edge: with exactly min_validity left it is served. */
TEST_F(store, min_validity_to_the_second)
{
	EXPECT_EQ(0, read_until(self, 103, 100));
}

/* The parent turns it, the child may make no call to see it. */
static int follow_min_validity(HCERT_SERVER_OCSP_RESPONSE h, void *arg)
{
	atomic_int *turn = arg;

	if (!get_is_ok(h))
		return 1;
	atomic_store(turn, 1);
	while (atomic_load(turn) != 2)
		;
	if (!get_is_null(h))
		return 2;
	atomic_store(turn, 3);
	while (atomic_load(turn) != 4)
		;
	return get_is_ok(h) ? 0 : 3;
}

static void await(atomic_int *turn, int value)
{
	while (atomic_load(turn) != value)
		kt_sleep_ms(1);
}

TEST_F(store, min_validity_is_followed)
{
	atomic_int *turn = kt_shared(sizeof(*turn));
	pid_t pid;

	ASSERT_EQ(0, set_good(self));
	pid = fork_reader(self, SYS_clock_gettime, follow_min_validity, turn);
	ASSERT_LE(0, pid);
	await(turn, 1);
	ASSERT_EQ(0, kt_sysctl("min_validity", 2 * PKI_DAY));
	atomic_store(turn, 2);
	await(turn, 3);
	ASSERT_EQ(0, kt_sysctl("min_validity", 600));
	atomic_store(turn, 4);
	EXPECT_EQ(0, kt_child_status(pid));
}

/* What every handle must do, on the board or not. */
static int live_without_board(FIXTURE_DATA(store) *self,
			      const struct pki *pki,
			      HCERT_SERVER_OCSP_RESPONSE h)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	int i;

	name.key = pki->key;
	for (i = 0; i < 3; i++) {
		if (!get_is_null(h))
			return 1;
		if (set_for(self, pki, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY) ||
		    !get_is_ok(h) || !get_is_ok(h))
			return 2;
		if (set_for(self, pki, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY) ||
		    !get_is_newest(self, h))
			return 3;
		if (ocsp_client_del(self->client, &name))
			return 4;
	}
	return get_is_null(h) ? 0 : 5;
}

/* Slots beyond the mapping: the limit was raised after the session was made. */
TEST_F(store, board_exhausted)
{
	uint32_t per_page = sysconf(_SC_PAGESIZE) / KTLS_OCSP_BOARD_LINE;
	HCERT_SERVER_OCSP_RESPONSE first, beyond;
	PCCERT_CHAIN_CONTEXT chain;
	struct pki second;
	struct kt_sock sk;

	ASSERT_EQ(0, kt_sysctl("max_entries", 1));
	ASSERT_EQ(0, set_good(self));
	first = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, first);
	ASSERT_EQ(0, kt_sysctl("max_entries", 10000));
	kt_new(&sk);
	for (uint32_t n = 0; n < per_page; n++)
		ASSERT_EQ(0, kt_set_for(&sk, n, KT_DAY));
	pki_new(&second, 0x11, PKI_URL, 0);
	chain = pki_chain(&second);
	beyond = CertOpenServerOcspResponse(chain, ASYNC, NULL);
	ASSERT_NE(NULL, beyond);
	EXPECT_EQ(0, live_without_board(self, &second, beyond));
	EXPECT_TRUE(get_is_ok(first));
	CertCloseServerOcspResponse(beyond, 0);
	CertCloseServerOcspResponse(first, 0);
	CertFreeCertificateChain(chain);
	pki_free(&second);
	kt_free(&sk);
}

/* As where an address space is limited; anonymous memory is still given. */
static void no_more_mappings(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MAP_SHARED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	filter(code, sizeof(code) / sizeof(code[0]));
}

TEST_F(store, board_cannot_be_mapped)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		no_more_mappings();
		h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
		if (!h)
			_exit(10);
		leave(h, live_without_board(self, &self->pki, h));
	}
	EXPECT_EQ(0, kt_child_status(pid));
}

/*
 * Leaves the namespace, and its store, to be taken down by the kernel: without
 * a socket in it, but with its board in sight.
 */
TEST_F_TIMEOUT(store, namespace_deleted, 60)
{
	int64_t end = kt_uptime_ms() + 20000;
	HCERT_SERVER_OCSP_RESPONSE h;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	EXPECT_TRUE(get_is_ok(h));
	kt_new_netns();
	ASSERT_EQ(0, close_range(3, ~0U, 0));
	ocsp_client_abandon(self->client);
	self->client = NULL;
	EXPECT_TRUE(get_is_ok(h));
	while (get_is_ok(h) && kt_uptime_ms() < end)
		;
	/* The new namespace's store, where the generations start anew */
	ASSERT_EQ(0, ocsp_client_new(&self->client));
	EXPECT_EQ(1, handles(self));
	EXPECT_TRUE(get_is_null(h));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_newest(self, h));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

TEST_HARNESS_MAIN
