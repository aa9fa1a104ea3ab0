/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A client of the kernel's store of entries: one generic netlink socket.
 *
 * Private to this project: libocsp, ocspctl, ocspd and the selftests link it
 * statically, libocsp.so does not export it.
 *
 * Every function that returns int returns 0, or a negative errno; then
 * ocsp_client_error() has one line of text that says why, the kernel's own
 * (NLMSGERR_ATTR_MSG) where it sent one. A client is used by one thread at a
 * time.
 */
#ifndef OCSP_CLIENT_H
#define OCSP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/ktls_ocsp.h>

struct ocsp_client;

/* What names an entry in a request; unset members are not sent. */
struct ocsp_name {
	int session;			/* fd, or -1 */
	const uint32_t *slot;		/* needs a session that holds it */
	const uint8_t *key;		/* KTLS_OCSP_KEY_LEN bytes */
	const uint8_t *cert;		/* DER */
	size_t cert_len;
	const uint8_t *issuer;		/* DER */
	size_t issuer_len;
};

#define OCSP_NAME_INIT	{ .session = -1 }

/* An entry as the kernel described it. */
struct ocsp_entry {
	uint32_t slot;
	uint8_t key[KTLS_OCSP_KEY_LEN];
	enum ktls_ocsp_state state;
	uint32_t handles;
	uint64_t generation;		/* 0: no blob, the next five are unset */
	enum ktls_ocsp_cert_status status;
	int64_t this_update;		/* seconds since the epoch, UTC */
	int64_t next_update;
	int64_t stored;
	uint32_t blob_len;
	uint32_t failures;
	int64_t failure_time;
	char failure[KTLS_OCSP_FAILURE_MAX + 1];	/* "": none */
	uint8_t *blob;			/* NULL unless asked for */
	uint8_t *cert;
	size_t cert_len;
	uint8_t *issuer;
	size_t issuer_len;
};

/* What open answered. */
struct ocsp_opened {
	uint32_t slot;
	uint64_t generation;
	enum ktls_ocsp_state state;
	bool refresher;			/* somebody heard that it is wanted */
};

/* What a set stores: a blob, or the reason why there is none. */
struct ocsp_update {
	const uint8_t *blob;
	size_t blob_len;
	enum ktls_ocsp_cert_status status;
	int64_t this_update;
	int64_t next_update;
	const char *failure;
	bool repeated;			/* failure: it is counted already */
};

/* A message of one of the multicast groups. */
struct ocsp_notice {
	bool wanted;			/* of "wanted"; else of "events" */
	enum ktls_ocsp_event event;	/* of "events" */
	uint64_t number;		/* of "events": counts the store's */
	struct ocsp_entry entry;	/* the members that the message has */
};

/*
 * Open a client in the calling thread's network namespace. The kernel loads
 * the module by itself where it is installed. On failure *client is set all
 * the same, to carry the text, unless there was no memory for it (then NULL).
 * -ENOENT: no module. ocsp_client_free() takes NULL.
 */
int ocsp_client_new(struct ocsp_client **client);
void ocsp_client_free(struct ocsp_client *client);

/* Free a client whose socket is closed already, or is no longer its own. */
void ocsp_client_abandon(struct ocsp_client *client);

/* Why the last call failed; never NULL, owned by the client. */
const char *ocsp_client_error(const struct ocsp_client *client);

/* What a new session is to be beside what everybody's is: privileged. */
struct ocsp_session_terms {
	bool create;			/* whoever has it may create entries */
	const uid_t *owner;		/* who is charged; NULL: the caller */
};

/*
 * terms may be NULL, as may min_validity, in seconds, and board_size, in bytes.
 */
int ocsp_client_session_for(struct ocsp_client *client,
			    const struct ocsp_session_terms *terms, int *fd,
			    uint32_t *min_validity, uint64_t *board_size);
/* The same without terms. */
static inline int ocsp_client_session(struct ocsp_client *client, int *fd,
				      uint32_t *min_validity, uint64_t *board_size)
{
	return ocsp_client_session_for(client, NULL, fd, min_validity,
				       board_size);
}

