// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The netlink client's attributes: into requests, out of answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>

#include "client_priv.h"

#define EXACT_32	{ .minlen = 4, .maxlen = 4 }
#define EXACT_64	{ .minlen = 8, .maxlen = 8 }
#define EXACT_KEY	{ .minlen = KTLS_OCSP_KEY_LEN, .maxlen = KTLS_OCSP_KEY_LEN }

/* Lengths that are one; what has others is checked where it is read. */
static const struct nla_policy policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION]		= EXACT_32,
	[KTLS_OCSP_A_SLOT]		= EXACT_32,
	[KTLS_OCSP_A_KEY]		= EXACT_KEY,
	[KTLS_OCSP_A_GENERATION]	= EXACT_64,
	[KTLS_OCSP_A_STATE]		= EXACT_32,
	[KTLS_OCSP_A_STATUS]		= EXACT_32,
	[KTLS_OCSP_A_THIS_UPDATE]	= EXACT_64,
	[KTLS_OCSP_A_NEXT_UPDATE]	= EXACT_64,
	[KTLS_OCSP_A_BLOB_LEN]		= EXACT_32,
	[KTLS_OCSP_A_STORED]		= EXACT_64,
	[KTLS_OCSP_A_FAILURE_TIME]	= EXACT_64,
	[KTLS_OCSP_A_FAILURES]		= EXACT_32,
	[KTLS_OCSP_A_HANDLES]		= EXACT_32,
	[KTLS_OCSP_A_MIN_VALIDITY]	= EXACT_32,
	[KTLS_OCSP_A_EVENT]		= EXACT_32,
	[KTLS_OCSP_A_BOARD_SIZE]	= EXACT_64,
	[KTLS_OCSP_A_BOARD_VERSION]	= EXACT_32,
	[KTLS_OCSP_A_EVENT_NUMBER]	= EXACT_64,
};

static const char * const names[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION]		= "session",
	[KTLS_OCSP_A_SLOT]		= "slot",
	[KTLS_OCSP_A_KEY]		= "key",
	[KTLS_OCSP_A_CERTIFICATE]	= "certificate",
	[KTLS_OCSP_A_ISSUER]		= "issuer",
	[KTLS_OCSP_A_STATUS]		= "status",
	[KTLS_OCSP_A_THIS_UPDATE]	= "this-update",
	[KTLS_OCSP_A_NEXT_UPDATE]	= "next-update",
	[KTLS_OCSP_A_BLOB]		= "blob",
	[KTLS_OCSP_A_FAILURE]		= "failure",
	[KTLS_OCSP_A_WAIT]		= "wait",
	[KTLS_OCSP_A_PARTS]		= "parts",
	[KTLS_OCSP_A_BOARD_VERSION]	= "board-version",
	[KTLS_OCSP_A_SESSION_FLAGS]	= "session-flags",
	[KTLS_OCSP_A_OWNER]		= "owner",
	[KTLS_OCSP_A_STATES]		= "states",
	[KTLS_OCSP_A_EXPIRES_BEFORE]	= "expires-before",
	[KTLS_OCSP_A_NEWER_THAN]	= "newer-than",
	[KTLS_OCSP_A_REPEATED]		= "repeated",
};

/* An attribute's name in the spec; NULL for one that no request has. */
const char *ocsp_attr_name(unsigned int type)
{
	return type <= KTLS_OCSP_A_MAX ? names[type] : NULL;
}

/*
 * Add an attribute of at most max bytes. The limit is the kernel's to judge,
 * and here only for what the 16-bit length of an attribute cannot hold.
 */
int ocsp_put(struct ocsp_client *client, struct nl_msg *msg, int type,
	     const void *data, size_t len, size_t max)
{
	if (len > UINT16_MAX - NLA_HDRLEN)
		return ocsp_fail(client, ERANGE, "the %s has %zu bytes, more than %zu",
				 ocsp_attr_name(type), len, max);
	if (nla_put(msg, type, len, data) < 0)
		return ocsp_fail(client, ENOMEM, "%s", strerror(ENOMEM));
	return 0;
}

/* Bytes of payload that ocsp_put_name() needs at most, beside small ones. */
size_t ocsp_name_size(const struct ocsp_name *name)
{
	return name->cert_len + name->issuer_len;
}

