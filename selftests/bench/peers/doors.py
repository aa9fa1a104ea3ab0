# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""Rows about what is no proper staple, put to where each candidate reads it: does it go out?"""

import base64
import glob
import json
import os
import re
import time

from candidates import Nginx
from counting import counts
from world import run, write

NAMES = 10
ROUNDS = 10


def forged_answer(world, make):
    """The responder's responses have a signature that does not verify."""
    world.start_responder("bad-signature")
    candidate = make(world)
    try:
        candidate.start()
        return counts(world.load(ROUNDS * NAMES, 100))
    finally:
        candidate.close()


def extend(der):
    """Of a year more, which the signature does not cover."""
    return re.sub(rb"\xa0\x11\x18\x0f(\d{4})",
                  lambda m: m.group(0)[:4] + b"%04d" % (int(m.group(1)) + 1), der)


def rewrite_der(path, change):
    with open(path, "rb") as file:
        der = file.read()
    with open(path, "wb") as file:
        file.write(change(der))
    return change(der) != der


def rewrite_json(path, change):
    """mod_md's."""
    with open(path, encoding="utf-8") as file:
        record = json.load(file)
    text = record["response"]
    der = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    record["response"] = base64.urlsafe_b64encode(change(der)).decode().rstrip("=")
    write(path, json.dumps(record))
    return change(der) != der


class NginxFile(Nginx):
    """With ssl_stapling_file, which somebody fetches."""

    name = "nginx, ssl_stapling_file"

    def of_certificate(self, name):
        chain, staple = self.world.chain(name), self.path(f"n{name:05d}.der")
        run("openssl", "ocsp", "-no_nonce", "-issuer", self.world.ca, "-cert", chain, "-CAfile",
            self.world.ca, "-url", run("openssl", "x509", "-in", chain, "-noout",
                                       "-ocsp_uri").strip(), "-respout", staple)
        return f"ssl_stapling_file {staple};"


# Where each has on the disk what it staples
FILES = {
    "NginxFile": ("NginxFile/*.der", rewrite_der),
    "ApacheMd": ("ApacheMd/md/ocsp/*/ocsp-*.json", rewrite_json),
    "Haproxy": ("Haproxy/staples/*.ocsp", rewrite_der),
    "Lighttpd": ("Lighttpd/staples/*.ocsp", rewrite_der),
    "Caddy": ("Caddy/storage/ocsp/*", rewrite_der),
    "NginxOurs": ("cache/*.ocsp", rewrite_der),
    "ApacheOurs": ("cache/*.ocsp", rewrite_der),
    "HaproxyOurs": ("cache/*.ocsp", rewrite_der),
    "LighttpdOurs": ("cache/*.ocsp", rewrite_der),
}


def stored(world, make):
    """The files, and how to change one."""
    pattern, rewrite = FILES[make.__name__]
    files = glob.glob(os.path.join(world.dir, pattern))
    if len(files) < NAMES:
        raise RuntimeError(f"{len(files)} files are {pattern}")
    return files, rewrite


def after_reboot(world, make, validity, between):
    """It has run with a good responder; BETWEEN is done to its files; it boots, with nobody to ask."""
    world.start_responder(f"good {validity}")
    candidate = make(world)
    try:
        candidate.start()
        world.load(ROUNDS * NAMES, 100)
        time.sleep(60)
        world.stop_responder()
        candidate.stop_server()
        files, rewrite = stored(world, make)
        between(files, rewrite)
        candidate.reboot()
        return counts(world.load(ROUNDS * NAMES, 100))
    finally:
        candidate.close()


def forge_all(files, rewrite):
    if not all([rewrite(file, extend) for file in files]):
        raise RuntimeError("a file is as it was")


def forged_file(world, make):
    return after_reboot(world, make, 24 * 3600, forge_all)


def expired_file(world, make):
    return after_reboot(world, make, 2 * 3600, lambda files, rewrite: time.sleep(3 * 3600))
