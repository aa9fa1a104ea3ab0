# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# What one run leaves to the next in the user's cache, so that nothing is compiled or looked at twice.
# For those who source it in the top directory.

cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ktls-ocsp

# compile COMMAND...: with ccache, where it is installed. Warnings are part of what it remembers. The
# checkout may lie elsewhere the next time.
compile()
{
	(
		! command -v ccache >/dev/null || PATH=$PWD/selftests/ci/cached:/usr/lib/ccache:$PATH
		export PATH CCACHE_DIR="$cache/ccache" CCACHE_BASEDIR="$PWD"
		export CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=1G
		"$@"
	)
}

# The names of the files that passed are those of their checksums, in a directory for the RULES that they
# passed: everything on which the verdict depends beside the file and its path.

# verdicts <FILES: "NAME FILE" for each
verdicts()
{
	xargs -r sha256sum | while read -r sum file; do
		printf '%.32s%s %s\n' "$sum" "$(echo "$file" | tr / :)" "$file"
	done
}

# not_passed RULES <FILES: those that did not pass as they are now
not_passed()
{
	verdicts | while read -r name file; do
		[ -e "$cache/passed/$1/$name" ] || echo "$file"
	done
}

# passed RULES <FILES. What nobody had for two months goes.
passed()
{
	mkdir -p "$cache/passed/$1" || return 0
	verdicts | while read -r name _; do
		: >"$cache/passed/$1/$name"
	done
	find "$cache/passed" -type f -mtime +60 -delete
	find "$cache/passed" -mindepth 1 -type d -empty -delete
}
