#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Words for Vim from `nadir describe --json`: vim_words.py DESCRIBE.json words.vim"""
import json
import sys


def text(words):
    return "'" + words.replace("'", "''").replace("\n", " ") + "'"


everything = json.load(open(sys.argv[1], encoding="utf-8"))
out = ['" SPDX-License-Identifier: Apache-2.0', '" Operators and their settings; generated from nadir describe --json.',
       "let g:nadir_words = {}"]
for op in everything["operators"]:
    shown = op.get("snap") or op["name"]
    table = {}
    for row in op["params"]:
        name = row.get("snap") or row["name"]
        table[name] = (row["help"], [c["name"] for c in row.get("choices", [])])
    out.append(f"let g:nadir_words[{text(shown)}] = {{'brief': {text(op['brief'])}, 'settings': {{}}}}")
    for name, (help_text, choices) in table.items():
        listed = "[" + ", ".join(text(c) for c in choices) + "]"
        out.append(f"let g:nadir_words[{text(shown)}].settings[{text(name)}] = "
                   f"{{'help': {text(help_text)}, 'choices': {listed}}}")
with open(sys.argv[2], "w", encoding="utf-8") as file:
    file.write("\n".join(out) + "\n")
