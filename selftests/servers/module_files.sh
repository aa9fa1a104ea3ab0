# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # what is the caller's
#
# What "make install" has written to $installed, for servers of any user: in $dir/module.

install_module()
{
	local lib

	cp -r "$installed" "$dir/module" && chmod -R a+rX "$dir/module" || return 1
	lib=$(dirname "$(find "$dir/module" -name 'libocsp.so.1')")
	modules=$lib/ktls-ocsp
	module=$modules/ktls_ocsp.so
	config=$dir/module/etc/ktls-ocsp/openssl.cnf
	[ -e "$module" ] || return 1
	sed -i "s|^path = .*|path = $module|" "$config"
	sed 's|^exclude = .*|exclude =|' "$config" > "$dir/everybody.cnf"
	# Built for a sanitizer: it has to come first.
	asan=$(ldd "$module" | awk '/libasan/ { print $3 }')
	detect_leaks=1
	mkdir -m 777 "$dir/asan" && { [ -z "$asan" ] || cp no_limit.so no_locale.so "$dir/"; }
}
