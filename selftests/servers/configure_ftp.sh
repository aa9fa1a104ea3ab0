# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # $dir and $port are those of who sources it
#
# The FTP servers that servers.sh tests: see configure.sh.

# vsftpd: a process for each connection, which changes its root and locks itself in (seccomp) before it
# serves. By default it also has a network namespace of its own, which has a store of its own, an empty
# one: see row_isolated().

vsftpd_configure()
{
	mkdir -p /run/vsftpd/empty
	cat > "$dir/vsftpd/conf" <<-END
		listen=YES
		background=YES
		listen_address=127.0.0.1
		listen_port=$port
		anonymous_enable=YES
		anon_root=$dir/vsftpd/empty
		secure_chroot_dir=/run/vsftpd/empty
		ftp_username=nobody
		vsftpd_log_file=$dir/vsftpd/log
		xferlog_enable=YES
		ssl_enable=YES
		allow_anon_ssl=YES
		rsa_cert_file=$dir/leaf-chain.pem
		rsa_private_key_file=$dir/leaf.key
		ssl_ciphers=HIGH
		isolate_network=NO
	END
	mkdir -p "$dir/vsftpd/empty"
}

vsftpd_start()
{
	vsftpd "$dir/vsftpd/conf"
}

vsftpd_reload()	{ hangup; }

vsftpd_pid()
{
	# What is preloaded into it for AddressSanitizer would hang it.
	LD_PRELOAD="" pgrep -o -x vsftpd
}

# ProFTPD: a process for each connection

proftpd_configure()
{
	cat > "$dir/proftpd/conf" <<-END
		ServerType standalone
		ServerName one.test
		DefaultAddress 127.0.0.1
		SocketBindTight on
		Port $port
		UseIPv6 off
		User proftpd
		Group nogroup
		PidFile $dir/proftpd/pid
		ScoreboardFile $dir/proftpd/scoreboard
		SystemLog $dir/proftpd/log
		WtmpLog off
		AuthPAM off
		ModulePath /usr/lib/proftpd
		LoadModule mod_tls.c
		TLSEngine on
		TLSLog $dir/proftpd/tls.log
		TLSProtocol TLSv1.2 TLSv1.3
		TLSRSACertificateFile $dir/rsa.pem
		TLSRSACertificateKeyFile $dir/rsa.key
		TLSECCertificateFile $dir/leaf.pem
		TLSECCertificateKeyFile $dir/leaf.key
		TLSCACertificateFile $dir/ca.pem
	END
}

proftpd_start()
{
	proftpd -c "$dir/proftpd/conf"
}

proftpd_reload()	{ hangup; }
proftpd_pid()		{ pid_in_file; }
