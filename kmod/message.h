/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Messages: how entries and notices look in netlink, and how they are sent.
 * Owns nothing; knows entries and the family, and no store.
 */
#ifndef KTLS_OCSP_MESSAGE_H
#define KTLS_OCSP_MESSAGE_H

#include "notice.h"

struct genl_info;
struct net;
struct sk_buff;

struct sk_buff *ktls_ocsp_reply_new(struct genl_info *info, size_t size,
				    void **header);
size_t ktls_ocsp_metadata_size(void);
int ktls_ocsp_put_metadata(struct sk_buff *skb,
			   const struct ktls_ocsp_entry *entry,
			   const struct ktls_ocsp_blob *blob, s64 now);

bool ktls_ocsp_message_is_heard(struct net *net);
bool ktls_ocsp_message_send_event(struct net *net,
				  const struct ktls_ocsp_notice *notice);
void ktls_ocsp_message_tell_loss(struct net *net);
struct sk_buff *ktls_ocsp_message_wanted(const struct ktls_ocsp_entry *entry);
bool ktls_ocsp_message_send_wanted(struct net *net, struct sk_buff *skb);

#endif /* KTLS_OCSP_MESSAGE_H */
