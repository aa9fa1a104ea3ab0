# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # some of these are for those who source it, or theirs
#
# For what runs tests and sums up: check and its like, which source it in the top directory. They
# set $O; $logs, a directory of their own for what the tests say; and, before run_all(), $installed,
# the root of the installed tests, $guests, the numbers of the virtual machines that share them,
# $machine, what kind they are, $vm_options, the options of its run for them, $times, how many times as
# long as elsewhere a test has, and $wrap, the words of a command that runs a test's command.
#
# A test is named FOLDER/NAME: kmod/refs, ocspd/conf.sh. So is a step where there are tests too, since
# each leaves a file of its name.

report=selftests/vm/report
times=1
# For each processor, so many tests outside of virtual machines: most of them wait now and then.
lanes=2
vm_timeout=3600
guests="1 2"
vm_options=
wrap=
# qemu, or uml with its kernel in $uml_kernel
machine=qemu
uml_kernel=

. selftests/ci/progress.sh

# build_with TREE CFLAGS [VARIABLE=VALUE]...: all of user space once more, in TREE, and its tests in
# TREE/kselftest. What is built for a sanitizer anyhow is left out.
build_with()
{
	tree=$1
	flags=$2
	shift 2
	CFLAGS=$flags make -k kselftest O="$tree" KSRC="$O/ksrc" \
		OMIT="board_race_asan board_race_tsan ocspd_asan" "$@"
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
		selftests/vm/in_root "$KTLS_VM_ROOT" "$@"
	else
		"$@"
	fi
}

# result NAME PASSED FAILED SKIPPED SECONDS
result()
{
	mkdir -p "$(dirname "$logs/results/$1")"
	echo "$*" >"$logs/results/$1"
	printf '%s' "$clear"
	"$report" "$logs" "$1"
}

# step NAME COMMAND...: one case
step()
{
	name=$1
	shift
	start=$(date +%s)
	mkdir -p "$(dirname "$logs/$name")"
	mark=$logs/running.$(echo "$name" | tr / .)
	plan 1
	echo "$name" >"$mark"
	"$@" >"$logs/$name.log" 2>&1 </dev/null
	status=$?
	rm -f "$mark"
	if [ "$status" = 0 ]; then
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
	folder=$installed/${1%/*}
	limit=$(($(sed -n 's/^timeout=//p' "$folder/settings") * times))
	mkdir -p "$logs/${1%/*}"
	mark=$logs/running.native.$(echo "$1" | tr / .)
	echo "$1" >"$mark"
	# shellcheck disable=SC2016,SC2086 # the inner shell expands it; split on purpose
	there sh -c 'cd "$1" && PATH=$2:$PATH && shift 2 && exec "$@"' sh "$folder" "$installed/lib" \
		$wrap timeout -k 5 "$limit" "./${1##*/}" >"$logs/$1.log" 2>&1 </dev/null
	status=$?
	# shellcheck disable=SC2046 # split on purpose
	set -- "$1" $(selftests/vm/count_cases <"$logs/$1.log")
	[ "$status" = 0 ] || [ "$(($3 + $4))" -gt 0 ] || set -- "$1" "$2" 1 0
	rm -f "$mark"
	result "$@" $(($(date +%s) - start))
}

# user_tests TEST...: side by side, so far as processors allow
user_tests()
{
	mkdir -p "$logs/taken.native"
	pids=
	for _ in $(seq $((lanes * $(nproc)))); do
		(
			for test; do
				mkdir "$logs/taken.native/$(echo "$test" | tr / .)" 2>/dev/null || continue
				user_test "$test"
			done
		) &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086 # split on purpose
	wait $pids
}

# all_tests: in the order in which they run
all_tests()
{
	sed 's,:,/,' "$installed/kselftest-list.txt"
}

# list_of LIST: the tests of one of the lists of selftests/common.mk
list_of()
{
	sed -n "s/^$1 //p" "$installed/test-lists.txt"
}

