// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl monitor */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "ocspctl.h"

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Signals are only let in while we wait, so that none is lost. */
static void catch_signals(sigset_t *waiting)
{
	struct sigaction action = { .sa_handler = stop };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, waiting);
	sigdelset(waiting, SIGINT);
	sigdelset(waiting, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void print_notice(const struct ocsp_notice *n, int64_t now)
{
	const struct ocsp_entry *r = &n->entry;
	char when[TIME_TEXT_SIZE], key[KEY_TEXT_SIZE], left[SPAN_TEXT_SIZE];

	printf("%s %-9s %s", time_text(now, when),
	       n->wanted ? "wanted" : event_name(n->event),
	       key_text(r->key, key));
	if (r->generation)
		printf(" %s, next update %s", status_name(r->status),
		       distance_text(r->next_update, now, left));
	if (r->failure[0]) {
		fputs(": ", stdout);
		print_text(stdout, r->failure, 0);
	}
	putchar('\n');
}

static void print_notice_json(const struct ocsp_notice *n, int64_t now)
{
	const struct ocsp_entry *r = &n->entry;
	bool blob = r->generation;
	char key[KEY_TEXT_SIZE];
	json_t *o = json_new();

	json_add(o, "time", json_integer(now));
	json_add(o, "event", json_text(n->wanted ? "wanted" :
				       event_name(n->event)));
	json_add(o, "key", json_text(key_text(r->key, key)));
	json_add(o, "slot", json_integer(r->slot));
	json_add(o, "generation", json_integer(r->generation));
	json_add(o, "status", json_text(blob ? status_name(r->status) : NULL));
	json_add(o, "this_update", blob ? json_integer(r->this_update) :
		 json_null());
	json_add(o, "next_update", blob ? json_integer(r->next_update) :
		 json_null());
	json_add(o, "failure", json_text(r->failure[0] ? r->failure : NULL));
	json_print(o, true);
}

static int notice(const struct ocsp_notice *n, void *arg)
{
	const struct args *args = arg;

	if (args->json)
		print_notice_json(n, time(NULL));
	else
		print_notice(n, time(NULL));
	/* Stops the walk: nobody reads what we write. */
	return ferror(stdout) ? -EPIPE : 0;
}

static void print_resync(const struct args *args)
{
	char when[TIME_TEXT_SIZE];
	json_t *o;

	if (!args->json) {
		printf("%s resync    events were lost, see ocspctl show\n",
		       time_text(time(NULL), when));
		return;
	}
	o = json_new();
	json_add(o, "time", json_integer(time(NULL)));
	json_add(o, "event", json_text("resync"));
	json_print(o, true);
}

static int follow(struct ocsp_client *client, const struct args *args,
		  const sigset_t *waiting)
{
	struct pollfd fds[] = {
		{ ocsp_client_fd(client), POLLIN, 0 },
		/* Somebody closes the pipe that we write into: POLLERR. */
		{ 1, 0, 0 },
	};
	int err;

	while (!stopped) {
		if (ppoll(fds, 2, NULL, waiting) < 0)
			continue;
		if (fds[1].revents & POLLERR)
			return EXIT_OK;
		err = fds[0].revents ?
		      ocsp_client_notice(client, notice, (void *)args) : 0;
		if (err == -ENOBUFS)
			print_resync(args);
		else if (err && !ferror(stdout))
			return client_error(client, NULL);
		if (finish_output())
			return EXIT_ERROR;
	}
	return EXIT_OK;
}

/* To both groups when we may, else to the one that is for everybody. */
static struct ocsp_client *listen_to_store(void)
{
	struct ocsp_client *client = connect_store();
	int err;

	if (!client)
		return NULL;
	err = ocsp_client_listen(client, true, true);
	if (err == -EPERM || err == -EACCES) {
		ocsp_client_free(client);
		client = connect_store();
		if (!client)
			return NULL;
		err = ocsp_client_listen(client, false, true);
	}
	if (!err)
		return client;
	client_error(client, NULL);
	ocsp_client_free(client);
	return NULL;
}

int cmd_monitor(const struct args *args)
{
	struct ocsp_client *client;
	sigset_t waiting;
	int status;

	catch_signals(&waiting);
	client = listen_to_store();
	if (!client)
		return EXIT_ERROR;
	status = follow(client, args, &waiting);
	ocsp_client_free(client);
	return status;
}
