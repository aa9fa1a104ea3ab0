// SPDX-License-Identifier: LGPL-2.1-or-later
/* The calling thread's last error: a code of Windows, and a text. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "last_error.h"
#include "ocsp.h"

static _Thread_local DWORD last_error;
static _Thread_local char message[OCSP_MESSAGE_SIZE];

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
	return message;
}

void ocsp_set_error(DWORD code, const char *fmt, ...)
{
	char text[OCSP_MESSAGE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(message, text, sizeof(message));
	last_error = code;
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
