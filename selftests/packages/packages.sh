#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2119,SC2154,SC2317 # cases are called by their names
#
# usage: packages.sh DEBS UPGRADE CCACHE TREE [CASE]...
#
# The Debian packages in the directory DEBS, on a guest of their suite with its
# stock kernel and a systemd of its own: installed, used, upgraded to those in
# UPGRADE while a server serves, removed and purged. Called by ci/check_packages.
# What apt installs beside them is in the root already: there is no network.
#
# An emulated processor would compile the module for half an hour: DKMS finds in
# the directory CCACHE what ci/check_packages had it compile outside. TREE is the
# source, for the test that autopkgtest runs and for the README: how to install,
# add and enable is typed as it is there. With CASE, by the names below, the others
# are left out; each needs some of those before it.

debs=$(readlink -f "$1")
upgrade=$(readlink -f "$2")
compiled=$(readlink -f "$3")
top=$(readlink -f "$4")
shift 4
cases=$*
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
. ../lib/ktap_helpers.sh
. ../lib/systemd.sh
. ../servers/handshakes.sh
. ./nfs.sh

PATH=$(readlink -f ../servers):$PATH:/usr/sbin:/sbin
units=/etc/systemd/system
port=443
responder=8889
# Seconds, on an emulated machine that has half of a processor
patience=300
responder_pid=
STARTTLS=
packages="libocsp1 libocsp-ssl1 ktls-ocsp ktls-ocsp-dkms ktls-ocsp-openssl libapache2-mod-ktls-ocsp
	libnginx-mod-http-ktls-ocsp libnginx-mod-stream-ktls-ocsp"
dir=$(mktemp -d /run/ktls-ocsp.XXXXXX)
chmod 755 "$dir"

cleanup()
{
	[ -z "$systemd" ] || kill -KILL "$systemd" 2>/dev/null
	[ -z "$responder_pid" ] || stop_responder
}
trap cleanup EXIT

apt()
{
	inside env DEBIAN_FRONTEND=noninteractive DEBIAN_KERNEL_USE_CCACHE=1 "CCACHE_DIR=$compiled" \
		apt-get -qy --no-install-recommends "$@" < /dev/null
}

# install PACKAGE...: those of $debs
install()
{
	local files=

	for name; do
		files="$files $(echo "$debs/${name}"_*.deb)"
	done
	# shellcheck disable=SC2086 # names
	apt install $files
}

# readme BEGINNING: type the command of the README that begins so, where the packages are, and Y for
# what it asks.
readme()
{
	local line

	line=$(sed -n "s/^    \\($1.*\\)/\\1/p" "$top/README.md")
	echo "$line"
	[ "$(echo "$line" | wc -l)" = 1 ] && [ -n "$line" ] &&
		echo Y | inside env DEBIAN_KERNEL_USE_CCACHE=1 "CCACHE_DIR=$compiled" \
			sh -ec "cd '$debs' && $line"
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
		wait_for "$patience" says_module && ocspd_status
}

test_dkms()
{
	local result

	! modinfo ktls_ocsp 2> /dev/null && readme "apt install linux-headers" && modinfo ktls_ocsp
	result=$?
	inside env "CCACHE_DIR=$compiled" ccache --show-stats
	return "$result"
}

knows_module()
{
	! says_module
}

# By ocspd, which waits for it, and by the first client where that does not run; without modprobe
test_autoload()
{
	wait_for "$patience" knows_module && inside systemctl is-active ocspd.service &&
		inside systemctl stop ocspd.socket ocspd.service && wait_for 10 rmmod ktls_ocsp &&
		inside ocspctl show && grep '^ktls_ocsp ' /proc/modules &&
		inside systemctl start ocspd.service && wait_for "$patience" knows_module
}

