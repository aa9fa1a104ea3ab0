# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # $dir and $port are those of who sources it
#
# The mail servers that servers.sh tests: see configure.sh.

# Exim: started again, as Debian's unit would with "restart". See row_setuid() for its own way.

exim_configure()
{
	mkdir -p "$dir/exim/spool"
	chown -R Debian-exim "$dir/exim"
	cat > "$dir/exim/conf" <<-END
		primary_hostname = one.test
		exim_user = Debian-exim
		spool_directory = $dir/exim/spool
		log_file_path = $dir/exim/%slog
		pid_file_path = $dir/exim/pid
		local_interfaces = 127.0.0.1
		daemon_smtp_ports = $port
		tls_on_connect_ports = $port
		tls_advertise_hosts = *
		tls_certificate = $dir/\${if eq{\$tls_in_sni}{two.test}{two}{leaf}}-chain.pem
		tls_privatekey = $dir/\${if eq{\$tls_in_sni}{two.test}{two}{leaf}}.key
		begin acl
	END
	chown root "$dir/exim/conf"
	chmod 644 "$dir/exim/conf"
}

exim_start()
{
	exim4 -bd -C "$dir/exim/conf"
}

exim_reload()
{
	kill -TERM "$(pid_in_file)" && wait_for 10 port_is_closed "$port" && exim_start
}

exim_pid()	{ pid_in_file; }

# Postfix, as Debian sets it up: smtpd runs in a chroot, and master gives it no environment but what
# main.cf names. Where an smtpd is killed before it had a client, master would start none for a minute.

postfix_configure()
{
	local etc=$dir/postfix/etc spool=$dir/postfix/spool

	mkdir -p "$spool" "$dir/postfix/data" && cp -r /etc/postfix "$etc" || return 1
	chown postfix "$dir/postfix/data"
	cat > "$etc/main.cf" <<-END
		compatibility_level = 3.6
		myhostname = one.test
		mydestination =
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		queue_directory = $spool
		data_directory = $dir/postfix/data
		command_directory = /usr/sbin
		daemon_directory = /usr/lib/postfix/sbin
		meta_directory = $etc
		shlib_directory = /usr/lib/postfix
		maillog_file_prefixes = $dir
		maillog_file = $dir/postfix/log
		service_throttle_time = 1s
		smtpd_tls_security_level = may
		smtpd_tls_loglevel = 1
		smtpd_tls_eccert_file = $dir/leaf-chain.pem
		smtpd_tls_eckey_file = $dir/leaf.key
		smtpd_tls_cert_file = $dir/rsa-chain.pem
		smtpd_tls_key_file = $dir/rsa.key
		tls_server_sni_maps = hash:$etc/sni
		import_environment = MAIL_CONFIG OPENSSL_CONF LD_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS
	END
	cat > "$etc/master.cf" <<-END
		127.0.0.1:$port inet n - y - - smtpd
		pickup unix n - y 60 1 pickup
		cleanup unix n - y - 0 cleanup
		qmgr unix n - n 300 1 qmgr
		rewrite unix - - y - - trivial-rewrite
		tlsmgr unix - - y 1000? 1 tlsmgr
		anvil unix - - y - 1 anvil
		proxymap unix - - n - - proxymap
		postlog unix-dgram n - n - 1 postlogd
	END
	echo "two.test $dir/two.key $dir/two-chain.pem" > "$etc/sni"
	postmap -c "$etc" -F "hash:$etc/sni"
}

postfix_start()
{
	postfix -c "$dir/postfix/etc" start
}

postfix_reload()
{
	postfix -c "$dir/postfix/etc" reload
}

postfix_pid()
{
	xargs < "$dir/postfix/spool/pid/master.pid" 2>/dev/null
}

# Dovecot: each connection has a process of its own, without privileges, in a chroot.

# Each of the two versions has a syntax of its own, but for the service.
dovecot_configure()
{
	local listen

	case $(dovecot --version) in
	2.3*)	dovecot_23 ;;
	*)	dovecot_24 ;;
	esac > "$dir/dovecot/conf"
	cat >> "$dir/dovecot/conf" <<-END
		base_dir = $dir/dovecot/run
		log_path = $dir/dovecot/log
		${asan:+default_vsz_limit = 0}
		ssl = required
		service imap-login {
		  inet_listener imap {
		    $listen = 127.0.0.1
		    port = $port
		  }
		  inet_listener imaps {
		    port = 0
		  }
		}
	END
}

dovecot_23()
{
	listen=address
	cat <<-END
		protocols = imap
		import_environment = \$import_environment OPENSSL_CONF LD_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS
		ssl_cert = <$dir/leaf-chain.pem
		ssl_key = <$dir/leaf.key
		local_name two.test {
		  ssl_cert = <$dir/two-chain.pem
		  ssl_key = <$dir/two.key
		}
		passdb {
		  driver = static
		  args = password=x
		}
	END
}

dovecot_24()
{
	listen=listen
	cat <<-END
		dovecot_config_version = 2.4.0
		dovecot_storage_version = 2.4.0
		protocols {
		  imap = yes
		}
		import_environment {
		  OPENSSL_CONF = %{env:OPENSSL_CONF}
		  LD_PRELOAD = %{env:LD_PRELOAD}
		  ASAN_OPTIONS = %{env:ASAN_OPTIONS}
		  UBSAN_OPTIONS = %{env:UBSAN_OPTIONS}
		}
		ssl_server_cert_file = $dir/leaf-chain.pem
		ssl_server_key_file = $dir/leaf.key
		local_name two.test {
		  ssl_server_cert_file = $dir/two-chain.pem
		  ssl_server_key_file = $dir/two.key
		}
		passdb static {
		  passdb_static_password = x
		}
	END
}

dovecot_start()
{
	dovecot -c "$dir/dovecot/conf"
}

dovecot_reload()	{ hangup; }

dovecot_pid()
{
	cat "$dir/dovecot/run/master.pid" 2>/dev/null
}
