/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The fixture of tests over simulated time: a process and a simulation for each. */
#ifndef SIMULATED_H
#define SIMULATED_H

#include "kselftest_harness.h"

#include "simulation.h"

FIXTURE(simulated)
{
};

FIXTURE_SETUP(simulated)
{
	simulation_start();
}

FIXTURE_TEARDOWN(simulated)
{
	simulation_end();
}

#endif /* SIMULATED_H */