int ocsp_put_name(struct ocsp_client *client, struct nl_msg *msg,
		  const struct ocsp_name *name)
{
	int rc = 0;

	if (name->session != -1)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_SESSION, &name->session,
			      sizeof(name->session), sizeof(name->session));
	if (!rc && name->slot)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_SLOT, name->slot,
			      sizeof(*name->slot), sizeof(*name->slot));
	if (!rc && name->key)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_KEY, name->key,
			      KTLS_OCSP_KEY_LEN, KTLS_OCSP_KEY_LEN);
	if (!rc && name->cert)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_CERTIFICATE, name->cert,
			      name->cert_len, KTLS_OCSP_CERT_MAX);
	if (!rc && name->issuer)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_ISSUER, name->issuer,
			      name->issuer_len, KTLS_OCSP_CERT_MAX);
	return rc;
}

/* Split a message of the family's; lengths are exact, strangers ignored. */
int ocsp_parse(struct ocsp_client *client, struct nlmsghdr *hdr,
	       struct nlattr **tb)
{
	if (!genlmsg_valid_hdr(hdr, 0) ||
	    genlmsg_parse(hdr, 0, tb, KTLS_OCSP_A_MAX, policy) < 0)
		return ocsp_fail(client, EPROTO, "the kernel's answer has an attribute of a wrong length");
	return 0;
}

static uint32_t get_u32(struct nlattr *nla)
{
	return nla ? nla_get_u32(nla) : 0;
}

static int64_t get_s64(struct nlattr *nla)
{
	return nla ? nla_get_s64(nla) : 0;
}

/* A copy of an attribute's bytes; false: no memory. */
static bool get_bytes(struct nlattr *nla, uint8_t **bytes, size_t *len)
{
	if (!nla)
		return true;
	*len = nla_len(nla);
	*bytes = malloc(*len ? *len : 1);
	if (!*bytes)
		return false;
	memcpy(*bytes, nla_data(nla), *len);
	return true;
}

static int parse_parts(struct ocsp_client *client, struct nlattr **tb,
		       struct ocsp_entry *r)
{
	size_t blob_len = r->blob_len;

	if (!get_bytes(tb[KTLS_OCSP_A_BLOB], &r->blob, &blob_len) ||
	    !get_bytes(tb[KTLS_OCSP_A_CERTIFICATE], &r->cert, &r->cert_len) ||
	    !get_bytes(tb[KTLS_OCSP_A_ISSUER], &r->issuer, &r->issuer_len)) {
		ocsp_entry_clear(r);
		return ocsp_fail(client, ENOMEM, "%s", strerror(ENOMEM));
	}
	r->blob_len = blob_len;
	return 0;
}

/* Fill *r with what the message has; the rest of it becomes zero. */
int ocsp_parse_entry(struct ocsp_client *client, struct nlattr **tb,
		     struct ocsp_entry *r)
{
	struct nlattr *failure = tb[KTLS_OCSP_A_FAILURE];

	memset(r, 0, sizeof(*r));
	if (!tb[KTLS_OCSP_A_KEY])
		return ocsp_fail(client, EPROTO, "the kernel's answer has no key");
	memcpy(r->key, nla_data(tb[KTLS_OCSP_A_KEY]), sizeof(r->key));
	r->slot = get_u32(tb[KTLS_OCSP_A_SLOT]);
	r->state = get_u32(tb[KTLS_OCSP_A_STATE]);
	r->handles = get_u32(tb[KTLS_OCSP_A_HANDLES]);
	r->generation = get_s64(tb[KTLS_OCSP_A_GENERATION]);
	r->status = get_u32(tb[KTLS_OCSP_A_STATUS]);
	r->this_update = get_s64(tb[KTLS_OCSP_A_THIS_UPDATE]);
	r->next_update = get_s64(tb[KTLS_OCSP_A_NEXT_UPDATE]);
	r->stored = get_s64(tb[KTLS_OCSP_A_STORED]);
	r->blob_len = get_u32(tb[KTLS_OCSP_A_BLOB_LEN]);
	r->failures = get_u32(tb[KTLS_OCSP_A_FAILURES]);
	r->failure_time = get_s64(tb[KTLS_OCSP_A_FAILURE_TIME]);
	if (failure) {
		size_t len = strnlen(nla_data(failure), nla_len(failure));

		if (len > KTLS_OCSP_FAILURE_MAX)
			len = KTLS_OCSP_FAILURE_MAX;
		memcpy(r->failure, nla_data(failure), len);
	}
	return parse_parts(client, tb, r);
}

void ocsp_entry_clear(struct ocsp_entry *r)
{
	free(r->blob);
	free(r->cert);
	free(r->issuer);
	memset(r, 0, sizeof(*r));
}
