# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # what is systemd.sh's
#
# The servers that systemd.sh starts by their units, each with what its Debian
# package has below /etc and the least that makes it serve TLS on 127.0.0.1:$port.
#
# For each: NAME_unit, which sets $unit, the one to start, and $dropin, the
# directory of its drop-in; and NAME_site, which writes the configuration.

SERVERS="nginx apache2 lighttpd hitch mosquitto stunnel stunnel4 postgresql"

unit_is()
{
	unit=$1
	dropin=${2:-$1.d}
}

nginx_unit()	{ unit_is nginx.service; }

# The names are those of the README.
nginx_site()
{
	rm -f /etc/nginx/sites-enabled/*
	cp "$dir/leaf-chain.pem" /etc/nginx/chain.pem
	cp "$dir/leaf.key" /etc/nginx/chain.key
	cat > /etc/nginx/conf.d/one.conf <<-END
		server {
			listen 127.0.0.1:$port ssl;
			ssl_certificate /etc/nginx/chain.pem;
			ssl_certificate_key /etc/nginx/chain.key;
		}
	END
}

apache2_unit()	{ unit_is apache2.service; }

apache2_site()
{
	a2enmod -q ssl && rm -f /etc/apache2/sites-enabled/* || return 1
	echo "Listen 127.0.0.1:$port" > /etc/apache2/ports.conf
	cat > /etc/apache2/sites-enabled/one.conf <<-END
		ServerName one.test
		<VirtualHost 127.0.0.1:$port>
			SSLEngine on
			SSLCertificateFile $dir/leaf-chain.pem
			SSLCertificateKeyFile $dir/leaf.key
		</VirtualHost>
	END
}

lighttpd_unit()	{ unit_is lighttpd.service; }

lighttpd_site()
{
	cat > /etc/lighttpd/conf-enabled/99-one.conf <<-END
		server.modules += ("mod_openssl")
		\$SERVER["socket"] == "127.0.0.1:$port" {
			ssl.engine = "enable"
			ssl.pemfile = "$dir/leaf-chain.pem"
			ssl.privkey = "$dir/leaf.key"
		}
	END
}

hitch_unit()	{ unit_is hitch.service; }

hitch_site()
{
	cat "$dir/leaf.key" "$dir/leaf-chain.pem" > /etc/hitch/one.pem
	chmod 600 /etc/hitch/one.pem
	cat > /etc/hitch/hitch.conf <<-END
		frontend = "[127.0.0.1]:$port"
		backend = "[127.0.0.1]:1"
		ocsp-dir = ""
		pem-file = "/etc/hitch/one.pem"
	END
}

mosquitto_unit()	{ unit_is mosquitto.service; }

mosquitto_site()
{
	cat > /etc/mosquitto/conf.d/one.conf <<-END
		listener $port 127.0.0.1
		certfile $dir/leaf-chain.pem
		keyfile $dir/leaf.key
	END
}

# tunnel LINE...: for stunnel, with these lines
tunnel()
{
	cat > /etc/stunnel/one.conf <<-END
		setuid = stunnel4
		setgid = stunnel4
		$1
		[one]
		accept = 127.0.0.1:$port
		connect = 127.0.0.1:1
		cert = $dir/leaf-chain.pem
		key = $dir/leaf.key
	END
}

stunnel_unit()	{ unit_is stunnel@one.service stunnel@.service.d; }
stunnel_site()	{ tunnel "foreground = yes"; }

# The unit that systemd makes of the package's /etc/init.d/stunnel4
stunnel4_unit()	{ unit_is stunnel4.service; }
stunnel4_site()	{ tunnel "pid = /run/stunnel4/one.pid"; }

# It has no drop-in: its unit's environment does not reach it.
postgresql_unit()
{
	cluster=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' |
		sort -V | tail -n 1)
	unit_is "postgresql@$cluster-one.service" none
	STARTTLS="-starttls postgres"
}

postgresql_site()
{
	pg_createcluster -p "$port" "$cluster" one -- --no-sync || return 1
	install -o postgres -m 600 "$dir/leaf.key" "/etc/postgresql/$cluster/one/key.pem"
	cat > "/etc/postgresql/$cluster/one/conf.d/one.conf" <<-END
		listen_addresses = '127.0.0.1'
		fsync = off
		ssl = on
		ssl_cert_file = '$dir/leaf-chain.pem'
		ssl_key_file = '/etc/postgresql/$cluster/one/key.pem'
	END
	echo "OPENSSL_CONF = '/etc/ktls-ocsp/openssl.cnf'" \
		>> "/etc/postgresql/$cluster/one/environment"
}
