// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Preloaded into PostgreSQL and its tools with AddressSanitizer. There two locks
 * of libc, gettext's and that of locales, are taken and never released before
 * main() begins, and who wants to write waits for ever: the server for
 * bindtextdomain(), and libp11-kit, which libldap brings along, for freelocale()
 * when a process ends. Without these functions messages are not translated.
 */
#include <libintl.h>
#include <locale.h>
#include <stddef.h>

#undef bindtextdomain
#undef textdomain

char *bindtextdomain(const char *domain, const char *directory)
{
	(void)domain;
	(void)directory;
	return NULL;
}

char *textdomain(const char *domain)
{
	(void)domain;
	return NULL;
}

void freelocale(locale_t locale)
{
	(void)locale;
}
