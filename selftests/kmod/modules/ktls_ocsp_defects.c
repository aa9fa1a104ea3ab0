// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * For the selftests: what the kernels that look for defects must find, or
 * else their silence about ktls_ocsp tells nothing. A write of a defect's name
 * to /proc/ktls_ocsp_defects commits it.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

#define NAME	"ktls_ocsp_defects"

/* Nothing else is used by what is done wrong. */
static void *object;

/* A number that the compiler does not know to be too large */
static int forty(void)
{
	int n = 40;

	OPTIMIZER_HIDE_VAR(n);
	return n;
}

static void nothing(void)
{
}

static void leak(void)
{
	WRITE_ONCE(object, kmalloc(100, GFP_KERNEL));
	WRITE_ONCE(object, NULL);
}

static void use_after_free(void)
{
	int *freed = kmalloc(sizeof(*freed), GFP_KERNEL);

	if (!freed)
		return;
	WRITE_ONCE(object, freed);
	kfree(freed);
	WRITE_ONCE(*(int *)READ_ONCE(object), 1);
}

static void overflow(void)
{
	size_t size = forty();
	char *small = kmalloc(size, GFP_KERNEL);

	if (!small)
		return;
	WRITE_ONCE(object, small);
	WRITE_ONCE(((char *)READ_ONCE(object))[size], 1);
	kfree(small);
}

static void sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	msleep(20);
	spin_unlock(&lock);
}

static void lock_order(void)
{
	static DEFINE_MUTEX(one);
	static DEFINE_MUTEX(other);

	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);

	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
}

static void rcu_outside(void)
{
	static int __rcu *pointer;

	WRITE_ONCE(object, rcu_dereference(pointer));
}

static void bad_shift(void)
{
	WRITE_ONCE(object, (void *)(long)(1 << forty()));
}

static void expired(struct timer_list *timer)
{
}

static void free_active_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, expired, 0);
	mod_timer(timer, jiffies + HZ);
	kfree(timer);
}

static unsigned int shared;

static int increment(void *unused)
{
	while (!kthread_should_stop()) {
		for (int i = 0; i < 10000; i++) {
			shared++;
			barrier();
		}
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *one = kthread_run(increment, NULL, NAME);
	struct task_struct *other = kthread_run(increment, NULL, NAME);

	msleep(5000);
	if (!IS_ERR(one))
		kthread_stop(one);
	if (!IS_ERR(other))
		kthread_stop(other);
}

static const struct defect {
	const char *name;
	void (*commit)(void);
} defects[] = {
	{ "none", nothing },
	{ "leak", leak },
	{ "use_after_free", use_after_free },
	{ "overflow", overflow },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "lock_order", lock_order },
	{ "rcu_outside", rcu_outside },
	{ "bad_shift", bad_shift },
	{ "free_active_timer", free_active_timer },
	{ "race", race },
};

static ssize_t defects_write(struct file *file, const char __user *buf,
			     size_t len, loff_t *pos)
{
	char name[32] = "";

	if (len >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, buf, len))
		return -EFAULT;
	for (size_t i = 0; i < ARRAY_SIZE(defects); i++) {
		if (sysfs_streq(name, defects[i].name)) {
			defects[i].commit();
			return len;
		}
	}
	return -EINVAL;
}

static const struct proc_ops defects_ops = {
	.proc_write	= defects_write,
};

static int __init defects_init(void)
{
	return proc_create(NAME, 0200, NULL, &defects_ops) ? 0 : -ENOMEM;
}

static void __exit defects_exit(void)
{
	remove_proc_entry(NAME, NULL);
}

module_init(defects_init);
module_exit(defects_exit);

MODULE_DESCRIPTION("Defects that a kernel must find, for the selftests");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
