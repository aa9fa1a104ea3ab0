// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp on the board against a writer at full speed, which replaces, deletes
 * and creates again. Every context is checked: that it is whole, that it is of
 * the right certificate, that it is not older than what the writer had done
 * before it was asked for, nor than what the reader had seen.
 *
 * The same source is run under ThreadSanitizer and AddressSanitizer.
 */
#include <malloc.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include <openssl/sha.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "store_test.h"
#include "context.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#endif

#ifdef SANITIZED
#define THREAD_READS	3000	/* of each reader */
#define REOPEN		500
#define OTHERS		20
#define TURNS		20
#define SWAPS		10
#else
#define PROCESS_READS	125000
#define THREAD_READS	25000	/* they wait for one lock when all is new */
#define REOPEN		2000	/* reads between */
#define OTHERS		500	/* threads that come and go */
#define TURNS		100
#define SWAPS		50
#endif
#define READERS		8
#define SHARED		0	/* the response that all readers hold */
#define RESPONSES	(READERS + 1)

/*
 * The writer's steps with a response are numbered; each DELth deletes, and
 * step 0 is the empty store.
 */
#define DEL		5

struct truth {
	atomic_ulong started;
	atomic_ulong done;
};

struct race {
	struct truth truth[RESPONSES];
	atomic_int readers;		/* that still read */
};

/* What step made response n hold: lengths differ, so that a mix would show. */
struct blob {
	uint8_t digest[SHA256_DIGEST_LENGTH];
	uint64_t step;
	uint32_t n;
	uint8_t fill[300];
};

static size_t blob_make(struct blob *b, uint32_t n, uint64_t step)
{
	size_t len = sizeof(*b) - step % 200;

	memset(b, 0, sizeof(*b));
	b->step = step;
	b->n = n;
	memset(b->fill, (int)step, sizeof(b->fill));
	SHA256((uint8_t *)b + sizeof(b->digest), len - sizeof(b->digest),
	       b->digest);
	return len;
}

/* The step that made it; 0: it is not whole, or of another response. */
static uint64_t blob_step(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c, uint32_t n)
{
	struct blob b;

	if (!kt_blob_ok(c->pbEncodedOcspResponse, c->cbEncodedOcspResponse) ||
	    c->cbEncodedOcspResponse > sizeof(b))
		return 0;
	memcpy(&b, c->pbEncodedOcspResponse, c->cbEncodedOcspResponse);
	return b.n == n ? b.step : 0;
}

static int take_step(struct ocsp_client *client, const struct pki *pki,
		     struct truth *truth, uint32_t n)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	uint64_t step = atomic_load(&truth->done) + 1;
	struct blob b;
	int rc;

	atomic_store(&truth->started, step);
	name.key = pki->key;
	if (step % DEL)
		rc = pki_set(client, pki, &b, blob_make(&b, n, step),
			     KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY);
	else
		rc = ocsp_client_del(client, &name);
	atomic_store(&truth->done, step);
	return rc;
}

/* One reader's hold on one response. */
struct hold {
	const struct pki *pki;
	struct truth *truth;
	uint32_t n;
	PCCERT_CHAIN_CONTEXT chain;
	HCERT_SERVER_OCSP_RESPONSE h;
	uint64_t step;			/* seen last */
	uint64_t generation;
	unsigned long contexts;
	unsigned long generations;
};

/* Between two steps, both included: was the response ever without a blob? */
static bool was_empty(uint64_t first, uint64_t last)
{
	return first % DEL == 0 || first / DEL != last / DEL;
}

static bool check(struct hold *hold, PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c,
		  uint64_t first, uint64_t last)
{
	uint64_t generation = ((const struct ocsp_context *)c)->generation;
	uint64_t step = blob_step(c, hold->n);
	bool new = generation != hold->generation;

	if (!step || step < first || step > last)
		return false;
	if (new ? generation < hold->generation || step <= hold->step :
		  step != hold->step)
		return false;
	hold->contexts++;
	hold->generations += new;
	hold->step = step;
	hold->generation = generation;
	return true;
}

static void complain(const struct hold *hold,
		     PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c, uint64_t first,
		     uint64_t last)
{
	fprintf(stderr, "# response %u, steps %lu to %lu, last seen %lu of generation %lu: ",
		hold->n, first, last, hold->step, hold->generation);
	if (c)
		fprintf(stderr, "step %lu of generation %lu\n",
			blob_step(c, hold->n),
			((const struct ocsp_context *)c)->generation);
	else
		fprintf(stderr, "error %#x\n", GetLastError());
}

