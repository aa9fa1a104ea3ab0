/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the broker gives: sessions, charged to who asked. */
#ifndef BROKER_GRANT_H
#define BROKER_GRANT_H

#include <sys/types.h>

#include "session_offer.h"

struct grants;

/* NULL: no memory. */
struct grants *grants_new(void);
void grants_free(struct grants *grants);

/*
 * A session through which entries may be created, charged to uid; -1: offer has
 * the errno and why.
 */
int grant_session(struct grants *grants, uid_t uid,
		  struct ocsp_session_offer *offer);

/* Never waits. 0 or a negative errno. session may be -1. */
int grant_send(int fd, const struct ocsp_session_offer *offer, int session);

#endif /* BROKER_GRANT_H */
