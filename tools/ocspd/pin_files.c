// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The files of the certificates that are held, see pin_files.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "clock.h"
#include "issuer.h"
#include "log.h"
#include "pin_files.h"
#include "policy.h"

/* Walking */

static int on_glob_error(const char *path, int err)
{
	(void)path;
	return err == EACCES;	/* what is in there would be lost in silence */
}

static void section_fault(struct pin_walk *walk, const char *why)
{
	log_text(LOG_ERR, "[certificate %s]: %s: %s", walk->section->name,
		 walk->section->files, why);
	walk->faults++;
}

/* The pattern itself, or all that is in the directory that it names. */
static int expand(const char *pattern, glob_t *matches)
{
	struct stat st;
	char *inside;
	int err;

	if (stat(pattern, &st) || !S_ISDIR(st.st_mode))
		return glob(pattern, 0, on_glob_error, matches);
	if (asprintf(&inside, "%s/*", pattern) < 0)
		return GLOB_NOSPACE;
	err = glob(inside, 0, on_glob_error, matches);
	free(inside);
	return err;
}

static void begin_pattern(struct pin_walk *walk)
{
	const struct config_cert *section = walk->section;
	char why[128];

	globfree(&walk->matches);
	memset(&walk->matches, 0, sizeof(walk->matches));
	walk->next = 0;
	switch (expand(section->files, &walk->matches)) {
	case 0:
	case GLOB_NOMATCH:
		break;
	case GLOB_NOSPACE:
		section_fault(walk, "no memory");
		walk->incomplete = true;
		break;
	default:
		section_fault(walk, strerror(errno));
		walk->incomplete = true;
	}
	if (walk->matches.gl_pathc <= (size_t)section->max_files)
		return;
	snprintf(why, sizeof(why),
		 "it matches %zu files, of which \"max_files\" takes the first %ld",
		 (size_t)walk->matches.gl_pathc, section->max_files);
	section_fault(walk, why);
}

/* To the next section, in both rounds. False: there is none. */
static bool next_section(struct pin_walk *walk)
{
	walk->section = walk->section ? walk->section->next :
					walk->config->certs;
	if (!walk->section && !walk->patterns) {
		walk->patterns = true;
		walk->section = walk->config->certs;
	}
	walk->ended = !walk->section;
	if (walk->section && walk->patterns && walk->section->files)
		begin_pattern(walk);
	return walk->section;
}

/* Directories are none of those that a pattern is for. */
static bool take_match(struct pin_walk *walk, struct pin_file *file)
{
	struct stat st = { .st_mode = S_IFREG };
	char why[80];

	file->path = walk->matches.gl_pathv[walk->next++];
	file->section = walk->section;
	/* Where that fails, reading it tells why. */
	if (stat(file->path, &st) || (S_ISREG(st.st_mode) &&
				      st.st_size <= walk->section->max_bytes))
		return true;
	if (!S_ISREG(st.st_mode))
		return false;
	snprintf(why, sizeof(why),
		 "it has %lld bytes, more than \"max_bytes\" takes",
		 (long long)st.st_size);
	pin_fault(file, why);
	walk->faults++;
	return false;
}

static bool has_match(const struct pin_walk *walk)
{
	return walk->patterns && walk->section && walk->section->files &&
	       walk->next < walk->matches.gl_pathc &&
	       walk->next < (size_t)walk->section->max_files;
}

bool pin_walk_next(struct pin_walk *walk, struct pin_file *file)
{
	while (!walk->ended) {
		while (has_match(walk))
			if (take_match(walk, file))
				return true;
		if (!next_section(walk))
			return false;
		if (walk->patterns || !walk->section->file)
			continue;
		file->section = walk->section;
		file->path = walk->section->file;
		return true;
	}
	return false;
}

void pin_walk_end(struct pin_walk *walk)
{
	globfree(&walk->matches);
	memset(&walk->matches, 0, sizeof(walk->matches));
	walk->ended = true;
}

/* Files */

bool file_has_changed(const char *path, struct file_identity *identity)
{
	struct file_identity now;
	struct stat st;
	bool same;

	memset(&now, 0, sizeof(now));
	if (path && !stat(path, &st)) {
		now.dev = st.st_dev;
		now.ino = st.st_ino;
		now.size = st.st_size;
		now.changed = st.st_ctim;
	}
	same = !memcmp(&now, identity, sizeof(now));
	*identity = now;
	return !same;
}

bool pin_fault(const struct pin_file *file, const char *why)
{
	if (file->section->files)
		log_text(LOG_ERR, "certificate %s: %s: %s", file->section->name,
			 file->path, why);
	else
		log_text(LOG_ERR, "certificate %s: %s", file->section->name, why);
	return false;
}

/* What is wrong with a file, which is named in why. */
static void file_fault(const struct pin_file *file, const char *why)
{
	log_text(LOG_ERR, "certificate %s: %s", file->section->name, why);
}

/* All of the certificates, the leaf first. NULL: that was told. */
static STACK_OF(X509) *read_certs(const struct pin_file *file)
{
	STACK_OF(X509) *certs, *more;
	char why[512];
	X509 *cert;

	certs = ocsp_read_certs(file->path, why, sizeof(why));
	if (!certs || !file->section->issuer) {
		if (!certs)
			file_fault(file, why);
		return certs;
	}
	more = ocsp_read_certs(file->section->issuer, why, sizeof(why));
	if (!more)
		file_fault(file, why);
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

/* A certificate need not name a responder; but where it does, properly. */
static bool no_url(const struct pin_file *file, X509 *leaf)
{
	char *why = ocsp_cert_url_fault(leaf);

	if (why)
		pin_fault(file, why);
	else
		log_text(LOG_INFO, "certificate %s: n/a, it names no OCSP responder",
			 file->section->name);
	free(why);
	return !why;
}

/* By the configuration, in place of what the certificate says */
static bool has_responder(const struct pin_file *file, X509 *leaf, X509 *issuer)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];

	return !ocsp_cert_key(leaf, key) &&
	       policy_of_pin(&file->section->policy, key, issuer).responder;
}

static bool make_pair(const struct pin_file *file, STACK_OF(X509) *certs,
		      struct pin_pair *pair)
{
	X509 *leaf = sk_X509_value(certs, 0);
	X509 *issuer = ocsp_find_issuer(certs, leaf, NULL, clock_wall());
	char *url = ocsp_cert_url(leaf);

	if (!url && errno == ENOMEM)
		return pin_fault(file, "no memory");
	if (!url && !has_responder(file, leaf, issuer))
		return no_url(file, leaf);
	free(url);
	if (!issuer)
		return pin_fault(file, file->section->issuer ?
				 "the issuer is not in its file" :
				 "the certificate that issued it must follow it in the file, or be in one that \"issuer\" names");
	X509_up_ref(leaf);
	X509_up_ref(issuer);
	pair->cert = leaf;
	pair->issuer = issuer;
	return true;
}

bool pin_read(const struct pin_file *file, struct pin_pair *pair)
{
	STACK_OF(X509) *certs = read_certs(file);
	bool ok;

	memset(pair, 0, sizeof(*pair));
	if (!certs)
		return false;
	ok = make_pair(file, certs, pair);
	sk_X509_pop_free(certs, X509_free);
	return ok;
}

void pin_pair_clear(struct pin_pair *pair)
{
	X509_free(pair->cert);
	X509_free(pair->issuer);
}
