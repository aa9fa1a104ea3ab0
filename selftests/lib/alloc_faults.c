// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Allocations that fail: see alloc_faults.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc_faults.h"
#include "ktest.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define MODULE_MARK	"[ktls_ocsp]"

static const char * const injectors[] = {
	DEBUGFS "failslab", DEBUGFS "fail_page_alloc"
};

static int kmsg = -1, nth_fd = -1;

/* Addresses: from START to before END. */
struct text {
	unsigned long start, end;
};

static bool exists(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

const char *af_missing(void)
{
	if (access("/proc/thread-self/fail-nth", W_OK))
		return "no CONFIG_FAULT_INJECTION";
	if (!exists(injectors[0], "ignore-gfp-wait"))
		return "no CONFIG_FAILSLAB or no debugfs";
	if (!exists(injectors[1], "ignore-gfp-wait"))
		return "no CONFIG_FAIL_PAGE_ALLOC or no debugfs";
	if (!exists(injectors[0], "require-start"))
		return "no CONFIG_FAULT_INJECTION_STACKTRACE_FILTER";
	return NULL;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		fprintf(stderr, "# %s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
}

static void set(const char *name, const char *text)
{
	char path[128];

	for (size_t i = 0; i < sizeof(injectors) / sizeof(*injectors); i++) {
		snprintf(path, sizeof(path), "%s/%s", injectors[i], name);
		if (!access(path, F_OK))
			put(path, text);
	}
}

/* A line of /proc/kallsyms: is it a function whose name ends like that? */
static bool is_function(const char *line, const char *end, unsigned long *at)
{
	size_t len = strcspn(line, "\n"), tail = strlen(end);
	char kind;

	return len > tail && !strncmp(line + len - tail, end, tail) &&
	       sscanf(line, "%lx %c", at, &kind) == 2 &&
	       (kind == 't' || kind == 'T');
}

/* From the first of these functions to a page behind the start of the last. */
static struct text text_of(const char *name)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct text text = { .start = -1UL };
	unsigned long at;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (!is_function(line, name, &at))
			continue;
		if (at < text.start)
			text.start = at;
		if (at + 4096 > text.end)
			text.end = at + 4096;
	}
	if (file)
		fclose(file);
	return text;
}

/*
 * A copy from or to user space that fails is no lack of memory, and would be
 * counted, too: ask it for a caller that there is none of.
 */
static void spare_user_copies(void)
{
	static const char dir[] = DEBUGFS "fail_usercopy";

	if (!exists(dir, "require-start"))
		return;
	put(DEBUGFS "fail_usercopy/stacktrace-depth", "0");
	put(DEBUGFS "fail_usercopy/require-start", "0x1");
	put(DEBUGFS "fail_usercopy/require-end", "0x1");
}

/* Before anything is to fail: that would fail itself, and take a number. */
static void open_files(void)
{
	if (nth_fd >= 0)
		return;
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (nth_fd < 0 || kmsg < 0) {
		fprintf(stderr, "# cannot make allocations fail: %s\n",
			strerror(errno));
		exit(1);
	}
}

/* NAME is "require" or "reject". */
static void set_text(const char *name, struct text text)
{
	char file[32], value[32];

	snprintf(file, sizeof(file), "%s-start", name);
	snprintf(value, sizeof(value), "%#lx", text.start);
	set(file, value);
	snprintf(file, sizeof(file), "%s-end", name);
	snprintf(value, sizeof(value), "%#lx", text.end);
	set(file, value);
}

static void select_text(struct text require, struct text reject, bool tell)
{
	set("ignore-gfp-wait", "0");
	set("ignore-gfp-highmem", "0");
	set("min-order", "0");
	set("verbose", tell ? "2" : "0");
	set_text("require", require);
	set_text("reject", reject);
	spare_user_copies();
	open_files();
}

void af_select(bool module_only)
{
	struct text text = { .end = -1UL };

	if (module_only)
		text = text_of("\t" MODULE_MARK);
	select_text(text, (struct text){}, module_only);
}

void af_select_pages(bool module_only, unsigned int order)
{
	char text[16];

	af_select(module_only);
	/* A caller that there is none of. */
	put(DEBUGFS "failslab/require-start", "0x1");
	put(DEBUGFS "failslab/require-end", "0x1");
	snprintf(text, sizeof(text), "%u", order);
	put(DEBUGFS "fail_page_alloc/min-order", text);
}

/* What makes a slab cache, and its directory in sysfs, by the kernel's version. */
static struct text text_of_caches(bool sysfs_only)
{
	struct text text = text_of(" sysfs_slab_add");

	if (!sysfs_only)
		text = text_of(" kmem_cache_create_usercopy");
	if (!text.end)
		text = text_of(" __kmem_cache_create_args");
	return text;
}

/*
 * A cache without its directory is no refusal, and the kernel forgets to free
 * the name of that.
 */
void af_select_init(bool with_caches)
{
	select_text(text_of(" do_one_initcall"), text_of_caches(with_caches),
		    true);
}

void af_arm(unsigned int nth)
{
	char text[16];

	lseek(kmsg, 0, SEEK_END);
	snprintf(text, sizeof(text), "%u", nth);
	if (pwrite(nth_fd, text, strlen(text), 0) < 0) {
		fprintf(stderr, "# fail-nth: %s\n", strerror(errno));
		exit(1);
	}
}

bool af_disarm(void)
{
	char text[16] = "";

	/* To a buffer that is there: what is left of the count is 0. */
	if (pread(nth_fd, text, sizeof(text) - 1, 0) < 0 ||
	    pwrite(nth_fd, "0", 1, 0) < 0) {
		fprintf(stderr, "# fail-nth: %s\n", strerror(errno));
		exit(1);
	}
	return !strtoul(text, NULL, 10);
}

/* "PREFIX;[ T123]  function+0x10/0x20 [ktls_ocsp]": the function and offset. */
static bool read_frame(char *record, char *site, size_t size)
{
	char *mark = strstr(record, MODULE_MARK), *name;

	if (!mark || strstr(record, " ? "))
		return false;
	for (name = mark; name > record && name[-1] == ' '; name--)
		;
	*name = '\0';
	name = strpbrk(record, ";") ?: record;
	name += strspn(name, "; ");
	name[strcspn(name, "/")] = '\0';
	snprintf(site, size, "%s", name);
	return true;
}

void af_site(char *site, size_t size)
{
	char record[2048];
	ssize_t len;

	*site = '\0';
	/* -EPIPE: records were overwritten before we came. */
	while ((len = read(kmsg, record, sizeof(record) - 1)) > 0 ||
	       errno == EPIPE) {
		record[len > 0 ? len : 0] = '\0';
		if (read_frame(record, site, size))
			return;
	}
}

int af_leaks(void)
{
	static const char kmemleak[] = DEBUGFS "kmemleak";
	char line[512];
	int leaks = 0;
	FILE *file;

	if (access(kmemleak, W_OK))
		return -1;
	/* It tells of nothing younger than five seconds. */
	for (int i = 0; i < 2; i++) {
		kt_sleep_ms(6000);
		put(kmemleak, "scan");
	}
	file = fopen(kmemleak, "re");
	while (file && fgets(line, sizeof(line), file)) {
		printf("# %s", line);
		leaks += !!strstr(line, MODULE_MARK);
	}
	if (file)
		fclose(file);
	return leaks;
}
