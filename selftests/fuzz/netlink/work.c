// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A process that sends: its threads share its descriptors. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kfuzz.h"

/*
 * Inputs of a process. Then it ends with all that it holds, and what it lost
 * sight of: descriptors of sessions whose answer did not arrive.
 */
#define LIFE		4000
#define FILES		512

static void run_op(struct kf_worker *worker, const struct kf_op *op)
{
	if (op->act) {
		kf_flush(worker);
		kf_act(worker, op);
		return;
	}
	kf_put_message(worker, op);
	if (op->after % KF_AFTERS == KF_BATCH)
		return;
	kf_flush(worker);
	if (op->after % KF_AFTERS == KF_READ)
		kf_read(worker, worker->batch_on);
}

static void run_input(struct kf_worker *worker, const struct kf_input *input)
{
	unsigned int n = input->n < KF_OPS ? input->n : KF_OPS;

	kf_cover_reset(&worker->cover);
	for (unsigned int i = 0; i < n; i++)
		run_op(worker, &input->ops[i]);
	kf_flush(worker);
	/* Some are left for the next input. */
	if (!kf_one_in(&worker->random, 8))
		for (unsigned int i = 0; i < KF_SOCKETS; i++)
			kf_read(worker, &worker->socks[i]);
	if (kf_cover_new(&worker->cover, worker->shared))
		kf_keep(worker->shared, input);
}

static void *run_worker(void *arg)
{
	static __thread struct kf_input input;
	struct kf_worker *worker = arg;
	struct kf_shared *shared = worker->shared;

	for (unsigned int i = 0; i < KF_SOCKETS; i++)
		kf_open_socket(worker, &worker->socks[i], i == KF_SOCKETS - 1);
	kf_cover_enable(&worker->cover);
	for (int i = 0; i < LIFE && atomic_load(&shared->sent) < shared->wanted;
	     i++) {
		kf_make_input(&input, shared, &worker->random);
		run_input(worker, &input);
	}
	return NULL;
}

static struct kf_worker *new_worker(struct kf_process *process, uint64_t seed)
{
	struct kf_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		_exit(1);
	worker->process = process;
	worker->shared = process->shared;
	worker->random.state = seed;
	for (uint32_t n = 0; n < KF_SUBJECTS; n++)
		kt_key(n, worker->keys[n]);
	kf_cover_open(&worker->cover, worker->shared);
	return worker;
}

static void become(enum kf_kind kind)
{
	if (kind == KF_NOBODY)
		kt_become_nobody();
	else if (kind == KF_USERNS)
		kt_become_userns_root();
}

void kf_work(const struct kf_job *job)
{
	const struct rlimit files = { FILES, FILES };
	struct kf_process process = { .shared = job->shared };
	struct kf_worker *workers[KF_THREADS];
	pthread_t threads[KF_THREADS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memcpy(process.pass, job->pass, sizeof(process.pass));
	for (unsigned int i = 0; i < KF_SESSIONS; i++) {
		process.sessions[i] = -1;
		process.stale[i] = -1;
	}
	/* What is the kernel's alone is opened before the rights go. */
	for (unsigned int i = 0; i < KF_THREADS; i++)
		workers[i] = new_worker(&process, job->seed + i);
	become(job->kind);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	process.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	setrlimit(RLIMIT_NOFILE, &files);
	for (unsigned int i = 0; i < KF_THREADS; i++)
		if (pthread_create(&threads[i], NULL, run_worker, workers[i]))
			_exit(1);
	for (unsigned int i = 0; i < KF_THREADS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}
