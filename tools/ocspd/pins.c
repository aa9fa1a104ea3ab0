// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The certificates of the configuration, see pins.h. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cert.h"
#include "certs.h"
#include "issuer.h"
#include "log.h"
#include "loop.h"
#include "pins.h"
#include "plan.h"
#include "store.h"

/* ms: several files are renewed together */
#define SETTLE		300
/* ms: what inotify does not tell, like a link in the middle of a path */
#define CHECK_EVERY	600000

#define CHANGES		(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | \
			 IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | \
			 IN_MOVE_SELF | IN_ONLYDIR)

/* What tells one state of a file from another. Zeroed: there is none. */
struct identity {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;	/* also its mode or owner */
};

struct pin {
	const struct config_cert *config;
	struct identity file;		/* as of the last look */
	struct identity issuer;
	bool failed;			/* the last load did */
	bool again;			/* though the files were in order */
	bool held;
	uint32_t slot;
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct pin *next;
};

static struct pin *pins;
static bool following;

static void on_check(struct timer *timer);
static void on_change(struct watch *watch, uint32_t events);
static struct timer check = { .fn = on_check };
static struct watch changes = { .fn = on_change, .fd = -1 };

const char *pin_responder(const struct pin *pin)
{
	return pin->config->responder;
}

/* Files */

static void identify(const char *path, struct identity *identity)
{
	struct stat st;

	memset(identity, 0, sizeof(*identity));
	if (!path || stat(path, &st))
		return;
	identity->dev = st.st_dev;
	identity->ino = st.st_ino;
	identity->size = st.st_size;
	identity->changed = st.st_ctim;
}

/* Looks at the files. True: they are not what they were. */
static bool have_changed(struct pin *pin)
{
	struct identity file, issuer;
	bool same;

	identify(pin->config->file, &file);
	identify(pin->config->issuer, &issuer);
	same = !memcmp(&file, &pin->file, sizeof(file)) &&
	       !memcmp(&issuer, &pin->issuer, sizeof(issuer));
	pin->file = file;
	pin->issuer = issuer;
	return !same;
}

static bool fault(const struct config_cert *config, const char *why)
{
	log_text(LOG_ERR, "certificate %s: %s", config->name, why);
	return false;
}

/* All of the certificates, the leaf first. NULL: that was told. */
static STACK_OF(X509) *read_certs(const struct config_cert *config)
{
	STACK_OF(X509) *certs, *more;
	char why[512];
	X509 *cert;

	certs = ocsp_read_certs(config->file, why, sizeof(why));
	if (!certs || !config->issuer) {
		if (!certs)
			fault(config, why);
		return certs;
	}
	more = ocsp_read_certs(config->issuer, why, sizeof(why));
	if (!more)
		fault(config, why);
	while (more && (cert = sk_X509_shift(more)))
		if (sk_X509_push(certs, cert) <= 0)
			X509_free(cert);
	if (more) {
		sk_X509_free(more);
		return certs;
	}
	sk_X509_pop_free(certs, X509_free);
	return NULL;
}

/* What a pin holds: a leaf with its issuer, both NULL when there is no URL. */
struct pair {
	X509 *cert;
	X509 *issuer;
};

/* A certificate need not name a responder; but where it does, properly. */
static bool no_url(const struct config_cert *config, X509 *leaf)
{
	char *why = ocsp_cert_url_fault(leaf);

	if (why)
		fault(config, why);
	else
		log_text(LOG_INFO, "certificate %s: n/a, it names no OCSP responder",
			 config->name);
	free(why);
	return !why;
}

static bool make_pair(const struct config_cert *config,
		      STACK_OF(X509) *certs, struct pair *pair)
{
	X509 *leaf = sk_X509_value(certs, 0);
	X509 *issuer = ocsp_find_issuer(certs, leaf, NULL, clock_wall());
	char *url = ocsp_cert_url(leaf);

	memset(pair, 0, sizeof(*pair));
	if (!url && errno == ENOMEM)
		return fault(config, "no memory");
	if (!url && !config->responder)
		return no_url(config, leaf);
	free(url);
	if (!issuer)
		return fault(config, config->issuer ?
			     "the issuer is not in its file" :
			     "the certificate that issued it must follow it in the file, or be in one that \"issuer\" names");
	X509_up_ref(leaf);
	X509_up_ref(issuer);
	pair->cert = leaf;
	pair->issuer = issuer;
	return true;
}

static bool read_pair(const struct config_cert *config, struct pair *pair)
{
	STACK_OF(X509) *certs = read_certs(config);
	bool ok;

	if (!certs)
		return false;
	ok = make_pair(config, certs, pair);
	sk_X509_pop_free(certs, X509_free);
	return ok;
}

static void free_pair(struct pair *pair)
{
	X509_free(pair->cert);
	X509_free(pair->issuer);
}

/* Holding */

