#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""
usage: generate.py header|syzkaller SPEC

Print what a fuzzer has to know of the family, from its spec: the table that kfuzz is built with, or
a description for syzkaller (sys/linux/socket_netlink_generic_ktls_ocsp.txt there).
"""

import sys

import yaml

UAPI = 'KTLS_OCSP'
# Values that the kernel gives out, in the first attribute of a reply, and takes back.
RESOURCES = {'session': 'fd_ktls_ocsp', 'slot': 'ktls_ocsp_slot'}
INTS = {'u32': 'int32', 's32': 'int32', 'u64': 'int64', 's64': 'int64'}


class Family:
    """The parts of the spec that matter here."""

    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            spec = yaml.safe_load(file)
        self.name = spec['name']
        self.consts = {one['name']: one for one in spec['definitions']}
        self.sets = {one['name']: one for one in spec['attribute-sets']}
        self.attrs = self.attrs_of(spec['attribute-sets'][0]['name'])
        self.ops = spec['operations']['list']
        self.groups = [group['name'] for group in spec['mcast-groups']['list']]

    def attrs_of(self, name):
        """The attributes of a set, by name."""
        return {attr['name']: attr for attr in self.sets[name]['attributes']}

    def c_attr(self, op, name):
        """The C name of a command's attribute."""
        space = self.sets[op['attribute-set']]
        prefix = space.get('name-prefix', 'ktls-ocsp-a-')
        return (prefix + name).replace('-', '_').upper()

    def many(self, op):
        """Those of a command's attributes that come more than once."""
        return [name for name, attr in self.attrs_of(op['attribute-set']).items()
                if attr.get('multi-attr')]

    def commands(self):
        """Those that can be sent."""
        return [op for op in self.ops if 'do' in op or 'dump' in op]

    def number(self, value):
        """Of a limit, which may be a constant's name."""
        return self.consts[value]['value'] if value in self.consts else value

    def check(self, attr, name):
        """One of an attribute's limits, or None."""
        checks = attr.get('checks', {})
        if name == 'max' and 'flags-mask' in checks:
            return (1 << len(self.consts[checks['flags-mask']]['entries'])) - 1
        value = checks.get(name)
        return None if value is None else self.number(value)


def upper(*names):
    """The C name of something of the family."""
    return '_'.join((UAPI,) + names).replace('-', '_').upper()


def names_in(op, *path):
    """The attributes of a message."""
    for step in path:
        op = op.get(step, {})
    return op.get('attributes', [])


def mask(family, op, names):
    """A set of attributes in C."""
    return ' |\n\t\t\t'.join(f'KF_BIT({family.c_attr(op, name)})'
                            for name in names) or '0'


def print_header(family):
    """The table of kfuzz.h, filled."""
    # REUSE-IgnoreStart
    print('/* SPDX-License-Identifier: GPL-2.0-or-later */')
    # REUSE-IgnoreEnd
    print(f'/* Generated from {family.name}.yaml, do not edit. */\n')
    print(f'const struct kf_attr kf_attrs[{upper("a", "max")} + 1] = {{')
    for name, attr in family.attrs.items():
        length = family.check(attr, 'exact-len')
        print(f'\t[{upper("a", name)}] = {{\n\t\t.name = "{name}",')
        print(f'\t\t.type = KF_{attr["type"].upper()},')
        for key, value in (('len', length),
                           ('max_len', family.check(attr, 'max-len')),
                           ('max', family.check(attr, 'max'))):
            if value is not None:
                print(f'\t\t.{key} = {value},')
        print('\t},')
    print('};\n\nconst struct kf_command kf_commands[] = {')
    for op in family.ops:
        replies = (names_in(op, 'do', 'reply') + names_in(op, 'dump', 'reply')
                   + names_in(op, 'event'))
        print(f'\t{{\n\t\t.name = "{op["name"]}",')
        print(f'\t\t.cmd = {upper("cmd", op["name"])},')
        print(f'\t\t.sent = {int("do" in op)},\n\t\t.dump = {int("dump" in op)},')
        print(f'\t\t.request = {mask(family, op, names_in(op, "do", "request"))},')
        dumped = names_in(op, 'dump', 'request')
        print(f'\t\t.dump_request = {mask(family, op, dumped)},')
        print(f'\t\t.many = {mask(family, op, family.many(op))},')
        print(f'\t\t.reply = {mask(family, op, dict.fromkeys(replies))},\n\t}},')
    print('};\n\nconst unsigned int kf_n_commands =')
    print('\tsizeof(kf_commands) / sizeof(kf_commands[0]);')


def syz_type(family, name, attr):
    """How syzkaller writes an attribute's value."""
    if name in RESOURCES:
        return RESOURCES[name]
    kind = attr['type']
    if kind == 'flag':
        return 'void'
    if kind in INTS:
        limit = family.check(attr, 'max')
        if attr.get('checks', {}).get('flags-mask') == 'state':
            # Bits of an enumeration: its values are no flags.
            return f'{INTS[kind]}[0:{limit}]'
        if 'enum' in attr:
            return f'flags[ktls_ocsp_{attr["enum"].replace("-", "_")}, {INTS[kind]}]'
        return INTS[kind] if limit is None else f'{INTS[kind]}[0:{limit}]'
    if kind == 'string':
        return 'string'
    length = family.check(attr, 'exact-len')
    if length is not None:
        return f'array[int8, {length}]'
    return f'array[int8, 0:{family.check(attr, "max-len")}]'


