// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp in processes like those of real servers: daemons whose parent ends,
 * masters that never staple, workers without privileges or descriptors, or
 * that have locked themselves in. None of them loses its staple while responses
 * are refreshed, and none takes a handle of its own. With the module, and as
 * servers_standin without one.
 */
#include <fcntl.h>
#include <grp.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "store_test.h"

#define REFRESHES	20

/* Which the stand-in has not: what is new is asked for there. */
#ifdef STANDIN_PROGRAM
#define HAS_BOARD	false
#else
#define HAS_BOARD	true
#endif

/* Of the library: how many sockets it asked for, and what it is told. */
static int sockets, socket_error;

int socket(int domain, int type, int protocol)
{
	sockets++;
	if (socket_error) {
		errno = socket_error;
		return -1;
	}
	return syscall(SYS_socket, domain, type, protocol);
}

/* A process that is told what to do next, and how that went. */
struct actor {
	int fd;
	pid_t pid;
};

typedef int (*act)(HCERT_SERVER_OCSP_RESPONSE h);

/* Of this process, where it is an actor: to whom it listens */
static int served;

/* Serve until the other end is closed. */
static void serve(int fd, HCERT_SERVER_OCSP_RESPONSE h)
{
	act what;
	int result;

	served = fd;
	while (read(fd, &what, sizeof(what)) == sizeof(what)) {
		result = what(h);
		if (write(fd, &result, sizeof(result)) != sizeof(result))
			break;
	}
	_exit(0);
}

/* Fork a process that serves; in it, first is done before. */
static struct actor fork_actor(HCERT_SERVER_OCSP_RESPONSE h, act first)
{
	struct actor a;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		abort();
	a.fd = fds[0];
	a.pid = fork();
	if (a.pid < 0)
		abort();
	if (!a.pid) {
		close(fds[0]);
		if (first && first(h))
			_exit(99);
		serve(fds[1], h);
	}
	close(fds[1]);
	return a;
}

static int ask(struct actor *a, act what)
{
	int result;

	if (write(a->fd, &what, sizeof(what)) != sizeof(what) ||
	    read(a->fd, &result, sizeof(result)) != sizeof(result))
		return -1;
	return result;
}

static void dismiss(struct actor *a)
{
	close(a->fd);
	if (a->pid)
		waitpid(a->pid, NULL, 0);
}

/*
 * A server of a process that is gone: it opens its handle, and goes on in a
 * child, as daemon(3) does it. Its actor is no child of ours.
 */
static struct actor start_daemon(FIXTURE_DATA(store) *self, act first)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct actor a = { 0 };
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		abort();
	pid = fork();
	if (!pid) {
		close(fds[0]);
		h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
		if (!h)
			_exit(1);
		if (fork())
			_exit(0);
		setsid();
		if (first && first(h))
			_exit(99);
		serve(fds[1], h);
	}
	close(fds[1]);
	if (kt_child_status(pid))
		abort();
	a.fd = fds[0];
	return a;
}

static int staple(HCERT_SERVER_OCSP_RESPONSE h)
{
	return !get_is_ok(h);
}

static PCCERT_SERVER_OCSP_RESPONSE_CONTEXT get(HCERT_SERVER_OCSP_RESPONSE h)
{
	return CertGetServerOcspResponseContext(h, 0, NULL);
}

/* Of the response: its first bytes, or 0 for none. */
static int stapled(HCERT_SERVER_OCSP_RESPONSE h)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c = get(h);
	int tag = 0;

	if (!c)
		return 0;
	memcpy(&tag, c->pbEncodedOcspResponse, sizeof(tag));
	CertFreeServerOcspResponseContext(c);
	return tag;
}

/* What stapled() says of what was stored last. */
static int newest(const FIXTURE_DATA(store) *self)
{
	uint8_t blob[BLOB];
	int tag;

	kt_blob(blob, sizeof(blob), self->seed);
	memcpy(&tag, blob, sizeof(tag));
	return tag;
}

static int become_nobody(HCERT_SERVER_OCSP_RESPONSE h)
{
	(void)h;
	kt_become_nobody();
	return 0;
}

