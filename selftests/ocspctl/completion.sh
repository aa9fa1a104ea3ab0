#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# Completion in bash and zsh knows the commands and options that ocspctl itself tells of.

export STORE=standin
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

start_store_test
commands=$(ocspctl --help | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' | sort)
ktap_set_plan 5

# completes WORD...: what bash offers for the last one, one a line
completes()
{
	bash -c '
		. completion/ocspctl.bash
		COMP_WORDS=(ocspctl "$@") COMP_CWORD=$#
		_ocspctl
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | sort > "$dir/out"
}

all_commands()
{
	[ -n "$commands" ] && completes "" &&
	[ "$(grep -vx help "$dir/out")" = "$commands" ] && completes help "" &&
	[ "$(grep -vx help "$dir/out")" = "$commands" ] && completes ch &&
	[ "$(cat "$dir/out")" = "$(printf 'check\ncheck-store')" ]
}
check "the commands" all_commands

# Those of its own, in the text of its help; server tells of those of check by name.
options()
{
	for command in $commands; do
		ocspctl help "$command" | sed -n 's/^  \(-., \)\?\(--[a-z-]*\).*/\2/p' | sort > "$dir/told"
		[ "$command" != server ] ||
			ocspctl help check | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort -u - "$dir/told" \
				-o "$dir/told"
		completes "$command" --
		grep -vx -e --help "$dir/out" > "$dir/offered"
		diff "$dir/told" "$dir/offered" > "$dir/err" && continue
		echo "$command" >> "$dir/err"
		return 1
	done
}
check "the options of each command" options

values()
{
	completes show --sort ex && [ "$(cat "$dir/out")" = expires ] &&
	for protocol in smtp imap postgres mysql; do
		completes check --starttls "$protocol" && [ "$(cat "$dir/out")" = "$protocol" ] || return 1
	done
	for state in $(completes show --state "" && cat "$dir/out"); do
		expect 0 show --state "$state" || return 1
	done
	for order in $(completes show --sort "" && cat "$dir/out"); do
		expect 0 show --sort "$order" || return 1
	done
	completes server en && [ "$(cat "$dir/out")" = enable ]
}
check "the values of options" values

files()
{
	completes get "$dir/leaf.p" && [ "$(cat "$dir/out")" = "$dir/leaf.pem" ] &&
	completes verify --cert "$dir/ca.p" && [ "$(cat "$dir/out")" = "$dir/ca.pem" ]
}
check "files" files

# In a prefix, where the one finds the other
zsh_loads()
{
	mkdir -p "$dir/share/zsh/site-functions" "$dir/share/bash-completion/completions" &&
	cp completion/_ocspctl "$dir/share/zsh/site-functions" &&
	cp completion/ocspctl.bash "$dir/share/bash-completion/completions/ocspctl" &&
	cat > "$dir/type.zsh" <<-END &&
		zmodload zsh/zpty
		zpty z "HOME=$dir TERM=dumb zsh -f -i"
		zpty -w z "fpath=($dir/share/zsh/site-functions \\\$fpath)
		autoload -U compinit; compinit -u -d $dir/dump; echo rea''dy"
		zpty -r z out '*ready*'
		zpty -w -n z \$'ocspctl check-s\t'
		zpty -r z out '*check-store*' && echo command
		zpty -w -n z \$' --wa\t'
		zpty -r z out '*--warn*' && echo option
	END
	timeout 60 zsh -f "$dir/type.zsh" > "$dir/out" 2> "$dir/err" < /dev/null
	[ "$(cat "$dir/out")" = "$(printf 'command\noption')" ]
}
if command -v zsh > /dev/null; then
	check "zsh loads it" zsh_loads
else
	ktap_test_skip "zsh loads it"
fi

ktap_finished
