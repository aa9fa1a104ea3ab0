// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * ocspctl without memory: of each command the first allocation fails, then the
 * second, until none is left. It does what it would have done anyway, or says
 * in one line that there is no memory, and the store is as it was.
 */
#include <ctype.h>

#include <openssl/pem.h>

#include "store_test.h"
#include "program_faults.h"

#define EXIT_ERROR	1
#define EXIT_REFUSED	4

/* Made before the first test: what all are to find. */
static void __attribute__((constructor)) share(void)
{
	pf_directory();
}

FIXTURE(ctl) {
	FIXTURE_DATA(store) store;
	struct kt_sock watch;
	unsigned char *der;
	size_t len;
	char chain[64];
	char ca[64];
	char response[64];
	char copy[64];
	char key[2 * KTLS_OCSP_KEY_LEN + 1];
};

#define RIG	FIXTURE_DATA(ctl)

static void write_files(RIG *rig)
{
	const struct pki *pki = &rig->store.pki;
	FILE *chain = pf_create(rig->chain, "chain.pem");
	FILE *ca = pf_create(rig->ca, "ca.pem");
	FILE *response = pf_create(rig->response, "response.der");

	/* Times that read the same as long as the test runs. */
	rig->der = pki_response(pki, V_OCSP_CERTSTATUS_GOOD, -3600,
				PKI_DAY + PKI_DAY / 48, &rig->len);
	if (!PEM_write_X509(chain, pki->leaf.cert) ||
	    !PEM_write_X509(chain, pki->ca.cert) ||
	    !PEM_write_X509(ca, pki->ca.cert) ||
	    fwrite(rig->der, 1, rig->len, response) != rig->len ||
	    fclose(chain) || fclose(ca) || fclose(response))
		abort();
	fclose(pf_create(rig->copy, "copy.der"));
}

FIXTURE_SETUP(ctl)
{
	store_setup(_metadata, &self->store, NULL);
	if (!self->store.chain)
		return;
	kt_new(&self->watch);
	write_files(self);
	for (size_t i = 0; i < KTLS_OCSP_KEY_LEN; i++)
		sprintf(self->key + 2 * i, "%02x", self->store.pki.key[i]);
}

FIXTURE_TEARDOWN(ctl)
{
	if (!self->store.chain)
		return;
	free(self->der);
	kt_free(&self->watch);
	store_teardown(_metadata, &self->store, NULL);
}

/* What the store has before: the response, or nothing. */
static void set_response(RIG *rig)
{
	if (pki_set(rig->store.client, &rig->store.pki, rig->der, rig->len,
		    KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY + PKI_DAY / 48))
		abort();
}

static void del_response(RIG *rig)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	name.key = rig->store.pki.key;
	ocsp_client_del(rig->store.client, &name);
}

/* Certificates and no response, so that a key can be set. */
static void fail_response(RIG *rig)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_update update = { .failure = "no answer" };

	set_response(rig);
	name.key = rig->store.pki.key;
	ocsp_client_set(rig->store.client, &name, &update, NULL);
}

struct command {
	void (*prepare)(RIG *rig);	/* before each run */
	bool commits;			/* it may fail when all is done but told */
	const char *argv[PF_ARGS];
};

