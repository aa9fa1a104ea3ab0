# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# What the Makefile of each folder of tests includes, after it has named its
# tests in the variables of the kernel's lib.mk (TEST_GEN_PROGS, TEST_PROGS,
# TEST_FILES and so on) and in these lists, and before its own rules:
#
#   TESTS_USER		the tests that need nothing of the kernel
#   TESTS_CONCURRENT	those that run on the kernel with KCSAN
#   TESTS_STOCK		those that run on the stock kernel in QEMU too, where the others run
#			in user-mode Linux alone: which has one processor and no vDSO
#   TESTS_NOT_UML	those that cannot run in user-mode Linux, but in QEMU
#   TESTS_KERNELS	those that run on other kernels than the everyday ones, beside the others
#   TESTS_MORE		those that "make check-more" runs: with packages that no other test takes, or with
#			bars for a machine that does nothing else
#   TESTS_LONG		those that make check-quick leaves out, and a kernel in QEMU that looks for defects
#   TESTS_COVERAGE, TESTS_ASAN, TESTS_TSAN, TESTS_VALGRIND
#			those that run in these builds of the library and the tools
#
# O= is the build directory of the whole project, KSRC= a kernel source tree
# (or what ci/fetch_ksrc took from one).

all:

selftests := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
folder := $(patsubst $(selftests)/%,%,$(CURDIR))
TOP := $(abspath $(selftests)/..)
O ?= $(TOP)/build
override O := $(abspath $(O))
KSRC ?= $(O)/ksrc
KSELFTEST := $(abspath $(KSRC))/tools/testing/selftests
OUTPUT := $(O)/selftests/$(folder)
building_out_of_srctree := 1

# The name of the folder is that of the kselftest collection.
COLLECTION := $(folder)
ifneq ($(INSTALL_PATH),)
override INSTALL_PATH := $(abspath $(INSTALL_PATH))/$(folder)
endif

# lib.mk ignores the settings of a directory that is not in the kernel's tree.
ifneq ($(wildcard settings),)
export kselftest_override_timeout ?= $(shell sed -n 's/^timeout=//p' settings)
endif
export PATH := $(O)/selftests/lib:$(PATH)

# What is built for one checker leaves out what is built for another one.
TEST_GEN_FILES := $(filter-out $(OMIT),$(TEST_GEN_FILES))

LOCAL_HDRS := $(wildcard *.h $(selftests)/lib/*.h)
PKGS := libnl-genl-3.0 libssl libcrypto
# The makefiles of what is tested get what was given, without what is for the tests.
others := env $(if $(filter undefined default,$(origin CFLAGS)),-u CFLAGS,CFLAGS='$(CFLAGS)')
# The harness' fixtures have no prototypes.
CFLAGS += -std=gnu11 -O2 -g -Wall -Wextra -Wstrict-prototypes -Wshadow $(if $(WERROR),-Werror) \
	-isystem $(KSELFTEST) -I$(selftests)/lib -I$(TOP)/libocsp/include -I$(TOP)/libocsp/include/windows \
	-I$(TOP)/libocsp -I$(TOP)/kmod/include/uapi $(shell pkg-config --cflags $(PKGS))
LDLIBS += $(shell pkg-config --libs $(PKGS)) -lkeyutils -lpthread -Wl,--wrap=alarm

include $(KSELFTEST)/lib.mk

# Only where it was not given: a kernel tree is not ours to make.
ifeq ($(abspath $(KSRC)),$(O)/ksrc)
$(KSELFTEST)/lib.mk: $(selftests)/ci/fetch_ksrc
	@$< $(O)/ksrc >/dev/null
	@touch $@
endif

# What the programs of all folders are linked with: lib/ builds it.
HELPERS := alloc_faults der faults forge kcmd ksys ktest patience pki program_faults
helpers := $(O)/selftests/lib/helpers.a
malloc_faults := $(O)/selftests/lib/malloc_faults.o
libocsp := $(O)/libocsp/libocsp-private.a
include $(selftests)/lib/standin.mk

$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED): $(helpers) $(libocsp) | $(OUTPUT)

ifneq ($(folder),lib)
# The Makefile above has built lib/ already.
ifeq ($(LIB_IS_BUILT),)
$(helpers) $(malloc_faults) $(libocsp) $(sort $(standin) $(standin_local)): build_lib
	@:

build_lib:
	+$(Q)$(MAKE) -C $(selftests)/lib
endif
endif

# A test in shell with the stand-in for the store
$(OUTPUT)/%_standin.sh: $(selftests)/lib/in_standin.sh | $(OUTPUT)
	$(Q)cp $< $@

$(OUTPUT):
	$(Q)mkdir -p $@

emit_lists:
	@printf '%s\n' $(foreach list,USER CONCURRENT STOCK NOT_UML KERNELS MORE LONG COVERAGE ASAN TSAN VALGRIND,\
		$(foreach test,$(TESTS_$(list)),'$(list) $(folder)/$(test)'))

# The CFLAGS of what is to end at each mistake that it makes
sanitize := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

FORCE:
.PHONY: all build_lib emit_lists FORCE
