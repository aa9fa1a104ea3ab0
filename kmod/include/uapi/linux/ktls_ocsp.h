/* SPDX-License-Identifier: ((GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause) */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/ktls_ocsp.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_KTLS_OCSP_H
#define _UAPI_LINUX_KTLS_OCSP_H

#define KTLS_OCSP_FAMILY_NAME		"ktls_ocsp"
#define KTLS_OCSP_FAMILY_VERSION	1

#define KTLS_OCSP_KEY_LEN		32
#define KTLS_OCSP_BLOB_MAX		65527
#define KTLS_OCSP_CERT_MAX		16384
#define KTLS_OCSP_FAILURE_MAX		255
#define KTLS_OCSP_CLOCK_TOLERANCE	300

/**
 * enum ktls_ocsp_state - What the store can serve for an entry, judged now.
 * @KTLS_OCSP_STATE_PENDING: There is no blob yet, and no attempt has been
 *   reported.
 * @KTLS_OCSP_STATE_VALID: There is a blob, and its next update lies in the
 *   future.
 * @KTLS_OCSP_STATE_FAILED: There is no blob, and the last attempt to get one
 *   failed.
 * @KTLS_OCSP_STATE_EXPIRED: There is a blob whose next update has passed. It
 *   is not served.
 * @KTLS_OCSP_STATE_WITHDRAWN: The blob was deleted while a session held the
 *   entry.
 */
enum ktls_ocsp_state {
	KTLS_OCSP_STATE_PENDING,
	KTLS_OCSP_STATE_VALID,
	KTLS_OCSP_STATE_FAILED,
	KTLS_OCSP_STATE_EXPIRED,
	KTLS_OCSP_STATE_WITHDRAWN,
};

/**
 * enum ktls_ocsp_cert_status - The certificate's status in the blob, as RFC
 *   6960 4.2.1 numbers it.
 */
enum ktls_ocsp_cert_status {
	KTLS_OCSP_CERT_STATUS_GOOD,
	KTLS_OCSP_CERT_STATUS_REVOKED,
	KTLS_OCSP_CERT_STATUS_UNKNOWN,
};

/**
 * enum ktls_ocsp_event - What happened to an entry.
 * @KTLS_OCSP_EVENT_UPDATED: A new blob is served; its status is not revoked.
 * @KTLS_OCSP_EVENT_FAILED: An attempt to get a new blob failed. What was
 *   stored stays.
 * @KTLS_OCSP_EVENT_EXPIRING: The blob has less than min-validity seconds left.
 * @KTLS_OCSP_EVENT_EXPIRED: The blob's next update has passed.
 * @KTLS_OCSP_EVENT_REVOKED: A new blob is served; it says that the certificate
 *   is revoked.
 * @KTLS_OCSP_EVENT_WITHDRAWN: The blob was deleted. The entry is kept for the
 *   sessions that hold it; without any, removed follows.
 * @KTLS_OCSP_EVENT_CREATED: The entry was created by an open; it has no blob
 *   yet.
 * @KTLS_OCSP_EVENT_REMOVED: The entry left the store: nobody held it, and it
 *   was withdrawn, has expired, or was without a valid blob for too long.
 * @KTLS_OCSP_EVENT_EVICTED: The entry left the store to make room for another
 *   one. Sessions that hold it have to close it, and may open it again.
 */
enum ktls_ocsp_event {
	KTLS_OCSP_EVENT_UPDATED,
	KTLS_OCSP_EVENT_FAILED,
	KTLS_OCSP_EVENT_EXPIRING,
	KTLS_OCSP_EVENT_EXPIRED,
	KTLS_OCSP_EVENT_REVOKED,
	KTLS_OCSP_EVENT_WITHDRAWN,
	KTLS_OCSP_EVENT_CREATED,
	KTLS_OCSP_EVENT_REMOVED,
	KTLS_OCSP_EVENT_EVICTED,
};

/**
 * enum ktls_ocsp_part - What a get answers beside the metadata.
 * @KTLS_OCSP_PART_BLOB: The blob. The command fails when there is none to
 *   serve.
 * @KTLS_OCSP_PART_CERTIFICATES: The certificate and its issuer, where they are
 *   known.
 */
enum ktls_ocsp_part {
	KTLS_OCSP_PART_BLOB = 1,
	KTLS_OCSP_PART_CERTIFICATES = 2,
};

/**
 * enum ktls_ocsp_session_flag - What a session may do beside what everybody
 *   may.
 * @KTLS_OCSP_SESSION_FLAG_CREATE: Whoever has the session's file descriptor
 *   may create entries through it.
 */
enum ktls_ocsp_session_flag {
	KTLS_OCSP_SESSION_FLAG_CREATE = 1,
};

/**
 * enum ktls_ocsp_resource - What is counted and limited.
 * @KTLS_OCSP_RESOURCE_ENTRIES: Entries in the store.
 * @KTLS_OCSP_RESOURCE_BYTES: Bytes of blobs, certificates, failure reasons and
 *   the board.
 * @KTLS_OCSP_RESOURCE_SESSIONS: Sessions, and boards that are still mapped
 *   after theirs closed.
 * @KTLS_OCSP_RESOURCE_HANDLES: Entries held, summed over the sessions.
 */
