// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspd: keeps the responses of the kernel's store fresh. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "attempt.h"
#include "cache.h"
#include "check.h"
#include "command.h"
#include "config.h"
#include "control.h"
#include "counters.h"
#include "fetch.h"
#include "instance.h"
#include "keep.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "metrics_file.h"
#include "metrics_http.h"
#include "module_watch.h"
#include "once.h"
#include "own.h"
#include "pins.h"
#include "plan.h"
#include "policy.h"
#include "privilege.h"
#include "publish.h"
#include "queue.h"
#include "replan.h"
#include "resync.h"
#include "schedule.h"
#include "store.h"
#include "subject.h"

/* ms between two lines of text for the service manager */
#define STATUS_EVERY	10000
/* ms from one cleaning of the cache to the next; the first is soon */
#define SWEEP_FIRST	3600000
#define SWEEP_EVERY	86400000

static struct {
	const char *config_file;	/* NULL: the usual one, if it is there */
	bool check;
	bool same_user;			/* to check as */
	bool once;
	bool verbose;
} options;

static struct config *config;
static int exit_status = EXIT_SUCCESS;
static enum {
	WAITING,			/* for the module */
	LOADING,			/* the files of certificates */
	READY,				/* the store is read */
} phase;
/* Servers that are ordered after us may start, and it was said so. */
static bool announced;
/* Why the last configuration was not taken; "": it was. */
static char config_fault[512];

static void on_loaded(int faults);
static void on_connect(struct timer *timer);
static void on_start_over(struct timer *timer);
static void on_status(struct timer *timer);
static void on_sweep(struct timer *timer);
static struct timer connect_timer = { .fn = on_connect };
static struct timer start_timer = { .fn = on_start_over };
static struct timer status_timer = { .fn = on_status };
static struct timer sweep_timer = { .fn = on_sweep };

static const char usage[] =
"usage: ocspd [-v] [-f FILE] [--once | --check-config [--same-user]]\n"
"\n"
"Fetches OCSP responses for the kernel's store, verifies and stores them, and\n"
"refreshes them in time. See ocspd(8) and ocspd.conf(5).\n"
"\n"
"  -f, --config FILE  read FILE instead of " CONFIG_FILE "\n"
"      --once         fetch all responses once, and exit: 0 if none failed\n"
"      --check-config read the configuration and the files it names, and exit\n"
"      --same-user    with --check-config: read them as root, if run by root\n"
"  -v, --verbose      log each request that fails\n"
"  -h, --help         print this text\n"
"  -V, --version\n";

/* The command line. Ends the process where there is nothing more to do. */

