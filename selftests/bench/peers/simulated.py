# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""Rows that take hours or days: for a guest whose clock jumps."""

import time

from candidates import Apache, ApacheMd, ApacheOurs, Nginx, NginxOurs
from world import DELAY, OTHER_PORT, World, align

NAMES = 10
HOUR = 3600
VALIDITY = 24 * HOUR            # of the responder's responses
# Seconds from one handshake to the next: none comes at the moment when an hour or a day ends that began
# with another one.
EACH = 121
DAYS = ("outage-1h", "outage-6h", "outage-24h", "revocation", "pair")
WITHOUT = ("none", "error")     # a client that needs a staple gets none


class Timeline:
    """Handshakes all the while that other things happen."""

    def __init__(self, world, seconds):
        self.world = world
        # Responses begin and end with a second.
        align(1, 0.5)
        self.client = world.start_load("timeline", seconds // EACH, 1000 * EACH)
        self.began = time.time()

    def end(self):
        return self.world.end_load(self.client, "timeline")

    def after(self, handshakes, seconds):
        """Those from then on, with the seconds since."""
        then = 1000 * (self.began + seconds)
        return [((h.began - then) / 1000, h) for h in handshakes if h.began >= then]


def share(handshakes):
    """For the plot: of each half an hour, the hours since the start and the share that is good."""
    slots = {}
    for h in handshakes:
        slot = (h.began - handshakes[0].began) // (HOUR * 1000 // 2)
        slots.setdefault(slot, []).append(h.verdict == "good")
    return [[slot / 2, round(sum(good) / len(good), 3)] for slot, good in sorted(slots.items())]


def outage(hours):
    """The responder is down from the half-life of what it signed first."""
    def work(world, make):
        half = VALIDITY // 2
        world.start_responder()
        candidate = make(world)
        try:
            candidate.start()
            line = Timeline(world, half + (hours + 2) * HOUR)
            time.sleep(half)
            world.stop_responder()
            time.sleep(hours * HOUR)
            world.start_responder()
            handshakes = line.end()
            since = [h for _, h in line.after(handshakes, half)]
            return {
                "handshakes": len(since),
                "unstapled s": EACH * sum(h.verdict in WITHOUT for h in since),
                "expired s": EACH * sum(h.verdict == "expired" for h in since),
                "failed": sum(h.verdict == "failed" for h in since),
                "requests": len(world.requests()),
                "share": share(handshakes),
            }
        finally:
            candidate.close()
    return work


def revocation(world, make):
    """All certificates are revoked an hour after the start."""
    world.start_responder()
    candidate = make(world)
    try:
        candidate.start()
        line = Timeline(world, 28 * HOUR)
        time.sleep(HOUR)
        world.answer("revoked")
        handshakes = line.end()
        since = line.after(handshakes, HOUR)
        revoked = [t for t, h in since if h.verdict == "revoked"]
        good = [t for t, h in since if h.verdict == "good"]
        return {
            "first revoked s": round(revoked[0]) if revoked else None,
            "last good s": round(good[-1]) if good else 0,
            "unstapled": sum(h.verdict in WITHOUT for _, h in since),
            "expired": sum(h.verdict == "expired" for _, h in since),
            "requests": len(world.requests()),
        }
    finally:
        candidate.close()


class Pair:
    """Two server programs with the same certificates."""

    kinds = ()
    name = ""
    program = "nginx"
    workers_for_days = World.workers

    def __init__(self, world):
        first, second = self.kinds
        self.first = first(world)
        self.second = second(world, OTHER_PORT, self.first.store)

    def start(self):
        self.first.start()
        self.second.start()

    def close(self):
        self.second.close()
        self.first.close()


class PairNginxApache(Pair):
    kinds = (Nginx, Apache)
    name = "nginx and Apache, ssl_stapling and SSLUseStapling"


class PairNginxMd(Pair):
    kinds = (Nginx, ApacheMd)
    workers_for_days = ApacheMd.workers_for_days
    name = "nginx and Apache, ssl_stapling and mod_md"


class PairOurs(Pair):
    kinds = (NginxOurs, ApacheOurs)
    name = "nginx and Apache, ktls-ocsp"


# What takes longest comes last.
PAIRS = (PairNginxApache, PairOurs, PairNginxMd)


def pair(world, make):
    """A day of handshakes with both."""
    world.start_responder(f"slow {DELAY}")
    two = make(world)
    try:
        two.start()
        other = world.start_load("other", 24 * HOUR // EACH, 1000 * EACH, port=OTHER_PORT)
        handshakes = world.load(24 * HOUR // EACH, 1000 * EACH)
        handshakes += world.end_load(other, "other")
        return {
            "handshakes": len(handshakes),
            "unstapled": sum(h.verdict in WITHOUT for h in handshakes),
            "requests": len(world.requests()),
        }
    finally:
        two.close()
