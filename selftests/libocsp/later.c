// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp: handles that are opened before the kernel can give one. With the
 * module, and as later_standin without one, where more can be missing.
 */
#include "store_test.h"

#define LATER	(ASYNC | OCSP_OPEN_LATER_FLAG)

/* How long it takes to attach, in ms; -1: longer than that. */
static int64_t time_to_attach(HCERT_SERVER_OCSP_RESPONSE h, int64_t most)
{
	int64_t start = kt_uptime_ms();

	while (kt_uptime_ms() - start < most) {
		if (OcspIsAttached(h, NULL))
			return kt_uptime_ms() - start;
		kt_sleep_ms(10);
	}
	return -1;
}

TEST_F(store, attached_at_once)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(1, OcspIsAttached(h, NULL));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
}

/* Neither an argument nor the certificate becomes better by waiting. */
TEST_F(store, what_is_not_waited_for)
{
	OCSP_ERROR error;

	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 1, LATER, NULL,
						   &error));
	expect_told(error, CRYPT_E_NOT_IN_REVOCATION_DATABASE, "names no OCSP responder");
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 9, LATER, NULL,
						   &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "fewer certificates");
	EXPECT_EQ(0, OcspIsAttached(NULL, &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "no handle");
}

TEST_F(store, no_room)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	OCSP_ERROR error;

	ASSERT_EQ(0, set_limit("max_handles", 0));
	EXPECT_EQ(NULL, CertOpenServerOcspResponse(self->chain, ASYNC, NULL));
	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(0, OcspIsAttached(h, &error));
	expect_told(error, ERROR_NO_SYSTEM_RESOURCES, "limit of handles");
	expect_offline(h, "limit of handles");

	ASSERT_EQ(0, set_limit("max_handles", 100));
	EXPECT_LE(0, time_to_attach(h, 5000));
	EXPECT_EQ(1, handles(self));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
}

/* A Get is enough. */
TEST_F(store, attached_by_get)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int i;

	ASSERT_EQ(0, set_limit("max_handles", 0));
	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, set_limit("max_handles", 100));
	ASSERT_EQ(0, set_good(self));
	for (i = 0; i < 50 && !(get_is_ok(h) && handles(self) == 1); i++)
		kt_sleep_ms(100);
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
}

TEST_F(store, closed_while_it_waits)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	ASSERT_EQ(0, set_limit("max_handles", 0));
	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	ASSERT_NE(NULL, h);
	CertAddRefServerOcspResponse(h);
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, OcspIsAttached(h, NULL));
	CertCloseServerOcspResponse(h, 0);
}

static PCCERT_CHAIN_CONTEXT leaf_alone(const FIXTURE_DATA(store) *self)
{
	return pki_leaf_chain(&self->pki);
}

/* Without the issuer it waits for who adds the certificate with it. */
TEST_F(store, no_issuer)
{
	PCCERT_CHAIN_CONTEXT chain = leaf_alone(self);
	HCERT_SERVER_OCSP_RESPONSE h;
	OCSP_ERROR error;

	h = CertOpenServerOcspResponse(chain, LATER, NULL);
	CertFreeCertificateChain(chain);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(0, OcspIsAttached(h, &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "lacks the certificate's issuer");
	ASSERT_EQ(0, set_good(self));
	EXPECT_LE(0, time_to_attach(h, 5000));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

#ifdef STANDIN

/* What is missing first, and how it is called. */
TEST_F(store, no_module)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	OCSP_ERROR error;

	ocsp_client_free(self->client);
	self->client = NULL;
	ASSERT_EQ(0, standin_local_unload());
	EXPECT_EQ(NULL, CertOpenServerOcspResponse(self->chain, ASYNC, NULL));
	/* Also one that waits for a response, which does not wait for this. */
	h = CertOpenServerOcspResponse(self->chain, OCSP_OPEN_LATER_FLAG, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(0, OcspIsAttached(h, &error));
	expect_told(error, ERROR_SERVICE_NOT_ACTIVE, "modprobe ktls_ocsp");
	expect_no_context(h, ERROR_SERVICE_NOT_ACTIVE, "modprobe ktls_ocsp");

	ASSERT_EQ(0, standin_local_load());
	ASSERT_EQ(0, ocsp_client_new(&self->client));
	EXPECT_LE(0, time_to_attach(h, 5000));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, no_privilege)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	OCSP_ERROR error;

	standin_local_privileged(false);
	EXPECT_EQ(NULL, CertOpenServerOcspResponse(self->chain, ASYNC, NULL));
	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(0, OcspIsAttached(h, &error));
	expect_told(error, ERROR_ACCESS_DENIED, "CAP_NET_ADMIN");
	expect_offline(h, "CAP_NET_ADMIN");

	/* Somebody adds it. */
	standin_local_privileged(true);
	ASSERT_EQ(0, set_good(self));
	standin_local_privileged(false);
	EXPECT_LE(0, time_to_attach(h, 5000));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

/* Three attempts that fail are 1, 2 and 4 seconds before the next ones. */
TEST_F(store, backs_off)
{
	struct standin_control control = {
		.action = STANDIN_ACTION_FAIL, .op = STANDIN_OPEN,
		.err = ENOMEM, .times = 3,
	};
	struct standin_reply reply;
	HCERT_SERVER_OCSP_RESPONSE h;
	OCSP_ERROR error;
	int64_t ms;

	ASSERT_EQ(0, standin_control(&control, &reply));
	h = CertOpenServerOcspResponse(self->chain, LATER, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(0, OcspIsAttached(h, &error));
	expect_told(error, ERROR_NOT_ENOUGH_MEMORY, "memory");
	ms = time_to_attach(h, 12000);
	EXPECT_LT(5500, ms);
	EXPECT_GT(8500, ms);
	CertCloseServerOcspResponse(h, 0);
}

#endif

TEST_HARNESS_MAIN