static void forget_key(struct pin *pin)
{
	struct cert *cert = certs_find(pin->key);

	if (cert && cert->pin == pin)
		cert->pin = NULL;
}

static void take_key(struct pin *pin, const uint8_t *key, uint32_t slot)
{
	struct ocsp_entry r;
	struct cert *cert;

	if (pin->held) {
		forget_key(pin);
		store_let_go(pin->slot);
	}
	memcpy(pin->key, key, sizeof(pin->key));
	pin->slot = slot;
	pin->held = true;
	cert = certs_add(key);
	if (cert)
		cert->pin = pin;
	if (store_get(key, 0, &r))
		return;
	plan_entry(&r);
	ocsp_entry_clear(&r);
}

static bool hold(struct pin *pin, const struct pair *pair)
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
		ok = fault(pin->config, "no memory");
	else if (store_hold(&name, &slot))
		ok = fault(pin->config, store_error());
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
	struct pair pair = { 0 };

	pin->failed = !read_pair(pin->config, &pair);
	pin->again = false;
	if (!pin->failed && pair.cert)
		pin->again = !hold(pin, &pair);
	else if (!pin->failed)
		let_go(pin);
	pin->failed |= pin->again;
	free_pair(&pair);
}

/*
 * What it held under the configuration before stays held when its files cannot
 * be read now.
 */
static void inherit(struct pin *pin, struct pin *old)
{
	struct cert *cert;

	for (; old; old = old->next) {
		if (!old->held || strcmp(old->config->file, pin->config->file))
			continue;
		memcpy(pin->key, old->key, sizeof(pin->key));
		pin->slot = old->slot;
		pin->held = true;
		old->held = false;
		cert = certs_find(pin->key);
		if (cert && cert->pin == old)
			cert->pin = pin;
		return;
	}
}

/* Following */

static void watch_directory(const char *path)
{
	char *copy = path ? strdup(path) : NULL;

	/* Where there is none yet the check from time to time has to do. */
	if (copy)
		inotify_add_watch(changes.fd, dirname(copy), CHANGES);
	free(copy);
}

static void watch_file(const char *path)
{
	char *real = path ? realpath(path, NULL) : NULL;

	watch_directory(path);
	watch_directory(real);
	free(real);
}

static void watch_all(void)
{
	struct pin *pin;

	for (pin = pins; pin; pin = pin->next) {
		watch_file(pin->config->file);
		watch_file(pin->config->issuer);
	}
}

static void on_check(struct timer *timer)
{
	struct pin *pin;

	watch_all();
	for (pin = pins; pin; pin = pin->next)
		if (have_changed(pin) || pin->again)
			load(pin);
	timer_set(timer, clock_ms() + CHECK_EVERY);
}

/* Whatever it was: which files are other ones now is seen from them. */
static void on_change(struct watch *watch, uint32_t events)
{
	char buf[4096];

	(void)events;
	while (read(watch->fd, buf, sizeof(buf)) > 0)
		;
	if (!check.place || check.due > clock_ms() + SETTLE)
		timer_set(&check, clock_ms() + SETTLE);
}

static void unfollow(void)
{
	timer_stop(&check);
	if (changes.fd == -1)
		return;
	loop_remove(&changes);
	close(changes.fd);
	changes.fd = -1;
}

static void follow(void)
{
	unfollow();
	changes.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (changes.fd == -1 || loop_add(&changes, EPOLLIN))
		log_text(LOG_WARNING, "certificates are not watched: %s",
			 strerror(errno));
	watch_all();
	timer_set(&check, clock_ms() + CHECK_EVERY);
}

void pins_watch(void)
{
	following = true;
	follow();
}

/* All */

static void free_pins(struct pin *pin)
{
	struct pin *next;

	for (; pin; pin = next) {
		next = pin->next;
		let_go(pin);
		free(pin);
	}
}

int pins_apply(const struct config *config)
{
	const struct config_cert *cert;
	struct pin *old = pins, **last = &pins, *pin;
	int faults = 0;

	/* The new ones first, so that what stays is held all the time. */
	pins = NULL;
	for (cert = config->certs; cert; cert = cert->next) {
		pin = calloc(1, sizeof(*pin));
		if (!pin) {
			log_text(LOG_ERR, "no memory for a certificate");
			break;
		}
		pin->config = cert;
		have_changed(pin);
		load(pin);
		if (pin->failed)
			inherit(pin, old);
		faults += pin->failed;
		*last = pin;
		last = &pin->next;
	}
	free_pins(old);
	if (following)
		follow();
	return faults;
}

void pins_close(void)
{
	unfollow();
	following = false;
	free_pins(pins);
	pins = NULL;
}

int pins_check(const struct config *config)
{
	const struct config_cert *cert;
	struct pair pair;
	int faults = 0;

	for (cert = config->certs; cert; cert = cert->next) {
		memset(&pair, 0, sizeof(pair));
		faults += !read_pair(cert, &pair);
		free_pair(&pair);
	}
	return faults;
}
