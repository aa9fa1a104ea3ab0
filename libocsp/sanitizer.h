/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What LeakSanitizer offers to the programs that are built with it. */
#ifndef OCSP_SANITIZER_H
#define OCSP_SANITIZER_H

#include <stddef.h>

void __lsan_register_root_region(const void *p, size_t size);
void __lsan_unregister_root_region(const void *p, size_t size);

#endif /* OCSP_SANITIZER_H */
