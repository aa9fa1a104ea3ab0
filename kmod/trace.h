/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The tracepoints. ktls_ocsp.rst describes them for those who read them; what
 * they print may change, their names and fields stay.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ktls_ocsp

#if !defined(KTLS_OCSP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KTLS_OCSP_TRACE_H

#include <linux/tracepoint.h>
#include <linux/ktls_ocsp.h>

#include "account.h"

struct ktls_ocsp_blob;
struct ktls_ocsp_entry;
struct ktls_ocsp_failure;
struct ktls_ocsp_limits;
struct ktls_ocsp_session;
struct net;

TRACE_DEFINE_ENUM(KTLS_OCSP_CERT_STATUS_GOOD);
TRACE_DEFINE_ENUM(KTLS_OCSP_CERT_STATUS_REVOKED);
TRACE_DEFINE_ENUM(KTLS_OCSP_CERT_STATUS_UNKNOWN);

#define show_ktls_ocsp_cert_status(status)			\
	__print_symbolic(status,				\
		{ KTLS_OCSP_CERT_STATUS_GOOD,	 "good" },	\
		{ KTLS_OCSP_CERT_STATUS_REVOKED, "revoked" },	\
		{ KTLS_OCSP_CERT_STATUS_UNKNOWN, "unknown" })

TRACE_DEFINE_ENUM(KTLS_OCSP_RESOURCE_ENTRIES);
TRACE_DEFINE_ENUM(KTLS_OCSP_RESOURCE_BYTES);
TRACE_DEFINE_ENUM(KTLS_OCSP_RESOURCE_SESSIONS);
TRACE_DEFINE_ENUM(KTLS_OCSP_RESOURCE_HANDLES);
TRACE_DEFINE_ENUM(KTLS_OCSP_RESOURCES);

#define show_ktls_ocsp_resource(resource)			\
	__print_symbolic(resource,				\
		{ KTLS_OCSP_RESOURCE_ENTRIES, "entries" },	\
		{ KTLS_OCSP_RESOURCE_BYTES, "bytes" },	\
		{ KTLS_OCSP_RESOURCE_SESSIONS, "sessions" },	\
		{ KTLS_OCSP_RESOURCE_HANDLES, "handles" },	\
		{ KTLS_OCSP_RESOURCES, "none" })

/*
 * Entries. The store's lock is held; for "wanted" it is that of its notices.
 */

DECLARE_EVENT_CLASS(ktls_ocsp_blob_class,
	TP_PROTO(
		const struct ktls_ocsp_limits *limits,
		const struct ktls_ocsp_entry *ent,
		const struct ktls_ocsp_blob *blob
	),
	TP_ARGS(limits, ent, blob),
	TP_STRUCT__entry(
		__field(unsigned int, netns_ino)
		__field(u32, slot)
		__field(u32, len)
		__field(u32, status)
		__field(u64, generation)
		__field(s64, this_update)
		__field(s64, next_update)
		__array(u8, key, KTLS_OCSP_KEY_LEN)
	),
	TP_fast_assign(
		__entry->netns_ino = limits->settings->netns_ino;
		__entry->slot = ent->slot;
		__entry->len = blob->len;
		__entry->status = blob->status;
		__entry->generation = blob->generation;
		__entry->this_update = blob->this_update;
		__entry->next_update = blob->next_update;
		memcpy(__entry->key, ent->key, KTLS_OCSP_KEY_LEN);
	),
	TP_printk("netns=%u slot=%u key=%s generation=%llu status=%s this_update=%lld next_update=%lld len=%u",
		__entry->netns_ino, __entry->slot,
		__print_hex_str(__entry->key, KTLS_OCSP_KEY_LEN),
		__entry->generation,
		show_ktls_ocsp_cert_status(__entry->status),
		__entry->this_update, __entry->next_update, __entry->len
	)
);
#define DEFINE_KTLS_OCSP_BLOB_EVENT(name)			\
	DEFINE_EVENT(ktls_ocsp_blob_class, name,		\
		TP_PROTO(					\
			const struct ktls_ocsp_limits *limits,	\
			const struct ktls_ocsp_entry *ent,	\
			const struct ktls_ocsp_blob *blob	\
		),						\
		TP_ARGS(limits, ent, blob))

