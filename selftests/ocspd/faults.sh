#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd against responders that do everything wrong: each fault is told as it
# is, costs nobody the response that there was, and delays no other one.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
# Each fault, and what is to be seen of it: a part of the reason, or "stored".
cat > "$dir/list" <<END
good | stored
by-issuer | stored
two | stored
nonce | stored
sha1-only | stored
no-get | stored
no-get http 400 | stored
no-get http 403 | stored
no-get http 404 | stored
no-get http 406 | stored
no-get http 411 | stored
no-get http 415 | stored
no-get http 502 | stored
no-get http 503 | stored
no-get empty | stored
no-get status 1 | stored
no-get html | stored
no-get close | stored
no-get loop | stored
no-get redirect http://127.0.0.1:1/ | stored
no-get sha1-only | stored
stale | stored
slow 3000 | stored
encoded | stored
encoded rot13 | ncoding
redirect $bad/good/ | stored
revoked | stored
unknown | the responder does not know the certificate
bad-signature | bad signature
signer-no-eku | has no id-kp-OCSPSigning
signer-expired | delegate CN=Test Delegate expired on
signer-stranger | signed by neither the issuer nor a delegate
expired | response expired on
older | older than the stored response
future | response not valid before
no-next-update | no nextUpdate in the response
other | response is for another certificate
status 1 | responder says malformedRequest
status 2 | responder says internalError
status 3 | responder says tryLater
status 4 | responder says status 4
status 5 | responder says sigRequired
status 6 | responder says unauthorized
status 99 | responder says status 99
truncated | truncated or not a DER OCSPResponse
empty | the response is empty
html | truncated or not a DER OCSPResponse (text/html)
big | more than 65527 bytes
endless | more than 65527 bytes
endless-headers | more than 16384 bytes of headers
http 404 | HTTP 404
http 500 | HTTP 500
http 503 120 | HTTP 503
http 429 | HTTP 429
http 204 | HTTP 204
loop | more than 5 redirects
redirect http://127.0.0.1:1/ | cannot connect: Connection refused
redirect http://169.254.169.254/ | address 169.254.169.254 is refused (link-local)
redirect http://[::ffff:169.254.1.1]/ | is refused (link-local)
redirect http://0.0.0.0:$BAD/ | is refused (this-network)
redirect file:///etc/passwd | no http or https URL
redirect http://user:pass@127.0.0.1:$BAD/ | a user name in the URL
close | connection closed without a response
reset | connection lost: Connection reset by peer
no-http | not valid HTTP
cut-body | connection closed in the middle of the response
stall | timed out after
stall-headers | timed out after
stall-body | timed out after
trickle | timed out after
END
count=$(wc -l < "$dir/list")
# What does not hang is to be done by then, on a busy machine, too.
write_conf "timeout = 20" "idle_timeout = 15" "connect_timeout = 15"
start_bad || ktap_exit_fail_msg "no responder"
trap 'unstep_clock; rm -rf "$dir"' EXIT
ktap_set_plan $((count + 10))

# Each fault is that of a responder of its own, by its address: what ocspd learns
# of one is not to help or hinder another.
each="http://127.0.1.%ld:$BAD"

# load NAME COUNT SECONDS URL: certificates whose responders are at URL/NAME0, ...; SLOW times as long;
# waits until all are fetched.
load()
{
	mkfifo "$dir/$1.hold"
	cert_load --ca "$dir/ca.pem" --key "$dir/ca.key" --count "$2" \
		--url "$4/$1%ld/" --seconds $(($3 * SLOW)) --hold \
		< "$dir/$1.hold" > "$dir/$1.load" 2>> "$dir/log" &
	eval "exec $hold> $dir/$1.hold"
	hold=$((hold + 1))
	wait_for $(($3 + 60)) grep -q "^valid" "$dir/$1.load" &&
	grep -q "^valid $2 " "$dir/$1.load"
}
hold=5

# show NAME: all that the store has, as JSON
snap()
{
	ocspctl -j show > "$dir/$1.json"
}

all_good()
{
	start_ocspd && load "" "$count" 30 "$each" && stop_ocspd &&
	snap before
}
check "all of them good at first" all_good

with_faults()
{
	local n=0 line

	while read -r line; do
		echo "${line%% |*}" > "$dir/faults/$n"
		n=$((n + 1))
	done < "$dir/list"
	sleep 1		# thisUpdate counts seconds
	start=$(now_ms)
	# All are attempted, due or not.
	! run_ocspd --once
	local result=$?

	took=$(($(now_ms) - start))
	snap after
	return "$result"
}
check "--once: fails, as most of them do" with_faults

# For each line of the list one in $dir/judged: empty where before.json and
# after.json are as they should be. All at once: python takes long to start.
judge_all()
{
	/usr/bin/python3 - "$dir" "$each/%ld/" <<-'END'
		import json, sys
		where, each = sys.argv[1:]
		def load(name):
		    with open(where + "/" + name + ".json") as f:
		        return {e["url"]: e for e in json.load(f)}
		before, after = load("before"), load("after")
		def judge(number, expected):
		    url = each.replace("%ld", str(number))
		    old, new = before[url], after[url]
		    if expected == "stored":
		        ok = new["generation"] > old["generation"] and \
		             new["failure"] is None
		    else:
		        ok = new["generation"] == old["generation"] and \
		             new["state"] == "valid" and \
		             expected in (new["failure"] or "")
		    return "" if ok else json.dumps({name: new[name] for name in
		        ("failure", "state", "generation", "url")})
		with open(where + "/judged", "w") as out:
		    for number, line in enumerate(open(where + "/list")):
		        expected = line.strip().split(" | ")[1]
		        out.write(judge(number, expected) + "\n")
	END
}

