// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Responses on disk, see cache.h. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "cache.h"
#include "cert.h"
#include "clock.h"
#include "counters.h"
#include "file.h"
#include "log.h"
#include "text.h"

#define SUFFIX		".ocsp"

/* Seconds after which a temporary file is nobody's any more. */
#define LEFT_BEHIND	3600

static char *directory;
static bool troubled;		/* the last write failed, and that was told */

void cache_open(const char *path)
{
	cache_close();
	if (!path)
		return;
	directory = strdup(path);
	if (!directory)
		log_text(LOG_WARNING, "cache %s: no memory; responses are not kept over a reboot",
			 path);
	else if (mkdir(directory, 0755) && errno != EEXIST)
		log_text(LOG_WARNING, "cache %s: %s; responses are not kept over a reboot",
			 directory, strerror(errno));
}

void cache_close(void)
{
	free(directory);
	directory = NULL;
	troubled = false;
}

/* NULL: no cache, or no memory. */
static char *path_of(const uint8_t *key)
{
	char text[KEY_TEXT_SIZE], *path;

	if (!directory ||
	    asprintf(&path, "%s/%s" SUFFIX, directory, key_text(key, text)) < 0)
		return NULL;
	return path;
}

unsigned char *cache_load(const uint8_t *key, size_t *len)
{
	unsigned char *data = NULL;
	char *path = path_of(key);
	char why[512];

	if (!path)
		return NULL;
	if (!access(path, F_OK)) {
		data = ocsp_read_file(path, len, why, sizeof(why));
		if (!data)
			log_text(LOG_WARNING, "cache %s", why);
	}
	free(path);
	return data;
}

/* A disk that is full is full for each response: told once, until it is not. */
static void tell_trouble(int err)
{
	if (err && !troubled)
		log_text(LOG_WARNING, "cache %s: %s; responses are served, but not kept over a reboot",
			 directory, strerror(-err));
	else if (!err && troubled)
		log_text(LOG_NOTICE, "cache %s: can be written again",
			 directory);
	troubled = err;
}

/*
 * Without waiting for the disk, which would hold up all that ocspd does: a file
 * is verified when it is read, so that one that a crash of the machine cut off
 * is refused and fetched again.
 */
void cache_store(const uint8_t *key, const unsigned char *data, size_t len)
{
	char *path = path_of(key);
	int err;

	if (directory) {
		err = path ? write_file(path, data, len, false) : -ENOMEM;
		counters.cache_errors += err != 0;
		tell_trouble(err);
	}
	free(path);
}

void cache_remove(const uint8_t *key)
{
	char *path = path_of(key);

	if (path)
		unlink(path);
	free(path);
}

/* Has the last of its responses ended? What is none has, too. */
static bool is_over(const unsigned char *data, size_t len)
{
	ASN1_GENERALIZEDTIME *next_update;
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;
	bool over = true;
	int i;

	ERR_set_mark();
	response = d2i_OCSP_RESPONSE(NULL, &data, len);
	basic = response ? OCSP_response_get1_basic(response) : NULL;
	for (i = 0; basic && i < OCSP_resp_count(basic); i++) {
		next_update = NULL;
		OCSP_single_get0_status(OCSP_resp_get0(basic, i), NULL, NULL,
					NULL, &next_update);
		if (next_update && X509_cmp_current_time(next_update) > 0)
			over = false;
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_pop_to_mark();
	return over;
}

static bool is_stale_file(const char *path)
{
	unsigned char *data;
	char why[512];
	size_t len;
	bool over;

	data = ocsp_read_file(path, &len, why, sizeof(why));
	if (!data)
		return false;
	over = is_over(data, len);
	free(data);
	return over;
}

/* One that we were writing when we were killed; not one of another ocspd. */
static bool is_left_behind(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) &&
	       st.st_mtime < clock_wall() - LEFT_BEHIND;
}

/* KEY.ocsp, and the temporary files of that: what follows the key, or NULL. */
static const char *suffix_of(const char *name)
{
	const char *rest = name + strspn(name, "0123456789abcdef");

	return rest - name == KEY_TEXT_SIZE - 1 &&
	       !strncmp(rest, SUFFIX, strlen(SUFFIX)) ? rest : NULL;
}

static void visit_files(void (*fn)(const char *name, const char *suffix,
				   void *arg),
			void *arg)
{
	struct dirent *entry;
	const char *suffix;
	DIR *dir;

	dir = directory ? opendir(directory) : NULL;
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		suffix = suffix_of(entry->d_name);
		if (suffix)
			fn(entry->d_name, suffix, arg);
	}
	closedir(dir);
}

static void sweep_file(const char *name, const char *suffix, void *arg)
{
	char *path;

	(void)arg;
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return;
	if (strcmp(suffix, SUFFIX) ? is_left_behind(path) : is_stale_file(path))
		unlink(path);
	free(path);
}

void cache_sweep(void)
{
	visit_files(sweep_file, NULL);
}

static void judge_file(const char *name, const char *suffix, void *arg)
{
	bool (**is_wanted)(const uint8_t *key) = arg;
	uint8_t key[KTLS_OCSP_KEY_LEN];
	char text[KEY_TEXT_SIZE];
	size_t len;

	snprintf(text, sizeof(text), "%s", name);
	if (!strcmp(suffix, SUFFIX) &&
	    OPENSSL_hexstr2buf_ex(key, sizeof(key), &len, text, '\0') &&
	    !(*is_wanted)(key))
		cache_remove(key);
}

void cache_keep_only(bool (*is_wanted)(const uint8_t *key))
{
	visit_files(judge_file, &is_wanted);
}
