// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The client's interface: what each command does, refuses and tells, in words
 * too. The same of the kernel's store and of the stand-in, see conform.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "kselftest_harness.h"

#include <linux/ktls_ocsp_session.h>

#include "client.h"
#include "conform.h"
#include "ktest.h"

#define DAY		86400
#define NOTICES		64

FIXTURE(conform)
{
	struct ocsp_client *client;
	struct ocsp_client *listener;
	struct ocsp_entry r;
	struct ocsp_opened opened;
	int session;
	struct ocsp_notice heard[NOTICES];
	size_t count;
};

FIXTURE_SETUP(conform)
{
	conform_begin();
	ASSERT_EQ(0, ocsp_client_new(&self->client));
	ASSERT_EQ(0, ocsp_client_session(self->client, &self->session, NULL,
					 NULL));
}

FIXTURE_TEARDOWN(conform)
{
	close(self->session);
	ocsp_client_free(self->client);
	ocsp_client_free(self->listener);
}

/* Certificates are numbered; any bytes will do. */

struct number {
	uint8_t cert[8];
	uint8_t key[KTLS_OCSP_KEY_LEN];
};

static const uint8_t issuer[] = "an issuer";

static struct number number(int n)
{
	struct number made = { .cert = { 'c', n } };

	SHA256(made.cert, sizeof(made.cert), made.key);
	return made;
}

/* By its certificates, and by its key. In the scope of the caller. */
#define BY_CERTS(n, fd)	((struct ocsp_name) {				\
	.session = (fd), .cert = number(n).cert, .cert_len = 8,		\
	.issuer = issuer, .issuer_len = sizeof(issuer) })
#define BY_KEY(n)	((struct ocsp_name) {				\
	.session = -1, .key = number(n).key })
#define BY_SLOT(fd, slot_)	((struct ocsp_name) {			\
	.session = (fd), .slot = &(uint32_t){ slot_ } })

static struct ocsp_update update_of(int64_t from, int64_t to)
{
	static const uint8_t blob[100] = "a blob";

	return (struct ocsp_update) {
		.blob = blob,
		.blob_len = sizeof(blob),
		.this_update = kt_now() + from,
		.next_update = kt_now() + to,
	};
}

#define open_(n)							\
	ocsp_client_open(self->client, &BY_CERTS(n, self->session), false, \
			 &self->opened)
#define set_(n, from, to)	set(self, &BY_KEY(n), from, to)
#define fail_(n, why)							\
	ocsp_client_set(self->client, &BY_KEY(n),			\
			&(struct ocsp_update){ .failure = (why) }, NULL)
#define repeat_(n, why)							\
	ocsp_client_set(self->client, &BY_KEY(n),			\
			&(struct ocsp_update){ .failure = (why),	\
					       .repeated = true }, NULL)
#define del_(n)		ocsp_client_del(self->client, &BY_KEY(n))
#define get_(n)		get(self, &BY_KEY(n), 0)

static int get(FIXTURE_DATA(conform) *self, const struct ocsp_name *name,
	       uint32_t parts)
{
	ocsp_entry_clear(&self->r);
	return ocsp_client_get(self->client, name, parts, &self->r);
}

static int set(FIXTURE_DATA(conform) *self, const struct ocsp_name *name,
	       int64_t from, int64_t to)
{
	const struct ocsp_update update = update_of(from, to);

	return ocsp_client_set(self->client, name, &update, NULL);
}

#define refused(err, text, call)					\
	do {								\
		EXPECT_EQ(-(err), call);				\
		EXPECT_STREQ(text, ocsp_client_error(self->client));	\
	} while (0)

/* Notices */

static int hear(const struct ocsp_notice *n, void *arg)
{
	FIXTURE_DATA(conform) *self = arg;

	if (self->count < NOTICES)
		self->heard[self->count++] = *n;
	return 0;
}

/* All that comes within ms, or until there are so many. 0 or -ENOBUFS. */
static int listen_for(FIXTURE_DATA(conform) *self, size_t count, int ms)
{
	struct pollfd p = { ocsp_client_fd(self->listener), POLLIN, 0 };
	int err = 0;

	self->count = 0;
	while (!err && self->count < count && poll(&p, 1, ms) > 0)
		err = ocsp_client_notice(self->listener, hear, self);
	return err;
}

#define start_listening(wanted, events)					\
	do {								\
		ASSERT_EQ(0, ocsp_client_new(&self->listener));		\
		ASSERT_EQ(0, ocsp_client_listen(self->listener, wanted,	\
						events));		\
	} while (0)