static bool read_once(struct hold *hold)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	uint64_t first, last;
	bool ok;

	first = atomic_load(&hold->truth->done);
	c = CertGetServerOcspResponseContext(hold->h, 0, NULL);
	last = atomic_load(&hold->truth->started);
	ok = c ? check(hold, c, first, last) :
		 GetLastError() == (DWORD)CRYPT_E_REVOCATION_OFFLINE &&
		 was_empty(first, last);
	if (!ok)
		complain(hold, c, first, last);
	CertFreeServerOcspResponseContext(c);
	return ok;
}

static bool hold_open(struct hold *hold)
{
	hold->h = CertOpenServerOcspResponse(hold->chain, ASYNC, NULL);
	return hold->h;
}

/* Long enough not held that its slot becomes free, and is taken again. */
static bool hold_reopen(struct hold *hold)
{
	uint64_t step = atomic_load(&hold->truth->done);

	CertCloseServerOcspResponse(hold->h, 0);
	while (atomic_load(&hold->truth->done) < step + DEL + 1)
		sched_yield();
	return hold_open(hold);
}

FIXTURE(race) {
	struct ocsp_client *client;
	struct pki pki[RESPONSES];
	PCCERT_CHAIN_CONTEXT chain[RESPONSES];
	struct race *race;
};

FIXTURE_SETUP(race)
{
	const char *reason = enter_new_store(&self->client);

	if (reason)
		SKIP(return, "%s", reason);
	for (int i = 0; i < RESPONSES; i++) {
		pki_new(&self->pki[i], 0x100 + i, PKI_URL, 0);
		self->chain[i] = pki_chain(&self->pki[i]);
	}
	self->race = kt_shared(sizeof(*self->race));
}

FIXTURE_TEARDOWN(race)
{
	if (!self->race)
		return;
	munmap(self->race, sizeof(*self->race));
	for (int i = 0; i < RESPONSES; i++) {
		CertFreeCertificateChain(self->chain[i]);
		pki_free(&self->pki[i]);
	}
	ocsp_client_free(self->client);
}

static struct hold new_hold(FIXTURE_DATA(race) *self, uint32_t n)
{
	return (struct hold) {
		.pki = &self->pki[n],
		.truth = &self->race->truth[n],
		.n = n,
		.chain = self->chain[n],
	};
}

/* Reads two: one that all hold, and one of its own. 0: all was well. */
static int reader(FIXTURE_DATA(race) *self, uint32_t n,
		  HCERT_SERVER_OCSP_RESPONSE shared, int reads)
{
	struct hold hold[2] = { new_hold(self, SHARED), new_hold(self, n) };

	hold[0].h = shared;
	if (!hold_open(&hold[1]))
		return 1;
	for (int i = 0; i < reads; i++) {
		if (!read_once(&hold[i % 2]))
			return 2;
		if (i % REOPEN == REOPEN - 1 && !hold_reopen(&hold[1]))
			return 3;
	}
	CertCloseServerOcspResponse(hold[1].h, 0);
	fprintf(stderr, "# reader %u: %lu and %lu contexts of %lu and %lu generations\n",
		n, hold[0].contexts, hold[1].contexts, hold[0].generations,
		hold[1].generations);
	/* It was a race, and not always lost. */
	return hold[0].contexts && hold[1].contexts &&
	       hold[0].generations > 2 && hold[1].generations > 2 ? 0 : 4;
}

/* Writes while anybody reads. The steps taken, or a negative errno. */
static long write_all(FIXTURE_DATA(race) *self)
{
	long steps = 0;
	int rc;

	while (atomic_load(&self->race->readers))
		for (uint32_t n = 0; n < RESPONSES; n++, steps++) {
			rc = take_step(self->client, &self->pki[n],
				       &self->race->truth[n], n);
			if (rc)
				return rc;
		}
	return steps;
}

#ifndef SANITIZED
static void reader_process(FIXTURE_DATA(race) *self, uint32_t n)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int failed = 5;

	h = CertOpenServerOcspResponse(self->chain[SHARED], ASYNC, NULL);
	if (h)
		failed = reader(self, n, h, kt_races(PROCESS_READS));
	atomic_fetch_sub(&self->race->readers, 1);
	_exit(failed);
}

