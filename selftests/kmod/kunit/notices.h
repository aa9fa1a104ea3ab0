/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the store told, instead of to netlink's listeners. */
#ifndef KTLS_OCSP_KUNIT_NOTICES_H
#define KTLS_OCSP_KUNIT_NOTICES_H

#include "../../../kmod/store.h"

#define NOTICES_MAX	64

struct notice {
	u8 name;			/* the first byte of the key */
	enum ktls_ocsp_event event;
	u64 number;
};

extern struct notice notices[NOTICES_MAX];
extern unsigned int notice_count;
extern unsigned int notice_losses;

#endif /* KTLS_OCSP_KUNIT_NOTICES_H */
