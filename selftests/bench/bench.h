/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What the parts of the benchmark share.
 *
 * The program prints "# kernel RELEASE", then a line for each figure, "NAME
 * UNIT VALUE...", with tabs between and a value for each round. What they mean together, and
 * which of them have a bar, is in the script "report".
 *
 * A function that cannot do its part ends the process: a benchmark without a
 * figure has failed.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "ktest.h"

#define BENCH_ROUNDS	11
#define BENCH_OPS	400	/* in a round */

/* The blobs whose reading is compared. */
extern const size_t bench_sizes[];
extern const size_t bench_sizes_count;

/* measure.c */
void bench_die(const char *what, int err);	/* err: a positive errno */

/*
 * bench_clock() counts nanoseconds; where these were found to be instructions
 * bench_unit() says so.
 */
uint64_t bench_clock(void);
void bench_calibrate(void);
const char *bench_unit(void);

/* Does so many operations and returns what bench_clock() gained in them. */
typedef uint64_t (*bench_fn)(void *arg, unsigned int ops);

/* Print a figure: what one operation costs. */
void bench_measure(bench_fn fn, void *arg, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Print a figure of other values. */
void bench_print(const char *unit, const double *values, size_t n,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Run on that processor. */
void bench_move_to(int cpu);
/* Before number i of count operations: all processors do some of them. */
void bench_spread(uint32_t i, uint32_t count);

/* Write to a file that is there. */
void bench_write(const char *path, const char *text);

/* Bytes of this process that it shares with no other. */
long bench_private_bytes(void);

/* Run a part in a process and a network namespace of its own. */
void bench_apart(void (*part)(void));

/* message.c: requests that are built once and sent often */
struct bench_request {
	int fd;
	size_t len;
	struct nlmsghdr *nlh;	/* owned, see bench_free() */
};

void bench_free(struct bench_request *r);
/* Where the data of an attribute lies, to be changed between two uses. */
void *bench_field(const struct bench_request *r, uint16_t type);
/* Sends it and reads one message, which is valid until the next call. */
const struct nlmsghdr *bench_exchange(const struct bench_request *r);
/* One u32 attribute of such a message. */
uint32_t bench_u32(const struct nlmsghdr *nlh, uint16_t type);

/* Requests of the family, with a key of zeros or the slot 0. */
void bench_get_slot(struct bench_request *r, const struct kt_sock *sk,
		    int session);
void bench_get_key(struct bench_request *r, const struct kt_sock *sk);
void bench_open(struct bench_request *r, const struct kt_sock *sk, int session);
void bench_close(struct bench_request *r, const struct kt_sock *sk,
		 int session);
void bench_del(struct bench_request *r, const struct kt_sock *sk);
/* A blob of len bytes that is valid for a week; cert: see bench_memory(). */
void bench_set(struct bench_request *r, const struct kt_sock *sk, size_t len,
	       size_t cert_len);

/* memory.c: what memory is in use, in bytes */
struct bench_memory {
	long free;
	long counted;	/* as slab, vmalloc, percpu and page tables */
};

/* Once all has been freed that is about to be. */
struct bench_memory bench_memory_look(void);

/* The parts. */
void bench_baseline(void);	/* getppid(), the kernel's keys */
void bench_commands(void);	/* each command, by size of the blob */
void bench_client(void);	/* the same through libocsp's client */
void bench_scale(void);		/* get and open among many responses */
void bench_memory(void);	/* what a response takes */
void bench_memory_of_one(void);	/* the same of one size */
void bench_mixed(void);		/* the same of many sizes, on all processors */
void bench_waits(void);		/* writers beside a process without memory */
void bench_reads(void);		/* libocsp's get, with nothing changed */
void bench_memcached(void);	/* the get of a cache in user space */
void bench_seen(void);		/* from a set to the first that sees it */
void bench_handshakes(void);	/* TLS with a staple, and with a constant */
void bench_nginx(void);		/* the same of nginx, with OpenSSL's module */
void bench_workers(void);	/* what a worker's staples take */
void bench_crowd(void);		/* what 64 workers hold and take */
void bench_crowd_10_000(void);	/* the same with more certificates */
void bench_many(void);		/* to open and dump many responses */
void bench_threads(void);	/* two that read, on two processors */
void bench_contention(void);	/* what its lock costs many threads */

/* reads.c: for strace to count */
void bench_reads_only(unsigned long reads);

#endif /* BENCH_H */
