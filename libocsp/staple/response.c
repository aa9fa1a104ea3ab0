// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/err.h>

#include "clock.h"
#include "log.h"
#include "response.h"

#define RETRY	4000	/* ms between two attempts to open, at least */
#define RELOOK	1000	/* ms until a handle that had nothing is asked again */

/*
 * Held by who opens a handle: one at a time, as libocsp does it anyhow. Taken
 * before the locks of staples.c and of the library. Who is the first to want a
 * staple waits for it, so that several handshakes that begin together are all
 * stapled; who is to try again does not.
 */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* Not a certificate's: the record of the kernel module */
static const unsigned char module_key[KEY_SIZE];

/* The module was missing, until then it is not looked for: now_ms() */
static _Atomic uint64_t missing_until;

void responses_lock(void)
{
	pthread_mutex_lock(&opening);
}

void responses_unlock(void)
{
	pthread_mutex_unlock(&opening);
}

/*
 * "CN=www.example.com (0123456789abcdef)", the latter as ocspctl(8) has it, and
 * what happens without a staple
 */
struct description {
	char name[192];
	const char *consequence;
};

static void describe(const struct staple *s, const struct staple_source *source,
		     struct description *d)
{
	const unsigned char *k = s->key;
	char subject[160];
	bool must_staple;

	ERR_set_mark();
	source_describe(source, subject, sizeof(subject), &must_staple);
	ERR_pop_to_mark();
	snprintf(d->name, sizeof(d->name),
		 "%s (%02x%02x%02x%02x%02x%02x%02x%02x)", subject,
		 k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]);
	d->consequence = must_staple ?
		"; it is a must-staple certificate: clients refuse it without a staple" :
		"";
}

static void say_no_module(void)
{
	if (record_say(record_make(module_key), ERROR_SERVICE_NOT_ACTIVE, ""))
		log_line(LOG_LEVEL_WARNING,
			 "ktls_ocsp: nothing is stapled from the store: the kernel module ktls_ocsp is not loaded");
}

static void module_is_there(void)
{
	struct record *record = record_find(module_key);

	if (record && record_recovered(record))
		log_line(LOG_LEVEL_NOTICE,
			 "ktls_ocsp: the kernel module ktls_ocsp is loaded now");
}

static void say_trouble(struct staple *s, const struct staple_source *source,
			DWORD code, const char *why)
{
	struct description d;

	atomic_store(&s->settled, 0);
	if (code == ERROR_SERVICE_NOT_ACTIVE) {
		say_no_module();
	} else if (record_say(record_make(s->key), code, why)) {
		describe(s, source, &d);
		log_line(LOG_LEVEL_WARNING,
			 "ktls_ocsp: %s is not stapled from the store: %s%s",
			 d.name, why, d.consequence);
	}
}

