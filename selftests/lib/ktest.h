/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What the tests of the kernel module share: a client that can send any
 * message, well-formed or not, and that shows all of the kernel's answer.
 *
 * It is on plain sockets, not on libocsp/client.h: a test of the kernel has
 * to be able to build what that client refuses to build.
 *
 * A function that returns int returns 0 (or what its comment says), or a
 * negative errno; then struct kt_sock has what the kernel said about it.
 */
#ifndef KTEST_H
#define KTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <linux/ktls_ocsp.h>

#define KT_NOBODY	65534
#define KT_DAY		86400
/* A validity, in seconds, that ends while the test waits, and not sooner on a busy machine */
#define KT_BRIEF	5
#define KT_MSG_MAX	(160 * 1024)

/* A socket, and the last acknowledgment that came in on it. */
struct kt_sock {
	int fd;
	uint16_t family;
	uint32_t wanted;		/* ids of the multicast groups */
	uint32_t events;
	uint32_t seq;
	char text[256];			/* NLMSGERR_ATTR_MSG, or "" */
	uint16_t bad;			/* type at NLMSGERR_ATTR_OFFS, or 0 */
	uint16_t missing;		/* NLMSGERR_ATTR_MISS_TYPE, or 0 */
};

/* A request that is being built. */
struct kt_req {
	union {
		struct nlmsghdr nlh;
		char buf[KT_MSG_MAX];
	};
};

/* One message of the family; tb points into buf. */
struct kt_msg {
	uint8_t cmd;
	const struct nlattr *tb[KTLS_OCSP_A_MAX + 1];
	char buf[KT_MSG_MAX];
};

/*
 * In place of TEST_HARNESS_MAIN: skips all tests where they cannot run, for
 * want of the module or of root.
 */
#define KT_HARNESS_MAIN							\
	static void __attribute__((constructor)) skip_all(void)		\
	{								\
		kt_skip_all();						\
	}								\
	TEST_HARNESS_MAIN

void kt_skip_all(void);

/* Sockets. kt_new() ends the process when it cannot make one. */
int kt_try_new(struct kt_sock *sk);
void kt_new(struct kt_sock *sk);
void kt_free(struct kt_sock *sk);

/* Requests. */
void kt_begin(struct kt_req *req, const struct kt_sock *sk, uint8_t cmd,
	      uint16_t flags);
void kt_put(struct kt_req *req, uint16_t type, const void *data, size_t len);
void kt_put_u32(struct kt_req *req, uint16_t type, uint32_t value);
void kt_put_s64(struct kt_req *req, uint16_t type, int64_t value);
void kt_put_str(struct kt_req *req, uint16_t type, const char *text);
/* Sends, and reads up to the acknowledgment; msg (may be NULL): the reply. */
int kt_call(struct kt_sock *sk, struct kt_req *req, struct kt_msg *msg);
/* True when the kernel said why, and pointed at that attribute (0: any or none). */
bool kt_named(const struct kt_sock *sk, uint16_t type);

/* Attributes of a message; 0 (or NULL) when it is absent. */
uint64_t kt_u64(const struct kt_msg *msg, uint16_t type);
int64_t kt_s64(const struct kt_msg *msg, uint16_t type);
uint32_t kt_u32(const struct kt_msg *msg, uint16_t type);
const void *kt_data(const struct kt_msg *msg, uint16_t type);
size_t kt_len(const struct kt_msg *msg, uint16_t type);

/*
 * Certificates are numbered: number n has the DER (any bytes, the kernel
 * parses none) that kt_cert() writes, and the key that kt_key() writes.
 */
#define KT_CERT_LEN	24
#define KT_ISSUER	"the issuer"
void kt_cert(uint32_t n, uint8_t der[KT_CERT_LEN]);
void kt_key(uint32_t n, uint8_t key[KTLS_OCSP_KEY_LEN]);

/*
 * A blob that proves itself: it starts with the SHA-256 of its rest. The
 * rest follows from the seed.
 */
