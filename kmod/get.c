// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The command get: one entry. A dump of all is in dump.c. */
#include "family.h"
#include "message.h"
#include "request.h"

/* The entry that a get names, referenced, or an ERR_PTR. */
static struct ktls_ocsp_entry *
get_entry(const struct ktls_ocsp_request *request, struct genl_info *info)
{
	const struct nlattr *slot = info->attrs[KTLS_OCSP_A_SLOT];
	struct ktls_ocsp_entry *entry;

	if (slot && request->key) {
		NL_SET_ERR_MSG_ATTR(info->extack, slot,
				    "a slot and a key exclude each other");
		return ERR_PTR(-EINVAL);
	}
	if (slot && !request->session)
		return ERR_PTR(KTLS_OCSP_MISSING(info->extack,
						 KTLS_OCSP_A_SESSION,
						 "a slot needs its session"));
	if (!slot && !request->key)
		return ERR_PTR(KTLS_OCSP_MISSING(info->extack, KTLS_OCSP_A_KEY,
						 "a key or a slot is needed"));
	if (slot) {
		entry = ktls_ocsp_session_entry(request->session,
						nla_get_u32(slot));
		if (!entry)
			NL_SET_ERR_MSG_ATTR(info->extack, slot,
					    "the session does not hold this slot");
	} else {
		entry = request->store ?
			ktls_ocsp_index_find(&request->store->index,
					     request->key) : NULL;
		if (!entry)
			NL_SET_ERR_MSG(info->extack, "no entry has this key");
	}
	return entry ?: ERR_PTR(-ENOENT);
}

/* Why there is no blob to serve in @state. */
static int no_blob(enum ktls_ocsp_state state, struct netlink_ext_ack *extack)
{
	switch (state) {
	case KTLS_OCSP_STATE_EXPIRED:
		NL_SET_ERR_MSG(extack, "the response has expired");
		return -ESTALE;
	case KTLS_OCSP_STATE_FAILED:
		NL_SET_ERR_MSG(extack,
			       "no response yet, the last attempt failed");
		return -ENODATA;
	case KTLS_OCSP_STATE_WITHDRAWN:
		NL_SET_ERR_MSG(extack, "the response was withdrawn");
		return -ENODATA;
	default:
		NL_SET_ERR_MSG(extack, "no response yet");
		return -ENODATA;
	}
}

static int put_certs(struct sk_buff *skb, const struct ktls_ocsp_certs *certs)
{
	if (!certs)
		return 0;
	if (nla_put(skb, KTLS_OCSP_A_CERTIFICATE, certs->certificate_len,
		    certs->data) ||
	    nla_put(skb, KTLS_OCSP_A_ISSUER, certs->issuer_len,
		    certs->data + certs->certificate_len))
		return -EMSGSIZE;
	return 0;
}

/*
 * The reply to a get of a large blob carries it in pages, which need not lie
 * side by side. They are there from the start, and count when the rest is put.
 */
