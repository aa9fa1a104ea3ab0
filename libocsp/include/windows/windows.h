/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The base types, calling conventions and error codes of Windows that
 * <wincrypt.h> needs, for 32- and 64-bit Linux, and nothing else of Windows. Sizes
 * and values are those of Windows; they were written from Microsoft's public
 * documentation.
 *
 * WCHAR is a UTF-16 unit. In C, u"" literals have its type; L"" literals do
 * under gcc -fshort-wchar (then do not pass them to wcslen() and its kin, which
 * were compiled without). In C++ it is char16_t, or wchar_t with -fshort-wchar.
 */
#ifndef LIBOCSP_WINDOWS_H
#define LIBOCSP_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#define WINAPI
#define CALLBACK
#define VOID			void
#define CONST			const

#ifndef FALSE
#define FALSE			0
#endif
#ifndef TRUE
#define TRUE			1
#endif

typedef int			BOOL;
typedef uint8_t			BYTE;
typedef char			CHAR;
typedef uint16_t		WORD;
typedef uint32_t		DWORD;
typedef int			INT;
typedef unsigned int		UINT;
typedef int32_t			LONG;
typedef uint32_t		ULONG;
typedef int64_t			LONGLONG;
typedef uint64_t		ULONGLONG;
typedef int32_t			HRESULT;
typedef uintptr_t		ULONG_PTR;
typedef size_t			SIZE_T;

#ifndef __cplusplus
typedef uint16_t		WCHAR;
#elif __SIZEOF_WCHAR_T__ == 2
typedef wchar_t			WCHAR;
#else
typedef char16_t		WCHAR;
#endif

typedef void			*PVOID;
typedef void			*LPVOID;
typedef const void		*LPCVOID;
typedef void			*HANDLE;
typedef BYTE			*PBYTE;
typedef BYTE			*LPBYTE;
typedef DWORD			*PDWORD;
typedef DWORD			*LPDWORD;
typedef BOOL			*PBOOL;
typedef BOOL			*LPBOOL;
typedef CHAR			*PSTR;
typedef CHAR			*LPSTR;
typedef const CHAR		*PCSTR;
typedef const CHAR		*LPCSTR;
typedef WCHAR			*PWSTR;
typedef WCHAR			*LPWSTR;
typedef const WCHAR		*PCWSTR;
typedef const WCHAR		*LPCWSTR;

typedef struct _GUID {
	uint32_t		Data1;
	uint16_t		Data2;
	uint16_t		Data3;
	uint8_t			Data4[8];
} GUID;

/* Units of 100 ns since 1601-01-01 00:00:00 UTC. */
typedef struct _FILETIME {
	DWORD			dwLowDateTime;
	DWORD			dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

#define ERROR_SUCCESS			0
#define ERROR_FILE_NOT_FOUND		2
#define ERROR_PATH_NOT_FOUND		3
#define ERROR_TOO_MANY_OPEN_FILES	4
#define ERROR_ACCESS_DENIED		5
#define ERROR_INVALID_HANDLE		6
#define ERROR_NOT_ENOUGH_MEMORY		8
#define ERROR_INVALID_DATA		13
#define ERROR_OUTOFMEMORY		14
#define ERROR_WRITE_PROTECT		19
#define ERROR_NOT_READY			21
#define ERROR_WRITE_FAULT		29
#define ERROR_GEN_FAILURE		31
#define ERROR_INVALID_PARAMETER		87
#define ERROR_DISK_FULL			112
#define ERROR_FILENAME_EXCED_RANGE	206
#define ERROR_SERVICE_NOT_ACTIVE	1062
#define ERROR_NO_SYSTEM_RESOURCES	1450

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * The calling thread's last error code. The functions of <wincrypt.h> and
 * <ocsp.h> set it where they fail and, like Windows, promise nothing about it
 * where they succeed. OcspGetLastErrorMessage() in <ocsp.h> says it in words.
 */
DWORD WINAPI GetLastError(VOID);
VOID WINAPI SetLastError(DWORD dwErrCode);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* LIBOCSP_WINDOWS_H */
