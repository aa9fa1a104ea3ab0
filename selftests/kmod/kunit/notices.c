// SPDX-License-Identifier: GPL-2.0-only
/* In the place of the module's message.c. */
#include "../../../kmod/message.h"
#include "notices.h"

struct notice notices[NOTICES_MAX];
unsigned int notice_count;

/* The store calls it with its lock held, and there is one store. */
void ktls_ocsp_notify_event(const struct ktls_ocsp_store *store,
			    const struct ktls_ocsp_response *response,
			    enum ktls_ocsp_event event)
{
	lockdep_assert_held(&store->lock);
	if (notice_count < NOTICES_MAX)
		notices[notice_count] = (struct notice){
			.name = response->key[0],
			.event = event,
		};
	notice_count++;
}
