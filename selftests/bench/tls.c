// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "bench.h"
#include "staples.h"
#include "tls.h"

static FILE *create(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		bench_die(path, errno);
	return f;
}

size_t bench_tls_files(void)
{
	struct ocsp_client *client;
	unsigned char *der;
	size_t staple_len;
	struct pki pki;
	FILE *f;

	pki_new(&pki, 1, PKI_URL, 0);
	f = create(TLS_CHAIN);
	PEM_write_X509(f, pki.leaf.cert);
	PEM_write_X509(f, pki.ca.cert);
	fclose(f);
	f = create(TLS_KEY);
	PEM_write_PrivateKey(f, pki.leaf.key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	der = pki_response(&pki, V_OCSP_CERTSTATUS_GOOD, 0, PKI_DAY,
			   &staple_len);
	f = create(TLS_STAPLE);
	fwrite(der, 1, staple_len, f);
	fclose(f);
	if (ocsp_client_new(&client) ||
	    pki_set(client, &pki, der, staple_len, KTLS_OCSP_CERT_STATUS_GOOD,
		    PKI_DAY))
		bench_die(ocsp_client_error(client), 0);
	ocsp_client_free(client);
	free(der);
	pki_free(&pki);
	return staple_len;
}

int bench_tls_reach(unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd;

	for (int i = 0; i < TLS_TRIES; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			bench_die("socket", errno);
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		close(fd);
		kt_sleep_ms(50);
	}
	bench_die("the server does not listen", errno);
	return -1;
}

double bench_tls_time(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		bench_die("the worker's time", errno);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}
