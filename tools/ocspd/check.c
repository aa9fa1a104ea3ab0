// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspd --check-config, see check.h. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "log.h"
#include "pins.h"
#include "policy.h"

/* nobody and nogroup: no file should be theirs. */
#define OTHER_ID	65534

bool check_as_other(void)
{
	if (geteuid())
		return true;
	if (!setgroups(0, NULL) && !setresgid(OTHER_ID, OTHER_ID, OTHER_ID) &&
	    !setresuid(OTHER_ID, OTHER_ID, OTHER_ID))
		return true;
	log_text(LOG_ERR, "cannot check as an unprivileged user: %s; --same-user checks as root",
		 strerror(errno));
	return false;
}

int check_config(const char *path, struct config *config)
{
	char why[512];
	size_t count;
	int faults;

	if (policy_configure(config, why, sizeof(why)))
		return EXIT_FAILURE;
	faults = pins_check(config, &count);
	policy_clear();
	if (!config->read)
		printf("%s: not there, which is in order: the defaults hold\n",
		       path);
	else if (!faults)
		printf("%s: in order, %zu certificate%s\n", path, count,
		       count == 1 ? "" : "s");
	return faults || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
