/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the files of the stand-in's store share with one another. */
#ifndef STANDIN_STORE_H
#define STANDIN_STORE_H

#include "standin.h"

/* What a blob's age can pass, as in the kernel's schedule.c. */
enum standin_threshold {
	STANDIN_EXPIRING,
	STANDIN_EXPIRED,
	STANDIN_THRESHOLDS
};

/* Which make room first, as there. */
enum standin_rank {
	STANDIN_LINGERING,		/* not held, without a valid blob */
	STANDIN_DEAD,			/* held, without a valid blob */
	STANDIN_IDLE,			/* not held, with a valid blob */
	STANDIN_RANKS,			/* none of these */
};

struct standin_entry {
	/* meta.blob, .cert and .issuer are the entry's own. */
	struct ocsp_entry meta;
	bool withdrawn;
	bool gone;			/* only its slot is left, to its holders */
	int64_t deadline;		/* of its blob; 0: none */
	enum standin_rank rank;
	int64_t rank_key;		/* the lower, the sooner */
	int64_t dead_since;		/* seconds of the steady clock, or 0 */
	int64_t wanted;			/* ms, when it was told last */
	bool heard;			/* somebody listened then */
	bool paid;			/* out of a user's share: of the next */
	uid_t payer;
	long paid_bytes;
	long counted;			/* of the store's used_bytes */
};

/* In the order of the sysctls' names in standin_command.c. */
enum standin_limit {
	STANDIN_MAX_ENTRIES,
	STANDIN_MAX_BYTES,
	STANDIN_MAX_SESSIONS,
	STANDIN_MAX_HANDLES,
	STANDIN_MAX_SESSIONS_OF_USER,
	STANDIN_MAX_HANDLES_OF_USER,
	STANDIN_MAX_ENTRIES_OF_USER,
	STANDIN_MAX_BYTES_OF_USER,
	STANDIN_MIN_VALIDITY,
	STANDIN_LINGER,
	STANDIN_LIMITS
};

struct standin_fault {
	int err;
	unsigned int times;
};

struct standin_store {
	struct standin_calls calls;
	struct standin_entry **slots;	/* NULL where a slot is free */
	uint32_t slot_count;
	uint32_t first_free;		/* no slot before it is free */
	long used_entries;		/* that are not gone, and their bytes */
	long used_bytes;
	void *by_key;			/* the entries that are not gone, for tfind() */
	uint64_t generation;
	uint64_t number;		/* of the last event */
	struct standin_session *sessions;
	int64_t passed[STANDIN_THRESHOLDS];
	/* Nothing is due before these. */
	bool is_scheduled;
	int64_t next_wall, next_steady, scheduled_at;
	unsigned int limits[STANDIN_LIMITS];
	struct standin_fault faults[STANDIN_OPS];
	unsigned int unsettled;		/* dumps to come */
	struct ocsp_stats counts;	/* of which usage is not used */
};

struct standin_handle {
	uint32_t slot;
	unsigned int refs;		/* 0: free */
};

struct standin_session {
	struct standin_store *store;
	struct standin_session *next;
	int fd;				/* the other end is the client's */
	ino_t ino;			/* of ours */
	ino_t client_ino;		/* of the other one */
	uid_t uid;
	bool may_create;
	struct standin_handle *handles;
	size_t handle_count;
};

/* Set err, which is negative, and text. Returns false. */
bool standin_refuse(struct standin_reply *reply, int err, const char *text);

#define STANDIN_NO_KEY	"no entry has this key"
#define STANDIN_NO_CAPABILITY \
	"CAP_NET_ADMIN over the store's network namespace is needed"
#define STANDIN_NO_CREATE \
	STANDIN_NO_CAPABILITY ", or a session with the flag create"

/* standin_store.c */
struct standin_entry *standin_find(const struct standin_store *store,
				   const uint8_t *key);
enum ktls_ocsp_state standin_state(const struct standin_entry *entry,
				   int64_t now);
/* With the state of now; its pointers are the entry's. */
struct ocsp_entry standin_describe(const struct standin_store *store,
				   const struct standin_entry *entry);
struct standin_entry *standin_add(struct standin_store *store,
				  const uint8_t *key, size_t bytes,
				  bool privileged, struct standin_reply *reply);
/* Has a user's share room for a new entry? False: it is refused. */
bool standin_may_pay(const struct standin_store *store, uid_t payer,
		     size_t bytes, struct standin_reply *reply);
/* Its slot stays while a session holds it. */
void standin_remove(struct standin_store *store, struct standin_entry *entry,
		    enum ktls_ocsp_event event);
void standin_file(struct standin_store *store, struct standin_entry *entry);
/* Evict what is needed for so many bytes more, but keep; or refuse. */
bool standin_make_room(struct standin_store *store, long entries, long bytes,
		       const struct standin_entry *keep, bool privileged,
		       struct standin_reply *reply);
/* Free the slot, of which nobody holds anything. */
void standin_free_slot(struct standin_store *store,
		       struct standin_entry *entry);
/* What may be used of that when so much of it is used, with CAP_NET_ADMIN or not */
unsigned int standin_total_max(const struct standin_store *store,
			       enum standin_limit limit, bool privileged);
long standin_bytes(const struct standin_entry *entry);

/* After its contents changed: the bytes that the store uses. */
void standin_recount(struct standin_store *store, struct standin_entry *entry);
void standin_event(struct standin_store *store,
		   const struct standin_entry *entry,
		   enum ktls_ocsp_event event);
/* Returns whether somebody has heard it, now or up to a second ago. */
bool standin_wanted(struct standin_store *store, struct standin_entry *entry);

/* standin_session.c */
/* Tell the sessions that hold it. */
void standin_session_tell(struct standin_store *store,
			  const struct standin_entry *entry,
			  enum ktls_ocsp_event event);
/* -1: all users'. */
void standin_session_count(const struct standin_store *store, uid_t uid,
			   size_t *sessions, size_t *handles);
void standin_session_free(struct standin_session *session);
struct standin_handle *standin_handle(struct standin_session *session,
				      uint32_t slot);
/* A handle on the entry, or one reference more; false: refused. */
bool standin_hold(struct standin_session *session, struct standin_entry *entry,
		  struct standin_reply *reply);
bool standin_may_hold(struct standin_session *session, bool privileged,
		      struct standin_reply *reply);
void standin_release(struct standin_session *session,
		     struct standin_handle *handle);

/* A request on its way. */
struct standin_call {
	struct standin_store *store;
	struct standin_session *session;
	const struct standin_request *rq;
	struct standin_reply *reply;
	uint8_t digest[KTLS_OCSP_KEY_LEN];
	const uint8_t *key;		/* NULL: none */
	const uint8_t *cert;
	const uint8_t *issuer;
	const uint8_t *blob;
	const char *failure;
};

/* standin_command.c: checks refuse, and return false */
bool standin_has(const struct standin_call *c, uint32_t what);
bool standin_invalid(struct standin_call *c, const char *text);
bool standin_check_privilege(struct standin_call *c);
bool standin_check_certs(struct standin_call *c);
bool standin_not_found(struct standin_call *c);

/* standin_update.c */
/* By how much the request's certificates would take more than those kept */
long standin_certs_growth(const struct standin_call *c,
			  const struct standin_entry *entry);
/* Keep the request's certificates, if it has some. False: no memory. */
bool standin_attach_certs(struct standin_call *c, struct standin_entry *entry);
void standin_command_set(struct standin_call *c);
void standin_command_del(struct standin_call *c);

/* standin_stats.c */
void standin_command_stats(struct standin_call *c);

#endif /* STANDIN_STORE_H */