# as_expected NUMBER
as_expected()
{
	local found

	found=$(sed -n "$(($1 + 1))p" "$dir/judged")
	[ -z "$found" ] && return
	echo "$found" >&2
	return 1
}

judge_all || ktap_exit_fail_msg "what the store says cannot be read"
number=0
while read -r line; do
	check "${line%% |*}: ${line##*| }" as_expected "$number"
	number=$((number + 1))
done < "$dir/list"

fast_enough()
{
	# One after the other would be 65 s, and 20 for all that do not hang, three requests each.
	[ "$took" -lt $((40000 + 10000 * SLOW)) ] && return
	echo "it took $took ms" >&2
	return 1
}
check "they hang side by side" fast_enough

revoked_stored()
{
	/usr/bin/python3 - "$dir" <<-'END'
		import json, sys
		n = [e for e in json.load(open(sys.argv[1] + "/after.json"))
		     if e["status"] == "revoked"]
		sys.exit(len(n) != 1)
	END
}
check "revoked is what the store has of one" revoked_stored

# Looked over: the same list again. That more of them time out is no matter.
write_conf "timeout = 8" "idle_timeout = 6" "connect_timeout = 6"

# is_clean: what the checkers wrote
is_clean()
{
	! grep -E "Sanitizer|runtime error|^==[0-9]+== (Invalid|Cond|Use|Sys)" \
		"$dir/ocspd.log" >&2
}

sanitized()
{
	! OCSPD=ocspd_asan run_ocspd --once && logged "done, stored " && is_clean
}
if command -v ocspd_asan > /dev/null; then
	check "ASan and UBSan have no complaint" sanitized
else
	ktap_test_skip "ASan and UBSan have no complaint: no ocspd_asan in this build"
fi

under_valgrind()
{
	! OCSPD_PREFIX="valgrind -q --leak-check=full --errors-for-leak-kinds=definite
		--error-exitcode=99" run_ocspd --once || return 1
	logged "done, stored " && is_clean && ! logged "definitely lost"
}
if command -v valgrind > /dev/null; then
	check "valgrind has none either" under_valgrind
else
	ktap_test_skip "valgrind has none either: no valgrind"
fi

# A thousand, of which 50 hang; or as many as MANY says, of which every EACHth does
: "${MANY:=1000}" "${EACH:=20}"
hanging=$((MANY / EACH))

seconds()
{
	sed -n 's/^valid [0-9]* after \([0-9]*\).*/\1/p' "$dir/w.load"
}

many()
{
	rm -rf "$dir/faults" && mkdir "$dir/faults" && write_conf &&
	start_ocspd && load w "$MANY" 100 "$bad" && snap before
}
check "$MANY more, all good" many

# fresh NUMBER: so many of them have another response than before
fresh()
{
	snap after
	/usr/bin/python3 - "$dir" "$1" "$bad/w" <<-'END'
		import json, sys
		def load(name):
		    with open("%s/%s.json" % (sys.argv[1], name)) as f:
		        return {e["key"]: e for e in json.load(f)
		                if e["url"].startswith(sys.argv[3])}
		before, after = load("before"), load("after")
		n = sum(after[k]["generation"] > before[k]["generation"]
		        for k in before)
		sys.exit(n < int(sys.argv[2]))
	END
}

some_hang()
{
	local i=0

	while [ "$i" -lt "$MANY" ]; do
		echo "stall" > "$dir/faults/w$i"
		i=$((i + EACH))
	done
	step_clock 48000	# all of them are due, and at once
	start=$(now_ms)
	wait_for 200 fresh $((MANY - hanging)) || return 1
	took=$((($(now_ms) - start) / 1000))
	echo "# all $MANY: $(seconds) s; the rest while $hanging hang: $took s"
	# As long as before, and what a busy machine makes of that. If they waited
	# for those that hang, 15 s and 8 at a time, it would be twice as much more.
	[ "$took" -lt $(($(seconds) * 3 / 2 + 15 * hanging / 8 / 2 + 2 * SLOW)) ]
}
check "$hanging hang: all others are refreshed on time" some_hang

hanging_keep()
{
	wait_for 60 grep -q "timed out after 1[0-9] s" "$dir/ocspd.log" &&
	! fresh $((MANY - hanging + 1)) &&
	/usr/bin/python3 - "$dir/after.json" <<-'END'
		import json, sys
		sys.exit(not all(e["state"] == "valid"
		                 for e in json.load(open(sys.argv[1]))))
	END
}
check "and those keep what they had" hanging_keep

stop_hanging()
{
	stop_ocspd
}
check "ocspd stops at once, with fetches under way" stop_hanging

ktap_finished
