// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session: a client's hold on a store, behind a file descriptor.
 *
 * The file descriptor makes the lifetime of handles exact: they go with its
 * last close, so through fork, dup, SCM_RIGHTS and SIGKILL, and the file pins
 * the module. A netlink socket could not do that for a module: genetlink's
 * per-socket data is not exported, and the port id of a released socket may
 * be another one's already.
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rhashtable.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "message.h"
#include "session.h"

/**
 * struct ktls_ocsp_handle - a session's reference on a response
 * @node: in the session's handles, by @slot
 * @slot: the response's slot
 * @response: the response, referenced
 * @refs: how often the session opened it and has not closed it
 * @rcu: defers the free, since readers look the handle up under RCU
 */
struct ktls_ocsp_handle {
	struct rhash_head node;
	u32 slot;
	unsigned int refs;
	struct ktls_ocsp_response *response;
	struct rcu_head rcu;
};

/*
 * A hash, since most sessions hold a few of a store's many slots: an array of
 * slots would cost a first handle more, the higher its slot is.
 */
static const struct rhashtable_params handle_params = {
	.head_offset = offsetof(struct ktls_ocsp_handle, node),
	.key_offset = offsetof(struct ktls_ocsp_handle, slot),
	.key_len = sizeof(u32),
	.nelem_hint = 3,
	.automatic_shrinking = true,
};

static int charge_handle(struct ktls_ocsp_session *session,
			 struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_limits *limits = &session->store->limits;
	unsigned int max = READ_ONCE(limits->max_of_user[KTLS_OCSP_HANDLES]);

	if (!ktls_ocsp_user_charge(session->user, max)) {
		NL_SET_ERR_MSG(extack, "the user is at its limit of handles");
		return -ENOSPC;
	}
	if (!ktls_ocsp_charge(limits, KTLS_OCSP_HANDLES, 1)) {
		ktls_ocsp_user_uncharge(session->user);
		NL_SET_ERR_MSG(extack, "the store is at its limit of handles");
		return -ENOSPC;
	}
	return 0;
}

static void uncharge_handle(struct ktls_ocsp_session *session)
{
	ktls_ocsp_uncharge(&session->store->limits, KTLS_OCSP_HANDLES, 1);
	ktls_ocsp_user_uncharge(session->user);
}

static int charge_session(struct ktls_ocsp_session *session,
			  struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_limits *limits = &session->store->limits;
	unsigned int max = READ_ONCE(limits->max_of_user[KTLS_OCSP_SESSIONS]);
	struct ktls_ocsp_user *user;

	user = ktls_ocsp_user_get(&limits->users, current_uid(), max);
	if (IS_ERR(user)) {
		if (PTR_ERR(user) == -ENOSPC)
			NL_SET_ERR_MSG(extack,
				       "the user is at its limit of sessions");
		return PTR_ERR(user);
	}
	if (!ktls_ocsp_charge(limits, KTLS_OCSP_SESSIONS, 1)) {
		ktls_ocsp_user_put(&limits->users, user);
		NL_SET_ERR_MSG(extack, "the store is at its limit of sessions");
		return -ENOSPC;
	}
	session->user = user;
	return 0;
}

static void uncharge_session(struct ktls_ocsp_session *session)
{
	struct ktls_ocsp_limits *limits = &session->store->limits;

	ktls_ocsp_uncharge(limits, KTLS_OCSP_SESSIONS, 1);
	ktls_ocsp_user_put(&limits->users, session->user);
}

/* Let go of the response of a handle that is in the session no more. */
static void handle_drop(struct ktls_ocsp_session *session,
			struct ktls_ocsp_handle *handle)
{
	struct ktls_ocsp_store *store = session->store;
	struct ktls_ocsp_response *response = handle->response;

	/* A reader may have found the handle; it takes no dead reference. */
	kfree_rcu(handle, rcu);

	mutex_lock(&store->lock);
	if (store->net)
		ktls_ocsp_expiry_run(store);
	ktls_ocsp_store_release(store, response);
	mutex_unlock(&store->lock);
	ktls_ocsp_response_put(response);
	uncharge_handle(session);
}

