// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the selftests: a user of ktls_ocsp_get() and ktls_ocsp_put() that a
 * process drives through /proc/ktls_ocsp_consumer.
 *
 * A write of a key gets that response's blob from the writer's network
 * namespace; reads show what was got; the last close puts it.
 */
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/ktls_ocsp.h>
#include <net/net_namespace.h>

#include "ktls_ocsp_consumer.h"

#define NAME	"ktls_ocsp_consumer"

/**
 * struct consumer - an open file
 * @lock: protects @blob while it is NULL; it is set once
 * @blob: what the file got, or NULL
 */
struct consumer {
	struct mutex lock; /* protects @blob while it is NULL */
	struct ktls_ocsp_blob *blob;
};

static int consumer_open(struct inode *inode, struct file *file)
{
	struct consumer *consumer;

	consumer = kzalloc(sizeof(*consumer), GFP_KERNEL);
	if (!consumer)
		return -ENOMEM;
	mutex_init(&consumer->lock);
	file->private_data = consumer;
	return 0;
}

static int consumer_release(struct inode *inode, struct file *file)
{
	struct consumer *consumer = file->private_data;

	ktls_ocsp_put(consumer->blob);
	mutex_destroy(&consumer->lock);
	kfree(consumer);
	return 0;
}

static int consumer_get(struct consumer *consumer,
			const u8 key[KTLS_OCSP_KEY_LEN])
{
	struct ktls_ocsp_blob *blob;

	lockdep_assert_held(&consumer->lock);
	if (consumer->blob)
		return -EBUSY;
	blob = ktls_ocsp_get(current->nsproxy->net_ns, key);
	if (IS_ERR(blob))
		return PTR_ERR(blob);
	/* Pairs with consumer_read(): whoever sees the blob sees it whole. */
	smp_store_release(&consumer->blob, blob);
	return 0;
}

static ssize_t consumer_write(struct file *file, const char __user *buf,
			      size_t len, loff_t *pos)
{
	struct consumer *consumer = file->private_data;
	u8 key[KTLS_OCSP_KEY_LEN];
	int err;

	if (len != sizeof(key))
		return -EINVAL;
	if (copy_from_user(key, buf, sizeof(key)))
		return -EFAULT;
	mutex_lock(&consumer->lock);
	err = consumer_get(consumer, key);
	mutex_unlock(&consumer->lock);
	return err ?: len;
}

static void describe(struct ktls_ocsp_consumed *head,
		     const struct ktls_ocsp_blob *blob)
{
	head->generation = blob->generation;
	head->this_update = blob->this_update;
	head->next_update = blob->next_update;
	head->stored = blob->stored;
	head->status = blob->status;
	head->len = blob->len;
}

/* By way of a copy: a blob's memory is none that user space may be given. */
static ssize_t consumer_read(struct file *file, char __user *buf, size_t len,
			     loff_t *pos)
{
	const struct consumer *consumer = file->private_data;
	struct ktls_ocsp_consumed *copy;
	const struct ktls_ocsp_blob *blob;
	ssize_t done;
	size_t size;

	/* Pairs with consumer_get(). */
	blob = smp_load_acquire(&consumer->blob);
	if (!blob)
		return -ENODATA;
	size = sizeof(*copy) + blob->len;
	copy = kvzalloc(size, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	describe(copy, blob);
	memcpy(copy + 1, blob->data, blob->len);
	done = simple_read_from_buffer(buf, len, pos, copy, size);
	kvfree(copy);
	return done;
}

static const struct proc_ops consumer_ops = {
	.proc_open	= consumer_open,
	.proc_release	= consumer_release,
	.proc_write	= consumer_write,
	.proc_read	= consumer_read,
};

static int __init consumer_init(void)
{
	return proc_create(NAME, 0600, NULL, &consumer_ops) ? 0 : -ENOMEM;
}

static void __exit consumer_exit(void)
{
	remove_proc_entry(NAME, NULL);
}

module_init(consumer_init);
module_exit(consumer_exit);

MODULE_DESCRIPTION("User of the OCSP response store, for its selftests");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
