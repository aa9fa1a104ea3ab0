// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * OpenSSL's module, loaded by libcrypto into this process, with servers and
 * clients in it, and with a store without a kernel (fake_store.h).
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/conf.h>
#include <openssl/err.h>

/* stderr is the module's here. */
#define TH_LOG_STREAM stdout

#include "crypto_locks.h"
#include "fake_store.h"
#include "kselftest_harness.h"
#include "tls_pair.h"

/* As it is installed for servers.sh, in the folder of the test */
#define MODULE	"installed/usr/local/lib/ktls-ocsp/ktls_ocsp.so"
#define CONFIG	"installed/etc/ktls-ocsp/openssl.cnf"

#define MANY	3000
#define SHARED	2000	/* contexts */
#define SMALL_STACK (64 * 1024)

/* The journal is none of this test's: what the module says is on stderr. */
static char conf_path[64] = "/tmp/servers_module.XXXXXX";
static char log_path[64] = "/tmp/servers_module_log.XXXXXX";

static char *module_path(void)
{
	static char path[4096];

	if (!realpath(MODULE, path))
		abort();
	return path;
}

static void write_conf(const char *exclude)
{
	FILE *f = fopen(conf_path, "w");

	if (!f)
		abort();
	fprintf(f, "config_diagnostics = 1\nopenssl_conf = a\n[a]\nktls_ocsp = b\n[b]\n"
		"path = %s\nexclude = %s\n", module_path(), exclude);
	fclose(f);
}

/* Before anything else, once in a process */
static void make_files(void)
{
	int fd;

	close(mkstemp(conf_path));
	fd = mkstemp(log_path);
	fcntl(fd, F_SETFL, O_APPEND);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void load_conf(void)
{
	setenv("OPENSSL_CONF", conf_path, 1);
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
}

static void load(const char *exclude)
{
	make_files();
	write_conf(exclude);
	load_conf();
}

static int lines(const char *text)
{
	FILE *f = fopen(log_path, "r");
	char line[1024];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "ktls_ocsp: ") && strstr(line, text);
	if (f)
		fclose(f);
	return n;
}

/* Every test is a process of its own. */
FIXTURE(module) {
	X509 *cert;
	SSL_CTX *server;
};

FIXTURE_SETUP(module)
{
	load("haproxy");
	self->cert = pair_cert();
	self->server = pair_server(self->cert);
}

FIXTURE_TEARDOWN(module)
{
	SSL_CTX_free(self->server);
	X509_free(self->cert);
	EXPECT_EQ(0, fake_store.chains);
	EXPECT_EQ(0, fake_store.contexts);
	unlink(conf_path);
	unlink(log_path);
}

static bool is_ours(struct outcome o)
{
	return o.done && o.ours && o.queue_is_clean;
}

static bool is_none(struct outcome o)
{
	return o.done && !o.stapled && o.queue_is_clean;
}

TEST_F(module, staples)
{
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_2_VERSION)));
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(1, fake_store.attempts);
	EXPECT_EQ(0, lines(""));
}

/* Configuring a server asks for nothing; the first handshake does. */
TEST_F(module, asks_in_a_handshake)
{
	SSL *ssl = SSL_new(self->server);

	EXPECT_EQ(0, fake_store.attempts);
	SSL_free(ssl);
	EXPECT_EQ(0, fake_store.attempts);
}

/* The server's own callback */

static int own_calls;
static void *own_arg;

static int own_callback(SSL *ssl, void *arg)
{
	own_calls++;
	own_arg = arg;
	SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup("own", 4), 4);
	return SSL_TLSEXT_ERR_OK;
}

static bool is_own(struct outcome o)
{
	return o.done && !strcmp(o.other, "own");
}