static void handle_free(void *handle, void *session)
{
	handle_drop(session, handle);
	cond_resched();
}

/* The last user is here: nobody else is in the session or comes to it. */
static int session_release(struct inode *inode, struct file *file)
{
	struct ktls_ocsp_session *session = file->private_data;

	rhashtable_free_and_destroy(&session->handles, handle_free, session);
	uncharge_session(session);
	ktls_ocsp_store_put(session->store);
	mutex_destroy(&session->lock);
	kfree(session);
	return 0;
}

#ifdef CONFIG_PROC_FS
static void session_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ktls_ocsp_session *session = file->private_data;

	seq_printf(m, "ktls_ocsp-handles:\t%d\n",
		   atomic_read(&session->handles.nelems));
}
#endif

static int session_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ktls_ocsp_session *session = file->private_data;

	return ktls_ocsp_board_mmap(session->store->board, session->board_size,
				    vma);
}

static const struct file_operations session_fops = {
	.owner		= THIS_MODULE,
	.release	= session_release,
	.mmap		= session_mmap,
#ifdef CONFIG_PROC_FS
	.show_fdinfo	= session_show_fdinfo,
#endif
};

/**
 * ktls_ocsp_session_create() - make a session
 * @store: its store; a reference is taken
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: the session's file, which the caller installs or puts; or an
 * ERR_PTR: -ENOSPC at the store's limit, -ENOMEM, -ENFILE.
 */
struct file *ktls_ocsp_session_create(struct ktls_ocsp_store *store,
				      struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_session *session;
	unsigned int slots;
	struct file *file;
	int err;

	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session)
		return ERR_PTR(-ENOMEM);
	session->store = store;
	slots = READ_ONCE(store->limits.max[KTLS_OCSP_RESPONSES]);
	/* One more: what comes takes its slot before what it evicts goes. */
	session->board_size = ktls_ocsp_board_size(slots + 1);
	mutex_init(&session->lock);
	err = rhashtable_init(&session->handles, &handle_params);
	if (err)
		goto err_free;

	err = charge_session(session, extack);
	if (err)
		goto err_handles;
	file = anon_inode_getfile("[ktls_ocsp]", &session_fops, session,
				  O_RDONLY | O_CLOEXEC);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto err_uncharge;
	}
	ktls_ocsp_store_get(store);
	return file;

err_uncharge:
	uncharge_session(session);
err_handles:
	rhashtable_destroy(&session->handles);
err_free:
	kfree(session);
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

static int handle_ref(struct ktls_ocsp_handle *handle,
		      struct netlink_ext_ack *extack)
{
	if (handle->refs == UINT_MAX) {
		NL_SET_ERR_MSG(extack, "the handle has too many references");
		return -EOVERFLOW;
	}
	handle->refs++;
	return 0;
}

/* A new handle, charged, that holds nothing yet; or an ERR_PTR. */
static struct ktls_ocsp_handle *handle_new(struct ktls_ocsp_session *session,
					   struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_handle *handle;
	int err;

	err = charge_handle(session, extack);
	if (err)
		return ERR_PTR(err);
	handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (handle)
		return handle;
	uncharge_handle(session);
	return ERR_PTR(-ENOMEM);
}

static void handle_discard(struct ktls_ocsp_session *session,
			   struct ktls_ocsp_handle *handle)
{
	/* A reader may have found it, if it was inserted. */
	kfree_rcu(handle, rcu);
	uncharge_handle(session);
}

/* Let @handle be found, with a reference; the response is not held yet. */
static int handle_insert(struct ktls_ocsp_session *session,
			 struct ktls_ocsp_handle *handle,
			 struct ktls_ocsp_response *response)
{
	handle->response = response;
	handle->slot = response->slot;
	handle->refs = 1;
	refcount_inc(&response->refs);
	if (!rhashtable_insert_fast(&session->handles, &handle->node,
				    handle_params))
		return 0;
	ktls_ocsp_response_put(response);
	return -ENOMEM;
}

/* Undo handle_insert(). */
static void handle_remove(struct ktls_ocsp_session *session,
			  struct ktls_ocsp_handle *handle)
{
	rhashtable_remove_fast(&session->handles, &handle->node, handle_params);
	/* Only now: readers that find the handle count on its reference. */
	ktls_ocsp_response_put(handle->response);
}

