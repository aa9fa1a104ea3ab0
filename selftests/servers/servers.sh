#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# shellcheck disable=SC2317 # rows are called by their names
#
# usage: servers.sh [SERVER]...
#
# Servers of Debian, as they are, staple what the store keeps: OPENSSL_CONF makes
# libcrypto load tools/servers/openssl into them. They run with the privileges
# of their packages. A server that is not installed is a failure.
#
# No responder and no ocspd runs here: what a server staples it has from the
# kernel.
#
# Environment: KSFT_OPENSSL_MODULE, the directory of what was installed for the
# tests (openssl_module); KSFT_RELOADS, how often each server is reloaded under
# load (3); KSFT_MEMORY_RELOADS, how often nginx is for its memory (20);
# KSFT_ROWS, the names of these rows alone; KSFT_OMIT, that of one to
# leave out.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
own_namespaces "$0" "$@"
. ../lib/ktap_helpers.sh
. ./configure.sh

# name; package; program; STARTTLS of openssl(1), or -; what it can do beside:
# dual, RSA and ECDSA for one name; sni, two names; own, staple a file of its
# own; variable, load a certificate for each connection; test, check its
# configuration; memory, be measured; excluded, it is left out by default.
TABLE="
nginx		nginx			nginx		-		dual sni own variable test memory
apache2		apache2			apache2		-		dual sni
stunnel4	stunnel4		stunnel4	-		sni
haproxy		haproxy			haproxy		-		excluded dual sni
lighttpd	lighttpd-mod-openssl	lighttpd	-		sni
hitch		hitch			hitch		-		sni
mosquitto	mosquitto		mosquitto	-
postgresql	postgresql		pg_ctlcluster	postgres
"

# For every server
ROWS="stapled restart revoked deleted refused expired reload absent unloaded missing"

RELOADS=${KSFT_RELOADS:-3}
MEMORY_RELOADS=${KSFT_MEMORY_RELOADS:-20}
installed=$(readlink -f "${KSFT_OPENSSL_MODULE:-openssl_module}")
PATH=$PATH:/usr/sbin:/sbin

ktap_print_header
modprobe ktls_ocsp 2>/dev/null
if ! ocspctl show >/dev/null 2>&1; then
	ktap_skip_all "no ktls_ocsp module"
	exit "$KSFT_SKIP"
fi

port=4433
server=
journal=
dir=$(mktemp -d)
chmod 755 "$dir"	# for servers without privileges

cleanup()
{
	[ -z "$server" ] || stop
	[ -z "$journal" ] || kill "$journal" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# Certificates and responses

# sign NAME FILE [OPTION]...: see ocsp_sign
sign()
{
	local name=$1 file=$2

	shift 2
	ocsp_sign --cert "$dir/$name.pem" --issuer "$dir/ca.pem" --signer "$dir/signer.pem" \
		--key "$dir/signer.key" -o "$dir/$file" "$@"
}

# store NAME [OPTION]...: a response for NAME, newer than the one before
store()
{
	local name=$1

	shift
	sign "$name" "$name.der" "$@" &&
		ocspctl set "$dir/$name-chain.pem" "$dir/$name.der" > "$dir/ocspctl" 2>&1 &&
		return
	cat "$dir/ocspctl"
	return 1
}

store_all()
{
	local name

	for name in leaf rsa two variable.test; do
		store "$name" || return 1
	done
}

withdraw()
{
	ocspctl del "$dir/$1-chain.pem" > "$dir/ocspctl" 2>&1
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

# The module, where all may read it

install_module()
{
	local lib

	cp -r "$installed" "$dir/module" && chmod -R a+rX "$dir/module" || return 1
	lib=$(dirname "$(find "$dir/module" -name 'libocsp.so.1')")
	module=$lib/ktls-ocsp/ktls_ocsp.so
	config=$dir/module/etc/ktls-ocsp/openssl.cnf
	[ -e "$module" ] || return 1
	sed -i "s|^path = .*|path = $module|" "$config"
	sed 's|^exclude = .*|exclude =|' "$config" > "$dir/everybody.cnf"
	# Built for a sanitizer: it has to come first.
	asan=$(ldd "$module" | awk '/libasan/ { print $3 }')
	mkdir -m 777 "$dir/asan"
}

# with_module COMMAND...: as the drop-in of the server would have it
with_module()
{
	(
		export OPENSSL_CONF="$config"
		if [ -n "$asan" ]; then
			export LD_PRELOAD="$asan"
			export ASAN_OPTIONS="log_path=$dir/asan/$server:detect_leaks=0:abort_on_error=1"
		fi
		"$@"
	)
}

# The journal: a directory of our own, also on a host that has one

start_journal()
{
	mkdir -p /run/systemd/journal &&
	mount -t tmpfs -o mode=755 journal /run/systemd/journal || return 1
	: > "$dir/journal"
	socat -u UNIX-RECV:/run/systemd/journal/socket,mode=666 \
		"OPEN:$dir/journal,append" &
	journal=$!
	wait_for 10 test -S /run/systemd/journal/socket
}

forget_lines()
{
	: > "$dir/journal"
}

# lines TEXT: how many the module has said, with TEXT
lines()
{
	grep -c "^MESSAGE=ktls_ocsp: .*$1" "$dir/journal"
}

# says NUMBER TEXT
says()
{
	[ "$(lines "$2")" -eq "$1" ] && return
	echo "not $1 lines with \"$2\" in the log:"
	grep MESSAGE "$dir/journal"
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

# The client

# ask NAME VERSION [OPTION]...: a handshake; what came of it is in $dir/client.
ask()
{
	local name=$1 version=$2

	shift 2
	# shellcheck disable=SC2086 # STARTTLS is an option with its value
	staple_client --show --port "$port" $STARTTLS --name "$name" --tls "$version" \
		--ca "$dir/ca.pem" "$@" > "$dir/client" 2>&1
}

# serial NAME: of its certificate; make_pki() says the same.
serial()
{
	case $1 in
	leaf)	echo 10 ;;
	rsa)	echo 11 ;;
	two)	echo 12 ;;
	*)	echo 13 ;;
	esac
}

