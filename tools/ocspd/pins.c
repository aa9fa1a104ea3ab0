// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The certificates of the configuration, see pins.h. */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cert.h"
#include "certs.h"
#include "log.h"
#include "pin_files.h"
#include "pin_watch.h"
#include "pins.h"
#include "plan.h"
#include "store.h"

/* ms of one turn of the loop, at most and roughly: then others have theirs. */
#define SLICE		3
/* ms until the files are looked at again, see pin_watch.h */
#define CHECK_EVERY	600000

struct pin {
	TAILQ_ENTRY(pin) link;
	char *path;			/* no two have the same */
	struct config *config;		/* with a reference */
	const struct config_cert *section;
	struct file_identity file;	/* as of the last look */
	struct file_identity issuer;
	bool failed;			/* the last load did */
	bool again;			/* though the files were in order */
	bool held;
	uint32_t slot;
	uint8_t key[KTLS_OCSP_KEY_LEN];
	/*
	 * The next one of the same certificate, in the list that begins with the
	 * certificate's pin; of use in there only.
	 */
	struct pin *same;
	unsigned int round;		/* of looking that met it last */
};

static TAILQ_HEAD(, pin) pins = TAILQ_HEAD_INITIALIZER(pins);
static void *by_path;

/*
 * A round over all files: what it meets is held, then what it did not meet is
 * let go. The configuration is that of the last one; it has a reference.
 */
static struct {
	unsigned int number;
	struct config *config;
	struct pin_walk walk;
	struct pin *next;		/* to be looked at once the walk has ended */
	int faults;
	pins_done_fn done;		/* NULL: nobody wants to know */
} looking;

static bool following;

static void on_slice(struct timer *timer);
static void on_check(struct timer *timer);
static struct timer slice = { .fn = on_slice };
static struct timer check = { .fn = on_check };

const struct config_policy *pin_policy(const struct pin *pin)
{
	return &pin->section->policy;
}

/* Holding */

static bool fault(const struct pin *pin, const char *why)
{
	const struct pin_file file = { pin->section, pin->path };

	return pin_fault(&file, why);
}

/* Another one of the same certificate, in a file of its own, takes over. */
static void forget_key(struct pin *pin)
{
	struct cert *cert = certs_find(pin->key);
	struct pin **place;

	/* It is not in the list where the certificate was forgotten meanwhile. */
	for (place = cert ? &cert->pin : NULL; place && *place;
	     place = &(*place)->same)
		if (*place == pin) {
			*place = pin->same;
			return;
		}
}

static void take_key(struct pin *pin, const uint8_t *key, uint32_t slot)
{
	struct cert *cert;

	if (pin->held) {
		forget_key(pin);
		store_let_go(pin->slot);
	}
	memcpy(pin->key, key, sizeof(pin->key));
	pin->slot = slot;
	pin->held = true;
	cert = certs_add(key);
	if (cert) {
		pin->same = cert->pin;
		cert->pin = pin;
	}
	plan_key(key);
}

static bool hold(struct pin *pin, const struct pin_pair *pair)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	unsigned char *cert = NULL, *issuer = NULL;
	uint8_t key[KTLS_OCSP_KEY_LEN];
	uint32_t slot;
	bool ok;

	name.cert_len = i2d_X509(pair->cert, &cert);
	name.issuer_len = i2d_X509(pair->issuer, &issuer);
	name.cert = cert;
	name.issuer = issuer;
	if (!cert || !issuer || ocsp_cert_key(pair->cert, key))
		ok = fault(pin, "no memory");
	else if (store_hold(&name, &slot))
		ok = fault(pin, store_error());
	else
		ok = true;
	OPENSSL_free(cert);
	OPENSSL_free(issuer);
	if (ok)
		take_key(pin, key, slot);
	return ok;
}

static void let_go(struct pin *pin)
{
	if (!pin->held)
		return;
	forget_key(pin);
	store_let_go(pin->slot);
	pin->held = false;
}

/* What it held stays held when the new files are no good. */
static void load(struct pin *pin)
{
	const struct pin_file file = { pin->section, pin->path };
	struct pin_pair pair;

	pin->failed = !pin_read(&file, &pair);
	pin->again = false;
	if (!pin->failed && pair.cert)
		pin->again = !hold(pin, &pair);
	else if (!pin->failed)
		let_go(pin);
	pin->failed |= pin->again;
	pin_pair_clear(&pair);
}

/* Pins */

