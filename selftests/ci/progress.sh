# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # $logs is theirs who source it
#
# What a run tells while it goes on and at its end; sourced by runner.sh, which says what $logs is.

# Where a line is rewritten, what is printed next begins by clearing it.
clear=
[ ! -t 1 ] || clear=$(printf '\r\033[K')

# say TEXT...
say()
{
	echo "$clear$*"
}

# part TITLE COMMAND...: what is being done, and for the end how long it took
part()
{
	title=$1
	shift
	say "== $title"
	began=$(date +%s)
	"$@"
	part_status=$?
	printf '%6d s  %s\n' $(($(date +%s) - began)) "$title" >>"$logs/parts"
	return "$part_status"
}

# plan COUNT: so many results more are to come
plan()
{
	echo "$1" >>"$logs/planned"
}

results()
{
	find "$logs" -path '*/results/*' -type f
}

under_way()
{
	find "$logs" -name 'running.*' -type f -exec cat {} + 2>/dev/null | tr '\n' ' '
}

# On a terminal, a line that tells each second how far the run is
start_progress()
{
	[ -n "$clear" ] || return 0
	started=$(date +%s)
	columns=$(tput cols 2>/dev/null || echo 80)
	while sleep 1; do
		took=$(($(date +%s) - started))
		planned=$(awk '{ n += $1 } END { print n + 0 }' "$logs/planned" 2>/dev/null)
		line=$(printf '%d:%02d  %d of %d done; under way: %s' $((took / 60)) $((took % 60)) \
			"$(results | wc -l)" "$planned" "$(under_way)")
		printf '%s%.*s' "$clear" $((columns - 1)) "$line"
	done &
	progress=$!
}

end_progress()
{
	[ -n "$clear" ] || return 0
	kill "$progress"
	wait "$progress" 2>/dev/null
	printf '%s' "$clear"
}

# The ten results that took longest, and how long each part took
tell_times()
{
	echo "the slowest:"
	results | while read -r file; do
		label=$(cat "${file%%/results/*}/label" 2>/dev/null)
		sed "s,^,$label ," "$file"
	done | awk '{ printf "%8.1f s  %s%s\n", $NF, $(NF - 4), (NF > 5 ? " (" $1 ")" : "") }' |
		sort -rn | head -n 10
	[ ! -e "$logs/parts" ] || { echo "the parts:"; cat "$logs/parts"; }
}

# failed_cases LOG: each with the last lines before it, which say why; of what is not TAP the last lines
failed_cases()
{
	awk '
		function tell_why(	i)
		{
			for (i = n > 8 ? n - 8 : 0; i < n; i++)
				print why[i]
			told = 1
		}
		/^ *not ok / { tell_why(); print }
		/^ *(not )?ok / { n = 0; next }
		{ why[n++] = $0 }
		END { if (!told) tell_why() }' "$1"
}

# What failed, once more: of a long run not everybody has kept the middle.
tell_failures()
{
	results | while read -r file; do
		awk '{ exit !$3 }' "$file" || continue
		[ -n "${told:-}" ] || echo "what failed:"
		told=1
		test=${file##*/results/}
		echo "  $test"
		failed_cases "${file%%/results/*}/$test.log" | sed 's/^/    /'
	done
}