TEST_F(module, own_callback_is_second)
{
	int arg;

	SSL_CTX_set_tlsext_status_cb(self->server, own_callback);
	SSL_CTX_set_tlsext_status_arg(self->server, &arg);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(0, own_calls);
	fake_store.is_empty = true;
	EXPECT_TRUE(is_own(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(1, own_calls);
	EXPECT_EQ(&arg, own_arg);
}

/* Set when the server has served, it is found by the second connection. */
TEST_F(module, own_callback_that_is_set_late)
{
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	SSL_CTX_set_tlsext_status_cb(self->server, own_callback);
	pair_handshake(self->server, self->cert, TLS1_3_VERSION);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	fake_store.is_empty = true;
	EXPECT_TRUE(is_own(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
}

/* Clients */

static int verify_calls;

static int verify_staple(SSL *ssl, void *arg)
{
	(void)ssl;
	verify_calls += *(int *)arg;
	return 1;
}

static void use_client(struct __test_metadata *_metadata, SSL_CTX *client,
		       SSL_CTX *server, X509 *cert)
{
	int one = 1;

	verify_calls = 0;
	EXPECT_TRUE(is_ours(pair_handshake_by(client, server, cert)));
	SSL_CTX_set_tlsext_status_cb(client, verify_staple);
	SSL_CTX_set_tlsext_status_arg(client, &one);
	EXPECT_TRUE(is_ours(pair_handshake_by(client, server, cert)));
	EXPECT_TRUE(is_ours(pair_handshake_by(client, server, cert)));
	EXPECT_EQ(2, verify_calls);
}

TEST_F(module, client_keeps_its_callback)
{
	int (*callback)(SSL *ssl, void *arg) = NULL;
	SSL_CTX *client = SSL_CTX_new(TLS_client_method());

	use_client(_metadata, client, self->server, self->cert);
	SSL_CTX_get_tlsext_status_cb(client, &callback);
	EXPECT_TRUE(callback == verify_staple);
	SSL_CTX_free(client);
}

TEST_F(module, client_of_a_method_of_both)
{
	SSL_CTX *client = SSL_CTX_new(TLS_method());

	use_client(_metadata, client, self->server, self->cert);
	SSL_CTX_free(client);
}

/* One SSL_CTX connects to itself. */
TEST_F(module, client_and_server_of_one_context)
{
	EXPECT_TRUE(is_ours(pair_handshake_by(self->server, self->server, self->cert)));
	EXPECT_TRUE(is_ours(pair_handshake_by(self->server, self->server, self->cert)));
}

/* When it fails */

TEST_F(module, no_kernel_module)
{
	fake_store.has_module = false;
	for (int i = 0; i < 10; i++)
		EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert,
						   TLS1_3_VERSION)));
	EXPECT_EQ(0, fake_store.attempts);
	EXPECT_EQ(1, lines("not loaded"));
	EXPECT_EQ(1, lines(""));
	fake_store.has_module = true;
	fake_store.ahead += 5000;
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(1, lines("loaded now"));
	EXPECT_EQ(2, lines(""));
}

TEST_F(module, retries_later_and_later)
{
	unsigned int attempts = 1;

	fake_store.refuses = true;
	EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(attempts, fake_store.attempts);
	for (unsigned int delay = 4000; delay <= 256000; delay *= 2) {
		fake_store.ahead += delay / 2;
		EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert,
						   TLS1_3_VERSION)));
		EXPECT_EQ(attempts, fake_store.attempts);
		fake_store.ahead += delay / 2 + 100;
		EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert,
						   TLS1_3_VERSION)));
		EXPECT_EQ(++attempts, fake_store.attempts);
	}
	EXPECT_EQ(1, lines("not stapled"));
	EXPECT_EQ(1, lines("CN=one\\x0Atest"));
	EXPECT_EQ(1, lines(""));
	fake_store.refuses = false;
	fake_store.ahead += 256100;
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(1, lines("again"));
	EXPECT_EQ(2, lines(""));
}

/* How often a child of this process opens for its first handshake */
static unsigned int attempts_of_child(SSL_CTX *server, X509 *cert)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		pair_handshake(server, cert, TLS1_3_VERSION);
		_exit(fake_store.attempts);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* Each process of a server is another one: what one knows, all know. */
TEST_F(module, processes_share_the_back_off)
{
	fake_store.refuses = true;
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(i == 0, attempts_of_child(self->server, self->cert));
	EXPECT_EQ(1, lines(""));
}

