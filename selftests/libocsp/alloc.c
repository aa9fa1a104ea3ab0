// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp without memory: of each function the first allocation fails, then the
 * second, until none is left, and those of libcrypto and libnl with them. What
 * is refused is refused with ERROR_NOT_ENOUGH_MEMORY and the store is as it
 * was; nothing is lost, neither memory nor a descriptor. With the module, and as
 * alloc_standin without one.
 */
#include <fcntl.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "store_test.h"
#include "malloc_faults.h"
#include "program_faults.h"

#define UTF16_MAX	64
#define SLOW		600

/* Of all tests: each is a process of its own. */
static void __attribute__((constructor)) share(void)
{
	pf_directory();
}

/* What a test has, and each of its functions is given. */
struct rig {
	FIXTURE_DATA(store) store;
	STACK_OF(X509) *others;		/* the CA */
	PCCERT_CHAIN_CONTEXT made;	/* by what is tested */
	HCERT_SERVER_OCSP_RESPONSE h;
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context;
	int next_fd;			/* as it was before */
	char pem[32];			/* leaf and CA */
	char dir[32];
	WCHAR wide[UTF16_MAX];
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para;
	atomic_int told;		/* calls of the callback */
};

FIXTURE(alloc) {
	struct rig rig;
};

/* 0, or the last error. */
typedef DWORD act_fn(struct rig *rig);

/* A function: what it does, and how its success is undone. */
struct function {
	act_fn *act;
	void (*undo)(struct rig *rig);
	void (*prepare)(struct rig *rig);	/* before each; may be NULL */
	void (*give_up)(struct rig *rig);	/* when it was refused; may be NULL */
	bool fails;			/* some allocation must refuse it */
};

/* What must be as it was. */
struct state {
	uint64_t store;
	long blocks;
	int next_fd;
	int told;			/* where the function fails */
};

static void mix(uint64_t *hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		*hash = (*hash ^ *p++) * 0x100000001b3ULL;	/* FNV-1a */
}

static int mix_entry(const struct ocsp_entry *r, void *arg)
{
	mix(arg, &r->slot, sizeof(r->slot));
	mix(arg, r->key, sizeof(r->key));
	mix(arg, &r->state, sizeof(r->state));
	mix(arg, &r->handles, sizeof(r->handles));
	mix(arg, &r->generation, sizeof(r->generation));
	mix(arg, &r->next_update, sizeof(r->next_update));
	mix(arg, &r->failures, sizeof(r->failures));
	return 0;
}

/* Of all that is in the store. No allocation fails in here. */
static uint64_t snapshot(struct ocsp_client *client)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	if (ocsp_client_dump(client, -1, mix_entry, &hash, NULL))
		abort();
	return hash;
}

static struct state state_of(struct rig *rig)
{
	struct state state = { .store = snapshot(rig->store.client) };

	/* It keeps the place in its sources of each error until then. */
	ERR_clear_error();
	state.next_fd = dup(0);
	close(state.next_fd);
	state.blocks = mf_live();
	state.told = atomic_load(&rig->told);
	return state;
}

struct tally {
	unsigned int met;		/* allocations that failed */
	unsigned int refused;		/* and the function with them */
	unsigned int wrong;
};

/*
 * libcrypto does not always tell that it lacked memory; then what it could not
 * read is told to be unreadable.
 */
static bool is_proper(DWORD code)
{
	if (!*OcspGetLastErrorMessage())
		return false;
	if (code == ERROR_NOT_ENOUGH_MEMORY)
		return true;
	return mf_is_foreign(mf_site()) &&
	       (code == ERROR_INVALID_PARAMETER || code == ERROR_INVALID_DATA ||
		code == (DWORD)CRYPT_E_NOT_IN_REVOCATION_DATABASE ||
		code == (DWORD)CRYPT_E_REVOCATION_OFFLINE);
}

static void complain(unsigned long nth, DWORD code, const char *what)
{
	if (!nth || nth == -1UL)
		return;
	printf("# allocation %lu, of %s at %#lx: %s; %#x: %s\n", nth,
	       mf_site()->owner, mf_site()->offset, what, code,
	       OcspGetLastErrorMessage());
}

