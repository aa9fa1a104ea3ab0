# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # some of these are for those who source it, or theirs
#
# For what runs tests and sums up: check.sh and its like, which source it in the top directory. They
# set $O; $logs, a directory of their own for what the tests say; and, before run_all(), $installed,
# the directory of the tests, $guests, the numbers of the virtual machines that share them,
# $vm_options, vm/run's options for them, and $wrap, the words of a command that runs a test's
# command.

report=selftests/vm/report
timeout=$(sed -n 's/^timeout=//p' selftests/settings)
vm_timeout=3600
guests="1 2"
vm_options=
wrap=

# build_with TREE CFLAGS [VARIABLE=VALUE]...: all of user space once more, in TREE, and its tests in
# TREE/kselftest. What is built for a sanitizer anyhow is left out.
build_with()
{
	tree=$1
	flags=$2
	shift 2
	CFLAGS=$flags make -k kselftest O="$tree" KSRC="$O/ksrc" \
		OMIT="api_board_asan api_board_tsan ocspd_asan" "$@"
}

new_logs()
{
	rm -rf "$logs"
	mkdir -p "$logs/results" "$logs/taken"
	# Not those of the make that called this
	unset MFLAGS MAKELEVEL
	MAKEFLAGS=-j$(nproc)
	export MAKEFLAGS
}

# there COMMAND...: in the root of the tests
there()
{
	if [ -n "${KTLS_VM_ROOT:-}" ]; then
		selftests/vm/in-root "$KTLS_VM_ROOT" "$@"
	else
		"$@"
	fi
}

# result NAME PASSED FAILED SKIPPED SECONDS
result()
{
	echo "$*" >"$logs/results/$1"
	"$report" "$logs" "$1"
}

# step NAME COMMAND...: one case
step()
{
	name=$1
	shift
	start=$(date +%s)
	if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
		result "$name" 1 0 0 $(($(date +%s) - start))
	else
		result "$name" 0 1 0 $(($(date +%s) - start))
		return 1
	fi
}

# What asks nothing of the kernel takes a tenth of the time outside of an emulated machine.
user_test()
{
	start=$(date +%s)
	# shellcheck disable=SC2016,SC2086 # the inner shell expands it; split on purpose
	there sh -c 'cd "$1" && shift && exec "$@"' sh "$installed" \
		$wrap timeout -k 5 "$timeout" "./$1" >"$logs/$1.log" 2>&1 </dev/null
	status=$?
	# shellcheck disable=SC2046 # split on purpose
	set -- "$1" $(selftests/vm/count-cases <"$logs/$1.log")
	[ "$status" = 0 ] || [ "$(($3 + $4))" -gt 0 ] || set -- "$1" "$2" 1 0
	result "$@" $(($(date +%s) - start))
}

# run_all TEST...
run_all()
{
	for test; do
		shift
		if grep -qx -e "$test" "${installed%/*}/user-tests.txt"; then
			user_test "$test"
		else
			set -- "$@" "$test"
		fi
	done
	[ $# = 0 ] || run_tests "$@"
}

# The virtual machines share the tests: each takes the next one that nobody took.
run_tests()
{
	pids=
	for vm in $guests; do
		run_vm "$@" &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086 # split on purpose
	wait $pids
	for test; do
		[ -e "$logs/results/$test" ] && continue
		echo "# it did not run" >>"$logs/$test.log"
		result "$test" 0 1 0 0
	done
}

# A new one for what is left when it dies.
run_vm()
{
	while left "$@"; do
		rm -f "$logs/running.$vm"
		# shellcheck disable=SC2086 # split on purpose
		selftests/vm/run --timeout "$vm_timeout" $vm_options --no-dmesg-scan \
			--share "$logs" -- $wrap selftests/vm/run-tests "$installed" "$logs" \
			"$timeout" "$vm" "$@" 2>"$logs/vm.$vm"
		status=$?
		if [ -e "$logs/running.$vm" ]; then
			died=$(cat "$logs/running.$vm")
			echo "# the virtual machine died of it (exit status $status)" |
				cat - "$logs/vm.$vm" >>"$logs/$died.log"
			result "$died" 0 1 0 0
		elif [ "$status" != 0 ]; then
			cat "$logs/vm.$vm"
			cp "$logs/vm.$vm" "$logs/vm-boot.$vm.log"
			result "vm-boot.$vm" 0 1 0 0
			return
		fi
	done
}

# left TEST...: whether there are some that nobody took
left()
{
	for test; do
		[ -e "$logs/taken/$test" ] || return 0
	done
	return 1
}

# The last line: "N passed, N failed[, N skipped]". Fails if anything did.
summary()
{
	selftests/vm/total "$logs"/results/*
}