# pick WHERE TEST...: those of the tests that run there: native; uml; stock, in QEMU beside that; qemu,
# in QEMU instead of it
pick()
{
	where=$1
	shift
	list_of USER >"$logs/list.user"
	list_of STOCK >"$logs/list.stock"
	list_of NOT_UML >"$logs/list.not-uml"
	for test; do
		echo "$test"
	done | case $where in
	native)	grep -xFf "$logs/list.user" ;;
	uml)	cat "$logs/list.user" "$logs/list.not-uml" >"$logs/list.elsewhere"
		grep -vxFf "$logs/list.elsewhere" ;;
	stock)	cat "$logs/list.not-uml" >>"$logs/list.stock"
		grep -xFf "$logs/list.stock" ;;
	qemu)	grep -vxFf "$logs/list.user" ;;
	esac
}

# find_tests NAME...: the tests that are meant, one a line: FOLDER/NAME, or NAME where one folder has
# it, each with or without the extension; or FOLDER/, all of them. Fails if that is not a test.
find_tests()
{
	{ all_tests | sed 's/^/TEST /'; cat "$installed/test-lists.txt"; } | awk '
		BEGIN {
			for (i = 1; i < ARGC; i++)
				want[i] = ARGV[i]
			n = ARGC - 1
			ARGC = 1
		}
		seen[$2]++ { next }
		{
			base = $2
			sub(/.*\//, "", base)
			folder = substr($2, 1, length($2) - length(base))
			stem = base
			sub(/\.[a-z]+$/, "", stem)
			for (i = 1; i <= n; i++) {
				w = want[i]
				if (w == $2)
					exact[i] = $2
				else if (w == folder stem || w == base || w == stem ||
					 (w == folder && $1 == "TEST"))
					found[i] = found[i] " " $2
			}
		}
		END {
			for (i = 1; i <= n; i++) {
				hits = exact[i] ? exact[i] : found[i]
				count = split(hits, hit, " ")
				if (!count || (count > 1 && want[i] !~ /\/$/)) {
					print want[i] ": " (count ? "which one of" hits : \
						"no such test") >"/dev/stderr"
					failed = 1
					continue
				}
				for (j = 1; j <= count; j++)
					print hit[j]
			}
			exit failed
		}' "$@"
}

# folders_of [NAME]...: where the tests are that are named; nothing, for all, where a name tells none, or
# where they use what others have
folders_of()
{
	for name; do
		folder=${name%/*}
		[ "$folder" != "$name" ] && [ "$folder" != packages ] &&
			[ -e "selftests/$folder/Makefile" ] || return 0
	done
	printf '%s\n' "$@" | sed 's,/[^/]*$,,' | sort -u | xargs
}

# run_all TEST...
run_all()
{
	for test; do
		shift
		if list_of USER | grep -qx -e "$test"; then
			user_test "$test"
		else
			set -- "$@" "$test"
		fi
	done
	[ $# = 0 ] || run_tests "$@"
}

# One more than there are processors, since tests wait now and then, and a gigabyte and a half for each
uml_guests()
{
	room=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
	most=$(($(nproc) + 1))
	[ "$room" -ge "$most" ] || most=$room
	[ "$most" -gt 0 ] || most=1
	seq "$most" | tr '\n' ' '
}

# run_in MACHINE TEST...: what they leave is in a directory of that name.
run_in()
{
	machine=$1
	all_logs=$logs
	logs=$logs/$machine
	shift
	mkdir -p "$logs/results" "$logs/taken"
	echo "$machine" >"$logs/label"
	run_tests "$@"
	logs=$all_logs
}

run_guest()
{
	case $machine in
	uml)	selftests/vm/uml/run --kernel "$uml_kernel" "$@" ;;
	*)	selftests/vm/run "$@" ;;
	esac
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
		mkdir -p "$logs/${test%/*}"
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
		run_guest --timeout "$vm_timeout" $vm_options --no-dmesg-scan \
			--share "$logs" -- $wrap selftests/vm/run_tests "$installed" "$logs" \
			"$times" "$vm" "$@" 2>"$logs/vm.$vm"
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
	selftests/vm/total "$logs"
}