TEST_F(store, daemon_whose_parent_ends)
{
	struct actor a;
	int i;

	ASSERT_EQ(0, set_good(self));
	a = start_daemon(self, become_nobody);
	EXPECT_EQ(1, handles(self));
	for (i = 0; i < REFRESHES; i++) {
		ASSERT_EQ(0, set_good(self));
		EXPECT_EQ(newest(self), ask(&a, stapled));
		EXPECT_EQ(1, handles(self));
	}
	dismiss(&a);
	EXPECT_TRUE(handles_become(self, 0));
}

/* As nginx: who forks the workers never staples. */
#define WORKERS		64

static struct actor workers[WORKERS];

static int fork_workers(HCERT_SERVER_OCSP_RESPONSE h)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		workers[i] = fork_actor(h, become_nobody);
	return 0;
}

static int ask_workers(HCERT_SERVER_OCSP_RESPONSE h)
{
	int i, bad = 0;

	(void)h;
	for (i = 0; i < WORKERS; i++)
		bad += ask(&workers[i], staple) != 0;
	return bad;
}

static int dismiss_workers(HCERT_SERVER_OCSP_RESPONSE h)
{
	int i;

	(void)h;
	/* Each has inherited the ends of those before. */
	for (i = WORKERS; i--;)
		dismiss(&workers[i]);
	return 0;
}

TEST_F_TIMEOUT(store, workers_of_a_daemon, 300)
{
	struct actor a;
	int i;

	ASSERT_EQ(0, set_good(self));
	a = start_daemon(self, fork_workers);
	for (i = 0; i < REFRESHES; i++) {
		ASSERT_EQ(0, set_good(self));
		EXPECT_EQ(0, ask(&a, ask_workers));
		EXPECT_EQ(1, handles(self));
	}
	EXPECT_EQ(0, ask(&a, dismiss_workers));
	EXPECT_EQ(1, handles(self));
	dismiss(&a);
	EXPECT_TRUE(handles_become(self, 0));
}

/* A worker that is left when all others have gone still holds it. */
TEST_F(store, last_worker)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct actor a;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	a = fork_actor(h, become_nobody);
	EXPECT_EQ(0, ask(&a, staple));
	CertCloseServerOcspResponse(h, 0);
	/* What its parent closed it holds by itself, once it has asked again. */
	ASSERT_EQ(0, set_good(self));
	EXPECT_EQ(newest(self), ask(&a, stapled));
	EXPECT_EQ(1, handles(self));
	ASSERT_EQ(0, set_good(self));
	EXPECT_EQ(newest(self), ask(&a, stapled));
	dismiss(&a);
	EXPECT_TRUE(handles_become(self, 0));
}

/*
 * It could not hold it, and staples what there is; without a board what there
 * was, until it asks again.
 */
TEST_F(store, last_worker_at_the_limit)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct actor a;
	int i, got;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, set_limit("max_handles", 0));
	a = fork_actor(h, become_nobody);
	CertCloseServerOcspResponse(h, 0);
	for (i = 0; i < REFRESHES; i++) {
		ASSERT_EQ(0, set_good(self));
		got = ask(&a, stapled);
		EXPECT_NE(0, got);
		EXPECT_TRUE(!HAS_BOARD || got == newest(self));
	}
	EXPECT_EQ(0, handles(self));
	dismiss(&a);
}

/* A reload in a daemon: what it inherited goes with its last close. */
static HCERT_SERVER_OCSP_RESPONSE other;
static PCCERT_CHAIN_CONTEXT other_chain;

static int open_other(HCERT_SERVER_OCSP_RESPONSE h)
{
	(void)h;
	other = CertOpenServerOcspResponse(other_chain, ASYNC, NULL);
	return !other;
}

static int close_first(HCERT_SERVER_OCSP_RESPONSE h)
{
	CertCloseServerOcspResponse(h, 0);
	return 0;
}

static int staple_other(HCERT_SERVER_OCSP_RESPONSE h)
{
	(void)h;
	return staple(other);
}

/* Two certificates that are good: the fixture's, and the one of other_chain */
static void other_new(struct __test_metadata *_metadata,
		      FIXTURE_DATA(store) *self, struct pki *pki)
{
	pki_new(pki, 0x11, PKI_URL, 0);
	other_chain = pki_chain(pki);
	ASSERT_EQ(0, set_good(self));
	ASSERT_EQ(0, set_for(self, pki, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY));
}

