# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""More candidates: see candidates.py."""

import os
import signal

from candidates import Candidate
from world import HERE, run, start_daemon, stop_daemon, wait_for, write


class WithScript(Candidate):
    """A server that has its staples of files, which a script fetches that cron runs."""

    has_script = True
    script = None
    suffix = "ocsp"

    def staples(self):
        """Where it reads them."""
        return self.path("staples")

    def socket(self):
        """To tell it."""
        return ()

    def start_server(self):
        super().start_server()
        if self.has_script and self.script is None:
            self.script = start_daemon(self.path("script.log"), os.path.join(HERE, "fetch_staples"),
                                       self.world.path("certs"), self.staples(), self.suffix,
                                       *self.socket())

    def groups(self):
        return super().groups() + ([self.script.pid] if self.script else [])

    def stop_script(self):
        """The script is cron's, and outlives the server."""
        stop_daemon(self.script)
        self.script = None

    def reboot(self):
        self.stop_script()
        super().reboot()

    def close(self):
        self.stop_script()
        super().close()


class HaproxyPlain(WithScript):
    """Without a staple: what the others add to."""

    name = "HAProxy, none"
    program = "haproxy"
    workers_for_days = 1
    has_staples = False
    has_script = False

    def configure(self):
        os.makedirs(self.staples())
        with open(self.world.key, encoding="ascii") as file:
            key = file.read()
        for name in range(self.world.names):
            with open(self.world.chain(name), encoding="ascii") as chain:
                write(os.path.join(self.staples(), f"n{name:05d}.pem"), key + chain.read())
            # There is no staple yet; with a file, one can be set.
            if self.has_empty_files():
                write(os.path.join(self.staples(), f"n{name:05d}.pem.ocsp"), "")
        write(self.path("conf"), f"""\
global
	user haproxy
	group haproxy
	nbthread {self.world.workers}
	maxconn 5000
	stats socket {self.path("socket")} level admin
	ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
	tune.ssl.cachesize 0
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
frontend tls
	bind 127.0.0.1:{self.port} ssl crt {self.staples()}/
	http-request return status 200
""")

    def has_empty_files(self):
        """Of staples, when it starts."""
        return self.has_script

    def command(self):
        return "haproxy", "-db", "-f", self.path("conf")

    def reload(self):
        """By a process that takes the place of the other one."""
        before = self.process
        self.process = start_daemon(self.path("log"), *self.command(), "-sf", str(before.pid))
        wait_for(lambda: before.poll() is not None, 120, "the end of the HAProxy that was reloaded")


class Haproxy(HaproxyPlain):
    """A version that fetches nothing by itself: files, and a script that tells it of new ones."""

    name = "HAProxy, cron script"
    has_staples = True
    has_script = True
    suffix = "pem.ocsp"

    def socket(self):
        return (self.path("socket"),)


class HaproxyOurs(HaproxyPlain):
    """With ocsp-export, which gives it what the store has."""

    name = "HAProxy, ktls-ocsp"
    has_staples = True
    ours = "digest = sha1"

    def has_empty_files(self):
        """As ocsp-export(8) says"""
        return self.world.names >= 1000

    def start(self):
        self.store.start()
        self.store.start_export(self.path("socket"))
        self.start_server()


class LighttpdPlain(WithScript):
    """Without a staple: what the others add to."""

    name = "lighttpd, none"
    has_staples = False
    has_script = False
    program = "lighttpd"
    workers_for_days = 1
    stop_with = signal.SIGINT
    reload_with = signal.SIGUSR1

    def configure(self):
        os.makedirs(self.staples(), exist_ok=True)
        hosts = "".join(f"""\
$HTTP["host"] == "n{name:05d}.test" {{
ssl.pemfile = "{self.world.chain(name)}"
ssl.privkey = "{self.world.key}"
{self.of_certificate(name)}
}}
""" for name in range(self.world.names))
        write(self.path("conf"), f"""\
server.modules = ("mod_openssl")
server.document-root = "{self.dir}"
server.bind = "127.0.0.1"
server.port = {self.port}
server.max-worker = {self.world.workers}
server.username = "www-data"
server.groupname = "www-data"
server.errorlog = "{self.path("error")}"
ssl.engine = "enable"
ssl.pemfile = "{self.world.chain(0)}"
ssl.privkey = "{self.world.key}"
{self.of_certificate(0)}
ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.3")
{hosts}
""")

    def of_certificate(self, name):
        """What else belongs to it."""
        del name
        return ""

    def command(self):
        return "lighttpd", "-D", "-f", self.path("conf")


class Lighttpd(LighttpdPlain):
    """With ssl.stapling-file, which it reads where there is one."""

    name = "lighttpd, stapling-file script"
    has_staples = True
    has_script = True

    def of_certificate(self, name):
        return f'ssl.stapling-file = "{self.staples()}/n{name:05d}.ocsp"'


class LighttpdOurs(LighttpdPlain):
    """With OpenSSL's module, as "ocspctl server enable lighttpd" sets it up."""

    name = "lighttpd, ktls-ocsp"
    has_staples = True
    ours = ""


class CaddyPlain(Candidate):
    """Without a staple: what the others add to."""

    name = "Caddy, none"
    program = "caddy"
    has_staples = False
    options = "ocsp_stapling off"

    def configure(self):
        sites = "".join(f"""\
n{name:05d}.test:{self.port} {{
	bind 127.0.0.1
	tls {self.world.chain(name)} {self.world.key}
	respond 200
}}
""" for name in range(self.world.names))
        write(self.path("Caddyfile"), f"""\
{{
	admin unix/{self.path("admin")}
	auto_https disable_redirects
	skip_install_trust
	{self.options}
	storage file_system {self.path("storage")}
}}
{sites}
""")
        self.env = {"HOME": self.dir, "XDG_CONFIG_HOME": self.dir, "XDG_DATA_HOME": self.dir}

    def command(self):
        return "caddy", "run", "--config", self.path("Caddyfile"), "--adapter", "caddyfile"

    def reload(self):
        run("caddy", "reload", "--force", "--config", self.path("Caddyfile"), "--adapter", "caddyfile",
            "--address", f"unix/{self.path('admin')}", env={**os.environ, **self.env})


class Caddy(CaddyPlain):
    """It staples by itself."""

    name = "Caddy"
    has_staples = True
    options = ""
