// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A network namespace that does not use the family costs a pointer and its
 * sysctls: what the module allocates for it, read from the kernel's own
 * tracepoints of allocations.
 */
#include <sched.h>
#include <stdlib.h>

#include "tracefs.h"
#include "kselftest_harness.h"

#define MOST	1024	/* bytes, beside the table of the sysctls */
#define TABLE	"ktls_ocsp_sysctls_init"
#define STORE	"ktls_ocsp_store_create"

FIXTURE(unused)
{
	struct kt_sock sk;
	struct kt_msg msg;
	char text[1 << 20];
};

FIXTURE_SETUP(unused)
{
	char pid[16];

	/* Loads the module. */
	kt_new(&self->sk);
	kt_free(&self->sk);
	if (!tracefs_start("events/kmem/kmalloc"))
		SKIP(return, "no tracefs, or a kernel without CONFIG_TRACEPOINTS");
	/* Older kernels have one more for each. */
	tracefs_write("events/kmem/kmalloc_node/enable", "1");
	tracefs_write("events/kmem/kmem_cache_alloc/enable", "1");
	tracefs_write("events/kmem/kmem_cache_alloc_node/enable", "1");
	snprintf(pid, sizeof(pid), "%d", getpid());
	ASSERT_TRUE(tracefs_write("set_event_pid", pid));
	ASSERT_TRUE(tracefs_write("buffer_size_kb", "16384"));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_TRUE(tracefs_write("tracing_on", "0"));
	ASSERT_TRUE(tracefs_read("trace", self->text, sizeof(self->text)));
	ASSERT_GT(sizeof(self->text) - 1, strlen(self->text));
	ASSERT_TRUE(tracefs_clear());
	ASSERT_TRUE(tracefs_write("tracing_on", "1"));
	kt_new(&self->sk);
}

FIXTURE_TEARDOWN_PARENT(unused)
{
	tracefs_stop();
}

/*
 * Bytes that function @name allocated, by the trace; all of the module's but
 * its sysctls' table when @name is NULL.
 */
static long allocated(const char *text, const char *name)
{
	long bytes = 0;
	char *copy = strdup(text), *rest = copy, *line, *size;

	while ((line = strsep(&rest, "\n"))) {
		size = strstr(line, "bytes_alloc=");
		if (!size || !strstr(line, "[ktls_ocsp]"))
			continue;
		if (!strstr(line, name ?: TABLE) == !name)
			bytes += atol(size + strlen("bytes_alloc="));
	}
	free(copy);
	return bytes;
}

TEST_F(unused, memory)
{
	long bytes = allocated(self->text, NULL);

	/* The settings are there, so the trace does tell. */
	EXPECT_GT(bytes, 0);
	EXPECT_LE(bytes, MOST);
	EXPECT_GT(allocated(self->text, TABLE), 0);
	ksft_print_msg("%ld bytes, and %ld of the sysctls' table\n", bytes,
		       allocated(self->text, TABLE));
}

/* What reads only makes no store; what has to have one does. */
TEST_F(unused, is_made_at_first_use)
{
	EXPECT_EQ(0, allocated(self->text, STORE));
	EXPECT_EQ(-ENOENT, kt_get(&self->sk, -1, 1, 0, &self->msg));
	EXPECT_EQ(0, kt_count(&self->sk, -1));
	EXPECT_EQ(600, kt_sysctl_get("min_validity"));
	EXPECT_EQ(0, kt_sysctl("min_validity", 700));
	ASSERT_TRUE(tracefs_read("trace", self->text, sizeof(self->text)));
	EXPECT_EQ(0, allocated(self->text, STORE));

	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_TRUE(tracefs_read("trace", self->text, sizeof(self->text)));
	EXPECT_GT(allocated(self->text, STORE), 0);
	EXPECT_EQ(1, kt_count(&self->sk, -1));
}

KT_HARNESS_MAIN
