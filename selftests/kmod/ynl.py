#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""
The kernel's own netlink client (ynl) drives the family from ktls_ocsp.yaml
alone: nothing here knows a number of the protocol.
"""

import errno
import hashlib
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../lib'))
# pylint: disable=import-error,wrong-import-position
import ktap

CERTIFICATE = b'a certificate'
ISSUER = b'its issuer'
KEY = hashlib.sha256(CERTIFICATE).digest()
BLOB = bytes(range(256)) * 5
NOW = int(time.time())


class Test:
    """Sockets, and the session that the tests share."""

    def __init__(self):
        self.family = self.client()
        self.session = self.slot = None

    @staticmethod
    def client():
        """A socket of its own."""
        try:
            return ktap.YnlFamily(ktap.SPEC, ktap.SCHEMA)
        except Exception as err:  # pylint: disable=broad-exception-caught
            if 'not supported by the kernel' not in str(err):
                raise
            return ktap.skip_all('no module ktls_ocsp')

    def listen(self, group):
        """A socket that is told what the group is told."""
        listener = self.client()
        listener.ntf_subscribe(group)
        return listener

    def set_blob(self, **other):
        """Stores BLOB, and answers what the kernel did."""
        values = {'key': KEY, 'status': 'good', 'this-update': NOW,
                  'next-update': NOW + 86400, 'blob': BLOB}
        values.update(other)
        return self.family.do('set', values)

    def make_session(self):
        """session"""
        reply = self.family.do('session', {})
        self.session = reply['session']
        ktap.equal(reply['min-validity'], 600, 'min-validity')
        os.fstat(self.session)

    def open_entry(self):
        """open, and what "wanted" hears of it"""
        listener = self.listen('wanted')
        reply = self.family.do('open', {
            'session': self.session, 'certificate': CERTIFICATE,
            'issuer': ISSUER, 'wait': True})
        self.slot = reply['slot']
        ktap.equal(reply['key'], KEY, 'key')
        ktap.equal(reply['state'], 'pending', 'state')
        ktap.equal(reply['generation'], 0, 'generation')
        ktap.equal(reply.get('refresher'), True, 'refresher')
        ktap.equal(heard(listener), [
            ('wanted-ntf', {'key': KEY, 'slot': self.slot})], 'wanted')

    def count_references(self):
        """ref and close, and close once too often"""
        handle = {'session': self.session, 'slot': self.slot}
        self.family.do('ref', handle)
        self.family.do('close', handle)
        self.family.do('close', handle)
        error = refusal(self.family, 'close', handle)
        ktap.equal(error.error, errno.ENOENT, 'close once too often')
        self.family.do('open', {'session': self.session, 'key': KEY})

    def store_blob(self):
        """set, and what "events" hears of it"""
        listener = self.listen('events')
        reply = self.set_blob()
        ktap.equal(reply, {'slot': self.slot, 'key': KEY, 'generation': 1},
                   'reply')
        ktap.equal(heard(listener), [('event-ntf', {
            'event': 'updated', 'event-number': 2, 'slot': self.slot, 'key': KEY,
            'generation': 1, 'status': 'good', 'this-update': NOW,
            'next-update': NOW + 86400})], 'events')

    def get_blob(self):
        """get: the blob, the certificates, the metadata"""
        reply = self.family.do('get', {
            'session': self.session, 'slot': self.slot,
            'parts': ['blob', 'certificates']})
        ktap.equal(reply['blob'], BLOB, 'blob')
        ktap.equal(reply['certificate'], CERTIFICATE, 'certificate')
        ktap.equal(reply['issuer'], ISSUER, 'issuer')
        reply = self.family.do('get', {'key': KEY, 'parts': 0})
        for name, value in {'state': 'valid', 'status': 'good', 'handles': 1,
                            'blob-len': len(BLOB), 'slot': self.slot}.items():
            ktap.equal(reply[name], value, name)
        ktap.equal('blob' in reply, False, 'blob without parts')

    def dump_all(self):
        """get, as a dump"""
        other = hashlib.sha256(b'another').digest()
        self.set_blob(key=other, status='revoked')
        replies = self.family.dump('get', {})
        ktap.equal({reply['key']: reply['status'] for reply in replies},
                   {KEY: 'good', other: 'revoked'}, 'dump')
        replies = self.family.dump('get', {'session': self.session})
        ktap.equal(len(replies), 2, 'dump of the session')

    def report_failure(self):
        """set of a failure"""
        listener = self.listen('events')
        self.family.do('set', {'key': KEY, 'failure': 'connection refused'})
        reply = self.family.do('get', {'key': KEY, 'parts': 0})
        ktap.equal(reply['failure'], 'connection refused', 'failure')
        ktap.equal(reply['failures'], 1, 'failures')
        name, event = heard(listener)[0]
        ktap.equal((name, event['event'], event['failure']),
                   ('event-ntf', 'failed', 'connection refused'), 'event')

    def delete(self):
        """del, and the refusal of a get afterwards"""
        listener = self.listen('events')
        self.family.do('del', {'key': KEY})
        ktap.equal(heard(listener)[0][1]['event'], 'withdrawn', 'event')
        reply = self.family.do('get', {'key': KEY, 'parts': 0})
        ktap.equal(reply['state'], 'withdrawn', 'state')
        error = refusal(self.family, 'get', {'key': KEY})
        ktap.equal(error.error, errno.ENODATA, 'get')
        ktap.equal(bool(error.nl_msg.extack['msg']), True, 'text')

    def filter_dump(self):
        """dump, by state, end and generation"""
        for values, count in (({'states': ['valid']}, 1),
                              ({'states': ['withdrawn', 'valid']}, 2),
                              ({'expires-before': NOW}, 0),
                              ({'newer-than': 1}, 1)):
            ktap.equal(len(self.family.dump('get', values)), count, str(values))

    def read_stats(self):
        """stats, of the session's store"""
        reply = self.family.do('stats', {'session': self.session})
        used = {one['kind']: one['used'] for one in reply['resource']}
        ktap.equal(used['entries'], 2, 'entries')
        ktap.equal(used['sessions'], 1, 'sessions')
        ktap.equal(used['handles'], 1, 'handles')
        ktap.equal(reply['blobs-set'], 2, 'blobs-set')

    def make_other_sessions(self):
        """session, with a flag and an owner"""
        reply = self.family.do('session', {'session-flags': ['create'],
                                           'owner': 65534})
        os.close(reply['session'])

    def close_session(self):
        """what the last close of the session leaves"""
        os.close(self.session)
        replies = self.family.dump('get', {})
        ktap.equal([reply['handles'] for reply in replies], [0, 0], 'handles')


def heard(listener):
    """What came in, as (name, attributes)."""
    listener.check_ntf()
    return [(msg['name'], msg['msg']) for msg in listener.async_msg_queue]


def refusal(family, command, values):
    """The error that the command ends with."""
    try:
        family.do(command, values)
    except ktap.NlError as error:
        error.error = abs(error.error)
        return error
    raise AssertionError(f'{command} was not refused')


def main():
    """The commands in the order in which a server and a writer send them."""
    ktap.new_netns()
    test = Test()
    ktap.run([(step.__doc__, step) for step in (
        test.make_session, test.open_entry, test.count_references,
        test.store_blob, test.get_blob, test.dump_all, test.report_failure,
        test.delete, test.filter_dump, test.read_stats,
        test.make_other_sessions, test.close_session)])


if __name__ == '__main__':
    main()
