# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# For the tests in shell and the demo: a small CA, an OCSP responder, and
# waiting for things without guessing how long they take. Needs openssl(1) and
# iproute2. A function that fails says why on stderr and returns non-zero.
#
# A script sources it in its own directory, where its programs are, and beside which
# lib/ has the shared ones.
PATH=$PWD:$(readlink -f ../lib):$PATH

# Which store the test is for: "kernel", or "standin" for the stand-in.
: "${STORE:=kernel}"
# shellcheck source=/dev/null # the one or the other
. "../lib/store_$STORE.sh"

# own_namespaces "$0" "$@": start the script again in network, PID and mount
# namespaces of its own: an empty store, free ports, nothing but loopback to
# talk to, and all that it starts ends with it. To be called first. A test that
# the user may not run is skipped. /run is empty, and not that of the servers and
# of the ocspd that this machine may have.
own_namespaces()
{
	local script="./${1##*/}"

	shift
	if [ -z "${OWN_NAMESPACES:-}" ]; then
		export OWN_NAMESPACES=1 STORE
		unshare_store --net --pid --fork --mount-proc --kill-child \
			"$script" "$@"
		echo "$script: needs root" >&2
		exit 4
	fi
	unset OWN_NAMESPACES
	# Process 1 of a namespace does not get the signals that it leaves to
	# their default, so neither that of a test's timeout.
	trap 'exit 143' TERM INT
	ip link set lo up
	mount -t tmpfs -o mode=755 run /run || exit 1
}

# overlay_trees DIR TREE...: what is written to the trees from now on goes to a tmpfs at DIR, in this
# mount namespace.
overlay_trees()
{
	local dir=$1 layer tree

	shift
	mount -t tmpfs layers "$dir" || return 1
	for tree; do
		layer=$dir$tree
		mkdir -p "$layer/upper" "$layer/work"
		mount -t overlay -o "lowerdir=$tree,upperdir=$layer/upper,workdir=$layer/work" \
			overlay "$tree" || return 1
	done
}

# How many times as long as on a machine of its own all may take: vm/run knows for its guests.
SLOW=${KSFT_MACHINE_SLOW:+40}
SLOW=${SLOW:-${KTLS_VM_SLOW:-1}}

