// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp: learning of new responses by the kernel's telling, in the thread and
 * in an application's event loop. With the module, and as events_standin without
 * one.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>

#include "store_test.h"

#define SOON	400	/* ms: what comes once a second takes longer */

/* Of the library: sessions that cannot be polled, as with an older module */
static bool old_module;

int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
	char path[32], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (old_module && readlink(path, link, sizeof(link) - 1) > 0 &&
	    !strstr(link, "timerfd")) {
		errno = EPERM;
		return -1;
	}
	return syscall(SYS_epoll_ctl, epoll, op, fd, event);
}

static bool is_readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && p.revents == POLLIN;
}

static struct {
	int calls;
	pthread_t thread;
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT last;
} told;

static VOID CALLBACK on_update(PCCERT_CHAIN_CONTEXT chain,
			       PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context,
			       PCCRL_CONTEXT crl, PCCRL_CONTEXT previous,
			       PVOID arg, DWORD write_error)
{
	(void)chain;
	(void)crl;
	(void)previous;
	(void)arg;
	(void)write_error;
	told.thread = pthread_self();
	CertFreeServerOcspResponseContext(told.last);
	CertAddRefServerOcspResponseContext(context);
	told.last = context;
	__atomic_fetch_add(&told.calls, 1, __ATOMIC_RELEASE);
}

static int calls(void)
{
	return __atomic_load_n(&told.calls, __ATOMIC_ACQUIRE);
}

static bool calls_become(int n, int ms)
{
	for (; ms > 0; ms -= 5) {
		if (calls() == n)
			return true;
		kt_sleep_ms(5);
	}
	return calls() == n;
}

static HCERT_SERVER_OCSP_RESPONSE open_told(FIXTURE_DATA(store) *self,
					    DWORD flags)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = {
		.cbSize = sizeof(para),
		.pfnUpdateCallback = on_update,
	};

	return CertOpenServerOcspResponse(self->chain, flags, &para);
}

static void forget_told(void)
{
	CertFreeServerOcspResponseContext(told.last);
	told.last = NULL;
}

#define THREADS	16

/* The other threads of this process. */
static int other_threads(pid_t *tids)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *d;
	int count = 0;

	if (!dir)
		abort();
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.' ||
		    atoi(d->d_name) == syscall(SYS_gettid))
			continue;
		if (count == THREADS)
			abort();
		tids[count++] = atoi(d->d_name);
	}
	closedir(dir);
	return count;
}

/* A sanitizer's: there before the library makes one, see look_for_a_sanitizer(). */
static pid_t sanitizers[THREADS];
static int sanitizers_count;

static void *end_at_once(void *arg)
{
	return arg;
}

/* With the first thread, it starts one of its own. */
static void look_for_a_sanitizer(void)
{
	pthread_t first;

	if (pthread_create(&first, NULL, end_at_once, NULL) ||
	    pthread_join(first, NULL))
		abort();
	/* The kernel may have it for a moment longer. */
	kt_sleep_ms(20);
	sanitizers_count = other_threads(sanitizers);
}

static bool is_sanitizers(pid_t tid)
{
	for (int i = 0; i < sanitizers_count; i++)
		if (sanitizers[i] == tid)
			return true;
	return false;
}

static unsigned long sleeps_of(pid_t tid)
{
	char path[64], line[100];
	unsigned long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "voluntary_ctxt_switches: %lu", &n);
	if (f)
		fclose(f);
	return n;
}

/* The threads of this process; and how often those but this one went to sleep. */
static int threads(unsigned long *sleeps)
{
	pid_t tids[THREADS];
	int i, count = 1, n = other_threads(tids);

	for (i = 0; i < n; i++) {
		if (is_sanitizers(tids[i]))
			continue;
		count++;
		if (sleeps)
			*sleeps += sleeps_of(tids[i]);
	}
	return count;
}

TEST_F(store, descriptor_without_handles)
{
	int fd = OcspGetEventDescriptor(NULL);

	ASSERT_LE(0, fd);
	EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(fd, OcspGetEventDescriptor(NULL));
	EXPECT_TRUE(is_readable(fd, SOON));
	OcspDispatchUpdates();
	EXPECT_FALSE(is_readable(fd, 3000));
}