static void other_free(struct pki *pki)
{
	CertFreeCertificateChain(other_chain);
	pki_free(pki);
}

TEST_F(store, reload_of_a_daemon)
{
	struct pki pki;
	struct actor a;

	other_new(_metadata, self, &pki);
	a = start_daemon(self, NULL);
	EXPECT_EQ(0, ask(&a, open_other));
	EXPECT_EQ(1, handles(self));
	EXPECT_EQ(0, ask(&a, close_first));
	EXPECT_EQ(0, handles(self));
	EXPECT_EQ(0, ask(&a, staple_other));
	dismiss(&a);
	other_free(&pki);
}

/* Descriptors that the application closed. */

static int close_descriptors(HCERT_SERVER_OCSP_RESPONSE h)
{
	int fd;

	(void)h;
	for (fd = 3; fd < 64; fd++)
		if (fd != served)
			close(fd);
	return 0;
}

/* As often as a server is asked in so many seconds */
static int staple_for(int seconds, HCERT_SERVER_OCSP_RESPONSE h)
{
	int64_t end = kt_uptime_ms() + seconds * 1000;
	int bad = 0;

	while (kt_uptime_ms() < end) {
		bad += staple(h);
		kt_sleep_ms(50);
	}
	return bad;
}

static int staple_other_for_12(HCERT_SERVER_OCSP_RESPONSE h)
{
	(void)h;
	return staple_for(12, other);
}

/* Nothing is refreshed meanwhile: nobody would do it for what nobody holds. */
TEST_F_TIMEOUT(store, closed_descriptors_are_noticed, 120)
{
	struct actor a;

	ASSERT_EQ(0, set_good(self));
	other_chain = self->chain;
	a = fork_actor(NULL, open_other);
	EXPECT_EQ(0, ask(&a, close_descriptors));
	EXPECT_EQ(0, handles(self));
	EXPECT_EQ(0, ask(&a, staple_other_for_12));
	EXPECT_EQ(1, handles(self));
	dismiss(&a);
	EXPECT_TRUE(handles_become(self, 0));
}

/* The handle that is used heals those that are not. */
TEST_F_TIMEOUT(store, handles_that_nobody_asks_are_held_again, 60)
{
	struct pki pki;
	struct actor a;

	other_new(_metadata, self, &pki);
	a = start_daemon(self, open_other);
	EXPECT_EQ(0, ask(&a, close_descriptors));
	EXPECT_TRUE(handles_become(self, 0));
	ASSERT_EQ(0, set_for(self, &pki, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY));
	EXPECT_EQ(0, ask(&a, staple_other));
	EXPECT_EQ(0, ask(&a, staple_other));
	EXPECT_EQ(1, handles(self));
	dismiss(&a);
	other_free(&pki);
}

/* The kernel out of reach */

static int no_more_sockets(HCERT_SERVER_OCSP_RESPONSE h)
{
	(void)h;
	socket_error = EPERM;
	sockets = 0;
	return 0;
}

static int staple_often(HCERT_SERVER_OCSP_RESPONSE h)
{
	int i, bad = 0;

	sockets = 0;
	for (i = 0; i < 10000; i++)
		bad += staple(h);
	return bad;
}

static int count_sockets(HCERT_SERVER_OCSP_RESPONSE h)
{
	(void)h;
	return sockets;
}

TEST_F(store, what_is_valid_is_stapled_without_the_kernel)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct actor a;
	int before;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	a = fork_actor(h, no_more_sockets);
	before = newest(self);
	ASSERT_EQ(0, set_good(self));
	EXPECT_EQ(before, ask(&a, stapled));
	EXPECT_EQ(0, ask(&a, staple_often));
	/* With a back-off: 1, 2, 4 seconds and so on */
	EXPECT_GE(8, ask(&a, count_sockets));
	/* What was withdrawn is not. */
	ASSERT_EQ(0, ocsp_client_del(self->client, &(struct ocsp_name){
			.session = -1, .key = self->pki.key }));
	EXPECT_EQ(HAS_BOARD ? 0 : before, ask(&a, stapled));
	dismiss(&a);
	CertCloseServerOcspResponse(h, 0);
}