/* That there is no response yet was said by one. That keeps none from opening. */
TEST_F(module, processes_open_what_is_empty)
{
	fake_store.is_empty = true;
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1, attempts_of_child(self->server, self->cert));
	EXPECT_EQ(1, lines(""));
	fake_store.is_empty = false;
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
}

TEST_F(module, empty_and_back)
{
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	for (int i = 0; i < 3; i++) {
		fake_store.is_empty = true;
		EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert,
						   TLS1_3_VERSION)));
		fake_store.ahead += 2000;
		EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert,
						   TLS1_3_VERSION)));
		EXPECT_EQ(i + 1, lines("not stapled"));
		fake_store.is_empty = false;
		fake_store.ahead += 2000;
		EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert,
						   TLS1_3_VERSION)));
		EXPECT_EQ(i + 1, lines("again"));
	}
}

/* Whoever said that there is none may get no handshake from then on, or end. */
TEST_F(module, another_process_says_that_it_is_back)
{
	int status;

	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (!pid) {
			fake_store.is_empty = true;
			_exit(!is_none(pair_handshake(self->server, self->cert,
						      TLS1_3_VERSION)));
		}
		waitpid(pid, &status, 0);
		EXPECT_EQ(0, status);
		EXPECT_EQ(i + 1, lines("not stapled"));
		for (int j = 0; j < 2; j++)
			EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert,
							   TLS1_3_VERSION)));
		EXPECT_EQ(i + 1, lines("again"));
	}
}

/* stderr that is now something else: not a byte. */
TEST_F(module, stderr_that_was_replaced)
{
	int data = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	int old = dup(STDERR_FILENO), fds[2];

	ASSERT_LE(0, data);
	dup2(data, STDERR_FILENO);
	fake_store.refuses = true;
	pair_handshake(self->server, self->cert, TLS1_3_VERSION);
	EXPECT_EQ(0, lseek(data, 0, SEEK_END));
	ASSERT_EQ(0, pipe(fds));
	dup2(fds[1], STDERR_FILENO);
	fake_store.is_empty = true;
	fake_store.ahead += 5000;
	pair_handshake(self->server, self->cert, TLS1_3_VERSION);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	EXPECT_EQ(-1, read(fds[0], &(char){ 0 }, 1));
	dup2(old, STDERR_FILENO);
}

static int attempts_when_loaded(const char *exclude)
{
	SSL_CTX *server;
	X509 *cert;
	int attempts = -1;

	load(exclude);
	cert = pair_cert();
	server = pair_server(cert);
	if (pair_handshake(server, cert, TLS1_3_VERSION).done)
		attempts = fake_store.attempts;
	SSL_CTX_free(server);
	X509_free(cert);
	unlink(conf_path);
	unlink(log_path);
	return attempts;
}

TEST(excluded_program)
{
	EXPECT_EQ(0, attempts_when_loaded("haproxy, module"));
}

/* Found before libc's, by the module */
static bool runs_setuid;

unsigned long getauxval(unsigned long type)
{
	static unsigned long (*next)(unsigned long type);

	if (type == AT_SECURE && runs_setuid)
		return 1;
	if (!next)
		next = dlsym(RTLD_NEXT, "getauxval");
	return next(type);
}

/* libcrypto ignores OPENSSL_CONF there, but a program may name a file itself. */
TEST(setuid_program)
{
	runs_setuid = true;
	EXPECT_EQ(0, attempts_when_loaded("haproxy"));
}

TEST(other_program)
{
	EXPECT_EQ(1, attempts_when_loaded("haproxy"));
}

/* The configuration that is installed, below another one of the system */

static void write_installed_conf(const char *system_path)
{
	FILE *in = fopen(CONFIG, "r"), *out = fopen(conf_path, "w");
	char line[1024];

	if (!in || !out)
		abort();
	while (fgets(line, sizeof(line), in)) {
		if (!strncmp(line, ".include ", 9))
			fprintf(out, ".include %s\n", system_path);
		else if (!strncmp(line, "path = ", 7))
			fprintf(out, "path = %s\n", module_path());
		else
			fputs(line, out);
	}
	fclose(in);
	fclose(out);
}

