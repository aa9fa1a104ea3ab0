# SPDX-License-Identifier: GPL-2.0-or-later
#
# "make help" tells the goals. Everything that is built goes below O=.

TOP := $(CURDIR)
O ?= build
override O := $(abspath $(O))
export O
# As it was given it is another directory to the makes below.
MAKEOVERRIDES := $(filter-out O=%,$(MAKEOVERRIDES))

# The kernel to build the module for: by default that of the guest. What is
# built for each release is kept apart.
KDIR ?= /usr/src/linux-headers-$(shell selftests/vm/release)
# What it calls itself: the packages' kernel.release is not it. Not a :=, for
# the goals that build no module.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
MODDIR = $(O)/modules/$(RELEASE)

KSRC ?= $(O)/ksrc
VM := selftests/vm/run
KSELFTEST := $(O)/kselftest
SUBDIRS := libocsp tools/ocspctl tools/ocspd tools/servers/openssl
PREFIX ?= /usr/local
export PREFIX

all: modules libocsp tools selftests

help:
	@sed -n 's/^#  / /p' $(firstword $(MAKEFILE_LIST))

#  make [all]            the module, the library, the tools and the selftests
#  make modules          ktls_ocsp.ko, into build/modules
#       KDIR=DIR           for the kernel of these headers (those of the package
#                          linux-headers-amd64); W=1 C=1: more warnings, sparse;
#                          ARCH=um: of user-mode Linux
#  make demo             boot a virtual machine and show a stapled kTLS handshake
#  make check            build everything, and run all tests: on this machine, in user-mode
#                        Linux (which looks for defects) and in a virtual machine
#       TESTS="A B"        these tests alone
#       KTLS_VM_UML=no     without user-mode Linux
#  make check-quick      build, lint what changed, and run the tests that need no kernel
#  make check-kernels    the tests on the kernels of several Debian suites
#       KERNELS="A B"      these suites alone; TESTS= as above
#  make check-debug      the tests on kernels that look for defects, built first
#       KINDS=kasan        on that alone (or kcsan); TESTS= as above
#  make check-all        all of the checks, and one summary
#       CHECKS="A B"       these alone
#  make bench            what commands, staples and ocspd cost, in virtual machines
#       ACCEPT=1           compare later runs with this one
#  make fuzz             the verifier of responses
#       SECONDS=600        so long
#  make fuzz-kernel      the netlink family, on a kernel that looks for defects, built first
#       MESSAGES=1000000   so many; SEED= repeats a run
#  make netlink-check    compare the uapi header with what the spec generates
#  make syzkaller        write the family's description for syzkaller from the spec
#  make syzkaller-check  compare it with that
#  make checkpatch       the kernel's style check, over all C
#  make kernel-doc       the comments of the module's interfaces
#  make shellcheck       over all shell
#  make analyzer         gcc's -fanalyzer, over the library and the tools
#  make check-static     what takes longer: clang-tidy, coccicheck, -fanalyzer over the selftests
#  make check-sanitizers the library and the tools under ASan with UBSan, TSan and valgrind, in
#                        a virtual machine
#       VARIANTS="asan"    these alone
#  make coverage         the lines that the tests reach, in build/coverage/report
#  make install          the library, its headers and the tools
#       DESTDIR= PREFIX=/usr/local
#  make modules_install  the module, for the kernel of KDIR=
#  make clean            remove what was built
#       O=DIR              build there and not in build/

# Kbuild of older kernels writes next to the sources: it gets a tree of links.
# O= because make hands ours on, and Kbuild would take it for its own, as newer
# kernels take an empty one.
KBUILD = $(MAKE) -C $(KDIR) O=$(realpath $(KDIR))

