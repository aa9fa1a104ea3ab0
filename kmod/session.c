// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Sessions: a client's hold on a store, behind a file descriptor.
 *
 * The file descriptor makes the lifetime of handles exact: they go with its
 * last close, so through fork, dup, SCM_RIGHTS and SIGKILL, and the file pins
 * the module. Handles could not go with a netlink socket: genetlink's private
 * data of a socket is not exported to modules, and by the time that a notifier
 * is called for a released socket, its port id may be in use again.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "compat.h"
#include "session.h"
#include "trace.h"

static struct ktls_ocsp_tenancy *
tenancy_create(struct ktls_ocsp_store *store, kuid_t uid,
	       struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_limits *limits = &store->limits;
	struct ktls_ocsp_tenancy *tenancy;
	int err = -ENOMEM;

	tenancy = kzalloc(sizeof(*tenancy), GFP_KERNEL_ACCOUNT);
	if (!tenancy)
		return ERR_PTR(-ENOMEM);
	tenancy->account = ktls_ocsp_limits_account(limits, uid);
	if (!tenancy->account)
		goto err_free;
	err = ktls_ocsp_charge(limits, tenancy->account, KTLS_OCSP_RESOURCE_SESSIONS, 1,
			       extack);
	if (err)
		goto err_account;
	refcount_set(&tenancy->refs, 1);
	tenancy->store = ktls_ocsp_store_get(store);
	return tenancy;

err_account:
	ktls_ocsp_account_put(tenancy->account);
err_free:
	kfree(tenancy);
	return ERR_PTR(err);
}

static void tenancy_put(struct ktls_ocsp_tenancy *tenancy)
{
	if (!refcount_dec_and_test(&tenancy->refs))
		return;
	ktls_ocsp_uncharge(&tenancy->store->limits, tenancy->account,
			   KTLS_OCSP_RESOURCE_SESSIONS, 1);
	ktls_ocsp_account_put(tenancy->account);
	ktls_ocsp_store_put(tenancy->store);
	kfree(tenancy);
}

static vm_fault_t board_fault(struct vm_fault *vmf)
{
	struct ktls_ocsp_tenancy *tenancy = vmf->vma->vm_file->private_data;

	return ktls_ocsp_board_fault(&tenancy->store->index.board, vmf);
}

static const struct vm_operations_struct board_vm_ops = {
	.fault = board_fault,
};

static int board_release(struct inode *inode, struct file *file)
{
	tenancy_put(file->private_data);
	return 0;
}

/* Pins the module, as a session's file does. Never in a file table. */
static const struct file_operations board_fops = {
	.owner		= THIS_MODULE,
	.release	= board_release,
};

/*
 * The board's mappings get a file of their own: it holds the board, not the
 * session, which otherwise a child that inherited the mapping would keep
 * alive. One for all mappings of a session. Not under the session's lock,
 * since mmap() comes here with that of the address space held.
 */
static struct file *board_file(struct ktls_ocsp_session *session)
{
	struct file *file, *other;

	/* Pairs with cmpxchg() below, so that the file is initialized. */
	file = smp_load_acquire(&session->board_file);
	if (file)
		return file;
	file = anon_inode_getfile("[ktls_ocsp_board]", &board_fops,
				  session->tenancy, O_RDONLY);
	if (IS_ERR(file))
		return file;
	refcount_inc(&session->tenancy->refs);
	other = cmpxchg(&session->board_file, NULL, file);
	if (!other)
		return file;
	fput(file);
	return other;
}

static int session_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ktls_ocsp_session *session = file->private_data;

	/* A 32-bit process cannot load a generation in one access. */
	if (in_compat_syscall())
		return -EOPNOTSUPP;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	if (vma->vm_pgoff + vma_pages(vma) > session->board_size >> PAGE_SHIFT)
		return -EINVAL;
	file = board_file(session);
	if (IS_ERR(file))
		return PTR_ERR(file);
	vma_set_file(vma, file);
	/* mprotect() must not make it writable, either. */
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP,
		     VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_ops = &board_vm_ops;
	return 0;
}

static void session_free(struct ktls_ocsp_session *session)
{
	tenancy_put(session->tenancy);
	mutex_destroy(&session->lock);
	kfree(session);
}

