# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""What groups of processes use."""

import glob
import os

from world import processes

TICKS = os.sysconf("SC_CLK_TCK")


def members(groups):
    return [pid for pid, group in processes() if group in groups]


def processor(groups):
    """Seconds, with those of the children that have ended."""
    total = 0
    for pid in members(groups):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                total += sum(map(int, stat.read().rpartition(")")[2].split()[11:15]))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / TICKS


def instructions(groups):
    """Of all that live, where a nanosecond of the clock is an instruction."""
    total = 0
    for pid in members(groups):
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as stat:
                total += int(stat.read().split()[0])
    return total


def memory(groups):
    """Bytes; what several of them share counts once."""
    total = 0
    for pid in members(groups):
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
                total += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total