# now: sets $now to the milliseconds of a clock that nobody sets. It starts no process: who waits asks
# for it many times, and in a virtual machine a process is dear.
now()
{
	read -r now _ < /proc/uptime
	now=${now%.*}${now#*.}0
}

now_ms()
{
	local now

	now
	echo "$now"
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds, SLOW times as long at most. It is tried twice at
# least, however long it takes.
wait_for()
{
	local now end

	now
	end=$((now + 1000 * $1 * SLOW))
	shift
	until "$@"; do
		now
		if [ "$now" -gt "$end" ]; then
			"$@" && return
			echo "waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

port_is_open()
{
	[ -n "$(ss -Hltn "sport = :$1")" ]
}

port_is_closed()
{
	! port_is_open "$1"
}

# listens PORT LOG: it does within 20 seconds; or LOG says why not.
listens()
{
	wait_for 20 port_is_open "$1" && return
	cat "$2" >&2
	return 1
}

# openssl(1) reports progress on stderr: show that only when it fails.
openssl_quiet()
{
	local log

	log=$(openssl "$@" 2>&1) && return
	echo "openssl $1 failed: $log" >&2
	return 1
}

# issue DIR NAME SERIAL CN: a certificate of DIR's CA with the extensions that
# stdin has. Makes DIR/NAME.pem and DIR/NAME.key. Where new_key is set, it is
# what openssl(1)'s -newkey makes; else a key on the curve P-256.
issue()
{
	local dir=$1 name=$2 serial=$3 cn=$4

	{
		echo "basicConstraints = critical, CA:FALSE"
		echo "keyUsage = critical, digitalSignature"
		cat
	} > "$dir/$name.ext"
	# shellcheck disable=SC2086 # an option and its value
	openssl_quiet req -new -utf8 -config "$dir/req.cnf" \
		-newkey ${new_key:-ec -pkeyopt ec_paramgen_curve:P-256} -noenc \
		-subj "/O=ktls-ocsp selftests/CN=$cn" \
		-keyout "$dir/$name.key" -out "$dir/$name.csr" &&
	openssl_quiet x509 -req -in "$dir/$name.csr" -days 20 \
		-CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
		-set_serial "0x$serial" -extfile "$dir/$name.ext" \
		-out "$dir/$name.pem" &&
	rm "$dir/$name.csr" "$dir/$name.ext"
}

# make_ca DIR [CN]: a root, DIR/ca.pem and ca.key; a signer of OCSP responses
# by its leave, DIR/signer.pem and signer.key; an empty DIR/index.txt.
make_ca()
{
	local dir=$1 cn=${2:-Test Root}

	mkdir -p "$dir" && : > "$dir/index.txt" || return 1
	cat > "$dir/req.cnf" <<-END
		[req]
		distinguished_name = name
		[name]
		[root]
		basicConstraints = critical, CA:TRUE
		keyUsage = critical, keyCertSign, cRLSign, digitalSignature
		subjectKeyIdentifier = hash
	END
	openssl_quiet req -x509 -config "$dir/req.cnf" -extensions root \
		-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 \
		-subj "/O=ktls-ocsp selftests/CN=$cn" \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" &&
	issue "$dir" signer 02 "OCSP Signer" <<-END
		extendedKeyUsage = OCSPSigning
		noCheck = ignored
	END
}

# make_leaf DIR NAME SERIAL [URL]: a server certificate for localhost, and for
# $alt_name where that is set, whose OCSP responder is at URL, or which names
# none. SERIAL is two upper-case hex digits, from 10 on. Makes DIR/NAME.pem,
# NAME.key and NAME-chain.pem (the leaf, then the root), and tells the responder
# that it is good.
make_leaf()
{
	local dir=$1 name=$2 serial=$3 url=${4:-}

	{
		echo "extendedKeyUsage = serverAuth"
		echo "subjectAltName = DNS:localhost, IP:127.0.0.1${alt_name:+, DNS:$alt_name}"
		[ -z "$url" ] || echo "authorityInfoAccess = OCSP;URI:$url"
	} | issue "$dir" "$name" "$serial" "$name" &&
	cat "$dir/$name.pem" "$dir/ca.pem" > "$dir/$name-chain.pem" &&
	set_status "$dir" "$serial" good
}

# set_status DIR SERIAL good|revoked|unknown: what a responder that is started
# from now on will say. (openssl's own look at the file comes a request late.)
set_status()
{
	local dir=$1 serial=$2 status=$3 now end
	local index="$dir/index.txt"

	now=$(date -u +%y%m%d%H%M%SZ)
	end=$(date -u -d '+20 days' +%y%m%d%H%M%SZ)
	awk -F '\t' -v serial="$serial" '$4 != serial' "$index" > "$index.new"
	case $status in
	good)
		printf 'V\t%s\t\t%s\tunknown\t/CN=%s\n' \
			"$end" "$serial" "$serial"
		;;
	revoked)
		printf 'R\t%s\t%s,keyCompromise\t%s\tunknown\t/CN=%s\n' \
			"$end" "$now" "$serial" "$serial"
		;;
	esac >> "$index.new"
	mv "$index.new" "$index"
}

# start_responder DIR PORT: a real one, openssl's. Sets responder_pid. It
# listens on every address there is, hence own_namespaces.
start_responder()
{
	local dir=$1 port=$2

	openssl ocsp -port "$port" -index "$dir/index.txt" -CA "$dir/ca.pem" \
		-rsigner "$dir/signer.pem" -rkey "$dir/signer.key" -ndays 7 \
		> "$dir/responder.log" 2>&1 &
	responder_pid=$!
	listens "$port" "$dir/responder.log"
}

stop_responder()
{
	kill "$responder_pid"
	wait "$responder_pid" 2>/dev/null
	responder_pid=
}

# fetch DIR NAME PORT: ask the responder, into DIR/NAME.der.
fetch()
{
	local dir=$1 name=$2 port=$3

	openssl_quiet ocsp -issuer "$dir/ca.pem" -cert "$dir/$name.pem" \
		-url "http://127.0.0.1:$port/" -CAfile "$dir/ca.pem" \
		-no_nonce -respout "$dir/$name.der"
}

# is_listening PID: it sleeps in its poll. User-mode Linux reads its own stacks out of bounds to tell
# where a process sleeps: there, it is asleep each time that it is looked at.
is_listening()
{
	if ! grep -q 'User Mode Linux' /proc/cpuinfo; then
		grep -q poll "/proc/$1/wchan"
		return
	fi
	for _ in 1 2 3 4 5; do
		grep -q '^State:[[:space:]]*S' "/proc/$1/status" || return 1
		sleep 0.1
	done
}
