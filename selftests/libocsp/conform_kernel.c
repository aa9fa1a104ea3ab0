// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The client's interface and the kernel's store, see conform.h. */
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "client.h"
#include "conform.h"
#include "ktest.h"

static void __attribute__((constructor)) skip_all(void)
{
	kt_skip_all();
}

void conform_begin(void)
{
	kt_new_netns();
}

int conform_limit(const char *name, unsigned int value)
{
	return kt_sysctl(name, value);
}

void conform_privileged(bool yes)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	const uint32_t bit = 1U << CAP_NET_ADMIN;

	if (syscall(SYS_capget, &head, data))
		_exit(1);
	data[0].effective = yes ? data[0].effective | bit :
				  data[0].effective & ~bit;
	if (syscall(SYS_capset, &head, data))
		_exit(1);
}

void conform_sleep(unsigned int seconds)
{
	sleep(seconds);
}

/* More than an unprivileged listener's buffer holds. */
int conform_overrun(struct ocsp_client *client, const struct ocsp_name *name)
{
	const struct ocsp_update failure = { .failure = "again" };
	int i, err = 0;

	for (i = 0; i < 2000 && !err; i++)
		err = ocsp_client_set(client, name, &failure, NULL);
	return err;
}
