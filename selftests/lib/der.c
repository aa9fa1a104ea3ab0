// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* DER taken apart, changed and put together again. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "der.h"

#define CONSTRUCTED	0x20

#define must(x) must_be((x), #x, __LINE__)

static void must_be(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "der.c:%d: %s\n", line, what);
	abort();
}

static struct der *new_value(uint8_t tag, const void *data, size_t len)
{
	struct der *d = calloc(1, sizeof(*d));

	must(d);
	d->tag = tag;
	d->len = len;
	d->data = malloc(len ? len : 1);
	must(d->data);
	memcpy(d->data, data, len);
	return d;
}

/* Those that lie in der[0..len). */
static struct der *parse_all(const unsigned char *der, size_t len)
{
	struct der *first = NULL, **last = &first;
	size_t whole;

	while (len) {
		*last = der_parse(der, len);
		free(der_encode(*last, &whole));
		last = &(*last)->next;
		der += whole;
		len -= whole;
	}
	return first;
}

static void open_value(struct der *d)
{
	if (d->first || !d->len)
		return;
	d->first = parse_all(d->data, d->len);
	free(d->data);
	d->data = NULL;
	d->len = 0;
}

struct der *der_parse(const unsigned char *der, size_t len)
{
	size_t size, head = 2;
	struct der *d;

	must(len >= 2);
	size = der[1];
	if (size & 0x80) {
		must(len >= 2 + (size & 0x7f));
		head += size & 0x7f;
		size = 0;
		for (size_t i = 2; i < head; i++)
			size = size << 8 | der[i];
	}
	must(size <= len - head);
	d = new_value(der[0], der + head, size);
	if (d->tag & CONSTRUCTED)
		open_value(d);
	return d;
}

void der_free(struct der *der)
{
	struct der *next;

	for (; der; der = next) {
		next = der->next;
		der_free(der->first);
		free(der->data);
		free(der);
	}
}

/* Tag and length, into out; returns how many bytes that are. */
static size_t put_head(const struct der *d, size_t len, unsigned char *out)
{
	size_t n = 0, bytes = len < 0x80 ? 0 : len < 0x100 ? 1 :
			      len < 0x10000 ? 2 : 3;

	out[n++] = d->tag;
	if (d->form == DER_INDEFINITE) {
		out[n++] = 0x80;
		return n;
	}
	if (d->form == DER_LONG_LENGTH) {
		bytes = bytes ? bytes : 1;
		out[n++] = 0x80 | (bytes + 1);
		out[n++] = 0;
	} else if (bytes) {
		out[n++] = 0x80 | bytes;
	}
	if (!bytes)
		out[n++] = len;
	for (; bytes; bytes--)
		out[n++] = len >> 8 * (bytes - 1);
	return n;
}

static unsigned char *encode_content(const struct der *d, size_t *len)
{
	unsigned char *all = malloc(d->len ? d->len : 1), *one;
	const struct der *child;
	size_t size;

	must(all);
	memcpy(all, d->data ? d->data : (unsigned char *)"", d->len);
	*len = d->len;
	for (child = d->first; child; child = child->next) {
		one = der_encode(child, &size);
		all = realloc(all, *len + size + 1);
		must(all);
		memcpy(all + *len, one, size);
		*len += size;
		free(one);
	}
	return all;
}

unsigned char *der_encode(const struct der *der, size_t *len)
{
	unsigned char *content = encode_content(der, len), *out;
	size_t head;

	if (!der->tag)
		return content;
	out = malloc(*len + 16);
	must(out);
	head = put_head(der, *len, out);
	memcpy(out + head, content, *len);
	*len += head;
	free(content);
	if (der->form == DER_INDEFINITE) {
		out[(*len)++] = 0;
		out[(*len)++] = 0;
	}
	return out;
}

/* Where the pointer to the value at path is kept. */
static struct der **place(struct der **at, const char *path)
{
	char *end;
	long n;

	while (*path) {
		open_value(*at);
		n = strtol(path, &end, 10);
		must(end != path);
		for (at = &(*at)->first; n && *at; n--)
			at = &(*at)->next;
		must(!n);
		path = end + (*end == '.');
		must(*at || !*path);
	}
	return at;
}

static void take_out(struct der **at)
{
	struct der *old = *at;

	must(old);
	*at = old->next;
	old->next = NULL;
	der_free(old);
}

struct der *der_at(struct der *der, const char *path)
{
	struct der *found = *place(&der, path);

	must(found);
	return found;
}

void der_replace(struct der *root, const char *path, const void *bytes,
		 size_t len)
{
	struct der *new;

	der_insert(root, path, bytes, len);
	new = der_at(root, path);
	take_out(&new->next);
}

void der_remove(struct der *root, const char *path)
{
	take_out(place(&root, path));
}

void der_insert(struct der *root, const char *path, const void *bytes,
		size_t len)
{
	struct der **at = place(&root, path);
	struct der *new = new_value(0, bytes, len);

	new->next = *at;
	*at = new;
}

void der_append(struct der *root, const char *path, const void *bytes,
		size_t len)
{
	struct der **last;

	open_value(der_at(root, path));
	for (last = &der_at(root, path)->first; *last; last = &(*last)->next)
		;
	*last = new_value(0, bytes, len);
}

void der_sign(struct der *root, const char *path, EVP_PKEY *key)
{
	struct der *whole = der_at(root, path), *signature;
	unsigned char bytes[1 + 512] = { 0 };	/* no unused bits */
	size_t len, n = sizeof(bytes) - 1;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *tbs;

	open_value(whole);
	must(whole->first && whole->first->next && whole->first->next->next);
	signature = whole->first->next->next;
	tbs = der_encode(whole->first, &len);
	must(ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) > 0);
	must(EVP_DigestSign(ctx, bytes + 1, &n, tbs, len) > 0);
	EVP_MD_CTX_free(ctx);
	free(tbs);
	free(signature->data);
	signature->len = 1 + n;
	signature->data = malloc(signature->len);
	must(signature->data);
	memcpy(signature->data, bytes, signature->len);
}
