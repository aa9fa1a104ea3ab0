/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A thread that is cancelled inside the library would leave its lock held: no
 * function of the API is a cancellation point. Private to libocsp.
 */
#ifndef OCSP_CANCEL_H
#define OCSP_CANCEL_H

#include <pthread.h>

static inline int ocsp_cancel_disable(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static inline void ocsp_cancel_restore(int state)
{
	pthread_setcancelstate(state, NULL);
}

#endif /* OCSP_CANCEL_H */
