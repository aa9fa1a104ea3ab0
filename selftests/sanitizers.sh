#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: sanitizers.sh [asan|tsan|valgrind]...
#
# Run the tests of the library and the tools with all of user space built for ASan with UBSan, built
# for TSan, and under valgrind (or those that are named), in virtual machines; what asks nothing of
# the kernel runs outside of them. Called by "make check-sanitizers", which sets O. Any report of a
# checker is a failure, wherever the program sent its output and however it ended. Ends as
# "make check" does.

set -u

top=$(dirname "$(readlink -f "$0")")/..
cd "$top" || exit 1
top=$PWD
O=${O:-$top/build}
logs=$O/check-sanitizers
. selftests/runner.sh
all=$logs
rm -rf "$all"

api="api api_board api_fork api_para api_store api_wait"
user="cert chain verify verify_bytes ocspctl_verify.sh"
tools="ocspctl.sh ocspctl_add.sh"

# The programs of one process and one thread have nothing to race with, so TSan gets the library.
# valgrind is an emulator in an emulator: without kTLS, whose time is the handshakes'. What brings
# a malloc() of its own has it taken away by valgrind, and TSan has nothing to find in it.
tests_of()
{
	case $1 in
	asan)	echo "$user $api api_alloc $tools ktls.sh" ;;
	tsan)	echo "$api" ;;
	*)	echo "$user $tools $api" ;;
	esac
}

flags_of()
{
	case $1 in
	asan)	echo "-fsanitize=address,undefined -fno-sanitize-recover=all" ;;
	tsan)	echo "-fsanitize=thread" ;;
	# Each object of the library is one that valgrind knows.
	valgrind) echo "-DOCSP_PLAIN_MALLOC=1" ;;
	esac
}

# build VARIANT: a tree of its own, $O/sanitizers/VARIANT
build()
{
	build_with "$O/sanitizers/$1" "-O1 -g -fno-omit-frame-pointer $(flags_of "$1")" || return 1
	[ "$1" != valgrind ] || wrap_programs
}

# Each of our programs becomes a script that runs it in valgrind, where threads take turns: else one
# that waits for nothing would let no other one go on. The children of api_fork and api_wait end with
# what they have, and have not the threads that held the rest: ASan sees to what the parent loses.
wrap_programs()
{
	for program in $api $user ocspctl ktls_server; do
		case $program in
		*.sh)	continue ;;
		api_fork|api_wait) leaks=no ;;
		*)	leaks=full ;;
		esac
		mv "$installed/$program" "$installed/$program.bin" &&
		cat >"$installed/$program" <<-END_OF_SCRIPT && chmod 755 "$installed/$program" || return 1
			#!/bin/sh
			exec valgrind -q --fair-sched=try --read-inline-info=no --leak-check=$leaks \\
				--errors-for-leak-kinds=definite --show-leak-kinds=definite \\
				--child-silent-after-fork=no --log-file="$logs/reports/$program.%p" \\
				"$installed/$program.bin" "\$@"
		END_OF_SCRIPT
	done
}

# wrap_of VARIANT: where the reports go. The sanitizers want the address space that they know. The C
# library loses memory when an allocation fails in dlopen().
wrap_of()
{
	case $1 in
	asan)	echo "leak:_dl_map_object_deps" >"$logs/not-ours"
		echo "setarch -R env KSFT_ALLOC_ALL=1 ASAN_OPTIONS=log_path=$logs/reports/asan" \
			"LSAN_OPTIONS=suppressions=$logs/not-ours:print_suppressions=0" \
			"UBSAN_OPTIONS=print_stacktrace=1:log_path=$logs/reports/ubsan" ;;
	tsan)	echo "setarch -R env" \
			"TSAN_OPTIONS=die_after_fork=0:log_path=$logs/reports/tsan" ;;
	valgrind) echo "env KSFT_MACHINE_SLOW=yes KSFT_OCSPCTL=ocspctl.bin" ;;
	esac
}

# more_time VARIANT: in valgrind ocspctl.sh takes more than an hour.
more_time()
{
	[ "$1" = valgrind ] || return 0
	timeout=$((timeout * 8))
	vm_timeout=$((vm_timeout * 4))
}

# Fails if there is one that is not empty.
no_reports()
{
	find "$logs/reports" -type f -size +0 | LC_ALL=C sort >"$logs/list"
	while read -r file; do
		echo "${file##*/}:"
		head -n 60 "$file"
	done <"$logs/list"
	! [ -s "$logs/list" ]
}

[ $# -gt 0 ] || set -- asan tsan valgrind
logs=$all/build
new_logs
step packages selftests/install-packages.sh
step modules make modules
step ksrc make ksrc
for variant; do
	[ -n "$(tests_of "$variant")" ] || exit 1
	logs=$all/$variant
	installed=$O/sanitizers/$variant/kselftest/ktls_ocsp
	new_logs
	mkdir -m 1777 "$logs/reports"
	echo "$variant:"
	step "build-$variant" build "$variant" || continue
	wrap=$(wrap_of "$variant")
	# shellcheck disable=SC2046 # split on purpose
	(more_time "$variant"; run_all $(tests_of "$variant"))
	step "reports-$variant" no_reports
done
mkdir -p "$all/results"
for variant; do
	for file in "$all/$variant/results"/*; do
		cp "$file" "$all/results/$variant-${file##*/}"
	done
done
cp "$all"/build/results/* "$all/results/"
logs=$all
summary
