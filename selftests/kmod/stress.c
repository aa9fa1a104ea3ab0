// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Readers at random against a writer that replaces, deletes and re-creates:
 * every blob that is read is whole, no reader sees an entry go back to an
 * older blob, no count goes wrong, and nothing is left at the end.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define READERS		8
#define STEPS		10000
#define RESPONSES	16
#define BLOB_MOST	4000

/* What a reader found, in memory that the processes share. */
struct result {
	unsigned long blobs;		/* read */
	unsigned long torn;		/* that do not prove themselves */
	unsigned long older;		/* with a generation that went back */
	unsigned long wrong;		/* answers that no store gives */
	int last_wrong;			/* one of them */
};

struct reader {
	struct kt_sock sk;
	struct kt_msg msg;
	struct result *result;
	uint64_t random;
	int session;
	uint32_t slot[RESPONSES];
	uint32_t held[RESPONSES];
	uint64_t generation[RESPONSES];
};

FIXTURE(stress)
{
	struct kt_sock sk;
	struct result *results;
};

FIXTURE_SETUP(stress)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->results = kt_shared(READERS * sizeof(*self->results));
	for (uint32_t n = 0; n < RESPONSES; n++)
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
}

FIXTURE_TEARDOWN(stress)
{
	kt_free(&self->sk);
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % below;
}

static void check(struct reader *reader, int err, int also)
{
	if (err && err != also) {
		reader->result->wrong++;
		reader->result->last_wrong = err;
	}
}

static void read_open(struct reader *reader, uint32_t n)
{
	int err = kt_open(&reader->sk, reader->session, n, &reader->slot[n]);

	if (!err)
		reader->held[n]++;
	/* Once held, an entry stays, whatever the writer does. */
	check(reader, err, reader->held[n] ? 0 : -ENOENT);
}

static void read_ref(struct reader *reader, uint32_t n)
{
	int err = kt_ref(&reader->sk, reader->session, reader->slot[n]);

	if (reader->held[n]) {
		reader->held[n]++;
		check(reader, err, 0);
	} else if (err != -ENOENT) {
		check(reader, err ?: -EEXIST, 0);
	}
}

static void read_close(struct reader *reader, uint32_t n)
{
	int err = kt_close(&reader->sk, reader->session, reader->slot[n]);

	if (reader->held[n]) {
		reader->held[n]--;
		check(reader, err, 0);
	} else if (err != -ENOENT) {
		check(reader, err ?: -EEXIST, 0);
	}
}

static void look_at_blob(struct reader *reader, uint32_t n)
{
	const struct kt_msg *msg = &reader->msg;
	uint64_t generation = kt_u64(msg, KTLS_OCSP_A_GENERATION);
	size_t len = kt_len(msg, KTLS_OCSP_A_BLOB);

	reader->result->blobs++;
	if (len != kt_u32(msg, KTLS_OCSP_A_BLOB_LEN) ||
	    !kt_blob_ok(kt_data(msg, KTLS_OCSP_A_BLOB), len))
		reader->result->torn++;
	if (generation < reader->generation[n])
		reader->result->older++;
	reader->generation[n] = generation;
}

static void read_get(struct reader *reader, uint32_t n)
{
	int err = kt_get(&reader->sk, -1, n, KTLS_OCSP_PART_BLOB, &reader->msg);

	if (!err)
		look_at_blob(reader, n);
	/* Withdrawn, while this reader or another one holds it. */
	else if (err != -ENODATA)
		check(reader, err, reader->held[n] ? 0 : -ENOENT);
}

/* A slot that the writer let go may belong to another entry by now. */
static void forget_slot(struct reader *reader, uint32_t n)
{
	if (!reader->held[n])
		reader->slot[n] = UINT32_MAX;
}

static void read_for(struct reader *reader, int steps)
{
	while (steps--) {
		uint32_t n = draw(&reader->random, RESPONSES);

		forget_slot(reader, n);
		switch (draw(&reader->random, 6)) {
		case 0:
			read_open(reader, n);
			break;
		case 1:
			read_ref(reader, n);
			break;
		case 2:
		case 3:
			read_close(reader, n);
			break;
		default:
			read_get(reader, n);
		}
	}
}

static void be_reader(struct result *result, uint64_t seed)
{
	static struct reader reader;

	reader.result = result;
	reader.random = seed * 7919 + 1;
	kt_new(&reader.sk);
	reader.session = kt_session(&reader.sk);
	read_for(&reader, kt_races(STEPS));
	/* What is still held goes with the process. */
	_exit(0);
}

static void replace(struct kt_sock *sk, uint32_t n, uint64_t *random)
{
	static uint8_t data[BLOB_MOST];
	size_t len = KT_BLOB_MIN + draw(random, BLOB_MOST - KT_BLOB_MIN);
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = len,
		.this_update = kt_now() - KT_DAY,
		.next_update = kt_now() + KT_DAY,
	};

	kt_blob(data, len, *random);
	if (kt_set(sk, n, &blob, NULL))
		_exit(1);
}

static void be_writer(void)
{
	uint64_t random = 1;
	struct kt_sock sk;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kt_new(&sk);
	for (;;) {
		uint32_t n = draw(&random, RESPONSES);
		int err = 0;

		if (!draw(&random, 4))
			err = kt_del(&sk, -1, n);
		else
			replace(&sk, n, &random);
		if (err && err != -ENOENT)
			_exit(1);
	}
}

static void count_handles(const struct kt_msg *msg, void *arg)
{
	*(unsigned long *)arg += kt_u32(msg, KTLS_OCSP_A_HANDLES);
}

static unsigned long handles_after(struct kt_sock *sk, int ms)
{
	unsigned long handles = 0;

	kt_sleep_ms(ms);
	kt_dump(sk, -1, count_handles, &handles);
	return handles;
}

TEST_F_TIMEOUT(stress, readers_and_writer, 300)
{
	int64_t start = kt_uptime_ms();
	pid_t writer, readers[READERS];
	unsigned long blobs = 0;

	writer = fork();
	if (!writer)
		be_writer();
	for (int i = 0; i < READERS; i++) {
		readers[i] = fork();
		if (!readers[i])
			be_reader(&self->results[i], i);
	}
	for (int i = 0; i < READERS; i++) {
		EXPECT_EQ(0, kt_child_status(readers[i]));
		EXPECT_EQ(0, self->results[i].torn);
		EXPECT_EQ(0, self->results[i].older);
		EXPECT_EQ(0, self->results[i].wrong) {
			TH_LOG("last: %s",
			       strerror(-self->results[i].last_wrong));
		}
		blobs += self->results[i].blobs;
	}
	EXPECT_EQ(0, waitpid(writer, NULL, WNOHANG)) TH_LOG("writer gave up");
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	EXPECT_LT(READERS * (unsigned long)kt_races(STEPS) / 10, blobs);
	EXPECT_EQ(0, handles_after(&self->sk, 1000));
	TH_LOG("%lu blobs read in %lld ms", blobs,
	       (long long)(kt_uptime_ms() - start));
}

KT_HARNESS_MAIN