modules:
	@mkdir -p $(MODDIR)/selftests/kmod/kunit
	@cp -rsf $(TOP)/Kbuild $(TOP)/kmod $(MODDIR)/
	@cp -rsf $(addprefix $(TOP)/selftests/kmod/,modules kunit) $(MODDIR)/selftests/kmod/
	@cp -rsf $(TOP)/kmod/*.c $(TOP)/kmod/*.h $(MODDIR)/selftests/kmod/kunit/
	@find $(MODDIR) -xtype l -delete
	+$(KBUILD) M=$(MODDIR) modules
	+$(KBUILD) M=$(MODDIR)/selftests/kmod/modules \
		KBUILD_EXTRA_SYMBOLS=$(MODDIR)/Module.symvers modules
	+$(KBUILD) M=$(MODDIR)/selftests/kmod/kunit modules
	$(if $(ARCH),,@ln -sf $(RELEASE)/kmod/ktls_ocsp.ko $(O)/modules/ktls_ocsp.ko)

modules_install: modules
	+$(KBUILD) M=$(MODDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install

libocsp:
	+$(MAKE) -C libocsp

tools: libocsp
	+$(MAKE) -C tools/ocspctl
	+$(MAKE) -C tools/ocspd
	+$(MAKE) -C tools/servers/openssl

selftests: libocsp tools
	+$(MAKE) -C selftests

install: libocsp tools
	+for dir in $(SUBDIRS); do $(MAKE) -C $$dir install || exit; done
	for header in ktls_ocsp.h ktls_ocsp_board.h; do \
		install -D -m 644 kmod/include/uapi/linux/$$header \
			$(DESTDIR)$(PREFIX)/include/linux/$$header || exit; \
	done

packages:
	selftests/ci/install_packages

# A tree that runs anywhere, for the guest
kselftest: libocsp tools
	+$(MAKE) -C selftests install INSTALL_PATH=$(KSELFTEST)

check:
	+@KTLS_VM_UML="$(KTLS_VM_UML)" selftests/ci/check $(TESTS)

check-quick:
	+@selftests/ci/check_quick

# The oldest and the newest kernel that the module is for, and the one between.
KERNELS ?= bookworm trixie trixie-backports

check-kernels:
	+@KERNELS="$(KERNELS)" selftests/ci/check_kernels $(TESTS)

check-debug:
	+@KINDS="$(KINDS)" selftests/ci/check_debug $(TESTS)

# Every goal here that checks, one after the other.
CHECKS ?= $(filter-out check-all check-quick,$(filter check check-% coverage fuzz \
	fuzz-%,$(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))))

check-all:
	@selftests/ci/check_all $(CHECKS)

demo: packages
	+@$(MAKE) -s modules kselftest
	@$(VM) --timeout 900 -- $(KSELFTEST)/system/demo.sh

fuzz: packages
	+$(MAKE) -C selftests/fuzz/verify fuzz

fuzz-kernel:
	+@MESSAGES="$(MESSAGES)" SEED="$(SEED)" selftests/fuzz/netlink/run

bench: packages
	+$(MAKE) modules kselftest
	+$(MAKE) -C selftests/bench
	selftests/bench/run $(if $(ACCEPT),--accept)

ksrc:
	@selftests/ci/fetch_ksrc $(O)/ksrc

netlink-check: ksrc
	selftests/ci/netlink_check $(KSRC)

syzkaller:
	selftests/fuzz/netlink/generate.py syzkaller kmod/ktls_ocsp.yaml \
		>selftests/fuzz/netlink/ktls_ocsp.txt

syzkaller-check:
	selftests/fuzz/netlink/syzkaller_check

checkpatch: ksrc
	selftests/ci/checkpatch $(KSRC)

kernel-doc: ksrc
	$(KSRC)/scripts/kernel-doc -none -Wall -Werror $(wildcard kmod/*.[ch] kmod/include/net/*.h)

shellcheck: ksrc
	selftests/ci/shellcheck $(KSRC)

# Everything is built once more, elsewhere, and -Werror makes a finding fail.
analyzer:
	+@CFLAGS="-O2 -g -fanalyzer" $(MAKE) libocsp tools O=$(O)/analyzer

clang-tidy:
	+@$(MAKE) libocsp tools O=$(O)/tidy CC=$(TOP)/selftests/ci/tidy_cc

coccicheck: ksrc
	selftests/ci/coccicheck $(KSRC)

check-static:
	+@selftests/ci/check_static

check-sanitizers:
	+@selftests/ci/check_sanitizers $(VARIANTS)

coverage:
	+@selftests/ci/coverage $(TESTS)

# What the subdirectories made lies there as well.
clean:
	rm -rf $(O)

.PHONY: all help modules modules_install libocsp tools selftests install packages kselftest \
	check check-quick check-kernels check-debug check-all demo bench fuzz fuzz-kernel ksrc netlink-check \
	syzkaller syzkaller-check checkpatch kernel-doc shellcheck analyzer clang-tidy coccicheck \
	check-static check-sanitizers coverage clean
