#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""
The family that the kernel has is the one that ktls_ocsp.yaml describes: what
the controller tells about it (CTRL_CMD_GETFAMILY, CTRL_CMD_GETPOLICY), and
what its commands do with attributes that the spec does not give them.
"""

import errno
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../lib'))
# pylint: disable=import-error,wrong-import-position
import ktap
from genl import Genl, attr, attrs, u32

CTRL_CMD_GETFAMILY = 3
CTRL_CMD_GETPOLICY = 10
(CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_VERSION,
 CTRL_ATTR_HDRSIZE, _, CTRL_ATTR_OPS, CTRL_ATTR_MCAST_GROUPS,
 CTRL_ATTR_POLICY, CTRL_ATTR_OP_POLICY) = range(1, 10)
CTRL_ATTR_OP_ID, CTRL_ATTR_OP_FLAGS = 1, 2
CTRL_ATTR_MCAST_GRP_NAME = 1
CTRL_ATTR_POLICY_DO, CTRL_ATTR_POLICY_DUMP = 1, 2
GENL_CMD_CAP_DO, GENL_CMD_CAP_DUMP, GENL_CMD_CAP_HASPOL = 2, 4, 8

# enum netlink_attribute_type: its number, and how a scalar is packed
KINDS = {
    'flag': (1, None), 'u32': (4, 'I'), 'u64': (5, 'Q'), 's32': (8, 'i'),
    's64': (9, 'q'), 'binary': (10, None), 'string': (12, None),
}
# enum netlink_policy_type_attr: what is compared, and how it is packed
LIMITS = {
    1: ('type', 'I'), 2: ('min-value-s', 'q'), 3: ('max-value-s', 'q'),
    4: ('min-value-u', 'Q'), 5: ('max-value-u', 'Q'), 6: ('min-length', 'I'),
    7: ('max-length', 'I'), 8: ('policy-idx', 'I'), 9: ('policy-maxtype', 'I'),
    10: ('bitfield32-mask', 'I'), 12: ('mask', 'Q'),
}


class Family:
    """The spec, and the kernel's word on it."""

    def __init__(self):
        self.spec = ktap.SpecFamily(ktap.SPEC, ktap.SCHEMA)
        self.name = attr(CTRL_ATTR_FAMILY_NAME,
                         self.spec.name.encode() + b'\0')
        self.ctrl = Genl()
        answer = self.ctrl.call(CTRL_CMD_GETFAMILY, self.name)
        if answer.error == errno.ENOENT:
            ktap.skip_all('no module ktls_ocsp')
        ktap.equal(answer.error, 0, 'getfamily')
        self.told = dict(attrs(answer.messages[0]))
        self.genl = Genl(struct.unpack('H', self.told[CTRL_ATTR_FAMILY_ID])[0])
        self.space = self.spec.attr_sets['ktls-ocsp']

    def use(self, name):
        """From now on the attributes are those of this command's set."""
        self.space = self.spec.ops[name].attr_set

    def requests(self):
        """Each command and mode: (name, number, is a dump, attributes)."""
        for name, op in self.spec.ops.items():
            for mode in ('do', 'dump'):
                if mode in op:
                    listed = op[mode].get('request', {}).get('attributes', [])
                    yield name, op.req_value, mode == 'dump', listed

    def listed(self, name):
        """The attributes of a command's do and dump, which share a policy."""
        return {attribute for op, _, _, listed in self.requests() if op == name
                for attribute in listed}

    def const(self, value):
        """A check's number, or the constant or the flags that it names."""
        if not isinstance(value, str):
            return value
        const = self.spec.consts[value]
        return const['value'] if isinstance(const, dict) else \
            const.get_mask(as_flags=True)

    def checks(self, name):
        """The limits that the spec sets an attribute."""
        checks = self.space[name].yaml.get('checks', {})
        return {key: self.const(value) for key, value in checks.items()}

    def expected(self, name):
        """An attribute's policy, as the controller tells it."""
        kind = self.space[name]['type']
        number, code = KINDS[kind]
        checks = self.checks(name)
        policy = {'type': number}
        if 'flags-mask' in checks:
            policy['mask'] = checks['flags-mask']
        elif code:
            bits = 8 * struct.calcsize(code)
            sign = 's' if kind[0] == 's' else 'u'
            low, high = (-1 << bits - 1, (1 << bits - 1) - 1) \
                if sign == 's' else (0, (1 << bits) - 1)
            policy['min-value-' + sign] = checks.get('min', low)
            policy['max-value-' + sign] = checks.get('max', high)
        if 'exact-len' in checks:
            policy['min-length'] = checks['exact-len']
            policy['max-length'] = checks['exact-len']
        if 'max-len' in checks:
            policy['max-length'] = checks['max-len']
        return policy

    def payload(self, name):
        """A value that the policy accepts."""
        kind = self.space[name]['type']
        code = KINDS[kind][1] if kind in KINDS else None
        if code:
            return struct.pack(code, self.checks(name).get('min', 0))
        if kind == 'string':
            return b'x\0'
        return b'x' * self.checks(name).get('exact-len', 0)

    def policies(self):
        """What the kernel tells: policies, and each command's two of them."""
        policies, ops = {}, {}
        answer = self.ctrl.call(CTRL_CMD_GETPOLICY, self.name, dump=True)
        ktap.equal(answer.error, 0, 'getpolicy')
        for message in answer.messages:
            for kind, payload in attrs(message):
                if kind == CTRL_ATTR_POLICY:
                    read_policy(policies, payload)
                elif kind == CTRL_ATTR_OP_POLICY:
                    for op, modes in attrs(payload):
                        ops[op] = {mode: u32(index)
                                   for mode, index in attrs(modes)}
        return policies, ops


