# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# "make help" lists the goals. Everything that is built goes below O=.

TOP := $(CURDIR)
O ?= build
override O := $(abspath $(O))
export O
# As it was given it is another directory to the makes below.
MAKEOVERRIDES := $(filter-out O=%,$(MAKEOVERRIDES))

# With FOR_TESTS=1 the module is built for the kernel of the tests' virtual
# machine, the test modules are built too, and a warning is an error.
guest_kdir = /usr/src/linux-headers-$(shell selftests/vm/release)
KDIR ?= $(if $(FOR_TESTS),$(guest_kdir),/lib/modules/$(shell uname -r)/build)
WERROR ?= $(FOR_TESTS)
export WERROR
# What the kernel calls itself: the packages' kernel.release is not it. Not a
# :=, for the goals that build no module.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
MODDIR = $(O)/modules/$(RELEASE)

KSRC ?= $(O)/ksrc
KSELFTEST := $(O)/kselftest
PROGRAMS := $(addprefix tools/,ocspctl ocspd ocsp-broker ocsp-export)
SERVERS := $(addprefix tools/servers/,openssl gnutls apache nginx)
TOOLS := $(PROGRAMS) $(SERVERS) tools/examples
INSTALLED := libocsp libocsp/ssl libocsp/gnutls $(PROGRAMS) $(SERVERS) tools/man tools/sysctl
PREFIX ?= /usr/local
INCLUDEDIR ?= $(PREFIX)/include
export PREFIX INCLUDEDIR
VERSION = $(shell sed -n 's/^VERSION := //p' libocsp/Makefile)

all: libocsp tools modules

help:
	@sed -n 's/^#  / /p' $(firstword $(MAKEFILE_LIST))

#  make [all]            the module, the library and the tools
#       O=DIR              build in this directory (build/)
#       WERROR=1           a warning is an error
#  make modules          ktls_ocsp.ko, in build/modules
#       KDIR=DIR           for the kernel with these headers (those of the
#                          running kernel); W=1 C=1: more warnings, sparse;
#                          ARCH=um: of user-mode Linux
#  make install          the library, its headers, the tools and their man pages
#       DESTDIR= PREFIX=/usr/local LIBDIR= INCLUDEDIR= SBINDIR= MANDIR=
#       SYSCONFDIR=/etc UNITDIR= CATALOGDIR= UDEVDIR=
#  make uninstall        remove what "install" with the same variables put there
#  make modules_install  the module, for the kernel of KDIR=
#  make demo             show a stapled kTLS handshake in a virtual machine
#  make check-quick      build, lint what changed, run the tests that need no kernel, but for
#                        the longest, among them those of servers
#  make check            build everything and run all tests: on this machine, in user-mode
#                        Linux, with a kernel that finds defects, and in QEMU
#       TESTS="A B"        these tests only
#       KTLS_VM_UML=no     without user-mode Linux
#  make check-kernels    run the tests on the stock kernels of several Debian suites
#       KERNELS="A B"      these suites only; TESTS= as above
#  make check-kernel-tree
#                        put the module into the newest kernel source, and build it there
#  make check-arch       build for arm64, s390x and riscv64, and run some tests on an
#                        emulated arm64
#       ARCHS="A B"        for these only; ARCH_TESTS="A B": these tests only
#  make check-packages   build, install, use, upgrade and remove the Debian packages
#       SUITES="A B"       of these suites (bookworm and trixie)
#       PARTS="A B"        these parts only: see selftests/ci/check_packages
#  make check-debug      run the tests on kernels built to find defects
#       KINDS=kasan        on this kernel only (or kcsan); TESTS= as above
#  make check-sanitizers run the tests of the library and the tools with ASan and
#                        UBSan, with TSan, and in valgrind
#       VARIANTS="asan"    with these only; TESTS= as above
#  make check-more       run the tests that take packages which no other test does
#  make check-static     the slow linters: clang-tidy, coccicheck, -fanalyzer
#  make check-all        all checks, coverage and fuzzing, with one summary
#       CHECKS="A B"       these goals only
#  make lint             the linters that "check" runs
#       LINTS="A B"        these only; selftests/ci/lint --help lists them
#  make fuzz             fuzz the verifier of responses
#       SECONDS=600        for this long
#       KIND=netlink       fuzz the netlink family, on a kernel built to find
#                          defects; MESSAGES=1000000, SEED= repeats a run,
#                          MACHINE=uml is faster and tells no coverage
#  make coverage         the lines that the tests reach: build/coverage/report
#  make bench            measure the commands, staples and ocspd
#       ACCEPT=1           compare later runs with this one
#  make bench-peers      compare with the stapling that servers have of their own
#       ROWS="A B"         these rows only; AGAIN=1: tell which counts differ from the last run's
#       ACCEPT=1           publish these figures: selftests/bench/peers/accepted.json and outage.svg
#  make kernel-tree      put module, documentation and tests into a kernel tree
#       DEST=DIR           this one; CONFIG_KTLS_OCSP builds it there
#  make dist             a tarball of the last commit
#  make deb              Debian packages of the last commit, in build/deb
#       SUITES="A B"       for these suites (bookworm and trixie)
#       TARBALL=FILE       of what "make dist" made, and not of the last commit
#  make clean            remove what was built

