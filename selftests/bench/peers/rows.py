# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""The rows: the same work for each candidate, and what is recorded of it."""

import time

import doors
import scale
import simulated
import speed
from counting import counts
from world import DELAY, align

NAMES = 100
FIRST = 1000                    # handshakes
EACH_MS = 10                    # one begins
AGAIN_NAMES = 20                # of a server that starts again
AGAIN = 400                     # handshakes before, and after


def after_start(world, make, fault):
    """From nothing: the first start that there is."""
    world.start_responder(fault)
    candidate = make(world)
    try:
        begin = time.monotonic() - align.slept
        candidate.start()
        took = time.monotonic() - align.slept - begin
        handshakes = world.load(FIRST, EACH_MS)
        requests = world.requests()
        return {**counts(handshakes), "start ms": round(1000 * took), "requests": len(requests),
                "last request ms": requests[-1].began - handshakes[0].began if requests else None}
    finally:
        candidate.close()


def start(world, make):
    return after_start(world, make, f"slow {DELAY}")


def start_slow(world, make):
    return after_start(world, make, "slow 3000")


def start_hangs(world, make):
    return after_start(world, make, "stall")


def start_503(world, make):
    return after_start(world, make, "http 503")


def without_responder(world, make, again):
    """It has run for a while, then it starts again with nobody to ask."""
    world.start_responder()
    candidate = make(world)
    try:
        candidate.start()
        world.load(AGAIN, EACH_MS)
        time.sleep(60)
        world.stop_responder()
        getattr(candidate, again)()
        return counts(world.load(AGAIN, EACH_MS))
    finally:
        candidate.close()


def restart(world, make):
    return without_responder(world, make, "restart")


def reboot(world, make):
    return without_responder(world, make, "reboot")


ROWS = {
    "start": (start, NAMES),
    "start-slow": (start_slow, NAMES),
    "start-hangs": (start_hangs, NAMES),
    "start-503": (start_503, NAMES),
    "restart": (restart, AGAIN_NAMES),
    "reboot": (reboot, AGAIN_NAMES),
    "outage-1h": (simulated.outage(1), simulated.NAMES),
    "outage-6h": (simulated.outage(6), simulated.NAMES),
    "outage-24h": (simulated.outage(24), simulated.NAMES),
    "revocation": (simulated.revocation, simulated.NAMES),
    "pair": (simulated.pair, 1),
    "many": (scale.many, scale.NAMES),
    "speed": (speed.speed, speed.NAMES),
    "forged-answer": (doors.forged_answer, doors.NAMES),
    "forged-file": (doors.forged_file, doors.NAMES),
    "expired-file": (doors.expired_file, doors.NAMES),
}
