// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What time does: a blob expires on the dot, by CLOCK_REALTIME, also when that
 * clock is stepped. The tests step it, and put it right again afterwards.
 */
#include <fcntl.h>
#include <time.h>

#include "clock.h"
#include "ktest.h"
#include "kselftest_harness.h"

#define HOUR	3600
/*
 * A step back is noticed by a get, which leaves it to a worker: this long until
 * the clock may be stepped again, or the two steps are none to the kernel.
 */
#define NOTICED		1000	/* ms */
#define LATE	1000		/* ms that an event may be late */
#define HELD	1
#define UNHELD	2

FIXTURE(time)
{
	struct kt_sock sk;
	struct kt_sock events;
	struct kt_msg msg;
	int session;
	int64_t offset;			/* CLOCK_REALTIME ahead of uptime, ns */
	bool skip_expiring;
};

static int64_t now_ms(void)
{
	return clock_ns(CLOCK_REALTIME) / NS_PER_MS;
}

static int set_clock(int64_t offset)
{
	int64_t ns = clock_ns(CLOCK_BOOTTIME) + offset;
	struct timespec ts = { ns / NS_PER_S, ns % NS_PER_S };

	return clock_settime(CLOCK_REALTIME, &ts);
}

FIXTURE_SETUP(time)
{
	self->offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	kt_new_netns();
	kt_new(&self->sk);
	kt_new(&self->events);
	ASSERT_EQ(0, kt_join(&self->events, self->events.events));
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, HELD, NULL));
	ASSERT_EQ(0, kt_next(&self->events, LATE, &self->msg));
	ASSERT_EQ(0, kt_sysctl("min_validity", 0));
	self->skip_expiring = true;
}

/* In the parent: a test that dies leaves the clock right, too. */
FIXTURE_TEARDOWN_PARENT(time)
{
	set_clock(self->offset);
}

static int step(FIXTURE_DATA(time) *self, int64_t seconds)
{
	return set_clock(self->offset + seconds * 1000000000LL);
}

/*
 * "expiring" has tests of its own, and is left out elsewhere; "removed" follows
 * what unheld ones meet.
 */
static bool is_skipped(const FIXTURE_DATA(time) *self)
{
	uint32_t event = kt_u32(&self->msg, KTLS_OCSP_A_EVENT);

	return event == KTLS_OCSP_EVENT_REMOVED ||
	       (event == KTLS_OCSP_EVENT_EXPIRING && self->skip_expiring);
}

static int next_event(FIXTURE_DATA(time) *self, int ms)
{
	int err;

	do {
		err = kt_next(&self->events, ms, &self->msg);
	} while (!err && is_skipped(self));
	return err;
}

/* A blob that is valid until then; the "updated" that it causes is read. */
static int set_until(FIXTURE_DATA(time) *self, uint32_t n, int64_t next_update)
{
	uint8_t data[KT_BLOB_MIN];
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = sizeof(data),
		.this_update = 1,
		.next_update = next_update,
	};
	int err;

	kt_blob(data, sizeof(data), n);
	err = kt_set(&self->sk, n, &blob, NULL);
	if (!err)
		err = next_event(self, LATE);
	if (!err && kt_u32(&self->msg, KTLS_OCSP_A_EVENT) !=
		    KTLS_OCSP_EVENT_UPDATED)
		err = -EPROTO;
	return err;
}

static int get_blob(FIXTURE_DATA(time) *self, uint32_t n)
{
	return kt_get(&self->sk, -1, n, KTLS_OCSP_PART_BLOB, &self->msg);
}

static int state_of(FIXTURE_DATA(time) *self, uint32_t n)
{
	int err = kt_get(&self->sk, -1, n, 0, &self->msg);

	return err ?: (int)kt_u32(&self->msg, KTLS_OCSP_A_STATE);
}

static void sleep_until(int64_t ms)
{
	int64_t left = ms - now_ms();

	if (left > 0)
		kt_sleep_ms(left);
}

#define expect_event(kind, n, ms)					\
	do {								\
		uint8_t _key[KTLS_OCSP_KEY_LEN];			\
									\
		kt_key(n, _key);					\
		ASSERT_EQ(0, next_event(self, ms));			\
		EXPECT_EQ(KTLS_OCSP_EVENT_##kind,			\
			  kt_u32(&self->msg, KTLS_OCSP_A_EVENT));	\
		ASSERT_EQ(sizeof(_key),					\
			  kt_len(&self->msg, KTLS_OCSP_A_KEY));		\
		EXPECT_EQ(0, memcmp(_key, kt_data(&self->msg,		\
						  KTLS_OCSP_A_KEY),	\
				    sizeof(_key)));			\
	} while (0)

#define expect_silence(ms)						\
	EXPECT_EQ(-EAGAIN, next_event(self, ms))

