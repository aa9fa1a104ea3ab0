# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# Configuration files, included by the makefiles that install one. One that is there already is
# somebody's, and so is one that is no longer what was installed. COMMAND prints what is.

# $(call install_configuration,COMMAND,FILE)
install_configuration = [ -e $(2) ] || { $(1) > $(2) && chmod 644 $(2); }

# $(call remove_configuration,COMMAND,FILE)
define remove_configuration
if $(1) | cmp -s - $(2); then \
	rm $(2); \
elif [ -e $(2) ]; then \
	echo "uninstall: $(2) was changed: it stays"; \
fi
endef
