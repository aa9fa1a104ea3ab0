#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspctl server: what it writes for each server, that it tells so before, and
# takes it back to the byte. systemctl and postconf are stand-ins, which write
# down how they were called.

export STORE=standin
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

start_store_test
root=$dir/root
dropins=/usr/local/share/ktls-ocsp/systemd
conf=/etc/ktls-ocsp/openssl.cnf
modules=/usr/local/lib/ktls-ocsp
ktap_set_plan 21

# make_root DIR: a host with some servers
make_root()
{
	mkdir -p "$1/etc/systemd/system" "$1/etc/dovecot/conf.d" "$1/etc/postgresql/15/main" \
		"$1/etc/postgresql/17/other" "$1$dropins" &&
	mkdir -p "$1/etc/nginx/conf.d" "$1/etc/nginx/modules-enabled" "$1$modules" \
		"$1/etc/apache2/mods-available" "$1/etc/apache2/mods-enabled" \
		"$1/etc/apache2/conf-available" "$1/etc/apache2/conf-enabled" || return 1
	for unit in nginx lighttpd dovecot postgresql haproxy postfix proftpd vsftpd slapd; do
		: > "$1/etc/systemd/system/$unit.service"
	done
	: > "$1$modules/ngx_http_ktls_ocsp_module.so"
	: > "$1$modules/mod_ktls_ocsp.so"
	mkdir "$1/etc/init.d" && : > "$1/etc/init.d/stunnel4"
	cp -r systemd/. "$1$dropins"
	echo "!include conf.d/*.conf" > "$1/etc/dovecot/dovecot.conf"
	echo "# environment variables for postgres process" > "$1/etc/postgresql/15/main/environment"
	: > "$1/etc/postgresql/17/other/environment"
}
make_root "$root" || ktap_exit_fail_msg "cannot make a root"

# tree NAME: all that is below the root, into $dir/NAME
tree()
{
	(cd "$root" && find . -type f -exec sha256sum {} + | sort -k 2;
	 find . -type d | sort) > "$dir/$1"
}

# enable changes what is below the root, a second one nothing more, and disable takes it back.
there_and_back()
{
	local name=$1 file=$2 text=$3

	tree before
	expect 0 server enable "$name" --root "$root" --dry-run && quiet &&
	prints "would write $root$file" && prints "    $text" && ! prints "would run" || return 1
	tree dry
	cmp "$dir/before" "$dir/dry" && expect 0 server enable "$name" --root "$root" && quiet &&
	prints "write $root$file" && grep -qF -e "$text" "$root$file" &&
	[ "$(stat -c %a "$root$file")" = 644 ] && tree enabled &&
	expect 0 server enable "$name" --root "$root" && ! prints write || return 1
	tree again
	cmp "$dir/enabled" "$dir/again" && expect 0 -j server list --root "$root" &&
	json "[s['state'] for s in j if s['name'] == '$name'] == ['enabled']" &&
	expect 0 server disable "$name" --root "$root" --dry-run && tree again &&
	cmp "$dir/enabled" "$dir/again" && expect 0 server disable "$name" --root "$root" &&
	tree after && cmp "$dir/before" "$dir/after" &&
	expect 0 server disable "$name" --root "$root"
}
check "nginx: a drop-in" there_and_back nginx \
	/etc/systemd/system/nginx.service.d/ktls-ocsp.conf "Environment=OPENSSL_CONF="
check "stunnel4, which has an init script" there_and_back stunnel4 \
	/etc/systemd/system/stunnel4.service.d/ktls-ocsp.conf "Environment=OPENSSL_CONF="
check "lighttpd: its address families" there_and_back lighttpd \
	/etc/systemd/system/lighttpd.service.d/ktls-ocsp.conf "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK"
check "proftpd: a drop-in" there_and_back proftpd \
	/etc/systemd/system/proftpd.service.d/ktls-ocsp.conf "Environment=OPENSSL_CONF="
check "nginx-module: files that load and configure it" there_and_back nginx-module \
	/etc/nginx/modules-enabled/60-ktls-ocsp.conf "load_module $modules/ngx_http_ktls_ocsp_module.so;"

