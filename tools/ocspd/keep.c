// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Certificates that are held for good, see keep.h. */
#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "cert.h"
#include "file.h"
#include "keep.h"
#include "log.h"
#include "plan.h"
#include "store.h"
#include "text.h"
#include "timer.h"

#define SUFFIX		".pem"
/* Files that are read in one turn of the loop: 0.1 ms each */
#define BATCH		32

struct kept {
	uint8_t key[KTLS_OCSP_KEY_LEN];
	uint32_t slot;
};

static char *directory;
static void *tree;
static size_t count;
static DIR *unread;			/* while it is read */

static void on_read(struct timer *timer);
static struct timer reading = { .fn = on_read };

static int compare(const void *a, const void *b)
{
	const struct kept *left = a, *right = b;

	return memcmp(left->key, right->key, sizeof(left->key));
}

static struct kept *find(const uint8_t *key)
{
	struct kept wanted, **node;

	memcpy(wanted.key, key, sizeof(wanted.key));
	node = tfind(&wanted, &tree, compare);
	return node ? *node : NULL;
}

bool keep_has(const uint8_t *key)
{
	return find(key);
}

size_t keep_count(void)
{
	return count;
}

bool keep_is_reading(void)
{
	return unread;
}

static char *path_of(const uint8_t *key)
{
	char text[KEY_TEXT_SIZE], *path;

	return asprintf(&path, "%s/%s" SUFFIX, directory,
			key_text(key, text)) < 0 ? NULL : path;
}

/* Holding; the store has an entry of it afterwards. */

static int hold(const uint8_t *key, X509 *cert, X509 *issuer, const char **why)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	struct ocsp_name name = OCSP_NAME_INIT;
	unsigned char *der = NULL, *issuer_der = NULL;
	int err = -ENOMEM;

	*why = "no memory";
	name.cert_len = i2d_X509(cert, &der);
	name.issuer_len = i2d_X509(issuer, &issuer_der);
	name.cert = der;
	name.issuer = issuer_der;
	if (kept && der && issuer_der) {
		memcpy(kept->key, key, sizeof(kept->key));
		err = store_hold(&name, &kept->slot);
		*why = store_error();
	}
	if (!err && !tsearch(kept, &tree, compare)) {
		store_let_go(kept->slot);
		*why = "no memory";
		err = -ENOMEM;
	}
	OPENSSL_free(der);
	OPENSSL_free(issuer_der);
	if (err)
		free(kept);
	else
		count++;
	return err;
}

static void let_go(struct kept *kept)
{
	tdelete(kept, &tree, compare);
	store_let_go(kept->slot);
	count--;
	free(kept);
}

/* The directory */

static int write_pem(const uint8_t *key, X509 *cert, X509 *issuer,
		     const char **why)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL, *path = path_of(key);
	int err = -ENOMEM;
	long len;

	if (bio && path && PEM_write_bio_X509(bio, cert) &&
	    PEM_write_bio_X509(bio, issuer)) {
		len = BIO_get_mem_data(bio, &data);
		/* To wait for the disk would hold up all that ocspd does. */
		err = write_file(path, (unsigned char *)data, len, false);
	}
	BIO_free(bio);
	free(path);
	if (err)
		*why = strerror(-err);
	return err;
}

static bool is_name_of_key(const char *name)
{
	return strspn(name, "0123456789abcdef") == KEY_TEXT_SIZE - 1 &&
	       !strcmp(name + KEY_TEXT_SIZE - 1, SUFFIX);
}

static void take_certs(const char *path, STACK_OF(X509) *certs)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];
	const char *why;

	if (sk_X509_num(certs) != 2) {
		log_text(LOG_WARNING, "%s: not a certificate and its issuer",
			 path);
		return;
	}
	if (ocsp_cert_key(sk_X509_value(certs, 0), key) || find(key))
		return;
	if (hold(key, sk_X509_value(certs, 0), sk_X509_value(certs, 1), &why))
		log_text(LOG_WARNING, "%s: %s", path, why);
	else
		plan_key(key);
}

static void read_one(const char *name)
{
	STACK_OF(X509) *certs;
	char why[512], *path;

	if (!is_name_of_key(name) ||
	    asprintf(&path, "%s/%s", directory, name) < 0)
		return;
	certs = ocsp_read_certs(path, why, sizeof(why));
	if (certs)
		take_certs(path, certs);
	else
		log_text(LOG_WARNING, "%s", why);
	sk_X509_pop_free(certs, X509_free);
	free(path);
}

/* False: that were all. */
static bool read_some(void)
{
	struct dirent *entry;
	int i;

	for (i = 0; i < BATCH; i++) {
		entry = readdir(unread);
		if (!entry)
			return false;
		read_one(entry->d_name);
	}
	return true;
}

static void stop_reading(void)
{
	timer_stop(&reading);
	if (unread)
		closedir(unread);
	unread = NULL;
}

static void on_read(struct timer *timer)
{
	if (read_some())
		timer_set(timer, clock_ms() + 1);
	else
		stop_reading();
}

void keep_open(const char *path, bool now)
{
	if (directory && path && !strcmp(directory, path))
		return;
	keep_close();
	directory = path ? strdup(path) : NULL;
	if (!directory)
		return;
	unread = opendir(directory);
	if (!unread) {
		if (errno != ENOENT)
			log_text(LOG_WARNING, "%s: %s; certificates that were kept permanently are not held",
				 directory, strerror(errno));
		return;
	}
	if (!now) {
		on_read(&reading);
		return;
	}
	while (read_some())
		;
	stop_reading();
}

void keep_close(void)
{
	stop_reading();
	while (tree)
		let_go(*(struct kept **)tree);
	free(directory);
	directory = NULL;
}

int keep_add(const uint8_t *key, const char **why)
{
	X509 *cert, *issuer;
	struct ocsp_entry r;
	int err;

	if (find(key))
		return 0;
	*why = "there is no directory for that, see \"state\" in ocspd.conf(5)";
	if (!directory)
		return -ENOTDIR;
	err = store_get(key, KTLS_OCSP_PART_CERTIFICATES, &r);
	*why = store_error();
	if (err)
		return err;
	cert = ocsp_cert_decode(r.cert, r.cert_len);
	issuer = ocsp_cert_decode(r.issuer, r.issuer_len);
	ocsp_entry_clear(&r);
	if (!cert || !issuer) {
		*why = "the store has no certificate and issuer of it";
		err = -EINVAL;
	}
	if (!err && mkdir(directory, 0755) && errno != EEXIST)
		err = -errno;
	if (!err)
		err = write_pem(key, cert, issuer, why);
	else if (err != -EINVAL)
		*why = strerror(-err);
	if (!err)
		err = hold(key, cert, issuer, why);
	X509_free(cert);
	X509_free(issuer);
	return err;
}

int keep_remove(const uint8_t *key, const char **why)
{
	struct kept *kept = find(key);
	char *path = directory ? path_of(key) : NULL;
	int err = 0;

	/* One that was not read yet has its file. */
	if (!path || unlink(path))
		err = path ? -errno : -ENOENT;
	free(path);
	if (err == -ENOENT && kept)
		err = 0;
	*why = err == -ENOENT ? "it is not kept" : strerror(-err);
	if (!err && kept)
		let_go(kept);
	return err;
}
