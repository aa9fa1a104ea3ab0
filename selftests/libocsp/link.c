// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp.so as other programs get it: loaded late and often, and beside
 * functions of the program's that are called as the library's. Needs no kernel.
 */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include <windows.h>
#include <wincrypt.h>
#include <libocsp/ocsp.h>

#include "forge.h"
#include "kselftest_harness.h"

#define COPIES		100
/* Bytes of thread-local memory that fit beside those of others'. */
#define TLS_MAX		64

/*
 * The program has functions of its own by these names, which come first where
 * the dynamic linker looks. What the test wants of the library it asks for.
 */
static int interposed;

PCCERT_CHAIN_CONTEXT OcspCreateCertificateChain(X509 *leaf,
						STACK_OF(X509) *others)
{
	(void)leaf;
	(void)others;
	interposed++;
	return NULL;
}

PCCERT_CHAIN_CONTEXT WINAPI CertDuplicateCertificateChain(
	PCCERT_CHAIN_CONTEXT chain)
{
	interposed++;
	return chain;
}

VOID WINAPI CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT chain)
{
	(void)chain;
	interposed++;
}

VOID WINAPI CertCloseServerOcspResponse(HCERT_SERVER_OCSP_RESPONSE h, DWORD f)
{
	(void)h;
	(void)f;
	interposed++;
}

DWORD WINAPI GetLastError(VOID)
{
	interposed++;
	return 0;
}

VOID WINAPI SetLastError(DWORD code)
{
	(void)code;
	interposed++;
}

typedef ElfW(Ehdr) elf_header;
typedef ElfW(Phdr) program_header;
typedef ElfW(Dyn) dynamic_entry;
typedef ElfW(Rela) relocation;
typedef ElfW(Sym) symbol_entry;
typedef ElfW(Xword) word;

FIXTURE(link) {
	char path[4096];		/* of the library, beside the test */
	char dir[32];
	char file[64];
};

FIXTURE_SETUP(link)
{
	ssize_t n = readlink("/proc/self/exe", self->path,
			     sizeof(self->path) - 32);

	ASSERT_LT(0, n);
	self->path[n] = '\0';
	strcpy(strrchr(self->path, '/'), "/libocsp.so.1");
	strcpy(self->dir, "/tmp/ocsp-link-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->file, sizeof(self->file), "%s/file", self->dir);
	interposed = 0;
}

static void copy_name(FIXTURE_DATA(link) *t, int n, char *name)
{
	snprintf(name, sizeof(t->file), "%.31s/%d", t->dir, n);
}

FIXTURE_TEARDOWN(link)
{
	char name[sizeof(self->file)];

	for (int i = 0; i < COPIES; i++) {
		copy_name(self, i, name);
		unlink(name);
	}
	unlink(self->file);
	rmdir(self->dir);
}

static const unsigned char *map_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st))
		abort();
	*len = st.st_size;
	data = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		abort();
	return data;
}

/* The first program header of a type, or NULL. */
static const program_header *segment(const unsigned char *elf, uint32_t type)
{
	const elf_header *head = (const void *)elf;
	const program_header *p = (const void *)(elf + head->e_phoff);

	for (int i = 0; i < head->e_phnum; i++)
		if (p[i].p_type == type)
			return &p[i];
	return NULL;
}

TEST_F(link, thread_local_memory)
{
	const program_header *tls, *dynamic;
	const unsigned char *elf;
	const dynamic_entry *d;
	size_t len;

	elf = map_file(self->path, &len);
	tls = segment(elf, PT_TLS);
	EXPECT_GE(TLS_MAX, tls ? tls->p_memsz : 0);
	dynamic = segment(elf, PT_DYNAMIC);
	ASSERT_NE(NULL, dynamic);
	d = (const void *)(elf + dynamic->p_offset);
	for (; d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_FLAGS)
			EXPECT_EQ(0, d->d_un.d_val & DF_STATIC_TLS);
	munmap((void *)elf, len);
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		abort();
}

/* Each has the thread's own errors, in threads that were there before. */
static void *use_copy(void *arg)
{
	typeof(OcspCreateCertificateChainFromFile) *chain;
	typeof(OcspGetLastErrorMessage) *text;
	typeof(GetLastError) *get;
	typeof(SetLastError) *set;

	get = dlsym(arg, "GetLastError");
	set = dlsym(arg, "SetLastError");
	text = dlsym(arg, "OcspGetLastErrorMessage");
	chain = dlsym(arg, "OcspCreateCertificateChainFromFile");
	if (!get || !set || !text || !chain || get() || text()[0] ||
	    chain(NULL) || get() != ERROR_INVALID_PARAMETER || !text()[0])
		return arg;
	set(42);
	return get() == 42 ? NULL : arg;
}