#define expect_event(n, i, event_)					\
	do {								\
		EXPECT_FALSE(self->heard[i].wanted);			\
		EXPECT_EQ(KTLS_OCSP_EVENT_##event_, self->heard[i].event); \
		EXPECT_EQ(0, memcmp(self->heard[i].entry.key,	\
				    number(n).key, KTLS_OCSP_KEY_LEN));	\
	} while (0)

/* session, open, ref, close */

TEST_F(conform, sessions)
{
	uint32_t validity = 0;
	int fd, other[2];

	ASSERT_EQ(0, ocsp_client_session(self->client, &fd, &validity, NULL));
	EXPECT_EQ(600, validity);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
	refused(EBADF, "the session is no open file descriptor (attribute \"session\")",
		ocsp_client_ref(self->client, fd, 0));
	ASSERT_EQ(0, pipe(other));
	refused(EBADF, "the file descriptor is no session (attribute \"session\")",
		ocsp_client_ref(self->client, other[0], 0));
	refused(EBADF, "the session is no open file descriptor (attribute \"session\")",
		ocsp_client_close(self->client, -1, 0));
}

TEST_F(conform, open_refuses)
{
	struct ocsp_client *c = self->client;
	struct ocsp_opened *o = &self->opened;
	static const uint8_t large[KTLS_OCSP_CERT_MAX + 1];
	struct ocsp_name name;

	refused(EINVAL, "a session is needed (missing attribute \"session\")",
		ocsp_client_open(c, &BY_CERTS(1, -1), false, o));
	name = (struct ocsp_name) { .session = self->session };
	refused(EINVAL, "a key or a certificate is needed (missing attribute \"key\")",
		ocsp_client_open(c, &name, false, o));
	name = BY_CERTS(1, self->session);
	name.issuer = NULL;
	name.issuer_len = 0;
	refused(EINVAL, "a certificate needs its issuer (missing attribute \"issuer\")",
		ocsp_client_open(c, &name, false, o));
	name = BY_CERTS(1, self->session);
	name.cert = NULL;
	name.cert_len = 0;
	refused(EINVAL, "an issuer needs its certificate (missing attribute \"certificate\")",
		ocsp_client_open(c, &name, false, o));
	name = BY_CERTS(1, self->session);
	name.cert_len = 0;
	refused(EINVAL, "the certificate or its issuer is empty (attribute \"certificate\")",
		ocsp_client_open(c, &name, false, o));
	name = BY_CERTS(1, self->session);
	name.issuer_len = 0;
	refused(EINVAL, "the certificate or its issuer is empty (attribute \"issuer\")",
		ocsp_client_open(c, &name, false, o));
	name = BY_CERTS(1, self->session);
	name.key = number(2).key;
	refused(EINVAL, "the key is not the certificate's SHA-256 (attribute \"key\")",
		ocsp_client_open(c, &name, false, o));
	name = BY_CERTS(1, self->session);
	name.cert = large;
	name.cert_len = sizeof(large);
	refused(ERANGE, "Attribute failed policy validation (attribute \"certificate\")",
		ocsp_client_open(c, &name, false, o));
	name = BY_KEY(1);
	name.session = self->session;
	refused(ENOENT, "no entry has this key",
		ocsp_client_open(c, &name, false, o));
	name = BY_SLOT(self->session, 0);
	refused(EINVAL, "Unsupported attribute (attribute \"slot\")",
		ocsp_client_open(c, &name, false, o));
	EXPECT_EQ(-ENOENT, get_(1));
}

TEST_F(conform, opened)
{
	struct ocsp_opened first;

	ASSERT_EQ(0, open_(1));
	first = self->opened;
	EXPECT_EQ(KTLS_OCSP_STATE_PENDING, first.state);
	EXPECT_EQ(0, first.generation);
	EXPECT_FALSE(first.refresher);
	ASSERT_EQ(0, open_(2));
	EXPECT_NE(first.slot, self->opened.slot);
	ASSERT_EQ(0, set_(1, -1, DAY));
	ASSERT_EQ(0, open_(1));
	EXPECT_EQ(first.slot, self->opened.slot);
	EXPECT_EQ(KTLS_OCSP_STATE_VALID, self->opened.state);
	EXPECT_EQ(1, self->opened.generation);
	/* By key what is there already */
	ASSERT_EQ(0, ocsp_client_open(self->client, &(struct ocsp_name) {
		.session = self->session, .key = number(2).key }, false,
		&self->opened));
	/* The first free slot is the next one's. */
	ASSERT_EQ(0, ocsp_client_close(self->client, self->session,
				       first.slot));
	ASSERT_EQ(0, ocsp_client_close(self->client, self->session,
				       first.slot));
	ASSERT_EQ(0, del_(1));
	ASSERT_EQ(0, open_(3));
	EXPECT_EQ(first.slot, self->opened.slot);
}

TEST_F(conform, references)
{
	uint32_t slot;

	ASSERT_EQ(0, open_(1));
	slot = self->opened.slot;
	ASSERT_EQ(0, ocsp_client_ref(self->client, self->session, slot));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(1, self->r.handles);
	ASSERT_EQ(0, ocsp_client_close(self->client, self->session, slot));
	ASSERT_EQ(0, ocsp_client_close(self->client, self->session, slot));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(0, self->r.handles);
	refused(ENOENT, "the session does not hold this slot",
		ocsp_client_close(self->client, self->session, slot));
	refused(ENOENT, "the session does not hold this slot",
		ocsp_client_ref(self->client, self->session, slot));
	refused(ENOENT, "the session does not hold this slot (attribute \"slot\")",
		get(self, &BY_SLOT(self->session, slot), 0));
}

/* A session lives as long as anybody has its descriptor. */
TEST_F(conform, lifetime)
{
	int ends[2];
	char c;
	pid_t pid;

	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	if (!pid) {
		close(ends[1]);
		_exit(read(ends[0], &c, 1) != 0);
	}
	close(self->session);
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(1, self->r.handles);
	close(ends[1]);
	EXPECT_EQ(0, kt_child_status(pid));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(0, self->r.handles);
	self->session = dup(0);
}

/* get */

TEST_F(conform, get_refuses)
{
	static const struct ocsp_name nothing = OCSP_NAME_INIT;
	struct ocsp_name name;

	ASSERT_EQ(0, open_(1));
	refused(EINVAL, "a key or a slot is needed (missing attribute \"key\")",
		get(self, &nothing, 0));
	name = BY_SLOT(-1, self->opened.slot);
	refused(EINVAL, "a slot needs its session (missing attribute \"session\")",
		get(self, &name, 0));
	name = BY_SLOT(self->session, self->opened.slot);
	name.key = number(1).key;
	refused(EINVAL, "a slot and a key exclude each other (attribute \"slot\")",
		get(self, &name, 0));
	refused(ENOENT, "no entry has this key", get_(2));
	name = BY_CERTS(1, -1);
	refused(EINVAL, "Unsupported attribute (attribute \"certificate\")",
		get(self, &name, 0));
	refused(EINVAL, "reserved bit set (attribute \"parts\")",
		get(self, &BY_KEY(1), 4));
}

TEST_F(conform, parts)
{
	struct ocsp_update update = update_of(-1, DAY);

	update.status = KTLS_OCSP_CERT_STATUS_UNKNOWN;
	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, ocsp_client_set(self->client, &BY_KEY(1), &update, NULL));
	ASSERT_EQ(0, get(self, &BY_SLOT(self->session, self->opened.slot), 3));
	EXPECT_EQ(self->opened.slot, self->r.slot);
	EXPECT_EQ(0, memcmp(self->r.key, number(1).key, KTLS_OCSP_KEY_LEN));
	EXPECT_EQ(KTLS_OCSP_STATE_VALID, self->r.state);
	EXPECT_EQ(1, self->r.generation);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_UNKNOWN, self->r.status);
	EXPECT_EQ(update.this_update, self->r.this_update);
	EXPECT_EQ(update.next_update, self->r.next_update);
	EXPECT_LE(kt_now() - 2, self->r.stored);
	EXPECT_GE(kt_now(), self->r.stored);
	ASSERT_EQ(update.blob_len, self->r.blob_len);
	EXPECT_EQ(0, memcmp(update.blob, self->r.blob, update.blob_len));
	ASSERT_EQ(sizeof(issuer), self->r.issuer_len);
	EXPECT_EQ(0, memcmp(issuer, self->r.issuer, sizeof(issuer)));
	ASSERT_EQ(8, self->r.cert_len);
	EXPECT_EQ(0, memcmp(number(1).cert, self->r.cert, 8));
	EXPECT_EQ(0, self->r.failures);
	EXPECT_STREQ("", self->r.failure);
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(NULL, self->r.blob);
	EXPECT_EQ(update.blob_len, self->r.blob_len);
	EXPECT_EQ(NULL, self->r.cert);
	EXPECT_EQ(0, self->r.cert_len);
	/* A set by key alone brings no certificates; who opens it does. */
	ASSERT_EQ(0, set_(2, -1, DAY));
	ASSERT_EQ(0, get(self, &BY_KEY(2), 3));
	EXPECT_EQ(NULL, self->r.cert);
	ASSERT_EQ(0, open_(2));
	ASSERT_EQ(0, get(self, &BY_KEY(2), 3));
	EXPECT_EQ(8, self->r.cert_len);
}

