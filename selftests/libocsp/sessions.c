// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp with sessions that somebody else made: adopted, or from a broker's
 * socket, also a broker that misbehaves. With the module, and as sessions_standin
 * without one.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "session_socket.h"
#include "store_test.h"

#define LATER	(ASYNC | OCSP_OPEN_LATER_FLAG)

#define expect_error(code, word)					\
	do {								\
		EXPECT_EQ((DWORD)(code), error.dwCode)			\
			TH_LOG("text: %s", error.szMessage);		\
		EXPECT_NE(NULL, strstr(error.szMessage, word))		\
			TH_LOG("text: %s", error.szMessage);		\
	} while (0)

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Some of the system's clients of the store have no privilege from now on. */
static void give_up_privilege(void)
{
#ifdef STANDIN
	standin_local_privileged(false);
#else
	kt_become_nobody();
#endif
}

static int session_to_create(FIXTURE_DATA(store) *self)
{
	const struct ocsp_session_terms terms = { .create = true };
	int fd;

	if (ocsp_client_session_for(self->client, &terms, &fd, NULL, NULL))
		abort();
	return fd;
}

/* The broker, a thread of this process, closes its end when it sees ours closed. */
static bool descriptors_become(int n)
{
	int tries;

	for (tries = 0; tries < 100 && open_descriptors() != n; tries++)
		kt_sleep_ms(20);
	return open_descriptors() == n;
}

/* Adopted sessions */

TEST_F(store, adopted)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	OCSP_ERROR error;
	int fd = session_to_create(self);

	give_up_privilege();
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 0, ASYNC, NULL,
						   &error));
	expect_error(ERROR_ACCESS_DENIED, "CAP_NET_ADMIN");
	ASSERT_EQ(1, OcspAdoptSession(fd, &error))
		TH_LOG("text: %s", error.szMessage);
	/* It stays when no handle uses it. */
	for (int i = 0; i < 2; i++) {
		h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
		ASSERT_NE(NULL, h);
		EXPECT_EQ(1, OcspIsAttached(h, NULL));
		EXPECT_EQ(1, handles(self));
		CertCloseServerOcspResponse(h, 0);
		EXPECT_EQ(0, handles(self));
	}
	EXPECT_NE(-1, fcntl(fd, F_GETFD));
}

TEST_F(store, adopted_after_another)
{
	int first = session_to_create(self), second = session_to_create(self);
	HCERT_SERVER_OCSP_RESPONSE h;

	ASSERT_EQ(1, OcspAdoptSession(first, NULL));
	ASSERT_EQ(1, OcspAdoptSession(second, NULL));
	EXPECT_EQ(-1, fcntl(first, F_GETFD));
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	/* One that is in use stays until it is not. */
	first = session_to_create(self);
	ASSERT_EQ(1, OcspAdoptSession(first, NULL));
	EXPECT_EQ(1, handles(self));
	EXPECT_NE(-1, fcntl(second, F_GETFD));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(-1, fcntl(second, F_GETFD));
	EXPECT_NE(-1, fcntl(first, F_GETFD));
}

TEST_F(store, adopted_while_a_handle_waits)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int fd = session_to_create(self);

	give_up_privilege();
	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(0, OcspIsAttached(h, NULL));
	ASSERT_EQ(1, OcspAdoptSession(fd, NULL));
	for (int i = 0; i < 50 && !OcspIsAttached(h, NULL); i++)
		kt_sleep_ms(100);
	EXPECT_EQ(1, OcspIsAttached(h, NULL));
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, adopted_that_is_none)
{
	OCSP_ERROR error;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(0, OcspAdoptSession(fds[0], &error));
	EXPECT_NE(0, error.dwCode);
	EXPECT_NE(-1, fcntl(fds[0], F_GETFD));
	EXPECT_EQ(0, OcspAdoptSession(-1, &error));
	EXPECT_EQ(0, OcspAdoptSession(1000, &error));
}

/* A broker in a thread: what it sends was made before, with the lock held. */
static pthread_mutex_t broker_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char dir[32], path[64];
	int listener;
	int connections;
	int fds[8], fd_count;		/* what each is sent, or nothing */
	struct ocsp_session_offer offer;
	size_t len;			/* of the offer */
	bool hangs;
} broker;

