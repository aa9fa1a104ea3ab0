// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Messages at random, from the spec: none makes the kernel answer what no
 * kernel should, or lose count of what it keeps. Each command is accepted
 * sometimes, and refused sometimes. Where the kernel has KCOV and the module
 * is instrumented, what reaches something new is built on.
 *
 * MESSAGES= tells how many, SEED= what they follow from. A run with the same
 * seed makes the same inputs as long as the kernel schedules and answers the
 * same.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/ktls_ocsp_board.h>

#include "kfuzz.h"
#include "kselftest_harness.h"

#define MESSAGES	20000
#define PROCESSES	4
#define DAY_SECONDS	86400

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

/* All namespaces of users together, so that they meet these limits. */
static const struct userns_limit {
	const char *name;
	long small;
	long otherwise;
} userns_limits[] = {
	{ "userns_max_entries", 30, 4096 },
	{ "userns_max_bytes", 60000, 16 << 20 },
	{ "userns_max_sessions", 14, 4096 },
	{ "userns_max_handles", 60, 65536 },
};

#define for_each_userns_limit(limit)					\
	for ((limit) = userns_limits;					\
	     (limit) < userns_limits +					\
		       sizeof(userns_limits) / sizeof(*userns_limits);	\
	     (limit)++)

struct rig {
	struct kf_shared *shared;
	int init_netns;			/* which alone has userns_limits */
	int home;
	int pass[2];
	pid_t pids[PROCESSES];
};

FIXTURE(kfuzz)
{
	struct rig rig;
};

FIXTURE_SETUP(kfuzz)
{
	struct rig *rig = &self->rig;
	const struct userns_limit *limit;

	rig->init_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	for_each_userns_limit(limit)
		kt_sysctl(limit->name, limit->small);
	kt_new_netns();
	rig->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0,
				rig->pass));
	rig->shared = kt_shared(sizeof(*rig->shared));
	rig->shared->wanted = number("MESSAGES", MESSAGES);
	rig->shared->seed = number("SEED", kt_uptime_ms());
	kf_cover_find(rig->shared);
}

FIXTURE_TEARDOWN(kfuzz)
{
	const struct userns_limit *limit;

	setns(self->rig.init_netns, CLONE_NEWNET);
	for_each_userns_limit(limit)
		kt_sysctl(limit->name, limit->otherwise);
}

static void start(struct rig *rig, int n, unsigned int generation)
{
	static const enum kf_kind kinds[PROCESSES] = {
		KF_ROOT, KF_ROOT, KF_NOBODY, KF_USERNS
	};
	struct kf_job job = {
		.shared = rig->shared,
		.kind = kinds[n],
		.seed = rig->shared->seed + generation * 1000003ULL + n * 101,
		.pass = { rig->pass[0], rig->pass[1] },
	};

	rig->pids[n] = fork();
	if (!rig->pids[n])
		kf_work(&job);
}

/* One that ends makes room for the next, until all was sent. */
static int run(struct rig *rig)
{
	struct kf_shared *shared = rig->shared;
	unsigned int generation = 0;
	int status, left = PROCESSES, died = 0;
	pid_t pid;

	for (int n = 0; n < PROCESSES; n++)
		start(rig, n, generation++);
	while (left) {
		pid = wait(&status);
		died += status != 0;
		for (int n = 0; n < PROCESSES; n++) {
			if (rig->pids[n] != pid)
				continue;
			if (atomic_load(&shared->sent) < shared->wanted &&
			    died < 100)
				start(rig, n, generation++);
			else
				left--;
		}
	}
	return died;
}

static void report_commands(struct kf_shared *shared)
{
	printf("# %-14s %10s %10s\n", "command", "accepted", "refused");
	for (unsigned int i = 0; i < kf_n_commands; i++)
		printf("# %-14s %10lu %10lu\n", kf_commands[i].name,
		       atomic_load(&shared->accepted[kf_commands[i].cmd]),
		       atomic_load(&shared->refused[kf_commands[i].cmd]));
}

static void report(struct kf_shared *shared, int64_t ms)
{
	unsigned int kept = atomic_load(&shared->n_corpus);

	printf("# %lu messages in %lld s, seed %llu\n",
	       atomic_load(&shared->sent), (long long)ms / 1000,
	       (unsigned long long)shared->seed);
	report_commands(shared);
	printf("# acts:");
	for (unsigned int act = 1; act <= kf_n_acts; act++)
		printf(" %s %lu", kf_act_name(act),
		       atomic_load(&shared->acts[act]));
	printf("\n# %lu times answers were lost\n", atomic_load(&shared->lost));
	if (atomic_load(&shared->n_pcs))
		printf("# %u places of the module reached, %u steps; %u inputs kept\n",
		       atomic_load(&shared->n_pcs),
		       atomic_load(&shared->n_edges), kept);
	else
		printf("# blind: no KCOV, or the module is not instrumented\n");
}

static void add_handles(const struct kt_msg *msg, void *arg)
{
	*(unsigned long *)arg += kt_u32(msg, KTLS_OCSP_A_HANDLES);
}

/* The last of a session may be on its way: files go when tasks do. */
static unsigned long handles_left(struct kt_sock *sk)
{
	unsigned long handles = 1;

	for (int i = 0; handles && i < 100; i++) {
		handles = 0;
		kt_dump(sk, -1, add_handles, &handles);
		if (handles)
			kt_sleep_ms(100);
	}
	return handles;
}