TEST_F(conform, states)
{
	const uint32_t blob = KTLS_OCSP_PART_BLOB;

	ASSERT_EQ(0, open_(1));
	refused(ENODATA, "no response yet", get(self, &BY_KEY(1), blob));
	ASSERT_EQ(0, fail_(1, "why"));
	refused(ENODATA, "no response yet, the last attempt failed",
		get(self, &BY_KEY(1), blob));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(KTLS_OCSP_STATE_FAILED, self->r.state);
	ASSERT_EQ(0, set_(1, -1, 3));
	ASSERT_EQ(0, get(self, &BY_KEY(1), blob));
	sleep(4);
	refused(ESTALE, "the response has expired",
		get(self, &BY_KEY(1), blob));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(KTLS_OCSP_STATE_EXPIRED, self->r.state);
	ASSERT_EQ(0, del_(1));
	refused(ENODATA, "the response was withdrawn",
		get(self, &BY_KEY(1), blob));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(KTLS_OCSP_STATE_WITHDRAWN, self->r.state);
	EXPECT_EQ(0, self->r.generation);
	EXPECT_EQ(0, self->r.blob_len);
	ASSERT_EQ(0, open_(1));
	EXPECT_EQ(KTLS_OCSP_STATE_WITHDRAWN, self->opened.state);
}

/* dump */

struct seen {
	int count;
	uint32_t slots[8];
	int stop_after;
};

static int see(const struct ocsp_entry *r, void *arg)
{
	struct seen *seen = arg;

	seen->slots[seen->count++] = r->slot;
	return seen->count == seen->stop_after ? -ECANCELED : 0;
}

TEST_F(conform, dumps)
{
	struct seen seen = { 0 };
	bool settled = false;
	int i;

	ASSERT_EQ(0, ocsp_client_dump(self->client, -1, see, &seen, &settled));
	EXPECT_EQ(0, seen.count);
	EXPECT_TRUE(settled);
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, i == 2 ? open_(i) : set_(i, -1, DAY));
	ASSERT_EQ(0, ocsp_client_dump(self->client, self->session, see, &seen,
				      &settled));
	ASSERT_EQ(5, seen.count);
	for (i = 1; i < 5; i++)
		EXPECT_LT(seen.slots[i - 1], seen.slots[i]);
	seen = (struct seen) { .stop_after = 2 };
	EXPECT_EQ(-ECANCELED, ocsp_client_dump(self->client, -1, see, &seen,
					       NULL));
	EXPECT_EQ(2, seen.count);
}

/* set, del */

/* An update of what name is, through c. */
#define refused_set(update, err, text) \
	refused(err, text, ocsp_client_set(c, &name, update, NULL))

