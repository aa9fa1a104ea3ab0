/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * kfuzz: a fuzzer of the generic netlink family.
 *
 * An input is a few operations: messages, and acts on sessions, maps, sockets
 * and namespaces that messages meet. It holds no descriptor, slot or key, but
 * which of those at hand to take, so that it means something to whichever
 * process runs it. All bytes of one mean something: an input that is torn,
 * because two processes wrote it at once, is an input.
 */
#ifndef KFUZZ_H
#define KFUZZ_H

#include <stdatomic.h>

#include "ktest.h"

/* The spec: spec.c, of what generate.py printed. */
enum kf_type {
	KF_PAD = 1, KF_FLAG, KF_U32, KF_S32, KF_U64, KF_S64, KF_BINARY, KF_STRING
};

#define KF_BIT(attribute)	(1ULL << (attribute))

struct kf_attr {
	const char *name;
	enum kf_type type;
	uint32_t len;			/* exact, or 0 */
	uint32_t max_len;		/* or 0 */
	uint32_t max;			/* or 0 */
};

struct kf_command {
	const char *name;
	uint8_t cmd;
	bool sent;			/* else a notification */
	bool dump;
	uint64_t request;		/* attributes, a KF_BIT() each */
	uint64_t dump_request;
	uint64_t many;			/* those that come more than once */
	uint64_t reply;
};

extern const struct kf_attr kf_attrs[];
extern const struct kf_command kf_commands[];
extern const unsigned int kf_n_commands;

/* By its number, or NULL. */
const struct kf_command *kf_command(uint8_t cmd);

/* Random numbers that a seed repeats. */
struct kf_random {
	uint64_t state;
};

uint64_t kf_next(struct kf_random *random);
uint32_t kf_draw(struct kf_random *random, uint32_t below);
bool kf_one_in(struct kf_random *random, uint32_t n);

/* Inputs: input.c. */
#define KF_OPS		6
#define KF_ATTRS	10
#define KF_SUBJECTS	64		/* certificates */
#define KF_SOCKETS	4

/* What is wrong with an attribute's length and flags. */
enum kf_shape {
	KF_SOUND,
	KF_SHORT,			/* a byte less */
	KF_LONG,			/* some bytes more */
	KF_EMPTY,
	KF_NESTED,			/* the flag */
	KF_BYTEORDER,			/* the flag */
	KF_NEST,			/* holds an attribute */
	KF_TWICE,
	KF_LIES_SHORT,			/* a length that holds no header */
	KF_LIES_LONG,			/* beyond the message */
	KF_SHAPES
};

struct kf_value {
	uint8_t type;
	uint8_t shape;
	uint32_t arg;			/* which value to take */
};

/* What follows an operation's message before the next one. */
enum kf_after {
	KF_BATCH,			/* nothing: both go together */
	KF_READ,			/* the answers */
	KF_LEAVE,			/* they stay for later */
	KF_AFTERS
};

struct kf_op {
	uint8_t act;			/* 0: a message; else see acts.c */
	uint8_t cmd;
	uint8_t version;
	uint8_t after;
	uint8_t socket;
	uint8_t subject;
	uint8_t n;
	uint16_t flags;
	uint32_t arg;
	struct kf_value attrs[KF_ATTRS];
};

struct kf_input {
	uint8_t n;
	struct kf_op ops[KF_OPS];
};

/* What all processes share. */
#define KF_CORPUS	2048
#define KF_GOOD		32
#define KF_PCS		(1U << 20)	/* bytes of a module's text */
#define KF_EDGES	(1U << 16)

struct kf_shared {
	uint64_t seed;
	unsigned long wanted;		/* messages */
	atomic_ulong sent;
	atomic_ulong accepted[KTLS_OCSP_CMD_MAX + 1];
	atomic_ulong refused[KTLS_OCSP_CMD_MAX + 1];
	atomic_ulong acts[32];
	atomic_ulong lost;		/* answers */
	atomic_uint wrong;		/* answers that no kernel should give */
	char why[256];			/* one of them */

