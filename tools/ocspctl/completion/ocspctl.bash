# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=bash
# shellcheck disable=SC2207 # zsh, which runs this too, has no mapfile
#
# Completion of ocspctl(8) for bash(1)

# The options of each command, and what may follow them
_ocspctl_options()
{
	case $1 in
	show) echo "--verbose --state --expires-within --newer-than --sort --count --json";;
	get) echo "--output --json";;
	add) echo "--issuer --keep --no-wait --json";;
	set) echo "--issuer --json";;
	refresh) echo "--all --no-cache --no-wait --json";;
	test-fetch) echo "--no-cache --json";;
	top) echo "--interval";;
	check) echo "--starttls --servername --key-type --issuer --warn --crit --timeout --json";;
	check-store) echo "--warn --crit --json";;
	server) echo "--dry-run --root --starttls --servername --key-type --issuer --warn --crit --timeout --json";;
	verify) echo "--cert --issuer --at --json";;
	del | monitor | stats | status) echo "--json";;
	unkeep) ;;
	esac
}

_ocspctl_commands="show get add unkeep set del refresh test-fetch monitor status top check check-store server stats verify"

# The values of an option, in the words of COMPREPLY; 1: it takes none of them
_ocspctl_value()
{
	local cur=$2

	case $1 in
	--state) COMPREPLY=($(compgen -W "pending valid failed expired withdrawn" -- "$cur"));;
	--sort) COMPREPLY=($(compgen -W "key expires failures stored subject" -- "$cur"));;
	--starttls) COMPREPLY=($(compgen -W "smtp lmtp imap pop3 ftp nntp sieve ldap postgres mysql" -- "$cur"));;
	--key-type) COMPREPLY=($(compgen -W "rsa ecdsa ed25519" -- "$cur"));;
	--issuer | --cert | --output | -o) COMPREPLY=($(compgen -f -- "$cur"));;
	--root) COMPREPLY=($(compgen -d -- "$cur"));;
	--expires-within | --newer-than | --at | --interval | --warn | --crit | --timeout | --servername)
		COMPREPLY=();;
	*) return 1;;
	esac
}

_ocspctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command="" i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] && continue
		command=${COMP_WORDS[i]}
		break
	done
	_ocspctl_value "$prev" "$cur" && return
	if [[ -z $command && $cur == -* ]]; then
		COMPREPLY=($(compgen -W "--json --help --version" -- "$cur"))
	elif [[ -z $command || $prev == help ]]; then
		COMPREPLY=($(compgen -W "$_ocspctl_commands help" -- "$cur"))
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(_ocspctl_options "$command") --help" -- "$cur"))
	elif [[ $prev == server ]]; then
		COMPREPLY=($(compgen -W "list enable disable check" -- "$cur"))
	elif [[ $command == server ]]; then
		COMPREPLY=($(compgen -W "$(ocspctl server list 2> /dev/null | cut -d ' ' -f 1)" -- "$cur"))
	elif [[ $command == check ]]; then
		COMPREPLY=($(compgen -A hostname -- "$cur"))
	elif [[ $command != @(monitor|stats|status|top|check-store) ]]; then
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}

complete -o filenames -F _ocspctl ocspctl
