/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the parts of ocspctl share. */
#ifndef OCSPCTL_H
#define OCSPCTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>
#include <openssl/x509.h>

#include "cert.h"
#include "client.h"
#include "file.h"
#include "served.h"
#include "text.h"
#include "verify.h"

/* Exit statuses; ocspctl(8) and --help tell them. */
enum {
	EXIT_OK,
	EXIT_ERROR,		/* of usage, of a file, of the kernel */
	EXIT_REVOKED,
	EXIT_UNKNOWN,
	EXIT_REFUSED,		/* by the verifier */
	EXIT_NO_URL,		/* the certificate names no responder */
	EXIT_NOT_YET,		/* added, but there is no response to serve */
};

/* Those of a check, which monitoring systems know. */
enum {
	CHECK_OK,
	CHECK_WARNING,
	CHECK_CRITICAL,
	CHECK_UNKNOWN,
};

/* What the command line said. */
struct args {
	bool json;
	bool verbose;
	bool no_wait;
	const char *out;
	const char *cert;
	const char *issuer;
	const char *at;
	const char *states;
	const char *expires_within;
	const char *newer_than;
	const char *sort;
	bool count;
	const char *warn;
	const char *crit;
	const char *interval;
	const char *starttls;
	const char *servername;
	const char *key_type;
	const char *timeout;
	bool no_cache;
	bool all;
	bool keep;
	bool dry_run;
	const char *root;
	int patience_ms;	/* no option: see struct handshake_terms */
	int argc;		/* the arguments that are no options */
	char **argv;
};

struct command {
	const char *name;
	int (*run)(const struct args *args);
	const char *synopsis;
	const char *description;
	const char *details;	/* of its --help, whole lines */
	const char *options;	/* the letters it takes; long ones in args.c */
	int min_args;
	int max_args;
	int error_status;		/* of usage; 0: EXIT_ERROR */
};

extern const struct command commands[];	/* ends with a NULL name */

int cmd_show(const struct args *args);
int cmd_get(const struct args *args);
int cmd_add(const struct args *args);
int cmd_set(const struct args *args);
int cmd_del(const struct args *args);
int cmd_monitor(const struct args *args);
int cmd_stats(const struct args *args);
int cmd_status(const struct args *args);
int cmd_top(const struct args *args);
int cmd_check(const struct args *args);
int cmd_check_store(const struct args *args);
int cmd_refresh(const struct args *args);
int cmd_test_fetch(const struct args *args);
int cmd_unkeep(const struct args *args);
int cmd_server(const struct args *args);
int cmd_verify(const struct args *args);

/* args.c: PARSE_ERROR, and why was said. */
enum {
	PARSE_OK,
	PARSE_HELP,		/* it asks for help */
	PARSE_ERROR,
};

int parse_args(const struct command *cmd, int argc, char **argv,
	       struct args *args);
/* A point in time from --at. */
bool parse_time(const char *text, int64_t *when);
/* "90", "90s", "15min", "2h", "3d" */
bool parse_span(const char *text, int64_t *seconds);
bool parse_number(const char *text, uint64_t *number);

/* error.c: one line on stderr; EXIT_ERROR, for the caller to return. */
__attribute__((format(printf, 1, 2))) int error(const char *fmt, ...);
/* The client's last error, about what (a file, a key); may be NULL. */
int client_error(const struct ocsp_client *client, const char *what);
/* Flushes what was printed: EXIT_ERROR (and says why) when that failed. */
int finish_output(void);
/* A client that is ready, or NULL, and why was said. */
struct ocsp_client *connect_store(void);

/* What CERT on the command line means. */
struct target {
	const char *text;		/* as given */
	uint8_t key[KTLS_OCSP_KEY_LEN];
	X509 *cert;			/* NULL: given as a key */
	X509 *issuer;			/* NULL: not in the file */
	unsigned char *cert_der;	/* what of the two there is */
	unsigned char *issuer_der;
	struct ocsp_name name;		/* for a request */
};

/*
 * target.c: false when it is none, and why was said. target_clear() after.
 * issuer: a file to look for the issuer's certificate in, or NULL for the file
 * that text names.
 */
bool target_read(struct target *target, const char *text, const char *issuer);
void target_clear(struct target *target);
/* Neither a file nor a key nor the beginning of one: a name. */
bool target_is_name(const char *text);
/* The certificates of a file in PEM or DER; NULL, and why was said. */
STACK_OF(X509) *target_read_certs(const char *path);
/* Fails, and says why, unless the target has both certificates. */
bool target_needs_issuer(const struct target *target);
/* The certificates of a key, from the store: false, and why was said. */
bool target_from_store(struct target *target, struct ocsp_client *client);

