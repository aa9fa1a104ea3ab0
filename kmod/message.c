// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Messages: the metadata of entries in replies, and the notices of the two
 * multicast groups.
 */
#include <net/netlink.h>

#include "family.h"
#include "message.h"

/**
 * ktls_ocsp_reply_new() - begin a reply
 * @info: the request
 * @size: room for its attributes
 * @header: gets the message's header, for genlmsg_end()
 *
 * Not charged to the caller's memory cgroup: like the replies of other families
 * it is charged to the receive buffer of the caller's socket, which bounds it,
 * and to charge it twice would cost a tenth of a get. May sleep.
 *
 * Return: the message, or NULL when there is no memory.
 */
struct sk_buff *ktls_ocsp_reply_new(struct genl_info *info, size_t size,
				    void **header)
{
	struct sk_buff *skb;

	skb = genlmsg_new(size, GFP_KERNEL);
	if (!skb)
		return NULL;
	*header = genlmsg_put_reply(skb, info, &ktls_ocsp_family, 0,
				    info->genlhdr->cmd);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/**
 * ktls_ocsp_metadata_size() - most bytes of ktls_ocsp_put_metadata()
 *
 * Return: the bytes.
 */
size_t ktls_ocsp_metadata_size(void)
{
	return nla_total_size(KTLS_OCSP_KEY_LEN) +
	       nla_total_size(KTLS_OCSP_FAILURE_MAX + 1) +
	       6 * nla_total_size(sizeof(u32)) +
	       6 * nla_total_size_64bit(sizeof(u64));
}

static int put_name(struct sk_buff *skb, u32 slot, const u8 *key)
{
	if (nla_put_u32(skb, KTLS_OCSP_A_SLOT, slot) ||
	    nla_put(skb, KTLS_OCSP_A_KEY, KTLS_OCSP_KEY_LEN, key))
		return -EMSGSIZE;
	return 0;
}

static int put_time(struct sk_buff *skb, int attribute, s64 time)
{
	return nla_put_s64(skb, attribute, time, KTLS_OCSP_A_PAD);
}

static int put_blob_metadata(struct sk_buff *skb,
			     const struct ktls_ocsp_blob *blob)
{
	if (nla_put_u64_64bit(skb, KTLS_OCSP_A_GENERATION, blob->generation,
			      KTLS_OCSP_A_PAD) ||
	    nla_put_u32(skb, KTLS_OCSP_A_STATUS, blob->status) ||
	    put_time(skb, KTLS_OCSP_A_THIS_UPDATE, blob->this_update) ||
	    put_time(skb, KTLS_OCSP_A_NEXT_UPDATE, blob->next_update))
		return -EMSGSIZE;
	return 0;
}

static int put_failure(struct sk_buff *skb,
		       const struct ktls_ocsp_failure *failure)
{
	if (!failure)
		return 0;
	if (nla_put_string(skb, KTLS_OCSP_A_FAILURE, failure->reason) ||
	    put_time(skb, KTLS_OCSP_A_FAILURE_TIME, failure->time) ||
	    nla_put_u32(skb, KTLS_OCSP_A_FAILURES, failure->count))
		return -EMSGSIZE;
	return 0;
}

/**
 * ktls_ocsp_put_metadata() - describe an entry
 * @skb: the message
 * @entry: the entry, kept in memory by the caller
 * @blob: its blob, kept in memory by the caller, or NULL
 * @now: the time to judge its state by
 *
 * Context: any.
 *
 * Return: 0, or -EMSGSIZE when it does not fit.
 */
int ktls_ocsp_put_metadata(struct sk_buff *skb,
			   const struct ktls_ocsp_entry *entry,
			   const struct ktls_ocsp_blob *blob, s64 now)
{
	int err;

	if (put_name(skb, entry->slot, entry->key) ||
	    nla_put_u32(skb, KTLS_OCSP_A_STATE,
			ktls_ocsp_entry_state(entry, blob, now)) ||
	    nla_put_u32(skb, KTLS_OCSP_A_HANDLES,
			READ_ONCE(entry->handles)))
		return -EMSGSIZE;
	if (blob && (put_blob_metadata(skb, blob) ||
		     put_time(skb, KTLS_OCSP_A_STORED, blob->stored) ||
		     nla_put_u32(skb, KTLS_OCSP_A_BLOB_LEN, blob->len)))
		return -EMSGSIZE;
	/* A failure is immutable; RCU keeps the one that we read in memory. */
	rcu_read_lock();
	err = put_failure(skb, rcu_dereference(entry->failure));
	rcu_read_unlock();
	return err;
}

/**
 * ktls_ocsp_message_is_heard() - check for listeners to "events"
 * @net: the network namespace
 *
 * A hint: genetlink keeps one answer for all network namespaces.
 *
 * Context: any.
 *
 * Return: false if there is none for sure.
 */
bool ktls_ocsp_message_is_heard(struct net *net)
{
	return genl_has_listeners(&ktls_ocsp_family, net,
				  KTLS_OCSP_GROUP_EVENTS);
}

static struct sk_buff *notice_new(u8 command, void **header)
{
	struct sk_buff *skb;

	skb = genlmsg_new(ktls_ocsp_metadata_size(), GFP_KERNEL);
	if (!skb)
		return NULL;
	*header = genlmsg_put(skb, 0, 0, &ktls_ocsp_family, 0, command);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int put_event(struct sk_buff *skb, const struct ktls_ocsp_notice *notice)
{
	if (nla_put_u32(skb, KTLS_OCSP_A_EVENT, notice->event) ||
	    nla_put_u64_64bit(skb, KTLS_OCSP_A_EVENT_NUMBER, notice->number,
			      KTLS_OCSP_A_PAD) ||
	    put_name(skb, notice->slot, notice->key) ||
	    (notice->blob && put_blob_metadata(skb, notice->blob)))
		return -EMSGSIZE;
	return put_failure(skb, notice->failure);
}

/**
 * ktls_ocsp_message_send_event() - send a notice to "events"
 * @net: the network namespace, which the caller keeps
 * @notice: the notice
 *
 * May sleep.
 *
 * Return: false when there is no memory for it. A listener without room for it
 * is told that by netlink.
 */
bool ktls_ocsp_message_send_event(struct net *net,
				  const struct ktls_ocsp_notice *notice)
{
	struct sk_buff *skb;
	void *header;

	skb = notice_new(KTLS_OCSP_CMD_EVENT_NTF, &header);
	if (!skb)
		return false;
	if (put_event(skb, notice)) {
		nlmsg_free(skb);
		return false;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&ktls_ocsp_family, net, skb, 0,
				KTLS_OCSP_GROUP_EVENTS, GFP_KERNEL);
	return true;
}

/**
 * ktls_ocsp_message_tell_loss() - report lost notices to the listeners
 * @net: the network namespace, which the caller keeps
 *
 * Their next read fails with ENOBUFS, as when their buffer was too small.
 */
void ktls_ocsp_message_tell_loss(struct net *net)
{
	genl_set_err(&ktls_ocsp_family, net, 0, KTLS_OCSP_GROUP_EVENTS,
		     -ENOBUFS);
}

/**
 * ktls_ocsp_message_wanted() - make the notice that an entry needs a blob
 * @entry: the entry, referenced
 *
 * May sleep.
 *
 * Return: the message, for ktls_ocsp_message_send_wanted() or kfree_skb();
 * NULL when there is no memory.
 */
struct sk_buff *ktls_ocsp_message_wanted(const struct ktls_ocsp_entry *entry)
{
	struct sk_buff *skb;
	void *header;

	skb = notice_new(KTLS_OCSP_CMD_WANTED_NTF, &header);
	if (!skb)
		return NULL;
	if (put_name(skb, entry->slot, entry->key)) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, header);
	return skb;
}

/**
 * ktls_ocsp_message_send_wanted() - send it to "wanted"
 * @net: the network namespace, which the caller keeps
 * @skb: the message, which is consumed
 *
 * Only the result of a multicast tells whether there are listeners in this one
 * network namespace. -ENOBUFS means that there is one whose buffer is full and
 * that set NETLINK_BROADCAST_ERROR: it will dump the store.
 *
 * May sleep.
 *
 * Return: true if there is a listener.
 */
bool ktls_ocsp_message_send_wanted(struct net *net, struct sk_buff *skb)
{
	int err;

	err = genlmsg_multicast_netns(&ktls_ocsp_family, net, skb, 0,
				      KTLS_OCSP_GROUP_WANTED, GFP_KERNEL);
	return !err || err == -ENOBUFS;
}
