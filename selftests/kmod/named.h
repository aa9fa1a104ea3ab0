/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Whether an error is about an attribute, whose value may be well-formed. */
#ifndef SELFTESTS_KMOD_NAMED_H
#define SELFTESTS_KMOD_NAMED_H

#include <string.h>

#include "client_priv.h"
#include "ktest.h"

/* The kernel points at the attribute (0: any or none), or its text names it. */
static inline bool is_named(const struct kt_sock *sk, uint16_t type)
{
	const char *name = ocsp_attr_name(type);

	return kt_named(sk, type) || (name && strcasestr(sk->text, name));
}

#endif /* SELFTESTS_KMOD_NAMED_H */
