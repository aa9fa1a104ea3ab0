# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""Rows about how much it costs: many certificates, and the time of the processor."""

import statistics
import time

from world import OTHER_PORT, processes

NAMES = 10000
EACH_MS = 10                    # from one handshake to the next
ROUNDS = 12                     # at most, of a handshake for each name
MEASURED = 15                   # rounds, of
BATCH = 100                     # handshakes to each server


def many(world, make):
    """From the first start until all are stapled, and what that takes; then a reload."""
    world.start_responder()
    candidate = make(world)
    try:
        begin = time.time()
        candidate.start()
        started = time.time()
        last = 0
        for _ in range(ROUNDS):
            without = [h for h in world.load(world.names, EACH_MS) if h.verdict != "good"]
            if not without:
                break
            last = without[-1].began / 1000 - begin
        else:
            last = None
        requests = len(world.requests())
        memory = candidate.memory()
        candidate.reload()
        again = world.load(world.names, EACH_MS)
        return {
            "start s": round(started - begin, 1),
            "last unstapled s": last if last is None else round(last),
            "requests": requests,
            "MiB": round(memory / 2**20),
            "after reload": sum(h.verdict != "good" for h in again),
        }
    finally:
        candidate.close()


def processor_time(candidate):
    """Of its processes, in seconds."""
    group = candidate.process.pid
    # The clock of another process, as clock_getcpuclockid(3) makes it
    return sum(time.clock_gettime((~pid << 3) | 2) for pid, g, _ in processes() if g == group)


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
            world.load(10 * BATCH, 5, port=server.port)
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