TEST_F_TIMEOUT(race, processes, 500)
{
	pid_t pids[READERS];
	long steps;
	int i;

	atomic_store(&self->race->readers, READERS);
	for (i = 0; i < READERS; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			reader_process(self, 1 + i);
	}
	steps = write_all(self);
	EXPECT_LT(0, steps);
	for (i = 0; i < READERS; i++)
		EXPECT_EQ(0, kt_child_status(pids[i]));
	TH_LOG("%d reads, %ld writes", READERS * kt_races(PROCESS_READS), steps);
}
#endif

struct reader_thread {
	FIXTURE_DATA(race) *self;
	uint32_t n;
	HCERT_SERVER_OCSP_RESPONSE shared;
	pthread_t thread;
	int failed;
};

static void *reader_thread(void *arg)
{
	struct reader_thread *t = arg;

	t->failed = reader(t->self, t->n, t->shared, kt_races(THREAD_READS));
	atomic_fetch_sub(&t->self->race->readers, 1);
	return NULL;
}

TEST_F_TIMEOUT(race, threads, 500)
{
	struct reader_thread threads[READERS];
	HCERT_SERVER_OCSP_RESPONSE h;
	long steps;
	int i;

	h = CertOpenServerOcspResponse(self->chain[SHARED], ASYNC, NULL);
	ASSERT_NE(NULL, h);
	atomic_store(&self->race->readers, READERS);
	for (i = 0; i < READERS; i++) {
		threads[i] = (struct reader_thread){ self, 1 + i, h, 0, -1 };
		ASSERT_EQ(0, pthread_create(&threads[i].thread, NULL,
					    reader_thread, &threads[i]));
	}
	steps = write_all(self);
	EXPECT_LT(0, steps);
	for (i = 0; i < READERS; i++) {
		pthread_join(threads[i].thread, NULL);
		EXPECT_EQ(0, threads[i].failed);
	}
	CertCloseServerOcspResponse(h, 0);
	TH_LOG("%d reads, %ld writes", READERS * kt_races(THREAD_READS), steps);
}

struct told {
	atomic_int times;
	pthread_barrier_t cue;
	HCERT_SERVER_OCSP_RESPONSE h;
};

static void *on_cue(void *arg)
{
	struct told *told = arg;

	for (int turn = 0; turn < TURNS; turn++) {
		pthread_barrier_wait(&told->cue);
		CertFreeServerOcspResponseContext(
			CertGetServerOcspResponseContext(told->h, 0, NULL));
		pthread_barrier_wait(&told->cue);
	}
	return NULL;
}

/* By whichever thread of the process is in it, soon after it was there to see */
static bool is_told(struct told *told, int times)
{
	for (int ms = 0; ms < 10000 && atomic_load(&told->times) < times; ms++)
		kt_sleep_ms(1);
	return atomic_load(&told->times) == times;
}

/* However many threads see an update at once, it is told once. */
TEST_F_TIMEOUT(race, told_once, 120)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { .cbSize = sizeof(para) };
	struct truth *truth = &self->race->truth[0];
	pthread_t threads[READERS];
	struct told told = { 0 };
	int i;

	pthread_barrier_init(&told.cue, NULL, READERS + 1);
	para.pfnUpdateCallback = count_update;
	para.pvUpdateCallbackArg = &told.times;
	told.h = CertOpenServerOcspResponse(self->chain[0], ASYNC, &para);
	ASSERT_NE(NULL, told.h);
	for (i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, on_cue, &told));
	for (i = 0; i < TURNS; i++) {
		do {
			ASSERT_EQ(0, take_step(self->client, &self->pki[0],
					       truth, 0));
		} while (atomic_load(&truth->done) % DEL == 0);
		pthread_barrier_wait(&told.cue);	/* they read */
		pthread_barrier_wait(&told.cue);
		ASSERT_TRUE(is_told(&told, i + 1));
	}
	for (i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	CertCloseServerOcspResponse(told.h, 0);
	EXPECT_EQ(TURNS, atomic_load(&told.times));
	pthread_barrier_destroy(&told.cue);
}

/* One thread's use of all handles: contexts may outlive it. */
struct visit {
	HCERT_SERVER_OCSP_RESPONSE *h;
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT kept;
	int failed;
};

