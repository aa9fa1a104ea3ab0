// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What messages meet: sessions, maps, sockets, namespaces, limits. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ktls_ocsp_board.h>

#include "kfuzz.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static atomic_int *session_at(struct kf_worker *worker, uint32_t arg)
{
	return &worker->process->sessions[arg % KF_SESSIONS];
}

/* Whoever takes a descriptor out of its place closes it, and nobody else. */
void kf_keep_session(struct kf_process *process, unsigned int place, int fd)
{
	int old;

	place %= KF_SESSIONS;
	old = atomic_exchange(&process->sessions[place], fd);
	if (old < 0)
		return;
	atomic_store(&process->stale[place], old);
	close(old);
}

static void close_session(struct kf_worker *worker, const struct kf_op *op)
{
	kf_keep_session(worker->process, op->arg, -1);
}

static void dup_session(struct kf_worker *worker, const struct kf_op *op)
{
	int fd = fcntl(atomic_load(session_at(worker, op->arg)),
		       F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		kf_keep_session(worker->process, op->arg >> 8, fd);
}

union fd_cmsg {
	struct cmsghdr hdr;
	char room[CMSG_SPACE(sizeof(int))];
};

/* Not kt_send_fd(): the descriptor may be closed by now, or the queue full. */
static void pass_session(struct kf_worker *worker, const struct kf_op *op)
{
	int fd = atomic_load(session_at(worker, op->arg));
	union fd_cmsg control = { { 0 } };
	struct iovec iov = { "", 1 };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.hdr.cmsg_level = SOL_SOCKET;
	control.hdr.cmsg_type = SCM_RIGHTS;
	control.hdr.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	sendmsg(worker->process->pass[0], &mh, MSG_DONTWAIT);
}

static void take_session(struct kf_worker *worker, const struct kf_op *op)
{
	union fd_cmsg control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(worker->process->pass[1], &mh,
		    MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1 ||
	    mh.msg_controllen < sizeof(control.hdr) ||
	    control.hdr.cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&fd, CMSG_DATA(&control.hdr), sizeof(fd));
	kf_keep_session(worker->process, op->arg, fd);
}

static void read_fdinfo(struct kf_worker *worker, const struct kf_op *op)
{
	char path[64], text[512];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d",
		 atomic_load(session_at(worker, op->arg)));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* Another thread may close the session meanwhile. */
	if (read(fd, text, sizeof(text)) < 0 && errno != ENOENT)
		kf_wrong(worker->shared, "%s: %s", path, strerror(errno));
	close(fd);
}

/*
 * What has changed: into memory that may be none, or read alone. Does not wait,
 * though the descriptor may be anything by now.
 */
static void read_changes(struct kf_worker *worker, const struct kf_op *op)
{
	static const size_t sizes[] = { 0, 7, 8, 15, 16, 64, 256, 4096 };
	int fd = atomic_load(session_at(worker, op->arg));
	static const char constant[4096];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct iovec iov[2];
	char buf[4096];

	iov[0].iov_base = op->arg & 0x700 ? buf : op->arg & 0x800 ? NULL :
			  (void *)constant;
	iov[0].iov_len = sizes[(op->arg >> 12) % ARRAY_SIZE(sizes)];
	iov[1].iov_base = buf;
	iov[1].iov_len = sizes[(op->arg >> 16) % ARRAY_SIZE(sizes)];
	poll(&pfd, 1, 0);
	preadv2(fd, iov, 2, -1, RWF_NOWAIT);
}

/* The board. Faults are asked for, so that one out of bounds is no signal. */

static void unmap(struct kf_worker *worker, const struct kf_op *op)
{
	unsigned int place = op->arg % KF_MAPS;

	if (worker->maps[place].at)
		munmap(worker->maps[place].at, worker->maps[place].size);
	worker->maps[place].at = NULL;
}

static int protection(uint32_t arg)
{
	static const int protections[] = {
		PROT_READ, PROT_READ, PROT_READ, PROT_READ, PROT_NONE,
		PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC, PROT_WRITE
	};

	return protections[arg % ARRAY_SIZE(protections)];
}

static void map(struct kf_worker *worker, const struct kf_op *op)
{
	static const unsigned int pages[] = { 1, 1, 2, 4, 256, 257, 300 };
	const long page = sysconf(_SC_PAGESIZE);
	size_t size = pages[(op->arg >> 8) % ARRAY_SIZE(pages)] * page;
	off_t offset = op->arg & 0x10000 ? 0 : ((op->arg >> 17) % 300) * page;
	int flags = op->arg & 0x70000000 ? MAP_SHARED : MAP_PRIVATE;
	int prot = protection(op->arg >> 20);
	void *at;

	unmap(worker, op);
	at = mmap(NULL, size, prot, flags,
		  atomic_load(session_at(worker, op->arg >> 4)), offset);
	if (at == MAP_FAILED)
		return;
	worker->maps[op->arg % KF_MAPS].at = at;
	worker->maps[op->arg % KF_MAPS].size = size;
}

static void protect(struct kf_worker *worker, const struct kf_op *op)
{
	unsigned int place = op->arg % KF_MAPS;

	if (worker->maps[place].at)
		mprotect(worker->maps[place].at, worker->maps[place].size,
			 protection(op->arg >> 8));
}

