/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Text of any origin in JSON. json_*.c are part of tools with jansson only. */
#ifndef TOOLS_JSON_TEXT_H
#define TOOLS_JSON_TEXT_H

#include <jansson.h>

/*
 * A string of the text, JSON's null for NULL. In text that is not UTF-8 each
 * byte that is not printable ASCII becomes \xNN. NULL: no memory.
 */
json_t *json_of_text(const char *text);

#endif /* TOOLS_JSON_TEXT_H */
