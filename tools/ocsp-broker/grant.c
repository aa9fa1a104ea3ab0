// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Sessions from the kernel, and how they are passed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client.h"
#include "grant.h"

struct grants {
	struct ocsp_client *client;	/* NULL: not connected */
};

struct grants *grants_new(void)
{
	return calloc(1, sizeof(struct grants));
}

static void disconnect(struct grants *grants)
{
	ocsp_client_free(grants->client);
	grants->client = NULL;
}

void grants_free(struct grants *grants)
{
	if (grants)
		disconnect(grants);
	free(grants);
}

int grant_session(struct grants *grants, uid_t uid,
		  struct ocsp_session_offer *offer)
{
	const struct ocsp_session_terms terms = { .create = true, .owner = &uid };
	int rc = 0, fd = -1;

	if (!grants->client)
		rc = ocsp_client_new(&grants->client);
	if (!rc)
		rc = ocsp_client_session_for(grants->client, &terms, &fd, NULL,
					     NULL);
	if (!rc)
		return fd;
	offer->err = -rc;
	snprintf(offer->text, sizeof(offer->text), "%s",
		 ocsp_client_error(grants->client));
	/* The next one may find a module that was loaded. */
	disconnect(grants);
	return -1;
}

int grant_send(int fd, const struct ocsp_session_offer *offer, int session)
{
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)offer, sizeof(*offer) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *header = &control.header;

	if (session != -1) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(session));
		memcpy(CMSG_DATA(header), &session, sizeof(session));
	}
	if (sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}
