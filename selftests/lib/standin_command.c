// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The stand-in's commands: what they check, in the kernel's order and words,
 * and what they do. A text ends as the netlink client ends it, with the
 * attribute that the kernel points at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "standin_store.h"

#define ANY_NAME	(STANDIN_HAS_KEY | STANDIN_HAS_CERT | STANDIN_HAS_ISSUER)
#define OF_SESSION	(STANDIN_HAS_SESSION | STANDIN_HAS_SLOT)

/* The attributes that the policy of each command lists */
static const uint32_t policies[STANDIN_OPS] = {
	[STANDIN_OPEN]	= STANDIN_HAS_SESSION | ANY_NAME,
	[STANDIN_REF]	= OF_SESSION,
	[STANDIN_CLOSE]	= OF_SESSION,
	[STANDIN_GET]	= OF_SESSION | STANDIN_HAS_KEY,
	[STANDIN_DUMP]	= STANDIN_HAS_SESSION,
	[STANDIN_SET]	= STANDIN_HAS_SESSION | ANY_NAME | STANDIN_HAS_BLOB |
			  STANDIN_HAS_FAILURE | STANDIN_HAS_REPEATED,
	[STANDIN_DEL]	= STANDIN_HAS_SESSION | STANDIN_HAS_KEY,
	[STANDIN_STATS]	= STANDIN_HAS_SESSION,
};

static const char * const limit_names[STANDIN_LIMITS] = {
	"max_entries", "max_bytes", "max_sessions", "max_handles",
	"max_sessions_of_user", "max_handles_of_user", "max_entries_of_user",
	"max_bytes_of_user", "min_validity", "linger",
};

bool standin_has(const struct standin_call *c, uint32_t what)
{
	return c->rq->has & what;
}

bool standin_invalid(struct standin_call *c, const char *text)
{
	return standin_refuse(c->reply, -EINVAL, text);
}

static bool out_of_range(struct standin_call *c, const char *text)
{
	return standin_refuse(c->reply, -ERANGE, text);
}

/* What the generic netlink core checks by the policy */
static bool check_policy(struct standin_call *c)
{
	const struct standin_request *rq = c->rq;
	uint32_t odd = rq->has & ~policies[rq->op];

	if (odd & STANDIN_HAS_SLOT)
		return standin_invalid(c, "Unsupported attribute (attribute \"slot\")");
	if (odd & STANDIN_HAS_KEY)
		return standin_invalid(c, "Unsupported attribute (attribute \"key\")");
	if (odd & STANDIN_HAS_CERT)
		return standin_invalid(c, "Unsupported attribute (attribute \"certificate\")");
	if (odd)
		return standin_invalid(c, "Unsupported attribute (attribute \"issuer\")");
	if (rq->cert_len > KTLS_OCSP_CERT_MAX)
		return out_of_range(c, "Attribute failed policy validation (attribute \"certificate\")");
	if (rq->issuer_len > KTLS_OCSP_CERT_MAX)
		return out_of_range(c, "Attribute failed policy validation (attribute \"issuer\")");
	if (rq->states > 0x1f)
		return standin_invalid(c, "reserved bit set (attribute \"states\")");
	if (rq->parts > 3)
		return standin_invalid(c, "reserved bit set (attribute \"parts\")");
	if (standin_has(c, STANDIN_HAS_BLOB) &&
	    rq->status > KTLS_OCSP_CERT_STATUS_UNKNOWN)
		return out_of_range(c, "integer out of range (attribute \"status\")");
	if (rq->blob_len > KTLS_OCSP_BLOB_MAX)
		return out_of_range(c, "Attribute failed policy validation (attribute \"blob\")");
	if (rq->failure_len > KTLS_OCSP_FAILURE_MAX + 1)
		return standin_invalid(c, "Attribute failed policy validation (attribute \"failure\")");
	return true;
}

static bool check_session(struct standin_call *c)
{
	if (standin_has(c, STANDIN_HAS_SESSION) && !c->session)
		return standin_refuse(c->reply, -EBADF,
				      "the file descriptor is no session (attribute \"session\")");
	return true;
}

static bool need_session(struct standin_call *c)
{
	if (c->session)
		return true;
	return standin_invalid(c, "a session is needed (missing attribute \"session\")");
}

