# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # $dir and $port are those of who sources it
#
# How to configure, start and reload the servers that servers.sh tests, each as
# its Debian package would run it: a configuration file in $dir/NAME, the user
# of the package, its way to become a daemon. Port $port, on loopback.
#
# Certificates: rsa.pem and leaf.pem for one.test, where a server can have both
# in one place; two.pem for two.test.
#
# For each server: NAME_configure, NAME_start and NAME_reload; NAME_pid prints
# the process to end.

pid_in_file()
{
	cat "$dir/$server/pid" 2>/dev/null
}

hangup()
{
	kill -HUP "$("${server}_pid")"
}

# bundle NAME: key and chain in one file, as some want it
bundle()
{
	cat "$dir/$1.key" "$dir/$1-chain.pem"
}

# nginx

nginx_configure()
{
	cat > "$dir/nginx/conf" <<-END
		user www-data;
		worker_processes 2;
		pid $dir/nginx/pid;
		error_log $dir/nginx/log;
		events { }
		http {
			access_log off;
			ssl_protocols TLSv1.2 TLSv1.3;
			ssl_session_cache off;
			server {
				listen 127.0.0.1:$port ssl;
				server_name one.test;
				ssl_certificate $dir/rsa-chain.pem;
				ssl_certificate_key $dir/rsa.key;
				ssl_certificate $dir/leaf-chain.pem;
				ssl_certificate_key $dir/leaf.key;
				location / { return 200 one; }
			}
			server {
				listen 127.0.0.1:$port ssl;
				server_name two.test;
				ssl_certificate $dir/two-chain.pem;
				ssl_certificate_key $dir/two.key;
				ssl_stapling on;
				ssl_stapling_file $dir/own.der;
				location / { return 200 two; }
			}
			# Loaded for each connection
			server {
				listen 127.0.0.1:$port ssl;
				server_name variable.test;
				ssl_certificate $dir/\$ssl_server_name-chain.pem;
				ssl_certificate_key $dir/\$ssl_server_name.key;
				location / { return 200 variable; }
			}
		}
	END
}

nginx_start()
{
	nginx -c "$dir/nginx/conf" -g 'daemon on; master_process on;'
}

nginx_reload()	{ hangup; }
nginx_pid()	{ pid_in_file; }

# apache2

apache2_configure()
{
	cat > "$dir/apache2/conf" <<-END
		ServerRoot $dir/apache2
		ServerName one.test
		DefaultRuntimeDir $dir/apache2
		PidFile $dir/apache2/pid
		ErrorLog $dir/apache2/log
		LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
		LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
		LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
		User www-data
		Group www-data
		StartServers 2
		Listen 127.0.0.1:$port
		<VirtualHost 127.0.0.1:$port>
			ServerName one.test
			SSLEngine on
			SSLCertificateFile $dir/rsa-chain.pem
			SSLCertificateKeyFile $dir/rsa.key
			SSLCertificateFile $dir/leaf-chain.pem
			SSLCertificateKeyFile $dir/leaf.key
		</VirtualHost>
		<VirtualHost 127.0.0.1:$port>
			ServerName two.test
			SSLEngine on
			SSLCertificateFile $dir/two-chain.pem
			SSLCertificateKeyFile $dir/two.key
		</VirtualHost>
	END
}

apache2_start()
{
	apache2 -f "$dir/apache2/conf" -k start
}

apache2_reload()
{
	kill -USR1 "$(pid_in_file)"
}

apache2_pid()	{ pid_in_file; }

# stunnel4

stunnel4_configure()
{
	chown stunnel4 "$dir/stunnel4"
	cat > "$dir/stunnel4/conf" <<-END
		setuid = stunnel4
		setgid = stunnel4
		pid = $dir/stunnel4/pid
		output = $dir/stunnel4/log
		sessionCacheSize = 1
		[one]
		accept = 127.0.0.1:$port
		connect = 127.0.0.1:1
		cert = $dir/leaf-chain.pem
		key = $dir/leaf.key
		[two]
		sni = one:two.test
		connect = 127.0.0.1:1
		cert = $dir/two-chain.pem
		key = $dir/two.key
	END
}

stunnel4_start()
{
	rm -f "$dir/stunnel4/log"
	stunnel4 "$dir/stunnel4/conf"
}

stunnel4_reload()	{ hangup; }
stunnel4_pid()		{ pid_in_file; }

# haproxy

