# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# A library on top of libocsp for the servers of one TLS library. Included by its
# Makefile, which sets
#
#   name	of the library
#   dir		its folder in libocsp/
#   PKGS	what it is linked with, for pkg-config
#   linked	sources that are not in the archive for modules of ours

TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)
O ?= $(TOP)/build
override O := $(abspath $(O))
src := $(TOP)/libocsp/$(dir)
out := $(O)/libocsp/$(dir)
# Beside libocsp, as they are installed
lib := $(O)/libocsp

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man

VERSION := $(shell sed -n 's/^VERSION := //p' $(TOP)/libocsp/Makefile)
SONAME := $(name).so.1

PKG_CONFIG ?= pkg-config
WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow $(if $(WERROR),-Werror)
CFLAGS ?= -O2 -g
cflags := -std=gnu11 $(WARN) -D_GNU_SOURCE -fPIC -fvisibility=hidden -I$(src) \
	-I$(TOP)/libocsp/staple -I$(TOP)/libocsp/include -I$(TOP)/libocsp/include/windows \
	$(shell $(PKG_CONFIG) --cflags $(PKGS))
# What a TLS library was told to call cannot be taken back from it: -z nodelete.
# libocsp is in the same directory, wherever that is. Packages set RPATH= for the
# linker's own directories.
RPATH ?= $$ORIGIN
rpath := -Wl,-rpath,'$(RPATH)'
ldflags := -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(src)/$(name).sym \
	-Wl,--no-undefined-version -Wl,-Bsymbolic-functions -Wl,-z,defs -Wl,-z,nodelete \
	-Wl,-z,relro,-z,now $(if $(RPATH),$(rpath))
libs := -L$(lib) -locsp $(shell $(PKG_CONFIG) --libs $(PKGS)) -lpthread

staple := $(O)/libocsp/staple/libocsp-staple.a
private := $(filter-out $(linked),$(notdir $(wildcard $(src)/*.c)))
private_objs := $(private:%.c=$(out)/%.o)
objs := $(private_objs) $(linked:%.c=$(out)/%.o)

all: $(out)/$(name)-private.a $(lib)/$(name).so $(lib)/$(name).pc

$(out):
	mkdir -p $@

$(out)/%.o: $(src)/%.c $(src)/Makefile $(TOP)/libocsp/library.mk | $(out)
	$(CC) $(cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MT $@ -c -o $@ $<

linked_with := $(lib)/libocsp.so $(staple)
include $(TOP)/libocsp/link.mk

$(out)/$(name)-private.a: $(private_objs)
	rm -f $@
	$(AR) rcs $@ $^

$(lib)/$(name).so.$(VERSION): $(objs) $(staple) $(src)/$(name).sym $(lib)/libocsp.so
	$(CC) $(CFLAGS) $(LDFLAGS) $(ldflags) -o $@ $(objs) $(staple) $(libs)

$(lib)/$(SONAME): $(lib)/$(name).so.$(VERSION)
	ln -sf $(name).so.$(VERSION) $@

$(lib)/$(name).so: $(lib)/$(SONAME)
	ln -sf $(SONAME) $@

# Always made anew: it holds what was given on the command line.
$(lib)/$(name).pc: $(src)/$(name).pc.in FORCE
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		$< > $@

pages3 := $(wildcard $(src)/*.3)
include $(TOP)/libocsp/man.mk

install: all
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 755 $(lib)/$(name).so.$(VERSION) $(DESTDIR)$(LIBDIR)
	ln -sf $(name).so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/$(name).so
	install -m 644 $(lib)/$(name).pc $(DESTDIR)$(LIBDIR)/pkgconfig
	$(install_pages3)

uninstall:
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,$(name).so.$(VERSION) $(SONAME) $(name).so \
			pkgconfig/$(name).pc) \
		$(names3:%=$(DESTDIR)$(MANDIR)/man3/%)

clean:
	rm -rf $(out) $(lib)/$(name).*

FORCE:
.PHONY: all install uninstall clean FORCE
-include $(objs:.o=.d)
