/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * ocspd's control socket: a Unix stream socket, on which it answers requests
 * in JSON. What both ends have to agree on.
 *
 * A request is one object in one line, of at most CONTROL_REQUEST_MAX bytes
 * with its newline. The answer is one object a line: any number of records,
 * and then one that has "done": true, and "error": TEXT where the request
 * failed. The next request on the connection is read after that. A client that
 * sends no whole request, or does not read its answer, for CONTROL_TIMEOUT
 * seconds is disconnected; so is one too many, with an error.
 *
 * Times are in seconds since the epoch, or null; KEY is the SHA-256 of the
 * certificate, 64 hexadecimal digits. Readers have to ignore members that they
 * do not know.
 *
 * {"request": "status"}
 *	One record, which is the last one: "version", "pid", "uptime" (seconds),
 *	"ready" (bool: the store is open), "certificates", "states" (the number
 *	of certificates by the state that "list" has), "failing" (those whose
 *	last attempt failed), "unserved" (those that servers cannot staple),
 *	"pinned" (by the configuration), "kept", "queue" ("waiting", "running"),
 *	"responders" ("known", "held") and "counters" (since the start:
 *	"requests", "stored", "unchanged", "failed").
 *
 * {"request": "list", "key": KEY}
 *	A record for each certificate, or for this one: "key", "certificate"
 *	(its subject), "state", "next_attempt" (null when none is planned),
 *	"refresh" (when a new response is due), "last_attempt", "last_success",
 *	"last_failure", "failure" (the reason; null: the last attempt did not
 *	fail), "failures" (in a row), "responder" (the URL that is asked first,
 *	null: there is none), "held_until" (null: the responder may be asked),
 *	"status", "next_update" (of what is stored, or null), "must_staple",
 *	"pinned", "kept" (bool). The last record has "count".
 *	Each one is as of the moment when it was sent.
 *
 *	"state" is "due" (looked at next), "fresh" (waits for the refresh),
 *	"unused" (no server holds it: not refreshed), "queued" (waits for its
 *	turn at the responder), "fetching", "retry" (waits after a failure),
 *	"held" (waits as the responder asked it to).
 *
 * {"request": "refresh", "key": KEY} or {"request": "refresh", "all": true}
 *	Ask for a new response now, whether it is due or not. With "no_cache":
 *	true, caches on the way have to ask the responder. A responder that
 *	asked to be left alone is. The last record has "count", how many are
 *	asked for. With "wait": true it comes when all of them are over, after
 *	a record for each: "key", "result" ("stored", "unchanged", "failed",
 *	"held", "not_applicable", "gone"), "reason" (null, or why there is no
 *	new response).
 *
 * {"request": "test-fetch", "key": KEY}
 *	Ask as a refresh would, one form of the request after the other, but
 *	store nothing. A record for each request: "url", "method" ("GET",
 *	"POST"), "digest" ("SHA-256", "SHA-1", of the CertID), "no_cache",
 *	"http_status" (null: no HTTP answer), "milliseconds", "bytes",
 *	"content_type" (or null), "reason" (null when the response verifies and
 *	is not worse than what is stored) and, where it verifies, "status",
 *	"this_update", "next_update". The last one has "result": "ok" or
 *	"failed". Takes "no_cache", too.
 *
 * {"request": "keep", "key": KEY}, {"request": "unkeep", "key": KEY}
 *	Hold the certificate, which must be in the store, from now on, over
 *	restarts of ocspd and the machine, until "unkeep".
 */
#ifndef TOOLS_CONTROL_PROTOCOL_H
#define TOOLS_CONTROL_PROTOCOL_H

#define CONTROL_SOCKET		"/run/ktls-ocsp/ocspd.sock"
/* In the environment: another path, for both ends */
#define CONTROL_SOCKET_VARIABLE	"OCSPD_SOCKET"
#define CONTROL_REQUEST_MAX	4096
#define CONTROL_TIMEOUT		10

#endif /* TOOLS_CONTROL_PROTOCOL_H */
