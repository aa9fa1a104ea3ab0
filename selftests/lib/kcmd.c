// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The family's commands, well-formed, for the tests: see ktest.h. */
#include <string.h>

#include "ktest.h"

static void put_session(struct kt_req *req, int session)
{
	if (session >= 0)
		kt_put_u32(req, KTLS_OCSP_A_SESSION, session);
}

static void put_key(struct kt_req *req, uint32_t n)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];

	kt_key(n, key);
	kt_put(req, KTLS_OCSP_A_KEY, key, sizeof(key));
}

int kt_session_with_board(struct kt_sock *sk, size_t *board_size)
{
	struct kt_msg msg;
	struct kt_req req;
	int err;

	kt_begin(&req, sk, KTLS_OCSP_CMD_SESSION, 0);
	err = kt_call(sk, &req, &msg);
	if (err)
		return err;
	*board_size = kt_u64(&msg, KTLS_OCSP_A_BOARD_SIZE);
	return kt_u32(&msg, KTLS_OCSP_A_SESSION);
}

int kt_session(struct kt_sock *sk)
{
	size_t board_size;

	return kt_session_with_board(sk, &board_size);
}

static int call_open(struct kt_sock *sk, struct kt_req *req, uint32_t *slot)
{
	struct kt_msg msg;
	int err = kt_call(sk, req, &msg);

	if (!err && slot)
		*slot = kt_u32(&msg, KTLS_OCSP_A_SLOT);
	return err;
}

int kt_open(struct kt_sock *sk, int session, uint32_t n, uint32_t *slot)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_OPEN, 0);
	put_session(&req, session);
	put_key(&req, n);
	return call_open(sk, &req, slot);
}

int kt_open_waiting(struct kt_sock *sk, int session, uint32_t n,
		    struct kt_msg *msg)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_OPEN, 0);
	put_session(&req, session);
	put_key(&req, n);
	kt_put(&req, KTLS_OCSP_A_WAIT, NULL, 0);
	return kt_call(sk, &req, msg);
}

int kt_create(struct kt_sock *sk, int session, uint32_t n, uint32_t *slot)
{
	uint8_t der[KT_CERT_LEN];
	struct kt_req req;

	kt_cert(n, der);
	kt_begin(&req, sk, KTLS_OCSP_CMD_OPEN, 0);
	put_session(&req, session);
	kt_put(&req, KTLS_OCSP_A_CERTIFICATE, der, sizeof(der));
	kt_put(&req, KTLS_OCSP_A_ISSUER, KT_ISSUER, strlen(KT_ISSUER));
	return call_open(sk, &req, slot);
}

static int call_handle(struct kt_sock *sk, uint8_t cmd, int session,
		       uint32_t slot)
{
	struct kt_req req;

	kt_begin(&req, sk, cmd, 0);
	put_session(&req, session);
	kt_put_u32(&req, KTLS_OCSP_A_SLOT, slot);
	return kt_call(sk, &req, NULL);
}

int kt_ref(struct kt_sock *sk, int session, uint32_t slot)
{
	return call_handle(sk, KTLS_OCSP_CMD_REF, session, slot);
}

int kt_close(struct kt_sock *sk, int session, uint32_t slot)
{
	return call_handle(sk, KTLS_OCSP_CMD_CLOSE, session, slot);
}

int kt_get(struct kt_sock *sk, int session, uint32_t n, uint32_t parts,
	   struct kt_msg *msg)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_GET, 0);
	put_session(&req, session);
	put_key(&req, n);
	kt_put_u32(&req, KTLS_OCSP_A_PARTS, parts);
	return kt_call(sk, &req, msg);
}

int kt_del(struct kt_sock *sk, int session, uint32_t n)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_DEL, 0);
	put_session(&req, session);
	put_key(&req, n);
	return kt_call(sk, &req, NULL);
}

void kt_del_dumped(const struct kt_msg *msg, void *sk)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_DEL, 0);
	kt_put(&req, KTLS_OCSP_A_KEY, kt_data(msg, KTLS_OCSP_A_KEY),
	       KTLS_OCSP_KEY_LEN);
	kt_call(sk, &req, NULL);
}

void kt_put_blob(struct kt_req *req, const struct kt_blob *blob)
{
	put_session(req, blob->session);
	kt_put_u32(req, KTLS_OCSP_A_STATUS, blob->status);
	kt_put_s64(req, KTLS_OCSP_A_THIS_UPDATE, blob->this_update);
	kt_put_s64(req, KTLS_OCSP_A_NEXT_UPDATE, blob->next_update);
	kt_put(req, KTLS_OCSP_A_BLOB, blob->data, blob->len);
}

int kt_set(struct kt_sock *sk, uint32_t n, const struct kt_blob *blob,
	   uint64_t *generation)
{
	struct kt_msg msg;
	struct kt_req req;
	int err;

	kt_begin(&req, sk, KTLS_OCSP_CMD_SET, 0);
	put_key(&req, n);
	kt_put_blob(&req, blob);
	err = kt_call(sk, &req, &msg);
	if (!err && generation)
		*generation = kt_u64(&msg, KTLS_OCSP_A_GENERATION);
	return err;
}

int kt_set_for(struct kt_sock *sk, uint32_t n, int64_t seconds)
{
	int64_t now = kt_now();
	uint8_t data[100];
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = sizeof(data),
		.this_update = now - KT_DAY,
		.next_update = now + seconds,
	};

	kt_blob(data, sizeof(data), n);
	return kt_set(sk, n, &blob, NULL);
}

int kt_fail(struct kt_sock *sk, uint32_t n, const char *reason)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_SET, 0);
	put_key(&req, n);
	kt_put_str(&req, KTLS_OCSP_A_FAILURE, reason);
	return kt_call(sk, &req, NULL);
}