/* What the system demands of all is in force still: here, TLS 1.3. */
TEST(system_configuration_is_kept)
{
	static const char conf[] =
		"openssl_conf = openssl_init\nconfig_diagnostics = 1\n"
		"[openssl_init]\nssl_conf = ssl_sect\n"
		"[ssl_sect]\nsystem_default = default_sect\n"
		"[default_sect]\nMinProtocol = TLSv1.3\n";
	char system_path[64] = "/tmp/servers_module.XXXXXX";
	int fd = mkstemp(system_path);
	SSL_CTX *server;
	X509 *cert;

	ASSERT_EQ((ssize_t)strlen(conf), write(fd, conf, strlen(conf)));
	close(fd);
	make_files();
	write_installed_conf(system_path);
	load_conf();
	cert = pair_cert();
	server = pair_server(cert);
	EXPECT_EQ(TLS1_3_VERSION, SSL_CTX_get_min_proto_version(server));
	EXPECT_TRUE(is_ours(pair_handshake(server, cert, TLS1_3_VERSION)));
	SSL_CTX_free(server);
	X509_free(cert);
	unlink(system_path);
	unlink(conf_path);
	unlink(log_path);
}

/* Certificates and contexts that come and go */

TEST_F(module, certificate_is_replaced)
{
	X509 *other = pair_cert();

	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	SSL_CTX_use_certificate(self->server, other);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, other, TLS1_3_VERSION)));
	X509_free(other);
}

/* Two objects, one certificate: it is opened once. */
TEST_F(module, certificate_is_loaded_again)
{
	X509 *copy;

	for (int i = 0; i < 10; i++) {
		copy = X509_dup(self->cert);
		SSL_CTX_use_certificate(self->server, copy);
		X509_free(copy);
		EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert,
						   TLS1_3_VERSION)));
	}
	EXPECT_EQ(1, fake_store.attempts);
}

static bool one_of_many(void)
{
	X509 *cert = pair_cert();
	SSL_CTX *server = pair_server(cert);
	bool ok = is_ours(pair_handshake(server, cert, TLS1_3_VERSION));

	SSL_CTX_free(server);
	X509_free(cert);
	return ok;
}

TEST_F_TIMEOUT(module, thousands_of_contexts, 600)
{
	size_t before;
	int most = 0;

	for (int i = 0; i < 500; i++)
		one_of_many();
	before = mallinfo2().uordblks;
	for (int i = 0; i < MANY; i++) {
		ASSERT_TRUE(one_of_many());
		if (fake_store.handles > most)
			most = fake_store.handles;
	}
	TH_LOG("%d handles at most, %zd bytes more", most,
	       mallinfo2().uordblks - before);
	EXPECT_LE(most, 260);
	/* Not even a pointer for each; libcrypto's tables differ by some KiB. */
	EXPECT_LE(mallinfo2().uordblks, before + MANY * sizeof(void *));
	/* What is left goes when there are connections after a while. */
	fake_store.ahead += 60000;
	for (int i = 0; i < 200; i++)
		pair_handshake(self->server, self->cert, TLS1_3_VERSION);
	EXPECT_EQ(1, fake_store.handles);
}

/* SNI */

static int switch_context(SSL *ssl, int *alert, void *arg)
{
	(void)alert;
	if (SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
		SSL_set_SSL_CTX(ssl, arg);
	return SSL_TLSEXT_ERR_OK;
}

TEST_F(module, name_chooses_another_context)
{
	X509 *two = pair_cert();
	SSL_CTX *other = pair_server(two);

	SSL_CTX_set_tlsext_servername_callback(self->server, switch_context);
	SSL_CTX_set_tlsext_servername_arg(self->server, other);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, two, TLS1_2_VERSION)));
	EXPECT_TRUE(is_ours(pair_handshake(self->server, two, TLS1_3_VERSION)));
	SSL_CTX_free(other);
	X509_free(two);
}