bool standin_check_certs(struct standin_call *c)
{
	bool cert = standin_has(c, STANDIN_HAS_CERT);
	bool issuer = standin_has(c, STANDIN_HAS_ISSUER);

	if (!cert && !issuer && !c->key)
		return standin_invalid(c, "a key or a certificate is needed (missing attribute \"key\")");
	if (!cert && !issuer)
		return true;
	if (!cert)
		return standin_invalid(c, "an issuer needs its certificate (missing attribute \"certificate\")");
	if (!issuer)
		return standin_invalid(c, "a certificate needs its issuer (missing attribute \"issuer\")");
	if (!c->rq->cert_len)
		return standin_invalid(c, "the certificate or its issuer is empty (attribute \"certificate\")");
	if (!c->rq->issuer_len)
		return standin_invalid(c, "the certificate or its issuer is empty (attribute \"issuer\")");
	SHA256(c->cert, c->rq->cert_len, c->digest);
	if (c->key && memcmp(c->key, c->digest, KTLS_OCSP_KEY_LEN))
		return standin_invalid(c, "the key is not the certificate's SHA-256 (attribute \"key\")");
	c->key = c->digest;
	return true;
}

bool standin_check_privilege(struct standin_call *c)
{
	return c->rq->privileged ||
	       standin_refuse(c->reply, -EPERM, STANDIN_NO_CAPABILITY);
}

bool standin_not_found(struct standin_call *c)
{
	return standin_refuse(c->reply, -ENOENT, STANDIN_NO_KEY);
}

/* open, ref, close */

static struct standin_entry *create(struct standin_call *c)
{
	size_t bytes = c->rq->cert_len + c->rq->issuer_len;
	bool privileged = c->rq->privileged;
	struct standin_entry *entry;

	if (!privileged && !standin_may_pay(c->store, c->session->uid, bytes,
					    c->reply))
		return NULL;
	entry = standin_add(c->store, c->key, bytes, privileged, c->reply);
	if (!entry)
		return NULL;
	entry->paid = !privileged;
	entry->payer = c->session->uid;
	entry->paid_bytes = bytes;
	if (standin_attach_certs(c, entry))
		return entry;
	standin_free_slot(c->store, entry);
	return NULL;
}

static bool may_create(struct standin_call *c)
{
	if (!c->cert)
		return standin_not_found(c);
	return c->rq->privileged || c->session->may_create ||
	       standin_refuse(c->reply, -EPERM, STANDIN_NO_CREATE);
}

static bool same_issuer(const struct standin_call *c,
			const struct standin_entry *entry)
{
	return entry->meta.issuer_len == c->rq->issuer_len &&
	       !memcmp(entry->meta.issuer, c->issuer, c->rq->issuer_len);
}

/*
 * Those of who comes later: where a set by key alone brought none, or where there
 * is no response with those that are there. True: some were replaced.
 */
static bool replace_certs(struct standin_call *c, struct standin_entry *entry)
{
	int64_t now = c->store->calls.wall();
	struct standin_reply ignored = { 0 };

	if (!c->cert || !c->rq->privileged)
		return false;
	if (entry->meta.cert && (same_issuer(c, entry) ||
				 standin_state(entry, now) ==
				 KTLS_OCSP_STATE_VALID))
		return false;
	return standin_make_room(c->store, 0, standin_certs_growth(c, entry),
				 entry, true, &ignored) &&
	       standin_attach_certs(c, entry);
}

/* The entry, created where it is not there, and held; NULL: refused. */
static struct standin_entry *open_entry(struct standin_call *c, bool *created)
{
	struct standin_entry *entry = standin_find(c->store, c->key);

	*created = !entry;
	if (*created && !may_create(c))
		return NULL;
	if ((*created || !standin_handle(c->session, entry->meta.slot)) &&
	    !standin_may_hold(c->session, c->rq->privileged, c->reply))
		return NULL;
	if (*created)
		entry = create(c);
	if (!entry || standin_hold(c->session, entry, c->reply))
		return entry;
	if (*created)
		standin_free_slot(c->store, entry);
	return NULL;
}