static void send_offer(int to)
{
	union {
		struct cmsghdr c;
		char buf[CMSG_SPACE(sizeof(broker.fds))];
	} control = { 0 };
	struct iovec iov = { &broker.offer, broker.len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (broker.fd_count) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(broker.fd_count * sizeof(int));
		control.c.cmsg_level = SOL_SOCKET;
		control.c.cmsg_type = SCM_RIGHTS;
		control.c.cmsg_len = CMSG_LEN(broker.fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.c), broker.fds,
		       broker.fd_count * sizeof(int));
	}
	if (broker.len)
		sendmsg(to, &m, MSG_NOSIGNAL);
}

static void *broker_run(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept4(broker.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		__atomic_fetch_add(&broker.connections, 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&broker.hangs, __ATOMIC_ACQUIRE))
			kt_sleep_ms(10);
		pthread_mutex_lock(&broker_lock);
		send_offer(fd);
		pthread_mutex_unlock(&broker_lock);
		close(fd);
	}
	return NULL;
}

static int connections(void)
{
	return __atomic_load_n(&broker.connections, __ATOMIC_ACQUIRE);
}

static void broker_start(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	pthread_t thread;

	strcpy(broker.dir, "/tmp/ocsp-broker-XXXXXX");
	if (!mkdtemp(broker.dir))
		abort();
	chmod(broker.dir, 0755);
	snprintf(broker.path, sizeof(broker.path), "%s/sock", broker.dir);
	strcpy(address.sun_path, broker.path);
	broker.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	broker.offer.version = OCSP_SESSION_OFFER_VERSION;
	broker.len = sizeof(broker.offer);
	if (bind(broker.listener, (void *)&address, sizeof(address)) ||
	    listen(broker.listener, 8) || chmod(broker.path, 0666) ||
	    setenv(OCSP_SESSION_SOCKET_ENV, broker.path, 1) ||
	    pthread_create(&thread, NULL, broker_run, NULL))
		abort();
	pthread_detach(thread);
}

static void broker_end(void)
{
	unlink(broker.path);
	rmdir(broker.dir);
}

static void broker_offer(FIXTURE_DATA(store) *self)
{
	int fd = session_to_create(self);

	pthread_mutex_lock(&broker_lock);
	broker.fds[0] = fd;
	broker.fd_count = 1;
	broker.offer.err = 0;
	pthread_mutex_unlock(&broker_lock);
}

/* So many of its descriptors, and bytes of the offer */
static void broker_sends(int fd_count, size_t len)
{
	pthread_mutex_lock(&broker_lock);
	broker.fd_count = fd_count;
	broker.len = len;
	pthread_mutex_unlock(&broker_lock);
}

static void broker_refuses(int err, const char *text)
{
	broker.offer.err = err;
	snprintf(broker.offer.text, sizeof(broker.offer.text), "%s", text);
}

TEST_F(store, from_the_broker)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int fds;

	broker_offer(self);
	broker_start();
	fds = open_descriptors();
	for (int i = 1; i < 3; i++) {
#ifdef STANDIN
		standin_local_privileged(false);
#endif
		h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
		ASSERT_NE(NULL, h) TH_LOG("%s", OcspGetLastErrorMessage());
		EXPECT_EQ(i, connections());
		EXPECT_EQ(1, handles(self));
#ifdef STANDIN
		standin_local_privileged(true);
#endif
		ASSERT_EQ(0, set_good(self));
		EXPECT_TRUE(get_is_ok(h));
		CertCloseServerOcspResponse(h, 0);
		EXPECT_TRUE(descriptors_become(fds));
	}
	broker_end();
}

/* Of a user who may not add entries himself */
TEST_F(store, without_privilege)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	broker_offer(self);
	broker_start();
	give_up_privilege();
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	EXPECT_NE(NULL, h) TH_LOG("%s", OcspGetLastErrorMessage());
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	unlink(broker.path);
	rmdir(broker.dir);
}

TEST_F(store, broker_that_refuses)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	OCSP_ERROR error;
	int i;

	broker_refuses(ENOSPC, "too many sessions of your user");
	broker_start();
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 0, ASYNC, NULL,
						   &error));
	expect_error(ERROR_NO_SYSTEM_RESOURCES, "too many sessions of your user");
	EXPECT_NE(NULL, strstr(error.szMessage, broker.path));
	/* Nor is it asked again at once, however many there are. */
	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	ASSERT_NE(NULL, h);
	for (i = 0; i < 100; i++)
		EXPECT_EQ(0, OcspIsAttached(h, &error));
	expect_error(ERROR_NO_SYSTEM_RESOURCES, "too many sessions of your user");
	EXPECT_GE(2, connections());

	broker_offer(self);
	for (i = 0; i < 80 && !OcspIsAttached(h, NULL); i++)
		kt_sleep_ms(100);
	EXPECT_EQ(1, OcspIsAttached(h, NULL));
	CertCloseServerOcspResponse(h, 0);
	broker_end();
}

