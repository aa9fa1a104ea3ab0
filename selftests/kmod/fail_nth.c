// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * No memory: of each command, of the creation of a network namespace and of
 * the mapping of the board, the first allocation fails, then the second, until
 * none is left. Whatever is refused is refused with -ENOMEM, and the store is
 * as it was, and the session, and what is counted.
 *
 * The kernel can do that only where it was built to (CONFIG_FAULT_INJECTION).
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <linux/ktls_ocsp_board.h>

#include "alloc_faults.h"
#include "ktest.h"
#include "kselftest_harness.h"

/* One page of the board has the header and these. */
#define PAGE_SLOTS	63
#define NEW		1000		/* the entry that comes and goes */
#define SITES		128

/* Of all tests: each is a process of its own. */
static struct {
	unsigned int n;
	char name[SITES][64];
} *sites;

static void __attribute__((constructor)) share_sites(void)
{
	sites = kt_shared(sizeof(*sites));
}

static void note_site(void)
{
	char site[64];

	af_site(site, sizeof(site));
	for (unsigned int i = 0; i < sites->n; i++)
		if (!strcmp(sites->name[i], site))
			return;
	if (*site && sites->n < SITES)
		strcpy(sites->name[sites->n++], site);
}

/* A store that has something, and who uses it. */
struct rig {
	struct kt_sock watch;		/* what it asks never fails */
	struct kt_sock sk;
	int netns;
	int session;
	uint32_t slot;			/* of entry 0, held once */
	int next_fd;			/* that a new session would get */
	char *map;			/* of the board */
};

/* A command: what it does, and how its success is undone. */
struct command {
	int (*act)(struct rig *rig);
	void (*undo)(struct rig *rig);
	bool fails;			/* some allocation must refuse it */
};

/* What must be as it was. */
struct state {
	uint64_t store;
	long handles;
	int next_fd;
};

static int handles_of(int session)
{
	char path[64], line[128];
	int handles = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", session);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "ktls_ocsp-handles: %d", &handles);
	if (file)
		fclose(file);
	return handles;
}

static void forget_notices(struct kt_sock *sk)
{
	struct kt_msg msg;

	while (kt_next(sk, 0, &msg) != -EAGAIN)
		;
}

static struct state state_of(struct rig *rig)
{
	struct state state = { .handles = handles_of(rig->session) };

	forget_notices(&rig->watch);
	state.store = kt_snapshot(&rig->watch);
	state.next_fd = dup(0);
	close(state.next_fd);
	return state;
}

static bool same(const struct state *a, const struct state *b)
{
	return a->store == b->store && a->handles == b->handles &&
	       a->next_fd == b->next_fd;
}

/* An answer that was not read must not be taken for the next one. */
static void new_socket(struct rig *rig)
{
	kt_free(&rig->sk);
	kt_new(&rig->sk);
}

struct tally {
	unsigned int met;		/* allocations that failed */
	unsigned int refused;		/* and the command with them */
	unsigned int wrong;
};

/*
 * One round; false when the command has fewer allocations. What the module
 * asks for is judged strictly. Elsewhere the kernel may lose the answer, and
 * what is left to ask is that what follows finds nothing wrong.
 */
static bool fail_one(struct rig *rig, const struct command *command,
		     unsigned int nth, bool strict, struct tally *tally)
{
	struct state before, after;
	bool met, as_it_was;
	int err;

	before = state_of(rig);
	rig->next_fd = before.next_fd;
	af_arm(nth);
	err = command->act(rig);
	met = af_disarm();
	if (met && strict)
		note_site();
	new_socket(rig);
	after = state_of(rig);
	as_it_was = same(&before, &after);
	tally->met += met;
	tally->refused += err != 0;
	if ((err && !met) ||
	    (err && strict && (err != -ENOMEM || !as_it_was))) {
		tally->wrong++;
		printf("# allocation %u failed: %s, %s\n", nth, strerror(-err),
		       as_it_was ? "as it was" : "changed");
	}
	if (!err || !as_it_was)
		command->undo(rig);
	return met;
}

static struct tally fail_each(struct rig *rig, const struct command *command,
			      bool strict)
{
	struct tally tally = { 0 };

	for (unsigned int nth = 1; tally.wrong < 5; nth++)
		if (!fail_one(rig, command, nth, strict, &tally))
			break;
	return tally;
}

/*
 * Nothing is counted that is not there: with each limit at one more than
 * there is, there is room for one more. Closes the session. NULL, or for what
 * there is none.
 */
