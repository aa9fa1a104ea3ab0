# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""What is counted of handshakes."""

# A handshake that took as long waited for somebody: nothing but a responder takes time here.
WAITED_MS = 30


def counts(handshakes):
    """Of a client that checks everything."""
    verdicts = [h.verdict for h in handshakes]
    longest = max(h.took for h in handshakes)
    return {
        "handshakes": len(handshakes),
        "good": verdicts.count("good"),
        "unstapled": verdicts.count("none"),
        "error staples": verdicts.count("error"),
        "expired": verdicts.count("expired"),
        "wrong": sum(verdicts.count(v) for v in ("other", "forged", "unknown", "revoked")),
        "failed": verdicts.count("failed"),
        "waited": sum(h.took >= WAITED_MS for h in handshakes),
        "longest ms": longest,
        "first ms": handshakes[0].took,
    }