/* The last reference is gone, so nothing else uses the session. */
static int session_release(struct inode *inode, struct file *file)
{
	struct ktls_ocsp_session *session = file->private_data;

	ktls_ocsp_store_unwatch(session->store, &session->watcher);
	ktls_ocsp_handles_destroy(session);
	trace_ktls_ocsp_session_release(&session->store->limits, session,
					session->tenancy->account->uid);
	if (session->board_file)
		fput(session->board_file);
	session_free(session);
	return 0;
}

#ifdef CONFIG_PROC_FS
static void session_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ktls_ocsp_session *session = file->private_data;

	seq_printf(m, "ktls_ocsp-handles:\t%d\nktls_ocsp-create:\t%d\n",
		   atomic_read(&session->handles.nelems), session->may_create);
}
#endif

static __poll_t session_poll(struct file *file, poll_table *table)
{
	struct ktls_ocsp_session *session = file->private_data;

	return ktls_ocsp_changes_poll(&session->changes, file, table);
}

static ssize_t session_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct ktls_ocsp_session *session = iocb->ki_filp->private_data;
	bool may_wait = !(iocb->ki_flags & IOCB_NOWAIT) &&
			!(iocb->ki_filp->f_flags & O_NONBLOCK);

	return ktls_ocsp_changes_read(&session->changes, may_wait, to);
}

static const struct file_operations session_fops = {
	.owner		= THIS_MODULE,
	.release	= session_release,
	.mmap		= session_mmap,
	.poll		= session_poll,
	.read_iter	= session_read_iter,
#ifdef CONFIG_PROC_FS
	.show_fdinfo	= session_show_fdinfo,
#endif
};

static void store_closes(struct ktls_ocsp_watcher *watcher,
			 enum ktls_ocsp_event event)
{
	struct ktls_ocsp_session *session;

	session = container_of(watcher, struct ktls_ocsp_session, watcher);
	ktls_ocsp_changes_close(&session->changes);
}

/* read() gives a stream of changes, which has no offset. */
static struct file *session_file(struct ktls_ocsp_session *session)
{
	struct file *file;

	file = anon_inode_getfile("[ktls_ocsp]", &session_fops, session,
				  O_RDONLY | O_CLOEXEC);
	if (IS_ERR(file))
		return file;
	stream_open(file_inode(file), file);
	file->f_mode |= FMODE_NOWAIT;
	return file;
}

/**
 * ktls_ocsp_session_create() - make a session
 * @store: its store; a reference is taken
 * @uid: the user that is charged for it, from ktls_ocsp_accountable()
 * @may_create: its descriptor allows to create entries
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: the session's file, which the caller installs or puts; or an
 * ERR_PTR: -ENOSPC at a limit, -ENOMEM, -ENFILE.
 */
struct file *ktls_ocsp_session_create(struct ktls_ocsp_store *store, kuid_t uid,
				      bool may_create,
				      struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_session *session;
	unsigned int entries;
	struct file *file;
	int err;

	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session)
		return ERR_PTR(-ENOMEM);
	session->store = store;
	session->may_create = may_create;
	entries = READ_ONCE(store->limits.settings->maxima.total[KTLS_OCSP_RESOURCE_ENTRIES]);
	session->board_size = ktls_ocsp_board_size(entries);
	mutex_init(&session->lock);
	ktls_ocsp_changes_init(&session->changes);
	session->watcher.tell = store_closes;
	session->tenancy = tenancy_create(store, uid, extack);
	if (IS_ERR(session->tenancy)) {
		err = PTR_ERR(session->tenancy);
		kfree(session);
		return ERR_PTR(err);
	}
	err = ktls_ocsp_handles_init(session);
	if (err)
		goto err_session;
	ktls_ocsp_store_watch(store, &session->watcher);
	file = session_file(session);
	if (!IS_ERR(file)) {
		trace_ktls_ocsp_session_create(&store->limits, session, uid);
		return file;
	}
	err = PTR_ERR(file);
	ktls_ocsp_store_unwatch(store, &session->watcher);
	ktls_ocsp_handles_destroy(session);
err_session:
	session_free(session);
	return ERR_PTR(err);
}

/**
 * ktls_ocsp_session_of() - the session behind a file
 * @file: any file
 *
 * Return: the session, which lives as long as the file; NULL when the file is
 * none.
 */
struct ktls_ocsp_session *ktls_ocsp_session_of(const struct file *file)
{
	return file->f_op == &session_fops ? file->private_data : NULL;
}
