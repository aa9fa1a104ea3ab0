// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* In the place of the module's message.c: the messages are written down. */
#include "../../../kmod/message.h"
#include "notices.h"

struct notice notices[NOTICES_MAX];
unsigned int notice_count;
unsigned int notice_losses;

/* The senders' lock is held, and there is one store. */
bool ktls_ocsp_message_send_event(struct net *net,
				  const struct ktls_ocsp_notice *notice)
{
	if (notice_count < NOTICES_MAX)
		notices[notice_count] = (struct notice){
			.name = notice->key[0],
			.event = notice->event,
			.number = notice->number,
		};
	notice_count++;
	return true;
}

bool ktls_ocsp_message_is_heard(struct net *net)
{
	return true;
}

void ktls_ocsp_message_tell_loss(struct net *net)
{
	notice_losses++;
}

struct sk_buff *ktls_ocsp_message_wanted(const struct ktls_ocsp_entry *entry)
{
	return NULL;
}

bool ktls_ocsp_message_send_wanted(struct net *net, struct sk_buff *skb)
{
	return false;
}
