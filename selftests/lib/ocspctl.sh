# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034 # what start_store_test() sets is the caller's
#
# For the tests of ocspctl: run it, and look at all that it says. Needs $dir, a
# directory to write to, which start_test() makes.

. ../lib/ktap_helpers.sh

# Seconds in which a command has to end
limit=60${KSFT_MACHINE_SLOW:+0}
# For what is not under test: without the checker that makes the other one slow
plain_ocspctl=${KSFT_OCSPCTL:-ocspctl}

# expect STATUS ARGUMENT...: ocspctl ends with STATUS. What it printed is in
# $dir/out and $dir/err.
expect()
{
	local want=$1 got

	shift
	timeout "$limit" ocspctl "$@" > "$dir/out" 2> "$dir/err"
	got=$?
	[ "$got" -eq "$want" ] && return
	echo "exit status $got, not $want: ocspctl $*" >> "$dir/err"
	return 1
}

# Each program that is started takes much longer in user-mode Linux than what the
# next two ask for: the shell reads the few lines itself.

# says TEXT: one line on stderr, from ocspctl, with TEXT in it.
says()
{
	local line more

	{ IFS= read -r line && ! IFS= read -r more; } < "$dir/err" && [ -z "$more" ] &&
	case $line in
	"ocspctl: "*)	case $line in *"$1"*) ;; *) false ;; esac ;;
	*)		false ;;
	esac
}

# prints TEXT: a line of stdout has TEXT in it.
prints()
{
	local line

	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		*"$1"*)	return ;;
		esac
	done < "$dir/out"
	return 1
}

quiet()
{
	! [ -s "$dir/err" ]
}

# json EXPRESSION: what ocspctl printed is JSON, and EXPRESSION is true of j.
json()
{
	/usr/bin/python3 -IS -c '
import json, sys
j = json.load(open(sys.argv[1]))
if not eval("(" + sys.argv[2] + ")"):
    sys.exit("%s: not so of %s" % (sys.argv[2], json.dumps(j)))
' "$dir/out" "$1" 2>> "$dir/err"
}

# check DESCRIPTION COMMAND...: one result. A failure shows what was printed.
check()
{
	local description="$1"

	shift
	if "$@" 2>> "$dir/log"; then
		ktap_test_pass "$description"
	else
		tail -n 20 "$dir/log" "$dir/out" "$dir/err" 2> /dev/null | sed 's/^/#   /'
		ktap_test_fail "$description"
	fi
	: > "$dir/log"
}

# refuses STATUS TEXT ARGUMENT...: ocspctl ends with STATUS and says TEXT.
refuses()
{
	local status=$1 text=$2

	shift 2
	expect "$status" "$@" && says "$text"
}

# fails_on_full_disk ARGUMENT...: nowhere to print to is an error, and said.
fails_on_full_disk()
{
	: > "$dir/out"
	ocspctl "$@" > /dev/full 2> "$dir/err"
	[ $? -eq 1 ] && says "standard output: No space left on device"
}

# answer FILE NAME [OPTION...]: FILE.der is what the issuer's delegate says of
# the certificate NAME.pem.
answer()
{
	local file=$1 name=$2

	shift 2
	ocsp_sign --cert "$dir/$name.pem" --issuer "$dir/ca.pem" \
		--signer "$dir/signer.pem" --key "$dir/signer.key" \
		-o "$dir/$file.der" "$@"
}

# time_at PATH TAG TEXT: for ocsp_sign --put, a time
time_at()
{
	printf '%s:%02x%02x%s' "$1" "0x$2" "${#3}" \
		"$(printf %s "$3" | od -An -v -tx1 | tr -d ' \n')"
}

# make_encodings: what libcrypto reads, and a stricter client does not.
make_encodings()
{
	# Where things are in a response: producedAt, the single response and
	# the times in that, and the one before all of them
	local data=1.0.1.0.0
	local single=$data.2.0

	answer offset leaf \
		--put "$(time_at $single.2 18 20260101000000+0100)" &&
	answer fraction leaf \
		--put "$(time_at $single.3.0 18 20260101000000.5Z)" &&
	answer minutes leaf --put "$(time_at $data.1 18 202601010000Z)" &&
	answer utc leaf --put "$(time_at $data.1 17 260101000000Z)" &&
	answer moment leaf --status revoked \
		--put "$(time_at $single.1.0 18 20260101000000.0Z)" &&
	answer local leaf --put "$(time_at $single.2 18 20260101000000)" &&
	answer default leaf --insert $data.0:a003020100 &&
	answer boolean leaf \
		--append $single:a10e300c300a06022a03010100040100 &&
	answer padded leaf --put $single.0.1:048101aa
}

