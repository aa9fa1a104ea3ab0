/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A stand-in for the kernel's store: its semantics over memory, so that tests
 * of what uses the store need no kernel module.
 *
 * standin_client.c implements libocsp/client.h. It sends each request to a
 * store through one of two transports: standin_socket.c to the program
 * "standin", one for each network namespace, which stays for as long as a
 * module would; or standin_local.c to a store in the same process.
 *
 * libocsp/conform.c runs against both the stand-in and the kernel. What it does
 * not compare, because the stand-in does not have it: the board (libocsp asks
 * the store instead), changes that are told once (a session has a record for
 * each, as far as there is room, and a read() takes one), and what several
 * network namespaces share (a session of another one's store, their common
 * limits).
 */
#ifndef STANDIN_H
#define STANDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "client.h"

/* Of the abstract Unix socket; such a name belongs to a network namespace. */
#define STANDIN_SOCKET	"ktls_ocsp-standin"

enum standin_op {
	STANDIN_SESSION,
	STANDIN_OPEN,
	STANDIN_REF,
	STANDIN_CLOSE,
	STANDIN_GET,
	STANDIN_DUMP,
	STANDIN_SET,
	STANDIN_DEL,
	STANDIN_STATS,
	STANDIN_LISTEN,
	STANDIN_OPS,
	/* What only tests ask for, see struct standin_control */
	STANDIN_CONTROL = STANDIN_OPS,
};

/* What a request has, like the attributes of a netlink message. */
enum standin_has {
	STANDIN_HAS_SESSION	= 1 << 0,
	STANDIN_HAS_SLOT	= 1 << 1,
	STANDIN_HAS_KEY		= 1 << 2,
	STANDIN_HAS_CERT	= 1 << 3,
	STANDIN_HAS_ISSUER	= 1 << 4,
	STANDIN_HAS_BLOB	= 1 << 5,
	STANDIN_HAS_FAILURE	= 1 << 6,
	STANDIN_HAS_REPEATED	= 1 << 7,
};

enum standin_action {
	/* The next requests of an op fail; see struct standin_control. */
	STANDIN_ACTION_FAIL,
	/* A limit, by the name of its sysctl. */
	STANDIN_ACTION_LIMIT,
	/* Notices are dropped, as when there is no room for them. */
	STANDIN_ACTION_LOSE,
	/* Dumps say that entries came or went meanwhile. */
	STANDIN_ACTION_UNSETTLE,
	/* How many notices are waiting to be read, and were dropped. */
	STANDIN_ACTION_COUNT,
	/* As rmmod does: -EBUSY while there are sessions. */
	STANDIN_ACTION_STOP,
};

#define STANDIN_LIMIT_NAME	32

struct standin_control {
	enum standin_action action;
	enum standin_op op;		/* FAIL */
	int err;			/* FAIL: positive */
	unsigned int times;		/* FAIL, LOSE, UNSETTLE */
	char limit[STANDIN_LIMIT_NAME];	/* LIMIT */
	unsigned int value;
};

struct standin_request {
	enum standin_op op;
	uint32_t has;
	bool privileged;		/* the sender has CAP_NET_ADMIN */
	uid_t uid;
	uint8_t key[KTLS_OCSP_KEY_LEN];
	uint32_t slot;
	uint32_t parts;
	bool wait;
	bool wanted, events;		/* LISTEN */
	bool create;			/* SESSION */
	bool has_owner;			/* SESSION: of the next */
	uid_t owner;
	uint32_t states;		/* DUMP: 1 << state; 0: all */
	bool has_expires_before;	/* DUMP: of the next */
	int64_t expires_before;
	bool has_newer_than;		/* DUMP: of the next */
	uint64_t newer_than;
	enum ktls_ocsp_cert_status status;
	int64_t this_update;
	int64_t next_update;
	struct standin_control control;
	/* Lengths of what follows, in this order; the failure ends with NUL */
	size_t cert_len;
	size_t issuer_len;
	size_t blob_len;
	size_t failure_len;
};

