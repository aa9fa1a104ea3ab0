#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# shellcheck disable=SC2119,SC2154,SC2317 # cases are called by their names
#
# usage: packages.sh DEBS UPGRADE
#
# The Debian packages in the directory DEBS, on a guest of their suite with its
# stock kernel and a systemd of its own: installed, used, upgraded to those in
# UPGRADE while a server serves, removed and purged. Called by ci/check_packages.
# What apt installs beside them is in the root already: there is no network.

debs=$(readlink -f "$1")
upgrade=$(readlink -f "$2")
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
. ../lib/ktap_helpers.sh
. ../lib/systemd.sh
. ../servers/handshakes.sh

PATH=$(readlink -f ../servers):$PATH:/usr/sbin:/sbin
units=/etc/systemd/system
port=443
responder=8889
responder_pid=
STARTTLS=
dir=$(mktemp -d /run/ktls-ocsp.XXXXXX)
chmod 755 "$dir"

cleanup()
{
	[ -z "$systemd" ] || kill -KILL "$systemd" 2>/dev/null
	[ -z "$responder_pid" ] || stop_responder
}
trap cleanup EXIT

# install PACKAGE...: those of $debs
install()
{
	local files=

	for name; do
		files="$files $(echo "$debs/${name}"_*.deb)"
	done
	# shellcheck disable=SC2086 # names
	inside env DEBIAN_FRONTEND=noninteractive apt-get -qy \
		--no-install-recommends install $files < /dev/null
}

ocspd_status()
{
	inside systemctl show -P StatusText ocspd.service
}

says_module()
{
	ocspd_status | grep -qi module
}

# Nothing that cannot work starts and fails.
test_without_module()
{
	install libocsp1 ktls-ocsp && inside systemctl is-active ocspd.service &&
		wait_for 30 says_module && ocspd_status
}

test_dkms()
{
	! modinfo ktls_ocsp 2> /dev/null && install ktls-ocsp-dkms && modinfo ktls_ocsp &&
		! grep -q '^ktls_ocsp ' /proc/modules
}

knows_module()
{
	! says_module
}

# By the first client, without modprobe
test_autoload()
{
	inside ocspctl show && grep '^ktls_ocsp ' /proc/modules && wait_for 60 knows_module &&
		inside systemctl is-active ocspd.service
}

test_add()
{
	printf '[ocspd]\nallow = 127.0.0.0/8\n' > /etc/ocspd.conf
	make_ca "$dir" && alt_name=one.test make_leaf "$dir" leaf 10 "http://127.0.0.1:$responder/" &&
		chmod 644 "$dir/leaf.key" && start_responder "$dir" "$responder" &&
		inside systemctl reload ocspd.service && inside ocspctl add "$dir/leaf-chain.pem" &&
		inside ocspctl show | grep good
}

# use_module UNIT: that for OpenSSL, in this service alone
use_module()
{
	mkdir -p "$units/$1.d" && cp "/usr/share/ktls-ocsp/systemd/$1.d/ktls-ocsp.conf" "$units/$1.d/" &&
		inside systemctl daemon-reload && inside systemctl restart "$1" &&
		wait_for 60 port_is_open "$port"
}

test_nginx()
{
	rm -f /etc/nginx/sites-enabled/*
	cat > /etc/nginx/conf.d/one.conf <<-END
		server {
			listen 127.0.0.1:443 ssl;
			ssl_certificate $dir/leaf-chain.pem;
			ssl_certificate_key $dir/leaf.key;
		}
	END
	port=443
	install ktls-ocsp-openssl && inside systemctl restart nginx.service &&
		wait_for 60 port_is_open "$port" && serves_unstapled && use_module nginx.service &&
		leaf_is good && leaf_is good 1.2
}

test_apache2()
{
	cat > /etc/apache2/sites-enabled/one.conf <<-END
		Listen 127.0.0.1:444
		<VirtualHost 127.0.0.1:444>
			SSLEngine on
			SSLCertificateFile $dir/leaf-chain.pem
			SSLCertificateKeyFile $dir/leaf.key
		</VirtualHost>
	END
	rm -f /etc/apache2/sites-enabled/000* && : > /etc/apache2/ports.conf
	port=444
	inside a2enmod -q ssl && use_module apache2.service && leaf_is good &&
		leaf_is good 1.2
}

# No handshake is without a staple meanwhile.
test_upgrade()
{
	local load status

	port=443
	staple_client --count 0 --port "$port" --name one.test > "$dir/load" &
	load=$!
	debs=$upgrade
	install libocsp1 ktls-ocsp ktls-ocsp-dkms ktls-ocsp-openssl > "$dir/upgrade" 2>&1
	status=$?
	kill "$load"
	wait "$load"
	cat "$dir/load" "$dir/upgrade"
	[ "$status" = 0 ] && grep -q '^stapled [1-9][0-9]* unstapled 0 ' "$dir/load" &&
		grep -q 'ktls_ocsp.*until' "$dir/upgrade" &&
		inside systemctl is-active ocspd.service && inside systemctl restart nginx.service &&
		wait_for 60 port_is_open "$port" && leaf_is good
}

apt()
{
	inside env DEBIAN_FRONTEND=noninteractive apt-get -qy "$@" < /dev/null
}

serve()
{
	inside systemctl restart nginx.service apache2.service && wait_for 60 port_is_open 443 &&
		wait_for 60 port_is_open 444 && port=443 && serves_unstapled && port=444 &&
		serves_unstapled
}

# The drop-ins are the administrator's: with them, and nothing behind them, servers serve.
test_remove()
{
	apt remove ktls-ocsp ktls-ocsp-openssl ktls-ocsp-dkms libocsp1 && serve &&
		! inside systemctl is-active ocspd.service && ! modinfo ktls_ocsp 2> /dev/null
}

ours()
{
	find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path "$PWD" \
		-o -path "$debs" -o -path /root \) -prune -o \
		\( -iname '*ktls*ocsp*' -o -iname '*ocspd*' -o -iname '*ocspctl*' -o -iname 'libocsp*' \) \
		-print | grep -v '^/etc/systemd/system/.*[.]d/ktls-ocsp.conf$' |
		grep -v "^${PWD%%/build/*}/" | sort
}

test_purge()
{
	apt purge ktls-ocsp ktls-ocsp-openssl ktls-ocsp-dkms libocsp1 && serve || return 1
	ours > "$dir/left"
	diff "$dir/before" "$dir/left"
}

check()
{
	if "test_$1" > "$dir/why" 2>&1; then
		ktap_test_pass "$2"
	else
		tail -n 60 "$dir/why" | sed 's/^/#   /'
		ktap_test_fail "$2"
	fi
}

ktap_print_header
# The modules of the kernel's package, with what building one takes
umount -l "/lib/modules/$(uname -r)"
rm -f /usr/sbin/policy-rc.d
quiet_units "$units"
start_systemd > "$dir/why" 2>&1 || ktap_exit_fail_msg "no systemd: $(cat "$dir/why")"
ours > "$dir/before"
ktap_set_plan 9
check without_module "ocspd is installed without the module: it runs, and says what it waits for"
check dkms "DKMS builds the module for the kernel that runs"
check autoload "the first client loads the module, and ocspd finds it"
check add "ocspd fetches what ocspctl adds"
check nginx "nginx staples when it is told to, and not before"
check apache2 "apache2 staples"
check upgrade "an upgrade leaves no handshake without a staple, and says what becomes of the module"
check remove "removed: servers serve"
check purge "purged: nothing stays, and servers serve"
ktap_finished
