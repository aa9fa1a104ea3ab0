# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""This project, as an operator has it: the module, ocspd, ocsp-export, and what servers load."""

import os
import shutil
import signal
import subprocess

from world import PROGRAMS, TESTS, align, run, start_daemon, stop_daemon, wait_for, write

# The module, or on a machine itself the stand-in for the kernel's store and what is linked with it
STAND_IN = os.environ.get("STORE") == "standin"
TOOLS = os.path.join(TESTS, "lib", "standin" if STAND_IN else "")
INSTALLED = os.path.join(TESTS, "servers", "standin" if STAND_IN else "", "installed")
STANDIN = os.path.join(TOOLS, "standin")


class Ours:
    """The store of the kernel, and who writes to it. Holds all certificates of a world."""

    def __init__(self, world, settings=""):
        self.world = world
        self.settings = settings
        self.standin = None
        self.ocspd = None
        self.export = None
        self.conf = world.path("ocspd.conf")

    def prepare(self):
        """What "make install" and the operator wrote to the disk."""
        installed = self.world.path("installed")
        shutil.copytree(INSTALLED, installed, symlinks=True)
        library = None
        for place, _, files in os.walk(installed):
            os.chmod(place, 0o755)
            if "libocsp.so.1" in files:
                library = place
        self.openssl_conf = os.path.join(installed, "etc", "ktls-ocsp", "openssl.cnf")
        with open(self.openssl_conf, encoding="utf-8") as conf:
            lines = [f"path = {library}/ktls-ocsp/ktls_ocsp.so\n" if line.startswith("path = ")
                     else line for line in conf]
        write(self.openssl_conf, "".join(lines))
        write(self.conf, f"""\
[ocspd]
cache = {self.world.path("cache")}
state = none
control = {self.world.path("ocspd.sock")}
allow = 127.0.0.0/8
{self.settings}
[certificate all]
files = {self.world.path("certs")}/n*.pem
max_files = 100000
""")

    def start(self):
        """As at boot: the module, then ocspd, then the servers."""
        self.load()
        log = self.world.path("ocspd.log")
        write(log, "")
        align(1, 0)
        self.ocspd = start_daemon(log, os.path.join(TOOLS, "ocspd"), "-v", "-f", self.conf,
                                  env={"LD_PRELOAD": os.path.join(PROGRAMS, "same_dice.so")})
        # That is when systemd starts what is ordered after it.
        wait_for(lambda: self.says(log, "ready, "), 120, "ocspd")

    def load(self):
        """The store, which is empty."""
        if not STAND_IN:
            run("modprobe", "ktls_ocsp")
            return
        self.standin = start_daemon(self.world.path("standin.log"), STANDIN, "run")
        wait_for(lambda: not subprocess.run((STANDIN, "count"), check=False, capture_output=True).returncode,
                 20, "the stand-in for the store")

    def unload(self):
        if not STAND_IN:
            run("rmmod", "ktls_ocsp")
            return
        stop_daemon(self.standin)
        self.standin = None

    @staticmethod
    def says(log, what):
        with open(log, encoding="utf-8", errors="replace") as lines:
            return what in lines.read()

    def start_export(self, socket):
        """For HAProxy, before that starts."""
        conf, log = self.world.path("export.conf"), self.world.path("export.log")
        write(conf, f"[haproxy all]\nsocket = {socket}\n")
        write(log, "")
        self.export = start_daemon(log, os.path.join(TOOLS, "ocsp-export"), "-f", conf)
        wait_for(lambda: self.says(log, "trying again"), 20, "ocsp-export")

    def groups(self):
        """Of its processes."""
        return [daemon.pid for daemon in (self.ocspd, self.export) if daemon]

    def stand_in(self):
        """The group of what does the kernel's work."""
        return [self.standin.pid]

    def stop(self, how=signal.SIGTERM):
        """With the store: what is left is on the disk."""
        stop_daemon(self.export, how)
        stop_daemon(self.ocspd, how)
        self.export = self.ocspd = None
        self.unload()