haproxy_configure()
{
	mkdir -p "$dir/haproxy/certs"
	bundle rsa > "$dir/haproxy/certs/one.pem.rsa"
	bundle leaf > "$dir/haproxy/certs/one.pem.ecdsa"
	bundle two > "$dir/haproxy/certs/two.pem"
	cat > "$dir/haproxy/conf" <<-END
		global
			user haproxy
			group haproxy
			pidfile $dir/haproxy/pid
		defaults
			mode http
			timeout connect 5s
			timeout client 5s
			timeout server 5s
		frontend tls
			bind 127.0.0.1:$port ssl crt $dir/haproxy/certs/one.pem crt $dir/haproxy/certs/
			http-request return status 200
	END
}

haproxy_start()
{
	haproxy -D -f "$dir/haproxy/conf"
}

haproxy_reload()
{
	haproxy -D -f "$dir/haproxy/conf" -sf "$(pid_in_file)"
}

haproxy_pid()	{ pid_in_file; }

# lighttpd

lighttpd_configure()
{
	chown www-data "$dir/lighttpd"
	cat > "$dir/lighttpd/conf" <<-END
		server.modules = ("mod_openssl")
		server.document-root = "$dir/lighttpd"
		server.bind = "127.0.0.1"
		server.port = $port
		server.username = "www-data"
		server.groupname = "www-data"
		server.pid-file = "$dir/lighttpd/pid"
		server.errorlog = "$dir/lighttpd/log"
		ssl.engine = "enable"
		# trixie's takes TLS 1.3 alone by itself.
		ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2")
		ssl.pemfile = "$dir/leaf-chain.pem"
		ssl.privkey = "$dir/leaf.key"
		\$HTTP["host"] == "two.test" {
			ssl.pemfile = "$dir/two-chain.pem"
			ssl.privkey = "$dir/two.key"
		}
	END
}

lighttpd_start()
{
	lighttpd -f "$dir/lighttpd/conf"
}

lighttpd_reload()
{
	kill -USR1 "$(pid_in_file)"
}

lighttpd_pid()	{ pid_in_file; }

# hitch