def read_policy(policies, payload):
    """One attribute's policy: nested by policy, then by attribute."""
    for index, policy in attrs(payload):
        for number, limits in attrs(policy):
            told = {}
            for kind, value in attrs(limits):
                if kind in LIMITS:
                    name, code = LIMITS[kind]
                    told[name] = struct.unpack(code, value)[0]
            if told.get('min-length') == 0:
                del told['min-length']
            policies.setdefault(index, {})[number] = told


def check_family(family):
    """Version, commands with their modes, multicast groups."""
    told, spec = family.told, family.spec
    version = spec.yaml.get('version', 1)
    ktap.equal(u32(told[CTRL_ATTR_VERSION]), version, 'version')
    ktap.equal(u32(told[CTRL_ATTR_HDRSIZE]), 0, 'header size')

    expected = {}
    for _, number, dump, _ in family.requests():
        flag = GENL_CMD_CAP_DUMP if dump else GENL_CMD_CAP_DO
        expected[number] = expected.get(number, GENL_CMD_CAP_HASPOL) | flag
    ops = [dict(attrs(op)) for _, op in attrs(told[CTRL_ATTR_OPS])]
    flags = {u32(op[CTRL_ATTR_OP_ID]): u32(op[CTRL_ATTR_OP_FLAGS])
             for op in ops}
    ktap.equal(flags, expected, 'commands')

    groups = [dict(attrs(group))[CTRL_ATTR_MCAST_GRP_NAME]
              for _, group in attrs(told[CTRL_ATTR_MCAST_GROUPS])]
    names = [group.rstrip(b'\0').decode() for group in groups]
    ktap.equal(sorted(names), sorted(spec.mcast_groups), 'groups')