# staples CERT NAME STATUS VERSION [OPTION]...: that certificate, with a staple
# of its own
staples()
{
	local cert=$1 name=$2 status=$3 version=$4

	shift 4
	cert=$(serial "$cert")
	ask "$name" "$version" "$@" &&
		grep -q "^TLSv$version certificate $cert staple $cert $status\$" "$dir/client" &&
		return
	echo "no staple \"$status\" of certificate $cert with TLS $version: $(cat "$dir/client")"
	return 1
}

staples_both()
{
	staples "$1" "$2" "$3" 1.2 && staples "$1" "$2" "$3" 1.3
}

# serves_unstapled: a handshake, without a staple
# shellcheck disable=SC2086 # options
serves_unstapled()
{
	ask one.test "${1:-1.3}" $ecdsa &&
		grep -q "^TLSv[1-9.]* certificate 10 no staple\$" "$dir/client" && return
	echo "not a handshake without a staple: $(cat "$dir/client")"
	return 1
}

# A client that is not ours
openssl_sees_a_staple()
{
	# shellcheck disable=SC2086 # STARTTLS is an option with its value
	timeout 60 openssl s_client "$1" -status -connect "127.0.0.1:$port" $STARTTLS \
		-CAfile "$dir/ca.pem" -verify_return_error < /dev/null > "$dir/client" 2>&1 &&
		grep -q "Verify return code: 0" "$dir/client" &&
		grep -q "Cert Status: good\$" "$dir/client" && return
	grep -E '^OCSP|Cert Status|error|return code' "$dir/client"
	return 1
}

# What makes a server that has both choose one
rsa="--sigalgs rsa_pss_rsae_sha256:RSA+SHA256"
ecdsa="--sigalgs ECDSA+SHA256"

# shellcheck disable=SC2086 # options
leaf_is()
{
	staples leaf one.test "$1" "${2:-1.3}" $ecdsa
}

# The rows: what is true of a server that runs, and staples what is stored. Each
# leaves it so.

row_stapled()
{
	leaf_is good 1.2 && leaf_is good 1.3 &&
		openssl_sees_a_staple -tls1_2 && openssl_sees_a_staple -tls1_3
}

# shellcheck disable=SC2086 # options
row_dual()
{
	local version

	for version in 1.2 1.3; do
		staples rsa one.test good "$version" $rsa &&
			staples leaf one.test good "$version" $ecdsa || return 1
	done
}

row_sni()
{
	staples_both two two.test good && leaf_is good
}

row_variable()
{
	staples_both variable.test variable.test good &&
		staples_both variable.test variable.test good
}

