// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The netlink client's dump of a store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client_priv.h"

#define DUMP_TRIES	20

/* The messages of one dump, as they came, back to back. */
struct dump {
	unsigned char *bytes;
	size_t len;
	size_t size;
	bool interrupted;
};

static int dump_answer(struct ocsp_client *client, struct nlmsghdr *hdr,
		       void *arg)
{
	size_t len = NLMSG_ALIGN(hdr->nlmsg_len);
	struct dump *d = arg;

	if (hdr->nlmsg_flags & NLM_F_DUMP_INTR)
		d->interrupted = true;
	if (hdr->nlmsg_type == NLMSG_DONE)
		return 0;
	if (d->size - d->len < len) {
		size_t size = d->size ? 2 * d->size : OCSP_MSG_MAX;
		void *bytes = realloc(d->bytes, size);

		if (!bytes)
			return ocsp_fail(client, ENOMEM, "%s", strerror(ENOMEM));
		d->bytes = bytes;
		d->size = size;
	}
	memset(d->bytes + d->len, 0, len);
	memcpy(d->bytes + d->len, hdr, hdr->nlmsg_len);
	d->len += len;
	return 0;
}

static int put_filter(struct ocsp_client *client, struct nl_msg *msg,
		      const struct ocsp_filter *f)
{
	int rc = 0;

	if (f->states)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_STATES, &f->states,
			      sizeof(f->states), sizeof(f->states));
	if (!rc && f->expires_before)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_EXPIRES_BEFORE,
			      f->expires_before, sizeof(*f->expires_before),
			      sizeof(*f->expires_before));
	if (!rc && f->newer_than)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_NEWER_THAN,
			      f->newer_than, sizeof(*f->newer_than),
			      sizeof(*f->newer_than));
	return rc;
}

static int dump_once(struct ocsp_client *client, int session,
		     const struct ocsp_filter *filter, struct dump *d)
{
	struct ocsp_name name = { .session = session };
	struct nl_msg *msg;
	int rc;

	d->len = 0;
	d->interrupted = false;
	msg = ocsp_msg_new(client, KTLS_OCSP_CMD_GET, NLM_F_DUMP, 0);
	if (!msg)
		return -ENOMEM;
	rc = ocsp_put_name(client, msg, &name);
	if (!rc && filter)
		rc = put_filter(client, msg, filter);
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return ocsp_exchange(client, msg, dump_answer, d);
}

static int dump_walk(struct ocsp_client *client, const struct dump *d,
		     int (*fn)(const struct ocsp_entry *r, void *arg),
		     void *arg)
{
	struct nlattr *tb[KTLS_OCSP_A_MAX + 1];
	struct ocsp_entry r;
	size_t at = 0;
	int rc = 0;

	while (!rc && at < d->len) {
		struct nlmsghdr *hdr = (struct nlmsghdr *)(d->bytes + at);

		rc = ocsp_parse(client, hdr, tb);
		if (!rc)
			rc = ocsp_parse_entry(client, tb, &r);
		if (rc)
			break;
		rc = fn(&r, arg);
		ocsp_entry_clear(&r);
		at += NLMSG_ALIGN(hdr->nlmsg_len);
	}
	return rc;
}

int ocsp_client_dump_some(struct ocsp_client *client, int session,
			  const struct ocsp_filter *filter,
			  int (*fn)(const struct ocsp_entry *r, void *arg),
			  void *arg, bool *settled)
{
	struct dump d = { 0 };
	int tries = DUMP_TRIES;
	int rc;

	do {
		rc = dump_once(client, session, filter, &d);
	} while (!rc && d.interrupted && --tries);
	if (!rc) {
		if (settled)
			*settled = !d.interrupted;
		rc = dump_walk(client, &d, fn, arg);
	}
	free(d.bytes);
	return rc;
}

int ocsp_client_dump(struct ocsp_client *client, int session,
		     int (*fn)(const struct ocsp_entry *r, void *arg),
		     void *arg, bool *settled)
{
	return ocsp_client_dump_some(client, session, NULL, fn, arg, settled);
}