static int compare(const void *a, const void *b)
{
	const struct pin *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static struct pin *find(const char *path)
{
	struct pin wanted = { .path = (char *)path };
	struct pin **node = tfind(&wanted, &by_path, compare);

	return node ? *node : NULL;
}

static struct pin *new_pin(const char *path)
{
	struct pin *pin = calloc(1, sizeof(*pin));

	if (!pin)
		return NULL;
	pin->path = strdup(path);
	if (pin->path && tsearch(pin, &by_path, compare)) {
		TAILQ_INSERT_TAIL(&pins, pin, link);
		return pin;
	}
	free(pin->path);
	free(pin);
	return NULL;
}

static void free_pin(struct pin *pin)
{
	forget_key(pin);
	tdelete(pin, &by_path, compare);
	TAILQ_REMOVE(&pins, pin, link);
	config_put(pin->config);
	free(pin->path);
	free(pin);
}

/* True: its section is another one, so that what is held may be, too. */
static bool set_section(struct pin *pin, const struct config_cert *section)
{
	bool other = pin->section != section;

	if (!other)
		return false;
	config_get(looking.config);
	config_put(pin->config);
	pin->config = looking.config;
	pin->section = section;
	return true;
}

static void look_at(const struct pin_file *file)
{
	struct pin *pin = find(file->path);
	bool changed, other;

	if (pin && pin->round == looking.number)
		return;		/* another section has it, which came first */
	if (!pin)
		pin = new_pin(file->path);
	if (!pin) {
		log_text(LOG_ERR, "certificate %s: no memory",
			 file->section->name);
		looking.faults++;
		return;
	}
	pin->round = looking.number;
	other = set_section(pin, file->section);
	changed = file_has_changed(pin->path, &pin->file);
	changed |= file_has_changed(pin->section->issuer, &pin->issuer);
	if (following)
		pin_watch_file(pin->path, pin->section->issuer);
	if (changed || pin->again || (other && (!pin->held || pin->failed)))
		load(pin);
	looking.faults += pin->failed;
}

/* Rounds */

/* False: the round is over. */
static bool look_on(void)
{
	struct pin_file file;
	struct pin *pin;

	if (pin_walk_next(&looking.walk, &file)) {
		look_at(&file);
		if (!TAILQ_EMPTY(&pins))
			looking.next = TAILQ_FIRST(&pins);
		return true;
	}
	pin = looking.next;
	if (!pin)
		return false;
	looking.next = TAILQ_NEXT(pin, link);
	/* What could not be looked for may be there. */
	if (pin->round != looking.number && !looking.walk.incomplete) {
		let_go(pin);
		free_pin(pin);
	}
	return looking.next;
}

static void begin_round(void)
{
	pin_walk_end(&looking.walk);
	memset(&looking.walk, 0, sizeof(looking.walk));
	looking.walk.config = looking.config;
	looking.next = TAILQ_FIRST(&pins);
	looking.faults = 0;
	looking.number++;
	if (following)
		pin_watch_patterns(looking.config);
}

static void end_round(void)
{
	pins_done_fn done = looking.done;
	int faults = looking.faults + looking.walk.faults;

	pin_walk_end(&looking.walk);
	timer_stop(&slice);
	if (following && !check.place)
		timer_set(&check, clock_ms() + CHECK_EVERY);
	looking.done = NULL;
	if (done)
		done(faults);
}

static void on_slice(struct timer *timer)
{
	int64_t start = clock_ms();

	while (look_on())
		if (clock_ms() >= start + SLICE) {
			timer_set(timer, clock_ms() + 1);
			return;
		}
	end_round();
}

/* Also after a change: which files are other ones now is seen from them. */
static void on_check(struct timer *timer)
{
	if (slice.place) {
		timer_set(timer, clock_ms() + PIN_SETTLE);
		return;
	}
	begin_round();
	on_slice(&slice);
}

static void on_change(void)
{
	/* Several files are renewed together. */
	const int64_t at = clock_ms() + PIN_SETTLE;

	if (!check.place || check.due > at)
		timer_set(&check, at);
}

void pins_apply(struct config *config, bool once, pins_done_fn done)
{
	struct config *old = looking.config;

	looking.config = config_get(config);
	looking.done = done;
	following = !once;
	if (following)
		pin_watch_begin(on_change);
	begin_round();
	config_put(old);
	if (following) {
		on_slice(&slice);
		return;
	}
	while (look_on())
		;
	end_round();
}

void pins_close(void)
{
	struct pin *pin;

	pin_watch_end();
	pin_walk_end(&looking.walk);
	timer_stop(&check);
	timer_stop(&slice);
	following = false;
	/* With the store's session, all that they hold is let go. */
	while ((pin = TAILQ_FIRST(&pins)))
		free_pin(pin);
	config_put(looking.config);
	looking.config = NULL;
}

int pins_check(struct config *config, size_t *count)
{
	struct pin_walk walk = { .config = config };
	struct pin_file file;
	struct pin_pair pair;
	int faults = 0;

	*count = 0;
	while (pin_walk_next(&walk, &file)) {
		faults += !pin_read(&file, &pair);
		pin_pair_clear(&pair);
		++*count;
	}
	pin_walk_end(&walk);
	return faults + walk.faults;
}
