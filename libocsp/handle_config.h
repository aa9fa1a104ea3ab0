/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What a handle was opened for, and what seldom changes of it. Private to libocsp. */
#ifndef OCSP_HANDLE_CONFIG_H
#define OCSP_HANDLE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/ktls_ocsp.h>

#include "directory.h"
#include "error.h"
#include "updates.h"
#include <wincrypt.h>

struct ocsp_handle_config {
	/* Constant, once the application has the handle. */
	PCCERT_CHAIN_CONTEXT chain;	/* referenced */
	PCCERT_CONTEXT leaf;		/* in chain, as is the next */
	PCCERT_CONTEXT issuer;		/* NULL: the chain does not have it */
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct ocsp_directory *directory;	/* NULL: there is none */
	PFN_CERT_SERVER_OCSP_RESPONSE_UPDATE_CALLBACK callback;
	PVOID callback_arg;

	/* Of its handle, protected by the library's lock, all that follows. */
	unsigned int opens;		/* the application's references */
	unsigned int kernel_refs;	/* <= opens */
	uint32_t slot;			/* in the session's store */
	struct ocsp_error *failure;	/* why there is nothing, or NULL */
	struct ocsp_error *refusal;	/* why it is not held, or NULL */
	struct ocsp_updates updates;	/* what is told to the application */
};

/*
 * For certificate i of the chain, from the arguments of an open; para may be
 * NULL. NULL: *error says why.
 */
struct ocsp_handle_config *
ocsp_handle_config_new(PCCERT_CHAIN_CONTEXT chain, DWORD i,
		       PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA para,
		       struct ocsp_error *error);
/* Takes NULL. */
void ocsp_handle_config_free(struct ocsp_handle_config *config);

/* The directory that is read, or that is written to; or NULL. */
static inline struct ocsp_directory *
ocsp_handle_config_read(const struct ocsp_handle_config *config)
{
	struct ocsp_directory *d = config->directory;

	return d && !d->write ? d : NULL;
}

static inline struct ocsp_directory *
ocsp_handle_config_write(const struct ocsp_handle_config *config)
{
	struct ocsp_directory *d = config->directory;

	return d && d->write ? d : NULL;
}

/* Does somebody want to be told of each response, without asking? */
static inline bool
ocsp_handle_config_wants_updates(const struct ocsp_handle_config *config)
{
	return config->callback || ocsp_handle_config_write(config);
}

#endif /* OCSP_HANDLE_CONFIG_H */
