// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The board: what a mapped session shows, and whom it refuses. */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "board_test.h"

#define MANY	200

TEST_F(board, refused_protections)
{
	static const int refused[] = {
		PROT_EXEC, PROT_READ | PROT_EXEC,
		PROT_READ | PROT_WRITE | PROT_EXEC,
	};
	int fd = self->session;
	size_t len = self->size;

	/* A session is open for reading only, which mmap() sees first. */
	EXPECT_EQ(EACCES, map_errno(fd, len, PROT_WRITE, MAP_SHARED, 0));
	EXPECT_EQ(EACCES, map_errno(fd, len, PROT_READ | PROT_WRITE,
				    MAP_SHARED, 0));
	EXPECT_EQ(EPERM, map_errno(fd, len, PROT_WRITE, MAP_PRIVATE, 0));
	EXPECT_EQ(EPERM, map_errno(fd, len, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE, 0));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		EXPECT_NE(0, map_errno(fd, len, refused[i], MAP_SHARED, 0));
		EXPECT_EQ(EPERM, map_errno(fd, len, refused[i], MAP_PRIVATE, 0));
	}
	EXPECT_EQ(EPERM, map_errno(fd, len, PROT_READ | PROT_EXEC, MAP_SHARED,
				   0));
	EXPECT_EQ(0, map_errno(fd, len, PROT_READ, MAP_PRIVATE, 0));
	EXPECT_EQ(0, map_errno(fd, len, PROT_NONE, MAP_SHARED, 0));
}

static int protect_errno(void *map, size_t len, int prot)
{
	return mprotect(map, len, prot) ? errno : 0;
}

/* A debugger's way around protections. */
static int poke(void *at)
{
	uint64_t value = ~0ULL;
	int fd = open("/proc/self/mem", O_RDWR), err = 0;

	if (fd < 0 || pwrite(fd, &value, sizeof(value), (off_t)at) < 0)
		err = errno;
	close(fd);
	return err;
}

TEST_F(board, refused_later)
{
	static const int kinds[] = { MAP_SHARED, MAP_PRIVATE };

	for (int i = 0; i < 2; i++) {
		void *map = mmap(NULL, self->size, PROT_NONE, kinds[i],
				 self->session, 0);

		ASSERT_NE(MAP_FAILED, map);
		EXPECT_EQ(0, protect_errno(map, self->size, PROT_READ));
		EXPECT_EQ(EACCES, protect_errno(map, self->size, PROT_WRITE));
		EXPECT_EQ(EACCES, protect_errno(map, self->size,
						PROT_READ | PROT_WRITE));
		EXPECT_EQ(EACCES, protect_errno(map, self->size,
						PROT_READ | PROT_EXEC));
		EXPECT_EQ(EIO, poke(map));
		EXPECT_EQ(MAP_FAILED, mremap(map, self->size,
					     self->size + self->page,
					     MREMAP_MAYMOVE));
		EXPECT_EQ(KTLS_OCSP_BOARD_VERSION,
			  ((struct ktls_ocsp_board_header *)map)->version);
		munmap(map, self->size);
	}
}

#ifdef __x86_64__
/* A system call as a 32-bit process makes it, with its numbers. */
static long call_32(long number, long a, long b, long c, long d, long e)
{
	long ret;

	/* Below the red zone; the sixth argument, in ebp, is 0. */
	asm volatile("sub $128, %%rsp\n\t"
		     "push %%rbp\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "int $0x80\n\t"
		     "pop %%rbp\n\t"
		     "add $128, %%rsp"
		     : "=a"(ret)
		     : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)ret;
}

#define GETPID_32	20
#define MMAP2_32	192

static void skip(int sig)
{
	(void)sig;
	_exit(KSFT_SKIP);
}

/*
 * In a child. A kernel without 32-bit processes sends it SIGSEGV, and writes to
 * its log of those who do not handle that, as if there were a defect.
 */
static void map_32(int session, long page)
{
	signal(SIGSEGV, skip);
	if (call_32(GETPID_32, 0, 0, 0, 0, 0) != getpid())
		_exit(KSFT_SKIP);
	_exit(call_32(MMAP2_32, 0, page, PROT_READ, MAP_SHARED, session) ==
	      -EOPNOTSUPP ? KSFT_PASS : KSFT_FAIL);
}