# make_answers: for the certificate leaf of $dir, all that is to be refused.
# Lists them, the name and the reason for each, in $dir/bad.
make_answers()
{
	local day=86400

	# Another CA of the same name, and its delegate.
	make_ca "$dir/strange" || return 1
	answer good leaf && answer sha256 leaf --digest sha256 &&
	answer revoked leaf --status revoked &&
	answer unknown leaf --status unknown &&
	answer other other && answer expired leaf --this -$day --next -1 &&
	answer future leaf --this 3600 && answer forever leaf --next none &&
	make_encodings &&
	ocsp_sign --cert "$dir/leaf.pem" --issuer "$dir/ca.pem" \
		--signer "$dir/other.pem" --key "$dir/other.key" \
		-o "$dir/server.der" &&
	ocsp_sign --cert "$dir/leaf.pem" --issuer "$dir/ca.pem" \
		--signer "$dir/strange/signer.pem" \
		--key "$dir/strange/signer.key" -o "$dir/stranger.der" ||
		return 1
	head -c 200 "$dir/good.der" > "$dir/truncated.der"
	head -c 3000 /dev/urandom > "$dir/garbage.der"
	head -c 1000000 /dev/zero > "$dir/megabyte.der"
	: > "$dir/empty.der"
	# The last byte of the response's own signature, which lies before the
	# certificate of its signer.
	/usr/bin/python3 - "$dir/good.der" "$dir/tampered.der" "$dir/longer.der" <<-'END'
		import sys
		der = bytearray(open(sys.argv[1], "rb").read())
		open(sys.argv[3], "wb").write(der + b"\0")
		# ecdsa-with-SHA256, first in the response, then the BIT STRING
		oid = bytes.fromhex("06082a8648ce3d040302")
		at = der.index(oid) + len(oid)
		assert der[at] == 3
		der[at + 1 + der[at + 1]] ^= 1
		open(sys.argv[2], "wb").write(der)
	END
	# Status 3, tryLater, with nothing in it.
	printf '\060\003\012\001\003' > "$dir/later.der"
	cat > "$dir/bad" <<-END
		truncated truncated or not a DER OCSPResponse
		garbage truncated or not a DER OCSPResponse
		empty the response is empty
		megabyte 1000000 bytes, more than the 65527 that TLS can carry
		longer 1 bytes after the OCSPResponse
		later responder says tryLater
		other response is for another certificate
		tampered bad signature
		stranger signed by neither the issuer nor a delegate
		server delegate CN=other,O=ktls-ocsp selftests has no id-kp-OCSPSigning
		expired response expired on 20
		future response not valid before 20
		forever no nextUpdate in the response
		offset thisUpdate 20260101000000+0100 has an offset from UTC
		fraction nextUpdate 20260101000000.5Z has a fraction of a second
		minutes producedAt 202601010000Z has no seconds
		utc producedAt is a UTCTime, not a GeneralizedTime
		moment revocationTime 20260101000000.0Z has a fraction of a sec
		local thisUpdate 20260101000000 has no Z at its end
		default not DER: version is encoded although it has its default
		boolean not DER: critical is encoded although it has its default
		padded not DER: a length is not in its shortest form (byte
	END
}

# start_test: print the header, and make $dir, which goes with the test.
start_test()
{
	ktap_print_header
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
}

# start_store_test: start_test, or skip the test when there is no module. Fills
# $dir with a CA and some certificates: leaf and other, which name the responder
# at $url, and plain, which names none.
start_store_test()
{
	start_test
	chmod 755 "$dir"	# for those without privileges
	load_store 2> /dev/null
	if ! ocspctl show > /dev/null 2>&1; then
		ktap_skip_all "no ktls_ocsp module"
		exit "$KSFT_SKIP"
	fi
	RESPONDER=8889		# a port; the namespace is ours
	url=http://127.0.0.1:$RESPONDER/
	ESC=$(printf '\033')
	# What ESC [ is in one byte, in ISO 8859-1: the kernel takes it.
	CSI=$(printf '\233')
	if ! { make_ca "$dir" && make_leaf "$dir" leaf 10 "$url" &&
	       make_leaf "$dir" other 11 "$url" && make_leaf "$dir" plain 12
	     }; then
		ktap_exit_fail_msg "cannot make certificates"
	fi
	leaf=$dir/leaf-chain.pem
	other=$dir/other-chain.pem
	key=$(key_of leaf)
}

# key_of NAME: of the certificate $dir/NAME.pem
key_of()
{
	openssl x509 -in "$dir/$1.pem" -outform DER | sha256sum | cut -c 1-64
}

empty_store()
{
	expect 0 show && quiet && ! [ -s "$dir/out" ] &&
	expect 0 -j show && json 'j == []'
}

# snapshot NAME: what the store tells of itself, into $dir/NAME
snapshot()
{
	"$plain_ocspctl" -j show > "$dir/$1" 2>&1
}

# What makes a command one of a user who may nothing. In a user namespace of
# one user, or where others cannot reach the programs, that is root without
# capabilities.
as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
$as_nobody timeout 60 ocspctl help > /dev/null 2>&1 ||
	as_nobody="setpriv --bounding-set=-all --inh-caps=-all"

# unprivileged STATUS ARGUMENT...: expect of such a one.
unprivileged()
{
	local status=$1

	shift
	# shellcheck disable=SC2086 # split on purpose
	$as_nobody timeout "$limit" ocspctl "$@" > "$dir/out" 2> "$dir/err"
	[ $? -eq "$status" ]
}
