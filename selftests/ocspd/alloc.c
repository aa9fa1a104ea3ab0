// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * ocspd without memory: while it starts, reads its configuration, fetches,
 * verifies, stores and writes its cache, and while it reads the configuration
 * again, the first allocation fails, then the second, until none is left. It
 * does its work in spite of that, or tells that there is no memory; and all is
 * well when there is some again.
 */
#include <limits.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "store_test.h"
#include "program_faults.h"

#define PORT		"8890"
#define URL		"http://127.0.0.1:" PORT "/one/"

/* What one round may take, in steps of 10 ms. */
#define PATIENCE	3000

static const char *directory;

/* Made before the first test: what all are to find. */
static void __attribute__((constructor)) share(void)
{
	directory = pf_directory();
}

FIXTURE(ocspd) {
	FIXTURE_DATA(store) store;
	struct pki pki;			/* whose responder there is */
	int session;			/* holds the response */
	pid_t responder;
	pid_t ocspd;			/* 0: it does not run */
	char conf[64];
	char cached[128];		/* the file of the response */
};

#define RIG	FIXTURE_DATA(ocspd)

static void write_files(RIG *rig)
{
	FILE *conf = pf_create(rig->conf, "ocspd.conf");
	char path[64];
	FILE *ca = pf_create(path, "ca.pem"), *key = pf_create(path, "ca.key");
	FILE *pin = pf_create(path, "pin.pem");
	int n;

	if (!PEM_write_X509(ca, rig->pki.ca.cert) ||
	    !PEM_write_X509(pin, rig->pki.leaf.cert) ||
	    !PEM_write_X509(pin, rig->pki.ca.cert) ||
	    !PEM_write_PrivateKey(key, rig->pki.ca.key, NULL, NULL, 0, NULL,
				  NULL) ||
	    fclose(ca) || fclose(key) || fclose(pin))
		abort();
	fprintf(conf,
		"[ocspd]\ncache = %s/cache\nallow = 127.0.0.0/8\n"
		"proxy = none\nretry = 1\nretry_max = 1\n"
		"[certificate pin]\nfile = %s\n", directory, path);
	if (fclose(conf))
		abort();
	n = sprintf(rig->cached, "%s/cache/", directory);
	for (size_t i = 0; i < KTLS_OCSP_KEY_LEN; i++)
		n += sprintf(rig->cached + n, "%02x", rig->pki.key[i]);
	strcpy(rig->cached + n, ".ocsp");
}

static pid_t start_responder(void)
{
	char ca[64], key[64], faults[64];
	pid_t pid;

	snprintf(ca, sizeof(ca), "%s/ca.pem", directory);
	snprintf(key, sizeof(key), "%s/ca.key", directory);
	snprintf(faults, sizeof(faults), "%s", directory);
	pid = fork();
	if (!pid) {
		execlp("bad_responder", "bad_responder", "--port", PORT, "--ca",
		       ca, "--key", key, "--faults", faults, NULL);
		abort();
	}
	return pid;
}

/* The response that is held, and its state; or KTLS_OCSP_STATE_PENDING. */
static struct ocsp_entry response_of(RIG *rig)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_entry r;

	name.key = rig->pki.key;
	ocsp_client_get(rig->store.client, &name, 0, &r);
	return r;
}

static bool is_valid(RIG *rig)
{
	return response_of(rig).state == KTLS_OCSP_STATE_VALID;
}

/* Somebody opens it, and waits. */
static int want(RIG *rig)
{
	struct ocsp_name name = { .session = rig->session };
	unsigned char *cert = NULL, *issuer = NULL;
	struct ocsp_opened opened;
	int rc;

	name.cert_len = i2d_X509(rig->pki.leaf.cert, &cert);
	name.issuer_len = i2d_X509(rig->pki.ca.cert, &issuer);
	name.cert = cert;
	name.issuer = issuer;
	rc = ocsp_client_open(rig->store.client, &name, true, &opened);
	OPENSSL_free(cert);
	OPENSSL_free(issuer);
	return rc;
}

/* Neither the store nor the disk has it. */
static void forget(RIG *rig)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	unlink(rig->cached);
	name.key = rig->pki.key;
	ocsp_client_del(rig->store.client, &name);
}

FIXTURE_SETUP(ocspd)
{
	store_setup(_metadata, &self->store, NULL);
	if (!self->store.chain)
		return;
	ASSERT_EQ(0, system("ip link set lo up"));
	pki_new(&self->pki, 0x20, URL, 0);
	write_files(self);
	self->responder = start_responder();
	ASSERT_LT(0, self->responder);
	ASSERT_EQ(0, ocsp_client_session(self->store.client, &self->session,
					 NULL, NULL));
	ASSERT_EQ(0, want(self));
}

FIXTURE_TEARDOWN(ocspd)
{
	if (!self->store.chain)
		return;
	kill(self->responder, SIGTERM);
	waitpid(self->responder, NULL, 0);
	close(self->session);
	pki_free(&self->pki);
	store_teardown(_metadata, &self->store, NULL);
}

/* It tells of memory, or libcrypto or libcurl did not tell it. */
static bool says_so(const struct pf_run *run)
{
	return strstr(run->err, "memory") ||
	       (mf_is_foreign(&run->site) && *run->err);
}

static void complain(const struct pf_run *run, unsigned long nth,
		     const char *what)
{
	printf("# allocation %lu, of %s at %#lx: %s; exit status %d:\n# %s",
	       nth, run->site.owner, run->site.offset, what, run->status,
	       *run->err ? run->err : "\n");
}