/* It could not read a generation at once, and may not map what it misreads. */
TEST_F(board, of_a_32_bit_process)
{
	int status;
	pid_t pid;

	if (!access("/proc/exitcode", F_OK))
		SKIP(return, "user-mode Linux has no 32-bit processes");
	pid = fork();
	if (!pid)
		map_32(self->session, self->page);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	if (WEXITSTATUS(status) == KSFT_SKIP)
		SKIP(return, "the kernel runs no 32-bit processes");
	EXPECT_EQ(KSFT_PASS, WEXITSTATUS(status));
}
#endif

TEST_F(board, refused_ranges)
{
	int fd = self->session;
	size_t page = self->page;
	off_t size = self->size;

	EXPECT_EQ(EINVAL, map_errno(fd, 0, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(EINVAL, map_errno(fd, size + 1, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(EINVAL, map_errno(fd, page, PROT_READ, MAP_SHARED, size));
	EXPECT_EQ(EINVAL, map_errno(fd, size, PROT_READ, MAP_SHARED, page));
	EXPECT_EQ(EINVAL, map_errno(fd, 2 * page, PROT_READ, MAP_SHARED,
				    size - page));
	EXPECT_EQ(EINVAL, map_errno(fd, page, PROT_READ, MAP_SHARED,
				    (off_t)1 << 40));
	EXPECT_EQ(EOVERFLOW, map_errno(fd, page, PROT_READ, MAP_SHARED,
				       -(off_t)page));
	EXPECT_EQ(EINVAL, map_errno(fd, page, PROT_READ, MAP_SHARED, 1));
	EXPECT_EQ(0, map_errno(fd, page, PROT_READ, MAP_SHARED, size - page));
	EXPECT_EQ(0, map_errno(fd, 1, PROT_READ, MAP_SHARED, 0));
}

/* Nor is a mapping something to map again. */
TEST_F(board, refused_again)
{
	EXPECT_NE(0, syscall(SYS_remap_file_pages, self->map, self->page, 0, 0,
			     0));
	EXPECT_EQ(MAP_FAILED, mremap((void *)self->map, 0, self->size,
				     MREMAP_MAYMOVE));
	EXPECT_NE(0, madvise((void *)self->map, self->size, MADV_REMOVE));
	/* What was thrown away comes back as it was. */
	EXPECT_EQ(0, madvise((void *)self->map, self->size, MADV_DONTNEED));
	EXPECT_EQ(0, generation_of(self->map, self->slot));
	EXPECT_EQ(MIN_VALIDITY, min_validity_of(self->map));
}

static bool is_zero(const void *data, size_t len)
{
	const char *at = data;

	while (len--)
		if (*at++)
			return false;
	return true;
}

TEST_F(board, header)
{
	const struct ktls_ocsp_board_header *header = self->map;
	long max = kt_sysctl_get("max_entries");

	/* The header, the limit's slots, as many that nobody can use any more. */
	EXPECT_LE((2 * max + 1) * LINE, self->size);
	EXPECT_GT((2 * max + 1) * LINE + self->page, self->size);
	EXPECT_EQ(KTLS_OCSP_BOARD_VERSION, header->version);
	EXPECT_EQ(MIN_VALIDITY, header->min_validity);
	EXPECT_EQ(self->page / LINE - 1, header->slots);
	EXPECT_TRUE(is_zero(header->reserved, sizeof(header->reserved)));
	EXPECT_TRUE(is_zero(slot_of(self->map, 0), header->slots * LINE));
}

TEST_F(board, min_validity)
{
	static const long values[] = { 0, 1, 86400, MIN_VALIDITY };

	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, kt_sysctl("min_validity", values[i]));
		EXPECT_EQ(values[i], min_validity_of(self->map));
	}
	EXPECT_NE(0, kt_sysctl("min_validity", -1));
	EXPECT_EQ(MIN_VALIDITY, min_validity_of(self->map));
}

TEST_F(board, generations)
{
	uint64_t before = 0, now;

	EXPECT_EQ(0, generation_of(self->map, self->slot));
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
		now = generation_of(self->map, self->slot);
		EXPECT_LT(before, now);
		EXPECT_EQ(stored(&self->sk, 0), now);
		before = now;
		/* A failure leaves the blob, a refused set all. */
		ASSERT_EQ(0, kt_fail(&self->sk, 0, "no answer"));
		EXPECT_EQ(now, generation_of(self->map, self->slot));
		EXPECT_NE(0, kt_set_for(&self->sk, 0, -1));
		EXPECT_EQ(now, generation_of(self->map, self->slot));
		if (i % 2)
			continue;
		ASSERT_EQ(0, kt_del(&self->sk, -1, 0));
		EXPECT_EQ(0, generation_of(self->map, self->slot));
	}
	EXPECT_TRUE(is_zero(slot_of(self->map, self->slot)->reserved,
			    LINE - sizeof(uint64_t)));
}

/* The time changes nothing on the board: who reads it has a clock. */
TEST_F(board, expiry_is_not_shown)
{
	uint64_t generation;

	ASSERT_EQ(0, kt_sysctl("min_validity", 0));
	/* A part of a second is over, and a busy machine takes some. */
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, 3));
	generation = generation_of(self->map, self->slot);
	kt_sleep_ms(3500);
	EXPECT_EQ(-ESTALE, kt_get(&self->sk, -1, 0, KTLS_OCSP_PART_BLOB,
				  &self->msg));
	EXPECT_EQ(generation, generation_of(self->map, self->slot));
}