def check_policy(family, name):
    """A command's policy is the spec's: these attributes, and no other."""
    policies, ops = family.policies()
    op = family.spec.ops[name]
    family.use(name)
    expected = {family.space[attribute].value: family.expected(attribute)
                for attribute in family.listed(name)}
    told = ops[op.req_value]
    ktap.equal(policies.get(told[CTRL_ATTR_POLICY_DO], {}), expected, name)
    # Linux 6.1 has one policy for both; the dump refuses the rest by itself.
    if 'dump' in op:
        ktap.equal(told[CTRL_ATTR_POLICY_DUMP], told[CTRL_ATTR_POLICY_DO],
                   'the policy of the dump')


def refused(family, what, number, dump, attribute, payload, errnos):
    """It is refused, named in a text, and the store is as before."""
    space = family.space
    before = family.genl.call(family.spec.ops['get'].req_value, dump=True)
    kind = space[attribute].value if isinstance(attribute, str) else attribute
    answer = family.genl.call(number, attr(kind, payload), dump)
    what = f'{what} of {attribute}'
    if answer.error not in errnos:
        raise AssertionError(f'{what}: {answer}')
    if not answer.text:
        raise AssertionError(f'{what}: no text')
    if answer.attr != kind and str(attribute) not in answer.text:
        raise AssertionError(f'{what}: not named: {answer}')
    after = family.genl.call(family.spec.ops['get'].req_value, dump=True)
    ktap.equal(after.messages, before.messages, what)


def check_unlisted(family, name, number, dump, listed):
    """Attributes of other commands, and of none."""
    family.use(name)
    for attribute in family.space:
        if attribute not in listed:
            refused(family, f'{name}', number, dump, attribute,
                    family.payload(attribute), [errno.EINVAL])
    for attribute in (0, max(family.space.attrs_by_val) + 1, 0x3fff):
        refused(family, f'{name}', number, dump, attribute, b'', [errno.EINVAL])


def check_sizes(family, name, number, dump, listed):
    """Each attribute, a byte shorter and longer than it may be."""
    family.use(name)
    for attribute in listed:
        kind = family.space[attribute]['type']
        good = family.payload(attribute)
        checks = family.checks(attribute)
        bad = []
        if KINDS[kind][1]:
            bad = [good[:-1], good + b'\0', b'']
        elif kind == 'flag':
            bad = [b'\0']
        elif kind == 'string':
            bad = [b'', b'x', b'x' * (checks['max-len'] + 1) + b'\0']
        elif 'exact-len' in checks:
            bad = [good[:-1], good + b'\0', b'']
        elif 'max-len' in checks:
            bad = [b'\0' * (checks['max-len'] + 1)]
        for payload in bad:
            refused(family, f'{name}: {len(payload)} bytes', number, dump,
                    attribute, payload, [errno.EINVAL, errno.ERANGE])


def check_ranges(family, name, number, dump, listed):
    """Each number that has a limit, one beyond it."""
    family.use(name)
    for attribute in listed:
        checks = family.checks(attribute)
        code = KINDS[family.space[attribute]['type']][1]
        bad = []
        if 'max' in checks:
            bad += [checks['max'] + 1, (1 << 32) - 1]
        if 'min' in checks:
            bad += [checks['min'] - 1]
        if 'flags-mask' in checks:
            bad += [checks['flags-mask'] + 1, (1 << 32) - 1]
        for value in bad:
            refused(family, f'{name}: {value}', number, dump, attribute,
                    struct.pack(code, value), [errno.ERANGE, errno.EINVAL])


def main():
    """One test for each command and what is checked of it."""
    ktap.new_netns()
    family = Family()
    tests = [('family', lambda: check_family(family))]
    for name in family.spec.ops:
        tests.append((f'policy of {name}',
                      lambda name=name: check_policy(family, name)))
    for check in (check_unlisted, check_sizes, check_ranges):
        for name, number, dump, listed in family.requests():
            what = f'{check.__name__[6:]} of {name}{" dump" * dump}'
            tests.append((what, lambda check=check, args=(
                name, number, dump, listed): check(family, *args)))
    ktap.run(tests)


if __name__ == '__main__':
    main()
