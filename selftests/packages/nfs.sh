# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154,SC2317 # what packages.sh sets and calls
#
# NFS over TLS, on one machine: tlshd (ktls-utils) does the handshakes of the server in the kernel, and those
# of the client. The latter accepts no certificate whose staple says that it is revoked, so that a mount shows
# what the server stapled.

# What the kernel would load later, when most modules are hidden
load_nfs()
{
	modprobe -a nfsd nfsv4 tls gcm ghash-generic ctr
}

configure_nfs()
{
	local store=$dir/ca.pem

	alt_name=nfs.test make_leaf "$dir" nfs 20 "http://127.0.0.1:$responder/" || return 1
	# tlshd takes no others.
	chmod 600 "$dir/nfs.key" "$dir/nfs-chain.pem"
	echo "127.0.0.1 nfs.test" >> /etc/hosts
	cat > /etc/tlshd.conf <<-END
		[authenticate.client]
		x509.truststore = $store
		[authenticate.server]
		x509.truststore = $store
		x509.certificate = $dir/nfs-chain.pem
		x509.private_key = $dir/nfs.key
	END
	mkdir -p "$dir/export" "$dir/mounted"
	echo "$dir/export 127.0.0.1(ro,fsid=0,no_subtree_check,insecure,xprtsec=tls)" > /etc/exports
}

# Without the units, which start what only older versions of the protocol take
serve_nfs()
{
	inside mount -t tmpfs none "$dir/export" && inside sh -c "echo hello > '$dir/export/file'" &&
		inside mount -t nfsd nfsd /proc/fs/nfsd &&
		inside sh -c 'echo 10 > /proc/fs/nfsd/nfsv4gracetime' && inside exportfs -r &&
		inside rpc.mountd -N 2 -N 3 && inside rpc.nfsd -N 3 2
}

# The file is there, over TLS.
mounts_nfs()
{
	local result

	inside timeout "$patience" mount -t nfs -o ro,vers=4.2,xprtsec=tls nfs.test:/ "$dir/mounted" || return 1
	inside timeout "$patience" grep hello "$dir/mounted/file" && inside grep "$dir/mounted.*xprtsec=tls" /proc/mounts
	result=$?
	inside umount -f "$dir/mounted"
	return "$result"
}

# ocspd asks the responder, which has read by now what it is to say.
nfs_is()
{
	set_status "$dir" 20 "$1" && stop_responder && start_responder "$dir" "$responder" &&
		inside ocspctl refresh "$dir/nfs-chain.pem" &&
		wait_for "$patience" nfs_is_stored "$1"
}

nfs_is_stored()
{
	inside ocspctl show "$dir/nfs-chain.pem" | grep -q "$1"
}

test_nfs()
{
	install libocsp-gnutls1 ktls-ocsp-gnutls && configure_nfs && stop_responder &&
		start_responder "$dir" "$responder" && inside ocspctl add "$dir/nfs-chain.pem" &&
		inside systemctl restart tlshd.service && serve_nfs && mounts_nfs &&
		inside ocspctl server enable tlshd || return 1
	nfs_is good && mounts_nfs && nfs_is revoked || return 1
	if mounts_nfs; then
		echo "mounted, although the certificate is revoked"
		return 1
	fi
	inside ocspctl server disable tlshd && mounts_nfs
}