TEST_F(store, callback_in_a_loop)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd;

	look_for_a_sanitizer();
	fd = OcspGetEventDescriptor(NULL);
	ASSERT_LE(0, fd);
	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	OcspDispatchUpdates();
	for (int i = 1; i < 4; i++) {
		EXPECT_FALSE(is_readable(fd, 100));
		ASSERT_EQ(0, set_good(self));
		EXPECT_TRUE(is_readable(fd, SOON));
		EXPECT_EQ(i - 1, calls());
		OcspDispatchUpdates();
		EXPECT_EQ(i, calls());
		EXPECT_TRUE(pthread_equal(pthread_self(), told.thread));
	}
	EXPECT_EQ(1, threads(NULL));
	forget_told();
	CertCloseServerOcspResponse(h, 0);
}

/* Nobody is called, and the loop knows when to ask. */
TEST_F(store, no_callback)
{
	OCSP_RESPONSE_INFO info = { .cbSize = sizeof(info) };
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	HCERT_SERVER_OCSP_RESPONSE h;
	uint64_t last = 0;
	int fd;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	fd = OcspGetEventDescriptor(NULL);
	ASSERT_LE(0, fd);
	OcspDispatchUpdates();
	for (int i = 0; i < 3; i++) {
		EXPECT_FALSE(is_readable(fd, 100));
		ASSERT_EQ(0, set_good(self));
		EXPECT_TRUE(is_readable(fd, SOON));
		OcspDispatchUpdates();
		c = CertGetServerOcspResponseContext(h, 0, NULL);
		ASSERT_NE(NULL, c);
		EXPECT_EQ(1, OcspGetResponseInfo(c, &info));
		EXPECT_LT(last, info.ullGeneration);
		last = info.ullGeneration;
		CertFreeServerOcspResponseContext(c);
	}
	CertCloseServerOcspResponse(h, 0);
}

/* A change that a Get has seen first is told to the callback all the same. */
TEST_F(store, get_before_dispatch)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd;

	fd = OcspGetEventDescriptor(NULL);
	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	OcspDispatchUpdates();
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_EQ(0, calls());
	EXPECT_TRUE(is_readable(fd, SOON));
	OcspDispatchUpdates();
	EXPECT_EQ(1, calls());
	forget_told();
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, one_of_many)
{
	HCERT_SERVER_OCSP_RESPONSE h[20];
	PCCERT_CHAIN_CONTEXT chain;
	struct pki pki[20];
	int i, fd;

	fd = OcspGetEventDescriptor(NULL);
	for (i = 0; i < 20; i++) {
		CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = {
			.cbSize = sizeof(para), .pfnUpdateCallback = on_update,
		};

		pki_new(&pki[i], 0x100 + i, PKI_URL, 0);
		chain = pki_chain(&pki[i]);
		h[i] = CertOpenServerOcspResponse(chain, ASYNC, &para);
		CertFreeCertificateChain(chain);
		ASSERT_NE(NULL, h[i]);
	}
	OcspDispatchUpdates();
	for (i = 0; i < 20; i += 7)
		ASSERT_EQ(0, set_for(self, &pki[i], KTLS_OCSP_CERT_STATUS_GOOD,
				     PKI_DAY));
	EXPECT_TRUE(is_readable(fd, SOON));
	OcspDispatchUpdates();
	EXPECT_EQ(3, calls());
	EXPECT_FALSE(is_readable(fd, 100));
	for (i = 0; i < 20; i++) {
		CertCloseServerOcspResponse(h[i], 0);
		pki_free(&pki[i]);
	}
	forget_told();
}