/* What is wrong with a call that was done, or NULL. */
static const char *fault_of(const struct state *before,
			    const struct state *after, DWORD code, bool again)
{
	if (code && !is_proper(code))
		return "the wrong error";
	if (after->store != before->store)
		return "the store has changed";
	if (after->next_fd != before->next_fd)
		return "a descriptor is lost";
	if (code && after->told != before->told)
		return "the callback was called";
	/* The first time a library may keep what it needs to tell its errors. */
	if (again && after->blocks != before->blocks)
		return "memory is lost";
	return NULL;
}

/* One round; false when the function has fewer allocations. */
static bool fail_one(struct rig *rig, const struct function *function,
		     unsigned long nth, bool again, struct tally *tally)
{
	struct state before, after;
	const char *fault;
	DWORD code;
	bool met;

	if (function->prepare)
		function->prepare(rig);
	before = state_of(rig);
	rig->next_fd = before.next_fd;
	mf_arm(nth);
	code = function->act(rig);
	met = mf_disarm();
	if (!code)
		function->undo(rig);
	else if (function->give_up)
		function->give_up(rig);
	after = state_of(rig);
	fault = code && !met ? "it fails without" :
			       fault_of(&before, &after, code, again);
	if (fault) {
		complain(nth, code, fault);
		tally->wrong++;
	}
	if (met && !again) {
		pf_note(mf_site());
		tally->met++;
		tally->refused += !!code;
	}
	return met;
}

static struct pf_choice choice;

static void consider(unsigned long nth, const struct mf_site *site)
{
	pf_consider(&choice, nth, site);
}

/* libcrypto keeps room for a text in each place of its queue of errors. */
static void fill_errors(void)
{
	for (int i = 0; i < 2 * ERR_NUM_ERRORS; i++)
		ERR_raise_data(ERR_LIB_USER, 1, "%d", i);
	ERR_clear_error();
}

static void choose(struct rig *rig, const struct function *function)
{
	struct tally ignored = { 0 };

	pf_choice_init(&choice);
	fill_errors();
	/* So that all is there that stays, be it a session. */
	fail_one(rig, function, -1, false, &ignored);
	fail_one(rig, function, -1, false, &ignored);
	mf_tell = consider;
	fail_one(rig, function, 0, false, &ignored);
	mf_tell = NULL;
	pf_choice_end(&choice);
}

static struct tally fail_each(struct rig *rig, const struct function *function)
{
	struct tally tally = { 0 };

	choose(rig, function);
	for (size_t i = 0; i < choice.chosen.count && tally.wrong < 8; i++)
		if (!fail_one(rig, function, choice.chosen.number[i], false,
			      &tally) ||
		    !fail_one(rig, function, choice.chosen.number[i], true,
			      &tally))
			tally.wrong++;
	pf_choice_clear(&choice);
	return tally;
}

static void write_pem(struct rig *rig)
{
	FILE *file;
	int fd;

	strcpy(rig->pem, "/tmp/ocsp-alloc-XXXXXX");
	fd = mkstemp(rig->pem);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file || !PEM_write_X509(file, rig->store.pki.leaf.cert) ||
	    !PEM_write_X509(file, rig->store.pki.ca.cert) || fclose(file))
		abort();
}

static void make_directory(struct rig *rig)
{
	size_t i;

	strcpy(rig->dir, "/tmp/ocsp-alloc-XXXXXX");
	if (!mkdtemp(rig->dir))
		abort();
	for (i = 0; i <= strlen(rig->dir); i++)
		rig->wide[i] = (unsigned char)rig->dir[i];
	rig->para.cbSize = sizeof(rig->para);
	rig->para.pwszOcspDirectory = rig->wide;
	rig->para.pfnUpdateCallback = count_update;
	rig->para.pvUpdateCallbackArg = &rig->told;
}