/*
 * With each limit at what one takes there is room for one. NULL, or for what
 * there is none.
 */
static const char *no_room(struct kt_sock *sk)
{
	int session = kt_session(sk);
	int err;

	if (session < 0)
		return "a session";
	err = kt_create(sk, session, 1, NULL);
	close(session);
	if (err) {
		printf("# refused: %s\n", sk->text);
		return "a handle on an entry";
	}
	if (kt_del(sk, -1, 1))
		return "a delete";
	return kt_set_for(sk, 2, DAY_SECONDS) ? "a blob" : NULL;
}

/* Over two sockets: a dump is read while the other one deletes. */
static bool empty(struct kt_sock *sk)
{
	struct kt_sock other;

	kt_new(&other);
	while (kt_dump(sk, -1, kt_del_dumped, &other) > 0)
		;
	kt_free(&other);
	return !kt_count(sk, -1);
}

/* The board's pages count, but the first, and stay when the entries have gone. */
static long board_bytes(struct kt_sock *sk)
{
	const struct ktls_ocsp_board_header *header;
	long page = sysconf(_SC_PAGESIZE), lines = 0;
	int session = kt_session(sk);

	header = mmap(NULL, page, PROT_READ, MAP_SHARED, session, 0);
	if (header != MAP_FAILED) {
		lines = header->slots + 1L;
		munmap((void *)header, page);
	}
	close(session);
	return lines * KTLS_OCSP_BOARD_LINE - page;
}

static const char *miscounted(struct kt_sock *sk)
{
	const struct kt_tunable *tunable;
	long board;

	for (tunable = kt_tunables; tunable->name; tunable++)
		kt_sysctl(tunable->name, tunable->value);
	if (!empty(sk))
		return "nothing: entries cannot be deleted";
	board = board_bytes(sk);
	for (tunable = kt_tunables; tunable->name; tunable++)
		if (!strncmp(tunable->name, "max_", 4))
			kt_sysctl(tunable->name, 1);
	kt_sysctl("max_bytes", board + 100);
	return no_room(sk);
}

/* The same of all namespaces of users: theirs may be ending only now. */
static int userns_child(void)
{
	const char *what = "";
	struct kt_sock sk;

	kt_become_userns_root();
	kt_new(&sk);
	for (int i = 0; what && i < 100; i++) {
		what = no_room(&sk);
		if (what)
			kt_sleep_ms(100);
	}
	if (what)
		printf("# users have no room for %s\n", what);
	return !!what;
}

static int userns_miscounted(struct rig *rig)
{
	int status;
	pid_t pid;

	/* Enough for a blob of 100 bytes, and for nothing of the others */
	setns(rig->init_netns, CLONE_NEWNET);
	for (size_t i = 0; i < 4; i++)
		kt_sysctl(userns_limits[i].name, i == 1 ? 100 : 1);
	setns(rig->home, CLONE_NEWNET);
	fflush(stdout);
	pid = fork();
	if (!pid)
		exit(userns_child());
	waitpid(pid, &status, 0);
	return status;
}

TEST_F_TIMEOUT(kfuzz, messages, DAY_SECONDS)
{
	struct kf_shared *shared = self->rig.shared;
	int64_t start_ms = kt_uptime_ms();
	unsigned long accepted, refused;
	unsigned int wrong;
	struct kt_sock sk;
	const char *what;

	printf("# seed %llu\n", (unsigned long long)shared->seed);
	fflush(stdout);
	EXPECT_EQ(0, run(&self->rig)) TH_LOG("processes died");
	report(shared, kt_uptime_ms() - start_ms);
	wrong = shared->wrong;
	EXPECT_EQ(0, wrong) TH_LOG("e.g. %s", shared->why);
	for (unsigned int i = 0; i < kf_n_commands; i++) {
		if (!kf_commands[i].sent)
			continue;
		accepted = shared->accepted[kf_commands[i].cmd];
		refused = shared->refused[kf_commands[i].cmd];
		EXPECT_LT(0, accepted)
			TH_LOG("%s is never accepted", kf_commands[i].name);
		EXPECT_LT(0, refused)
			TH_LOG("%s is never refused", kf_commands[i].name);
	}
	/* What was sent over these and not taken goes with them. */
	close(self->rig.pass[0]);
	close(self->rig.pass[1]);
	kt_new(&sk);
	EXPECT_EQ(0, handles_left(&sk));
	what = miscounted(&sk);
	EXPECT_EQ(NULL, what) TH_LOG("there is no room for %s", what);
	EXPECT_EQ(0, userns_miscounted(&self->rig));
	kt_free(&sk);
}

static uint64_t hash_inputs(struct kf_shared *shared, uint64_t seed)
{
	struct kf_random random = { seed };
	uint64_t hash = 0xcbf29ce484222325ULL;	/* FNV-1a */
	struct kf_input input;

	memset(&input, 0, sizeof(input));
	for (int n = 0; n < 1000; n++) {
		kf_make_input(&input, shared, &random);
		for (size_t i = 0; i < sizeof(input); i++)
			hash = (hash ^ ((uint8_t *)&input)[i]) *
			       0x100000001b3ULL;
	}
	return hash;
}

TEST(a_seed_repeats)
{
	static struct kf_shared shared;

	EXPECT_EQ(hash_inputs(&shared, 1), hash_inputs(&shared, 1));
	EXPECT_NE(hash_inputs(&shared, 1), hash_inputs(&shared, 2));
}

KT_HARNESS_MAIN
