// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Inputs: made from the spec, and from inputs that brought something new. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kfuzz.h"

/* splitmix64 */
uint64_t kf_next(struct kf_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

uint32_t kf_draw(struct kf_random *random, uint32_t below)
{
	return (kf_next(random) >> 32) * below >> 32;
}

bool kf_one_in(struct kf_random *random, uint32_t n)
{
	return !kf_draw(random, n);
}

void kf_wrong(struct kf_shared *shared, const char *format, ...)
{
	va_list args;

	if (atomic_fetch_add(&shared->wrong, 1))
		return;
	va_start(args, format);
	vsnprintf(shared->why, sizeof(shared->why), format, args);
	va_end(args);
}

static uint8_t draw_shape(struct kf_random *random)
{
	return kf_one_in(random, 24) ? kf_draw(random, KF_SHAPES) : KF_SOUND;
}

static void add_value(struct kf_op *op, uint8_t type, struct kf_random *random)
{
	struct kf_value *value;

	if (op->n == KF_ATTRS)
		return;
	value = &op->attrs[op->n++];
	value->type = type;
	value->shape = draw_shape(random);
	value->arg = kf_next(random);
}

/* Any attribute of the family, or none of it. */
static uint8_t odd_type(struct kf_random *random)
{
	return kf_one_in(random, 4) ? kf_next(random) :
				      kf_draw(random, KTLS_OCSP_A_MAX + 2);
}

static uint16_t draw_flags(const struct kf_command *command,
			   struct kf_random *random)
{
	uint16_t flags = NLM_F_REQUEST | NLM_F_ACK;

	if (kf_one_in(random, command->dump ? 3 : 64))
		flags |= NLM_F_DUMP;
	if (kf_one_in(random, 8))
		flags |= kf_next(random) & (NLM_F_REPLACE | NLM_F_EXCL |
					    NLM_F_CREATE | NLM_F_APPEND |
					    NLM_F_ECHO);
	if (kf_one_in(random, 64))
		flags &= ~NLM_F_REQUEST;
	if (kf_one_in(random, 16))
		flags &= ~NLM_F_ACK;
	return flags;
}

static uint8_t draw_after(struct kf_random *random)
{
	if (!kf_one_in(random, 4))
		return KF_BATCH;
	return kf_one_in(random, 8) ? KF_LEAVE : KF_READ;
}

static void make_message(struct kf_op *op, struct kf_random *random)
{
	const struct kf_command *command;
	uint64_t request;

	do {
		command = &kf_commands[kf_draw(random, kf_n_commands)];
	} while (!command->sent && !kf_one_in(random, 32));
	op->cmd = command->cmd;
	op->flags = draw_flags(command, random);
	request = (op->flags & NLM_F_DUMP) == NLM_F_DUMP && command->dump &&
		  !kf_one_in(random, 8) ?
		  command->dump_request : command->request;
	for (unsigned int type = 1; type <= KTLS_OCSP_A_MAX; type++)
		if (request & KF_BIT(type) && !kf_one_in(random, 3))
			add_value(op, type, random);
	while (kf_one_in(random, 16))
		add_value(op, odd_type(random), random);
	if (kf_one_in(random, 128))
		op->cmd = kf_next(random);
}

static void make_op(struct kf_op *op, const struct kf_shared *shared,
		    struct kf_random *random)
{
	uint8_t cmd = 1 + kf_draw(random, KTLS_OCSP_CMD_MAX);
	unsigned int n = atomic_load(&shared->n_good[cmd]);

	if (n && !kf_one_in(random, 3)) {
		*op = shared->good[cmd][kf_draw(random, n < KF_GOOD ?
							n : KF_GOOD)];
	} else {
		memset(op, 0, sizeof(*op));
		op->version = KTLS_OCSP_FAMILY_VERSION;
		make_message(op, random);
	}
	op->act = kf_one_in(random, 5) ? kf_draw_act(random) : 0;
	op->after = draw_after(random);
	op->socket = kf_draw(random, KF_SOCKETS);
	op->subject = kf_next(random);
	op->arg = kf_next(random);
}

static void mutate_value(struct kf_op *op, struct kf_random *random)
{
	struct kf_value *value;

	if (!op->n || op->n > KF_ATTRS)
		return;
	value = &op->attrs[kf_draw(random, op->n)];
	switch (kf_draw(random, 6)) {
	case 0:
		value->shape = kf_draw(random, KF_SHAPES);
		break;
	case 1:
		value->type = odd_type(random);
		break;
	case 2:
		*value = op->attrs[--op->n];
		break;
	default:
		value->arg = kf_next(random);
	}
}

static void mutate_op(struct kf_op *op, const struct kf_shared *shared,
		      struct kf_random *random)
{
	const struct kf_command *command = kf_command(op->cmd);

	switch (kf_draw(random, 10)) {
	case 0:
		make_op(op, shared, random);
		break;
	case 1:
		op->after = draw_after(random);
		op->socket = kf_next(random);
		break;
	case 2:
		if (command)
			op->flags = draw_flags(command, random);
		break;
	case 3:
		op->subject = kf_next(random);
		break;
	case 4:
		op->arg = kf_next(random);
		break;
	case 5:
		if (op->n < KF_ATTRS)
			add_value(op, odd_type(random), random);
		break;
	case 6:
		if (kf_one_in(random, 8))
			op->version = kf_next(random);
		break;
	default:
		mutate_value(op, random);
	}
}

static void mutate(struct kf_input *input, const struct kf_shared *shared,
		   struct kf_random *random)
{
	if (!input->n || input->n > KF_OPS)
		input->n = KF_OPS;
	do {
		if (input->n < KF_OPS && kf_one_in(random, 6))
			make_op(&input->ops[input->n++], shared, random);
		else
			mutate_op(&input->ops[kf_draw(random, input->n)],
				  shared, random);
	} while (!kf_one_in(random, 3));
}

static void make_from(struct kf_input *input, const struct kf_shared *shared,
		      unsigned int n, struct kf_random *random)
{
	*input = shared->corpus[kf_draw(random, n)];
	/* The end of another one */
	if (kf_one_in(random, 8)) {
		unsigned int from = kf_draw(random, KF_OPS);
		const struct kf_input *other;

		other = &shared->corpus[kf_draw(random, n)];
		memcpy(&input->ops[from], &other->ops[from],
		       (KF_OPS - from) * sizeof(*input->ops));
		input->n = other->n;
	}
	mutate(input, shared, random);
}

void kf_make_input(struct kf_input *input, const struct kf_shared *shared,
		   struct kf_random *random)
{
	unsigned int n = atomic_load(&shared->n_corpus);

	if (n > KF_CORPUS)
		n = KF_CORPUS;
	if (n && !kf_one_in(random, 4)) {
		make_from(input, shared, n, random);
		return;
	}
	input->n = 1 + kf_draw(random, KF_OPS);
	for (unsigned int i = 0; i < input->n; i++)
		make_op(&input->ops[i], shared, random);
}

void kf_keep(struct kf_shared *shared, const struct kf_input *input)
{
	shared->corpus[atomic_fetch_add(&shared->n_corpus, 1) % KF_CORPUS] =
		*input;
}

void kf_learn(struct kf_shared *shared, const struct kf_op *op,
	      struct kf_random *random)
{
	unsigned int n;

	if (op->cmd > KTLS_OCSP_CMD_MAX)
		return;
	n = atomic_load(&shared->n_good[op->cmd]);
	if (n < KF_GOOD) {
		n = atomic_fetch_add(&shared->n_good[op->cmd], 1);
		shared->good[op->cmd][n % KF_GOOD] = *op;
	} else if (kf_one_in(random, 16)) {
		shared->good[op->cmd][kf_draw(random, KF_GOOD)] = *op;
	}
}