FIXTURE_SETUP(alloc)
{
	store_setup(_metadata, &self->rig.store, NULL);
	if (!self->rig.store.chain)
		return;
	self->rig.others = sk_X509_new_null();
	ASSERT_NE(NULL, self->rig.others);
	ASSERT_LT(0, sk_X509_push(self->rig.others, self->rig.store.pki.ca.cert));
	write_pem(&self->rig);
	make_directory(&self->rig);
}

FIXTURE_TEARDOWN(alloc)
{
	char command[64];

	if (!self->rig.store.chain)
		return;
	sk_X509_free(self->rig.others);
	unlink(self->rig.pem);
	snprintf(command, sizeof(command), "rm -r %s", self->rig.dir);
	EXPECT_EQ(0, system(command));
	store_teardown(_metadata, &self->rig.store, NULL);
}

#define exhaust(...)							\
	do {								\
		const struct function function = { __VA_ARGS__ };	\
		struct tally tally = fail_each(&self->rig, &function);	\
									\
		printf("# %s: %u allocations failed, %u refused it\n",	\
		       _metadata->name, tally.met, tally.refused);	\
		EXPECT_EQ(0, tally.wrong);				\
		EXPECT_LT(0, tally.met);				\
		EXPECT_EQ(function.fails, tally.refused > 0);		\
	} while (0)

/* Chains */

static DWORD chain_or_error(struct rig *rig, PCCERT_CHAIN_CONTEXT chain)
{
	rig->made = chain;
	return chain ? 0 : GetLastError();
}

static DWORD act_chain(struct rig *rig)
{
	X509 *leaf = rig->store.pki.leaf.cert;

	return chain_or_error(rig, OcspCreateCertificateChain(leaf,
							      rig->others));
}

static void undo_chain(struct rig *rig)
{
	CertFreeCertificateChain(rig->made);
}

TEST_F_TIMEOUT(alloc, create_chain, SLOW)
{
	exhaust(act_chain, undo_chain, NULL, NULL, true);
}

static DWORD act_chain_from_file(struct rig *rig)
{
	return chain_or_error(rig, OcspCreateCertificateChainFromFile(rig->pem));
}

TEST_F_TIMEOUT(alloc, create_chain_from_file, SLOW)
{
	exhaust(act_chain_from_file, undo_chain, NULL, NULL, true);
}

/* Opening */

static DWORD open_with(struct rig *rig, DWORD flags, bool with_para)
{
	rig->h = CertOpenServerOcspResponse(rig->store.chain, flags,
					    with_para ? &rig->para : NULL);
	return rig->h ? 0 : GetLastError();
}

static DWORD act_open(struct rig *rig)
{
	return open_with(rig, ASYNC, false);
}

static DWORD act_open_waiting(struct rig *rig)
{
	return open_with(rig, 0, false);
}

static DWORD act_open_para(struct rig *rig)
{
	return open_with(rig, ASYNC, true);
}

static void undo_open(struct rig *rig)
{
	CertCloseServerOcspResponse(rig->h, 0);
}

/* A response that it made stays behind: the session's end does not wait. */
static void undo_create(struct rig *rig)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	undo_open(rig);
	name.key = rig->store.pki.key;
	ocsp_client_del(rig->store.client, &name);
}

TEST_F_TIMEOUT(alloc, open, SLOW)
{
	ASSERT_EQ(0, set_good(&self->rig.store));
	exhaust(act_open, undo_open, NULL, NULL, true);
}

TEST_F_TIMEOUT(alloc, open_a_new_one, SLOW)
{
	exhaust(act_open, undo_create, NULL, NULL, true);
}

TEST_F_TIMEOUT(alloc, open_and_wait, SLOW)
{
	exhaust(act_open_waiting, undo_create, NULL, NULL, true);
}

/* The application closes the descriptors of the session: a new one is made. */
static void close_session(struct rig *rig)
{
	/* There are two, or one was lost. */
	if (fcntl(rig->next_fd + 1, F_GETFD) < 0)
		return;
	close(rig->next_fd);
	close(rig->next_fd + 1);
}

static void undo_session(struct rig *rig)
{
	undo_open(rig);
	close_session(rig);
}

TEST_F_TIMEOUT(alloc, open_a_session, SLOW)
{
	ASSERT_EQ(0, set_good(&self->rig.store));
	exhaust(act_open, undo_session, NULL, close_session, true);
}