DEFINE_KTLS_OCSP_BLOB_EVENT(ktls_ocsp_set);
DEFINE_KTLS_OCSP_BLOB_EVENT(ktls_ocsp_expire);

TRACE_EVENT(ktls_ocsp_failure,
	TP_PROTO(
		const struct ktls_ocsp_limits *limits,
		const struct ktls_ocsp_entry *ent,
		const struct ktls_ocsp_failure *failure
	),
	TP_ARGS(limits, ent, failure),
	TP_STRUCT__entry(
		__field(unsigned int, netns_ino)
		__field(u32, slot)
		__field(u32, count)
		__array(u8, key, KTLS_OCSP_KEY_LEN)
		/* __string() is not the same on all kernels. */
		__dynamic_array(char, reason, strlen(failure->reason) + 1)
	),
	TP_fast_assign(
		__entry->netns_ino = limits->settings->netns_ino;
		__entry->slot = ent->slot;
		__entry->count = failure->count;
		memcpy(__entry->key, ent->key, KTLS_OCSP_KEY_LEN);
		memcpy(__get_str(reason), failure->reason,
		       __get_dynamic_array_len(reason));
	),
	TP_printk("netns=%u slot=%u key=%s count=%u reason=\"%s\"",
		__entry->netns_ino, __entry->slot,
		__print_hex_str(__entry->key, KTLS_OCSP_KEY_LEN),
		__entry->count, __get_str(reason)
	)
);

TRACE_EVENT(ktls_ocsp_evict,
	TP_PROTO(
		const struct ktls_ocsp_limits *limits,
		const struct ktls_ocsp_entry *ent,
		long bytes
	),
	TP_ARGS(limits, ent, bytes),
	TP_STRUCT__entry(
		__field(unsigned int, netns_ino)
		__field(u32, slot)
		__field(u32, handles)
		__field(long, bytes)
		__array(u8, key, KTLS_OCSP_KEY_LEN)
	),
	TP_fast_assign(
		__entry->netns_ino = limits->settings->netns_ino;
		__entry->slot = ent->slot;
		__entry->handles = ent->handles;
		__entry->bytes = bytes;
		memcpy(__entry->key, ent->key, KTLS_OCSP_KEY_LEN);
	),
	TP_printk("netns=%u slot=%u key=%s handles=%u bytes=%ld",
		__entry->netns_ino, __entry->slot,
		__print_hex_str(__entry->key, KTLS_OCSP_KEY_LEN),
		__entry->handles, __entry->bytes
	)
);

TRACE_EVENT(ktls_ocsp_wanted,
	TP_PROTO(
		const struct net *net,
		const struct ktls_ocsp_entry *ent,
		bool heard
	),
	TP_ARGS(net, ent, heard),
	TP_STRUCT__entry(
		__field(unsigned int, netns_ino)
		__field(u32, slot)
		__field(bool, heard)
		__array(u8, key, KTLS_OCSP_KEY_LEN)
	),
	TP_fast_assign(
		__entry->netns_ino = net->ns.inum;
		__entry->slot = ent->slot;
		__entry->heard = heard;
		memcpy(__entry->key, ent->key, KTLS_OCSP_KEY_LEN);
	),
	TP_printk("netns=%u slot=%u key=%s heard=%d",
		__entry->netns_ino, __entry->slot,
		__print_hex_str(__entry->key, KTLS_OCSP_KEY_LEN),
		__entry->heard
	)
);

/*
 * Sessions
 */

