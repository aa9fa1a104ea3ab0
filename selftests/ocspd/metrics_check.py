#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
"""usage: metrics_check.py prometheus|openmetrics FILE

Reads a text of ocspd's metrics with Prometheus' own parser, the strict one of OpenMetrics for
that. Each family must have a help text, a type and a sample or more, and a name of ours.
Prints NAME{LABEL="VALUE"} VALUE for each sample.
"""
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

PARSERS = {
    "prometheus": parser.text_string_to_metric_families,
    "openmetrics": open_parser.text_string_to_metric_families,
}
MAY_BE_EMPTY = {"ocspd_first_next_update_timestamp_seconds", "ocspd_last_success_timestamp_seconds"}


def main(kind, path):
    with open(path, encoding="utf-8") as file:
        families = list(PARSERS[kind](file.read()))
    for family in families:
        assert family.name.startswith("ocspd_"), family.name
        assert family.documentation.endswith("."), family.name
        assert family.type in ("gauge", "counter", "histogram"), family.name
        assert family.samples or family.name in MAY_BE_EMPTY, family.name
        assert family.unit or kind == "prometheus" or \
            not family.name.endswith(("_seconds", "_bytes")), family.name
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            print(f"{sample.name}{{{labels}}} {sample.value:.15g}")
    assert len(families) > 20, len(families)


main(*sys.argv[1:])
