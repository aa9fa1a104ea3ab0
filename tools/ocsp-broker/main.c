// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * ocsp-broker: passes sessions with the kernel's store of OCSP responses to those
 * who may connect to its socket. It reads nothing from them, waits for none of
 * them, and has nothing of theirs but their user id, which the kernel tells.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "grant.h"
#include "listen.h"
#include "peers.h"

#define RATE		240
#define RATE_MAX	100000
/* Seconds without a peer after which systemd is left to listen again */
#define IDLE		300
/* Places in the set that poll() gets: the listener comes behind the peers. */
#define SET_SIZE	(PEERS_IN_FLIGHT + 1)

struct options {
	const char *path;		/* NULL: systemd has passed a socket */
	const char *group;
	unsigned int rate;
};

struct broker {
	int listener;
	struct peers *peers;
	struct grants *grants;
};

static const char usage[] =
"usage: ocsp-broker [--rate N]\n"
"       ocsp-broker --listen PATH [--group GROUP] [--rate N]\n"
"\n"
"Passes sessions of the kernel's store of OCSP responses to processes without\n"
"privileges and in containers. The socket is that of systemd, or PATH.\n"
"\n"
"  -l, --listen PATH  create this socket, with mode 0660\n"
"  -g, --group GROUP  the group that may connect to it\n"
"  -r, --rate N       the sessions that a user may get in a minute (240)\n"
"  -V, --version\n"
"  -h, --help\n";

/* With the levels of syslog(3), which the journal takes from the line. */
__attribute__((format(printf, 2, 3)))
static void tell(int level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", level, line);
	else
		fprintf(stderr, "ocsp-broker: %s\n", line);
}

static uint64_t seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void refuse(int fd, const struct ucred *peer,
		   const struct ocsp_session_offer *offer, bool is_told)
{
	if (is_told)
		tell(4, "no session for user %u (process %d): %s", peer->uid,
		     peer->pid, offer->text);
	grant_send(fd, offer, -1);
	close(fd);
}

static void serve(struct broker *broker, int fd, const struct ucred *peer)
{
	struct ocsp_session_offer offer = {
		.version = OCSP_SESSION_OFFER_VERSION,
	};
	int session, rc;
	const char *why;
	bool is_first;

	why = peers_refuse(broker->peers, peer->uid, seconds(), &is_first);
	if (why) {
		offer.err = EAGAIN;
		snprintf(offer.text, sizeof(offer.text), "%s", why);
		refuse(fd, peer, &offer, is_first);
		return;
	}
	session = grant_session(broker->grants, peer->uid, &offer);
	if (session == -1) {
		refuse(fd, peer, &offer, true);
		return;
	}
	rc = grant_send(fd, &offer, session);
	close(session);
	if (rc) {
		tell(4, "cannot pass a session to user %u (process %d): %s",
		     peer->uid, peer->pid, strerror(-rc));
		close(fd);
		return;
	}
	tell(6, "session for user %u, group %u, process %d", peer->uid,
	     peer->gid, peer->pid);
	peers_keep(broker->peers, peer->uid, fd);
}

/* 0; -1: nobody is there; or a negative errno. */
static int accept_one(struct broker *broker)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd;

	fd = accept4(broker->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		close(fd);
	else
		serve(broker, fd, &peer);
	return 0;
}

static void accept_all(struct broker *broker)
{
	int rc;

	do
		rc = accept_one(broker);
	while (!rc || rc == -ECONNABORTED || rc == -EINTR);
	if (rc == -EAGAIN)
		return;
	tell(3, "cannot accept: %s", strerror(-rc));
	/* Of the machine's making: it takes its time. */
	sleep(1);
}

/* Until there is nothing to do, where somebody else listens then. */
static void run(struct broker *broker, bool is_activated)
{
	struct pollfd set[SET_SIZE];
	nfds_t n;
	int rc;

	for (;;) {
		n = peers_poll_set(broker->peers, set);
		set[n] = (struct pollfd){ broker->listener, POLLIN, 0 };
		rc = poll(set, n + 1, is_activated ? IDLE * 1000 : -1);
		if (!rc)
			return;
		if (rc < 0)
			continue;
		peers_reap(broker->peers, set, n);
		if (set[n].revents)
			accept_all(broker);
	}
}

static bool read_rate(const char *text, unsigned int *rate)
{
	char *end;
	unsigned long n;

	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || !n || n > RATE_MAX) {
		fprintf(stderr, "ocsp-broker: --rate %s: not a number from 1 to %d\n",
			text, RATE_MAX);
		return false;
	}
	*rate = n;
	return true;
}

/* Exits where there is nothing to start. */
static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "group", required_argument, NULL, 'g' },
		{ "rate", required_argument, NULL, 'r' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "l:g:r:Vh", names, NULL)) != -1) {
		switch (c) {
		case 'l':
			options->path = optarg;
			break;
		case 'g':
			options->group = optarg;
			break;
		case 'r':
			if (!read_rate(optarg, &options->rate))
				return false;
			break;
		case 'V':
			puts("ocsp-broker " VERSION);
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			return false;
		}
	}
	if (optind == argc && (options->path || !options->group))
		return true;
	fputs(usage, stderr);
	return false;
}

int main(int argc, char **argv)
{
	struct options options = { .rate = RATE };
	struct broker broker;

	if (!read_options(argc, argv, &options))
		return 2;
	broker.listener = options.path ?
			  listen_at(options.path, options.group) :
			  listen_passed();
	if (broker.listener == -1)
		return 1;
	broker.peers = peers_new(options.rate);
	broker.grants = grants_new();
	if (!broker.peers || !broker.grants) {
		fputs("ocsp-broker: no memory\n", stderr);
		return 1;
	}
	run(&broker, !options.path);
	grants_free(broker.grants);
	peers_free(broker.peers);
	return 0;
}
