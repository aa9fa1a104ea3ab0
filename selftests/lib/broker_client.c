// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * For tests of the session broker: what asks it, well or badly.
 *
 *	broker_client open CHAIN	by libocsp; "attached", or why not
 *	broker_client ask PATH		by hand; "session", or what was said
 *	broker_client write PATH KEY	what the session it gives may not do
 *	broker_client hang PATH N	N connections that take nothing
 *	broker_client activate PATH COMMAND...
 *					run it with a socket that listens there
 *
 * What has opened something waits for the end of its standard input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libocsp/ocsp.h>

#include "client.h"
#include "session_offer.h"

static void wait_for_end(void)
{
	char c;

	fflush(stdout);
	while (read(0, &c, 1) == 1)
		;
}

static int open_chain(const char *path)
{
	PCCERT_CHAIN_CONTEXT chain = OcspCreateCertificateChainFromFile(path);
	OCSP_ERROR error = { 0 };

	if (chain && OcspOpenServerOcspResponse(chain, 0,
						CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG,
						NULL, &error)) {
		puts("attached");
		wait_for_end();
		return 0;
	}
	puts(chain ? error.szMessage : OcspGetLastErrorMessage());
	return 1;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (connect(fd, (void *)&address, sizeof(address))) {
		perror(path);
		exit(1);
	}
	return fd;
}

/* The session, or -1; the connection stays open. */
static int take(int fd, struct ocsp_session_offer *offer)
{
	union {
		struct cmsghdr c;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { offer, sizeof(*offer) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int session = -1;

	memset(offer, 0, sizeof(*offer));
	if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC) != sizeof(*offer) ||
	    offer->version != OCSP_SESSION_OFFER_VERSION)
		snprintf(offer->text, sizeof(offer->text), "nonsense");
	else if (!offer->err && CMSG_FIRSTHDR(&m))
		memcpy(&session, CMSG_DATA(&control.c), sizeof(session));
	return session;
}

static int ask(const char *path)
{
	struct ocsp_session_offer offer;
	int fd = connect_to(path), session;

	session = take(fd, &offer);
	close(fd);
	if (session == -1) {
		puts(offer.text);
		return 1;
	}
	puts("session");
	wait_for_end();
	return 0;
}

static int write_through(const char *path, const char *hex)
{
	const struct ocsp_update update = { .failure = "written" };
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct ocsp_name name = { .key = key };
	struct ocsp_session_offer offer;
	struct ocsp_client *client;
	struct ocsp_entry entry;
	unsigned int i, byte;

	for (i = 0; i < sizeof(key) && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
		key[i] = byte;
	name.session = take(connect_to(path), &offer);
	if (name.session == -1 || ocsp_client_new(&client))
		return 2;
	printf("get: %s\n", ocsp_client_get(client, &name, 0, &entry) ?
	       ocsp_client_error(client) : "done");
	printf("set: %s\n", ocsp_client_set(client, &name, &update, NULL) ?
	       ocsp_client_error(client) : "done");
	printf("del: %s\n", ocsp_client_del(client, &name) ?
	       ocsp_client_error(client) : "done");
	return 0;
}

static int hang(const char *path, int n)
{
	while (n--)
		connect_to(path);
	puts("hanging");
	wait_for_end();
	return 0;
}

static int activate(const char *path, char **command)
{
	struct sockaddr_un address = address_of(path);
	char pid[16];
	int fd;

	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (bind(fd, (void *)&address, sizeof(address)) || listen(fd, 16))
		return 1;
	if (fd != 3) {
		dup2(fd, 3);
		close(fd);
	}
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	execvp(command[0], command);
	return 127;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "open"))
		return open_chain(argv[2]);
	if (!strcmp(what, "ask"))
		return ask(argv[2]);
	if (!strcmp(what, "write") && argc == 4)
		return write_through(argv[2], argv[3]);
	if (!strcmp(what, "hang") && argc == 4)
		return hang(argv[2], atoi(argv[3]));
	if (!strcmp(what, "activate") && argc > 3)
		return activate(argv[2], argv + 3);
	return 2;
}