static struct sk_buff *paged_reply(struct genl_info *info, size_t size,
				   size_t in_pages, void **header)
{
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(nlmsg_total_size(genlmsg_total_size(size)),
				   in_pages, PAGE_ALLOC_COSTLY_ORDER, &err,
				   GFP_KERNEL_ACCOUNT);
	if (!skb)
		return NULL;
	*header = genlmsg_put_reply(skb, info, &ktls_ocsp_family, 0,
				    info->genlhdr->cmd);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/* The last attribute: its header behind the others, its payload in the pages. */
static int end_paged(struct sk_buff *skb, void *header,
		     const struct ktls_ocsp_blob *blob)
{
	static const u8 padding[NLA_ALIGNTO];
	size_t in_pages = NLA_ALIGN(blob->len);
	struct nlattr *nla;
	int offset;

	if (skb_tailroom(skb) < NLA_HDRLEN)
		return -EMSGSIZE;
	nla = skb_put(skb, NLA_HDRLEN);
	nla->nla_type = KTLS_OCSP_A_BLOB;
	nla->nla_len = nla_attr_size(blob->len);
	genlmsg_end(skb, header);
	offset = skb->len;
	skb->data_len = in_pages;
	skb->len += in_pages;
	nlmsg_hdr(skb)->nlmsg_len += in_pages;
	if (skb_store_bits(skb, offset, blob->data, blob->len))
		return -EMSGSIZE;
	return skb_store_bits(skb, offset + blob->len, padding,
			      in_pages - blob->len);
}

static int end_reply(struct sk_buff *skb, void *header,
		     const struct ktls_ocsp_blob *blob)
{
	if (blob && nla_put(skb, KTLS_OCSP_A_BLOB, blob->len, blob->data))
		return -EMSGSIZE;
	genlmsg_end(skb, header);
	return 0;
}

/* Answer with the metadata, and with what of @parts there is. */
static int get_reply(struct genl_info *info, u32 parts,
		     const struct ktls_ocsp_entry *entry,
		     const struct ktls_ocsp_blob *blob,
		     const struct ktls_ocsp_certs *certs, s64 now)
{
	bool with_blob = parts & KTLS_OCSP_PART_BLOB;
	bool paged = with_blob && blob->len > PAGE_SIZE;
	struct sk_buff *skb;
	void *header;
	size_t size;
	int err;

	size = ktls_ocsp_metadata_size() +
	       (certs ? nla_total_size(certs->certificate_len) +
			nla_total_size(certs->issuer_len) : 0);
	if (paged)
		skb = paged_reply(info, size + NLA_HDRLEN, NLA_ALIGN(blob->len),
				  &header);
	else
		skb = ktls_ocsp_reply_new(info, size +
					  (with_blob ? nla_total_size(blob->len)
					   : 0), &header);
	if (!skb)
		return -ENOMEM;
	err = ktls_ocsp_put_metadata(skb, entry, blob, now);
	if (!err)
		err = put_certs(skb, certs);
	if (!err)
		err = paged ? end_paged(skb, header, blob) :
		      end_reply(skb, header, with_blob ? blob : NULL);
	if (!err)
		return genlmsg_reply(skb, info);
	nlmsg_free(skb);
	return err;
}

static int get_parts(struct ktls_ocsp_store *store, struct genl_info *info,
		     u32 parts, const struct ktls_ocsp_entry *entry)
{
	struct ktls_ocsp_certs *certs = NULL;
	struct ktls_ocsp_blob *blob;
	enum ktls_ocsp_state state;
	s64 now = ktls_ocsp_now();
	int err;

	blob = ktls_ocsp_entry_blob(entry);
	state = ktls_ocsp_entry_state(entry, blob, now);
	if (unlikely(READ_ONCE(entry->gone))) {
		NL_SET_ERR_MSG(info->extack,
			       "the entry left the store; close the slot and open it again");
		err = -EIDRM;
		goto put_blob;
	}
	ktls_ocsp_store_check_clock(store, now);
	if (state != KTLS_OCSP_STATE_VALID && parts & KTLS_OCSP_PART_BLOB) {
		err = no_blob(state, info->extack);
		goto put_blob;
	}
	if (parts & KTLS_OCSP_PART_CERTIFICATES)
		certs = ktls_ocsp_entry_certs(entry);
	err = get_reply(info, parts, entry, blob, certs, now);
	ktls_ocsp_certs_put(certs);
put_blob:
	ktls_ocsp_blob_put(blob);
	return err;
}

/**
 * ktls_ocsp_get_doit() - the command get
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *parts = info->attrs[KTLS_OCSP_A_PARTS];
	const struct nlattr *odd = info->attrs[KTLS_OCSP_A_STATES] ?:
				   info->attrs[KTLS_OCSP_A_EXPIRES_BEFORE] ?:
				   info->attrs[KTLS_OCSP_A_NEWER_THAN];
	struct ktls_ocsp_request request;
	struct ktls_ocsp_entry *entry;
	int err;

	if (odd) {
		NL_SET_ERR_MSG_ATTR(info->extack, odd,
				    "only a dump takes a filter");
		return -EINVAL;
	}
	err = ktls_ocsp_request_begin(&request, info->attrs,
				      genl_info_net(info), info->extack);
	if (!err && request.store)
		err = ktls_ocsp_store_usable(request.store, info->extack);
	if (err)
		goto end;
	entry = get_entry(&request, info);
	if (IS_ERR(entry)) {
		err = PTR_ERR(entry);
		goto end;
	}
	err = get_parts(request.store, info,
			parts ? nla_get_u32(parts) : KTLS_OCSP_PART_BLOB,
			entry);
	ktls_ocsp_entry_put(entry);
end:
	ktls_ocsp_request_end(&request);
	return err;
}

