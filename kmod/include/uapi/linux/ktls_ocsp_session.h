/* SPDX-License-Identifier: ((GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause) */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What a session's file descriptor offers beside netlink: to wait for changes.
 *
 * poll() says POLLIN when an entry that the session holds has changed since it
 * was last read, and POLLHUP when the session's network namespace is gone.
 *
 * read() returns one struct ktls_ocsp_change for each entry that changed, as
 * many as fit, and takes them: an entry is told once, however often it changed,
 * and again when it changes again. What there is to know now is for "get", or
 * the board, to tell. An entry that the session just opened has not changed.
 *
 * Without a change read() waits. With O_NONBLOCK, or preadv2()'s RWF_NOWAIT, it
 * fails with EAGAIN instead. It returns 0 when the network namespace is gone, and
 * fails with EINVAL where there is no room for one struct ktls_ocsp_change.
 *
 * All who share the descriptor share what is read: one of them reads. A process
 * that wants to be told by itself makes a session of its own.
 */
#ifndef _UAPI_LINUX_KTLS_OCSP_SESSION_H
#define _UAPI_LINUX_KTLS_OCSP_SESSION_H

#include <linux/types.h>

/**
 * struct ktls_ocsp_change - an entry that changed
 * @slot: its slot, which the session holds. It may have been closed since.
 * @events: what happened to it since it was last read: 1 << event for each enum
 *	ktls_ocsp_event
 */
struct ktls_ocsp_change {
	__u32 slot;
	__u32 events;
};

#endif /* _UAPI_LINUX_KTLS_OCSP_SESSION_H */