#define expect_stale(n)							\
	do {								\
		EXPECT_EQ(-ESTALE, get_blob(self, n));			\
		EXPECT_NE('\0', self->sk.text[0]);			\
		EXPECT_EQ(KTLS_OCSP_STATE_EXPIRED, state_of(self, n));	\
	} while (0)

/* Reads without pause: served before the second, refused from it on. */
TEST_F(time, on_the_dot)
{
	int64_t next = kt_now() + 3, before, after;
	int served = 0, err;

	ASSERT_EQ(0, set_until(self, HELD, next));
	EXPECT_EQ(KTLS_OCSP_STATE_VALID, state_of(self, HELD));
	sleep_until(next * 1000 - 500);
	do {
		before = now_ms();
		err = get_blob(self, HELD);
		after = now_ms();
		if (!err) {
			served++;
			ASSERT_LT(before, next * 1000);
		}
	} while (!err);
	EXPECT_LT(0, served);
	EXPECT_GE(after, next * 1000);
	expect_stale(HELD);
	expect_event(EXPIRED, HELD, LATE);
	EXPECT_LE(next * 1000, now_ms());
	EXPECT_GE(next * 1000 + LATE, now_ms());
	expect_silence(1500);
}

TEST_F(time, metadata_when_expired)
{
	int64_t next = kt_now() + 2;

	ASSERT_EQ(0, set_until(self, HELD, next));
	expect_event(EXPIRED, HELD, 2000 + LATE);
	EXPECT_EQ(KTLS_OCSP_STATE_EXPIRED, state_of(self, HELD));
	EXPECT_EQ(next, kt_s64(&self->msg, KTLS_OCSP_A_NEXT_UPDATE));
	EXPECT_EQ(KT_BLOB_MIN, kt_u32(&self->msg, KTLS_OCSP_A_BLOB_LEN));
	EXPECT_EQ(1, kt_u32(&self->msg, KTLS_OCSP_A_HANDLES));
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR));
	EXPECT_EQ(KTLS_OCSP_STATE_VALID, state_of(self, HELD));
	EXPECT_EQ(0, get_blob(self, HELD));
}

TEST_F(time, unheld_is_gone)
{
	ASSERT_EQ(0, set_until(self, UNHELD, kt_now() + 2));
	EXPECT_EQ(0, get_blob(self, UNHELD));
	expect_event(EXPIRED, UNHELD, 2000 + LATE);
	EXPECT_EQ(-ENOENT, get_blob(self, UNHELD));
	EXPECT_EQ(1, kt_count(&self->sk, -1));
}

/* What expires while it is held, and is let go then, lingers. */
TEST_F(time, let_go_when_expired)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_sysctl("linger", 2));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, HELD, &slot));
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 2));
	expect_event(EXPIRED, HELD, 2000 + LATE);
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	expect_stale(HELD);
	kt_sleep_ms(2000 + LATE);
	EXPECT_EQ(-ENOENT, get_blob(self, HELD));
	expect_silence(0);
}

TEST_F(time, updated_in_time)
{
	int64_t now = kt_now();

	ASSERT_EQ(0, set_until(self, HELD, now + 2));
	ASSERT_EQ(0, set_until(self, HELD, now + 4));
	expect_silence(2500);
	EXPECT_EQ(0, get_blob(self, HELD));
	expect_event(EXPIRED, HELD, 1500 + LATE);
}

/* The event of what was withdrawn in time does not come. */
TEST_F(time, withdrawn_in_time)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 2));
	ASSERT_EQ(0, set_until(self, UNHELD, kt_now() + 2));
	ASSERT_EQ(0, kt_del(&self->sk, -1, HELD));
	ASSERT_EQ(0, kt_del(&self->sk, -1, UNHELD));
	expect_event(WITHDRAWN, HELD, LATE);
	expect_event(WITHDRAWN, UNHELD, LATE);
	expect_silence(2000 + LATE);
}

TEST_F(time, expiring)
{
	/* A part of the first second is over, and a busy machine takes some. */
	int64_t next = kt_now() + 6;

	self->skip_expiring = false;
	ASSERT_EQ(0, kt_sysctl("min_validity", 3));
	ASSERT_EQ(0, set_until(self, HELD, next));
	expect_silence(1000);
	expect_event(EXPIRING, HELD, 2000 + LATE);
	EXPECT_LE((next - 3) * 1000, now_ms());
	EXPECT_EQ(next, kt_s64(&self->msg, KTLS_OCSP_A_NEXT_UPDATE));
	EXPECT_EQ(0, get_blob(self, HELD));
	expect_event(EXPIRED, HELD, 3000 + LATE);
	EXPECT_LE(next * 1000, now_ms());
}