/* Equal but for numbers, which are times and counters. */
static bool alike(const char *a, const char *b)
{
	for (;;) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

/* One line of ocspctl's that says that there is no memory. */
static bool says_so(const struct pf_run *run)
{
	const char *end = strchr(run->err, '\n');

	if (!end || end[1] || strncmp(run->err, "ocspctl: ", 9))
		return false;
	return strstr(run->err, "memory") || mf_is_foreign(&run->site);
}

/* What is wrong with a run, or NULL. */
static const char *fault_of(const struct pf_run *run, const struct pf_run *good,
			    bool changed, bool commits)
{
	if (run->status == good->status)
		return alike(run->out, good->out) ? NULL : "half an answer";
	/* What cannot be read because libcrypto lacked memory is refused. */
	if (run->status != EXIT_ERROR &&
	    !(run->status == EXIT_REFUSED && mf_is_foreign(&run->site)))
		return "the wrong exit status";
	if (!says_so(run))
		return "it does not say that there is no memory";
	if (changed && !commits)
		return "the store has changed";
	return NULL;
}

struct tally {
	unsigned int met;
	unsigned int refused;
	unsigned int wrong;
};

static void try_one(RIG *rig, const struct command *command, unsigned long nth,
		    const struct pf_run *good, struct tally *tally)
{
	const char *fault;
	struct pf_run run;
	uint64_t before;

	command->prepare(rig);
	before = kt_snapshot(&rig->watch);
	pf_run(command->argv, nth, &run);
	if (!run.met) {
		if (run.status != good->status)
			tally->wrong++;
		return;
	}
	tally->met++;
	tally->refused += run.status != good->status;
	fault = fault_of(&run, good, before != kt_snapshot(&rig->watch),
			 command->commits);
	if (!fault)
		return;
	tally->wrong++;
	printf("# allocation %lu, of %s at %#lx: %s; exit status %d: %s", nth,
	       run.site.owner, run.site.offset, fault, run.status,
	       *run.err ? run.err : "\n");
}

static struct tally try_each(RIG *rig, const struct command *command)
{
	struct tally tally = { 0 };
	struct pf_run good;
	struct pf_choice choice;

	command->prepare(rig);
	pf_run(command->argv, 0, &good);
	pf_choose(&choice, false);
	for (size_t i = 0; i < choice.chosen.count && tally.wrong < 20; i++)
		try_one(rig, command, choice.chosen.number[i], &good, &tally);
	pf_choice_clear(&choice);
	return tally;
}

#define exhaust(...)							\
	do {								\
		const struct command command = { __VA_ARGS__ };		\
		struct tally tally = try_each(self, &command);		\
									\
		printf("# %s: %u allocations failed, %u refused it\n",	\
		       _metadata->name, tally.met, tally.refused);	\
		EXPECT_EQ(0, tally.wrong);				\
		EXPECT_LT(0, tally.met);				\
	} while (0)

#define SLOW	300

TEST_F_TIMEOUT(ctl, show, SLOW)
{
	exhaust(set_response, false, { "ocspctl", "show" });
}

TEST_F_TIMEOUT(ctl, show_one, SLOW)
{
	exhaust(set_response, false, { "ocspctl", "show", self->chain });
}

TEST_F_TIMEOUT(ctl, show_json, SLOW)
{
	exhaust(set_response, false, { "ocspctl", "-j", "show" });
}

TEST_F_TIMEOUT(ctl, get, SLOW)
{
	exhaust(set_response, false,
		{ "ocspctl", "get", self->key, "-o", self->copy });
}

TEST_F_TIMEOUT(ctl, get_json, SLOW)
{
	exhaust(set_response, false, { "ocspctl", "-j", "get", self->key });
}

TEST_F_TIMEOUT(ctl, set, SLOW)
{
	exhaust(del_response, false,
		{ "ocspctl", "set", self->chain, self->response });
}

TEST_F_TIMEOUT(ctl, set_by_key, SLOW)
{
	exhaust(fail_response, true,
		{ "ocspctl", "-j", "set", self->key, self->response });
}

TEST_F_TIMEOUT(ctl, add, SLOW)
{
	exhaust(del_response, true, { "ocspctl", "add", self->chain });
}

TEST_F_TIMEOUT(ctl, del, SLOW)
{
	exhaust(set_response, true, { "ocspctl", "-j", "del", self->key });
}

TEST_F_TIMEOUT(ctl, verify, SLOW)
{
	exhaust(del_response, false,
		{ "ocspctl", "verify", "--cert", self->chain, "--issuer",
		  self->ca, self->response });
}

TEST_F_TIMEOUT(ctl, verify_json, SLOW)
{
	exhaust(del_response, false,
		{ "ocspctl", "-j", "verify", "--cert", self->chain, "--issuer",
		  self->ca, self->response });
}

/* Until it has told of an event, or failed. */
static void follow_one(RIG *rig, unsigned long nth, struct pf_run *run)
{
	static const char *const argv[] = { "ocspctl", "-j", "monitor", NULL };
	pid_t pid = pf_start(argv, nth);

	do {
		if (pf_has_ended(pid, run))
			return;
		fail_response(rig);
		kt_sleep_ms(20);
	} while (!*run->out && !*run->err);
	kill(pid, SIGTERM);
	pf_end(pid, run);
}

TEST_F_TIMEOUT(ctl, monitor, SLOW)
{
	unsigned int met = 0, refused = 0;
	struct pf_choice choice;
	struct pf_run run;

	follow_one(self, 0, &run);
	EXPECT_EQ(0, run.status);
	pf_choose(&choice, false);
	for (size_t i = 0; i < choice.chosen.count; i++) {
		unsigned long nth = choice.chosen.number[i];

		follow_one(self, nth, &run);
		met += run.met;
		refused += !!run.status;
		EXPECT_TRUE(run.status ?
			    run.status == EXIT_ERROR && says_so(&run) :
			    !!strstr(run.out, "}\n"))
			TH_LOG("allocation %lu: %d: %s", nth, run.status,
			       run.err);
	}
	pf_choice_clear(&choice);
	printf("# %s: %u allocations failed, %u refused it\n", _metadata->name,
	       met, refused);
	EXPECT_LT(0, refused);
}

/* The last test: where all that was. */
TEST_F(ctl, places)
{
	EXPECT_LT(0, pf_tell_places("../lib/ocspctl"));
}

TEST_HARNESS_MAIN
