# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""The row of a host with very many certificates, by this machine's own clock."""

import time

from cost import memory, processor
from world import DELAY, align

NAMES = 10000
EACH_MS = 4                     # a handshake with each certificate in 40 s
AT_ONCE = 64                    # at most: a server that is slower has longer
ROUNDS = 3                      # with all certificates, or until one finds all stapled
FIRST_WITHIN = 600              # seconds
SETTLE = 120                    # seconds
MIB = 2 ** 20


class Rounds:
    """Handshakes with all certificates in turn, again and again."""

    def __init__(self, world):
        self.world = world
        self.handshakes = 0
        self.failed = 0
        self.unstapled = []     # of each round
        self.last = None        # when the last one without a staple began

    def turn(self):
        handshakes = self.world.load(NAMES, EACH_MS, at_once=AT_ONCE)
        missing = [h for h in handshakes if h.verdict != "good"]
        self.handshakes += len(handshakes)
        self.failed += sum(h.verdict == "failed" for h in handshakes)
        self.unstapled.append(len(missing))
        if missing:
            self.last = missing[-1].began / 1000
        return max(h.took for h in handshakes)

    def until_all_stapled(self, most):
        while self.unstapled[-1] and len(self.unstapled) < most:
            self.turn()


def settle(candidate):
    """It has done what it was told to; one that is always at work has had two minutes."""
    spent = 0
    for _ in range(SETTLE // 2):
        time.sleep(2)
        before, spent = spent, processor([candidate.process.pid])
        if spent - before < 0.1:
            return


def cost(candidate):
    """So far."""
    groups = candidate.groups()
    figures = {
        "processor s": round(processor(groups), 1),
        "memory MiB": round(memory(groups) / MIB),
    }
    if candidate.store:
        groups = candidate.store.stand_in()
        figures["stand-in processor s"] = round(processor(groups), 1)
        figures["stand-in memory MiB"] = round(memory(groups) / MIB)
    return figures


def after_reload(world, candidate):
    """Another round with all certificates."""
    asked = len(world.requests())
    candidate.reload()
    settle(candidate)
    rounds = Rounds(world)
    longest = rounds.turn()
    return {
        "unstapled after a reload": rounds.unstapled[0],
        "failed after a reload": rounds.failed,
        "longest ms after a reload": longest,
        "requests of a reload": len(world.requests()) - asked,
    }


def many(world, make):
    """From nothing until all are stapled, then a reload."""
    world.start_responder(f"slow {DELAY}")
    candidate = make(world)
    try:
        begin = time.time() - align.slept
        candidate.start()
        begin += align.slept
        # Apache listens long before it answers.
        world.load(1, 0, timeout=FIRST_WITHIN)
        started = time.time()
        rounds = Rounds(world)
        longest = rounds.turn()
        # After as many handshakes for each: pages that a worker has written to are its own.
        spent = cost(candidate)
        rounds.until_all_stapled(ROUNDS if make.has_staples else 1)
        stapled = not rounds.unstapled[-1]
        figures = {
            "first handshake s": round(started - begin, 1),
            "stapled after s": round((rounds.last or started) - begin, 1) if stapled else None,
            "unstapled at first": rounds.unstapled[0],
            "unstapled at last": rounds.unstapled[-1],
            "unstapled of each round": rounds.unstapled,
            "longest ms": longest,
            "handshakes": rounds.handshakes,
            "failed": rounds.failed,
            "requests": len(world.requests()),
            **spent,
        }
        return {**figures, **after_reload(world, candidate)} if make.has_staples else figures
    finally:
        candidate.close()