static void say_recovered(struct staple *s, const struct staple_source *source)
{
	struct record *record = record_find(s->key);
	struct description d;

	if (!record || !record_recovered(record))
		return;
	describe(s, source, &d);
	log_line(LOG_LEVEL_NOTICE,
		 "ktls_ocsp: %s is stapled from the store again", d.name);
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

static bool module_was_missing(void)
{
	return now_ms() < atomic_load(&missing_until);
}

/*
 * To ask for a netlink family that is not there makes the kernel start
 * modprobe(8) and wait for it, which is no business of a handshake. Whoever
 * feeds the store loads the module. True only where it is sure: a chroot can
 * be without both of /sys and /proc.
 */
static bool module_is_missing(void)
{
	if (module_was_missing())
		return true;
	if (exists("/sys/module/ktls_ocsp") ||
	    exists("/proc/sys/net/ktls_ocsp") ||
	    !exists("/sys/module") || !exists("/proc/sys/net"))
		return false;
	atomic_store(&missing_until, now_ms() + RETRY);
	say_no_module();
	return true;
}

/* There may be a record without a failed attempt: that there is no response yet. */
static void opened(struct staple *s)
{
	struct record *record = record_find(s->key);

	if (record)
		record_opened(record);
	module_is_there();
}

static void attempt_failed(struct staple *s, const struct staple_source *source)
{
	DWORD code = GetLastError();

	if (code == ERROR_SERVICE_NOT_ACTIVE)
		atomic_store(&missing_until, now_ms() + RETRY);
	record_failed(record_make(s->key));
	say_trouble(s, source, code, OcspGetLastErrorMessage());
}

/* With the lock held. */
static HCERT_SERVER_OCSP_RESPONSE attempt(struct staple *s,
					  const struct staple_source *source)
{
	HCERT_SERVER_OCSP_RESPONSE handle = NULL;
	PCCERT_CHAIN_CONTEXT chain;

	atomic_store(&s->next_try, now_ms() + RETRY);
	ERR_set_mark();
	chain = source_chain(source);
	if (chain)
		handle = CertOpenServerOcspResponse(chain,
						    CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG,
						    NULL);
	CertFreeCertificateChain(chain);
	if (handle) {
		atomic_store_explicit(&s->handle, handle, memory_order_release);
		opened(s);
	} else {
		attempt_failed(s, source);
	}
	ERR_pop_to_mark();
	return handle;
}

/* For this process, and for all processes of the server */
static bool attempt_is_due(struct staple *s)
{
	struct record *record;

	if (now_ms() < atomic_load(&s->next_try))
		return false;
	record = record_find(s->key);
	return !record || record_claim(record);
}

static HCERT_SERVER_OCSP_RESPONSE
first_attempt(struct staple *s, const struct staple_source *source)
{
	HCERT_SERVER_OCSP_RESPONSE handle;

	pthread_mutex_lock(&opening);
	handle = atomic_load(&s->handle);
	if (!handle && !atomic_load(&s->tried) && attempt_is_due(s))
		handle = attempt(s, source);
	/* Not before: until then others wait for the lock. */
	atomic_store(&s->tried, true);
	pthread_mutex_unlock(&opening);
	return handle;
}

static HCERT_SERVER_OCSP_RESPONSE
next_attempt(struct staple *s, const struct staple_source *source)
{
	HCERT_SERVER_OCSP_RESPONSE handle;

	if (now_ms() < atomic_load(&s->next_try) ||
	    pthread_mutex_trylock(&opening))
		return NULL;
	handle = atomic_load(&s->handle);
	if (!handle && attempt_is_due(s))
		handle = attempt(s, source);
	pthread_mutex_unlock(&opening);
	return handle;
}

static HCERT_SERVER_OCSP_RESPONSE
open_handle(struct staple *s, const struct staple_source *source)
{
	if (module_is_missing())
		return NULL;
	return atomic_load(&s->tried) ? next_attempt(s, source) :
					first_attempt(s, source);
}

/* A handle without a response asks the kernel each time: not too often. */
static bool look_is_due(struct staple *s)
{
	uint64_t next = atomic_load_explicit(&s->next_look,
					     memory_order_relaxed);
	uint64_t now;

	if (!next)
		return true;
	now = now_ms();
	return now >= next && atomic_compare_exchange_strong(&s->next_look,
							     &next,
							     now + RELOOK);
}

static PCCERT_SERVER_OCSP_RESPONSE_CONTEXT look(struct staple *s, HCERT_SERVER_OCSP_RESPONSE handle,
						const struct staple_source *source)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response;
	uint32_t change;

	if (!look_is_due(s))
		return NULL;
	/* Before: what is said from now on changes it again. */
	change = records_change();
	response = CertGetServerOcspResponseContext(handle, 0, NULL);
	if (!response) {
		atomic_store(&s->next_look, now_ms() + RELOOK);
		say_trouble(s, source, GetLastError(), OcspGetLastErrorMessage());
		return NULL;
	}
	/* Another process may have said that there is none, and get no handshake from now on. */
	if (atomic_load_explicit(&s->settled, memory_order_relaxed) != change) {
		atomic_store(&s->settled, change);
		atomic_store(&s->next_look, 0);
		say_recovered(s, source);
	}
	return response;
}

void staple_open(struct staple *s, const struct staple_source *source)
{
	if (!atomic_load_explicit(&s->handle, memory_order_acquire) &&
	    !module_was_missing())
		first_attempt(s, source);
}

PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
staple_response(struct staple *s, const struct staple_source *source)
{
	HCERT_SERVER_OCSP_RESPONSE handle;

	handle = atomic_load_explicit(&s->handle, memory_order_acquire);
	if (!handle)
		handle = open_handle(s, source);
	return handle ? look(s, handle, source) : NULL;
}
