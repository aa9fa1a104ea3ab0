// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * To be preloaded: what the C library draws is the same in each run, so that the
 * times over which ocspd spreads its requests are.
 */
#include <stdint.h>
#include <stdlib.h>

/* splitmix64, of Sebastiano Vigna */
uint32_t arc4random(void)
{
	static uint64_t state;
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) >> 32;
}