/* The hard limit stays: valgrind has none of its own to change. */
static int limit_descriptors(rlim_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -1;
	limit.rlim_cur = n;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

static int no_descriptors(HCERT_SERVER_OCSP_RESPONSE h)
{
	(void)h;
	return limit_descriptors(0);
}

static int descriptors_again(HCERT_SERVER_OCSP_RESPONSE h)
{
	(void)h;
	return limit_descriptors(1024);
}

TEST_F(store, descriptors_run_out_and_come_back)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int before, tries;
	struct actor a;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	a = fork_actor(h, no_descriptors);
	before = newest(self);
	ASSERT_EQ(0, set_good(self));
	EXPECT_EQ(before, ask(&a, stapled));
	EXPECT_EQ(0, ask(&a, descriptors_again));
	for (tries = 0; tries < 100; tries++) {
		if (ask(&a, stapled) == newest(self))
			break;
		kt_sleep_ms(100);
	}
	EXPECT_EQ(newest(self), ask(&a, stapled));
	dismiss(&a);
	CertCloseServerOcspResponse(h, 0);
}

static int prepare(HCERT_SERVER_OCSP_RESPONSE h)
{
	if (OcspPrepareWorker() != 1)
		return 1;
	kt_become_nobody();
	return no_more_sockets(h);
}

TEST_F(store, prepared_worker_is_refreshed)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct actor a;
	int i;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	a = fork_actor(h, prepare);
	for (i = 0; i < REFRESHES; i++) {
		ASSERT_EQ(0, set_good(self));
		EXPECT_EQ(newest(self), ask(&a, stapled));
	}
	EXPECT_EQ(0, ask(&a, count_sockets));
	EXPECT_EQ(1, handles(self));
	dismiss(&a);
	CertCloseServerOcspResponse(h, 0);
}

#ifndef STANDIN_PROGRAM	/* whose client asks otherwise */

/*
 * One that is killed for any system call that libocsp(7) does not list for a
 * worker that is prepared; the last three are the test's own.
 */
static const int listed[] = {
	SYS_sendto, SYS_recvmsg, SYS_fstat, SYS_newfstatat, SYS_fcntl,
	SYS_readlink, SYS_readlinkat, SYS_time, SYS_clock_gettime, SYS_futex,
	SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_brk, SYS_madvise,
	SYS_read, SYS_write, SYS_exit_group,
};

#define LISTED	(sizeof(listed) / sizeof(listed[0]))

static int allow_what_is_listed(void)
{
	struct sock_filter code[LISTED + 3];
	struct sock_fprog program = { LISTED + 3, code };

	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       offsetof(struct seccomp_data, nr));
	/* Over those that follow, and what kills */
	for (size_t i = 0; i < LISTED; i++)
		code[1 + i] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, listed[i],
				 LISTED - i, 0);
	code[LISTED + 1] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	code[LISTED + 2] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_TSYNC, &program);
}

/* So many that what a thread remembers of them grows while it staples */
#define MANY	300

static HCERT_SERVER_OCSP_RESPONSE many[MANY];
static sem_t asked, done;
static int bad_of_many;

/* A thread that was there before, with a memory of its own */
static void *staple_when_asked(void *arg)
{
	int i;

	sem_post(&done);
	for (;;) {
		sem_wait(&asked);
		for (i = 0; i < MANY; i++)
			bad_of_many += staple(many[i]);
		sem_post(&done);
	}
	return arg;
}

static int staple_many(HCERT_SERVER_OCSP_RESPONSE h)
{
	sem_post(&asked);
	sem_wait(&done);
	return bad_of_many + staple(h);
}

/* What a thread asks the kernel for when it starts is not listed: it has started. */
static int lock_in(HCERT_SERVER_OCSP_RESPONSE h)
{
	pthread_t thread;

	return sem_init(&asked, 0, 0) || sem_init(&done, 0, 0) ||
	       pthread_create(&thread, NULL, staple_when_asked, NULL) ||
	       sem_wait(&done) || !OcspPrepareWorker() || allow_what_is_listed() || staple(h);
}