# Nobody else has a response; and the store has the first word.
row_own()
{
	store two --status revoked && staples_both two two.test revoked &&
	withdraw two && staples_both two two.test good &&
	store two && wait_for 10 staples_both two two.test good
}

# To test a configuration, or to load one, asks the kernel for nothing.
row_test()
{
	# shellcheck disable=SC2016 # for the other shell
	with_module strace -f -o "$dir/strace" -e trace=socket \
		nginx -t -c "$dir/nginx/conf" > "$dir/test.log" 2>&1 &&
		grep -q 'exited with 0' "$dir/strace" &&
		! grep AF_NETLINK "$dir/strace"
}

row_restart()
{
	restart && leaf_is good
}

row_revoked()
{
	store leaf --status revoked && leaf_is revoked &&
	leaf_is revoked 1.2 && store leaf && leaf_is good
}

# One line when it cannot staple, and one when it can.
row_deleted()
{
	local i

	forget_lines
	withdraw leaf || return 1
	for i in 1 2 3; do
		serves_unstapled && sleep 0.6 || return 1
	done
	store leaf && wait_for 10 leaf_is good &&
	leaf_is good &&
	says 1 "not stapled" && says 1 "stapled from the store again" && says 2 ""
}

# unknown is no answer; nor is what ends in less than net.ktls_ocsp.min_validity.
row_refused()
{
	store leaf --status unknown && serves_unstapled &&
	store leaf --next 500 && serves_unstapled &&
	store leaf && wait_for 10 leaf_is good
}

row_expired()
{
	local status

	echo 0 > /proc/sys/net/ktls_ocsp/min_validity
	store leaf --next 8 && leaf_is good && sleep 9 && serves_unstapled 1.2
	status=$?
	echo 600 > /proc/sys/net/ktls_ocsp/min_validity
	store leaf && wait_for 10 leaf_is good && return "$status"
}

# No handshake is without a staple while the configuration is loaded again.
row_reload()
{
	local load i=0

	# shellcheck disable=SC2086 # STARTTLS is an option with its value
	staple_client --count 0 --port "$port" --name one.test $STARTTLS > "$dir/load" &
	load=$!
	while [ "$i" -lt "$RELOADS" ]; do
		with_module "${server}_reload" > "$dir/reload.log" 2>&1 || break
		sleep 1
		i=$((i + 1))
	done
	kill "$load"
	wait "$load"
	grep -q '^stapled [1-9][0-9]* unstapled 0 ' "$dir/load" &&
		[ "$i" -eq "$RELOADS" ] && leaf_is good && return
	cat "$dir/load" "$dir/reload.log"
	return 1
}

# private_kib PID: memory of its own
private_kib()
{
	awk '/^Private_Dirty:/ { print $2 }' "/proc/$1/smaps_rollup"
}

# generation: the workers that there are, by their numbers
generation()
{
	pgrep -P "$1" | xargs
}

# reload_often PID N: the next when the one before is done
reload_often()
{
	local i=0 old

	while [ "$i" -lt "$2" ]; do
		old=$(generation "$1")
		"${server}_reload" && wait_for 30 has_new_generation "$1" "$old" || return 1
		i=$((i + 1))
	done
}

has_new_generation()
{
	local worker

	for worker in $2; do
		[ ! -e "/proc/$worker" ] || return 1
	done
	[ -n "$(generation "$1")" ]
}

# The process that stays, with a handshake before and after
row_memory()
{
	local pid before after

	pid=$("${server}_pid")
	reload_often "$pid" 5 && leaf_is good || return 1
	before=$(private_kib "$pid")
	reload_often "$pid" "$MEMORY_RELOADS" && leaf_is good || return 1
	after=$(private_kib "$pid")
	echo "$MEMORY_RELOADS reloads: from $before to $after KiB"
	echo "# $(tail -n 1 "$dir/why")" >&3
	[ "$after" -le $((before + 128)) ]
}

# Without privilege nothing is added to the store. What somebody else adds is
# found, after a back-off.
row_absent()
{
	stop && empty_store || return 1
	forget_lines
	start && serves_unstapled && serves_unstapled 1.2 &&
	says 1 "not stapled" && says 1 CAP_NET_ADMIN &&
	store_all && wait_for 60 leaf_is good && says 1 "again"
}

store_is_empty()
{
	[ -z "$(ocspctl show)" ]
}

