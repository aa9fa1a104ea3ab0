# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""The row about the time of the processor."""

import statistics
import time

from world import OTHER_PORT, processes

NAMES = 10
MEASURED = 15                   # rounds, of
BATCH = 100                     # handshakes to each server


def processor_time(candidate):
    """Of its processes, in seconds."""
    group = candidate.process.pid
    # The clock of another process, as clock_getcpuclockid(3) makes it
    return sum(time.clock_gettime((~pid << 3) | 2) for pid, g, _ in processes() if g == group)


def warm_up(world, server):
    """Until each worker has what it needs, or nothing comes of it any more."""
    for _ in range(20):
        if all(h.verdict == "good" for h in world.load(5 * BATCH, 5, port=server.port)):
            return
        if server.plain is None:
            return


def spend(world, candidate):
    before = processor_time(candidate)
    handshakes = world.load(BATCH, 0, at_once=1, port=candidate.port)
    spent = processor_time(candidate) - before
    return spent, [h.verdict for h in handshakes]


def cost(world, make):
    """A full handshake, against the same server without a staple: in turn, by the time of the server."""
    world.start_responder()
    candidate = make(world)
    plain = None
    try:
        candidate.start()
        plain = make.plain(world, OTHER_PORT)
        plain.start()
        for server in (candidate, plain):
            warm_up(world, server)
        with_staple, without = [], []
        for _ in range(MEASURED):
            spent, verdicts = spend(world, candidate)
            if verdicts.count("good") != BATCH:
                raise RuntimeError("not every handshake is stapled")
            with_staple.append(spent)
            without.append(spend(world, plain)[0])
        # Whoever else uses the machine makes it slower, never faster.
        return {"ratio": round(min(without) / min(with_staple), 3),
                "of medians": round(statistics.median(without) / statistics.median(with_staple), 3)}
    finally:
        if plain:
            plain.close()
        candidate.close()
