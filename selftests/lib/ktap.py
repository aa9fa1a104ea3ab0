# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""What the tests in Python share: TAP, a store of one's own, the spec."""

import ctypes
import os
import sys
import traceback

KSFT_FAIL = 1
KSFT_SKIP = 4
CLONE_NEWNET = 0x40000000

HERE = os.path.dirname(os.path.realpath(__file__))
SPEC = os.path.join(HERE, 'ktls_ocsp.yaml')
# The kernel's own schema, beside its client: the spec is checked against it.
SCHEMA = os.path.join(HERE, 'ynl', 'genetlink.yaml')


def skip_all(why):
    """Ends the process: nothing can be tested here."""
    print(f'TAP version 13\n1..0 # SKIP {why}')
    sys.exit(KSFT_SKIP)


sys.path.append(os.path.join(HERE, 'ynl'))
try:
    # pylint: disable=import-error,unused-import,wrong-import-position
    from lib import NlError, SpecFamily, YnlFamily
except ImportError as err:
    skip_all(f'no ynl client: {err}')


def new_netns():
    """An empty store, and nobody else's notifications."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0:
        skip_all('needs root')
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), 'unshare')


def run(tests):
    """Runs (name, function) pairs; ends the process."""
    failed = 0
    print(f'TAP version 13\n1..{len(tests)}')
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f'ok {number} {name}', flush=True)
        except Exception:  # pylint: disable=broad-exception-caught
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
            print(f'not ok {number} {name}', flush=True)
    print(f'# Totals: pass:{len(tests) - failed} fail:{failed} xfail:0 '
          'xpass:0 skip:0 error:0')
    sys.exit(KSFT_FAIL if failed else 0)


def equal(got, expected, what):
    """Fails with both values."""
    if got != expected:
        raise AssertionError(f'{what}: {got!r}, expected {expected!r}')