def print_syz_calls(family):
    """The calls, one for each command and mode."""
    msg = f'msghdr_{family.name}'
    for op in family.commands():
        command = op['name'].replace('-', '_')
        for mode in ('do', 'dump'):
            if mode not in op:
                continue
            suffix = command if mode == 'do' else f'{command}_dump'
            print(f'sendmsg${upper(suffix)}(fd sock_nl_generic, '
                  f'msg ptr[in, {msg}[{upper("cmd", op["name"])}, '
                  f'{family.name}_{suffix}]], f flags[send_flags])')


def print_syz_replies(family):
    """Where the resources come from."""
    for op in family.commands():
        first = (names_in(op, 'do', 'reply') or [None])[0]
        if first not in RESOURCES:
            continue
        reply = f'{family.name}_{op["name"]}_reply'
        print(f'recvfrom${upper(op["name"])}(fd sock_nl_generic, '
              f'buf ptr[out, {reply}], len len[buf], f flags[recv_flags], '
              'addr const[0], addrlen const[0])')
        # The headers of netlink, genetlink and the attribute
        print(f'\n{reply} {{\n\theaders\tarray[int8, 24]\n'
              f'\t{first}\t{RESOURCES[first]}\n}} [packed]\n')


def print_syz_policies(family):
    """The attributes of each request."""
    for op in family.commands():
        for mode in ('do', 'dump'):
            if mode not in op:
                continue
            command = op['name'].replace('-', '_')
            suffix = command if mode == 'do' else f'{command}_dump'
            print(f'\n{family.name}_{suffix} [')
            listed = names_in(op, mode, 'request')
            for name in listed:
                attr = family.attrs_of(op['attribute-set'])[name]
                kind = syz_type(family, name, attr)
                print(f'\t{name.replace("-", "_")}\t'
                      f'nlattr[{family.c_attr(op, name)}, {kind}]')
            if not listed:
                print('\tnone\tvoid')
            print('] [varlen]')


def print_syz_flags(family):
    """The values of the enumerations that requests name."""
    used = {attr['enum'] for attr in family.attrs.values() if 'enum' in attr}
    sent = {name for op in family.commands()
            if op['attribute-set'] == 'ktls-ocsp'
            for mode in ('do', 'dump')
            for name in names_in(op, mode, 'request')} - {'states'}
    print()
    for name, one in family.consts.items():
        if name not in used or not any(
                family.attrs[attr].get('enum') == name for attr in sent):
            continue
        entries = [entry['name'] if isinstance(entry, dict) else entry
                   for entry in one['entries']]
        values = ', '.join(upper(name, entry) for entry in entries)
        print(f'ktls_ocsp_{name.replace("-", "_")} = {values}')


def print_syzkaller(family):
    """The description."""
    # REUSE-IgnoreStart
    print('# SPDX-License-Identifier: GPL-2.0-or-later')
    print('# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors')
    # REUSE-IgnoreEnd
    print(f'# Generated from {family.name}.yaml by "generate.py syzkaller"\n')
    print('include <linux/net.h>\ninclude <net/netlink.h>')
    print('include <uapi/linux/netlink.h>\ninclude <uapi/linux/genetlink.h>')
    print(f'include <uapi/linux/{family.name}.h>\n')
    print(f'resource genl_{family.name}_family_id[int16]')
    for name, resource in RESOURCES.items():
        base = 'fd' if name == 'session' else 'int32'
        print(f'resource {resource}[{base}]')
    print(f'\ntype msghdr_{family.name}[CMD, POLICY] '
          f'msghdr_netlink[netlink_msg_t[genl_{family.name}_family_id, '
          'genlmsghdr_t[CMD], POLICY]]\n')
    print(f'syz_genetlink_get_family_id${family.name}'
          f'(name ptr[in, string["{family.name}"]], fd sock_nl_generic) '
          f'genl_{family.name}_family_id')
    print_syz_calls(family)
    print_syz_replies(family)
    print(f'read${family.name}(fd {RESOURCES["session"]}, buf buffer[out], '
          'count len[buf])')
    print(f'mmap${family.name}(addr vma, len len[addr], prot flags[mmap_prot], '
          f'flags flags[mmap_flags], fd {RESOURCES["session"]}, offset fileoff)')
    print_syz_policies(family)
    print_syz_flags(family)


def main():
    """Ends the process on a wrong command line."""
    if len(sys.argv) != 3 or sys.argv[1] not in ('header', 'syzkaller'):
        sys.exit(__doc__.strip())
    family = Family(sys.argv[2])
    if sys.argv[1] == 'header':
        print_header(family)
    else:
        print_syzkaller(family)


main()