DECLARE_EVENT_CLASS(ktls_ocsp_session_class,
	TP_PROTO(
		const struct ktls_ocsp_limits *limits,
		const struct ktls_ocsp_session *session,
		kuid_t uid
	),
	TP_ARGS(limits, session, uid),
	TP_STRUCT__entry(
		__field(unsigned int, netns_ino)
		__field(const void *, session)
		__field(uid_t, uid)
	),
	TP_fast_assign(
		__entry->netns_ino = limits->settings->netns_ino;
		__entry->session = session;
		__entry->uid = from_kuid(&init_user_ns, uid);
	),
	TP_printk("netns=%u session=%p uid=%u",
		__entry->netns_ino, __entry->session, __entry->uid
	)
);
#define DEFINE_KTLS_OCSP_SESSION_EVENT(name)			\
	DEFINE_EVENT(ktls_ocsp_session_class, name,		\
		TP_PROTO(					\
			const struct ktls_ocsp_limits *limits,	\
			const struct ktls_ocsp_session *session, \
			kuid_t uid				\
		),						\
		TP_ARGS(limits, session, uid))

DEFINE_KTLS_OCSP_SESSION_EVENT(ktls_ocsp_session_create);
DEFINE_KTLS_OCSP_SESSION_EVENT(ktls_ocsp_session_release);

/*
 * Handles
 */

DECLARE_EVENT_CLASS(ktls_ocsp_handle_class,
	TP_PROTO(
		const struct ktls_ocsp_limits *limits,
		const struct ktls_ocsp_session *session,
		const struct ktls_ocsp_entry *ent
	),
	TP_ARGS(limits, session, ent),
	TP_STRUCT__entry(
		__field(unsigned int, netns_ino)
		__field(const void *, session)
		__field(u32, slot)
		__array(u8, key, KTLS_OCSP_KEY_LEN)
	),
	TP_fast_assign(
		__entry->netns_ino = limits->settings->netns_ino;
		__entry->session = session;
		__entry->slot = ent->slot;
		memcpy(__entry->key, ent->key, KTLS_OCSP_KEY_LEN);
	),
	TP_printk("netns=%u session=%p slot=%u key=%s",
		__entry->netns_ino, __entry->session, __entry->slot,
		__print_hex_str(__entry->key, KTLS_OCSP_KEY_LEN)
	)
);
#define DEFINE_KTLS_OCSP_HANDLE_EVENT(name)			\
	DEFINE_EVENT(ktls_ocsp_handle_class, name,		\
		TP_PROTO(					\
			const struct ktls_ocsp_limits *limits,	\
			const struct ktls_ocsp_session *session, \
			const struct ktls_ocsp_entry *ent	\
		),						\
		TP_ARGS(limits, session, ent))

DEFINE_KTLS_OCSP_HANDLE_EVENT(ktls_ocsp_handle_open);
DEFINE_KTLS_OCSP_HANDLE_EVENT(ktls_ocsp_handle_close);

/*
 * Refusals
 */

TRACE_EVENT(ktls_ocsp_denied,
	TP_PROTO(
		const struct ktls_ocsp_limits *limits,
		int err,
		unsigned int resource,
		bool of_user
	),
	TP_ARGS(limits, err, resource, of_user),
	TP_STRUCT__entry(
		__field(unsigned int, netns_ino)
		__field(uid_t, uid)
		__field(int, err)
		__field(u32, resource)
		__field(bool, of_user)
	),
	TP_fast_assign(
		__entry->netns_ino = limits->settings->netns_ino;
		__entry->uid = from_kuid(&init_user_ns, current_uid());
		__entry->err = err;
		__entry->resource = resource;
		__entry->of_user = of_user;
	),
	TP_printk("netns=%u uid=%u err=%d resource=%s of_user=%d",
		__entry->netns_ino, __entry->uid, __entry->err,
		show_ktls_ocsp_resource(__entry->resource),
		__entry->of_user
	)
);

#endif /* KTLS_OCSP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
