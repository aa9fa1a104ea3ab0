# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""The candidates: how each is configured by its documentation, started and stopped."""

import os
import shutil
import signal

from ours import Ours
from world import PORT, World, align, listens, start_daemon, stop_daemon, wait_for, write

MODULES = "/usr/lib/apache2/modules"


class Candidate:
    """A server that has all certificates of a world. The name is that of its row in the table."""

    name = program = ""
    has_staples = True
    ours = None                 # with this project: what the settings of its ocspd add
    stop_with = signal.SIGTERM
    reload_with = None          # a signal, where one suffices
    workers_for_days = World.workers    # 1: each wakes once a second or more often

    def __init__(self, world, port=PORT, store=None):
        self.world = world
        self.port = port
        self.process = None
        self.env = {}
        self.dir = world.path(type(self).__name__)
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o777)
        self.shares_store = store is not None
        self.store = store
        if self.ours is not None and store is None:
            self.store = Ours(world, self.ours)
            self.store.prepare()
        self.configure()

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def configure(self):
        """Write its configuration."""
        raise NotImplementedError

    def command(self):
        """To run in the foreground."""
        raise NotImplementedError

    def start(self):
        """As at boot. Returns when it listens."""
        if self.store and not self.shares_store:
            self.store.start()
        self.start_server()

    def start_server(self):
        align(1, 0)
        env = dict(self.env)
        if self.store:
            env["OPENSSL_CONF"] = self.store.openssl_conf
        self.process = start_daemon(self.path("log"), *self.command(), env=env)
        wait_for(self.is_up, 3600, f"{self.name} to listen")

    def is_up(self):
        if self.process.poll() is not None:
            with open(self.path("log"), encoding="utf-8", errors="replace") as lines:
                raise ChildProcessError(f"{self.name} ended: {lines.read()[-800:]}")
        return listens(self.port)

    def stop_server(self, how=None):
        stop_daemon(self.process, how or self.stop_with)
        self.process = None
        wait_for(lambda: not listens(self.port), 20, f"{self.name} to leave its port")

    def groups(self):
        """Of the processes that it consists of, with those of this project."""
        return [self.process.pid, *(self.store.groups() if self.store else ())]

    def reload(self):
        """Its configuration, which is the same."""
        os.kill(self.process.pid, self.reload_with)

    def restart(self):
        """The server alone."""
        self.stop_server()
        self.start_server()

    def reboot(self):
        """Of what it has in memory nothing is left."""
        self.stop_server(signal.SIGKILL)
        if self.store:
            self.store.stop()
        self.forget_memory()
        self.start()

    def forget_memory(self):
        """What is not on a disk, but in files."""

    def close(self):
        self.stop_server()
        if self.store and not self.shares_store:
            self.store.stop()
        shutil.rmtree(self.dir)


class NginxPlain(Candidate):
    """Without a staple: what the others add to."""

    name = "nginx, none"
    program = "nginx"
    has_staples = False
    reload_with = signal.SIGHUP
    stapling = ""

    def configure(self):
        stapling = self.stapling.format(ca=self.world.ca)
        servers = "".join(f"""\
server {{
	listen 127.0.0.1:{self.port} ssl; server_name n{name:05d}.test;
	ssl_certificate {self.world.chain(name)}; {self.of_certificate(name)}
	return 200;
}}
""" for name in range(self.world.names))
        write(self.path("conf"), f"""\
daemon off; user www-data; worker_processes {self.world.workers}; pid {self.path("pid")};
error_log {self.path("error")};
worker_rlimit_nofile 10000;
events {{ worker_connections 4096; }}
http {{
access_log off; server_names_hash_max_size 65536;
ssl_protocols TLSv1.3; ssl_session_cache off; ssl_session_tickets off;
ssl_certificate_key {self.world.key};
{stapling}
{servers}
}}
""")

    def of_certificate(self, name):
        """What else its server block has."""
        del name
        return ""

    def command(self):
        return "nginx", "-c", self.path("conf"), "-e", self.path("error")


class Nginx(NginxPlain):
    """With ssl_stapling."""

    name = "nginx, ssl_stapling"
    has_staples = True
    stapling = "ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate {ca};"


class NginxOurs(NginxPlain):
    """With OpenSSL's module, as "ocspctl server enable nginx" sets it up."""

    name = "nginx, ktls-ocsp"
    has_staples = True
    ours = ""


class ApachePlain(Candidate):
    """Without a staple: what the others add to."""

    name = "Apache, none"
    program = "apache2"
    has_staples = False
    reload_with = signal.SIGUSR1
    modules = ()

    def configure(self):
        self.volatile = self.path("run")
        os.makedirs(self.volatile, exist_ok=True)
        os.chmod(self.volatile, 0o777)
        modules = "".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so\n" for m in
                          ("mpm_event", "authz_core", *self.modules, "ssl"))
        hosts = "".join(f"""\
<VirtualHost 127.0.0.1:{self.port}>
ServerName n{name:05d}.test
SSLEngine on
SSLCertificateFile {self.world.chain(name)}
SSLCertificateKeyFile {self.world.key}
</VirtualHost>
""" for name in range(self.world.names))
        write(self.path("conf"), f"""\
ServerRoot {self.dir}
ServerName localhost
DefaultRuntimeDir {self.volatile}
PidFile {self.path("run", "pid")}
ErrorLog {self.path("error")}
LogLevel warn
{modules}
User www-data
Group www-data
ServerLimit {self.world.workers}
StartServers {self.world.workers}
ThreadsPerChild 25
MaxRequestWorkers {25 * self.world.workers}
MinSpareThreads {25 * self.world.workers}
MaxSpareThreads {25 * self.world.workers}
Listen 127.0.0.1:{self.port}
SSLProtocol TLSv1.3
SSLSessionTickets off
{self.stapling()}
{hosts}
""")

    def stapling(self):
        """What switches it on."""
        return ""

    def command(self):
        return "apache2", "-f", self.path("conf"), "-DFOREGROUND"

    def forget_memory(self):
        shutil.rmtree(self.volatile)
        os.makedirs(self.volatile)
        os.chmod(self.volatile, 0o777)


class Apache(ApachePlain):
    """With SSLUseStapling."""

    name = "Apache, SSLUseStapling"
    has_staples = True
    modules = ("socache_shmcb",)

    def stapling(self):
        size = 4096 * self.world.names + 32768
        return f"SSLUseStapling on\nSSLStaplingCache shmcb:{self.path('run', 'staples')}({size})"


class ApacheMd(Apache):
    """With the stapling of mod_md."""

    name = "Apache, mod_md"
    workers_for_days = 1
    modules = ("socache_shmcb", "md")

    def stapling(self):
        return f"MDStoreDir {self.path('md')}\nMDStapling on\nMDStapleOthers on"


class ApacheOurs(ApachePlain):
    """With OpenSSL's module, as "ocspctl server enable apache2" sets it up."""

    name = "Apache, ktls-ocsp"
    has_staples = True
    ours = ""