TEST_F(conform, set_refuses)
{
	static const uint8_t large[KTLS_OCSP_BLOB_MAX + 1];
	static const struct ocsp_update nothing;
	struct ocsp_client *c = self->client;
	struct ocsp_name name = BY_KEY(1), unnamed = OCSP_NAME_INIT;
	struct ocsp_update u = update_of(-1, DAY);
	char text[KTLS_OCSP_FAILURE_MAX + 2];

	refused(EINVAL, "a key or a certificate is needed (missing attribute \"key\")",
		ocsp_client_set(c, &unnamed, &u, NULL));
	refused_set(&nothing, EINVAL, "a blob or a failure is needed (missing attribute \"blob\")");
	u.failure = "both";
	refused_set(&u, EINVAL, "a blob and a failure exclude each other (attribute \"failure\")");
	u = update_of(-1, DAY);
	u.blob_len = 0;
	refused_set(&u, EINVAL, "the blob is empty (attribute \"blob\")");
	u = update_of(-1, DAY);
	u.repeated = true;
	refused_set(&u, EINVAL, "a blob is not repeated (attribute \"repeated\")");
	u = update_of(-1, DAY);
	u.blob = large;
	u.blob_len = sizeof(large);
	refused_set(&u, ERANGE, "Attribute failed policy validation (attribute \"blob\")");
	u = update_of(-1, DAY);
	u.status = 3;
	refused_set(&u, ERANGE, "integer out of range (attribute \"status\")");
	u = update_of(-1, DAY);
	u.this_update = -1;
	refused_set(&u, EINVAL, "this-update is before 1970 (attribute \"this-update\")");
	u = update_of(-1, DAY);
	u.next_update = 253402300800LL;
	refused_set(&u, EINVAL, "next-update is after the year 9999 (attribute \"next-update\")");
	u = update_of(5, 5);
	refused_set(&u, EINVAL, "next-update is not after this-update (attribute \"next-update\")");
	u = update_of(310, DAY);
	refused_set(&u, EINVAL, "this-update lies in the future (attribute \"this-update\")");
	u = update_of(-5, 0);
	refused_set(&u, ESTALE, "next-update has passed (attribute \"next-update\")");
	refused(ENOENT, "no entry has this key", fail_(1, "why"));
	ASSERT_EQ(0, open_(1));
	refused(EINVAL, "the failure has no reason (attribute \"failure\")",
		fail_(1, ""));
	refused(EINVAL, "the failure is not one line of printable ASCII (attribute \"failure\")",
		fail_(1, "two\nlines"));
	refused(EINVAL, "the failure is not one line of printable ASCII (attribute \"failure\")",
		fail_(1, "more than ASCII: \xc3\xa9"));
	memset(text, 'x', sizeof(text));
	text[KTLS_OCSP_FAILURE_MAX + 1] = '\0';
	refused(EINVAL, "Attribute failed policy validation (attribute \"failure\")",
		fail_(1, text));
	text[KTLS_OCSP_FAILURE_MAX] = '\0';
	EXPECT_EQ(0, fail_(1, text));
	ASSERT_EQ(0, get_(1));
	EXPECT_STREQ(text, self->r.failure);
	name = BY_SLOT(self->session, self->opened.slot);
	refused_set(&nothing, EINVAL, "Unsupported attribute (attribute \"slot\")");
}

TEST_F(conform, sets)
{
	struct ocsp_update u = update_of(-10, DAY);
	uint64_t generation = 0;

	/* It is created, and the numbers are the store's. */
	ASSERT_EQ(0, ocsp_client_set(self->client, &BY_CERTS(1, -1), &u,
				     &generation));
	EXPECT_EQ(1, generation);
	ASSERT_EQ(0, set_(2, -10, DAY));
	ASSERT_EQ(0, ocsp_client_set(self->client, &BY_KEY(1), &u,
				     &generation));
	EXPECT_EQ(3, generation);
	ASSERT_EQ(0, fail_(1, "first"));
	ASSERT_EQ(0, fail_(1, "second"));
	ASSERT_EQ(0, get(self, &BY_KEY(1), 3));
	EXPECT_EQ(8, self->r.cert_len);
	EXPECT_EQ(2, self->r.failures);
	EXPECT_STREQ("second", self->r.failure);
	EXPECT_LE(kt_now() - 2, self->r.failure_time);
	EXPECT_EQ(KTLS_OCSP_STATE_VALID, self->r.state);
	/* By more than a busy machine may have slept meanwhile */
	refused(EEXIST, "a response with a later this-update is stored",
		set_(1, -60, DAY));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(3, self->r.generation);
	EXPECT_EQ(2, self->r.failures);
	ASSERT_EQ(0, set_(1, -5, DAY));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(0, self->r.failures);
	EXPECT_EQ(0, self->r.failure_time);
	/* An attempt that is told again counts once. */
	ASSERT_EQ(0, repeat_(1, "first"));
	ASSERT_EQ(0, repeat_(1, "first, again"));
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(1, self->r.failures);
	EXPECT_STREQ("first, again", self->r.failure);
	EXPECT_LE(kt_now() - 2, self->r.failure_time);
	/* A failure tells the generation that is there. */
	ASSERT_EQ(0, ocsp_client_set(self->client, &BY_KEY(1),
				     &(struct ocsp_update) { .failure = "x" },
				     &generation));
	EXPECT_EQ(4, generation);
}

TEST_F(conform, deletes)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	refused(EINVAL, "a key is needed (missing attribute \"key\")",
		ocsp_client_del(self->client, &name));
	name = BY_CERTS(1, -1);
	refused(EINVAL, "Unsupported attribute (attribute \"certificate\")",
		ocsp_client_del(self->client, &name));
	refused(ENOENT, "no entry has this key", del_(1));
	ASSERT_EQ(0, set_(1, -1, DAY));
	ASSERT_EQ(0, del_(1));
	EXPECT_EQ(-ENOENT, get_(1));
	/* What a session holds stays, until nobody does, and is deleted. */
	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, set_(1, -1, DAY));
	ASSERT_EQ(0, del_(1));
	ASSERT_EQ(0, get(self, &BY_KEY(1), KTLS_OCSP_PART_CERTIFICATES));
	EXPECT_EQ(8, self->r.cert_len);
	ASSERT_EQ(0, del_(1));
	ASSERT_EQ(0, ocsp_client_close(self->client, self->session,
				       self->opened.slot));
	ASSERT_EQ(0, get_(1));
	ASSERT_EQ(0, del_(1));
	EXPECT_EQ(-ENOENT, get_(1));
}

/* By its certificates, of which the issuer is another one */
static const uint8_t other_issuer[] = "its issuer";

#define open_other(n, waits)						\
	ocsp_client_open(self->client, &((struct ocsp_name) {		\
		.session = self->session, .cert = number(n).cert,	\
		.cert_len = 8, .issuer = other_issuer,			\
		.issuer_len = sizeof(other_issuer) }), waits, &self->opened)