/* A new blob that is short of validity already is told of at once. */
TEST_F(time, expiring_at_once)
{
	self->skip_expiring = false;
	ASSERT_EQ(0, kt_sysctl("min_validity", HOUR));
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR / 2));
	expect_event(EXPIRING, HELD, LATE);
	EXPECT_EQ(0, get_blob(self, HELD));
	expect_silence(200);
}

/* No blob has less than 0 seconds left: it has expired before. */
TEST_F(time, expiring_never)
{
	self->skip_expiring = false;
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 2));
	expect_event(EXPIRED, HELD, 2000 + LATE);
	expect_silence(200);
}

/* Both thresholds in one step: told in the order of time. */
TEST_F(time, expiring_and_expired)
{
	self->skip_expiring = false;
	ASSERT_EQ(0, kt_sysctl("min_validity", 600));
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR));
	ASSERT_EQ(0, step(self, 2 * HOUR));
	expect_event(EXPIRING, HELD, LATE);
	expect_event(EXPIRED, HELD, LATE);
	ASSERT_EQ(0, step(self, 0));
	EXPECT_EQ(0, get_blob(self, HELD));
	expect_silence(NOTICED);
	ASSERT_EQ(0, step(self, HOUR - 300));
	expect_event(EXPIRING, HELD, LATE);
	EXPECT_EQ(0, get_blob(self, HELD));
	expect_silence(200);
}

TEST_F(time, many_at_once)
{
	int64_t next = kt_now() + 5;

	for (uint32_t n = 10; n < 110; n++)
		ASSERT_EQ(0, set_until(self, n, next));
	ASSERT_GT(next, kt_now());
	expect_silence(next * 1000 - now_ms() - 100);
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, next_event(self, 2 * LATE));
		EXPECT_EQ(KTLS_OCSP_EVENT_EXPIRED,
			  kt_u32(&self->msg, KTLS_OCSP_A_EVENT));
	}
	expect_silence(200);
	EXPECT_EQ(1, kt_count(&self->sk, -1));
}

TEST_F(time, stepped_forward)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR));
	ASSERT_EQ(0, set_until(self, UNHELD, kt_now() + HOUR + 1));
	ASSERT_EQ(0, step(self, 2 * HOUR));
	EXPECT_EQ(-ESTALE, get_blob(self, HELD));
	expect_event(EXPIRED, HELD, LATE);
	expect_event(EXPIRED, UNHELD, LATE);
	expect_stale(HELD);
	EXPECT_EQ(-ENOENT, get_blob(self, UNHELD));
	expect_silence(200);
}

/* Refused at the next read, whether or not anybody noticed the step. */
TEST_F(time, stepped_forward_unnoticed)
{
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, step(self, 0));
		ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR));
		EXPECT_EQ(0, get_blob(self, HELD));
		ASSERT_EQ(0, step(self, 2 * HOUR));
		EXPECT_EQ(-ESTALE, get_blob(self, HELD));
		expect_event(EXPIRED, HELD, LATE);
	}
}

TEST_F(time, stepped_back)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 2));
	ASSERT_EQ(0, set_until(self, UNHELD, kt_now() + 2));
	ASSERT_EQ(0, step(self, -HOUR));
	expect_silence(3500);
	EXPECT_EQ(0, get_blob(self, HELD));
	EXPECT_EQ(0, get_blob(self, UNHELD));
	ASSERT_EQ(0, step(self, 0));
	expect_event(EXPIRED, HELD, LATE);
	expect_event(EXPIRED, UNHELD, LATE);
	expect_stale(HELD);
}

/* Expired, served again as the clock goes back, and expired once more. */
TEST_F(time, there_and_back)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, step(self, 2 * HOUR));
		expect_event(EXPIRED, HELD, LATE);
		expect_stale(HELD);
		ASSERT_EQ(0, step(self, 0));
		EXPECT_EQ(0, get_blob(self, HELD));
		EXPECT_EQ(KTLS_OCSP_STATE_VALID, state_of(self, HELD));
		expect_silence(NOTICED);
	}
}

/* The same, and nobody reads while the clock is back. */
TEST_F(time, back_in_silence)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 2));
	ASSERT_EQ(0, step(self, HOUR));
	expect_event(EXPIRED, HELD, LATE);
	ASSERT_EQ(0, step(self, -5));
	expect_silence(2000);
	EXPECT_EQ(0, get_blob(self, HELD));
	expect_event(EXPIRED, HELD, 7000 + LATE);
	expect_stale(HELD);
}

/* Who notices the step changes nothing, and nobody else comes. */
TEST_F(time, back_and_refused)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 4));
	ASSERT_EQ(0, step(self, HOUR));
	expect_event(EXPIRED, HELD, LATE);
	ASSERT_EQ(0, step(self, 0));
	EXPECT_EQ(-ENOENT, kt_del(&self->sk, -1, UNHELD));
	expect_event(EXPIRED, HELD, 4000 + LATE);
}