static void touch(struct kf_worker *worker, const struct kf_op *op)
{
	unsigned int place = op->arg % KF_MAPS;

	if (worker->maps[place].at)
		madvise(worker->maps[place].at, worker->maps[place].size,
			MADV_POPULATE_READ);
}

/* Sockets. */

void kf_open_socket(struct kf_worker *worker, struct kt_sock *sk, bool small)
{
	const int size = 2048;

	if (kt_try_new(sk)) {
		kf_wrong(worker->shared, "a socket has no family");
		_exit(1);
	}
	if (small)
		setsockopt(sk->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static struct kt_sock *socket_at(struct kf_worker *worker,
				 const struct kf_op *op)
{
	return &worker->socks[op->socket % KF_SOCKETS];
}

/* With whatever was to be read from it: a dump may be under way. */
static void new_socket(struct kf_worker *worker, const struct kf_op *op)
{
	struct kt_sock *sk = socket_at(worker, op);

	kt_free(sk);
	kf_open_socket(worker, sk, op->arg % 8 == 0);
}

static uint32_t group_at(struct kf_worker *worker, const struct kf_op *op)
{
	struct kt_sock *sk = socket_at(worker, op);

	return op->arg & 1 ? sk->wanted : sk->events;
}

static void join(struct kf_worker *worker, const struct kf_op *op)
{
	kt_join(socket_at(worker, op), group_at(worker, op));
}

static void leave(struct kf_worker *worker, const struct kf_op *op)
{
	uint32_t group = group_at(worker, op);

	setsockopt(socket_at(worker, op)->fd, SOL_NETLINK,
		   NETLINK_DROP_MEMBERSHIP, &group, sizeof(group));
}

static void read_all(struct kf_worker *worker, const struct kf_op *op)
{
	kf_read(worker, socket_at(worker, op));
}

/* Namespaces. That which is left ends with the last socket in it. */

static void new_netns(struct kf_worker *worker, const struct kf_op *op)
{
	if (!unshare(CLONE_NEWNET))
		new_socket(worker, op);
}

static void go_home(struct kf_worker *worker, const struct kf_op *op)
{
	if (!setns(worker->process->home, CLONE_NEWNET))
		new_socket(worker, op);
}

/* Mostly to the default: with a small limit most messages are refused. */
static void set_limit(struct kf_worker *worker, const struct kf_op *op)
{
	static const long small[] = { 0, 1, 2, 8, 40, 300, 5000 };
	const struct kt_tunable *tunable = kt_tunables;

	(void)worker;
	for (uint32_t n = op->arg % 10; n && tunable[1].name; n--)
		tunable++;
	kt_sysctl(tunable->name, op->arg & 0x700 ? tunable->value :
		  small[(op->arg >> 11) % ARRAY_SIZE(small)]);
}

/* A child shares sessions and maps, and ends at once or after a message. */
static void fork_child(struct kf_worker *worker, const struct kf_op *op)
{
	struct kf_op message = *op;
	pid_t pid = fork();

	if (!pid) {
		worker->batch = 0;
		worker->out_len = 0;
		worker->cover.fd = -1;
		message.act = 0;
		message.socket = 0;
		/* Its own: the answers on others are the parent's. */
		kf_open_socket(worker, &worker->socks[0], false);
		kf_put_message(worker, &message);
		kf_flush(worker);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static const struct {
	const char *name;
	unsigned int weight;
	void (*act)(struct kf_worker *worker, const struct kf_op *op);
} acts[] = {
	{ "close-session", 20, close_session },
	{ "dup-session", 20, dup_session },
	{ "pass-session", 20, pass_session },
	{ "take-session", 20, take_session },
	{ "fdinfo", 5, read_fdinfo },
	{ "changes", 20, read_changes },
	{ "map", 30, map },
	{ "unmap", 10, unmap },
	{ "protect", 10, protect },
	{ "touch", 20, touch },
	{ "join", 20, join },
	{ "leave", 20, leave },
	{ "read", 60, read_all },
	{ "new-socket", 15, new_socket },
	{ "new-netns", 2, new_netns },
	{ "go-home", 4, go_home },
	{ "set-limit", 20, set_limit },
	{ "fork", 1, fork_child },
};

const unsigned int kf_n_acts = ARRAY_SIZE(acts);

_Static_assert(ARRAY_SIZE(acts) < 32, "they are counted in kf_shared.acts");

const char *kf_act_name(unsigned int act)
{
	return acts[act - 1].name;
}

unsigned int kf_draw_act(struct kf_random *random)
{
	unsigned int sum = 0, at, act = 0;

	for (unsigned int i = 0; i < kf_n_acts; i++)
		sum += acts[i].weight;
	at = kf_draw(random, sum);
	while (at >= acts[act].weight)
		at -= acts[act++].weight;
	return act + 1;
}

void kf_act(struct kf_worker *worker, const struct kf_op *op)
{
	unsigned int act = (op->act - 1) % kf_n_acts;

	atomic_fetch_add(&worker->shared->acts[act + 1], 1);
	acts[act].act(worker, op);
}