static bool has_issuer(FIXTURE_DATA(conform) *self, int n, const uint8_t *der,
		       size_t len)
{
	return !get(self, &BY_KEY(n), KTLS_OCSP_PART_CERTIFICATES) &&
	       self->r.issuer_len == len && !memcmp(self->r.issuer, der, len);
}

/* Who names a wrong issuer does not keep the others from a response. */
TEST_F(conform, issuer_is_replaced_until_there_is_a_response)
{
	ASSERT_EQ(0, open_(1));
	EXPECT_TRUE(has_issuer(self, 1, issuer, sizeof(issuer)));
	start_listening(true, false);
	usleep(1200000);
	ASSERT_EQ(0, open_other(1, false));
	EXPECT_TRUE(has_issuer(self, 1, other_issuer, sizeof(other_issuer)));
	/* Whoever refreshes is told, for there is something new to try. */
	EXPECT_TRUE(self->opened.refresher);
	ASSERT_EQ(0, listen_for(self, 1, 2000));
	EXPECT_EQ(1, self->count);
	ASSERT_EQ(0, fail_(1, "why"));
	ASSERT_EQ(0, open_(1));
	EXPECT_TRUE(has_issuer(self, 1, issuer, sizeof(issuer)));
	/* What there is a response with stays. */
	ASSERT_EQ(0, set_(1, -1, DAY));
	ASSERT_EQ(0, open_other(1, false));
	EXPECT_TRUE(has_issuer(self, 1, issuer, sizeof(issuer)));
	ASSERT_EQ(0, del_(1));
	conform_privileged(false);
	ASSERT_EQ(0, open_other(1, false));
	conform_privileged(true);
	EXPECT_TRUE(has_issuer(self, 1, issuer, sizeof(issuer)));
}

/* Notices */

TEST_F(conform, wanted)
{
	/* Nobody hears it: who comes within the second will. */
	ASSERT_EQ(0, open_(4));
	EXPECT_FALSE(self->opened.refresher);
	start_listening(true, false);
	ASSERT_EQ(0, ocsp_client_open(self->client, &BY_CERTS(4, self->session),
				      true, &self->opened));
	EXPECT_TRUE(self->opened.refresher);
	ASSERT_EQ(0, listen_for(self, 1, 2000));
	EXPECT_EQ(1, self->count);
	ASSERT_EQ(0, open_(1));
	EXPECT_TRUE(self->opened.refresher);
	ASSERT_EQ(0, listen_for(self, 1, 2000));
	ASSERT_EQ(1, self->count);
	EXPECT_TRUE(self->heard[0].wanted);
	EXPECT_EQ(self->opened.slot, self->heard[0].entry.slot);
	EXPECT_EQ(0, memcmp(self->heard[0].entry.key, number(1).key,
			    KTLS_OCSP_KEY_LEN));
	/* Only of who waits; and once a second, who all were heard. */
	ASSERT_EQ(0, open_(1));
	EXPECT_FALSE(self->opened.refresher);
	ASSERT_EQ(0, ocsp_client_open(self->client, &BY_CERTS(1, self->session),
				      true, &self->opened));
	EXPECT_TRUE(self->opened.refresher);
	ASSERT_EQ(0, listen_for(self, 1, 200));
	EXPECT_EQ(0, self->count);
	usleep(1200000);
	ASSERT_EQ(0, ocsp_client_open(self->client, &BY_CERTS(1, self->session),
				      true, &self->opened));
	ASSERT_EQ(0, listen_for(self, 1, 2000));
	EXPECT_EQ(1, self->count);
	ASSERT_EQ(0, set_(2, -1, DAY));
	ASSERT_EQ(0, ocsp_client_open(self->client, &BY_CERTS(2, self->session),
				      true, &self->opened));
	ASSERT_EQ(0, listen_for(self, 1, 200));
	EXPECT_EQ(0, self->count);
	ocsp_client_free(self->listener);
	self->listener = NULL;
	ASSERT_EQ(0, open_(3));
	EXPECT_FALSE(self->opened.refresher);
}

TEST_F(conform, events)
{
	const struct ocsp_update good = update_of(-2, DAY);
	struct ocsp_update revoked = update_of(-1, DAY);
	int i;

	revoked.status = KTLS_OCSP_CERT_STATUS_REVOKED;
	start_listening(false, true);
	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, ocsp_client_set(self->client, &BY_KEY(1), &good, NULL));
	ASSERT_EQ(0, fail_(1, "why"));
	ASSERT_EQ(0, ocsp_client_set(self->client, &BY_KEY(1), &revoked, NULL));
	ASSERT_EQ(0, del_(1));
	ASSERT_EQ(0, set_(2, -1, 599));
	ASSERT_EQ(0, del_(2));
	ASSERT_EQ(0, listen_for(self, 9, 2000));
	ASSERT_EQ(9, self->count);
	expect_event(1, 0, CREATED);
	EXPECT_EQ(0, self->heard[0].entry.generation);
	expect_event(1, 1, UPDATED);
	EXPECT_EQ(1, self->heard[1].entry.generation);
	EXPECT_EQ(good.next_update, self->heard[1].entry.next_update);
	expect_event(1, 2, FAILED);
	EXPECT_STREQ("why", self->heard[2].entry.failure);
	EXPECT_EQ(1, self->heard[2].entry.failures);
	EXPECT_EQ(1, self->heard[2].entry.generation);
	expect_event(1, 3, REVOKED);
	EXPECT_EQ(2, self->heard[3].entry.generation);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, self->heard[3].entry.status);
	EXPECT_EQ(revoked.next_update, self->heard[3].entry.next_update);
	EXPECT_STREQ("", self->heard[3].entry.failure);
	expect_event(1, 4, WITHDRAWN);
	EXPECT_EQ(0, self->heard[4].entry.generation);
	expect_event(2, 5, UPDATED);
	expect_event(2, 6, EXPIRING);
	expect_event(2, 7, WITHDRAWN);
	expect_event(2, 8, REMOVED);
	for (i = 1; i < 9; i++)
		EXPECT_EQ(self->heard[i - 1].number + 1, self->heard[i].number);
}

