/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the files of the netlink client share with one another. */
#ifndef OCSP_CLIENT_PRIV_H
#define OCSP_CLIENT_PRIV_H

#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "client.h"

/*
 * Room for the largest message either way: a blob, two certificates, and
 * what is small. The kernel fills dumps up to 32 KiB a message.
 */
#define OCSP_MSG_MAX	(128 * 1024)
#define OCSP_MSG_SMALL	512

struct ocsp_client {
	int fd;
	uint16_t family;
	uint32_t seq;
	uint32_t group_wanted;
	uint32_t group_events;
	char error[512];
	unsigned char buf[OCSP_MSG_MAX];	/* what was received last */
};

/*
 * Called for each message of an answer, NLMSG_DONE and NLMSG_ERROR excepted.
 * Returns 0 or a negative errno that ends the exchange.
 */
typedef int (*ocsp_answer_fn)(struct ocsp_client *client, struct nlmsghdr *hdr,
			      void *arg);

/* client_msg.c */
int ocsp_fail(struct ocsp_client *client, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int ocsp_client_resolve(struct ocsp_client *client);
struct nl_msg *ocsp_msg_new(struct ocsp_client *client, uint8_t cmd,
			    int flags, size_t payload);
int ocsp_exchange_hdr(struct ocsp_client *client, struct nlmsghdr *hdr,
		      ocsp_answer_fn fn, void *arg);
int ocsp_exchange(struct ocsp_client *client, struct nl_msg *msg,
		  ocsp_answer_fn fn, void *arg);
ssize_t ocsp_receive(struct ocsp_client *client, int flags);

/* client_attr.c */
const char *ocsp_attr_name(unsigned int type);
int ocsp_put(struct ocsp_client *client, struct nl_msg *msg, int type,
	     const void *data, size_t len, size_t max);
int ocsp_put_name(struct ocsp_client *client, struct nl_msg *msg,
		  const struct ocsp_name *name);
size_t ocsp_name_size(const struct ocsp_name *name);
int ocsp_parse(struct ocsp_client *client, struct nlmsghdr *hdr,
	       struct nlattr **tb);
int ocsp_parse_entry(struct ocsp_client *client, struct nlattr **tb,
		     struct ocsp_entry *r);

#endif /* OCSP_CLIENT_PRIV_H */