/* Another entry in the slot: the number that was there is never back. */
TEST_F(board, slot_used_again)
{
	uint64_t old;
	uint32_t slot;

	for (uint32_t n = 1; n < 20; n++) {
		ASSERT_EQ(0, kt_set_for(&self->sk, n - 1, KT_DAY));
		old = generation_of(self->map, self->slot);
		ASSERT_LT(0, old);
		ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
		EXPECT_EQ(old, generation_of(self->map, self->slot));
		ASSERT_EQ(0, kt_del(&self->sk, -1, n - 1));
		EXPECT_EQ(0, generation_of(self->map, self->slot));
		ASSERT_EQ(0, kt_create(&self->sk, self->session, n, &slot));
		ASSERT_EQ(self->slot, slot);
		EXPECT_EQ(0, generation_of(self->map, slot));
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
		EXPECT_LT(old, generation_of(self->map, slot));
	}
}

/* What the limit drops is gone from the board too. */
TEST_F(board, evicted)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	ASSERT_EQ(0, kt_sysctl("max_entries", 1));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, &slot));
	/* It had its slot before the other one lost his. */
	EXPECT_EQ(self->slot + 1, slot);
	EXPECT_EQ(0, generation_of(self->map, self->slot));
	EXPECT_EQ(0, generation_of(self->map, slot));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 2, &slot));
	EXPECT_EQ(self->slot, slot);
}