TEST_F(conform, time_passes)
{
	struct ocsp_update short_lived;

	ASSERT_EQ(0, conform_limit("min_validity", 1));
	ASSERT_EQ(0, conform_limit("linger", 1));
	ASSERT_EQ(0, open_(1));
	/* Slots in the order of their events, which fall into the same second */
	short_lived = update_of(-1, 4);
	ASSERT_EQ(0, ocsp_client_set(self->client, &BY_KEY(1), &short_lived,
				     NULL));
	ASSERT_EQ(0, ocsp_client_set(self->client, &BY_KEY(2), &short_lived,
				     NULL));
	ASSERT_EQ(0, open_(3));
	ASSERT_EQ(0, ocsp_client_close(self->client, self->session,
				       self->opened.slot));
	start_listening(false, true);
	conform_sleep(5);
	ASSERT_EQ(0, listen_for(self, 6, 2000));
	ASSERT_EQ(6, self->count);
	expect_event(3, 0, REMOVED);
	expect_event(1, 1, EXPIRING);
	expect_event(2, 2, EXPIRING);
	expect_event(1, 3, EXPIRED);
	expect_event(2, 4, EXPIRED);
	expect_event(2, 5, REMOVED);
	EXPECT_NE(0, self->heard[5].entry.generation);
	/* Held: it stays. Not held: it goes, and so does what lingered. */
	ASSERT_EQ(0, get_(1));
	EXPECT_EQ(KTLS_OCSP_STATE_EXPIRED, self->r.state);
	EXPECT_EQ(-ENOENT, get_(2));
	EXPECT_EQ(-ENOENT, get_(3));
}

TEST_F(conform, lost)
{
	ASSERT_EQ(0, open_(1));
	conform_privileged(false);
	start_listening(false, true);
	conform_privileged(true);
	ASSERT_EQ(0, conform_overrun(self->client, &BY_KEY(1)));
	ASSERT_EQ(-ENOBUFS, listen_for(self, 100000, 2000));
	EXPECT_STREQ("the netlink socket's buffer ran over",
		     ocsp_client_error(self->listener));
	/* What is left in it, and then it goes on as before. */
	while (!listen_for(self, 1, 200) && self->count)
		;
	ASSERT_EQ(0, del_(1));
	ASSERT_EQ(0, listen_for(self, 1, 2000));
	ASSERT_EQ(1, self->count);
	expect_event(1, 0, WITHDRAWN);
}

/* Limits */

TEST_F(conform, full_of_responses)
{
	ASSERT_EQ(0, conform_limit("max_entries", 3));
	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, set_(1, -1, 100));
	ASSERT_EQ(0, set_(2, -1, 300));
	ASSERT_EQ(0, set_(3, -1, 200));
	start_listening(false, true);
	/* The first one to expire of those that nobody holds makes room. */
	ASSERT_EQ(0, set_(4, -1, 400));
	ASSERT_EQ(0, listen_for(self, 2, 1000));
	expect_event(3, 0, EVICTED);
	EXPECT_NE(0, self->heard[0].entry.generation);
	expect_event(4, 1, UPDATED);
	EXPECT_EQ(-ENOENT, get_(3));
	EXPECT_EQ(0, get_(1));
	ASSERT_EQ(0, open_(2));
	ASSERT_EQ(0, open_(4));
	refused(ENOSPC, "the store is at its limit of entries",
		set_(5, -1, DAY));
	refused(ENOSPC, "the store is at its limit of entries", open_(5));
	EXPECT_EQ(0, set_(1, -1, DAY));
}

/* What is held, and withdrawn or long without a blob, makes room all the same. */
TEST_F(conform, left_the_store)
{
	struct ocsp_opened first;

	ASSERT_EQ(0, conform_limit("max_entries", 2));
	ASSERT_EQ(0, open_(1));
	first = self->opened;
	ASSERT_EQ(0, open_(2));
	refused(ENOSPC, "the store is at its limit of entries", open_(3));
	ASSERT_EQ(0, set_(1, -1, DAY));
	ASSERT_EQ(0, del_(1));
	start_listening(false, true);
	ASSERT_EQ(0, open_(3));
	EXPECT_NE(first.slot, self->opened.slot);
	ASSERT_EQ(0, listen_for(self, 2, 1000));
	expect_event(1, 0, EVICTED);
	expect_event(3, 1, CREATED);
	EXPECT_EQ(-ENOENT, get_(1));
	refused(EIDRM, "the entry left the store; close the slot and open it again",
		get(self, &BY_SLOT(self->session, first.slot), 0));
	EXPECT_EQ(0, ocsp_client_ref(self->client, self->session, first.slot));
	EXPECT_EQ(0, ocsp_client_close(self->client, self->session, first.slot));
	EXPECT_EQ(0, ocsp_client_close(self->client, self->session, first.slot));
	EXPECT_EQ(-ENOENT, ocsp_client_close(self->client, self->session,
					     first.slot));
	/* The slot is free again. */
	ASSERT_EQ(0, del_(2));
	ASSERT_EQ(0, open_(4));
	EXPECT_EQ(first.slot, self->opened.slot);
}

TEST_F(conform, full_of_bytes)
{
	ASSERT_EQ(0, conform_limit("max_bytes", 250));
	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, set_(1, -1, DAY));
	ASSERT_EQ(0, set_(2, -1, DAY));
	/* 18 of certificates and 100 of a blob, 100 of another one */
	ASSERT_EQ(0, fail_(1, "thirty bytes, and a NUL behind"));
	ASSERT_EQ(0, fail_(1, "thirty-two: 32 with its NUL ----"));
	EXPECT_EQ(-ENOENT, get_(2));
	ASSERT_EQ(0, open_(3));
	ASSERT_EQ(0, set_(1, -1, DAY));
	ASSERT_EQ(0, set_(3, -1, DAY));
	refused(ENOSPC, "the store is at its limit of bytes",
		set_(4, -1, DAY));
	refused(ENOSPC, "the store is at its limit of bytes", open_(4));
	EXPECT_EQ(-ENOENT, get_(4));
}

