# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# The manual pages of functions. Included by the makefiles of libraries, which set pages3, the
# pages, and MANDIR.

# Asked for when something is installed, and once
links3 = $(eval links3 := $(shell $(TOP)/libocsp/man/links $(pages3)))$(links3)
names3 = $(notdir $(pages3)) $(foreach link,$(links3),$(firstword $(subst :, ,$(link))).3)

define install_pages3
install -d $(DESTDIR)$(MANDIR)/man3
install -m 644 $(pages3) $(DESTDIR)$(MANDIR)/man3
for link in $(links3); do \
	name=$(DESTDIR)$(MANDIR)/man3/$${link%:*}.3; \
	echo ".so man3/$${link#*:}" > $$name && chmod 644 $$name || exit; \
done
endef