	unsigned long text;		/* where the module is; 0: blind */
	unsigned long text_size;
	atomic_uint n_pcs;
	atomic_uint n_edges;
	uint8_t pcs[KF_PCS];
	uint8_t edges[KF_EDGES];

	atomic_uint n_corpus;
	struct kf_input corpus[KF_CORPUS];
	/* Messages that were accepted */
	atomic_uint n_good[KTLS_OCSP_CMD_MAX + 1];
	struct kf_op good[KTLS_OCSP_CMD_MAX + 1][KF_GOOD];
};

void kf_wrong(struct kf_shared *shared, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void kf_make_input(struct kf_input *input, const struct kf_shared *shared,
		   struct kf_random *random);
/* Remember what brought something new, or was accepted. */
void kf_keep(struct kf_shared *shared, const struct kf_input *input);
void kf_learn(struct kf_shared *shared, const struct kf_op *op,
	      struct kf_random *random);

/* Coverage: cover.c. */
void kf_cover_find(struct kf_shared *shared);
struct kf_cover {
	int fd;				/* -1: blind */
	unsigned long *pcs;
};

void kf_cover_open(struct kf_cover *cover, const struct kf_shared *shared);
void kf_cover_enable(struct kf_cover *cover);
void kf_cover_reset(struct kf_cover *cover);
/* Whether it reached something new. */
bool kf_cover_new(struct kf_cover *cover, struct kf_shared *shared);

/* A process, whose threads share descriptors. */
#define KF_SESSIONS	8
#define KF_THREADS	2

struct kf_process {
	struct kf_shared *shared;
	int home;			/* its network namespace */
	int pass[2];			/* sockets that sessions are sent over */
	atomic_int sessions[KF_SESSIONS];	/* -1: none */
	atomic_int stale[KF_SESSIONS];
};

/* An entry that a session was told to hold. */
struct kf_held {
	int session;
	uint32_t slot;
};

#define KF_HELD		16
#define KF_MAPS		4
#define KF_PENDING	256		/* messages whose answer may come */
#define KF_BUFFER	(256 * 1024)

struct kf_pending {
	uint32_t seq;
	int session;
	const struct kf_op *op;		/* NULL: that input is over */
	uint8_t cmd;
	bool ack;
};

/* A thread that sends. */
struct kf_worker {
	struct kf_process *process;
	struct kf_shared *shared;
	struct kf_random random;
	struct kf_cover cover;
	struct kt_sock socks[KF_SOCKETS];
	struct kf_held held[KF_HELD];
	unsigned int n_held;
	struct {
		void *at;
		size_t size;
	} maps[KF_MAPS];
	struct kf_pending pending[KF_PENDING];
	uint32_t seq;
	int session;			/* that the message being built names */
	unsigned int batch;		/* messages in out */
	struct kt_sock *batch_on;
	size_t out_len;
	uint8_t keys[KF_SUBJECTS][KTLS_OCSP_KEY_LEN];
	struct kt_msg msg;		/* that is being read */
	char out[KF_BUFFER];
	char in[KF_BUFFER];
};

/* Messages: message.c. */
void kf_put_message(struct kf_worker *worker, const struct kf_op *op);
/* Send what was put, and read the answers there are. */
void kf_flush(struct kf_worker *worker);

/* Answers: answer.c. */
void kf_read(struct kf_worker *worker, struct kt_sock *sk);

/* What messages meet: acts.c. */
extern const unsigned int kf_n_acts;	/* numbered from 1 */
const char *kf_act_name(unsigned int act);
void kf_act(struct kf_worker *worker, const struct kf_op *op);
/* An act, by how often it is to happen. */
unsigned int kf_draw_act(struct kf_random *random);
void kf_open_socket(struct kf_worker *worker, struct kt_sock *sk, bool small);
/* Keep a session, in the place of another one. */
void kf_keep_session(struct kf_process *process, unsigned int place, int fd);

/* Run the threads of a process until the messages, or its share, are sent. */
enum kf_kind { KF_ROOT, KF_NOBODY, KF_USERNS };

struct kf_job {
	struct kf_shared *shared;
	enum kf_kind kind;
	uint64_t seed;
	int pass[2];
};

void kf_work(const struct kf_job *job);

#endif /* KFUZZ_H */