/* text.c: for people, beside text.h. */
#define KEY_SHORT	16		/* hex digits of a key in a list */
#define SPAN_TEXT_SIZE	40

/* "5 d 3 h" */
const char *span_text(int64_t seconds, char text[SPAN_TEXT_SIZE]);
/* "in 5 d 3 h", "2 min 10 s ago" */
const char *distance_text(int64_t when, int64_t now,
			  char text[SPAN_TEXT_SIZE]);
/*
 * Text that somebody else wrote, fit for a terminal: what is not printable is
 * escaped. At most columns wide (then it ends with "..."), 0: all of it.
 */
void print_text(FILE *to, const char *text, int columns);
/* RFC 5280 5.3.1, or NULL. */
const char *revocation_reason_name(int reason);

/* list.c: what a dump found, metadata only. */
struct list {
	struct ocsp_entry *all;
	size_t count;
	size_t room;
};

/* False, and why was said. list_free() in either case. */
bool list_read(struct list *list, struct ocsp_client *client,
	       const struct ocsp_filter *filter);
void list_free(struct list *list);
/*
 * The certificates of an entry, for ocsp_entry_clear(). 0, or a negative errno:
 * -ENOENT when it is gone already.
 */
int list_certs(struct ocsp_client *client, const struct ocsp_entry *entry,
	       struct ocsp_entry *certs);

/*
 * name.c: does the certificate of an entry have that DNS name, IP address or
 * subject? False where the store has no certificate.
 */
bool entry_has_name(const struct ocsp_entry *certs, const char *name);

/* As ocsp_cert_subject(); NULL where the store has no certificate. */
char *entry_subject(const struct ocsp_entry *certs);

/* choice.c: which entries "show" shows, and in which order. */
enum order {
	ORDER_STORE,			/* as the store tells them */
	ORDER_KEY,
	ORDER_EXPIRES,
	ORDER_FAILURES,
	ORDER_STORED,
	ORDER_SUBJECT,
};

struct choice {
	struct ocsp_filter filter;	/* points to the next two */
	int64_t expires_before;
	uint64_t newer_than;
	const char *name;		/* NULL: all */
	enum order order;
};

struct row {
	const struct ocsp_entry *entry;
	char *subject;			/* for ORDER_SUBJECT */
};

/* Do the options ask for a part of the list, or its length? */
bool choice_filters(const struct args *args);
/* False, and why was said. */
bool choice_read(const struct args *args, struct choice *choice);
/* Does the choice depend on what the certificates say? */
bool choice_needs_certs(const struct choice *choice);
void choice_sort(const struct choice *choice, struct row *rows, size_t count);

/* response.c: what a response and its certificates say. */
struct view {
	const struct ocsp_entry *entry;
	char *subject;			/* NULL: no certificate is known */
	char *url;
	bool must_staple;
	bool served;			/* a TLS server gets it */
	json_t *refresh;		/* ocspd's record of it, or NULL */
};

/* certs: an entry that has the certificates, or NULL. view_clear() after. */
void view_make(struct view *view, const struct ocsp_entry *entry,
	       const struct ocsp_entry *certs, int64_t now);
/* From what control_list() returned, which may be NULL */
void view_set_refresh(struct view *view, json_t *all);
void view_clear(struct view *view);
void view_print(const struct view *view, bool full, int64_t now);
json_t *view_json(const struct view *view);

/* stats.c */
json_t *stats_json(const struct ocsp_stats *stats);

/* json.c: without memory the process ends; each takes over value. */
__attribute__((noreturn)) void no_memory(void);
json_t *json_new(void);
json_t *json_new_array(void);
void json_add(json_t *object, const char *name, json_t *value);
/* Text of any origin: what is no UTF-8 is escaped. NULL gives null. */
json_t *json_text(const char *text);
/* Prints it, and a newline; in one line when compact. */
void json_print(json_t *value, bool compact);

/* set.c: as verify does it. */
int refused(const char *file, const struct ocsp_verdict *verdict);
/* verify.c: the verdict in words, and as JSON. */
void verdict_print(const char *file, const struct ocsp_verdict *verdict,
		   int64_t now);
json_t *verdict_json(const struct ocsp_verdict *verdict, bool accepted);

#endif /* OCSPCTL_H */
