# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# The stand-in for the store, which lib/ builds: its client over a socket, and a store in the same process.

standin := $(addprefix $(O)/selftests/lib/standin_,client.o socket.o wire.o)
standin_local := $(addprefix $(O)/selftests/lib/standin_,client.o local.o store.o session.o command.o update.o stats.o)