static int signal_of_read(const void *at)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(*(volatile const char *)at);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Mapped in advance, as far as there are pages, and not an error beyond. */
TEST_F(board, populated)
{
	const void *map;
	uint32_t last;

	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	map = mmap(NULL, self->size, PROT_READ, MAP_SHARED | MAP_POPULATE,
		   self->session, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(stored(&self->sk, 0), generation_of(map, self->slot));
	last = self->size / LINE - 2;
	EXPECT_EQ(SIGBUS, signal_of_read(slot_of(map, last)));
	munmap((void *)map, self->size);
}

/* Where a mapping lies, and how much is left of it, changes nothing. */
TEST_F(board, moved)
{
	void *place, *map = (void *)map_board(self->session, self->size);
	uint32_t slot, n = 0;

	ASSERT_NE(MAP_FAILED, map);
	place = mmap(NULL, self->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, place);
	ASSERT_EQ(place, mremap(map, self->size, self->size,
				MREMAP_MAYMOVE | MREMAP_FIXED, place));
	close(self->session);
	self->session = kt_session_with_board(&self->sk, &self->size);
	ASSERT_LE(0, self->session);
	do {
		ASSERT_EQ(0, kt_create(&self->sk, self->session, ++n, &slot));
	} while (slot < self->page / LINE);
	ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
	/* Its second page alone, which nobody has touched there */
	ASSERT_EQ(0, munmap(place, self->page));
	ASSERT_EQ(0, munmap((char *)place + 2 * self->page,
			    self->size - 2 * self->page));
	EXPECT_EQ(stored(&self->sk, n), generation_of(place, slot));
	EXPECT_EQ(EACCES, protect_errno((char *)place + self->page, self->page,
					PROT_WRITE));
	ASSERT_EQ(0, kt_del(&self->sk, -1, n));
	EXPECT_EQ(0, generation_of(place, slot));
	munmap((char *)place + self->page, self->page);
}

TEST_F(board, pages_come_with_slots)
{
	uint32_t per_page = self->page / LINE, slot, slots = 0;

	for (uint32_t n = 1; n < MANY; n++) {
		ASSERT_EQ(0, kt_create(&self->sk, self->session, n, &slot));
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
		slots = slots_of(self->map);
		ASSERT_LT(slot, slots);
		ASSERT_GE(slot + per_page, slots);
		ASSERT_EQ(stored(&self->sk, n), generation_of(self->map, slot));
	}
	EXPECT_EQ(SIGBUS, signal_of_read(slot_of(self->map, slots)));
	EXPECT_EQ(0, signal_of_read(slot_of(self->map, slots - 1)));
	/* They stay when the entries go. */
	close(self->session);
	for (uint32_t n = 0; n < MANY; n++)
		ASSERT_EQ(0, kt_del(&self->sk, -1, n));
	EXPECT_EQ(slots, slots_of(self->map));
	for (uint32_t i = 0; i < slots; i++)
		ASSERT_EQ(0, generation_of(self->map, i));
}

/* At the limit of entries: refused, and nothing on the board moves. */
TEST_F(board, full)
{
	/* A page without the header and the slot for who makes another go. */
	uint32_t max = self->page / LINE - 2, slot = 0, slots;
	uint64_t generation;

	ASSERT_EQ(0, kt_sysctl("max_entries", max));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	for (uint32_t n = 1; n < max; n++) {
		ASSERT_EQ(0, kt_create(&self->sk, self->session, n, &slot));
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
	}
	slots = slots_of(self->map);
	EXPECT_EQ(max + 1, slots);
	generation = generation_of(self->map, slot);
	EXPECT_EQ(-ENOSPC, kt_create(&self->sk, self->session, max, &slot));
	EXPECT_EQ(-ENOSPC, kt_set_for(&self->sk, max, KT_DAY));
	EXPECT_EQ(slots, slots_of(self->map));
	EXPECT_EQ(generation, generation_of(self->map, slot));
	/* Whoever goes makes room. */
	ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, max, &slot));
	EXPECT_EQ(max, slot);
	EXPECT_EQ(slots, slots_of(self->map));
	EXPECT_EQ(0, generation_of(self->map, self->slot));
	EXPECT_EQ(0, generation_of(self->map, slot));
}

/* A session's board ends where the limit was when the session was made. */
TEST_F(board, exhausted)
{
	uint32_t per_page = self->page / LINE, slot = 0;
	size_t size, larger;
	const void *map;
	int session, later;

	ASSERT_EQ(0, kt_sysctl("max_entries", 10));
	session = kt_session_with_board(&self->sk, &size);
	ASSERT_LE(0, session);
	EXPECT_EQ(self->page, size);
	map = map_board(session, size);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, kt_sysctl("max_entries", per_page));
	for (uint32_t n = 1; n < per_page; n++) {
		ASSERT_EQ(0, kt_create(&self->sk, session, n, &slot));
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
	}
	EXPECT_EQ(per_page - 1, slot);
	EXPECT_EQ(2 * per_page - 1, slots_of(map));
	EXPECT_EQ(EINVAL, map_errno(session, 2 * self->page, PROT_READ,
				    MAP_SHARED, 0));
	/* What is not on its board can still be asked for. */
	EXPECT_EQ(0, kt_get(&self->sk, session, slot, KTLS_OCSP_PART_BLOB,
			    &self->msg));
	EXPECT_EQ(stored(&self->sk, slot), generation_of(self->map, slot));
	later = kt_session_with_board(&self->sk, &larger);
	ASSERT_LE(0, later);
	EXPECT_LE(2 * self->page, larger);
	EXPECT_EQ(0, map_errno(later, larger, PROT_READ, MAP_SHARED, 0));
	munmap((void *)map, size);
	close(session);
	close(later);
}

/* Anybody may look; what is shown to him is of his own store. */
TEST_F(board, unprivileged)
{
	const void *map;
	size_t size;
	int session;

	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	kt_become_nobody();
	session = kt_session_with_board(&self->sk, &size);
	ASSERT_LE(0, session);
	map = map_board(session, size);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(generation_of(self->map, 0), generation_of(map, 0));
	munmap((void *)map, size);
	close(session);
}

KT_HARNESS_MAIN
