// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The client's interface and the stand-in for the store, see conform.h. */
#include <stdlib.h>
#include <unistd.h>

#include "conform.h"
#include "standin.h"
#include "standin_local.h"

void conform_begin(void)
{
	if (standin_local_load())
		abort();
}

int conform_limit(const char *name, unsigned int value)
{
	return standin_limit(name, value);
}

void conform_privileged(bool yes)
{
	standin_local_privileged(yes);
}

void conform_sleep(unsigned int seconds)
{
	unsigned int i;

	for (i = 0; i < 20 * seconds; i++) {
		usleep(50000);
		standin_local_run();
	}
}

int conform_overrun(struct ocsp_client *client, const struct ocsp_name *name)
{
	const struct standin_control lose = {
		.action = STANDIN_ACTION_LOSE,
		.times = 1,
	};
	const struct ocsp_update failure = { .failure = "again" };
	struct standin_reply reply;
	int err;

	err = standin_control(&lose, &reply);
	return err ? err : ocsp_client_set(client, name, &failure, NULL);
}