# What the rule tells udev to run when the module is loaded
test_sysctls()
{
	local command

	command=$(sed -n 's/^ACTION=="add".*KERNEL=="ktls_ocsp".*RUN+="\(.*\)"$/\1/p' \
		"$(find /lib/udev/rules.d/ /usr/lib/udev/rules.d/ -name '*-ktls-ocsp.rules' | head -n 1)")
	echo "net.ktls_ocsp.max_entries = 4321" >> /etc/sysctl.d/ktls-ocsp.conf
	# shellcheck disable=SC2086 # a command with its arguments
	[ -n "$command" ] && inside $command &&
		[ "$(cat /proc/sys/net/ktls_ocsp/max_entries)" = 4321 ]
}

test_add()
{
	printf '[ocspd]\nallow = 127.0.0.0/8\n' > /etc/ocspd.conf
	make_ca "$dir" && alt_name=one.test make_leaf "$dir" leaf 10 "http://127.0.0.1:$responder/" &&
		chmod 644 "$dir/leaf.key" && start_responder "$dir" "$responder" &&
		cp "$dir/leaf-chain.pem" /etc/nginx/chain.pem &&
		inside systemctl reload ocspd.service && readme "ocspctl add" &&
		inside ocspctl show | grep good
}

# enable_server SERVER: with the one command
enable_server()
{
	inside ocspctl server enable "$1" && wait_for "$patience" port_is_open "$port"
}

