/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The sysctls of the module. Owns the tables; knows the settings behind
 * them, and no store.
 */
#ifndef KTLS_OCSP_SYSCTLS_H
#define KTLS_OCSP_SYSCTLS_H

#include <linux/sysctl.h>

#include "limits.h"

/**
 * struct ktls_ocsp_sysctls - the sysctls of one network namespace
 * @table: the table
 * @header: its registration; NULL where the kernel has no sysctls
 */
struct ktls_ocsp_sysctls {
	struct ctl_table *table;
	struct ctl_table_header *header;
};

int ktls_ocsp_sysctls_init(struct ktls_ocsp_sysctls *sysctls, struct net *net,
			   struct ktls_ocsp_settings *settings,
			   proc_handler *set_min_validity);
void ktls_ocsp_sysctls_exit(struct ktls_ocsp_sysctls *sysctls);

#endif /* KTLS_OCSP_SYSCTLS_H */