int ocsp_client_open(struct ocsp_client *client, const struct ocsp_name *name,
		     bool wait, struct ocsp_opened *opened);
int ocsp_client_ref(struct ocsp_client *client, int session, uint32_t slot);
int ocsp_client_close(struct ocsp_client *client, int session, uint32_t slot);

/* parts: enum ktls_ocsp_part flags. ocsp_entry_clear() what it filled. */
int ocsp_client_get(struct ocsp_client *client, const struct ocsp_name *name,
		    uint32_t parts, struct ocsp_entry *entry);
void ocsp_entry_clear(struct ocsp_entry *entry);

/*
 * Calls fn for every entry of the store (of the session's, unless -1).
 * An entry that was there from start to end is met exactly once. Reads
 * again, some times, while entries come and go (NLM_F_DUMP_INTR) and then
 * settles for what it has, with *settled false. fn is only called once the
 * dump is whole; it stops the walk by returning non-zero, which is returned.
 */
int ocsp_client_dump(struct ocsp_client *client, int session,
		     int (*fn)(const struct ocsp_entry *r, void *arg),
		     void *arg, bool *settled);

/* Which entries a dump has: those that pass all that is set. */
struct ocsp_filter {
	uint32_t states;		/* 1 << enum ktls_ocsp_state; 0: all */
	const int64_t *expires_before;	/* seconds since the epoch, or NULL */
	const uint64_t *newer_than;	/* a generation, or NULL */
};

/* The same of those that pass filter; NULL: all do. */
int ocsp_client_dump_some(struct ocsp_client *client, int session,
			  const struct ocsp_filter *filter,
			  int (*fn)(const struct ocsp_entry *r, void *arg),
			  void *arg, bool *settled);

/* What is used of a resource. UINT64_MAX: the kernel does not tell us. */
struct ocsp_usage {
	uint64_t used;			/* by the store */
	uint64_t limit;
	uint64_t user_used;		/* by the caller's user */
	uint64_t user_limit;
	uint64_t userns_used;		/* by those of all user namespaces */
	uint64_t userns_limit;
};

struct ocsp_stats {
	struct ocsp_usage usage[KTLS_OCSP_RESOURCE_MAX + 1];
	uint64_t blobs_set;
	uint64_t blobs_refused;
	uint64_t blobs_expired;
	uint64_t entries_evicted;
	uint64_t events_lost;
};

/* Of the session's store, unless -1. */
int ocsp_client_stats(struct ocsp_client *client, int session,
		      struct ocsp_stats *stats);

int ocsp_client_set(struct ocsp_client *client, const struct ocsp_name *name,
		    const struct ocsp_update *update, uint64_t *generation);
int ocsp_client_del(struct ocsp_client *client, const struct ocsp_name *name);

/*
 * Listen. A client that listens is used for nothing else. ocsp_client_fd() is
 * for poll(); ocsp_client_notice() reads all that is there, calls fn for each
 * notice, and returns 0, what fn returned when not 0, or -ENOBUFS when the
 * kernel had to drop notices: then dump again.
 */
int ocsp_client_listen(struct ocsp_client *client, bool wanted, bool events);
int ocsp_client_fd(const struct ocsp_client *client);
int ocsp_client_notice(struct ocsp_client *client,
		       int (*fn)(const struct ocsp_notice *n, void *arg),
		       void *arg);

/*
 * The client's own words for what the kernel says without any. Here, since the
 * selftests have a second client, of a stand-in for the store.
 */
#define OCSP_NO_MODULE \
	"the ktls_ocsp module is not loaded; load it with \"modprobe ktls_ocsp\""
#define OCSP_CAPABILITY \
	"this needs CAP_NET_ADMIN in the user namespace that owns the network namespace"
#define OCSP_NOT_PERMITTED	"not permitted: " OCSP_CAPABILITY
#define OCSP_MAY_NOT_LISTEN(group) \
	"not permitted to listen to \"" group "\": " OCSP_CAPABILITY
#define OCSP_BUFFER_RAN_OVER	"the netlink socket's buffer ran over"

#endif /* OCSP_CLIENT_H */
