/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the service manager, sd_notify(3): nothing where there is none. */
#ifndef OCSPD_NOTIFY_H
#define OCSPD_NOTIFY_H

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
/* What "systemctl status" shows. */
__attribute__((format(printf, 1, 2))) void notify_status(const char *fmt, ...);
/* Alive, in case it watches. */
void notify_watchdog(void);

#endif /* OCSPD_NOTIFY_H */