# Debian's package of the module loads it.
nginx_packaged()
{
	local loads=$root/usr/share/nginx/modules-available/mod-http-ktls-ocsp.conf

	mkdir -p "${loads%/*}" && : > "$loads" &&
		there_and_back nginx-module /etc/nginx/conf.d/ktls-ocsp.conf "ktls_ocsp on;" &&
		expect 0 server enable nginx-module --root "$root" &&
		[ -z "$(ls "$root/etc/nginx/modules-enabled")" ] &&
		expect 0 server disable nginx-module --root "$root" && rm -r "$root/usr/share/nginx"
}
check "nginx-module: a package loads it" nginx_packaged

# tlshd's does not: see there.
orders()
{
	local file count=0

	for file in "$root$dropins"/*/ktls-ocsp.conf; do
		case $file in
		*/tlshd.service.d/*)	continue ;;
		esac
		if ! grep -qx "Wants=ocspd.service" "$file" || ! grep -qx "After=ocspd.service" "$file"; then
			echo "$file does not order" > "$dir/err"
			return 1
		fi
		count=$((count + 1))
	done
	[ "$count" -ge 10 ]
}
check "the drop-ins start servers after ocspd" orders

# What the drop-in does not do is told.
notes()
{
	expect 0 server enable vsftpd --root "$root" && prints "isolate_network=NO" &&
	expect 0 server disable vsftpd --root "$root" && ! prints isolate_network
}
check "vsftpd: what is left to do" notes

check "dovecot: a file in conf.d" there_and_back dovecot /etc/dovecot/conf.d/99-ktls-ocsp.conf \
	"import_environment = \$import_environment OPENSSL_CONF=$conf"
check "postgresql: a line for each cluster" there_and_back postgresql \
	/etc/postgresql/15/main/environment "OPENSSL_CONF = '$conf'"

dovecot_24()
{
	echo "dovecot_config_version = 2.4.0" > "$root/etc/dovecot/dovecot.conf"
	there_and_back dovecot /etc/dovecot/conf.d/99-ktls-ocsp.conf "OPENSSL_CONF = $conf"
}
check "dovecot 2.4" dovecot_24

lists()
{
	expect 0 server list --root "$root" && prints "nginx          disabled       drop-in" &&
	grep -q "^apache2 *not installed" "$dir/out" && grep -q "^haproxy *disabled *ocsp-export" "$dir/out"
}
check "list" lists

# What somebody else wrote or changed stays.
others()
{
	local file=$root/etc/systemd/system/nginx.service.d/ktls-ocsp.conf

	expect 0 server enable nginx --root "$root" && echo "# mine" >> "$file" &&
	refuses 1 "$file: was changed, so it stays" server disable nginx --root "$root" &&
	refuses 1 "has other text than ocspctl writes" server enable nginx --root "$root" &&
	grep -q "# mine" "$file" && rm "$file" || return 1
	echo "OPENSSL_CONF = '/mine'" > "$root/etc/postgresql/17/other/environment"
	refuses 1 "sets OPENSSL_CONF already" server enable postgresql --root "$root" &&
	expect 0 server disable postgresql --root "$root" &&
	[ "$(cat "$root/etc/postgresql/17/other/environment")" = "OPENSSL_CONF = '/mine'" ]
}
check "files that somebody else wrote or changed" others

errors()
{
	refuses 1 "apache2 is not installed" server enable apache2 --root "$root" &&
	refuses 1 "'frob' is not a known server" server enable frob &&
	refuses 1 "enable needs the NAME" server enable &&
	refuses 1 "'frob' is not list" server frob nginx &&
	refuses 1 "'x' is one argument too many" server enable nginx x --root "$root" &&
	refuses 1 "haproxy: edit /etc/ktls-ocsp/export.conf" server enable haproxy --root "$root" &&
	rm -r "$root$dropins/lighttpd.service.d" &&
	refuses 1 "has no drop-in for lighttpd.service" server enable lighttpd --root "$root" &&
	refuses 1 "postconf(1) does not work below --root" server enable postfix --root "$root" &&
	: > "$root/etc/systemd/system/apache2.service" &&
	refuses 1 "a2enmod(8) does not work below --root" server enable apache2-module --root "$root" &&
	rm "$root$modules/ngx_http_ktls_ocsp_module.so" &&
	refuses 1 "there is no $modules/ngx_http" server enable nginx-module --root "$root"
}
check "errors" errors

# The host itself, with other commands

cat > "$dir/systemctl" <<-END
	#!/bin/sh
	[ \$1 != is-active ] || exec cat $dir/active
	echo "systemctl \$*" >> $dir/calls
END
cat > "$dir/postconf" <<-END
	#!/bin/sh
	echo "postconf \$*" >> $dir/calls
	case \$1 in
	-d) echo "\$2 = MAIL_CONFIG TZ";;
	-n) grep "^\$2 = " $dir/main.cf || :;;
	-e) echo "\$2" >> $dir/main.cf;;
	-X) sed -i "/^\$2 /d" $dir/main.cf;;
	esac
END
for name in a2enmod a2dismod a2enconf a2disconf apache2ctl; do
	cat > "$dir/$name" <<-END
		#!/bin/sh
		echo "$name \$*" >> $dir/calls
		case $name in
		a2enmod) ln -s ../mods-available/ktls_ocsp.load /etc/apache2/mods-enabled/;;
		a2dismod) rm /etc/apache2/mods-enabled/ktls_ocsp.load;;
		a2enconf) ln -s ../conf-available/ktls-ocsp.conf /etc/apache2/conf-enabled/;;
		a2disconf) rm /etc/apache2/conf-enabled/ktls-ocsp.conf;;
		esac
		! [ -e $dir/$name.fails ]
	END
done
chmod +x "$dir/systemctl" "$dir/postconf" "$dir"/a2* "$dir/apache2ctl"
echo "smtpd_tls_security_level = may" > "$dir/main.cf"
if ! { overlay_trees /mnt /etc /usr/local && rm -rf /etc/apache2 /etc/systemd/system &&
       make_root "$dir/other" && cp -r "$dir/other/etc/." /etc && cp -r "$dir/other/usr/local/." /usr/local &&
       : > /etc/systemd/system/apache2.service; }; then
	ktap_exit_fail_msg "cannot mount"
fi
PATH=$dir:$PATH

# The server is another one, whose certificate has a staple.
runs()
{
	answer good leaf || return 1
	openssl s_server -accept 443 -www -cert "$dir/leaf.pem" -key "$dir/leaf.key" \
		-cert_chain "$dir/ca.pem" -status_file "$dir/good.der" > "$dir/server.log" 2>&1 &
	server=$!
	listens 443 "$dir/server.log" && : > "$dir/calls" && echo active > "$dir/active" &&
	expect 0 server enable nginx --dry-run && prints "would run systemctl daemon-reload" &&
	! [ -s "$dir/calls" ] && expect 0 server enable nginx && quiet &&
	prints "OCSP localhost:443 OK: good" &&
	[ "$(cat "$dir/calls")" = "$(printf 'systemctl daemon-reload\nsystemctl try-restart nginx.service')" ] &&
	expect 0 server check nginx && prints "OCSP localhost:443 OK: good" &&
	expect 0 server disable nginx && ! [ -e /etc/systemd/system/nginx.service.d ]
	set -- $?
	kill "$server"
	wait "$server" 2> /dev/null
	return "$1"
}
check "enable restarts, and looks whether it staples" runs

# Its unit is up sooner than it is.
late()
{
	( sleep 2 && exec openssl s_server -accept 443 -www -cert "$dir/leaf.pem" -key "$dir/leaf.key" \
		-cert_chain "$dir/ca.pem" -status_file "$dir/good.der" > "$dir/server.log" 2>&1 ) &
	server=$!
	expect 0 server enable nginx && quiet && prints "OCSP localhost:443 OK: good"
	set -- $?
	kill "$server"
	wait "$server" 2> /dev/null
	return "$1"
}
check "enable waits for a server that listens later" late

stopped()
{
	rm "$dir/active"
	expect 0 server disable nginx && expect 0 server enable nginx &&
	prints "nginx.service is not running, so it was not checked" && expect 0 server disable nginx
}
check "enable does not check a server that does not run" stopped

postfix()
{
	cp "$dir/main.cf" "$dir/main.cf.before"
	: > "$dir/calls"
	expect 0 server enable postfix --dry-run && prints "would run postconf -e import_environment" &&
	cmp "$dir/main.cf" "$dir/main.cf.before" && expect 0 server enable postfix &&
	grep -qx "import_environment = MAIL_CONFIG TZ OPENSSL_CONF=$conf" "$dir/main.cf" &&
	grep -qx "systemctl try-restart postfix.service" "$dir/calls" &&
	expect 0 server enable postfix && [ "$(wc -l < "$dir/main.cf")" -eq 2 ] &&
	expect 0 server disable postfix && cmp "$dir/main.cf" "$dir/main.cf.before" || return 1
	echo "import_environment = MINE" >> "$dir/main.cf"
	refuses 1 "main.cf sets import_environment: add OPENSSL_CONF=$conf there" server enable postfix &&
	expect 0 server disable postfix && grep -qx "import_environment = MINE" "$dir/main.cf" || return 1
	sed -i "s|MINE|MINE OPENSSL_CONF=$conf|" "$dir/main.cf"
	expect 0 server enable postfix && ! prints postconf &&
	refuses 1 "import_environment in main.cf was changed" server disable postfix
}
check "postfix: by postconf" postfix

apache2_files()
{
	find /etc/apache2 | sort
}

# What the server refuses is taken back.
apache2()
{
	local file=/etc/apache2/mods-available/ktls_ocsp.conf

	apache2_files > "$dir/before"
	: > "$dir/calls"
	expect 0 server enable apache2-module --dry-run && prints "would run a2enmod -q ktls_ocsp" &&
	! [ -s "$dir/calls" ] && expect 0 server enable apache2-module &&
	grep -qx "LoadModule ktls_ocsp_module $modules/mod_ktls_ocsp.so" "${file%.conf}.load" &&
	grep -qx "KtlsOcsp on" "$file" && expect 0 server list &&
	prints "apache2-module enabled" && echo "# mine" >> "$file" || return 1
	: > "$dir/calls"
	refuses 1 "$file: was changed" server disable apache2-module && ! [ -s "$dir/calls" ] &&
	sed -i '/^# mine/d' "$file" && expect 0 server disable apache2-module &&
	apache2_files | cmp - "$dir/before" || return 1
	: > "$dir/apache2ctl.fails"
	: > "$dir/calls"
	refuses 1 "apache2ctl configtest: exit status 1" server enable apache2-module &&
	apache2_files | cmp - "$dir/before" &&
	! grep -q "try-restart apache2" "$dir/calls"
	set -- $?
	rm "$dir/apache2ctl.fails"
	return "$1"
}
check "apache2-module: by a2enmod" apache2

# Debian's package of the module has the file that loads it, and enables that.
apache2_packaged()
{
	local load=/etc/apache2/mods-available/ktls_ocsp.load file=/etc/apache2/conf-available/ktls-ocsp.conf

	echo "LoadModule ktls_ocsp_module /usr/lib/apache2/modules/mod_ktls_ocsp.so" > "$load"
	refuses 1 "there is no /etc/apache2/mods-enabled/ktls_ocsp.load" server enable apache2-module || return 1
	ln -s ../mods-available/ktls_ocsp.load /etc/apache2/mods-enabled/
	apache2_files > "$dir/before"
	: > "$dir/calls"
	expect 0 server list && prints "apache2-module disabled" && expect 0 server enable apache2-module &&
		grep -q "KtlsOcsp on" "$file" && grep -qx "a2enconf -q ktls-ocsp" "$dir/calls" &&
		expect 0 server list && prints "apache2-module enabled" &&
		expect 0 server disable apache2-module && apache2_files | cmp - "$dir/before" &&
		grep -qx "a2disconf -q -f -p ktls-ocsp" "$dir/calls" && ! grep -q mod "$dir/calls"
}
check "apache2-module: a package loads it" apache2_packaged

fails()
{
	printf '#!/bin/sh\nexit 3\n' > "$dir/systemctl"
	refuses 1 "systemctl daemon-reload: exit status 3" server enable nginx &&
	[ -e /etc/systemd/system/nginx.service.d/ktls-ocsp.conf ]
}
check "a command that fails: 1" fails

ktap_finished