# What nobody holds goes with its response.
empty_store()
{
	local name

	for name in leaf rsa two variable.test; do
		withdraw "$name"
	done
	wait_for 10 store_is_empty
}

row_unloaded()
{
	local i

	stop && wait_for 30 rmmod ktls_ocsp 2> "$dir/rmmod" || return 1
	forget_lines
	start || return 1
	for i in 1.3 1.2 1.3 1.2; do
		serves_unstapled "$i" || return 1
	done
	says 1 "not loaded" && says 1 "" &&
	modprobe ktls_ocsp && store_all && wait_for 60 leaf_is good &&
	says 1 "loaded now"
}

row_missing()
{
	local status

	stop && mv "$module" "$module.away" || return 1
	start && serves_unstapled 1.2 && serves_unstapled 1.3
	status=$?
	mv "$module.away" "$module"
	restart && leaf_is good && return "$status"
}

# Left out where nobody says otherwise, it serves; and nothing of ours is there.
row_excluded()
{
	local default=$dir/module/etc/ktls-ocsp/openssl.cnf status

	stop || return 1
	forget_lines
	config=$default
	start && serves_unstapled && serves_unstapled 1.2 && says 0 ""
	status=$?
	config=$dir/everybody.cnf
	restart && leaf_is good && return "$status"
}

# One row is one result.

describe()
{
	case $1 in
	stapled)	echo "staples, with TLS 1.2 and 1.3" ;;
	dual)		echo "RSA and ECDSA for one name, each with its staple" ;;
	sni)		echo "another name's certificate, with its staple" ;;
	variable)	echo "certificates that are loaded for each connection" ;;
	own)		echo "its own staple where the store has none" ;;
	test)		echo "testing the configuration opens no netlink socket" ;;
	memory)		echo "memory after $MEMORY_RELOADS reloads" ;;
	excluded)	echo "left out by default, it serves" ;;
	restart)	echo "the first handshake after a restart" ;;
	revoked)	echo "revoked in the next handshake" ;;
	deleted)	echo "deleted: none, and one line in the log; and back again" ;;
	refused)	echo "unknown, or near its end: none" ;;
	expired)	echo "stapled until it expires, then none" ;;
	reload)		echo "$RELOADS reloads under load, each handshake stapled" ;;
	absent)		echo "not in the store: one line; stapled when it is" ;;
	unloaded)	echo "no kernel module: serves, one line; stapled when it is loaded" ;;
	missing)	echo "no ktls_ocsp.so: serves" ;;
	esac
}

sanitizer_is_quiet()
{
	[ -z "$(ls "$dir/asan")" ] && return
	head -n 40 "$dir/asan"/*
	rm -f "$dir/asan"/*
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
	modprobe ktls_ocsp
	store_all && restart
}

# rows FEATURE...: the names of all rows of a server
rows()
{
	echo "${KSFT_ROWS:-$* $ROWS}" | xargs -n 1 | grep -vxF -e "${KSFT_OMIT:-none}"
}

test_server()
{
	local package=$1 program=$2 starttls=$3 row

	shift 3
	if ! command -v "$program" > /dev/null || ! dpkg-query -s "$package" > /dev/null 2>&1; then
		for row in $(rows "$@"); do
			ktap_test_fail "$server: $package is not installed"
		done
		return
	fi
	STARTTLS=
	[ "$starttls" = - ] || STARTTLS="-starttls $starttls"
	config=$dir/module/etc/ktls-ocsp/openssl.cnf
	case " $* " in
	*" excluded "*)	config=$dir/everybody.cnf ;;
	esac
	mkdir -p "$dir/$server"
	if ! "${server}_configure" || ! store_all || ! start; then
		echo "# $server does not start"
	fi
	for row in $(rows "$@"); do
		check "$row"
	done
	stop
}

wanted=${*:-$(echo "$TABLE" | awk 'NF { print $1 }')}

# features_of NAME: its line of the table, without the name
line_of()
{
	echo "$TABLE" | awk -v name="$1" '$1 == name { $1 = ""; print }'
}

plan()
{
	local name total=0

	for name in $wanted; do
		# shellcheck disable=SC2046 # words
		set -- $(line_of "$name")
		shift 3
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
start_journal || ktap_exit_fail_msg "no journal"
ktap_set_plan "$(plan)"
for server in $wanted; do
	# shellcheck disable=SC2046 # words
	test_server $(line_of "$server")
done
server=
ktap_finished