static void command_open(struct standin_call *c)
{
	struct ocsp_opened *opened = &c->reply->opened;
	struct standin_entry *entry;
	bool created, replaced;

	if (!need_session(c) || !standin_check_certs(c))
		return;
	entry = open_entry(c, &created);
	if (!entry)
		return;
	replaced = replace_certs(c, entry);
	if (created)
		standin_event(c->store, entry, KTLS_OCSP_EVENT_CREATED);
	opened->slot = entry->meta.slot;
	opened->generation = entry->meta.generation;
	opened->state = standin_state(entry, c->store->calls.wall());
	if (created ||
	    ((replaced || c->rq->wait) &&
	     opened->state != KTLS_OCSP_STATE_VALID))
		opened->refresher = standin_wanted(c->store, entry);
}

/* The handle of the request's slot, or NULL. */
static struct standin_handle *need_handle(struct standin_call *c)
{
	struct standin_handle *handle = NULL;

	if (!need_session(c))
		return NULL;
	if (!standin_has(c, STANDIN_HAS_SLOT))
		standin_invalid(c, "a slot is needed (missing attribute \"slot\")");
	else
		handle = standin_handle(c->session, c->rq->slot);
	if (!handle && !c->reply->err)
		standin_refuse(c->reply, -ENOENT,
			       "the session does not hold this slot");
	return handle;
}

static void command_ref(struct standin_call *c)
{
	struct standin_handle *handle = need_handle(c);

	if (handle)
		standin_hold(c->session, c->store->slots[handle->slot],
			     c->reply);
}

static void command_close(struct standin_call *c)
{
	struct standin_handle *handle = need_handle(c);

	if (handle)
		standin_release(c->session, handle);
}

/* get, dump */

static struct standin_entry *get_entry(struct standin_call *c)
{
	bool slot = standin_has(c, STANDIN_HAS_SLOT);
	struct standin_entry *entry;

	if (slot && c->key) {
		standin_invalid(c, "a slot and a key exclude each other (attribute \"slot\")");
		return NULL;
	}
	if (slot && !c->session) {
		standin_invalid(c, "a slot needs its session (missing attribute \"session\")");
		return NULL;
	}
	if (!slot && !c->key) {
		standin_invalid(c, "a key or a slot is needed (missing attribute \"key\")");
		return NULL;
	}
	if (slot && !standin_handle(c->session, c->rq->slot)) {
		standin_refuse(c->reply, -ENOENT,
			       "the session does not hold this slot (attribute \"slot\")");
		return NULL;
	}
	entry = slot ? c->store->slots[c->rq->slot] :
		       standin_find(c->store, c->key);
	if (!entry)
		standin_not_found(c);
	return entry;
}

static bool no_blob(struct standin_call *c, enum ktls_ocsp_state state)
{
	switch (state) {
	case KTLS_OCSP_STATE_EXPIRED:
		return standin_refuse(c->reply, -ESTALE,
				      "the response has expired");
	case KTLS_OCSP_STATE_FAILED:
		return standin_refuse(c->reply, -ENODATA,
				      "no response yet, the last attempt failed");
	case KTLS_OCSP_STATE_WITHDRAWN:
		return standin_refuse(c->reply, -ENODATA,
				      "the response was withdrawn");
	default:
		return standin_refuse(c->reply, -ENODATA, "no response yet");
	}
}

static void command_get(struct standin_call *c)
{
	struct standin_entry *entry = get_entry(c);
	struct ocsp_entry r;

	if (!entry)
		return;
	if (entry->gone) {
		standin_refuse(c->reply, -EIDRM,
			       "the entry left the store; close the slot and open it again");
		return;
	}
	r = standin_describe(c->store, entry);
	if (!(c->rq->parts & KTLS_OCSP_PART_BLOB))
		r.blob = NULL;
	else if (r.state != KTLS_OCSP_STATE_VALID && !no_blob(c, r.state))
		return;
	if (!(c->rq->parts & KTLS_OCSP_PART_CERTIFICATES)) {
		r.cert = NULL;
		r.issuer = NULL;
		r.cert_len = 0;
		r.issuer_len = 0;
	}
	c->reply->entry = r;
}

static bool passes(const struct standin_request *rq, const struct ocsp_entry *r)
{
	if (rq->states && !(rq->states & 1U << r->state))
		return false;
	if (rq->has_expires_before &&
	    !(r->generation && r->next_update < rq->expires_before))
		return false;
	return !rq->has_newer_than || r->generation > rq->newer_than;
}