TEST_F(store, attaches_in_the_loop)
{
	const struct ocsp_update failure = { .failure = "no answer" };
	struct ocsp_name name = { .session = -1, .key = self->pki.key };
	PCCERT_CHAIN_CONTEXT chain = pki_leaf_chain(&self->pki);
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd, i;

	fd = OcspGetEventDescriptor(NULL);
	/* Without its issuer it cannot be added. */
	h = CertOpenServerOcspResponse(chain, ASYNC | OCSP_OPEN_LATER_FLAG, NULL);
	CertFreeCertificateChain(chain);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(-1, handles(self));
	ASSERT_EQ(0, set_good(self));
	for (i = 0; i < 5 && handles(self) != 1; i++) {
		EXPECT_TRUE(is_readable(fd, 1500));
		OcspDispatchUpdates();
	}
	EXPECT_EQ(1, handles(self));
	/* And from now on the kernel tells. */
	OcspDispatchUpdates();
	EXPECT_FALSE(is_readable(fd, 1500));
	ASSERT_EQ(0, ocsp_client_set(self->client, &name, &failure, NULL));
	EXPECT_TRUE(is_readable(fd, SOON));
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, thread_sleeps)
{
	unsigned long before = 0, after = 0;
	HCERT_SERVER_OCSP_RESPONSE h;
	int fds = open_descriptors();

	look_for_a_sanitizer();
	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	for (int i = 1; i < 4; i++) {
		kt_sleep_ms(100);
		ASSERT_EQ(0, set_good(self));
		EXPECT_TRUE(calls_become(i, SOON));
		EXPECT_FALSE(pthread_equal(pthread_self(), told.thread));
	}
	kt_sleep_ms(300);
	EXPECT_EQ(2, threads(&before));
	kt_sleep_ms(3500);
	EXPECT_EQ(2, threads(&after));
	EXPECT_LE(after, before + 1);
	forget_told();
	CertCloseServerOcspResponse(h, 0);
	/* With all that it had */
	for (int i = 0; i < 100 && threads(NULL) > 1; i++)
		kt_sleep_ms(10);
	EXPECT_EQ(1, threads(NULL));
#ifdef STANDIN
	/* It closes its end of the session. */
	standin_local_run();
#endif
	EXPECT_EQ(fds, open_descriptors());
}

TEST_F(store, taken_over_from_the_thread)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd;

	look_for_a_sanitizer();
	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	kt_sleep_ms(100);
	EXPECT_EQ(2, threads(NULL));
	fd = OcspGetEventDescriptor(NULL);
	for (int i = 0; i < 100 && threads(NULL) > 1; i++)
		kt_sleep_ms(10);
	EXPECT_EQ(1, threads(NULL));
	OcspDispatchUpdates();
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(is_readable(fd, SOON));
	EXPECT_EQ(0, calls());
	OcspDispatchUpdates();
	EXPECT_EQ(1, calls());
	forget_told();
	CertCloseServerOcspResponse(h, 0);
}

/* Once a second, as before: the thread, and the loop. */
TEST_F(store, old_module)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd;

	old_module = true;
	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(calls_become(1, 2500));
	fd = OcspGetEventDescriptor(NULL);
	ASSERT_LE(0, fd);
	OcspDispatchUpdates();
	EXPECT_EQ(1, calls());
	ASSERT_EQ(0, set_good(self));
	for (int i = 0; i < 3 && calls() < 2; i++) {
		EXPECT_TRUE(is_readable(fd, 1500));
		OcspDispatchUpdates();
	}
	EXPECT_EQ(2, calls());
	forget_told();
	CertCloseServerOcspResponse(h, 0);
}

static void close_all(void)
{
	syscall(SYS_close_range, 3, ~0U, 0);
}

/*
 * The numbers that were closed are taken again and used without telling
 * ThreadSanitizer, which takes it for a race that the library has to ask whose
 * they are, and knows a number as that of the descriptor that was closed.
 */
static int take_epoll(void)
{
	return syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
}

static int poll_epoll(int epoll)
{
	struct epoll_event event;

	return syscall(SYS_epoll_pwait, epoll, &event, 1, 0, NULL, 0);
}

/* How many descriptors are in an epoll */
static int count_in_epoll(int epoll)
{
	char path[64], line[256];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epoll);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		n += !strncmp(line, "tfd:", 4);
	fclose(f);
	return n;
}

static int take_pipe(int *fds)
{
	return syscall(SYS_pipe2, fds, O_CLOEXEC);
}

