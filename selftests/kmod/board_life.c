// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* How long a mapping of the board lives, and what it keeps. */
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "board_test.h"

static long holders(struct kt_sock *sk, uint32_t n)
{
	struct kt_msg msg;

	return kt_get(sk, -1, n, 0, &msg) ? -1 :
	       (long)kt_u32(&msg, KTLS_OCSP_A_HANDLES);
}

/* A dying process's files are closed some time after wait() returns. */
static bool holders_become(struct kt_sock *sk, uint32_t n, long wanted)
{
	int64_t end = kt_uptime_ms() + 2000;

	while (holders(sk, n) != wanted) {
		if (kt_uptime_ms() > end)
			return false;
		kt_sleep_ms(20);
	}
	return true;
}

/* A mapping holds the board and the module, and no entry. */
TEST_F(board, outlives_the_session)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	EXPECT_EQ(1, holders(&self->sk, 0));
	close(self->session);
	EXPECT_EQ(0, holders(&self->sk, 0));
	EXPECT_EQ(self->refs + 1, module_refs());
	EXPECT_EQ(stored(&self->sk, 0), generation_of(self->map, self->slot));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	EXPECT_EQ(stored(&self->sk, 0), generation_of(self->map, self->slot));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 0));
	EXPECT_EQ(0, generation_of(self->map, self->slot));
	/* The last part of it, and no sooner */
	ASSERT_EQ(0, munmap((char *)self->map + self->page,
			    self->size - self->page));
	EXPECT_EQ(self->refs + 1, module_refs());
	EXPECT_EQ(MIN_VALIDITY, min_validity_of(self->map));
	ASSERT_EQ(0, munmap((void *)self->map, self->page));
	EXPECT_EQ(self->refs, module_refs());
}

static int unload(void)
{
	return syscall(SYS_delete_module, "ktls_ocsp", O_NONBLOCK) ? errno : 0;
}

TEST_F(board, pins_the_module)
{
	if (self->refs)
		SKIP(return, "the module is in use");
	close(self->session);
	kt_free(&self->sk);
	EXPECT_EQ(EWOULDBLOCK, unload());
	EXPECT_EQ(0, generation_of(self->map, self->slot));
	munmap((void *)self->map, self->size);
	EXPECT_EQ(0, unload());
	kt_new(&self->sk);
}

/* Makes a session with entry 1, sends it, and dies. */
static void send_session(int unix_fd, bool own_netns)
{
	struct kt_sock sk;
	int session;

	if (own_netns)
		kt_new_netns();
	kt_new(&sk);
	session = kt_session(&sk);
	if (session < 0 || kt_create(&sk, session, 1, NULL) ||
	    kt_set_for(&sk, 1, KT_DAY))
		_exit(1);
	kt_send_fd(unix_fd, session);
	_exit(0);
}

static int session_of_the_dead(struct __test_metadata *_metadata,
			       bool own_netns)
{
	int pair[2], session;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid)
		send_session(pair[1], own_netns);
	ASSERT_EQ(0, kt_child_status(pid));
	session = kt_recv_fd(pair[0]);
	close(pair[0]);
	close(pair[1]);
	return session;
}

TEST_F(board, passed_on)
{
	int session = session_of_the_dead(_metadata, false);
	const void *map = map_board(session, self->size);
	uint32_t slot;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, kt_open(&self->sk, session, 1, &slot));
	EXPECT_LT(0, generation_of(map, slot));
	EXPECT_EQ(stored(&self->sk, 1), generation_of(map, slot));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	EXPECT_EQ(stored(&self->sk, 1), generation_of(map, slot));
	close(session);
	EXPECT_EQ(0, holders(&self->sk, 1));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 1));
	EXPECT_EQ(0, generation_of(map, slot));
	munmap((void *)map, self->size);
}

/* The kernel takes a network namespace down some time after its last user. */
static bool becomes_withdrawn(const void *map, uint32_t slot)
{
	int64_t end = kt_uptime_ms() + 20000;

	while (generation_of(map, slot)) {
		if (kt_uptime_ms() > end)
			return false;
		kt_sleep_ms(50);
	}
	return true;
}