/* Nor does who opens once more what he holds. */
TEST_F(time, back_and_opened_again)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 4));
	ASSERT_EQ(0, step(self, HOUR));
	expect_event(EXPIRED, HELD, LATE);
	ASSERT_EQ(0, step(self, 0));
	EXPECT_EQ(0, kt_open(&self->sk, self->session, HELD, NULL));
	expect_event(EXPIRED, HELD, 4000 + LATE);
}

/* What has not expired yet, but is expiring, is told of again as well. */
TEST_F(time, back_and_expiring_again)
{
	self->skip_expiring = false;
	ASSERT_EQ(0, kt_sysctl("min_validity", HOUR));
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR + 4));
	ASSERT_EQ(0, step(self, HOUR / 2));
	expect_event(EXPIRING, HELD, LATE);
	ASSERT_EQ(0, step(self, 0));
	EXPECT_EQ(0, get_blob(self, HELD));
	expect_event(EXPIRING, HELD, 4000 + LATE);
}

/* A read of another entry, or a dump, notices a step as well. */
TEST_F(time, back_and_dumped)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 4));
	ASSERT_EQ(0, step(self, HOUR));
	expect_event(EXPIRED, HELD, LATE);
	ASSERT_EQ(0, step(self, 0));
	EXPECT_EQ(1, kt_count(&self->sk, -1));
	expect_event(EXPIRED, HELD, 4000 + LATE);
}

/* The timer goes by the setting that there is, not by the one that was. */
TEST_F(time, expiring_follows_min_validity)
{
	self->skip_expiring = false;
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + 8));
	ASSERT_EQ(0, kt_sysctl("min_validity", 6));
	expect_event(EXPIRING, HELD, 2000 + LATE);
	ASSERT_EQ(0, kt_sysctl("min_validity", 2));
	expect_event(EXPIRING, HELD, 4000 + LATE);
	expect_event(EXPIRED, HELD, 2000 + LATE);
}

/* What nobody holds goes in time, though the clock was far ahead. */
TEST_F(time, lingers_by_uptime)
{
	uint32_t slot;

	/* Up to a second less, and a busy machine takes its time for all this. */
	ASSERT_EQ(0, kt_sysctl("linger", 4));
	ASSERT_EQ(0, step(self, 1000 * HOUR));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, UNHELD, &slot));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	ASSERT_EQ(0, step(self, 0));
	kt_sleep_ms(1000);
	EXPECT_EQ(KTLS_OCSP_STATE_PENDING, state_of(self, UNHELD));
	kt_sleep_ms(3500 + LATE);
	EXPECT_EQ(-ENOENT, state_of(self, UNHELD));
}

/* A blob from when the clock was ahead keeps no later one out. */
TEST_F(time, set_after_step)
{
	int64_t now = kt_now();
	uint8_t data[KT_BLOB_MIN];
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = sizeof(data),
		.this_update = now + 500 * HOUR,
		.next_update = now + 2000 * HOUR,
	};

	kt_blob(data, sizeof(data), HELD);
	ASSERT_EQ(0, step(self, 1000 * HOUR));
	ASSERT_EQ(0, kt_set(&self->sk, HELD, &blob, NULL));
	ASSERT_EQ(0, step(self, 0));
	blob.this_update = now - HOUR;
	EXPECT_EQ(0, kt_set(&self->sk, HELD, &blob, NULL));
	blob.this_update = now - 2 * HOUR;
	EXPECT_EQ(-EEXIST, kt_set(&self->sk, HELD, &blob, NULL));
}

/* A step while nothing is stored leaves no trace. */
TEST_F(time, stepped_when_empty)
{
	ASSERT_EQ(0, step(self, 1000 * HOUR));
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR));
	expect_silence(200);
	ASSERT_EQ(0, step(self, 0));
	EXPECT_EQ(0, get_blob(self, HELD));
	ASSERT_EQ(0, set_until(self, UNHELD, kt_now() + 2));
	expect_event(EXPIRED, UNHELD, 2000 + LATE);
	expect_silence(200);
}

/* In the year 1970 a blob of today is valid for long, not expired. */
TEST_F(time, stepped_to_1970)
{
	ASSERT_EQ(0, set_until(self, HELD, kt_now() + HOUR));
	/* The clock cannot be set to before the machine was started. */
	ASSERT_EQ(0, step(self, 10 - self->offset / 1000000000));
	EXPECT_EQ(0, get_blob(self, HELD));
	ASSERT_EQ(0, set_until(self, UNHELD, kt_now() + 2));
	expect_event(EXPIRED, UNHELD, 2000 + LATE);
	EXPECT_EQ(0, get_blob(self, HELD));
	expect_silence(200);
}

KT_HARNESS_MAIN
