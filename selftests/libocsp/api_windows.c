// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What api.c needs: on Windows, where it is
 *	api.exe CERT CERT-WITHOUT-OCSP-URL
 * with two files of certificates (DER, or a PKCS #7 with the issuer).
 */
#include <stdio.h>

#include "api_os.h"

static const char *files[2];

int api_start(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: api CERT CERT-WITHOUT-OCSP-URL\n");
		return 2;
	}
	files[API_CERT] = argv[1];
	files[API_CERT_NO_URL] = argv[2];
	return 0;
}

PCCERT_CHAIN_CONTEXT api_chain(enum api_cert which)
{
	CERT_CHAIN_PARA para = { .cbSize = sizeof(para) };
	PCCERT_CHAIN_CONTEXT chain = NULL;
	PCCERT_CONTEXT cert;
	HCERTSTORE store;

	store = CertOpenStore(CERT_STORE_PROV_FILENAME_A,
			      X509_ASN_ENCODING | PKCS_7_ASN_ENCODING, 0,
			      CERT_STORE_READONLY_FLAG, files[which]);
	if (!store)
		return NULL;
	cert = CertFindCertificateInStore(store, X509_ASN_ENCODING, 0,
					  CERT_FIND_ANY, NULL, NULL);
	if (cert)
		CertGetCertificateChain(NULL, cert, NULL, store, &para, 0, NULL,
					&chain);
	CertFreeCertificateContext(cert);
	CertCloseStore(store, 0);
	return chain;
}

BOOL api_respond(const void *bytes, DWORD len)
{
	(void)bytes;
	(void)len;
	return FALSE;
}

void api_sleep(DWORD ms)
{
	Sleep(ms);
}

PWSTR api_directory(void)
{
	static WCHAR path[MAX_PATH];

	GetTempPathW(MAX_PATH, path);
	return path;
}