/* Find the response, or add it; *@created, which is false, tells. */
static struct ktls_ocsp_response *
find_or_create(struct ktls_ocsp_store *store, const struct ktls_ocsp_open *how,
	       bool *created, struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_response *response;

	response = ktls_ocsp_store_lookup(store, how->key);
	if (response)
		return response;
	if (!how->certs) {
		NL_SET_ERR_MSG(extack, "no response has this key");
		return ERR_PTR(-ENOENT);
	}
	if (!how->may_create) {
		NL_SET_ERR_MSG(extack, KTLS_OCSP_NO_CAPABILITY);
		return ERR_PTR(-EPERM);
	}
	response = ktls_ocsp_store_add(store, how->key,
				       ktls_ocsp_certs_len(how->certs), extack);
	*created = !IS_ERR(response);
	return response;
}

/* Count a created response and keep its certificates, or remove it. */
static int admit(struct ktls_ocsp_store *store,
		 struct ktls_ocsp_response *response,
		 struct ktls_ocsp_certs *certs, struct netlink_ext_ack *extack)
{
	int err;

	err = ktls_ocsp_store_admit(store, response, ktls_ocsp_certs_len(certs),
				    extack);
	if (err)
		return err;
	err = ktls_ocsp_store_attach(store, response, certs, extack);
	if (err)
		ktls_ocsp_store_remove(store, response);
	return err;
}

/* Tell "wanted", but not more than once a second for a response. */
static void tell_wanted(struct ktls_ocsp_store *store,
			struct ktls_ocsp_response *response)
{
	if (response->wanted && time_before(jiffies, response->wanted + HZ))
		return;
	response->wanted = jiffies ?: 1;
	ktls_ocsp_notify_wanted(store, response);
}

/* The session's handle on a response, or NULL. */
static struct ktls_ocsp_handle *
lookup_handle(struct ktls_ocsp_session *session, u32 slot)
{
	lockdep_assert_held(&session->lock);
	return rhashtable_lookup_fast(&session->handles, &slot, handle_params);
}

/* Hold a response that the session does not hold; it may be created. */
static struct ktls_ocsp_response *open_new(struct ktls_ocsp_session *session,
					   const struct ktls_ocsp_open *how,
					   bool *created,
					   struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_store *store = session->store;
	struct ktls_ocsp_response *response;
	struct ktls_ocsp_handle *handle;
	int err;

	handle = handle_new(session, extack);
	if (IS_ERR(handle))
		return ERR_CAST(handle);
	response = find_or_create(store, how, created, extack);
	err = PTR_ERR_OR_ZERO(response);
	if (err)
		goto err_handle;
	err = handle_insert(session, handle, response);
	if (err)
		goto err_response;
	/* Last: what is refused must not have evicted a response. */
	err = *created ? admit(store, response, how->certs, extack) : 0;
	if (err) {
		handle_remove(session, handle);
		goto err_handle;
	}
	ktls_ocsp_store_hold(store, response);
	return response;

err_response:
	if (*created)
		ktls_ocsp_store_discard(store, response);
err_handle:
	handle_discard(session, handle);
	return ERR_PTR(err);
}

/* Hold a response once, or once more. */
static struct ktls_ocsp_response *hold(struct ktls_ocsp_session *session,
				       const struct ktls_ocsp_open *how,
				       bool *created,
				       struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_response *response;
	struct ktls_ocsp_handle *handle = NULL;
	int err;

	*created = false;
	response = ktls_ocsp_store_lookup(session->store, how->key);
	if (response)
		handle = lookup_handle(session, response->slot);
	if (!handle)
		return open_new(session, how, created, extack);
	err = handle_ref(handle, extack);
	return err ? ERR_PTR(err) : response;
}