enum standin_kind {
	STANDIN_REPLY,			/* the last message of an answer */
	STANDIN_ENTRY,			/* one entry of a dump */
	STANDIN_NOTICE,
	STANDIN_LOST,			/* notices were dropped before this */
};

#define STANDIN_TEXT	128

struct standin_reply {
	enum standin_kind kind;
	int err;			/* negative errno */
	char text[STANDIN_TEXT];	/* why, "": nothing but err is known */
	struct ocsp_opened opened;
	uint32_t min_validity;
	bool interrupted;		/* of a dump */
	unsigned int waiting, dropped;	/* of COUNT */
	struct ocsp_stats stats;
	struct ocsp_notice notice;	/* its entry too is in the next */
	/* Its pointers are not valid: cert, issuer and blob follow. */
	struct ocsp_entry entry;
};

#define STANDIN_MESSAGE_MAX	(128 * 1024)

/* The store. In a process of its own, or in a test's. */
struct standin_store;
struct standin_session;

struct standin_calls {
	/* Tell a notice to those who listen to its group. */
	void (*notice)(const struct ocsp_notice *notice);
	/* Whether anybody listens to "wanted". */
	bool (*has_refresher)(void);
	/* A message of a dump. */
	void (*dumped)(const struct ocsp_entry *entry, void *arg);
	/* The clocks: seconds since the epoch, and ms of a steady one. */
	int64_t (*wall)(void);
	int64_t (*ms)(void);
};

/* The machine's clocks */
int64_t standin_wall(void);
int64_t standin_ms(void);

struct standin_store *standin_store_new(const struct standin_calls *calls);
void standin_store_free(struct standin_store *store);
/* What time does; called before each request, too. Ms until it is due, or -1. */
int64_t standin_store_run(struct standin_store *store);
/* Fills in *reply, whose pointers are the store's until its next call. */
void standin_store_call(struct standin_store *store,
			struct standin_session *session,
			const struct standin_request *request,
			const uint8_t *bytes, void *arg,
			struct standin_reply *reply);
/*
 * A session is one end of a pair of sockets, so that its last close is seen,
 * whoever has it. standin_session_fd() gives the client's end; -1: refused.
 * standin_session_of() is of any duplicate of that; NULL: it is no session.
 */
int standin_session_fd(struct standin_store *store,
		       const struct standin_request *request,
		       struct standin_reply *reply);
struct standin_session *standin_session_of(struct standin_store *store, int fd);
/* Those whose last descriptor was closed go. To be called before each call. */
void standin_session_reap(struct standin_store *store);
unsigned int standin_store_sessions(const struct standin_store *store);

/* The transport of the client. */
struct standin_link;

/* 0 or a negative errno; -ENOENT: there is no store ("module"). */
int standin_link_open(struct standin_link **link);
void standin_link_close(struct standin_link *link);
/* Without closing its descriptor. */
void standin_link_abandon(struct standin_link *link);
int standin_link_fd(const struct standin_link *link);
/*
 * Send a request and read its answer, whose messages fn gets until one is a
 * STANDIN_REPLY. fd is the session, or -1; a session's descriptor is in
 * *new_fd. 0 or a negative errno: then there was no answer.
 */
int standin_link_call(struct standin_link *link,
		      const struct standin_request *request,
		      const uint8_t *bytes, int fd, int *new_fd,
		      int (*fn)(const struct standin_reply *reply,
				const uint8_t *bytes, void *arg),
		      void *arg);
/* One notice that is there: 0, -EAGAIN, or another negative errno. */
int standin_link_notice(struct standin_link *link, struct standin_reply *reply);

/* Whether the calling thread has CAP_NET_ADMIN. */
bool standin_may_write(void);

/* For tests: ask the store for what no kernel does. 0 or a negative errno. */
int standin_control(const struct standin_control *control,
		    struct standin_reply *reply);
/* A limit, by the name of its sysctl. 0 or a negative errno. */
int standin_limit(const char *name, unsigned int value);

#endif /* STANDIN_H */
