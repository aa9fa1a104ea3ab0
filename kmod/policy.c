// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Generated from ktls_ocsp.yaml by netlink_policy: do not edit. */
#include "policy.h"

const struct nla_policy
ktls_ocsp_session_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_BOARD_VERSION] = NLA_POLICY_MIN(NLA_U32, 1),
	[KTLS_OCSP_A_SESSION_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x1),
	[KTLS_OCSP_A_OWNER] = { .type = NLA_U32, },
};

const struct nla_policy
ktls_ocsp_open_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_KEY] = NLA_POLICY_EXACT_LEN(KTLS_OCSP_KEY_LEN),
	[KTLS_OCSP_A_CERTIFICATE] = { .type = NLA_BINARY, .len = KTLS_OCSP_CERT_MAX, },
	[KTLS_OCSP_A_ISSUER] = { .type = NLA_BINARY, .len = KTLS_OCSP_CERT_MAX, },
	[KTLS_OCSP_A_WAIT] = { .type = NLA_FLAG, },
};

const struct nla_policy
ktls_ocsp_ref_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_SLOT] = { .type = NLA_U32, },
};

const struct nla_policy
ktls_ocsp_close_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_SLOT] = { .type = NLA_U32, },
};

const struct nla_policy
ktls_ocsp_get_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_SLOT] = { .type = NLA_U32, },
	[KTLS_OCSP_A_KEY] = NLA_POLICY_EXACT_LEN(KTLS_OCSP_KEY_LEN),
	[KTLS_OCSP_A_PARTS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[KTLS_OCSP_A_STATES] = NLA_POLICY_MASK(NLA_U32, 0x1f),
	[KTLS_OCSP_A_EXPIRES_BEFORE] = { .type = NLA_S64, },
	[KTLS_OCSP_A_NEWER_THAN] = { .type = NLA_U64, },
};

const struct nla_policy
ktls_ocsp_set_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_KEY] = NLA_POLICY_EXACT_LEN(KTLS_OCSP_KEY_LEN),
	[KTLS_OCSP_A_CERTIFICATE] = { .type = NLA_BINARY, .len = KTLS_OCSP_CERT_MAX, },
	[KTLS_OCSP_A_ISSUER] = { .type = NLA_BINARY, .len = KTLS_OCSP_CERT_MAX, },
	[KTLS_OCSP_A_STATUS] = NLA_POLICY_MAX(NLA_U32, 2),
	[KTLS_OCSP_A_THIS_UPDATE] = { .type = NLA_S64, },
	[KTLS_OCSP_A_NEXT_UPDATE] = { .type = NLA_S64, },
	[KTLS_OCSP_A_BLOB] = { .type = NLA_BINARY, .len = KTLS_OCSP_BLOB_MAX, },
	[KTLS_OCSP_A_FAILURE] = { .type = NLA_NUL_STRING, .len = KTLS_OCSP_FAILURE_MAX, },
	[KTLS_OCSP_A_REPEATED] = { .type = NLA_FLAG, },
};

const struct nla_policy
ktls_ocsp_del_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_KEY] = NLA_POLICY_EXACT_LEN(KTLS_OCSP_KEY_LEN),
};

const struct nla_policy
ktls_ocsp_stats_policy[KTLS_OCSP_A_STATS_MAX + 1] = {
	[KTLS_OCSP_A_STATS_SESSION] = { .type = NLA_S32, },
};