static const char *miscounted(struct rig *rig)
{
	int handles = handles_of(rig->session);
	int entries = kt_count(&rig->watch, -1);
	int page = sysconf(_SC_PAGESIZE);
	int lines = page / KTLS_OCSP_BOARD_LINE;
	int session;

	kt_sysctl("max_entries", entries + 1);
	kt_sysctl("max_handles", handles + 1);
	kt_sysctl("max_handles_of_user", handles + 1);
	if (kt_create(&rig->sk, rig->session, 2 * NEW, NULL))
		return "a handle";
	if (kt_count(&rig->watch, -1) != entries + 1)
		return "an entry";
	kt_sysctl("max_sessions", 2);
	kt_sysctl("max_sessions_of_user", 2);
	session = kt_session(&rig->sk);
	if (session < 0)
		return "a session";
	close(session);
	close(rig->session);
	rig->session = -1;
	kt_dump(&rig->watch, -1, kt_del_dumped, &rig->sk);
	/* The board's pages stay; the first one is not counted. */
	kt_sysctl("max_bytes", 100 + (entries + 1) / lines * page);
	return kt_set_for(&rig->sk, NEW, KT_DAY) ? "a byte" : NULL;
}

FIXTURE(fail_nth)
{
	struct rig rig;
};

FIXTURE_VARIANT(fail_nth)
{
	bool module_only;
};

FIXTURE_VARIANT_ADD(fail_nth, module)
{
	.module_only = true,
};

FIXTURE_VARIANT_ADD(fail_nth, kernel)
{
	.module_only = false,
};