static int open_locked(struct ktls_ocsp_session *session,
		       const struct ktls_ocsp_open *how,
		       struct ktls_ocsp_opened *opened,
		       struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_store *store = session->store;
	struct ktls_ocsp_response *response;
	struct ktls_ocsp_blob *blob;
	bool created;

	response = hold(session, how, &created, extack);
	if (IS_ERR(response))
		return PTR_ERR(response);
	/* A set by key alone brought no certificates; a refresher needs them. */
	if (how->certs && how->may_create &&
	    !rcu_access_pointer(response->certs))
		ktls_ocsp_store_attach(store, response, how->certs, NULL);

	blob = rcu_dereference_protected(response->blob,
					 lockdep_is_held(&store->lock));
	opened->slot = response->slot;
	opened->generation = blob ? blob->generation : 0;
	opened->state = ktls_ocsp_response_state(response, blob,
						 ktls_ocsp_now());
	opened->refresher = ktls_ocsp_has_refresher(store);
	if (created ||
	    (how->wait && opened->state != KTLS_OCSP_STATE_VALID))
		tell_wanted(store, response);
	return 0;
}

/**
 * ktls_ocsp_session_open() - hold a response, once or once more
 * @session: the session
 * @how: what is asked for
 * @opened: gets the answer
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0; -ENOENT when the response is absent and @how brings no
 * certificates, -EPERM when it may not be created, -ENOSPC at a limit,
 * -EOVERFLOW, -ENOMEM, or -ESHUTDOWN. Then nothing has changed.
 */
int ktls_ocsp_session_open(struct ktls_ocsp_session *session,
			   const struct ktls_ocsp_open *how,
			   struct ktls_ocsp_opened *opened,
			   struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&session->lock);
	err = ktls_ocsp_store_lock(session->store, extack);
	if (!err) {
		err = open_locked(session, how, opened, extack);
		mutex_unlock(&session->store->lock);
	}
	mutex_unlock(&session->lock);
	return err;
}

static struct ktls_ocsp_handle *find_handle(struct ktls_ocsp_session *session,
					    u32 slot,
					    struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_handle *handle = lookup_handle(session, slot);

	if (!handle)
		NL_SET_ERR_MSG(extack, "the session does not hold this slot");
	return handle;
}

/**
 * ktls_ocsp_session_ref() - hold a response once more
 * @session: the session
 * @slot: a slot that it holds
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0, -ENOENT when it does not hold the slot, or -EOVERFLOW.
 */
int ktls_ocsp_session_ref(struct ktls_ocsp_session *session, u32 slot,
			  struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_handle *handle;
	int err = -ENOENT;

	mutex_lock(&session->lock);
	handle = find_handle(session, slot, extack);
	if (handle)
		err = handle_ref(handle, extack);
	mutex_unlock(&session->lock);
	return err;
}

/**
 * ktls_ocsp_session_close() - hold a response once less
 * @session: the session
 * @slot: a slot that it holds
 * @extack: gets the reason
 *
 * Works when the store's network namespace is gone, too. May sleep.
 *
 * Return: 0, or -ENOENT when it does not hold the slot.
 */
int ktls_ocsp_session_close(struct ktls_ocsp_session *session, u32 slot,
			    struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_handle *handle;
	int err = -ENOENT;

	mutex_lock(&session->lock);
	handle = find_handle(session, slot, extack);
	if (handle) {
		err = 0;
		if (!--handle->refs) {
			rhashtable_remove_fast(&session->handles, &handle->node,
					       handle_params);
			handle_drop(session, handle);
		}
	}
	mutex_unlock(&session->lock);
	return err;
}

/**
 * ktls_ocsp_session_response() - the response in a slot
 * @session: the session
 * @slot: a slot that it holds
 *
 * Takes no lock: the handle is looked up under RCU, and holds a reference on
 * its response until it is taken out; after that the response may be without
 * references, and then is as good as not held.
 *
 * Return: the response with a reference for the caller, or NULL.
 */
struct ktls_ocsp_response *
ktls_ocsp_session_response(struct ktls_ocsp_session *session, u32 slot)
{
	struct ktls_ocsp_response *response = NULL;
	struct ktls_ocsp_handle *handle;

	rcu_read_lock();
	handle = rhashtable_lookup(&session->handles, &slot, handle_params);
	if (handle && ktls_ocsp_response_tryget(handle->response))
		response = handle->response;
	rcu_read_unlock();
	return response;
}
