// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * No memory while the module is loaded: of its initialization, that of the
 * network namespaces that there are in it, the first allocation fails, then the
 * second, until none is left. It is refused with -ENOMEM, and nothing stays.
 *
 * The kernel can do that only where it was built to (CONFIG_FAULT_INJECTION).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc_faults.h"
#include "ktest.h"
#include "kselftest_harness.h"

#define MODULE	"ktls_ocsp"

/* Its file, open; -1 where there is none. */
static int open_module(void)
{
	FILE *pipe = popen("modinfo -n " MODULE, "r");
	char path[256] = "";

	if (pipe && fgets(path, sizeof(path), pipe))
		path[strcspn(path, "\n")] = '\0';
	if (pipe)
		pclose(pipe);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int load(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

/* What was used a moment ago may still be about to let go. */
static int unload(void)
{
	int err = 0;

	for (int i = 0; i < 50; i++) {
		err = syscall(SYS_delete_module, MODULE, O_NONBLOCK) ?
		      -errno : 0;
		if (err != -EAGAIN && err != -EBUSY)
			break;
		kt_sleep_ms(100);
	}
	return err;
}

/* What it makes: itself, its settings, its slab caches. NULL, or what is left. */
static const char *left_over(void)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	const char *left = NULL;
	char line[512];

	if (!access("/sys/module/" MODULE, F_OK))
		left = "the module";
	else if (!access("/proc/sys/net/" MODULE, F_OK))
		left = "its settings";
	while (!left && file && fgets(line, sizeof(line), file))
		if (!strncmp(line, MODULE, strlen(MODULE)))
			left = "a slab cache";
	if (file)
		fclose(file);
	return left;
}

FIXTURE(module)
{
	int fd;
};

FIXTURE_SETUP(module)
{
	int err;

	self->fd = -1;
	if (af_missing())
		SKIP(return, "%s", af_missing());
	self->fd = open_module();
	if (self->fd < 0)
		SKIP(return, "no file of the module");
	err = unload();
	if (err && err != -ENOENT)
		SKIP(return, "somebody uses the module");
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
}

FIXTURE_TEARDOWN(module)
{
	close(self->fd);
}

/* As ever: a store, and room in it. NULL, or what does not work. */
static const char *broken(void)
{
	const char *what = NULL;
	struct kt_sock sk;
	int session;

	kt_new(&sk);
	session = kt_session(&sk);
	if (session < 0)
		what = "session";
	else if (kt_create(&sk, session, 0, NULL))
		what = "create";
	else if (kt_set_for(&sk, 0, KT_DAY))
		what = "set";
	else if (kt_del(&sk, -1, 0))
		what = "del";
	close(session);
	kt_free(&sk);
	return what;
}

/*
 * The first allocation, the second ... until there are fewer; from STEP on with
 * growing gaps.
 */
static void fail_each(struct __test_metadata *_metadata, int fd,
		      unsigned int step)
{
	unsigned int met = 0, refused = 0;
	unsigned int nth = 1;
	int err;

	for (;; nth += 1 + nth / step) {
		af_arm(nth);
		err = load(fd);
		if (!af_disarm())
			break;
		met++;
		refused += err != 0;
		EXPECT_EQ(err ? -ENOMEM : 0, err ?: unload());
		ASSERT_EQ(NULL, left_over())
			TH_LOG("allocation %u: %s is left", nth, left_over());
	}
	printf("# of fewer than %u allocations %u failed, %u refused it\n", nth,
	       met, refused);
	EXPECT_EQ(0, err);
	EXPECT_LT(0, refused);
	af_select(false);
	EXPECT_EQ(NULL, broken());
}

TEST_F_TIMEOUT(module, load_without_memory, 120)
{
	af_select_init(false);
	fail_each(_metadata, self->fd, UINT_MAX);
}

/* They are many of a kind. */
TEST_F_TIMEOUT(module, caches_without_memory, 120)
{
	af_select_init(true);
	fail_each(_metadata, self->fd, 16);
}

KT_HARNESS_MAIN
