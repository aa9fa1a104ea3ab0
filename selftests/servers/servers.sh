#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2317 # rows are called by their names
#
# usage: servers.sh [SERVER]...
#
# Servers of Debian, as they are, staple what the store keeps: OPENSSL_CONF makes
# libcrypto load tools/servers/openssl into them. They run with the privileges
# of their packages. A server that is not installed is a failure. All of those
# in "table" by default; server.sh is the test of one.
#
# No responder and no ocspd runs here: what a server staples it has from the
# store, be it the kernel's or, in server_standin.sh, the stand-in for it.
#
# Environment: KSFT_INSTALLED, the directory that "make install" wrote to
# (installed); KSFT_RELOADS, how often each server is reloaded under
# load (3); KSFT_MEMORY_RELOADS, how often nginx is for its memory (100);
# KSFT_ROWS, the names of these rows alone; KSFT_OMIT, that of one to
# leave out.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
own_namespaces "$0" "$@"
. ../lib/ktap_helpers.sh
. ./handshakes.sh
. ./configure.sh
. ./configure_mail.sh
. ./configure_ftp.sh
. ./configure_export.sh
. ./module_files.sh
. ./unpacked.sh
. ./rows.sh

# For every server; and for those that open what they have while they are root, which adds it to the
# store, and loads the kernel's module where the kernel can.
ROWS="stapled restart revoked deleted refused expired reload absent unloaded missing"
ROWS_OF_ROOT="stapled restart revoked deleted refused expired reload opened"
[ "$STORE" = kernel ] || ROWS_OF_ROOT="$ROWS_OF_ROOT unloaded"
# For those that have what ocsp-export gives them, which comes a moment later
ROWS_OF_EXPORT="stapled follows unexported"

built=.
[ "$STORE" = kernel ] || built=standin
RELOADS=${KSFT_RELOADS:-3}
REFRESHES=20
MEMORY_RELOADS=${KSFT_MEMORY_RELOADS:-100}
installed=$(readlink -f "${KSFT_INSTALLED:-$built/installed}")
PATH=$PATH:/usr/sbin:/sbin

ktap_print_header

wanted=${*:-$(sed -n '/seldom$/!s/^\([a-z][a-z0-9]*\)[[:space:]].*/\1/p' table)}

# line_of NAME: its line of the table, without the name
line_of()
{
	awk -v name="$1" '$1 == name { $1 = ""; print }' table
}

# mechanism_of MECHANISM PROGRAM: "linked" is that of the library that the program has been linked with.
mechanism_of()
{
	[ "$1" = linked ] || { echo "$1"; return; }
	if ldd "$(command -v "$2")" | grep -q libgnutls; then
		echo gnutls
	else
		echo openssl
	fi
}

port=4433
server=
mechanism=
apart=
journal=
dir=$(mktemp -d)
chmod 755 "$dir"	# for servers without privileges