hitch_configure()
{
	bundle leaf > "$dir/hitch/one.pem"
	bundle two > "$dir/hitch/two.pem"
	chmod 600 "$dir/hitch"/*.pem
	cat > "$dir/hitch/conf" <<-END
		frontend = "[127.0.0.1]:$port"
		backend = "[127.0.0.1]:1"
		workers = 2
		daemon = on
		user = "_hitch"
		group = "_hitch"
		ocsp-dir = ""
		pem-file = "$dir/hitch/two.pem"
		pem-file = "$dir/hitch/one.pem"
	END
}

hitch_start()
{
	hitch --config "$dir/hitch/conf" --pidfile "$dir/hitch/pid"
}

hitch_reload()	{ hangup; }
hitch_pid()	{ pid_in_file; }

# mosquitto

mosquitto_configure()
{
	chown mosquitto "$dir/mosquitto"
	cat > "$dir/mosquitto/conf" <<-END
		pid_file $dir/mosquitto/pid
		user mosquitto
		persistence false
		allow_anonymous true
		log_dest file $dir/mosquitto/log
		listener $port 127.0.0.1
		certfile $dir/leaf-chain.pem
		keyfile $dir/leaf.key
	END
}

mosquitto_start()
{
	mosquitto -d -c "$dir/mosquitto/conf"
}

mosquitto_reload()	{ hangup; }
mosquitto_pid()		{ pid_in_file; }

# postgresql: never root

as_postgres()
{
	setpriv --reuid postgres --regid postgres --init-groups "$@"
}

postgresql_bin()
{
	find /usr/lib/postgresql -name postgres -path '*/bin/*' | sort | tail -n 1
}

# As pg_createcluster(1) would make it, but for where it is
postgresql_configure()
{
	local bin data=$dir/postgresql/data

	bin=$(dirname "$(postgresql_bin)")
	cluster=$(basename "$(dirname "$bin")")/main
	chown postgres "$dir/postgresql"
	[ -e "$data" ] ||
		as_postgres "$bin/initdb" --no-sync -D "$data" \
			> "$dir/postgresql/initdb.log" 2>&1 || return 1
	install -o postgres -m 600 "$dir/leaf.key" "$data/server.key"
	mkdir -p "$dir/postgresql/etc/$cluster"
	mv "$data"/pg_*.conf "$dir/postgresql/etc/$cluster/"
	ln -sf "$dir/postgresql/log" "$dir/postgresql/etc/$cluster/log"
	cat > "$dir/postgresql/etc/$cluster/postgresql.conf" <<-END
		data_directory = '$data'
		listen_addresses = '127.0.0.1'
		port = $port
		unix_socket_directories = '$dir/postgresql'
		fsync = off
		ssl = on
		ssl_cert_file = '$dir/leaf-chain.pem'
		ssl_key_file = '$data/server.key'
	END
}

# pg_ctlcluster gives the server the environment of this file, and no other one.
postgresql_start()
{
	env | sed -n "s/^\(OPENSSL_CONF\|LD_PRELOAD\|ASAN_OPTIONS\|UBSAN_OPTIONS\)=\(.*\)/\1 = '\2'/p" \
		> "$dir/postgresql/etc/$cluster/environment"
	(
		unset LD_PRELOAD
		export PG_CLUSTER_CONF_ROOT="$dir/postgresql/etc"
		pg_ctlcluster --skip-systemctl-redirect "${cluster%/*}" main start
	)
}

postgresql_reload()	{ hangup; }

postgresql_pid()
{
	head -n 1 "$dir/postgresql/data/postmaster.pid" 2>/dev/null
}

# gnutls-serv: a program that runs in the foreground, here without privileges

gnutlsserv_configure()
{
	:
}

gnutlsserv_start()
{
	local name files=

	for name in leaf rsa two; do
		files="$files --x509certfile $dir/$name-chain.pem --x509keyfile $dir/$name.key"
	done
	# shellcheck disable=SC2086 # options
	setpriv --reuid www-data --regid www-data --clear-groups \
		env --default-signal=INT gnutls-serv --http --port "$port" $files \
		< /dev/null > "$dir/gnutlsserv/log" 2>&1 &
	echo $! > "$dir/gnutlsserv/pid"
}

gnutlsserv_reload()
{
	kill -KILL "$(pid_in_file)" && gnutlsserv_start
}

gnutlsserv_pid()	{ pid_in_file; }

# lighttpd with GnuTLS

lighttpdgnutls_configure()
{
	mkdir -p "$dir/lighttpd"
	lighttpd_configure
	chown www-data "$dir/lighttpdgnutls"
	sed -e 's/mod_openssl/mod_gnutls/' -e "s|$dir/lighttpd/|$dir/lighttpdgnutls/|" \
		"$dir/lighttpd/conf" > "$dir/lighttpdgnutls/conf"
}

lighttpdgnutls_start()
{
	lighttpd -f "$dir/lighttpdgnutls/conf"
}

lighttpdgnutls_reload()
{
	kill -USR1 "$(pid_in_file)"
}

lighttpdgnutls_pid()	{ pid_in_file; }

# slapd: what its init script runs, with a configuration in one file

slapd_configure()
{
	chown openldap "$dir/slapd"
	cat > "$dir/slapd/conf" <<-END
		include /etc/ldap/schema/core.schema
		pidfile $dir/slapd/pid
		TLSCertificateFile $dir/leaf.pem
		TLSCertificateKeyFile $dir/leaf.key
		TLSCACertificateFile $dir/ca.pem
		database ldif
		suffix "dc=test"
		directory $dir/slapd
	END
}

slapd_start()
{
	slapd -h "ldap://127.0.0.1:$port/" -f "$dir/slapd/conf" -u openldap -g openldap
}

slapd_reload()
{
	kill -TERM "$(pid_in_file)" && wait_for 10 port_is_closed "$port" && slapd_start
}

slapd_pid()	{ pid_in_file; }

# nginx with modules of its own, and what it stapled in its log of accesses

nginxmodule_configure()
{
	mkdir -p "$dir/nginx"
	nginx_configure
	: > "$dir/nginxmodule/access"
	sed -e "s|$dir/nginx/|$dir/nginxmodule/|" -e "s|^error_log.*log|& notice|" \
		-e "s|^http {|&ktls_ocsp on; log_format state \"state=\$ktls_ocsp\";|" \
		-e "s|access_log off;|access_log $dir/nginxmodule/access state;|" \
		-e "1i load_module $modules/ngx_http_ktls_ocsp_module.so;" \
		-e "1i load_module /usr/lib/nginx/modules/ngx_stream_module.so;" \
		-e "1i load_module $modules/ngx_stream_ktls_ocsp_module.so;" \
		"$dir/nginx/conf" > "$dir/nginxmodule/conf"
	cat >> "$dir/nginxmodule/conf" <<-END
		stream {
			ktls_ocsp on;
			ssl_protocols TLSv1.2 TLSv1.3;
			server {
				listen 127.0.0.1:$((port + 1)) ssl;
				ssl_certificate $dir/leaf-chain.pem;
				ssl_certificate_key $dir/leaf.key;
				return stream;
			}
		}
	END
}

nginxmodule_start()
{
	nginx -c "$dir/nginxmodule/conf" -g 'daemon on; master_process on;'
}

nginxmodule_reload()	{ hangup; }
nginxmodule_pid()	{ pid_in_file; }

# nginxmodule_tells STATE: of a request that this makes
nginxmodule_tells()
{
	printf 'GET / HTTP/1.0\r\n\r\n' | timeout $((20 * SLOW)) openssl s_client -quiet -status -servername one.test \
		-connect "127.0.0.1:$port" -sigalgs ECDSA+SHA256 > /dev/null 2>&1
	sleep 0.2
	tail -n 1 "$dir/nginxmodule/access" | grep -qx "state=$1"
}

# apache2 with a module of its own, and mod_status

apachemodule_configure()
{
	mkdir -p "$dir/apache2"
	apache2_configure
	sed -e "s|$dir/apache2|$dir/apachemodule|" \
		-e "/^User/i LoadModule status_module /usr/lib/apache2/modules/mod_status.so" \
		-e "/^User/i LoadModule ktls_ocsp_module $modules/mod_ktls_ocsp.so" \
		-e "/^User/i KtlsOcsp on" \
		-e "/^User/i LogLevel warn ktls_ocsp:notice" \
		"$dir/apache2/conf" > "$dir/apachemodule/conf"
	cat >> "$dir/apachemodule/conf" <<-END
		<Location /status>
			SetHandler server-status
		</Location>
	END
}

apachemodule_start()
{
	apache2 -f "$dir/apachemodule/conf" -k start
}

apachemodule_reload()
{
	kill -USR1 "$(pid_in_file)"
}

apachemodule_pid()	{ pid_in_file; }

# apachemodule_tells STATE: of the ECDSA certificate
apachemodule_tells()
{
	printf 'GET /status?auto HTTP/1.0\r\n\r\n' | timeout $((20 * SLOW)) openssl s_client -quiet \
		-connect "127.0.0.1:$port" 2> /dev/null |
		grep -q "^KtlsOcsp .*($(fingerprint leaf)): $1"
}

# openssl(1) as a server

sserver_configure()
{
	:
}

sserver_start()
{
	# What it answers to HTTP keeps it from reading its standard input.
	setpriv --reuid www-data --regid www-data --clear-groups \
		env --default-signal=INT openssl s_server -www -quiet -port "$port" -naccept 1000000 \
		-cert "$dir/leaf.pem" -key "$dir/leaf.key" -cert_chain "$dir/ca.pem" \
		-servername two.test -cert2 "$dir/two.pem" -key2 "$dir/two.key" \
		< /dev/null > "$dir/sserver/log" 2>&1 &
	echo $! > "$dir/sserver/pid"
}

sserver_reload()
{
	kill -KILL "$(pid_in_file)" && sserver_start
}

sserver_pid()	{ pid_in_file; }

# A server of Python's ssl

python_configure()
{
	cat > "$dir/python/server.py" <<-END
		import socket
		import ssl


		def context(name):
		    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		    c.load_cert_chain("$dir/" + name + "-chain.pem", "$dir/" + name + ".key")
		    return c


		def choose(connection, name, _):
		    if name == "two.test":
		        connection.context = two


		leaf, two = context("leaf"), context("two")
		leaf.sni_callback = choose
		listener = socket.create_server(("127.0.0.1", $port))
		while True:
		    connection, _ = listener.accept()
		    connection.settimeout(5)
		    try:
		        with leaf.wrap_socket(connection, server_side=True) as tls:
		            tls.recv(1)
		    except OSError:
		        connection.close()
	END
}

python_start()
{
	setpriv --reuid www-data --regid www-data --clear-groups \
		env --default-signal=INT python3 "$dir/python/server.py" \
		< /dev/null > "$dir/python/log" 2>&1 &
	echo $! > "$dir/python/pid"
}

python_reload()
{
	kill -KILL "$(pid_in_file)" && python_start
}

python_pid()	{ pid_in_file; }