/* As modules of a server, each with its library. */
TEST_F(link, loaded_many_times)
{
	char name[sizeof(self->file)];
	void *copies[COPIES];
	pthread_t thread;
	void *fault;
	size_t len;
	const void *elf = map_file(self->path, &len);

	/* By name and file they are all different. */
	for (int i = 0; i < COPIES; i++) {
		copy_name(self, i, name);
		write_file(name, elf, len);
		copies[i] = dlopen(name, RTLD_NOW | RTLD_LOCAL);
		ASSERT_NE(NULL, copies[i]) {
			TH_LOG("copy %d: %s", i, dlerror());
		}
		EXPECT_EQ(NULL, use_copy(copies[i]));
	}
	ASSERT_EQ(0, pthread_create(&thread, NULL, use_copy, copies[0]));
	ASSERT_EQ(0, pthread_join(thread, &fault));
	EXPECT_EQ(NULL, fault);
	munmap((void *)elf, len);
}

/* What a loaded library's dynamic section has for a tag; addresses are relocated. */
static bool find_dynamic(void *so, long tag, word *value)
{
	struct link_map *map;

	if (dlinfo(so, RTLD_DI_LINKMAP, &map))
		return false;
	for (const dynamic_entry *d = map->l_ld; d->d_tag != DT_NULL; d++)
		if (d->d_tag == tag) {
			*value = d->d_un.d_val;
			return true;
		}
	return false;
}

/* No function of its own is called as the dynamic linker finds it. */
TEST_F(link, calls_by_name)
{
	word slots, size, symbols, strings;
	void *so = dlopen(self->path, RTLD_NOW | RTLD_LOCAL);
	const symbol_entry *symbol;
	const relocation *slot;

	ASSERT_NE(NULL, so);
	ASSERT_TRUE(find_dynamic(so, DT_JMPREL, &slots));
	ASSERT_TRUE(find_dynamic(so, DT_PLTRELSZ, &size));
	ASSERT_TRUE(find_dynamic(so, DT_SYMTAB, &symbols));
	ASSERT_TRUE(find_dynamic(so, DT_STRTAB, &strings));
	slot = (const void *)slots;
	EXPECT_LE(sizeof(*slot), size);
	for (; size >= sizeof(*slot); size -= sizeof(*slot), slot++) {
		symbol = (const symbol_entry *)symbols + ELF64_R_SYM(slot->r_info);
		EXPECT_EQ(SHN_UNDEF, symbol->st_shndx)
			TH_LOG("%s", (const char *)strings + symbol->st_name);
	}
	dlclose(so);
}

/* What the library calls of its own is its own. */
TEST_F(link, interposed)
{
	struct forged ca = forge_cert(&(struct forge_cert){
		.cn = "CA", .key = forge_ec(0),
		.basic_constraints = "CA:TRUE" });
	struct forged leaf = forge_cert(&(struct forge_cert){
		.cn = "leaf", .issuer = &ca, .key = forge_ec(1),
		.aia = "OCSP;URI:http://127.0.0.1:8/" });
	typeof(OcspCreateCertificateChainFromFile) *from_file;
	typeof(CertOpenServerOcspResponse) *open_handle;
	typeof(CertFreeCertificateChain) *free_chain;
	PCCERT_CHAIN_CONTEXT chain;
	FILE *f = fopen(self->file, "w");
	void *so = dlopen(self->path, RTLD_NOW | RTLD_LOCAL);

	ASSERT_NE(NULL, f);
	PEM_write_X509(f, leaf.cert);
	PEM_write_X509(f, ca.cert);
	fclose(f);
	ASSERT_NE(NULL, so) {
		TH_LOG("%s", dlerror());
	}
	/* The program's are what the library would find. */
	ASSERT_EQ((void *)GetLastError, dlsym(RTLD_DEFAULT, "GetLastError"));
	from_file = dlsym(so, "OcspCreateCertificateChainFromFile");
	open_handle = dlsym(so, "CertOpenServerOcspResponse");
	free_chain = dlsym(so, "CertFreeCertificateChain");
	ASSERT_NE(NULL, from_file);
	ASSERT_NE(NULL, open_handle);
	ASSERT_NE((void *)CertFreeCertificateChain, (void *)free_chain);
	chain = from_file(self->file);
	ASSERT_NE(NULL, chain);
	/* With the module or without: it takes a chain, and drops it. */
	EXPECT_EQ(NULL, open_handle(chain, 0x10, NULL));
	open_handle(chain, CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG, NULL);
	free_chain(chain);
	EXPECT_EQ(0, interposed);
	dlclose(so);
	forge_free(&leaf);
	forge_free(&ca);
}

TEST_HARNESS_MAIN
