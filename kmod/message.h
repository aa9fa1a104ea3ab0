/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel says: replies and notifications.
 */
#ifndef KTLS_OCSP_MESSAGE_H
#define KTLS_OCSP_MESSAGE_H

#include "store.h"

struct genl_info;
struct sk_buff;

struct sk_buff *ktls_ocsp_reply_new(struct genl_info *info, size_t size,
				    void **header);
size_t ktls_ocsp_metadata_size(void);
int ktls_ocsp_put_metadata(struct sk_buff *skb,
			   const struct ktls_ocsp_response *response,
			   const struct ktls_ocsp_blob *blob, s64 now);

bool ktls_ocsp_has_refresher(const struct ktls_ocsp_store *store);
void ktls_ocsp_notify_wanted(const struct ktls_ocsp_store *store,
			     const struct ktls_ocsp_response *response);
void ktls_ocsp_notify_event(const struct ktls_ocsp_store *store,
			    const struct ktls_ocsp_response *response,
			    enum ktls_ocsp_event event);

#endif /* KTLS_OCSP_MESSAGE_H */
