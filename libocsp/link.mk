# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# Included by the makefiles of what is linked with the libraries, which set O, TOP and linked_with, the
# files of theirs. The makefiles of the libraries know whether those are up to date. Whoever has asked
# them in the build directory O sets ASKED=O, and they are not asked for each program again.

ifneq ($(ASKED),$(O))
$(linked_with): FORCE
	+$(Q)$(MAKE) -C $(TOP)/$(if $(filter %/libocsp-ssl.so,$@),libocsp/ssl,$(patsubst $(O)/%/,%,$(dir $@))) O=$(O) $@
endif