static void command_dump(struct standin_call *c, void *arg)
{
	struct ocsp_entry r;
	uint32_t slot;

	for (slot = 0; slot < c->store->slot_count; slot++) {
		if (!c->store->slots[slot] || c->store->slots[slot]->gone)
			continue;
		r = standin_describe(c->store, c->store->slots[slot]);
		if (!passes(c->rq, &r))
			continue;
		r.blob = NULL;
		r.cert = NULL;
		r.issuer = NULL;
		r.cert_len = 0;
		r.issuer_len = 0;
		c->store->calls.dumped(&r, arg);
	}
	c->reply->interrupted = c->store->unsettled;
	if (c->store->unsettled)
		c->store->unsettled--;
}

/* What only tests ask for */

static void set_limit(struct standin_call *c)
{
	const struct standin_control *control = &c->rq->control;
	int i;

	for (i = 0; i < STANDIN_LIMITS; i++)
		if (!strcmp(control->limit, limit_names[i])) {
			c->store->limits[i] = control->value;
			c->store->is_scheduled = false;
			return;
		}
	standin_refuse(c->reply, -ENOENT, "no limit has this name");
}

static void command_control(struct standin_call *c)
{
	const struct standin_control *control = &c->rq->control;

	switch (control->action) {
	case STANDIN_ACTION_FAIL:
		c->store->faults[control->op] = (struct standin_fault) {
			control->err, control->times };
		break;
	case STANDIN_ACTION_LIMIT:
		set_limit(c);
		break;
	case STANDIN_ACTION_UNSETTLE:
		c->store->unsettled = control->times;
		break;
	default:
		standin_invalid(c, "the transport has to do that");
	}
}

static bool is_at_fault(struct standin_call *c)
{
	struct standin_fault *fault = &c->store->faults[c->rq->op];

	if (!fault->times)
		return false;
	fault->times--;
	standin_refuse(c->reply, -fault->err, "");
	return true;
}

static void begin(struct standin_call *c, const uint8_t *bytes)
{
	const struct standin_request *rq = c->rq;

	if (standin_has(c, STANDIN_HAS_KEY))
		c->key = rq->key;
	if (standin_has(c, STANDIN_HAS_CERT))
		c->cert = bytes;
	bytes += rq->cert_len;
	if (standin_has(c, STANDIN_HAS_ISSUER))
		c->issuer = bytes;
	bytes += rq->issuer_len;
	if (standin_has(c, STANDIN_HAS_BLOB))
		c->blob = bytes;
	bytes += rq->blob_len;
	if (standin_has(c, STANDIN_HAS_FAILURE))
		c->failure = (const char *)bytes;
}

static void dispatch(struct standin_call *c, void *arg)
{
	switch (c->rq->op) {
	case STANDIN_SESSION:
		c->reply->min_validity = c->store->limits[STANDIN_MIN_VALIDITY];
		break;
	case STANDIN_LISTEN:
		break;			/* the transport's */
	case STANDIN_OPEN:
		command_open(c);
		break;
	case STANDIN_REF:
		command_ref(c);
		break;
	case STANDIN_CLOSE:
		command_close(c);
		break;
	case STANDIN_GET:
		command_get(c);
		break;
	case STANDIN_DUMP:
		command_dump(c, arg);
		break;
	case STANDIN_SET:
		standin_command_set(c);
		break;
	case STANDIN_DEL:
		standin_command_del(c);
		break;
	case STANDIN_STATS:
		standin_command_stats(c);
		break;
	default:
		standin_invalid(c, "no such command");
	}
}

void standin_store_call(struct standin_store *store,
			struct standin_session *session,
			const struct standin_request *request,
			const uint8_t *bytes, void *arg,
			struct standin_reply *reply)
{
	struct standin_call c = {
		.store = store,
		.session = session,
		.rq = request,
		.reply = reply,
	};

	standin_store_run(store);
	if (request->op == STANDIN_CONTROL) {
		command_control(&c);
		return;
	}
	begin(&c, bytes);
	if (!is_at_fault(&c) && check_policy(&c) && check_session(&c))
		dispatch(&c, arg);
}
