# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # $dir and $port are those of who sources it
#
# The servers that servers.sh tests and that ocsp-export serves: see configure.sh. It writes files for Node.js,
# and is the responder of Java.

exporter=
export_port=8887

export_configure()
{
	mkdir -p "$dir/export" && cat > "$dir/export.conf" <<-END
		[directory node]
		path = $dir/export
		[responder java]
		listen = 127.0.0.1:$export_port
	END
}

start_export()
{
	[ -z "$exporter" ] || return 0
	ocsp-export -f "$dir/export.conf" 2> "$dir/export.log" &
	exporter=$!
	listens "$export_port" "$dir/export.log"
}

stop_export()
{
	[ -z "$exporter" ] || kill "$exporter"
	exporter=
}

# unprivileged COMMAND...: as a server that runs in the foreground
unprivileged()
{
	setpriv --reuid www-data --regid www-data --clear-groups env --default-signal=INT "$@" \
		< /dev/null > "$dir/$server/log" 2>&1 &
	echo $! > "$dir/$server/pid"
}

# Node.js, with the script that is preloaded

node_configure()
{
	export_configure
	cat > "$dir/node/server.js" <<-END
		const fs = require('fs');
		const https = require('https');
		const load = (name) => ({ cert: fs.readFileSync('$dir/' + name + '-chain.pem'),
					  key: fs.readFileSync('$dir/' + name + '.key') });
		const server = https.createServer(load('leaf'), (request, response) => response.end());
		server.addContext('two.test', load('two'));
		server.listen($port, '127.0.0.1');
	END
	cp ktls_ocsp.js "$dir/node/"
}

node_start()
{
	start_export || return 1
	KTLS_OCSP_DIRECTORY=$dir/export unprivileged \
		node --require "$dir/node/ktls_ocsp.js" "$dir/node/server.js"
}

node_reload()	{ kill -KILL "$(pid_in_file)" && node_start; }
node_pid()	{ pid_in_file; }

# Java's HttpsServer, with properties alone. What it fetched it keeps for cacheLifetime seconds.

java_configure()
{
	export_configure
	openssl pkcs12 -export -in "$dir/leaf-chain.pem" -inkey "$dir/leaf.key" -name leaf \
		-passout pass:changeit -out "$dir/java/keys.p12" || return 1
	chmod 644 "$dir/java/keys.p12"
	cat > "$dir/java/Server.java" <<-END
		import com.sun.net.httpserver.*;
		import java.io.FileInputStream;
		import java.net.InetSocketAddress;
		import java.security.KeyStore;
		import javax.net.ssl.*;

		class Server {
			public static void main(String[] args) throws Exception {
				char[] password = "changeit".toCharArray();
				KeyStore keys = KeyStore.getInstance("PKCS12");
				keys.load(new FileInputStream("$dir/java/keys.p12"), password);
				KeyManagerFactory manager = KeyManagerFactory.getInstance("PKIX");
				manager.init(keys, password);
				SSLContext context = SSLContext.getInstance("TLS");
				context.init(manager.getKeyManagers(), null, null);
				HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", $port), 0);
				server.setHttpsConfigurator(new HttpsConfigurator(context));
				server.start();
			}
		}
	END
}

java_start()
{
	start_export || return 1
	unprivileged java -Djdk.tls.server.enableStatusRequestExtension=true \
		-Djdk.tls.stapling.responderURI="http://127.0.0.1:$export_port/" \
		-Djdk.tls.stapling.responderOverride=true -Djdk.tls.stapling.cacheLifetime=1 \
		"$dir/java/Server.java"
}

java_reload()	{ kill -KILL "$(pid_in_file)" && java_start; }
java_pid()	{ pid_in_file; }