/* Workers: what they find, before the first handshake. */
TEST_F(module, parent_prepares_the_contexts)
{
	int (*callback)(SSL *ssl, void *arg) = NULL;
	X509 *two = pair_cert();
	SSL_CTX *other = pair_server(two);
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		SSL_CTX_get_tlsext_status_cb(other, &callback);
		_exit(!callback);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	/* One that the server sets after that is found by whoever serves. */
	SSL_CTX_set_tlsext_status_cb(other, own_callback);
	SSL_CTX_set_tlsext_servername_callback(self->server, switch_context);
	SSL_CTX_set_tlsext_servername_arg(self->server, other);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, two, TLS1_3_VERSION)));
	SSL_CTX_free(other);
	X509_free(two);
}

/* Bytes of this process that no other shares */
static long private_bytes(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	long kib = -1, found;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Dirty: %ld kB", &found) == 1)
			kib = found;
	if (f)
		fclose(f);
	return kib * 1024;
}

/* A worker has a handshake with one of many certificates. */
TEST_F_TIMEOUT(module, worker_shares_the_contexts, 300)
{
	static SSL_CTX *contexts[SHARED];
	int status;
	pid_t pid;

	for (int i = 0; i < SHARED; i++)
		contexts[i] = pair_server(self->cert);
	pid = fork();
	if (!pid) {
		long before = private_bytes();

		if (!is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)))
			_exit(1);
		/* A page each if they were written to */
		_exit(before < 0 || private_bytes() - before > SHARED * 1024L ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, WEXITSTATUS(status));
	for (int i = 0; i < SHARED; i++)
		SSL_CTX_free(contexts[i]);
}

static int make_and_switch_context(SSL *ssl, int *alert, void *arg)
{
	SSL_CTX *made;

	(void)alert;
	if (!SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
		return SSL_TLSEXT_ERR_OK;
	made = pair_server(arg);
	SSL_set_SSL_CTX(ssl, made);
	SSL_CTX_free(made);
	return SSL_TLSEXT_ERR_OK;
}

/* The first handshake of the process, and the next */
TEST_F(module, name_makes_another_context)
{
	X509 *two = pair_cert();

	SSL_CTX_set_tlsext_servername_callback(self->server, make_and_switch_context);
	SSL_CTX_set_tlsext_servername_arg(self->server, two);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, two, TLS1_3_VERSION)));
	EXPECT_TRUE(is_ours(pair_handshake(self->server, two, TLS1_2_VERSION)));
	X509_free(two);
}

static void *make_context(void *cert)
{
	return pair_server(cert);
}

/*
 * A context that another thread makes while the process serves may not be
 * finished: nothing of ours is in it, until it is in use or has been there
 * for a while.
 */
TEST_F(module, unfinished_context_is_left_alone)
{
	int (*callback)(SSL *ssl, void *arg) = own_callback;
	pthread_t thread;
	X509 *two = pair_cert();
	SSL_CTX *other;
	void *made;

	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	pthread_create(&thread, NULL, make_context, two);
	pthread_join(thread, &made);
	other = made;
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	SSL_CTX_get_tlsext_status_cb(other, &callback);
	EXPECT_EQ(NULL, callback);
	fake_store.ahead += 2000;
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	SSL_CTX_get_tlsext_status_cb(other, &callback);
	EXPECT_NE(NULL, callback);
	SSL_CTX_free(other);
	X509_free(two);
}

/* As after a reload: also where libssl tells the context of an SSL late. */
TEST_F(module, first_handshake_of_another_threads_context)
{
	pthread_t thread;
	X509 *two = pair_cert();
	void *made;

	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		pthread_create(&thread, NULL, make_context, two);
		pthread_join(thread, &made);
		EXPECT_TRUE(is_ours(pair_handshake(made, two, version)));
		SSL_CTX_free(made);
	}
	X509_free(two);
}

/* As in an event loop that reads its configuration again */
TEST_F(module, first_handshake_of_a_context_with_a_callback)
{
	SSL_CTX *ctx;

	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		ctx = pair_server(self->cert);
		SSL_CTX_set_tlsext_status_cb(ctx, own_callback);
		EXPECT_TRUE(is_ours(pair_handshake(ctx, self->cert, version)));
		SSL_CTX_free(ctx);
	}
}