/* What has our numbers then is the application's, and stays as it is. */
TEST_F(store, all_closed)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd, own, pipes[2];

	fd = OcspGetEventDescriptor(NULL);
	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	OcspDispatchUpdates();
	close_all();
	do
		own = take_epoll();
	while (own < fd);
	ASSERT_EQ(fd, own);
	ASSERT_EQ(0, take_pipe(pipes));
	ASSERT_EQ(0, epoll_ctl(own, EPOLL_CTL_ADD, pipes[0], &event));
	ASSERT_EQ(1, write(pipes[1], "x", 1));

	EXPECT_NE(own, OcspGetEventDescriptor(NULL));
	fd = OcspGetEventDescriptor(NULL);
	ASSERT_LE(0, fd);
	OcspDispatchUpdates();
	EXPECT_EQ(1, poll_epoll(own));
	EXPECT_EQ(1, count_in_epoll(own));
	CertCloseServerOcspResponse(h, 0);
	/* Of the test, and closed */
	ocsp_client_abandon(self->client);
	self->client = NULL;
}

/* A handshake is the first to notice: the new session is not the application's. */
TEST_F(store, all_closed_before_a_get)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd, own;

	fd = OcspGetEventDescriptor(NULL);
	ASSERT_EQ(0, set_good(self));
	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	OcspDispatchUpdates();
	EXPECT_EQ(1, calls());
	close_all();
	ocsp_client_abandon(self->client);
	do
		own = take_epoll();
	while (own < fd);
	ASSERT_EQ(fd, own);
	ASSERT_EQ(0, ocsp_client_new(&self->client));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_EQ(1, handles(self));
	EXPECT_EQ(0, count_in_epoll(own));
	fd = OcspGetEventDescriptor(NULL);
	EXPECT_NE(own, fd);
	OcspDispatchUpdates();
	EXPECT_EQ(2, calls());
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(is_readable(fd, SOON));
	OcspDispatchUpdates();
	EXPECT_EQ(3, calls());
	EXPECT_EQ(0, count_in_epoll(own));
	forget_told();
	CertCloseServerOcspResponse(h, 0);
}

/* The same under the thread, which waits for nothing of the application's. */
TEST_F(store, all_closed_under_the_thread)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	HCERT_SERVER_OCSP_RESPONSE h;
	int own[10], i, pipes[2];

	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	kt_sleep_ms(100);
	close_all();
	ASSERT_EQ(0, take_pipe(pipes));
	for (i = 0; i < 10; i++) {
		own[i] = take_epoll();
		ASSERT_EQ(0, epoll_ctl(own[i], EPOLL_CTL_ADD, pipes[0], &event));
	}
	kt_sleep_ms(1500);
	ASSERT_EQ(1, write(pipes[1], "x", 1));
	kt_sleep_ms(1500);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(1, poll_epoll(own[i]));
		EXPECT_EQ(1, count_in_epoll(own[i]));
	}
	forget_told();
	CertCloseServerOcspResponse(h, 0);
	ocsp_client_abandon(self->client);
	self->client = NULL;
}

#ifndef STANDIN

/* It is not told by the session that it inherited: its parent reads that. */
TEST_F(store, in_a_child)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd, own, i;
	pid_t pid;

	fd = OcspGetEventDescriptor(NULL);
	h = open_told(self, ASYNC);
	ASSERT_NE(NULL, h);
	OcspDispatchUpdates();
	pid = fork();
	if (!pid) {
		own = OcspGetEventDescriptor(NULL);
		for (i = 0; i < 5 && !calls(); i++) {
			is_readable(own, 1500);
			OcspDispatchUpdates();
		}
		_exit(own < 0 ? 1 : calls() != 1);
	}
	kt_sleep_ms(200);
	ASSERT_EQ(0, set_good(self));
	/* The child took nothing from its parent. */
	EXPECT_TRUE(is_readable(fd, SOON));
	OcspDispatchUpdates();
	EXPECT_EQ(1, calls());
	EXPECT_EQ(0, kt_child_status(pid));
	forget_told();
	CertCloseServerOcspResponse(h, 0);
}

#endif

TEST_HARNESS_MAIN
