# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""What all candidates have in common: certificates, one responder that records, one client."""

import collections
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.environ.get("O", os.path.join(TOP, "build"))
PROGRAMS = os.path.join(BUILD, "peers")
TESTS = os.path.join(BUILD, "kselftest")

PORT = 4433                     # of the server
OTHER_PORT = 4434               # of a second one
RESPONDER = 8889
URL = f"http://127.0.0.1:{RESPONDER}/all/"
# A responder that is well, over a network: milliseconds
DELAY = 50

Handshake = collections.namedtuple("Handshake", "began took name verdict")
Request = collections.namedtuple("Request", "began serial")


class Failure(Exception):
    """What keeps a row from being measured."""


def wait_for(condition, seconds, what):
    begin = time.monotonic()
    while not condition():
        waited = time.monotonic() - begin
        if waited > seconds:
            raise Failure(f"waited {seconds} s in vain for {what}")
        # What takes an hour is not looked at a hundred times a second.
        time.sleep(max(0.01, waited / 1000))


def align(step, offset):
    """
    Sleeps until so many seconds after a multiple of step. What starts at the same place of the clock
    in each run meets the same there: two that come in the same millisecond come in any order.
    """
    seconds = step - (time.monotonic() - offset) % step
    align.slept += seconds
    time.sleep(seconds)


align.slept = 0


def listens(port):
    """Without a connection, which would be one more for the server."""
    wanted = f":{port:04X}"
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(path, encoding="ascii") as sockets:
            for line in sockets:
                fields = line.split()
                if fields[1].endswith(wanted) and fields[3] == "0A":
                    return True
    return False


def start_daemon(log, *command, env=None):
    """A process with a group of its own, whose output goes to the log."""
    with open(log, "ab") as out:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                env={**os.environ, **(env or {})}, start_new_session=True)


def stop_daemon(process, how=signal.SIGTERM, seconds=20):
    """With all of its group. What does not end when it is told to is killed."""
    if process is None:
        return
    try:
        os.kill(process.pid, how)
        process.wait(seconds)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    wait_for(lambda: not group_lives(process.pid), 20, f"the end of {process.args[0]}")


def processes():
    """Of all that live: their numbers and their groups."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            yield int(pid), int(fields[2])


def group_lives(pgid):
    return any(group == pgid for _, group in processes())


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode:
        raise Failure(f"{' '.join(command)}: {done.stdout.strip()[-500:]}")
    return done.stdout


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


class World:
    """A directory with a CA and its certificates, the responder, and the client."""

    workers = 8                 # of a server

    def __init__(self, directory, names):
        self.dir = directory
        self.names = names
        self.responder = None
        self.faults = self.path("faults")
        os.makedirs(self.faults)
        os.makedirs(self.path("certs"))
        for place in (directory, self.path("certs")):
            os.chmod(place, 0o755)
        run(os.path.join(PROGRAMS, "make_certs"), self.path("certs"), str(names), URL)
        self.ca = self.path("certs", "ca.pem")
        self.key = self.path("certs", "key.pem")
        os.chmod(self.key, 0o644)
        self.forget_requests()

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def chain(self, name):
        return self.path("certs", f"n{name:05d}.pem")

    # The responder

    def answer(self, fault=f"slow {DELAY}"):
        """From now on, for all certificates."""
        write(self.path("fault.new"), fault + "\n")
        os.rename(self.path("fault.new"), os.path.join(self.faults, "all"))

    def start_responder(self, fault=f"slow {DELAY}"):
        self.answer(fault)
        self.responder = start_daemon(
            self.path("responder.log"), os.path.join(TESTS, "lib", "bad_responder"),
            "--port", str(RESPONDER), "--ca", self.ca, "--key", self.path("certs", "ca.key"),
            "--faults", self.faults, "--log", self.path("requests"), "--long")
        wait_for(lambda: listens(RESPONDER), 20, "the responder")

    def stop_responder(self):
        stop_daemon(self.responder)
        self.responder = None

    def forget_requests(self):
        write(self.path("requests"), "")

    def requests(self):
        with open(self.path("requests"), encoding="ascii") as lines:
            return [Request(int(f[0]), int(f[1])) for f in map(str.split, lines)]

    # The client

    def start_load(self, file, count, interval, **options):
        """In the background; interval in milliseconds."""
        command = [os.path.join(PROGRAMS, "staple_load"), "--ca", self.ca]
        options = {"port": PORT, "names": self.names, **options, "count": count,
                   "interval": interval}
        for option, value in options.items():
            command += [f"--{option.replace('_', '-')}", str(value)]
        # Between the milliseconds in which servers and the responder do things
        align(0.01, 0.0037)
        with open(self.path(file), "wb") as out:
            return subprocess.Popen(command, stdout=out)

    def end_load(self, client, file):
        if client.wait():
            raise Failure("the client failed")
        with open(self.path(file), encoding="ascii") as lines:
            done = [Handshake(int(f[0]), int(f[1]), int(f[2]), f[3])
                    for f in map(str.split, lines)]
        return sorted(done)

    def load(self, count, interval, **options):
        client = self.start_load("handshakes", count, interval, **options)
        return self.end_load(client, "handshakes")

    def close(self):
        self.stop_responder()


def log(*what):
    print(*what, file=sys.stderr, flush=True)
