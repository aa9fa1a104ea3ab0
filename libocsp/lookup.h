/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What there is to staple now. Private to libocsp. */
#ifndef OCSP_LOOKUP_H
#define OCSP_LOOKUP_H

#include "connection.h"
#include "handle.h"

/*
 * A reference, or NULL and *error says why there is nothing. The application is
 * yet to be told of what is new. Without the lock.
 */
struct ocsp_context *ocsp_handle_lookup(struct ocsp_handle *h,
					struct ocsp_error *error);

/* Tell the application of what is new. */
void ocsp_handle_update(struct ocsp_handle *h);

/*
 * Is its entry held in the kernel? If not, and an attempt is due, it is made;
 * *error then says what is missing.
 */
bool ocsp_handle_attach(struct ocsp_handle *h, struct ocsp_error *error);

/*
 * Hold again, of the handles whose session was lost, some: they may not be asked
 * for a long time. And all of them.
 */
void ocsp_handles_heal_some(void);
void ocsp_handles_heal(void);

/* Does the directory have a response that is time valid? */
bool ocsp_handle_has_file(struct ocsp_handle *h);

/* wait.c: hold the entry; and wait for the first response. */
bool ocsp_handle_open(struct ocsp_handle *h, struct ocsp_error *error);
bool ocsp_handle_open_waiting(struct ocsp_handle *h, struct ocsp_error *error);

/*
 * Call fn with the lock held, a client, and descriptors that were looked at; once
 * more when the kernel does not know one of them after all. 0, or a negative
 * errno with *error.
 */
typedef int (*ocsp_handle_fn)(struct ocsp_client *client,
			      struct ocsp_handle *h, void *arg,
			      struct ocsp_error *error);
int ocsp_handle_call(struct ocsp_handle *h, enum ocsp_urgency urgency,
		     ocsp_handle_fn fn, void *arg, struct ocsp_error *error);

#endif /* OCSP_LOOKUP_H */
