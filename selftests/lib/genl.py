# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""A generic netlink socket on which anything can be sent, for policy.py."""

import collections
import socket
import struct

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_CAP_ACK = 10
NETLINK_EXT_ACK = 11

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 1
NLM_F_ACK = 4
NLM_F_DUMP = 0x300
NLM_F_ACK_TLVS = 0x200
NLMSGERR_ATTR_MSG = 1
NLMSGERR_ATTR_OFFS = 2
NLA_TYPE_MASK = 0x3fff

GENL_ID_CTRL = 16
HEADERS = 20                   # struct nlmsghdr and struct genlmsghdr

# What the kernel said: errno, its text, and the attribute that it points at.
Answer = collections.namedtuple('Answer', 'error text attr messages')


def attr(kind, payload):
    """One attribute, padded."""
    size = len(payload) + 4
    return struct.pack('HH', size, kind) + payload + b'\0' * (-size % 4)


def attrs(data):
    """The attributes in data, as (type, payload)."""
    while len(data) >= 4:
        size, kind = struct.unpack_from('HH', data)
        yield kind & NLA_TYPE_MASK, data[4:size]
        data = data[(size + 3) & ~3:]


def u32(payload):
    """An attribute's payload as a number."""
    return struct.unpack('I', payload)[0]


class Genl:
    """A socket for one family; GENL_ID_CTRL: the controller."""

    def __init__(self, family=GENL_ID_CTRL):
        self.family = family
        self.seq = 0
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_GENERIC)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    def call(self, cmd, payload=b'', dump=False):
        """Sends, and reads up to the acknowledgement or the dump's end."""
        self.seq += 1
        flags = NLM_F_REQUEST | (NLM_F_DUMP if dump else NLM_F_ACK)
        request = struct.pack('IHHIIBBH', HEADERS + len(payload), self.family,
                              flags, self.seq, 0, cmd, 1, 0) + payload
        self.sock.send(request)
        messages = []
        while True:
            data = self.sock.recv(1 << 18)
            while data:
                size, kind, flags = struct.unpack_from('IHH', data)
                message, data = data[:size], data[(size + 3) & ~3:]
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    return self.answer(request, kind, flags, message, messages)
                messages.append(message[HEADERS:])

    @staticmethod
    def answer(request, kind, flags, message, messages):
        """Reads the acknowledgement."""
        error = -struct.unpack_from('i', message, 16)[0]
        text, where = '', None
        if flags & NLM_F_ACK_TLVS:
            tlvs = message[36 if kind == NLMSG_ERROR else 20:]
            for kind, payload in attrs(tlvs):
                if kind == NLMSGERR_ATTR_MSG:
                    text = payload.rstrip(b'\0').decode()
                elif kind == NLMSGERR_ATTR_OFFS:
                    offset = u32(payload)
                    where = struct.unpack_from('HH', request, offset)[1]
        return Answer(error, text, where, messages)