/* --once */

static const char *fault_of(RIG *rig, const struct pf_run *run)
{
	if (run->status > EXIT_FAILURE)
		return "the wrong exit status";
	if (run->status == EXIT_FAILURE)
		return says_so(run) ? NULL : "it does not say why";
	if (!is_valid(rig))
		return "there is no response";
	if (access(rig->cached, F_OK) && !says_so(run))
		return "nothing is kept on the disk, and it does not say why";
	return NULL;
}

#define SLOW	600

TEST_F_TIMEOUT(ocspd, once, SLOW)
{
	const char *const argv[] = { "ocspd", "-f", self->conf, "--once", NULL };
	unsigned int met = 0, refused = 0, wrong = 0;
	struct pf_choice choice;
	const char *fault;
	struct pf_run run;

	pf_run(argv, 0, &run);
	ASSERT_EQ(0, run.status)
		TH_LOG("%s", run.err);
	/* A run of it takes a second and more. */
	pf_choose(&choice, true);
	printf("# %zu allocations are to fail\n", choice.chosen.count);
	fflush(stdout);
	for (size_t i = 0; i < choice.chosen.count && wrong < 20; i++) {
		unsigned long nth = choice.chosen.number[i];

		forget(self);
		pf_run(argv, nth, &run);
		met += run.met;
		refused += !!run.status;
		fault = fault_of(self, &run);
		wrong += !!fault;
		if (fault)
			complain(&run, nth, fault);
	}
	pf_choice_clear(&choice);
	printf("# %s: %u allocations failed, %u refused it\n", _metadata->name,
	       met, refused);
	EXPECT_EQ(0, wrong);
	EXPECT_LT(0, refused);
	EXPECT_LT(refused, met);
}

/* The one that runs on */

static bool has_ended(RIG *rig, struct pf_run *run)
{
	if (!pf_has_ended(rig->ocspd, run))
		return false;
	rig->ocspd = 0;
	return true;
}

/* Until it has said that, or ended. */
static bool said(RIG *rig, struct pf_run *run, const char *a, const char *b)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (has_ended(rig, run))
			return false;
		if (strstr(run->err, a) || strstr(run->err, b))
			return true;
		kt_sleep_ms(10);
	}
	return false;
}

static bool start(RIG *rig)
{
	const char *const argv[] = { "ocspd", "-f", rig->conf, NULL };
	struct pf_run run;

	rig->ocspd = pf_start(argv, -1);
	return said(rig, &run, "ready, ", "ready, ");
}

/* What it is to do, and how that ended: NULL, or what is wrong. */
typedef const char *(*round_fn)(RIG *rig, long nth, struct pf_run *run);

static const char *ended(const struct pf_run *run)
{
	if (run->status != EXIT_FAILURE)
		return "it ended";
	return says_so(run) ? NULL : "it does not say why it ended";
}

static const char *reload(RIG *rig, long nth, struct pf_run *run)
{
	pf_forget();
	pf_next(rig->ocspd, nth);
	kill(rig->ocspd, SIGHUP);
	if (!said(rig, run, "read again", "stays in use"))
		return rig->ocspd ? "no answer to SIGHUP" : ended(run);
	if (strstr(run->err, "stays in use") && !says_so(run))
		return "it does not say why nothing has changed";
	return NULL;
}

/* The first attempt may fail, and be told to; the next has memory. */
static const char *fetch(RIG *rig, long nth, struct pf_run *run)
{
	pf_forget();
	pf_next(rig->ocspd, nth);
	forget(rig);
	want(rig);
	for (int i = 0; i < PATIENCE; i++) {
		if (has_ended(rig, run))
			return ended(run);
		if (is_valid(rig))
			return NULL;
		kt_sleep_ms(10);
	}
	return "there is no response";
}

static void rounds(struct __test_metadata *_metadata, RIG *rig, round_fn round)
{
	unsigned int met = 0, wrong = 0, deaths = 0;
	struct pf_choice choice;
	const char *fault;
	struct pf_run run;

	ASSERT_TRUE(start(rig));
	/* So that all is there that stays. */
	ASSERT_EQ(NULL, round(rig, -1, &run));
	ASSERT_EQ(NULL, round(rig, 0, &run));
	kt_sleep_ms(200);
	pf_choose(&choice, false);
	for (size_t i = 0; i < choice.chosen.count && wrong < 10; i++) {
		unsigned long nth = choice.chosen.number[i];

		if (!rig->ocspd)
			ASSERT_TRUE(start(rig));
		fault = round(rig, nth, &run);
		met += run.met;
		deaths += !rig->ocspd;
		wrong += !!fault;
		if (fault)
			complain(&run, nth, fault);
	}
	pf_choice_clear(&choice);
	printf("# %s: %u allocations failed, %u ended it\n", _metadata->name,
	       met, deaths);
	EXPECT_EQ(0, wrong);
	EXPECT_LT(0, met);
	if (rig->ocspd) {
		kill(rig->ocspd, SIGTERM);
		pf_end(rig->ocspd, &run);
		EXPECT_EQ(0, run.status);
	}
}

TEST_F_TIMEOUT(ocspd, reload, SLOW)
{
	rounds(_metadata, self, reload);
}

TEST_F_TIMEOUT(ocspd, fetch, SLOW)
{
	rounds(_metadata, self, fetch);
}

/* The last test: where all that was. */
TEST_F(ocspd, places)
{
	EXPECT_LT(0, pf_tell_places("../lib/ocspd"));
}

TEST_HARNESS_MAIN