TEST_F(conform, full_of_handles)
{
	int fd, more;

	ASSERT_EQ(0, conform_limit("max_handles_of_user", 2));
	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, open_(2));
	EXPECT_EQ(0, open_(2));
	refused(ENOSPC, "the user is at its limit of handles", open_(3));
	EXPECT_EQ(-ENOENT, get_(3));
	ASSERT_EQ(0, conform_limit("max_handles_of_user", 10));
	ASSERT_EQ(0, conform_limit("max_handles", 2));
	refused(ENOSPC, "the store is at its limit of handles", open_(3));
	ASSERT_EQ(0, ocsp_client_session(self->client, &fd, NULL, NULL));
	ASSERT_EQ(0, conform_limit("max_sessions_of_user", 2));
	refused(ENOSPC, "the user is at its limit of sessions",
		ocsp_client_session(self->client, &more, NULL, NULL));
	ASSERT_EQ(0, conform_limit("max_sessions_of_user", 10));
	ASSERT_EQ(0, conform_limit("max_sessions", 2));
	refused(ENOSPC, "the store is at its limit of sessions",
		ocsp_client_session(self->client, &more, NULL, NULL));
	close(fd);
	EXPECT_EQ(0, ocsp_client_session(self->client, &more, NULL, NULL));
}

/* Rights */

/* In place of the fixture's: one whose holder may create. */
static int use_session_that_creates(FIXTURE_DATA(conform) *self)
{
	const struct ocsp_session_terms terms = { .create = true };

	close(self->session);
	return ocsp_client_session_for(self->client, &terms, &self->session,
				       NULL, NULL);
}

/* Whoever has such a session may create, and pays out of his share. */
TEST_F(conform, session_that_creates)
{
	ASSERT_EQ(0, use_session_that_creates(self));
	ASSERT_EQ(0, conform_limit("max_entries_of_user", 2));
	ASSERT_EQ(0, open_(1));
	conform_privileged(false);
	EXPECT_EQ(0, open_(2));
	EXPECT_EQ(0, open_(3));
	refused(ENOSPC, "the user is at its limit of entries", open_(4));
	refused(EPERM, "CAP_NET_ADMIN over the store's network namespace is needed",
		set_(2, -1, DAY));
	conform_privileged(true);
	ASSERT_EQ(0, conform_limit("max_entries_of_user", 10));
	ASSERT_EQ(0, conform_limit("max_bytes_of_user", 20));
	conform_privileged(false);
	refused(ENOSPC, "the user is at its limit of bytes", open_(4));
	conform_privileged(true);
	EXPECT_EQ(0, open_(4));
	EXPECT_EQ(0, get_(4));
	EXPECT_EQ(1, self->r.handles);
}

/* What others keep from the unprivileged does not make room for them. */
TEST_F(conform, reserve)
{
	ASSERT_EQ(0, use_session_that_creates(self));
	ASSERT_EQ(0, conform_limit("max_entries", 8));
	for (int n = 1; n <= 8; n++)
		ASSERT_EQ(0, set_(n, -1, DAY));
	conform_privileged(false);
	refused(ENOSPC, "the store is at its limit of entries", open_(9));
	conform_privileged(true);
	for (int n = 1; n <= 8; n++)
		EXPECT_EQ(0, get_(n));
	/* One in its place, then it goes. */
	ASSERT_EQ(0, del_(8));
	conform_privileged(false);
	EXPECT_EQ(0, open_(9));
	conform_privileged(true);
}

TEST_F(conform, session_of_an_owner)
{
	uid_t somebody = 4711;
	const struct ocsp_session_terms terms = { .owner = &somebody };
	const struct ocsp_session_terms both = { true, &somebody };
	int first, more;

	ASSERT_EQ(0, conform_limit("max_sessions_of_user", 1));
	ASSERT_EQ(0, ocsp_client_session_for(self->client, &terms, &first,
					     NULL, NULL));
	refused(ENOSPC, "the user is at its limit of sessions",
		ocsp_client_session_for(self->client, &terms, &more, NULL,
					NULL));
	refused(ENOSPC, "the user is at its limit of sessions",
		ocsp_client_session(self->client, &more, NULL, NULL));
	close(first);
	EXPECT_EQ(0, ocsp_client_session_for(self->client, &both, &first, NULL,
					     NULL));
	close(first);
	somebody = -1;
	refused(EINVAL, "the owner is no user of the caller's user namespace (attribute \"owner\")",
		ocsp_client_session_for(self->client, &terms, &first, NULL,
					NULL));
	somebody = 0;
	conform_privileged(false);
	refused(EPERM, "CAP_NET_ADMIN over the store's network namespace is needed (attribute \"owner\")",
		ocsp_client_session_for(self->client, &terms, &first, NULL,
					NULL));
	refused(EPERM, "CAP_NET_ADMIN over the store's network namespace is needed (attribute \"session-flags\")",
		ocsp_client_session_for(self->client, &both, &first, NULL,
					NULL));
	conform_privileged(true);
}

/* A session's descriptor says that something it holds has changed. */
TEST_F(conform, changes)
{
	struct pollfd pfd = { .fd = self->session, .events = POLLIN };
	struct ktls_ocsp_change change;

	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, set_(2, -1, DAY));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(0, set_(1, -1, DAY));
	EXPECT_EQ(1, poll(&pfd, 1, 1000));
	EXPECT_EQ(POLLIN, pfd.revents);
	ASSERT_EQ(sizeof(change), read(pfd.fd, &change, sizeof(change)));
	EXPECT_EQ(self->opened.slot, change.slot);
	EXPECT_EQ(1U << KTLS_OCSP_EVENT_UPDATED, change.events);
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(0, ocsp_client_close(self->client, self->session,
				       self->opened.slot));
	ASSERT_EQ(0, fail_(1, "why"));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
}