test_nginx()
{
	rm -f /etc/nginx/sites-enabled/*
	cat > /etc/nginx/conf.d/one.conf <<-END
		server {
			listen 127.0.0.1:443 ssl;
			ssl_certificate /etc/nginx/chain.pem;
			ssl_certificate_key $dir/leaf.key;
		}
	END
	port=443
	inside systemctl restart nginx.service && wait_for "$patience" port_is_open "$port" &&
		serves_unstapled && readme "ocspctl server enable nginx" &&
		wait_for "$patience" port_is_open "$port" && leaf_is good && leaf_is good 1.2
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
	inside a2enmod -q ssl && inside systemctl restart apache2.service && enable_server apache2 &&
		leaf_is good && leaf_is good 1.2
}

test_postfix()
{
	port=25
	inside postconf -e "smtpd_tls_cert_file = $dir/leaf-chain.pem" \
		"smtpd_tls_key_file = $dir/leaf.key" "smtpd_tls_security_level = may" \
		"inet_interfaces = loopback-only" "inet_protocols = ipv4" "compatibility_level = 3.6" &&
		inside systemctl restart postfix.service && enable_server postfix &&
		echo QUIT | inside timeout "$patience" openssl s_client -connect 127.0.0.1:25 -starttls smtp \
			-status -CAfile "$dir/ca.pem" > "$dir/smtp" 2>&1
	cat "$dir/smtp"
	grep -q "OCSP Response Status: successful" "$dir/smtp" && grep -q "Cert Status: good" "$dir/smtp"
}

# The servers' own modules, in place of that for OpenSSL
test_modules()
{
	inside ocspctl server disable nginx && inside ocspctl server disable apache2 &&
		install libocsp-ssl1 libapache2-mod-ktls-ocsp libnginx-mod-http-ktls-ocsp \
			libnginx-mod-stream-ktls-ocsp && inside nginx -t && serve_unstapled || return 1
	port=443
	enable_server nginx-module && leaf_is good || return 1
	port=444
	enable_server apache2-module && leaf_is good
}

# What autopkgtest runs, on nginx with the module for OpenSSL
test_autopkgtest()
{
	mkdir -p "$dir/auto" && inside ocspctl server disable nginx-module &&
		inside env "AUTOPKGTEST_TMP=$dir/auto" PATH="/usr/sbin:/usr/bin:/sbin:/bin" \
			"$top/tools/packaging/debian/tests/staple" && inside ocspctl server enable nginx
}

# No handshake is without a staple meanwhile.
test_upgrade()
{
	local load status

	port=443
	staple_client --count 0 --port "$port" --name one.test > "$dir/load" &
	load=$!
	debs=$upgrade
	# shellcheck disable=SC2086 # names
	install $packages > "$dir/upgrade" 2>&1
	status=$?
	kill "$load"
	wait "$load"
	cat "$dir/load" "$dir/upgrade"
	[ "$status" = 0 ] && grep -q '^stapled [1-9][0-9]* unstapled 0 ' "$dir/load" &&
		grep -q 'ktls_ocsp.*until' "$dir/upgrade" &&
		inside systemctl is-active ocspd.service && inside systemctl restart nginx.service &&
		wait_for "$patience" port_is_open "$port" && leaf_is good
}

serve_unstapled()
{
	inside systemctl restart nginx.service apache2.service && wait_for "$patience" port_is_open 443 &&
		wait_for "$patience" port_is_open 444 && port=443 && serves_unstapled && port=444 &&
		serves_unstapled
}

# What "ocspctl server enable" wrote is undone: nginx would not know the module's directive.
test_remove()
{
	inside ocspctl server enable nginx-module &&
		[ -n "$(inside postconf -n import_environment)" ] || return 1
	# shellcheck disable=SC2086 # names
	apt remove $packages && serve_unstapled && [ -z "$(inside postconf -n import_environment)" ] &&
		[ ! -e /etc/nginx/conf.d/ktls-ocsp.conf ] &&
		[ ! -e /etc/apache2/conf-available/ktls-ocsp.conf ] &&
		! inside systemctl is-active ocspd.service && ! modinfo ktls_ocsp 2> /dev/null
}

ours()
{
	find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path "$PWD" \
		-o -path "$debs" -o -path /root \) -prune -o \
		\( -iname '*ktls*ocsp*' -o -iname '*ocspd*' -o -iname '*ocspctl*' -o -iname 'libocsp*' \) \
		-print | grep -v "^${PWD%%/build/*}/" | sort
}

test_purge()
{
	# shellcheck disable=SC2086 # names
	inside dpkg --purge $packages && serve_unstapled || return 1
	ours > "$dir/left"
	diff "$dir/before" "$dir/left"
}

# What the README's commands print is for people to read.
check()
{
	case " ${cases:-$1} " in
	*" $1 "*)	;;
	*)		ktap_test_skip "$2"; return ;;
	esac
	if "test_$1" > "$dir/why" 2>&1; then
		case $2 in
		README*) sed 's/^/#   /' "$dir/why" ;;
		esac
		ktap_test_pass "$2"
	else
		tail -n 60 "$dir/why" | sed 's/^/#   /'
		ktap_test_fail "$2"
	fi
}

ktap_print_header
# The modules of the kernel's package, with what building one takes; but without the thousands of
# others, which depmod would read each time.
umount -l "/lib/modules/$(uname -r)"
command -v tlshd > /dev/null && load_nfs
mount -t tmpfs none "/lib/modules/$(uname -r)/kernel"
# man-db would index all pages after each installation.
rm -f /usr/sbin/policy-rc.d /var/lib/man-db/auto-update
quiet_units "$units"
start_systemd > "$dir/why" 2>&1 || ktap_exit_fail_msg "no systemd: $(cat "$dir/why")"
ours > "$dir/before"
ktap_set_plan 14
check without_module "ocspd is installed without the module: it runs, and says what it waits for"
check dkms "README: the packages are installed, and DKMS builds the module for the kernel that runs"
check autoload "ocspd finds the module, and the first client loads it"
check sysctls "the sysctls of /etc/sysctl.d are those of the module"
check add "README: ocspd fetches what ocspctl adds"
check nginx "README: nginx staples when it is told to, and not before"
check apache2 "apache2 staples"
check postfix "postfix staples"
if command -v tlshd > /dev/null; then
	check nfs "tlshd staples for NFS over TLS: a client mounts, and does not when it is revoked"
else
	ktap_test_skip "tlshd is not in this suite"
fi
check modules "the modules of nginx and apache2 staple where they are told to"
check autopkgtest "the test of the source package passes"
check upgrade "an upgrade leaves no handshake without a staple, and says what becomes of the module"
check remove "removed: servers serve"
check purge "purged: nothing stays, and servers serve"
ktap_finished