# Kbuild of older kernels writes next to the sources: it gets a tree of links.
# O= because make hands ours on, and Kbuild would take it for its own, as newer
# kernels take an empty one.
KBUILD = $(MAKE) -C $(KDIR) O=$(realpath $(KDIR))
TEST_MODDIR = $(MODDIR)/selftests/kmod

modules:
	@[ -e $(KDIR)/Makefile ] || { \
		echo "modules: $(KDIR): no kernel headers there (install them, or set KDIR=)" >&2; \
		exit 1; \
	}
	@mkdir -p $(MODDIR)
	@cp -rsf $(TOP)/Kbuild $(TOP)/kmod $(MODDIR)/
	@find $(MODDIR) -xtype l -delete
	+$(KBUILD) M=$(MODDIR) modules
	$(if $(FOR_TESTS),+@$(MAKE) test-modules)
	$(if $(ARCH),,@ln -sf $(RELEASE)/kmod/ktls_ocsp.ko $(O)/modules/ktls_ocsp.ko)

test-modules:
	@mkdir -p $(TEST_MODDIR)/kunit
	@cp -rsf $(addprefix $(TOP)/selftests/kmod/,modules kunit) $(TEST_MODDIR)/
	@cp -rsf $(TOP)/kmod/*.c $(TOP)/kmod/*.h $(TEST_MODDIR)/kunit/
	@find $(TEST_MODDIR) -xtype l -delete
	+$(KBUILD) M=$(TEST_MODDIR)/modules KBUILD_EXTRA_SYMBOLS=$(MODDIR)/Module.symvers modules
	+$(KBUILD) M=$(TEST_MODDIR)/kunit modules

# What the system keeps of what is installed. Below DESTDIR, and for whoever is not root, that is
# somebody else's to do. Not each PATH of root's has sbin.
refresh = $(if $(DESTDIR),,[ "$$(id -u)" != 0 ] || PATH=$$PATH:/usr/sbin:/sbin $(1))

# The headers of a package have no System.map, so Kbuild leaves depmod out; nor a key, and it would complain
# that it cannot sign.
UNSIGNED = $(if $(wildcard $(KDIR)/System.map),,CONFIG_MODULE_SIG_ALL=)

modules_install: modules
	+$(KBUILD) M=$(MODDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) $(UNSIGNED) modules_install
	$(call refresh,depmod $(RELEASE))

# See libocsp/link.mk.
libocsp:
	+$(MAKE) -C libocsp
	+$(MAKE) -C libocsp/staple
	+$(MAKE) -C libocsp/ssl ASKED=$(O)
	+$(MAKE) -C libocsp/gnutls ASKED=$(O)

tools: libocsp
	+for dir in $(TOOLS); do $(MAKE) -C $$dir ASKED=$(O) || exit; done

UAPI := ktls_ocsp.h ktls_ocsp_board.h ktls_ocsp_session.h

install: libocsp tools
	+for dir in $(INSTALLED); do $(MAKE) -C $$dir ASKED=$(O) install || exit; done
	install -d $(DESTDIR)$(INCLUDEDIR)/linux
	install -m 644 $(UAPI:%=kmod/include/uapi/linux/%) $(DESTDIR)$(INCLUDEDIR)/linux
	$(call refresh,ldconfig)

uninstall:
	+for dir in $(INSTALLED); do $(MAKE) -C $$dir uninstall || exit; done
	rm -f $(UAPI:%=$(DESTDIR)$(INCLUDEDIR)/linux/%)
	$(call refresh,ldconfig)

# A tree that runs anywhere, for the guest
kselftest: libocsp tools
	+$(MAKE) -C selftests install INSTALL_PATH=$(KSELFTEST) ASKED=$(O)

# The part of the kernel's source that the tests and the linters use
ksrc:
	@selftests/ci/fetch_ksrc $(KSRC) >/dev/null

check check-quick check-kernels check-kernel-tree check-arch check-packages check-debug check-sanitizers \
check-more check-static check-all lint fuzz coverage bench: export FOR_TESTS := 1

check:
	+@KTLS_VM_UML="$(KTLS_VM_UML)" selftests/ci/check $(TESTS)

check-quick:
	+@selftests/ci/check_quick

# The oldest and the newest kernel that the module is for, and the one between.
KERNELS ?= bookworm trixie trixie-backports

check-kernels:
	+@KERNELS="$(KERNELS)" selftests/ci/check_kernels $(TESTS)

check-kernel-tree:
	+@selftests/ci/check_kernel_tree

check-arch:
	+@selftests/ci/check_arch $(ARCHS)

kernel-tree:
	@[ -n "$(DEST)" ] || { echo "kernel-tree: DEST= names no kernel tree" >&2; exit 1; }
	@selftests/ci/kernel_tree "$(DEST)"

check-packages:
	+@PARTS="$(PARTS)" selftests/ci/check_packages $(SUITES)

check-debug:
	+@KINDS="$(KINDS)" selftests/ci/check_debug $(TESTS)

check-sanitizers:
	+@TESTS="$(TESTS)" selftests/ci/check_sanitizers $(VARIANTS)

check-more:
	+@selftests/ci/check_more

check-static:
	+@selftests/ci/check_static

# Each is made in turn: what "check-quick" and "lint" do, "check" does too.
CHECKS ?= check check-kernels check-debug check-sanitizers check-more check-static coverage fuzz

check-all:
	@KIND="$(or $(KIND),verify netlink)" selftests/ci/check_all $(CHECKS)

lint:
	+@KSRC="$(KSRC)" selftests/ci/lint $(LINTS)

KIND ?= verify

fuzz:
	+@MESSAGES="$(MESSAGES)" SEED="$(SEED)" MACHINE="$(MACHINE)" selftests/ci/fuzz $(KIND)

coverage:
	+@selftests/ci/coverage $(TESTS)

bench:
	@selftests/ci/install_packages
	+$(MAKE) modules kselftest
	+$(MAKE) -C selftests/bench
	+$(MAKE) -C selftests/bench/peers
	selftests/bench/run $(if $(ACCEPT),--accept)

bench-peers:
	@selftests/ci/install_packages peers
	+$(MAKE) FOR_TESTS=1 modules kselftest
	+$(MAKE) -C selftests/bench/peers
	+$(MAKE) modules ARCH=um KDIR=$$(selftests/bench/peers/build_kernel)/kdir
	selftests/bench/peers/run $(if $(AGAIN),--again) $(if $(ACCEPT),--accept) $(ROWS)

demo:
	+@selftests/ci/demo

# The same for each who makes it of the same commit: git takes the times from
# there, and gzip none.
dist: name = ktls-ocsp-$(VERSION)
dist:
	@mkdir -p $(O)
	@[ -e .git ] || { echo "dist: this is no git checkout" >&2; exit 1; }
	@git diff --quiet HEAD || echo "dist: what is not committed is left out" >&2
	@git archive --format=tar --prefix=$(name)/ -o $(O)/$(name).tar HEAD
	@gzip -9nf $(O)/$(name).tar
	@echo $(O)/$(name).tar.gz

deb:
	@TARBALL="$(TARBALL)" tools/packaging/deb $(SUITES)

# What the subdirectories made lies there as well.
clean:
	rm -rf $(O)

.PHONY: all help modules test-modules modules_install libocsp tools install uninstall kselftest \
	ksrc check check-quick check-kernels check-kernel-tree kernel-tree check-arch check-packages check-debug \
	check-sanitizers check-static check-all lint fuzz coverage bench bench-peers demo dist deb clean
