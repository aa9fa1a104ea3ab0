#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-kernels.sh [TEST]...
#
# Build and run the tests (or those that are named) on the newest kernel of each Debian suite in
# KERNELS. This machine's suite is tested in its own root, others in one that is made for them: that
# and their kernels stay in O/kernels, and only what is missing or has become newer is downloaded.
# Called by "make check-kernels", which sets O and KERNELS. Ends with one line for each kernel and
# one for all: "N passed, N failed[, N skipped]".

set -u

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/..")
O=$(readlink -m "${O:-$top/build}")
KSRC=$O/ksrc
suites=${KERNELS:?names no suite: run make check-kernels}
kernels=$O/kernels
host=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
export O KSRC

cd "$top" || exit 1
if [ "$(id -u)" != 0 ]; then
	echo "check-kernels.sh: only root can make the root file systems of other suites" >&2
	exit 1
fi

there()
{
	selftests/vm/in-root "$root" "$@"
}

own_kernel()
{
	build=$O root='' kernel=$O/vm/stock
	release=$(selftests/vm/release) && selftests/vm/fetch-kernel "$kernel"
}

other_kernel()
{
	base=${suite%-backports}
	build=$kernels/$base root=$kernels/root-$base
	selftests/vm/make-root "$base" "$root" || return 1
	release=$(there selftests/vm/release "$suite") || return 1
	kernel=$build/vm/$release
	if [ ! -d "$root/usr/src/linux-headers-$release" ]; then
		echo "download the headers of Linux $release"
		there apt-get -q -y install "linux-headers-$release" >"$root.log" 2>&1 </dev/null || {
			tail -n 20 "$root.log" >&2
			return 1
		}
	fi
	[ -e "$kernel/release" ] || echo "download Linux $release"
	there selftests/vm/fetch-kernel "$kernel" "$release"
}

prepare()
{
	if [ "$suite" = "$host" ]; then
		own_kernel
	else
		other_kernel
	fi
}

run_suite()
{
	# They are compiled for Windows on this machine.
	[ -z "$root" ] || export WINDOWS=
	export O="$build" LOGS="$logs" KTLS_VM_KERNEL="$kernel" KTLS_VM_ROOT="$root" \
		KDIR="/usr/src/linux-headers-$release"
	selftests/check.sh "$@"
}

# A suite that cannot be tested is one failure.
test_suite()
{
	logs=$kernels/check-$suite
	rm -rf "$logs"
	if prepare; then
		echo "Linux $release, of $suite:"
		(run_suite "$@")
		echo "$release" >"$logs/release"
	else
		echo "check-kernels.sh: cannot get the kernel of $suite" >&2
		mkdir -p "$logs/results"
		echo "prepare 0 1 0 0" >"$logs/results/prepare"
		echo "$suite" >"$logs/release"
	fi
}

selftests/install-packages.sh && make -s ksrc || exit 1
for suite in $suites; do
	test_suite "$@"
done

set --
for suite in $suites; do
	logs=$kernels/check-$suite
	printf 'Linux %-24s ' "$(cat "$logs/release")"
	selftests/vm/total "$logs"/results/*
	set -- "$@" "$logs"/results/*
done
selftests/vm/total "$@"
