/* SPDX-License-Identifier: GPL-2.0-only */
/* What a read of /proc/ktls_ocsp_consumer begins with. */
#ifndef KTLS_OCSP_CONSUMER_H
#define KTLS_OCSP_CONSUMER_H

#include <linux/types.h>

/**
 * struct ktls_ocsp_consumed - a blob, as a user in the kernel sees it
 * @generation: struct ktls_ocsp_blob's member of this name
 * @this_update: dto.
 * @next_update: dto.
 * @stored: dto.
 * @status: dto.
 * @len: dto.: bytes that follow
 */
struct ktls_ocsp_consumed {
	__u64 generation;
	__s64 this_update;
	__s64 next_update;
	__s64 stored;
	__u32 status;
	__u32 len;
};

#endif /* KTLS_OCSP_CONSUMER_H */
