#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# usage: start_cost.py DIR COUNT OPENSSL_CONF MODULES
#
# bench.sh's: start nginx with the COUNT certificates in DIR/certs, without us, with OpenSSL's module
# and with a module of its own, and print what they differ by.

import os
import signal
import subprocess
import sys
import time

STARTS = 15000          # of certificates, in all rounds together
ROUNDS = (5, 15)        # at least, at most
PORT = 4433
DEADLINE = 60           # seconds

SERVER = """server {{
listen 127.0.0.1:{port} ssl;
server_name n{i:05}.test;
ssl_certificate {dir}/certs/n{i:05}.pem;
ssl_certificate_key {dir}/certs/key.pem;
}}
"""

CONF = """user www-data;
worker_processes 1;
pid {dir}/pid;
error_log {dir}/log;
{load}
events {{ }}
http {{
access_log off;
ssl_session_cache off;
server_names_hash_max_size 65536;
server_names_hash_bucket_size 128;
{on}
{servers}}}
"""


class Nginx:
    """One of the three."""

    def __init__(self, directory, count, name, openssl_conf=None, module=None):
        self.name = name
        self.dir = directory
        self.conf = f"{directory}/{name}.conf"
        self.env = dict(os.environ)
        if openssl_conf:
            self.env["OPENSSL_CONF"] = openssl_conf
        self.cpu, self.wall = [], []
        servers = "".join(SERVER.format(port=PORT, i=i, dir=directory) for i in range(count))
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(CONF.format(dir=directory, servers=servers,
                                load=f"load_module {module};" if module else "",
                                on="ktls_ocsp on;" if module else ""))

    def start(self):
        """Returns its master, and its worker. Until all is configured is what is measured."""
        began = time.monotonic()
        pid = os.posix_spawnp("nginx", ["nginx", "-c", self.conf], self.env)
        _, status, usage = os.wait4(pid, 0)
        if status:
            raise RuntimeError(f"nginx ({self.name}) does not start")
        self.cpu.append(1000 * (usage.ru_utime + usage.ru_stime))
        self.wall.append(1000 * (time.monotonic() - began))
        master = wait_for(self.master)
        # Before it has a worker, it may not see a signal.
        return master, wait_for(lambda: worker_of(master))

    def master(self):
        try:
            with open(f"{self.dir}/pid", encoding="ascii") as f:
                return int(f.read())
        except (FileNotFoundError, ValueError):
            return None


def wait_for(what):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.02)
    raise RuntimeError("nginx takes too long")


def worker_of(master):
    with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as f:
        pids = f.read().split()
    return int(pids[0]) if pids else None


def stop(master, _):
    os.kill(master, signal.SIGTERM)
    wait_for(lambda: not os.path.exists(f"/proc/{master}"))


def measure(none, others, count):
    """
    In turn, since what else the machine does changes with time. It only ever adds to what a start
    takes: the least of all rounds is compared.
    """
    for _ in range(min(max(STARTS // count, ROUNDS[0]), ROUNDS[1])):
        for nginx in (none, *others):
            stop(*nginx.start())
    print(f"start/none/{count}/cpu\tms\t{min(none.cpu) / count:.4f}")
    for nginx in others:
        for what in ("cpu", "wall"):
            more = min(getattr(nginx, what)) - min(getattr(none, what))
            print(f"start/{nginx.name}/{count}/{what}\tms\t{more / count:.4f}")


def main(argv):
    directory, count, openssl_conf, modules = argv[1], int(argv[2]), *argv[3:5]
    none = Nginx(directory, count, "none")
    others = [Nginx(directory, count, "openssl", openssl_conf=openssl_conf),
              Nginx(directory, count, "module", module=f"{modules}/ngx_http_ktls_ocsp_module.so")]
    measure(none, others, count)


if __name__ == "__main__":
    main(sys.argv)
