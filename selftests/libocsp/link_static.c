// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp.a, as it is installed, in a program that has functions of the same
 * names: those of the API, and (from private_names.c, which is made of the
 * other archive) all of the library's own. That it links is half of the test.
 */
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <wincrypt.h>
#include <libocsp/ocsp.h>

#include "kselftest_harness.h"

static int called;

DWORD WINAPI GetLastError(VOID)
{
	called++;
	return 0;
}

VOID WINAPI SetLastError(DWORD code)
{
	(void)code;
	called++;
}

VOID WINAPI CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT chain)
{
	(void)chain;
	called++;
}

TEST(own_names)
{
	EXPECT_EQ(NULL, OcspCreateCertificateChainFromFile("/none"));
	EXPECT_STREQ("/none: No such file or directory",
		     OcspGetLastErrorMessage());
	EXPECT_EQ(NULL, CertOpenServerOcspResponse(NULL, 0, NULL));
	EXPECT_STREQ("pChainContext is NULL", OcspGetLastErrorMessage());
	EXPECT_EQ(NULL, CertGetServerOcspResponseContext(NULL, 0, NULL));
	EXPECT_EQ(0, called);
	EXPECT_EQ(0, GetLastError());
	EXPECT_EQ(1, called);
}

TEST_HARNESS_MAIN