static void *visit(void *arg)
{
	struct visit *v = arg;

	for (int i = 0; i < RESPONSES; i++)
		for (int times = 0; times < 2; times++)
			v->failed += !get_is_ok(v->h[i]);
	v->kept = CertGetServerOcspResponseContext(v->h[0], 0, NULL);
	return NULL;
}

/* What the allocator gave away; under a sanitizer it does not say. */
static size_t allocated(void)
{
	return mallinfo2().uordblks;
}

/* Did a thread leave anything behind? Known under AddressSanitizer alone. */
static bool leaked(void)
{
#ifdef __SANITIZE_ADDRESS__
	return __lsan_do_recoverable_leak_check();
#else
	return false;
#endif
}

TEST_F_TIMEOUT(race, threads_come_and_go, 120)
{
	HCERT_SERVER_OCSP_RESPONSE h[RESPONSES];
	struct visit v = { .h = h };
	size_t before = 0;
	pthread_t thread;
	int i;

	for (i = 0; i < RESPONSES; i++) {
		ASSERT_EQ(0, take_step(self->client, &self->pki[i],
				       &self->race->truth[i], i));
		h[i] = CertOpenServerOcspResponse(self->chain[i], ASYNC, NULL);
		ASSERT_NE(NULL, h[i]);
	}
	for (i = 0; i < OTHERS; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, visit, &v));
		pthread_join(thread, NULL);
		ASSERT_EQ(0, v.failed);
		ASSERT_EQ(1, blob_step(v.kept, 0));
		CertFreeServerOcspResponseContext(v.kept);
		if (i == OTHERS / 10)
			before = allocated();
	}
	EXPECT_GE(before + 1024, allocated());
	for (i = 0; i < RESPONSES; i++)
		CertCloseServerOcspResponse(h[i], 0);
	EXPECT_FALSE(leaked());
}

/*
 * Handles that are closed give their numbers to others, while threads remember
 * what those had before.
 */
struct swap {
	FIXTURE_DATA(race) *self;
	HCERT_SERVER_OCSP_RESPONSE h[RESPONSES];
	uint32_t of[RESPONSES];		/* whose response h is */
	pthread_barrier_t barrier;
	bool over;
	atomic_int failed;
};

static void *swap_reader(void *arg)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	struct swap *s = arg;

	for (;;) {
		pthread_barrier_wait(&s->barrier);
		if (s->over)
			return NULL;
		for (int i = 0; i < RESPONSES; i++) {
			c = CertGetServerOcspResponseContext(s->h[i], 0, NULL);
			if (!c || blob_step(c, s->of[i]) != 1)
				atomic_fetch_add(&s->failed, 1);
			CertFreeServerOcspResponseContext(c);
		}
		pthread_barrier_wait(&s->barrier);
	}
}

static void swap_one(struct swap *s, uint32_t at, uint32_t of)
{
	s->of[at] = of;
	s->h[at] = CertOpenServerOcspResponse(s->self->chain[of], ASYNC,
					      NULL);
}

/* Closed in one order, opened in another, so that all numbers move. */
static void swap_all(struct swap *s, int turn)
{
	for (int i = 0; i < RESPONSES; i++)
		CertCloseServerOcspResponse(s->h[(i * 2) % RESPONSES], 0);
	for (int i = 0; i < RESPONSES; i++)
		swap_one(s, i, (i + turn) % RESPONSES);
}

TEST_F_TIMEOUT(race, numbers_used_again, 120)
{
	struct swap s = { .self = self };
	pthread_t threads[2];
	int i;

	for (i = 0; i < RESPONSES; i++) {
		ASSERT_EQ(0, take_step(self->client, &self->pki[i],
				       &self->race->truth[i], i));
		swap_one(&s, i, i);
	}
	pthread_barrier_init(&s.barrier, NULL, 3);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, swap_reader, &s));
	for (i = 1; i < SWAPS; i++) {
		pthread_barrier_wait(&s.barrier);	/* they read */
		pthread_barrier_wait(&s.barrier);
		swap_all(&s, i);
	}
	s.over = true;
	pthread_barrier_wait(&s.barrier);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, atomic_load(&s.failed));
	for (i = 0; i < RESPONSES; i++)
		CertCloseServerOcspResponse(s.h[i], 0);
	pthread_barrier_destroy(&s.barrier);
}

TEST_HARNESS_MAIN