TEST_F_TIMEOUT(alloc, open_to_read_a_directory, SLOW)
{
	unsigned char sha1[20], *der;
	char path[96];
	size_t len, i;
	FILE *file;
	int n;

	ASSERT_EQ(0, set_good(&self->rig.store));
	ASSERT_EQ(1, X509_digest(self->rig.store.pki.leaf.cert, EVP_sha1(), sha1,
				 NULL));
	n = sprintf(path, "%s/", self->rig.dir);
	for (i = 0; i < sizeof(sha1); i++)
		n += sprintf(path + n, "%02X", sha1[i]);
	strcpy(path + n, ".ocsp");
	der = pki_response(&self->rig.store.pki, V_OCSP_CERTSTATUS_GOOD, -3600,
			   PKI_DAY, &len);
	file = fopen(path, "w");
	ASSERT_NE(NULL, file);
	ASSERT_EQ(len, fwrite(der, 1, len, file));
	fclose(file);
	free(der);
	OcspDispatchUpdates();
	self->rig.para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG;
	exhaust(act_open_para, undo_open, NULL, NULL, true);
	EXPECT_LT(0, atomic_load(&self->rig.told));
}

TEST_F_TIMEOUT(alloc, open_to_write_a_directory, SLOW)
{
	ASSERT_EQ(0, set_good(&self->rig.store));
	/* No thread takes memory meanwhile. */
	OcspDispatchUpdates();
	self->rig.para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG;
	exhaust(act_open_para, undo_open, NULL, NULL, true);
	EXPECT_LT(0, atomic_load(&self->rig.told));
}

/* What is done to a handle */

#ifndef STANDIN_PROGRAM

/*
 * What is given back must not stay for want of memory: they take none. The
 * stand-in's client does.
 */
TEST_F_TIMEOUT(alloc, add_ref_and_close, SLOW)
{
	ASSERT_EQ(0, act_open(&self->rig));
	mf_arm(1);
	CertAddRefServerOcspResponse(self->rig.h);
	CertCloseServerOcspResponse(self->rig.h, 0);
	CertCloseServerOcspResponse(self->rig.h, 0);
	EXPECT_FALSE(mf_disarm());
	EXPECT_EQ(0, handles(&self->rig.store));
}

#endif

static void set_new(struct rig *rig)
{
	if (set_good(&rig->store))
		abort();
}

static DWORD act_get(struct rig *rig)
{
	rig->context = CertGetServerOcspResponseContext(rig->h, 0, NULL);
	return rig->context ? 0 : GetLastError();
}

static void undo_get(struct rig *rig)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c = rig->context;

	if (!kt_blob_ok(c->pbEncodedOcspResponse, c->cbEncodedOcspResponse))
		abort();
	CertFreeServerOcspResponseContext(c);
}

TEST_F_TIMEOUT(alloc, get_a_new_one, SLOW)
{
	ASSERT_EQ(0, set_good(&self->rig.store));
	ASSERT_EQ(0, act_open(&self->rig));
	/* It goes on with the one before. */
	exhaust(act_get, undo_get, set_new, NULL, false);
	/* There is no lasting harm. */
	EXPECT_TRUE(get_is_ok(self->rig.h));
	undo_open(&self->rig);
}

static DWORD act_dispatch(struct rig *rig)
{
	OcspDispatchUpdates();
	return act_get(rig);
}

TEST_F_TIMEOUT(alloc, get_and_write, SLOW)
{
	OcspDispatchUpdates();
	ASSERT_EQ(0, set_good(&self->rig.store));
	self->rig.para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG;
	ASSERT_EQ(0, act_open_para(&self->rig));
	exhaust(act_dispatch, undo_get, set_new, NULL, false);
	EXPECT_LT(2, atomic_load(&self->rig.told));
	undo_open(&self->rig);
}

/* The last test: where all that was. */
TEST_F_TIMEOUT(alloc, places, SLOW)
{
	EXPECT_LT(0, pf_tell_places(program_invocation_name));
}

TEST_HARNESS_MAIN