static int add_number(const struct ocsp_entry *r, void *arg)
{
	for (int n = 0; n < 16; n++)
		if (!memcmp(number(n).key, r->key, sizeof(r->key)))
			*(uint32_t *)arg |= 1U << n;
	return 0;
}

static uint32_t numbers(struct ocsp_client *client, uint32_t states,
			const int64_t *expires_before,
			const uint64_t *newer_than)
{
	struct ocsp_filter filter = { states, expires_before, newer_than };
	uint32_t found = 0;

	if (ocsp_client_dump_some(client, -1, &filter, add_number, &found, NULL))
		return ~0U;
	return found;
}

TEST_F(conform, filters)
{
	struct ocsp_client *c = self->client;
	int64_t before = kt_now() + DAY / 2;
	uint64_t generation = 1;

	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, set_(2, -1, DAY / 4));
	ASSERT_EQ(0, set_(3, -1, DAY));
	ASSERT_EQ(0, open_(4));
	ASSERT_EQ(0, fail_(4, "why"));
	EXPECT_EQ(1U << 1 | 1U << 2 | 1U << 3 | 1U << 4, numbers(c, 0, NULL, NULL));
	EXPECT_EQ(1U << 1, numbers(c, 1U << KTLS_OCSP_STATE_PENDING, NULL, NULL));
	EXPECT_EQ(1U << 1 | 1U << 4,
		  numbers(c, 1U << KTLS_OCSP_STATE_PENDING | 1U << KTLS_OCSP_STATE_FAILED,
			  NULL, NULL));
	EXPECT_EQ(1U << 2, numbers(c, 0, &before, NULL));
	EXPECT_EQ(1U << 3, numbers(c, 0, NULL, &generation));
	generation = 0;
	EXPECT_EQ(1U << 2, numbers(c, 1U << KTLS_OCSP_STATE_VALID, &before,
				   &generation));
	EXPECT_EQ(~0U, numbers(c, 1U << 31, NULL, NULL));
	EXPECT_STREQ("reserved bit set (attribute \"states\")",
		     ocsp_client_error(self->client));
}

TEST_F(conform, stats)
{
	struct ocsp_stats stats;
	const struct ocsp_usage *u = stats.usage;

	ASSERT_EQ(0, conform_limit("max_entries", 2));
	ASSERT_EQ(0, open_(1));
	ASSERT_EQ(0, set_(2, -1, DAY));
	ASSERT_EQ(0, set_(3, -1, DAY));
	ASSERT_EQ(0, open_(3));
	ASSERT_EQ(-ENOSPC, set_(4, -1, DAY));
	ASSERT_EQ(0, ocsp_client_stats(self->client, -1, &stats));
	EXPECT_EQ(2, u[KTLS_OCSP_RESOURCE_ENTRIES].used);
	EXPECT_EQ(2, u[KTLS_OCSP_RESOURCE_ENTRIES].limit);
	EXPECT_EQ(0, u[KTLS_OCSP_RESOURCE_ENTRIES].user_used);
	EXPECT_EQ(100 + 2 * (8 + sizeof(issuer)),
		  u[KTLS_OCSP_RESOURCE_BYTES].used);
	EXPECT_EQ(1, u[KTLS_OCSP_RESOURCE_SESSIONS].used);
	EXPECT_EQ(2, u[KTLS_OCSP_RESOURCE_HANDLES].used);
	EXPECT_EQ(2, u[KTLS_OCSP_RESOURCE_HANDLES].user_used);
	EXPECT_EQ(2, stats.blobs_set);
	EXPECT_EQ(1, stats.blobs_refused);
	EXPECT_EQ(0, stats.blobs_expired);
	EXPECT_EQ(1, stats.entries_evicted);
	EXPECT_EQ(0, stats.events_lost);
	conform_privileged(false);
	ASSERT_EQ(0, ocsp_client_stats(self->client, self->session, &stats));
	EXPECT_EQ(UINT64_MAX, u[KTLS_OCSP_RESOURCE_SESSIONS].used);
	EXPECT_EQ(2, u[KTLS_OCSP_RESOURCE_ENTRIES].used);
	EXPECT_EQ(UINT64_MAX, u[KTLS_OCSP_RESOURCE_ENTRIES].userns_used);
	conform_privileged(true);
}

TEST_F(conform, unprivileged)
{
	static const char no_right[] =
		"CAP_NET_ADMIN over the store's network namespace is needed";

	ASSERT_EQ(0, open_(1));
	conform_privileged(false);
	refused(EPERM, "CAP_NET_ADMIN over the store's network namespace is needed, or a session with the flag create",
		open_(2));
	refused(EPERM, no_right, set_(1, -1, DAY));
	refused(EPERM, no_right, fail_(1, "why"));
	refused(EPERM, no_right, del_(1));
	EXPECT_EQ(0, open_(1));
	EXPECT_EQ(0, get_(1));
	ASSERT_EQ(0, ocsp_client_new(&self->listener));
	EXPECT_EQ(-EPERM, ocsp_client_listen(self->listener, true, false));
	EXPECT_STREQ("not permitted to listen to \"wanted\": this needs CAP_NET_ADMIN in the user namespace that owns the network namespace",
		     ocsp_client_error(self->listener));
	ocsp_client_free(self->listener);
	start_listening(false, true);
	conform_privileged(true);
	ASSERT_EQ(0, set_(1, -1, DAY));
	ASSERT_EQ(0, listen_for(self, 1, 1000));
	EXPECT_EQ(1, self->count);
}

TEST_HARNESS_MAIN
