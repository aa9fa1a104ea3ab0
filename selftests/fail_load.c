// SPDX-License-Identifier: GPL-2.0-only
/*
 * No memory while the module is loaded: of its initialization, that of the
 * network namespaces that there are in it, the first allocation fails, then the
 * second, until none is left. It is refused with -ENOMEM, and nothing stays.
 *
 * The kernel can do that only where it was built to (CONFIG_FAULT_INJECTION).
 */
#include <errno.h>
#include <fcntl.h>
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
};

FIXTURE_SETUP(module)
{
}

FIXTURE_TEARDOWN(module)
{
}

TEST_F_TIMEOUT(module, load_without_memory, 120)
{
	const char *missing = af_missing();
	unsigned int nth, refused = 0;
	bool met = true;
	int fd, err;

	if (missing)
		SKIP(return, "%s", missing);
	fd = open_module();
	if (fd < 0)
		SKIP(return, "no file of the module");
	err = unload();
	if (err && err != -ENOENT)
		SKIP(return, "somebody uses the module");
	af_select_init();
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
	for (nth = 1; met; nth++) {
		af_arm(nth);
		err = load(fd);
		met = af_disarm();
		refused += err != 0;
		if (err) {
			EXPECT_TRUE(met);
			EXPECT_EQ(-ENOMEM, err);
		} else {
			EXPECT_EQ(0, unload());
		}
		ASSERT_EQ(NULL, left_over())
			TH_LOG("allocation %u: %s is left", nth, left_over());
	}
	printf("# %u allocations failed, %u refused it\n", nth - 2, refused);
	EXPECT_LT(0, refused);
	af_select(false);
	EXPECT_EQ(0, load(fd));
	close(fd);
}

/* As before: a store, and room in it. */
TEST_F(module, loaded_after_that)
{
	struct kt_sock sk;
	int session;

	if (af_missing())
		SKIP(return, "%s", af_missing());
	kt_new(&sk);
	session = kt_session(&sk);
	ASSERT_LE(0, session);
	EXPECT_EQ(0, kt_create(&sk, session, 0, NULL));
	EXPECT_EQ(0, kt_set_for(&sk, 0, KT_DAY));
	EXPECT_EQ(0, kt_del(&sk, -1, 0));
	close(session);
	kt_free(&sk);
}

KT_HARNESS_MAIN
