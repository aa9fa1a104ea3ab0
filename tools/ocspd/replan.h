/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The plans of all certificates anew, after the configuration was read again. */
#ifndef OCSPD_REPLAN_H
#define OCSPD_REPLAN_H

/*
 * What failed is tried again, what is fresh is refreshed when the new
 * configuration wants it, and what had no responder may have one: some of them
 * in each turn of the loop.
 */
void replan_all(void);
void replan_stop(void);

#endif /* OCSPD_REPLAN_H */