/* A copy and its original are freed each for itself. */
TEST_F(module, copied_ssl)
{
	pthread_t thread;
	SSL *ssl, *copy;
	void *made;

	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	pthread_create(&thread, NULL, make_context, self->cert);
	pthread_join(thread, &made);
	ssl = SSL_new(made);
	copy = SSL_dup(ssl);
	EXPECT_NE(NULL, copy);
	SSL_free(ssl);
	EXPECT_TRUE(is_ours(pair_handshake(made, self->cert, TLS1_3_VERSION)));
	SSL_free(copy);
	SSL_CTX_free(made);
}

/* Threads */

static atomic_bool stop;
static atomic_uint wrong, made;

struct crowd {
	SSL_CTX *server;
	X509 *cert;
};

/* AddressSanitizer's allocator has locks that a child inherits as they are. */
#ifdef __SANITIZE_ADDRESS__
#define FORK_IS_SAFE	false
#else
#define FORK_IS_SAFE	true
#endif

static void *serve(void *arg)
{
	const struct crowd *c = arg;

	while (!stop) {
		made++;
		if (!FORK_IS_SAFE)
			forks_wait();
		if (!is_ours(pair_handshake(c->server, c->cert, TLS1_3_VERSION)))
			wrong++;
		if (!FORK_IS_SAFE)
			forks_go_on();
	}
	return NULL;
}

static void *come_and_go(void *arg)
{
	(void)arg;
	while (!stop) {
		if (!FORK_IS_SAFE)
			forks_wait();
		one_of_many();
		if (!FORK_IS_SAFE)
			forks_go_on();
	}
	return NULL;
}

/* With a certificate that is open, and with one that is new to all */
static int serve_in_child(const struct crowd *c)
{
	int status;
	pid_t pid;

	if (!FORK_IS_SAFE)
		forks_prepare();
	pid = fork();
	if (!pid) {
		alarm(60);
		_exit(!is_ours(pair_handshake(c->server, c->cert, TLS1_3_VERSION)) ||
		      !one_of_many());
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

TEST_F_TIMEOUT(module, threads_and_forks, 300)
{
	struct crowd crowd = { self->server, self->cert };
	pthread_t threads[5];
	int failed = 0;

	fake_store.open_us = 2000;
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, serve, &crowd);
	for (int i = 3; i < 5; i++)
		pthread_create(&threads[i], NULL, come_and_go, NULL);
	for (int i = 0; !failed && i < 60; i++)
		failed = serve_in_child(&crowd);
	ASSERT_EQ(0, failed);
	stop = true;
	for (int i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, wrong);
	EXPECT_LT(10, made);
}

static void *serve_once(void *arg)
{
	const struct crowd *c = arg;

	return is_ours(pair_handshake(c->server, c->cert, TLS1_3_VERSION)) ? arg : NULL;
}

/* All begin at once: each waits for the one that opens. */
TEST_F(module, first_handshakes_are_all_stapled)
{
	struct crowd crowd = { self->server, self->cert };
	pthread_t threads[16];
	void *ok;

	fake_store.open_us = 200000;
	for (int i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, serve_once, &crowd);
	for (int i = 0; i < 16; i++) {
		pthread_join(threads[i], &ok);
		EXPECT_NE(NULL, ok);
	}
	EXPECT_EQ(1, fake_store.attempts);
}

/* The first handshake of all, and one that has something to say */
TEST_F(module, small_stack)
{
	struct crowd crowd = { self->server, self->cert };
	pthread_attr_t attr;
	pthread_t thread;
	void *ok;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, SMALL_STACK);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&thread, &attr, serve_once, &crowd));
		pthread_join(thread, &ok);
		EXPECT_EQ(i == 0, !!ok);
		fake_store.is_empty = true;
	}
	EXPECT_EQ(1, lines("not stapled"));
}

/* The end: the server's own callback is left, also for who is at it. */
TEST_F(module, unloading_under_handshakes)
{
	struct crowd crowd = { self->server, self->cert };
	pthread_t threads[2];

	SSL_CTX_set_tlsext_status_cb(self->server, own_callback);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, serve, &crowd);
	usleep(50000);
	CONF_modules_unload(1);
	EXPECT_TRUE(is_own(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	CONF_modules_load_file(conf_path, NULL, 0);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

TEST_HARNESS_MAIN