static void print_and_exit(const char *text)
{
	fputs(text, stdout);
	exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void parse_options(int argc, char **argv)
{
	static const struct option all[] = {
		{ "config", required_argument, NULL, 'f' },
		{ "once", no_argument, NULL, '1' },
		{ "check-config", no_argument, NULL, 'c' },
		{ "same-user", no_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ },
	};
	int option;

	while ((option = getopt_long(argc, argv, "f:vhV", all, NULL)) != -1) {
		switch (option) {
		case 'f':
			options.config_file = optarg;
			break;
		case '1':
			options.once = true;
			break;
		case 'c':
			options.check = true;
			break;
		case 's':
			options.same_user = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'h':
			print_and_exit(usage);
			break;
		case 'V':
			print_and_exit("ocspd " VERSION "\n");
			break;
		default:
			fputs("See ocspd --help.\n", stderr);
			exit(EXIT_FAILURE);
		}
	}
	if (optind == argc && !(options.once && options.check) &&
	    (options.check || !options.same_user))
		return;
	fputs(usage, stderr);
	exit(EXIT_FAILURE);
}

/* The configuration */

static const char *config_file(void)
{
	return options.config_file ? options.config_file : CONFIG_FILE;
}

static struct config *read_config(void)
{
	return config_read(config_file(), options.config_file, config_fault,
			   sizeof(config_fault));
}

/* All but the pins */
static int apply_config(void)
{
	metrics_config(true);
	plan_configure(config);
	queue_configure(config);
	cache_open(config->cache);
	if (!options.once) {
		control_open(config->control);
		metrics_file_open(config->metrics_file);
		metrics_http_open(config->metrics_listen);
	}
	/* Connections of the old rules are given up. */
	queue_restart();
	if (!fetch_init(config))
		return 0;
	log_text(LOG_ERR, "libcurl does not work here");
	return -ENOTSUP;
}

/* Type=notify-reload waits for the next READY=1. */
static void notify_reloading(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIi64,
		   (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

static void on_reloaded(int faults)
{
	(void)faults;
	log_text(LOG_NOTICE, "configuration read again");
	sd_notify(false, "READY=1");
	on_status(&status_timer);
}

/* What was read holds from now on. */
static void take_config(struct config *new)
{
	struct config *old = config;

	config = new;
	if (apply_config()) {
		exit_status = EXIT_FAILURE;
		loop_stop();
	} else if (phase == WAITING) {
		on_reloaded(0);
	} else {
		/* on_reloaded() says so by itself. */
		announced &= phase == READY;
		pins_apply(config, false,
			   phase == LOADING ? on_loaded : on_reloaded);
		if (phase == READY)
			keep_open(config->state, false);
		replan_all();
	}
	config_put(old);
}

/* A bad one changes nothing. */
static void reload(void)
{
	struct config *new;

	notify_reloading();
	new = read_config();
	if (new && policy_configure(new, config_fault, sizeof(config_fault))) {
		config_put(new);
		new = NULL;
	}
	if (new) {
		take_config(new);
		return;
	}
	metrics_config(false);
	log_text(LOG_ERR, "the previous configuration stays in use");
	sd_notify(false, "READY=1");
	on_status(&status_timer);
}

/* The store */

static const struct store_calls store_calls = {
	.wanted = plan_wanted,
	.event = plan_event,
	.lost = resync_lost,
};

static int give_up(void)
{
	log_text(LOG_ERR, "%s", store_error());
	exit_status = EXIT_FAILURE;
	loop_stop();
	return -1;
}

/* Ready */

/* That what they staple is there, as far as it can be had soon. */
static void announce(const char *missing)
{
	size_t count = certs_count();

	announced = true;
	timer_stop(&start_timer);
	log_text(LOG_NOTICE, "ready, %zu response%s in the store%s", count,
		 count == 1 ? "" : "s", missing);
	sd_notify(false, "READY=1");
	on_status(&status_timer);
}

/* Servers are held up from now on, or for longer: false if for no longer. */
static bool wait_for_responses(void)
{
	static unsigned int rounds;	/* how often they waited for start_timeout */
	static uint64_t before;
	uint64_t responses = counters.results[PLAN_STORED];
	int64_t more = schedule_start(config->start_timeout * 1000,
				      rounds++, responses > before);

	before = responses;
	if (more)
		timer_set(&start_timer, clock_ms() + more);
	return more;
}

/* The boot waits no longer. Without the module it did not wait at all. */
static void on_start_over(struct timer *timer)
{
	(void)timer;
	if (phase == WAITING || wait_for_responses())
		return;
	announce(phase == LOADING ? "; the files of certificates are still being read" :
				    "; some are still being asked for");
}

/* Each certificate was asked for once. */
static void announce_in_time(void)
{
	if (announced || phase != READY)
		return;
	/* The time is over, or there is none. */
	if (!start_timer.place || !(plan_left() || keep_is_reading()))
		announce("");
}

/* Has the store a response of it? */
static bool is_in_store(const uint8_t *key)
{
	struct ocsp_entry r;
	bool there;

	if (store_get(key, 0, &r))
		return false;
	there = r.generation;
	ocsp_entry_clear(&r);
	return there;
}

/* The certificates of the configuration are held. */
static void on_loaded(int faults)
{
	if (faults && options.once)
		exit_status = EXIT_FAILURE;
	keep_open(config->state, options.once);
	if (store_read(plan_entry)) {
		give_up();
		return;
	}
	phase = READY;
	if (!options.once) {
		resync_start(instance_remember);
		instance_remember();
	}
	command_ready(true);
	metrics_ready();
	on_status(&status_timer);
}

/* Listening first, so that nothing is missed between that and reading. */
static int connect_store(void)
{
	int err = store_open(&store_calls, !options.once);

	if (err == -ENOENT && !options.once)
		return err;
	if (err)
		return give_up();
	phase = LOADING;
	/* Before anything is held, which would be in the store then. */
	if (instance_is_known())
		cache_keep_only(is_in_store);
	pins_apply(config, options.once, on_loaded);
	return 0;
}

static void on_module(void)
{
	timer_set(&connect_timer, clock_ms());
}

/* Told of it, we need not look; but may have begun to listen too late. */
static void wait_for_module(void)
{
	static int64_t delay;

	if (!delay)
		log_text(LOG_WARNING, "%s; waiting for that", store_error());
	module_watch_start(on_module);
	delay = schedule_module(delay);
	timer_set(&connect_timer, clock_ms() + delay);
}

static void on_connect(struct timer *timer)
{
	(void)timer;
	if (connect_store() != -ENOENT) {
		module_watch_stop();
		return;
	}
	wait_for_module();
	/* Nobody else's start is to wait for that. */
	sd_notify(false, "READY=1");
	on_status(&status_timer);
}

static void on_status(struct timer *timer)
{
	if (*config_fault)
		sd_notifyf(false, "STATUS=error in the new configuration, the previous one stays in use: %s",
			   config_fault);
	else if (phase == WAITING)
		sd_notify(false, "STATUS=waiting for the kernel module ktls_ocsp");
	else
		sd_notifyf(false, "STATUS=%zu certificates, %zu being fetched",
			   certs_count(), queue_count());
	timer_set(timer, clock_ms() + STATUS_EVERY);
}

static void on_sweep(struct timer *timer)
{
	cache_sweep();
	timer_set(timer, clock_ms() + SWEEP_EVERY);
}

/* At each turn of the loop */
static bool work(void)
{
	bool more = queue_run();

	if (!options.once) {
		announce_in_time();
	} else if (phase == READY) {
		once_progress(plan_left());
		if (!plan_left())
			loop_stop();
	}
	return more;
}

static int init(void)
{
	static const struct loop_calls calls = {
		.reload = reload,
		.clock_stepped = plan_clock_stepped,
		.work = work,
	};
	struct rlimit files;
	int err;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	err = loop_init(&calls);
	if (err) {
		log_text(LOG_ERR, "%s", strerror(-err));
		return err;
	}
	plan_init(options.once);
	command_init();
	queue_init(&attempt_queue_calls);
	err = policy_configure(config, config_fault, sizeof(config_fault));
	return err ? err : apply_config();
}

static void run(void)
{
	timer_set(&connect_timer, clock_ms());
	if (!options.once) {
		timer_set(&sweep_timer, clock_ms() + SWEEP_FIRST);
		wait_for_responses();
	}
	loop_run();
	sd_notify(false, "STOPPING=1");
	control_close();
	metrics_http_close();
	metrics_file_close();
	if (phase == READY)
		instance_remember();
	queue_restart();	/* stops all that is under way */
	resync_stop();
	replan_stop();
	pins_close();
	keep_close();
	store_close();
	module_watch_stop();
	fetch_exit();
	cache_close();
	policy_clear();
	publish_forget_delegates();
	subject_forget_issuers();
	own_forget();
	loop_exit();
}

int main(int argc, char **argv)
{
	int err, status;

	parse_options(argc, argv);
	log_init(options.verbose);
	if (options.check && !options.same_user && !check_as_other())
		return EXIT_FAILURE;
	err = privilege_drop();
	if (err) {
		log_text(LOG_ERR, "dropping privileges: %s", strerror(-err));
		return EXIT_FAILURE;
	}
	config = read_config();
	if (!config)
		return EXIT_FAILURE;
	if (options.check) {
		status = check_config(config_file(), config);
		config_put(config);
		return status;
	}
	if (init())
		return EXIT_FAILURE;
	run();
	status = options.once ? once_finish() : EXIT_SUCCESS;
	config_put(config);
	return exit_status ? exit_status : status;
}