/* The sanitizers and valgrind ask the kernel for more in the worker's name. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	defined(OCSP_PLAIN_MALLOC)
#define IS_WATCHED	true
#else
#define IS_WATCHED	false
#endif

TEST_F_TIMEOUT(store, locked_in_worker_is_refreshed, 60)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct actor a;
	int i;

	if (IS_WATCHED)
		SKIP(return, "a checker would be killed");
	h = open_good(self);
	ASSERT_NE(NULL, h);
	for (i = 0; i < MANY; i++)
		many[i] = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	a = fork_actor(h, lock_in);
	for (i = 0; i < REFRESHES; i++) {
		ASSERT_EQ(0, set_good(self));
		EXPECT_EQ(newest(self), ask(&a, stapled));
	}
	EXPECT_EQ(0, ask(&a, staple_many));
	/* It looks at its descriptors now and then. */
	kt_sleep_ms(11000);
	EXPECT_EQ(0, ask(&a, staple_many));
	dismiss(&a);
	for (i = 0; i < MANY; i++)
		CertCloseServerOcspResponse(many[i], 0);
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, prepare_says_why_not)
{
	socket_error = EAFNOSUPPORT;
	SetLastError(0);
	EXPECT_EQ(0, OcspPrepareWorker());
	EXPECT_NE(0, GetLastError());
	EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(), "socket"))
		TH_LOG("text: %s", OcspGetLastErrorMessage());
	socket_error = 0;
	EXPECT_EQ(1, OcspPrepareWorker());
}

/* Nothing to staple: that is not asked for at each handshake. */
TEST_F(store, nothing_is_not_asked_for_again_and_again)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int64_t start;
	int i;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	expect_offline(h, "no response yet");
	/* Without a socket a request would fail. */
	socket_error = EPERM;
	ASSERT_EQ(0, close_range(3, ~0U, 0));
	start = kt_uptime_ms();
	for (i = 0; i < 100 && kt_uptime_ms() - start < 500; i++)
		expect_offline(h, "no response yet");
	socket_error = 0;
	ocsp_client_abandon(self->client);
	ASSERT_EQ(0, ocsp_client_new(&self->client));
	ASSERT_EQ(0, set_good(self));
	CertCloseServerOcspResponse(h, 0);
}

#endif /* STANDIN_PROGRAM */

/* After the last close nothing of it is left: the module can be unloaded. */

static bool is_mapped(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	bool found = false;
	char line[512];

	while (fgets(line, sizeof(line), f))
		found |= !!strstr(line, "ktls_ocsp_board");
	fclose(f);
	return found;
}

TEST_F(store, nothing_is_left_after_the_last_close)
{
	int before = open_descriptors();
	HCERT_SERVER_OCSP_RESPONSE a, b;

	a = open_good(self);
	b = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_TRUE(get_is_ok(a));
	EXPECT_LT(before, open_descriptors());
	EXPECT_EQ(HAS_BOARD, is_mapped());
	CertCloseServerOcspResponse(a, 0);
	EXPECT_TRUE(get_is_ok(b));
	CertCloseServerOcspResponse(b, 0);
	EXPECT_EQ(before, open_descriptors());
	EXPECT_FALSE(is_mapped());
	a = CertOpenServerOcspResponse(self->chain, 0, NULL);
	EXPECT_TRUE(get_is_ok(a));
	CertCloseServerOcspResponse(a, 0);
	EXPECT_EQ(before, open_descriptors());
}

/* A thread that is cancelled while it asks leaves nothing locked. */

static void *get_for_ever(void *arg)
{
	for (;;) {
		staple(arg);
		pthread_testcancel();
	}
	return NULL;
}

TEST_F_TIMEOUT(store, cancelled_threads, 60)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pthread_t thread;
	int i;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, get_for_ever, h));
		ASSERT_EQ(0, set_good(self));
		ASSERT_EQ(0, set_good(self));
		ASSERT_EQ(0, pthread_cancel(thread));
		ASSERT_EQ(0, set_good(self));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		EXPECT_TRUE(get_is_ok(h));
	}
	CertCloseServerOcspResponse(h, 0);
}

TEST_HARNESS_MAIN
