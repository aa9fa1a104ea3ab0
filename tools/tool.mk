# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# How a tool is built: all the C files of its directory, those of common/, and
# libocsp. Its Makefile sets tool, its name, and PKGS, and includes this.
#
# make [all], make install and make uninstall [DESTDIR= PREFIX= SBINDIR=
# MANDIR= SYSCONFDIR=], make clean. O= is the build directory of the whole project.
# WERROR=1 makes a warning an error.

TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)
O ?= $(TOP)/build
override O := $(abspath $(O))
src := $(TOP)/tools/$(tool)
common := $(TOP)/tools/common
prog := $(O)/tools/$(tool)
out := $(O)/tools/$(tool).objs
libocsp := $(O)/libocsp/libocsp-private.a

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
VERSION := $(shell sed -n 's/^VERSION := //p' $(TOP)/libocsp/Makefile)

PKG_CONFIG ?= pkg-config

WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow $(if $(WERROR),-Werror)
CFLAGS ?= -O2 -g
cflags := -std=gnu11 $(WARN) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-I$(src) -I$(common) -I$(TOP)/libocsp -I$(TOP)/kmod/include/uapi \
	$(shell $(PKG_CONFIG) --cflags $(PKGS))
libs := $(shell $(PKG_CONFIG) --libs $(PKGS)) -lpthread

# Of common/ these are for tools that have jansson.
no_json := $(if $(filter jansson,$(PKGS)),,$(common)/json_%.c)
objs := $(patsubst $(src)/%.c,$(out)/%.o,$(wildcard $(src)/*.c)) \
	$(patsubst $(common)/%.c,$(out)/common-%.o,$(filter-out $(no_json),$(wildcard $(common)/*.c)))

all: $(prog)

$(out):
	mkdir -p $@

$(out)/%.o: $(src)/%.c | $(out)
	$(CC) $(cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(out)/common-%.o: $(common)/%.c | $(out)
	$(CC) $(cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MT $@ -c -o $@ $<

linked_with := $(libocsp)
include $(TOP)/libocsp/link.mk

# Objects in place of some of the library's, for the selftests
INSTEAD ?=

$(prog): $(objs) $(INSTEAD) $(libocsp)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(libs)

# Where things are installed, in what is installed
substitute := sed -e 's|/usr/sbin/|$(SBINDIR)/|g' -e 's|/etc/ocspd|$(SYSCONFDIR)/ocspd|g' \
	-e 's|/etc/ktls-ocsp|$(SYSCONFDIR)/ktls-ocsp|g' \
	-e 's|/usr/local/share|$(PREFIX)/share|g'

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man8
	install $(prog) $(DESTDIR)$(SBINDIR)
	$(substitute) $(src)/$(tool).8 > $(DESTDIR)$(MANDIR)/man8/$(tool).8
	chmod 644 $(DESTDIR)$(MANDIR)/man8/$(tool).8

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/$(tool) $(DESTDIR)$(MANDIR)/man8/$(tool).8

clean:
	rm -rf $(out) $(prog)

FORCE:
.PHONY: all install uninstall clean FORCE
-include $(objs:.o=.d)
