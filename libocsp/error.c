// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Errors, and the calling thread's last one. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include <libocsp/ocsp.h>

/*
 * What each thread has of its own is kept small: where it fits, it is in the
 * static part of the thread-local memory, though the library was loaded later,
 * and is reached as fast.
 */
static _Thread_local DWORD last_error;
static _Thread_local const char *message;	/* NULL: none yet */
static _Thread_local char *buffer;	/* NULL, or OCSP_MESSAGE_SIZE bytes */

static pthread_key_t key;		/* frees it when the thread ends */
static bool have_key;

static void free_buffer(void *arg)
{
	if (message == arg)
		message = NULL;
	buffer = NULL;
	free(arg);
}

__attribute__((constructor))
static void last_error_init(void)
{
	have_key = !pthread_key_create(&key, free_buffer);
}

/* NULL: no memory. */
static char *get_buffer(void)
{
	char *new;

	if (buffer || !have_key)
		return buffer;
	new = malloc(OCSP_MESSAGE_SIZE);
	if (new && pthread_setspecific(key, new)) {
		free(new);
		new = NULL;
	}
	buffer = new;
	return buffer;
}

DWORD WINAPI GetLastError(VOID)
{
	return last_error;
}

VOID WINAPI SetLastError(DWORD dwErrCode)
{
	last_error = dwErrCode;
}

const char *OcspGetLastErrorMessage(void)
{
	return message ? message : "";
}

bool ocsp_error_set(struct ocsp_error *error, DWORD code, const char *fmt, ...)
{
	char text[OCSP_MESSAGE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(error->text, text, sizeof(text));
	error->code = code;
	return false;
}

bool ocsp_error_memory(struct ocsp_error *error)
{
	return ocsp_error_set(error, ERROR_NOT_ENOUGH_MEMORY, "%s",
			      strerror(ENOMEM));
}

void ocsp_error_report(const struct ocsp_error *error)
{
	int saved = errno;
	char *to = get_buffer();

	errno = saved;
	if (to)
		memcpy(to, error->text, sizeof(error->text));
	message = to ? to : "an error, and no memory to say which one";
	last_error = error->code;
}

void ocsp_error_give(const struct ocsp_error *error, OCSP_ERROR *to)
{
	if (to) {
		to->dwCode = error->code;
		snprintf(to->szMessage, sizeof(to->szMessage), "%.*s",
			 (int)sizeof(to->szMessage) - 1, error->text);
	}
	ocsp_error_report(error);
}

void ocsp_set_last_error(DWORD code, const char *fmt, ...)
{
	struct ocsp_error error = { .code = code };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error.text, sizeof(error.text), fmt, ap);
	va_end(ap);
	ocsp_error_report(&error);
}

DWORD ocsp_error_code(int err)
{
	switch (-err) {
	case OCSP_ENOMODULE:
		return ERROR_SERVICE_NOT_ACTIVE;
	case EPERM:
	case EACCES:
		return ERROR_ACCESS_DENIED;
	case ENOSPC:
		return ERROR_NO_SYSTEM_RESOURCES;
	case ENOMEM:
	case ENOBUFS:
		return ERROR_NOT_ENOUGH_MEMORY;
	case EMFILE:
	case ENFILE:
		return ERROR_TOO_MANY_OPEN_FILES;
	case EINVAL:
	case ERANGE:
		return ERROR_INVALID_PARAMETER;
	default:
		return ERROR_GEN_FAILURE;
	}
}
