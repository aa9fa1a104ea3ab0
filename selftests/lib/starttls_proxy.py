#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""A server that upgrades to TLS, in front of one that speaks only TLS. For tests.

usage: starttls_proxy.py PROTOCOL PORT TLS_PORT [refuse]

Talks PROTOCOL on PORT of 127.0.0.1 until the client asks for TLS, and passes on all that follows to
TLS_PORT. With "refuse" it denies that request.
"""

import socket
import sys
import threading

# What is said (bytes), and what the client has to say in between (the beginning of a line), up to the
# request for TLS; then the consent, and the refusal.
LINES = {
    "smtp": ([b"220-hello\r\n220 there\r\n", b"EHLO", b"250-me\r\n250 STARTTLS\r\n", b"STARTTLS"],
             b"220 go\r\n", b"454 not now\r\n"),
    "lmtp": ([b"220 there\r\n", b"LHLO", b"250-me\r\n250 STARTTLS\r\n", b"STARTTLS"],
             b"220 go\r\n", b"454 not now\r\n"),
    "pop3": ([b"+OK there\r\n", b"STLS"], b"+OK go\r\n", b"-ERR no\r\n"),
    "ftp": ([b"220-there\r\n is more\r\n220 now\r\n", b"AUTH TLS"], b"234 go\r\n", b"534 no\r\n"),
    "nntp": ([b"201 there\r\n", b"STARTTLS"], b"382 go\r\n", b"580 no\r\n"),
    "sieve": ([b'"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK "there"\r\n', b"STARTTLS"],
              b'OK "go"\r\n', b'NO "no"\r\n'),
}


def read(client, size):
    data = b""
    while len(data) < size:
        more = client.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_line(client):
    line = b""
    while not line.endswith(b"\n"):
        line += read(client, 1)
    return line


def imap(client, refuse):
    """Commands have tags, and s_client asks for the capabilities first."""
    client.sendall(b"* OK there\r\n")
    while True:
        tag, command = read_line(client).split()[:2]
        if command == b"STARTTLS":
            client.sendall(tag + (b" BAD no\r\n" if refuse else b" OK go\r\n"))
            return
        client.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK done\r\n")


def lines(client, protocol, refuse):
    script, consent, refusal = LINES[protocol]
    for i, text in enumerate(script):
        if i % 2 == 0:
            client.sendall(text)
            continue
        line = read_line(client)
        # s_client looks at the capabilities of FTP and the like before.
        while not line.startswith(text):
            client.sendall(b"500 what?\r\n")
            line = read_line(client)
    client.sendall(refusal if refuse else consent)


def ldap(client, refuse):
    head = read(client, 2)
    body = read(client, head[1])
    assert body.endswith(b"1.3.6.1.4.1.1466.20037"), body
    result = b"\x0a\x01" + (b"\x02" if refuse else b"\x00") + b"\x04\x00\x04\x00"
    response = b"\x02\x01\x01\x78" + bytes([len(result)]) + result
    client.sendall(b"\x30" + bytes([len(response)]) + response)


def postgres(client, refuse):
    assert read(client, 8) == bytes([0, 0, 0, 8, 4, 210, 22, 47])
    client.sendall(b"N" if refuse else b"S")


def mysql(client, refuse):
    low = b"\xff\xf7" if refuse else b"\xff\xff"
    greeting = b"\x0a8.0.0\0" + b"\1\0\0\0" + b"a" * 8 + b"\0" + low + b"\x21\2\0" + b"\xff\xc7" + \
        b"\x15" + b"\0" * 10 + b"b" * 12 + b"\0" + b"mysql_native_password\0"
    client.sendall(bytes([len(greeting), 0, 0, 0]) + greeting)
    head = read(client, 4)
    request = read(client, head[0])
    assert head == b"\x20\0\0\1" and request[1] & 0x08, (head, request)


def copy(source, target):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client, protocol, tls_port, refuse):
    try:
        talk = globals().get(protocol)
        if talk:
            talk(client, refuse)
        else:
            lines(client, protocol, refuse)
        if refuse:
            return
        server = socket.create_connection(("127.0.0.1", tls_port))
        thread = threading.Thread(target=copy, args=(server, client), daemon=True)
        thread.start()
        copy(client, server)
        thread.join()
    except (EOFError, OSError):
        pass
    finally:
        client.close()


def main():
    protocol, port, tls_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    listener = socket.create_server(("127.0.0.1", port))
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, protocol, tls_port, "refuse" in sys.argv),
                         daemon=True).start()


main()