/* An open waits a moment for it, a Get does not. */
TEST_F(store, broker_that_hangs)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	OCSP_ERROR error;
	int64_t start;
	int i;

	broker_offer(self);
	broker.hangs = true;
	broker_start();
	start = now_ms();
	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	EXPECT_GT(4000, now_ms() - start);
	ASSERT_NE(NULL, h);
	start = now_ms();
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(NULL, OcspGetServerOcspResponseContext(h, NULL));
		EXPECT_EQ(0, OcspIsAttached(h, &error));
		kt_sleep_ms(100);
	}
	EXPECT_GT(3000, now_ms() - start);
	expect_error(ERROR_NOT_READY, "waiting for the session broker");
	EXPECT_EQ(1, connections());

	__atomic_store_n(&broker.hangs, false, __ATOMIC_RELEASE);
	for (i = 0; i < 80 && !OcspIsAttached(h, NULL); i++)
		kt_sleep_ms(100);
	EXPECT_EQ(1, OcspIsAttached(h, NULL));
	EXPECT_EQ(1, connections());
	CertCloseServerOcspResponse(h, 0);
	broker_end();
}

/* What makes no sense is refused, and every descriptor closed. */
TEST_F(store, broker_that_lies)
{
	OCSP_ERROR error;
	int fds, i;

	/* No session */
	for (i = 0; i < 8; i++)
		broker.fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	broker.fd_count = 8;
	broker_start();
	fds = open_descriptors();
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 0, ASYNC, NULL,
						   &error));
	EXPECT_NE(0, error.dwCode);
	EXPECT_EQ(fds, open_descriptors());
	kt_sleep_ms(1100);
	/* No descriptor */
	broker_sends(0, sizeof(broker.offer));
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 0, ASYNC, NULL,
						   &error));
	expect_error(ERROR_GEN_FAILURE, "makes no sense");
	kt_sleep_ms(2100);
	/* Half an answer; and none */
	broker_sends(0, 3);
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 0, ASYNC, NULL,
						   &error));
	expect_error(ERROR_GEN_FAILURE, "makes no sense");
	kt_sleep_ms(4100);
	broker_sends(0, 0);
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 0, ASYNC, NULL,
						   &error));
	expect_error(ERROR_GEN_FAILURE, "makes no sense");
	EXPECT_EQ(4, connections());
	EXPECT_EQ(fds, open_descriptors());
	broker_end();
}

/* Where there is no broker for us there is the kernel. */
TEST_F(store, no_broker)
{
	static const char *const paths[] = {
		"/nowhere/sock", "/dev/null", "/dev/null/sock", "",
	};
	HCERT_SERVER_OCSP_RESPONSE h;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		setenv(OCSP_SESSION_SOCKET_ENV, paths[i], 1);
		h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
		EXPECT_NE(NULL, h) TH_LOG("%s", paths[i]);
		CertCloseServerOcspResponse(h, 0);
	}
	/* Nobody listens any more. */
	broker_start();
	shutdown(broker.listener, SHUT_RDWR);
	close(broker.listener);
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	EXPECT_NE(NULL, h);
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, connections());
	broker_end();
}

#ifndef STANDIN

/* One that may not be entered; and that does not hold up who may not. */
TEST_F(store, broker_for_others)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	ASSERT_EQ(0, set_good(self));
	broker_start();
	ASSERT_EQ(0, chmod(broker.path, 0600));
	give_up_privilege();
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	EXPECT_NE(NULL, h);
	EXPECT_EQ(0, connections());
	CertCloseServerOcspResponse(h, 0);
}

/* What a child opens is charged to what it asked for itself. */
TEST_F(store, child_asks_for_its_own)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct pki other;
	PCCERT_CHAIN_CONTEXT chain;
	pid_t pid;

	pki_new(&other, 0x33, PKI_URL, 0);
	chain = pki_chain(&other);
	broker_offer(self);
	broker_start();
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(1, connections());
	pid = fork();
	if (!pid) {
		give_up_privilege();
		if (!OcspIsAttached(h, NULL))
			_exit(1);
		_exit(!CertOpenServerOcspResponse(chain, ASYNC, NULL));
	}
	EXPECT_EQ(0, kt_child_status(pid));
	EXPECT_EQ(2, connections());
	CertCloseServerOcspResponse(h, 0);
	CertFreeCertificateChain(chain);
	pki_free(&other);
	broker_end();
}

#endif

TEST_HARNESS_MAIN