#define KT_BLOB_MIN	40
void kt_blob(uint8_t *blob, size_t len, uint64_t seed);
bool kt_blob_ok(const uint8_t *blob, size_t len);

/* Commands. A session of -1 is not sent. */
int kt_session(struct kt_sock *sk);		/* the fd */
int kt_session_with_board(struct kt_sock *sk, size_t *board_size);
int kt_open(struct kt_sock *sk, int session, uint32_t n, uint32_t *slot);
/* Announces that the caller waits for a response; msg (may be NULL): the reply. */
int kt_open_waiting(struct kt_sock *sk, int session, uint32_t n,
		    struct kt_msg *msg);
int kt_create(struct kt_sock *sk, int session, uint32_t n, uint32_t *slot);
int kt_ref(struct kt_sock *sk, int session, uint32_t slot);
int kt_close(struct kt_sock *sk, int session, uint32_t slot);
int kt_del(struct kt_sock *sk, int session, uint32_t n);
/* For kt_dump(): delete each, through another socket than it dumps from. */
void kt_del_dumped(const struct kt_msg *msg, void *sk);

#define KT_ALL_PARTS	(KTLS_OCSP_PART_BLOB | KTLS_OCSP_PART_CERTIFICATES)
int kt_get(struct kt_sock *sk, int session, uint32_t n, uint32_t parts,
	   struct kt_msg *msg);

struct kt_blob {
	int session;
	const uint8_t *data;
	size_t len;
	uint32_t status;
	int64_t this_update;
	int64_t next_update;
};

void kt_put_blob(struct kt_req *req, const struct kt_blob *blob);
int kt_set(struct kt_sock *sk, uint32_t n, const struct kt_blob *blob,
	   uint64_t *generation);
/* A self-proving blob of 100 bytes that is valid for so many seconds. */
int kt_set_for(struct kt_sock *sk, uint32_t n, int64_t seconds);
int kt_fail(struct kt_sock *sk, uint32_t n, const char *reason);

/* The store's metadata: calls fn for each. 0; 1: told to be inconsistent. */
int kt_dump(struct kt_sock *sk, int session,
	    void (*fn)(const struct kt_msg *msg, void *arg), void *arg);
/* The same of a request that asks for a dump. */
int kt_dump_request(struct kt_sock *sk, struct kt_req *req,
		    void (*fn)(const struct kt_msg *msg, void *arg), void *arg);
int kt_count(struct kt_sock *sk, int session);	/* entries */
/* A hash of all that the store tells about itself. */
uint64_t kt_snapshot(struct kt_sock *sk);

/* Notifications. kt_next(): the next within ms, -EAGAIN when there is none. */
int kt_join(struct kt_sock *sk, uint32_t group);
int kt_next(struct kt_sock *sk, int ms, struct kt_msg *msg);

/* net.ktls_ocsp.NAME of the calling thread's netns, and their defaults. */
struct kt_tunable {
	const char *name;		/* NULL behind the last */
	long value;
};

extern const struct kt_tunable kt_tunables[];
int kt_sysctl(const char *name, long value);
long kt_sysctl_get(const char *name);

/* Processes. Each ends the process when the kernel refuses. */
void kt_new_netns(void);
void kt_become_nobody(void);
/* From root to a root without rights outside a netns of its own. */
void kt_become_userns_root(void);
/* Waits for a child's end: its exit status, 128 + the signal that killed it, -1. */
int kt_child_status(pid_t pid);
/* The state that processes share. */
void *kt_shared(size_t size);
int64_t kt_now(void);			/* CLOCK_REALTIME, seconds */
int64_t kt_uptime_ms(void);		/* CLOCK_BOOTTIME */
void kt_sleep_ms(long ms);

/* How many rounds a race takes here, which takes most where processors meet. */
int kt_races(int most);

/* A directory with all that is in it; what cannot be removed stays. */
void kt_remove_tree(const char *path);

/* SCM_RIGHTS. */
void kt_send_fd(int unix_fd, int fd);
int kt_recv_fd(int unix_fd);

#endif /* KTEST_H */
