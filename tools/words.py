#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A gettext catalogue as JSON for the pages: {"English": "other"}. Messages of failures
come from the server, in the language that the page asks for, and are left out. usage: words.py IN.po OUT.json"""
import ast
import json
import pathlib
import re
import sys


def text(block, key):
    found = re.search(rf'^{key} ((?:"(?:[^"\\]|\\.)*"\n?)+)', block, re.M)
    parts = re.findall(r'"(?:[^"\\]|\\.)*"', found[1]) if found else []
    return "".join(map(ast.literal_eval, parts))


words = {}
for block in re.split(r"\n\s*\n", pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")):
    if re.search(r"^#,.*(fuzzy|(?<!no-)c-format)", block, re.M) or "msgid_plural" in block:
        continue
    english, other = text(block, "msgid"), text(block, "msgstr")
    if english and other and other != english:
        words[english] = other
pathlib.Path(sys.argv[2]).write_text(
    json.dumps(words, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
    encoding="utf-8")
