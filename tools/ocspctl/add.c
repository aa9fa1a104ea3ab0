// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl add */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "peer.h"

/* As long as CertOpenServerOcspResponse() waits for the first response. */
#define WAIT_SECONDS	15
/* ms after which we ask again: the kernel tells "wanted" once a second at most */
#define ASK_EVERY	1000
/* ms that ocspd has to attach, and how often we look whether it has */
#define ATTACH_MAX	2000
#define ATTACH_EVERY	50

/* One that is being added. */
struct addition {
	const struct args *args;
	struct target target;
	struct ocsp_client *client;
	struct ocsp_client *events;
	struct ocsp_opened opened;
	bool over;			/* an event decided */
};

static int notice(const struct ocsp_notice *n, void *arg)
{
	struct addition *a = arg;

	if (n->wanted || memcmp(n->entry.key, a->target.key,
				sizeof(a->target.key)))
		return 0;
	if (n->event == KTLS_OCSP_EVENT_UPDATED ||
	    n->event == KTLS_OCSP_EVENT_REVOKED ||
	    n->event == KTLS_OCSP_EVENT_FAILED ||
	    n->event == KTLS_OCSP_EVENT_WITHDRAWN ||
	    n->event == KTLS_OCSP_EVENT_EVICTED)
		a->over = true;
	return 0;
}

/* Where others were answered within this second, nobody was told of us. */
static void ask_again(struct addition *a, const struct ocsp_name *name)
{
	struct ocsp_opened opened;

	if (ocsp_client_open(a->client, name, true, &opened))
		return;
	ocsp_client_close(a->client, name->session, opened.slot);
	a->opened.refresher = opened.refresher;
}

/*
 * We may have loaded the module ourselves just now: ocspd, which has waited for
 * it, attaches in a moment.
 */
static void await_refresher(struct addition *a, const struct ocsp_name *name)
{
	int64_t end = monotonic_ms() + ATTACH_MAX;

	while (!a->opened.refresher && monotonic_ms() < end) {
		poll(NULL, 0, ATTACH_EVERY);
		ask_again(a, name);
	}
}

static void await(struct addition *a, const struct ocsp_name *name)
{
	struct pollfd fd = { ocsp_client_fd(a->events), POLLIN, 0 };
	int64_t end = monotonic_ms() + WAIT_SECONDS * 1000;
	int64_t left;
	int err;

	while (!a->over && (left = end - monotonic_ms()) > 0) {
		if (poll(&fd, 1, left < ASK_EVERY ? left : ASK_EVERY) <= 0) {
			ask_again(a, name);
			continue;
		}
		err = ocsp_client_notice(a->events, notice, a);
		/* Without all events the store itself has to be looked at. */
		if (err)
			a->over = true;
	}
}

/* Why there is nothing to serve. */
static void complain(const struct addition *a, const struct ocsp_entry *r)
{
	if (!a->opened.refresher)
		fputs("ocspctl: note: no refresher is running, use ocspctl set or start ocspd\n",
		      stderr);
	else if (!a->args->no_wait)
		error("%s: no response yet: %s", a->target.text,
		      r->failures ? r->failure : "the refresher is at it");
}

/* What there is now, told; the status to exit with. */
static int tell(const struct addition *a, const struct ocsp_entry *r)
{
	int64_t now = time(NULL);
	bool served;
	struct view view;
	json_t *o;

	view_make(&view, r, r, now);
	served = view.served;
	if (a->args->json) {
		o = view_json(&view);
		json_add(o, "refresher", json_boolean(a->opened.refresher));
		json_print(o, false);
	} else {
		view_print(&view, true, now);
	}
	view_clear(&view);
	if (r->state == KTLS_OCSP_STATE_VALID && !a->args->no_wait) {
		if (r->status == KTLS_OCSP_CERT_STATUS_REVOKED)
			return EXIT_REVOKED;
		if (r->status == KTLS_OCSP_CERT_STATUS_UNKNOWN)
			return EXIT_UNKNOWN;
	}
	if (!served)
		complain(a, r);
	return served || a->args->no_wait ? EXIT_OK : EXIT_NOT_YET;
}

static int open_and_wait(struct addition *a, int session)
{
	struct ocsp_name name = a->target.name;
	struct ocsp_entry r;
	int status;

	name.session = session;
	name.key = NULL;
	name.cert = a->target.cert_der;
	name.issuer = a->target.issuer_der;
	if (ocsp_client_open(a->client, &name, true, &a->opened))
		return client_error(a->client, a->target.text);
	if (a->opened.state != KTLS_OCSP_STATE_VALID && !a->args->no_wait) {
		if (!a->opened.refresher && control_is_served())
			await_refresher(a, &name);
		if (a->opened.refresher)
			await(a, &name);
	}
	if (ocsp_client_get(a->client, &a->target.name,
			    KTLS_OCSP_PART_CERTIFICATES, &r))
		return client_error(a->client, a->target.text);
	status = tell(a, &r);
	ocsp_entry_clear(&r);
	/* While our session still holds it */
	if (a->args->keep && control_keep(a->target.key, true))
		return EXIT_ERROR;
	return status;
}

static int add(struct addition *a)
{
	int session, status;

	if (ocsp_client_session(a->client, &session, NULL, NULL))
		return client_error(a->client, NULL);
	/* Before the open, so that no answer to it is missed. */
	if (ocsp_client_listen(a->events, false, true))
		status = client_error(a->events, NULL);
	else
		status = open_and_wait(a, session);
	close(session);
	return status;
}

/* Many a CA has no responder any more: that is no error to be loud about. */
static int no_url(const struct addition *a)
{
	char *fault = ocsp_cert_url_fault(a->target.cert);
	char key[KEY_TEXT_SIZE];
	json_t *o;

	if (a->args->json) {
		o = json_new();
		json_add(o, "key", json_text(key_text(a->target.key, key)));
		json_add(o, "state", json_text("n/a"));
		json_add(o, "reason", json_text(fault));
		json_print(o, false);
	} else {
		print_text(stdout, a->target.text, 0);
		printf(": n/a, the certificate names no OCSP responder%s%s\n",
		       fault ? ": " : "", fault ? fault : "");
	}
	free(fault);
	return EXIT_NO_URL;
}

static int add_target(struct addition *a)
{
	char *url = ocsp_cert_url(a->target.cert);
	int status = EXIT_ERROR;

	if (!url && errno == ENOMEM)
		no_memory();
	if (!url)
		return no_url(a);
	free(url);
	a->client = connect_store();
	a->events = a->client ? connect_store() : NULL;
	if (a->events)
		status = add(a);
	ocsp_client_free(a->events);
	ocsp_client_free(a->client);
	return status;
}

int cmd_add(const struct args *args)
{
	struct addition a = { .args = args };
	int status = EXIT_ERROR;

	if (!target_read(&a.target, args->argv[0], args->issuer))
		return EXIT_ERROR;
	if (target_needs_issuer(&a.target))
		status = add_target(&a);
	target_clear(&a.target);
	return status;
}
