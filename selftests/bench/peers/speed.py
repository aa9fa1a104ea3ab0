# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""
The row of full handshakes per second, in a guest whose clock counts instructions: what the server takes for
one, compared with the same server without staples. What waits for caches or locks is not in it.
"""

import time

import candidates
import others
from cost import instructions
from world import Failure

NAMES = 2
HANDSHAKES = 100
WARM_UP = 5                     # handshakes with each certificate, twice

PLAIN = {plain.program: plain for plain in (
    candidates.NginxPlain, candidates.ApachePlain, others.HaproxyPlain, others.LighttpdPlain,
    others.CaddyPlain)}

# Without a staple, of what was measured: it is the same for all candidates with this server.
found = {}


def of_handshake(world, candidate, verdict):
    """Instructions of its own. All handshakes have the verdict."""
    groups = [candidate.process.pid]
    for _ in range(2):          # a responder is asked in the first
        time.sleep(60)
        world.load(WARM_UP * NAMES, 10, port=candidate.port)
    before = instructions(groups)
    handshakes = world.load(HANDSHAKES, 0, at_once=1, port=candidate.port)
    spent = instructions(groups) - before
    odd = [h for h in handshakes if h.verdict != verdict]
    if odd:
        raise Failure(f"{candidate.name}: {len(odd)} handshakes with the verdict {odd[0].verdict}")
    return spent / HANDSHAKES


def of_server(world, make, verdict):
    candidate = make(world)
    try:
        candidate.start()
        return of_handshake(world, candidate, verdict)
    finally:
        candidate.close()


def speed(world, make):
    world.workers = 1
    world.start_responder()
    with_staple = of_server(world, make, "good")
    plain = PLAIN[make.program]
    if plain not in found:
        found[plain] = of_server(world, plain, "none")
    without = found[plain]
    return {
        "instructions without": round(without),
        "instructions": round(with_staple),
        "ratio": round(without / with_staple, 3),
        "added %": round(100 * with_staple / without - 100, 1),
    }
