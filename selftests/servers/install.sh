#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# From "make install" to an nginx that staples, with the commands of the README:
# what is installed, ocspd and a responder, the drop-in of nginx, and nginx with
# its package's configuration, started as its unit does it. There is no systemd
# to do it; it checks the drop-ins.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
own_namespaces "$0" "$@"
. ../lib/ktap_helpers.sh

port=4433
responder=8889
share=/usr/local/share/ktls-ocsp/systemd
units=/etc/systemd/system
nginx_unit=/lib/systemd/system/nginx.service
dir=$(mktemp -d)
chmod 755 "$dir"
ocspd=
responder_pid=

cleanup()
{
	stop_nginx
	[ -z "$ocspd" ] || kill "$ocspd" 2>/dev/null
	[ -z "$responder_pid" ] || stop_responder
	# The layers go with the namespace.
	umount -l "$dir/layers" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# What is installed here ends with the test.
writable_root()
{
	local layer tree

	mkdir "$dir/layers" && mount -t tmpfs layers "$dir/layers" &&
		mount -t tmpfs run /run || return 1
	for tree in /etc /usr/local /var/log; do
		layer=$dir/layers$tree
		mkdir -p "$layer/upper" "$layer/work"
		mount -t overlay -o "lowerdir=$tree,upperdir=$layer/upper,workdir=$layer/work" \
			overlay "$tree" || return 1
	done
}

# installed_here FILE...: each, where it says
installed_here()
{
	local file

	for file; do
		[ -e "$file" ] || { echo "$file: no such file"; return 1; }
	done
}

# setting NAME FILE: what comes behind NAME=
setting()
{
	sed -n "s/^$1 *= *-\{0,1\}//p" "$2"
}

# Without what this machine had before
# shellcheck disable=SC2046 # words
test_install()
{
	local config=/etc/ktls-ocsp/openssl.cnf

	rm -rf /usr/local/*/ktls-ocsp "$config"
	cp -R -d installed/. / &&
	installed_here "$config" $(setting path "$config") \
		$(sed -n 's/^\.include //p' "$config") \
		$(setting ExecStart /usr/local/lib/systemd/system/ocspd.service) \
		/usr/local/share/man/man7/ktls-ocsp-openssl.7
}

# Those for units that are not installed tell nothing.
test_dropins()
{
	local dropin names=

	for dropin in "$share"/*.service.d; do
		[ "$(setting Environment "$dropin/ktls-ocsp.conf")" = \
			OPENSSL_CONF=/etc/ktls-ocsp/openssl.cnf ] || return 1
		cp -r "$dropin" "$units/" || return 1
		dropin=$(basename "$dropin" .d)
		[ ! -e "/lib/systemd/system/$dropin" ] ||
			names="$names $(echo "$dropin" | sed 's/@/@one/')"
	done
	# shellcheck disable=SC2086 # words
	systemd-analyze verify $names > "$dir/verify" 2>&1
	# What systemd has to say of others' units is not ours.
	! grep -F ktls-ocsp.conf "$dir/verify" && [ -n "$names" ]
}

make_certificate()
{
	make_ca "$dir" && alt_name=one.test make_leaf "$dir" leaf 10 "http://127.0.0.1:$responder/" &&
		cp "$dir/leaf-chain.pem" /etc/nginx/chain.pem &&
		cp "$dir/leaf.key" /etc/nginx/chain.key &&
		start_responder "$dir" "$responder"
}

# What its unit waits for
is_ready()
{
	grep -q '^ocspd: ready' "$dir/ocspd.log"
}

test_fetched()
{
	make_certificate || return 1
	printf '[ocspd]\nallow = 127.0.0.0/8\ncache = %s/cache\n' "$dir" > /etc/ocspd.conf
	"$(setting ExecStart /usr/local/lib/systemd/system/ocspd.service)" \
		2> "$dir/ocspd.log" &
	ocspd=$!
	wait_for 30 is_ready && /usr/local/sbin/ocspctl add /etc/nginx/chain.pem && return
	cat "$dir/ocspd.log"
	return 1
}

# as_unit LINE: the command of this line of nginx's unit, with its environment
as_unit()
{
	env -i PATH="$PATH:/usr/sbin" \
		"$(setting Environment "$units/nginx.service.d/ktls-ocsp.conf")" \
		sh -c "$(setting "$1" "$nginx_unit")"
}

stop_nginx()
{
	[ ! -e /run/nginx.pid ] || kill -QUIT "$(cat /run/nginx.pid)" 2>/dev/null
	wait_for 20 port_is_closed "$port"
}

# nothing_else: neither ocspd nor the responder
nothing_else()
{
	kill "$ocspd" && wait "$ocspd"
	ocspd=
	stop_responder
}

ask()
{
	staple_client --show --port "$port" --name one.test --tls "$1" --ca "$dir/ca.pem" \
		> "$dir/client" 2>&1
	cat "$dir/client"
	grep -q "^TLSv$1 certificate 10 staple 10 good\$" "$dir/client"
}

test_staples()
{
	cat > /etc/nginx/conf.d/one.conf <<-END
		server {
			listen 127.0.0.1:$port ssl;
			ssl_certificate /etc/nginx/chain.pem;
			ssl_certificate_key /etc/nginx/chain.key;
		}
	END
	nothing_else
	as_unit ExecStartPre && as_unit ExecStart && wait_for 30 port_is_open "$port" &&
		ask 1.3 && ask 1.2
}

check()
{
	if "test_$1" > "$dir/why" 2>&1; then
		ktap_test_pass "$2"
	else
		sed 's/^/#   /' "$dir/why"
		ktap_test_fail "$2"
	fi
}

ktap_print_header
modprobe ktls_ocsp 2>/dev/null
if ! ocspctl show >/dev/null 2>&1; then
	ktap_skip_all "no ktls_ocsp module"
	exit "$KSFT_SKIP"
fi
writable_root > "$dir/why" 2>&1 || ktap_exit_fail_msg "no writable root: $(cat "$dir/why")"
ktap_set_plan 4
check install "what is installed names files that are there"
check dropins "systemd takes the drop-ins"
check fetched "ocspd fetches what ocspctl adds"
check staples "nginx, started as its unit says, staples from its first handshake on"
ktap_finished