enum ktls_ocsp_resource {
	KTLS_OCSP_RESOURCE_ENTRIES,
	KTLS_OCSP_RESOURCE_BYTES,
	KTLS_OCSP_RESOURCE_SESSIONS,
	KTLS_OCSP_RESOURCE_HANDLES,

	/* private: */
	__KTLS_OCSP_RESOURCE_MAX,
	KTLS_OCSP_RESOURCE_MAX = (__KTLS_OCSP_RESOURCE_MAX - 1)
};

enum {
	KTLS_OCSP_A_SESSION = 1,
	KTLS_OCSP_A_SLOT,
	KTLS_OCSP_A_KEY,
	KTLS_OCSP_A_CERTIFICATE,
	KTLS_OCSP_A_ISSUER,
	KTLS_OCSP_A_PAD,
	KTLS_OCSP_A_GENERATION,
	KTLS_OCSP_A_STATE,
	KTLS_OCSP_A_STATUS,
	KTLS_OCSP_A_THIS_UPDATE,
	KTLS_OCSP_A_NEXT_UPDATE,
	KTLS_OCSP_A_BLOB,
	KTLS_OCSP_A_BLOB_LEN,
	KTLS_OCSP_A_STORED,
	KTLS_OCSP_A_FAILURE,
	KTLS_OCSP_A_FAILURE_TIME,
	KTLS_OCSP_A_FAILURES,
	KTLS_OCSP_A_HANDLES,
	KTLS_OCSP_A_WAIT,
	KTLS_OCSP_A_REFRESHER,
	KTLS_OCSP_A_MIN_VALIDITY,
	KTLS_OCSP_A_PARTS,
	KTLS_OCSP_A_EVENT,
	KTLS_OCSP_A_BOARD_SIZE,
	KTLS_OCSP_A_BOARD_VERSION,
	KTLS_OCSP_A_EVENT_NUMBER,
	KTLS_OCSP_A_SESSION_FLAGS,
	KTLS_OCSP_A_OWNER,
	KTLS_OCSP_A_STATES,
	KTLS_OCSP_A_EXPIRES_BEFORE,
	KTLS_OCSP_A_NEWER_THAN,
	KTLS_OCSP_A_REPEATED,

	__KTLS_OCSP_A_MAX,
	KTLS_OCSP_A_MAX = (__KTLS_OCSP_A_MAX - 1)
};

enum {
	KTLS_OCSP_A_STATS_SESSION = 1,
	KTLS_OCSP_A_STATS_PAD,
	KTLS_OCSP_A_STATS_RESOURCE,
	KTLS_OCSP_A_STATS_BLOBS_SET,
	KTLS_OCSP_A_STATS_BLOBS_REFUSED,
	KTLS_OCSP_A_STATS_BLOBS_EXPIRED,
	KTLS_OCSP_A_STATS_ENTRIES_EVICTED,
	KTLS_OCSP_A_STATS_EVENTS_LOST,

	__KTLS_OCSP_A_STATS_MAX,
	KTLS_OCSP_A_STATS_MAX = (__KTLS_OCSP_A_STATS_MAX - 1)
};

enum {
	KTLS_OCSP_A_RESOURCE_KIND = 1,
	KTLS_OCSP_A_RESOURCE_PAD,
	KTLS_OCSP_A_RESOURCE_USED,
	KTLS_OCSP_A_RESOURCE_LIMIT,
	KTLS_OCSP_A_RESOURCE_USER_USED,
	KTLS_OCSP_A_RESOURCE_USER_LIMIT,
	KTLS_OCSP_A_RESOURCE_USERNS_USED,
	KTLS_OCSP_A_RESOURCE_USERNS_LIMIT,

	__KTLS_OCSP_A_RESOURCE_MAX,
	KTLS_OCSP_A_RESOURCE_MAX = (__KTLS_OCSP_A_RESOURCE_MAX - 1)
};

enum {
	KTLS_OCSP_CMD_SESSION = 1,
	KTLS_OCSP_CMD_OPEN,
	KTLS_OCSP_CMD_REF,
	KTLS_OCSP_CMD_CLOSE,
	KTLS_OCSP_CMD_GET,
	KTLS_OCSP_CMD_SET,
	KTLS_OCSP_CMD_DEL,
	KTLS_OCSP_CMD_WANTED_NTF,
	KTLS_OCSP_CMD_EVENT_NTF,
	KTLS_OCSP_CMD_STATS,

	__KTLS_OCSP_CMD_MAX,
	KTLS_OCSP_CMD_MAX = (__KTLS_OCSP_CMD_MAX - 1)
};

#define KTLS_OCSP_MCGRP_WANTED	"wanted"
#define KTLS_OCSP_MCGRP_EVENTS	"events"

#endif /* _UAPI_LINUX_KTLS_OCSP_H */
