# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # $dir, $port and $STARTTLS are those of who sources it
#
# What the store holds of the certificates in $dir, and what a handshake with the
# server on $port shows.

# Certificates and responses

# sign NAME FILE [OPTION]...: see ocsp_sign
sign()
{
	local name=$1 file=$2

	shift 2
	ocsp_sign --cert "$dir/$name.pem" --issuer "$dir/ca.pem" --signer "$dir/signer.pem" \
		--key "$dir/signer.key" -o "$dir/$file" "$@"
}

last_second=

# store NAME [OPTION]...: a response for NAME, newer than the one before, in whole seconds
store()
{
	local name=$1

	shift
	[ "$(date +%s)" != "$last_second" ] || sleep 1
	sign "$name" "$name.der" "$@" || return 1
	# It has this second, or an earlier one.
	last_second=$(date +%s)
	ocspctl set "$dir/$name-chain.pem" "$dir/$name.der" > "$dir/ocspctl" 2>&1 && return
	cat "$dir/ocspctl"
	return 1
}

withdraw()
{
	ocspctl del "$dir/$1-chain.pem" > "$dir/ocspctl" 2>&1
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

# What makes a server that has both choose one
rsa="--sigalgs rsa_pss_rsae_sha256:RSA+SHA256"
ecdsa="--sigalgs ECDSA+SHA256"

# serves_unstapled: a handshake, without a staple
# shellcheck disable=SC2086 # options
serves_unstapled()
{
	ask one.test "${1:-1.3}" $ecdsa &&
		grep -q "^TLSv[1-9.]* certificate 10 no staple\$" "$dir/client" && return
	echo "not a handshake without a staple: $(cat "$dir/client")"
	return 1
}

# shellcheck disable=SC2086 # options
leaf_is()
{
	staples leaf one.test "$1" "${2:-1.3}" $ecdsa
}
