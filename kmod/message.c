// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel says of a response: its metadata in replies, and the
 * notifications of the two multicast groups.
 */
#include <net/netlink.h>

#include "message.h"
#include "netlink.h"

/**
 * ktls_ocsp_reply_new() - begin a reply
 * @info: the request
 * @size: room for its attributes
 * @header: gets the message's header, for genlmsg_end()
 *
 * May sleep.
 *
 * Return: the message, or NULL when there is no memory.
 */
struct sk_buff *ktls_ocsp_reply_new(struct genl_info *info, size_t size,
				    void **header)
{
	struct sk_buff *skb;

	skb = genlmsg_new(size, GFP_KERNEL_ACCOUNT);
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
	       5 * nla_total_size_64bit(sizeof(u64));
}

static int put_name(struct sk_buff *skb,
		    const struct ktls_ocsp_response *response)
{
	if (nla_put_u32(skb, KTLS_OCSP_A_SLOT, response->slot) ||
	    nla_put(skb, KTLS_OCSP_A_KEY, KTLS_OCSP_KEY_LEN, response->key))
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
		       const struct ktls_ocsp_response *response)
{
	const struct ktls_ocsp_failure *failure;
	int err = 0;

	/* A failure is immutable; RCU keeps the one that we read in memory. */
	rcu_read_lock();
	failure = rcu_dereference(response->failure);
	if (failure &&
	    (nla_put_string(skb, KTLS_OCSP_A_FAILURE, failure->reason) ||
	     put_time(skb, KTLS_OCSP_A_FAILURE_TIME, failure->time) ||
	     nla_put_u32(skb, KTLS_OCSP_A_FAILURES, failure->count)))
		err = -EMSGSIZE;
	rcu_read_unlock();
	return err;
}

/**
 * ktls_ocsp_put_metadata() - describe a response
 * @skb: the message
 * @response: the response, kept in memory by the caller
 * @blob: its blob, kept in memory by the caller, or NULL
 * @now: the time to judge its state by
 *
 * Context: any.
 *
 * Return: 0, or -EMSGSIZE when it does not fit.
 */
int ktls_ocsp_put_metadata(struct sk_buff *skb,
			   const struct ktls_ocsp_response *response,
			   const struct ktls_ocsp_blob *blob, s64 now)
{
	if (put_name(skb, response) ||
	    nla_put_u32(skb, KTLS_OCSP_A_STATE,
			ktls_ocsp_response_state(response, blob, now)) ||
	    nla_put_u32(skb, KTLS_OCSP_A_HANDLES,
			READ_ONCE(response->handles)))
		return -EMSGSIZE;
	if (blob && (put_blob_metadata(skb, blob) ||
		     put_time(skb, KTLS_OCSP_A_STORED, blob->stored) ||
		     nla_put_u32(skb, KTLS_OCSP_A_BLOB_LEN, blob->len)))
		return -EMSGSIZE;
	return put_failure(skb, response);
}

/**
 * ktls_ocsp_has_refresher() - does anybody listen to "wanted"?
 * @store: the store, locked, its network namespace alive
 *
 * Return: true when so.
 */
bool ktls_ocsp_has_refresher(const struct ktls_ocsp_store *store)
{
	return genl_has_listeners(&ktls_ocsp_family, store->net,
				  KTLS_OCSP_GROUP_WANTED);
}

/* Without memory for a notice, nobody is told. */
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

static void notice_send(const struct ktls_ocsp_store *store,
			struct sk_buff *skb, void *header,
			enum ktls_ocsp_group group)
{
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&ktls_ocsp_family, store->net, skb, 0, group,
				GFP_KERNEL);
}

/**
 * ktls_ocsp_notify_wanted() - tell that a response needs a blob
 * @store: the store, locked, its network namespace alive
 * @response: the response
 */
void ktls_ocsp_notify_wanted(const struct ktls_ocsp_store *store,
			     const struct ktls_ocsp_response *response)
{
	struct sk_buff *skb;
	void *header;

	lockdep_assert_held(&store->lock);
	if (!ktls_ocsp_has_refresher(store))
		return;
	skb = notice_new(KTLS_OCSP_CMD_WANTED_NTF, &header);
	if (!skb)
		return;
	if (put_name(skb, response))
		nlmsg_free(skb);
	else
		notice_send(store, skb, header, KTLS_OCSP_GROUP_WANTED);
}

static int put_event(struct sk_buff *skb,
		     const struct ktls_ocsp_response *response,
		     const struct ktls_ocsp_blob *blob,
		     enum ktls_ocsp_event event)
{
	if (nla_put_u32(skb, KTLS_OCSP_A_EVENT, event) ||
	    put_name(skb, response) || (blob && put_blob_metadata(skb, blob)))
		return -EMSGSIZE;
	return event == KTLS_OCSP_EVENT_FAILED ? put_failure(skb, response) : 0;
}

/**
 * ktls_ocsp_notify_event() - tell what happened to a response
 * @store: the store, locked, its network namespace alive
 * @response: the response
 * @event: what happened
 */
void ktls_ocsp_notify_event(const struct ktls_ocsp_store *store,
			    const struct ktls_ocsp_response *response,
			    enum ktls_ocsp_event event)
{
	const struct ktls_ocsp_blob *blob;
	struct sk_buff *skb;
	void *header;

	blob = rcu_dereference_protected(response->blob,
					 lockdep_is_held(&store->lock));
	if (!genl_has_listeners(&ktls_ocsp_family, store->net,
				KTLS_OCSP_GROUP_EVENTS))
		return;
	skb = notice_new(KTLS_OCSP_CMD_EVENT_NTF, &header);
	if (!skb)
		return;
	if (put_event(skb, response, blob, event))
		nlmsg_free(skb);
	else
		notice_send(store, skb, header, KTLS_OCSP_GROUP_EVENTS);
}