FIXTURE_SETUP(fail_nth)
{
	const char *missing = af_missing();
	struct rig *rig = &self->rig;

	if (missing)
		SKIP(return, "%s", missing);
	kt_new_netns();
	kt_new(&rig->watch);
	kt_new(&rig->sk);
	/* So that each command has somebody to tell. */
	ASSERT_EQ(0, kt_join(&rig->watch, rig->watch.wanted));
	ASSERT_EQ(0, kt_join(&rig->watch, rig->watch.events));
	rig->netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	rig->session = kt_session(&rig->sk);
	ASSERT_LE(0, rig->session);
	ASSERT_EQ(0, kt_create(&rig->sk, rig->session, 0, &rig->slot));
	ASSERT_EQ(0, kt_set_for(&rig->sk, 0, 2 * KT_DAY));
	/* No page of ours is to be brought in while allocations fail. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
	af_select(variant->module_only);
}

FIXTURE_TEARDOWN(fail_nth)
{
	if (af_missing())
		return;
	af_select(false);
	close(self->rig.session);
	close(self->rig.netns);
	kt_free(&self->rig.sk);
	kt_free(&self->rig.watch);
}

#define exhaust(...)							\
	do {								\
		const struct command command = { __VA_ARGS__ };		\
		struct tally tally = fail_each(&self->rig, &command,	\
					       variant->module_only);	\
		const char *what = miscounted(&self->rig);		\
									\
		printf("# %s: %u allocations failed, %u refused it\n",	\
		       _metadata->name, tally.met, tally.refused);	\
		EXPECT_EQ(0, tally.wrong);				\
		EXPECT_EQ(NULL, what)					\
			TH_LOG("there is no room for %s", what);	\
		if (command.fails)					\
			EXPECT_LT(0, tally.refused);			\
	} while (0)

static int act_session(struct rig *rig)
{
	int session = kt_session(&rig->sk);

	return session < 0 ? session : 0;
}

/* Also one of which the answer got lost. */
static void undo_session(struct rig *rig)
{
	close(rig->next_fd);
}

TEST_F(fail_nth, session)
{
	exhaust(act_session, undo_session, true);
}

/* The first of its user, who has an entry then. */
TEST_F(fail_nth, session_of_user)
{
	/* Of this thread, which can still make its allocations fail. */
	ASSERT_EQ(0, syscall(SYS_setresuid, KT_NOBODY, -1, -1));
	exhaust(act_session, undo_session, true);
}

static int act_open(struct rig *rig)
{
	return kt_open(&rig->sk, rig->session, 1, NULL);
}

static void close_slot(struct rig *rig, uint32_t n)
{
	struct kt_msg msg;

	if (!kt_get(&rig->sk, -1, n, 0, &msg))
		kt_close(&rig->sk, rig->session,
			 kt_u32(&msg, KTLS_OCSP_A_SLOT));
}

static void undo_open(struct rig *rig)
{
	close_slot(rig, 1);
}

TEST_F(fail_nth, open)
{
	ASSERT_EQ(0, kt_set_for(&self->rig.sk, 1, KT_DAY));
	exhaust(act_open, undo_open, true);
}

TEST_F(fail_nth, open_again)
{
	ASSERT_EQ(0, kt_set_for(&self->rig.sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_open(&self->rig.sk, self->rig.session, 1, NULL));
	exhaust(act_open, undo_open, true);
}

static int act_create(struct rig *rig)
{
	return kt_create(&rig->sk, rig->session, NEW, NULL);
}

static void undo_create(struct rig *rig)
{
	close_slot(rig, NEW);
	kt_del(&rig->sk, -1, NEW);
}

TEST_F(fail_nth, create)
{
	exhaust(act_create, undo_create, true);
}

static int fill(struct rig *rig, uint32_t end)
{
	int err = 0;

	for (uint32_t n = 1; !err && n < end; n++)
		err = kt_set_for(&rig->sk, n, KT_DAY + n);
	return err;
}

/* What it needs is a page of the board, which stays once it is there. */
TEST_F(fail_nth, create_on_new_page)
{
	ASSERT_EQ(0, fill(&self->rig, PAGE_SLOTS));
	exhaust(act_create, undo_create, true);
}

/* So many handles that the session's table has to grow. */
TEST_F(fail_nth, create_when_holding_many)
{
	ASSERT_EQ(0, fill(&self->rig, 200));
	for (uint32_t n = 1; n < 200; n++)
		ASSERT_EQ(0, kt_open(&self->rig.sk, self->rig.session, n, NULL));
	exhaust(act_create, undo_create, true);
}

/* Who had to make room comes back. */
static void undo_evicting(struct rig *rig)
{
	undo_create(rig);
	kt_set_for(&rig->sk, 1, KT_DAY);
}

static int fill_to_limit(struct rig *rig)
{
	return fill(rig, 3) ?: kt_sysctl("max_entries", 3);
}

TEST_F(fail_nth, create_at_limit)
{
	ASSERT_EQ(0, fill_to_limit(&self->rig));
	exhaust(act_create, undo_evicting, true);
}

static int act_ref(struct rig *rig)
{
	return kt_ref(&rig->sk, rig->session, rig->slot);
}

static void undo_ref(struct rig *rig)
{
	kt_close(&rig->sk, rig->session, rig->slot);
}

TEST_F(fail_nth, ref)
{
	exhaust(act_ref, undo_ref, false);
}

static int act_close(struct rig *rig)
{
	return kt_close(&rig->sk, rig->session, rig->slot);
}

static void undo_close(struct rig *rig)
{
	kt_open(&rig->sk, rig->session, 0, NULL);
}

TEST_F(fail_nth, close)
{
	exhaust(act_close, undo_close, false);
}

static int act_get(struct rig *rig)
{
	struct kt_msg msg;

	return kt_get(&rig->sk, -1, 0, KT_ALL_PARTS, &msg);
}

static void undo_nothing(struct rig *rig)
{
	(void)rig;
}

TEST_F(fail_nth, get)
{
	exhaust(act_get, undo_nothing, true);
}

static int act_dump(struct rig *rig)
{
	int n = kt_count(&rig->sk, rig->session);

	return n < 0 ? n : 0;
}

TEST_F(fail_nth, dump)
{
	exhaust(act_dump, undo_nothing, false);
}

static int set_blob(struct rig *rig, uint32_t n, size_t len)
{
	static uint8_t data[KTLS_OCSP_BLOB_MAX];
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = len,
		.this_update = 1,
		.next_update = kt_now() + KT_DAY,
	};

	return kt_set(&rig->sk, n, &blob, NULL);
}

static int act_set(struct rig *rig)
{
	return set_blob(rig, NEW, 100);
}

/* Larger than a page, and so of another kind. */
static int act_set_large(struct rig *rig)
{
	return set_blob(rig, NEW, KTLS_OCSP_BLOB_MAX);
}

/* 16 pages side by side are hard to get on a machine that has run for long. */
TEST_F(fail_nth, get_large)
{
	static struct kt_msg msg;
	int err;

	ASSERT_EQ(0, act_set_large(&self->rig));
	af_select_pages(variant->module_only, 4);
	af_arm(1);
	err = kt_get(&self->rig.sk, -1, NEW, KTLS_OCSP_PART_BLOB, &msg);
	EXPECT_FALSE(af_disarm());
	EXPECT_EQ(0, err);
	EXPECT_EQ(KTLS_OCSP_BLOB_MAX, kt_len(&msg, KTLS_OCSP_A_BLOB));
}

static void undo_set(struct rig *rig)
{
	kt_del(&rig->sk, -1, NEW);
}

TEST_F(fail_nth, set)
{
	exhaust(act_set, undo_set, true);
}

TEST_F(fail_nth, set_large)
{
	exhaust(act_set_large, undo_set, true);
}

TEST_F(fail_nth, set_again)
{
	ASSERT_EQ(0, act_set(&self->rig));
	exhaust(act_set, undo_nothing, true);
}

TEST_F(fail_nth, set_at_limit)
{
	ASSERT_EQ(0, fill_to_limit(&self->rig));
	exhaust(act_set, undo_evicting, true);
}

static int act_fail(struct rig *rig)
{
	return kt_fail(&rig->sk, 0, "no answer");
}

TEST_F(fail_nth, set_failure)
{
	exhaust(act_fail, undo_nothing, true);
}

static int act_del(struct rig *rig)
{
	return kt_del(&rig->sk, -1, 1);
}

static void undo_del(struct rig *rig)
{
	kt_set_for(&rig->sk, 1, KT_DAY);
}

/* A notice that there is no memory for is not sent. */
TEST_F(fail_nth, del)
{
	ASSERT_EQ(0, kt_set_for(&self->rig.sk, 1, KT_DAY));
	exhaust(act_del, undo_del, false);
}

/*
 * Far from all others, so that it takes page tables of its own, and below the end
 * that user-mode Linux has: 512 GB.
 */
#define MAP_AT		(1UL << 37)

static int act_stats(struct rig *rig)
{
	struct kt_req req;

	kt_begin(&req, &rig->sk, KTLS_OCSP_CMD_STATS, NLM_F_ACK);
	return kt_call(&rig->sk, &req, NULL);
}

TEST_F(fail_nth, stats)
{
	exhaust(act_stats, undo_nothing, true);
}

/*
 * Of what happened to an entry a listener hears, or that it has lost something:
 * else it would go on with a copy that is wrong.
 */
TEST_F(fail_nth, notice)
{
	struct rig *rig = &self->rig;
	unsigned int lost = 0;
	struct kt_msg msg;
	bool met = true;
	int err;

	for (unsigned int nth = 1; met; nth++) {
		forget_notices(&rig->watch);
		af_arm(nth);
		err = kt_fail(&rig->sk, 0, "why");
		met = af_disarm();
		new_socket(rig);
		/* It may have happened though the answer was lost. */
		if (err && variant->module_only)
			continue;
		err = kt_next(&rig->watch, 0, &msg);
		EXPECT_TRUE(!err || err == -ENOBUFS || !variant->module_only)
			TH_LOG("allocation %u failed: %d", nth, err);
		lost += err == -ENOBUFS;
	}
	if (variant->module_only)
		EXPECT_LT(0, lost);
}

static int act_mmap(struct rig *rig)
{
	long page = sysconf(_SC_PAGESIZE);

	/* There is nothing there to point to. NOLINTNEXTLINE(performance-no-int-to-ptr) */
	rig->map = mmap((void *)MAP_AT, page, PROT_READ,
			MAP_SHARED | MAP_FIXED_NOREPLACE, rig->session, 0);
	return rig->map == MAP_FAILED ? -errno : 0;
}

static void undo_mmap(struct rig *rig)
{
	munmap(rig->map, sysconf(_SC_PAGESIZE));
}

/* mlockall() would bring the page in. */
TEST_F(fail_nth, mmap)
{
	ASSERT_EQ(0, munlockall());
	exhaust(act_mmap, undo_mmap, true);
}

/* A page fault that finds no memory is tried again. */
static int act_fault(struct rig *rig)
{
	const volatile struct ktls_ocsp_board_header *header;

	header = (const void *)rig->map;
	return header->version == KTLS_OCSP_BOARD_VERSION ? 0 : -EIO;
}

static void map_afresh(struct rig *rig)
{
	undo_mmap(rig);
	act_mmap(rig);
}

TEST_F(fail_nth, fault)
{
	ASSERT_EQ(0, munlockall());
	ASSERT_EQ(0, act_mmap(&self->rig));
	exhaust(act_fault, map_afresh, false);
	undo_mmap(&self->rig);
}

static int act_netns(struct rig *rig)
{
	(void)rig;
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

static void undo_netns(struct rig *rig)
{
	setns(rig->netns, CLONE_NEWNET);
}

TEST_F(fail_nth, netns)
{
	if (!variant->module_only)
		SKIP(return, "the rest of the kernel has too many");
	exhaust(act_netns, undo_netns, true);
}

/* Of its own, after the fixture above, so that it is the last test. */
FIXTURE(what_was)
{
};

FIXTURE_SETUP(what_was)
{
}

FIXTURE_TEARDOWN(what_was)
{
}

TEST_F(what_was, lost)
{
	int leaks;

	if (af_missing())
		SKIP(return, "%s", af_missing());
	printf("# %u places in the module were met:\n", sites->n);
	for (unsigned int i = 0; i < sites->n; i++)
		printf("#   %s\n", sites->name[i]);
	EXPECT_LT(0, sites->n);
	leaks = af_leaks();
	if (leaks < 0)
		SKIP(return, "no kmemleak");
	EXPECT_EQ(0, leaks);
}

KT_HARNESS_MAIN