TEST_F_TIMEOUT(board, namespace_deleted, 60)
{
	int session = session_of_the_dead(_metadata, true);
	const void *map = map_board(session, self->size);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_TRUE(becomes_withdrawn(map, 0));
	EXPECT_EQ(-ESHUTDOWN, kt_open(&self->sk, session, 1, NULL));
	for (uint32_t i = 0; i < slots_of(map); i++)
		ASSERT_EQ(0, generation_of(map, i));
	EXPECT_EQ(MIN_VALIDITY, min_validity_of(map));
	/* It can be mapped anew, as long as there is the session. */
	EXPECT_EQ(0, map_errno(session, self->size, PROT_READ, MAP_SHARED, 0));
	munmap((void *)self->map, self->size);
	close(self->session);
	EXPECT_LT(self->refs, module_refs());
	close(session);
	EXPECT_EQ(self->refs + 1, module_refs());
	EXPECT_EQ(0, generation_of(map, 0));
	munmap((void *)map, self->size);
	EXPECT_EQ(self->refs, module_refs());
}

#define CGROUP	"/sys/fs/cgroup/ktls_ocsp_board"

/* A line of the test's cgroup's memory.stat; -1: there is none. */
static long charged(const char *name)
{
	char line[128], word[64];
	FILE *f = fopen(CGROUP "/memory.stat", "r");
	long value, found = -1;

	while (f && found < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", word, &value) == 2 &&
		    !strcmp(word, name))
			found = value;
	if (f)
		fclose(f);
	return found;
}

/* What is charged by the page: the kernel adds it up every two seconds. */
static long charged_pages(void)
{
	kt_sleep_ms(2500);
	return (charged("kernel") - charged("slab")) / sysconf(_SC_PAGESIZE);
}

static bool put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

#define PAGES	32

/* In the cgroup: how many pages it is charged for when so many were added. */
static void grow(long *pages)
{
	uint32_t n = PAGES * sysconf(_SC_PAGESIZE) / LINE;
	struct kt_sock sk;

	if (!put_text(CGROUP "/cgroup.procs", "0"))
		_exit(1);
	kt_new_netns();
	kt_new(&sk);
	*pages = -charged_pages();
	while (n--)
		if (kt_set_for(&sk, n, KT_DAY))
			_exit(2);
	*pages += charged_pages();
	_exit(0);
}

/* The pages are charged to who makes them come. */
TEST_F_TIMEOUT(board, charged, 120)
{
	long *pages = kt_shared(sizeof(*pages));
	int status;
	pid_t pid;

	put_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		SKIP(return, "no cgroup2");
	if (charged("kernel") < 0) {
		rmdir(CGROUP);
		SKIP(return, "the kernel does not tell what it charges");
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		grow(pages);
	status = kt_child_status(pid);
	rmdir(CGROUP);
	ASSERT_EQ(0, status);
	/* Some that were charged for something else went meanwhile. */
	EXPECT_LE(PAGES * 3 / 4, *pages);
	TH_LOG("%d pages of the board, %ld pages charged", PAGES, *pages);
	munmap(pages, sizeof(*pages));
}

struct family {
	int ready[2];
	int go[2];
	int done[2];
};

/* Has what its parent mapped, and not its parent's session. */
static void inherit(const struct family *f, const void *map, int session)
{
	bool ok;
	char c;

	close(session);
	if (write(f->ready[1], "", 1) != 1 || read(f->go[0], &c, 1) != 1)
		_exit(1);
	ok = generation_of(map, 0) &&
	     min_validity_of(map) == MIN_VALIDITY;
	if (write(f->done[1], &ok, 1) != 1)
		_exit(1);
	_exit(0);
}

static void parent_of_heir(const struct family *f, size_t size)
{
	struct kt_sock sk;
	const void *map;
	int session;

	kt_new(&sk);
	session = kt_session(&sk);
	map = map_board(session, size);
	if (map == MAP_FAILED || kt_open(&sk, session, 0, NULL))
		_exit(1);
	if (!fork())
		inherit(f, map, session);
	pause();
}

TEST_F(board, forked)
{
	struct family f;
	bool ok = false;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(f.ready));
	ASSERT_EQ(0, pipe(f.go));
	ASSERT_EQ(0, pipe(f.done));
	pid = fork();
	if (!pid)
		parent_of_heir(&f, self->size);
	ASSERT_EQ(1, read(f.ready[0], &c, 1));
	EXPECT_EQ(2, holders(&self->sk, 0));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(holders_become(&self->sk, 0, 1));
	/* The first time that the page of the slot is read there. */
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	ASSERT_EQ(1, write(f.go[1], "", 1));
	ASSERT_EQ(1, read(f.done[0], &ok, 1));
	EXPECT_TRUE(ok);
	EXPECT_EQ(1, holders(&self->sk, 0));
}

KT_HARNESS_MAIN