cleanup()
{
	[ -z "$server" ] || stop
	stop_export
	[ -z "$journal" ] || kill "$journal" 2>/dev/null
	# The layers go with the namespace.
	umount -l "$dir/layers" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# Where servers write whatever their configuration says: on this machine it is somebody's.
if ! { mount_unpacked && mkdir "$dir/layers" && overlay_trees "$dir/layers" /var /etc &&
	configure_unpacked; }; then
	ktap_exit_fail_msg "no file system of our own"
fi
if ! load_store 2>/dev/null; then
	ktap_skip_all "no ktls_ocsp module"
	exit "$KSFT_SKIP"
fi
# Nobody steps the clock here.
[ "$STORE" = kernel ] || unset LD_PRELOAD

store_all()
{
	local name

	for name in leaf rsa two variable.test; do
		last_second=
		store "$name" || return 1
	done
}

make_pki()
{
	local url=http://127.0.0.1:8889/

	make_ca "$dir" &&
	alt_name=one.test make_leaf "$dir" leaf 10 "$url" &&
	alt_name=one.test new_key=rsa:2048 make_leaf "$dir" rsa 11 "$url" &&
	alt_name=two.test make_leaf "$dir" two 12 "$url" &&
	alt_name=variable.test make_leaf "$dir" variable.test 13 "$url" &&
	chmod 644 "$dir"/*.key &&
	sign two own.der --this -3600
}

# asan_preload: what a server has preloaded for AddressSanitizer; nothing, where that is not built for it
asan_preload()
{
	[ -n "$asan" ] || return 0
	case $server in
	vsftpd)		echo "$asan:$dir/no_limit.so" ;;
	postgresql|proftpd|slapd) echo "$asan:$dir/no_locale.so" ;;
	*)		echo "$asan" ;;
	esac
}

# with_module COMMAND...: as the drop-in of the server would have it
with_module()
{
	(
		preload=$(asan_preload)
		case $mechanism in
		openssl)	export OPENSSL_CONF="$config" ;;
		gnutls)		preload=$preload${preload:+:}$module ;;
		esac
		# shellcheck disable=SC2031 # in a subshell on purpose
		[ -z "$preload" ] || export LD_PRELOAD="$preload"
		if [ -n "$asan" ]; then
			# What the module loads, AddressSanitizer does, which has not its RUNPATH.
			export LD_LIBRARY_PATH="$dir/module/usr/local/lib"
			# It cannot search the first process for leaks, and ends it.
			[ "$server" != proftpd ] || detect_leaks=0
			# libcrypto, which allocates for the module, has no frame pointers.
			ASAN_OPTIONS=log_path=$dir/asan/$server:abort_on_error=1
			ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=$detect_leaks:exitcode=0
			ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0:malloc_context_size=6
			UBSAN_OPTIONS=log_path=$dir/asan/$server:print_stacktrace=1
			export ASAN_OPTIONS UBSAN_OPTIONS
		fi
		"$@"
	)
}

# The journal: /run is our own, also on a host that has one

start_journal()
{
	mkdir -p /run/systemd/journal || return 1
	: > "$dir/journal"
	socat -u UNIX-RECV:/run/systemd/journal/socket,mode=666 \
		"OPEN:$dir/journal,append" &
	journal=$!
	wait_for 10 test -S /run/systemd/journal/socket
}

# Where the module writes to: the log of the server whose module it is, or what that says when it starts
log_files()
{
	case $mechanism$apart in
	itself)	echo "$dir/$server/log" "$dir/start.log" ;;
	*apart)	echo "$dir/journal" "$dir/$server/log" ;;
	*)	echo "$dir/journal" ;;
	esac
}

forget_lines()
{
	local file

	for file in $(log_files); do
		: > "$file"
	done
}

# lines TEXT: how many the module has said, with TEXT
lines()
{
	# shellcheck disable=SC2046,SC2126 # words; -c counts in each file
	grep -h "ktls_ocsp: .*$1" $(log_files) | wc -l
}

# says NUMBER TEXT. Where each connection has a program of its own, each says why it does not staple,
# and none knows of the others.
says()
{
	[ "$(lines "$2")" -eq "$1" ] && return
	case $apart$2 in
	*again|*"loaded now") [ -z "$apart" ] || return 0 ;;
	apart*) [ "$(lines "$2")" -lt "$1" ] || return 0 ;;
	esac
	echo "not $1 lines with \"$2\" in the log:"
	# shellcheck disable=SC2046 # words
	grep -h ktls_ocsp: $(log_files)
	return 1
}

# Starting and stopping

start()
{
	with_module "${server}_start" > "$dir/start.log" 2>&1 &&
		wait_for 30 port_is_open "$port" && return
	cat "$dir/start.log" "$dir/$server/log" 2>/dev/null
	return 1
}

has_ended()
{
	! kill -0 "$1" 2>/dev/null
}

stop()
{
	local pid

	pid=$("${server}_pid")
	[ -n "$pid" ] || return 0
	kill -INT "$pid" 2>/dev/null
	wait_for 20 has_ended "$pid" || kill -KILL "$pid"
	wait_for 20 port_is_closed "$port" || return 1
	rm -f "$dir/$server/pid"
}

restart()
{
	stop && start
}

# A client that is not ours. Its exit status tells how the connection ended: the
# tunnels have nobody to connect to, and may reset it.
openssl_sees_a_staple()
{
	# shellcheck disable=SC2086 # STARTTLS is an option with its value
	timeout $((60 * SLOW)) openssl s_client "$1" -status -connect "127.0.0.1:$port" $STARTTLS \
		-CAfile "$dir/ca.pem" -verify_return_error < /dev/null > "$dir/client" 2>&1
	grep -q "Verify return code: 0" "$dir/client" &&
		grep -q "Cert Status: good\$" "$dir/client" && return
	grep -E '^OCSP|Cert Status|error|return code' "$dir/client"
	return 1
}

# comes_back SECONDS COMMAND...: COMMAND succeeds, and does in each process of the server: one that was
# told that there is nothing asks again a second later.
comes_back()
{
	wait_for "$@" && sleep 1.5
}

# our_reports: what the sanitizers say, but for the leaks of servers, which end
# without freeing what they have: of leaks it is those that the module or libocsp
# allocated, by the names of the files or of the sources, and that nothing points to.
# A process that has changed its user cannot be traced, and not be searched for leaks.
our_reports()
{
	local ours='(ktls_ocsp|libocsp)[a-z_-]*[.]so|tools/servers/[a-z]+/|libocsp/[a-z_/]*[.]c'

	find "$dir/asan" -type f -exec awk -v ours="$ours" '
		BEGIN { RS = ""; ORS = "\n\n" }
		/leak of [0-9]+ byte/ && !(/^Direct/ && $0 ~ ours) { next }
		/ERROR: LeakSanitizer: detected memory leaks/ { next }
		/LeakSanitizer has encountered a fatal error/ { next }
		/^SUMMARY: AddressSanitizer: [0-9]+ byte.*leaked/ { next }
		{ print }' {} +
}

sanitizer_is_quiet()
{
	[ -n "$asan" ] || return 0
	our_reports > "$dir/reports"
	rm -f "$dir/asan"/*
	[ -s "$dir/reports" ] || return 0
	head -n 40 "$dir/reports"
	return 1
}

check()
{
	local description

	description="$server: $(describe "$1")"
	if "row_$1" > "$dir/why" 2>&1 && sanitizer_is_quiet >> "$dir/why" 2>&1; then
		ktap_test_pass "$description"
		return
	fi
	tail -n 5 "$dir/$server/log" >> "$dir/why" 2>/dev/null
	sed 's/^/#   /' "$dir/why"
	ktap_test_fail "$description"
	# The next row shall not suffer for it.
	load_store
	store_all && restart
}

# The row that the server takes too long for: each process of Postfix' loads AddressSanitizer.
too_slow()
{
	case ${asan:+${server:-$name}} in
	postfix)	echo reload ;;
	*)		echo none ;;
	esac
}

# rows FEATURE...: the names of all rows of a server, $server or, in the plan, $name
rows()
{
	local all=$ROWS

	case $mechanism in
	itself)	all=$ROWS_OF_ROOT ;;
	export)	all=$ROWS_OF_EXPORT ;;
	esac
	echo "${KSFT_ROWS:-$* $all ${asan:+leaks}}" | xargs -n 1 |
		grep -vxF -e apart -e seldom -e "$(too_slow)" -e "${KSFT_OMIT:-none}"
}

test_server()
{
	local package=$1 program=$2 starttls=$3 row

	mechanism=$(mechanism_of "$4" "$2")
	shift 4
	if ! command -v "$program" > /dev/null || ! has_package "$package"; then
		for row in $(rows "$@"); do
			ktap_test_fail "$server: $package is not installed"
		done
		return
	fi
	STARTTLS=
	[ "$starttls" = - ] || STARTTLS="-starttls $starttls"
	config=$dir/module/etc/ktls-ocsp/openssl.cnf
	apart=
	case " $* " in
	*" excluded "*)	config=$dir/everybody.cnf ;;
	*" apart "*)	apart=apart ;;
	esac
	case $mechanism in
	gnutls)	module=$modules/ktls_ocsp_gnutls.so ;;
	*)	module=$modules/ktls_ocsp.so ;;
	esac
	mkdir -p "$dir/$server"
	if ! "${server}_configure" || ! store_all || ! start; then
		echo "# $server does not start"
	fi
	for row in $(rows "$@"); do
		check "$row"
	done
	stop
	stop_export
}

plan()
{
	local name total=0

	for name in $wanted; do
		# shellcheck disable=SC2046 # words
		set -- $(line_of "$name")
		mechanism=$(mechanism_of "$4" "$2")
		shift 4
		# shellcheck disable=SC2046 # words
		set -- $(rows "$@")
		total=$((total + $#))
	done
	echo "$total"
}

exec 3>&1
make_pki > "$dir/why" 2>&1 || ktap_exit_fail_msg "no PKI: $(cat "$dir/why")"
install_module || ktap_exit_fail_msg "no module in $installed"
if [ -n "$asan" ] && ! LD_PRELOAD=$asan true 2> /dev/null; then
	ktap_skip_all "AddressSanitizer finds no room for its shadow on this kernel"
	exit "$KSFT_SKIP"
fi
# It keeps what is freed. With the kernel's store there is nothing else to measure than with the stand-in.
if [ -n "$asan" ] || [ "$STORE" = kernel ]; then
	: "${KSFT_OMIT:=memory}"
fi
start_journal || ktap_exit_fail_msg "no journal"
ktap_set_plan "$(plan)"
for server in $wanted; do
	# shellcheck disable=SC2046 # words
	test_server $(line_of "$server")
done
server=
ktap_finished
