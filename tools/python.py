#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nadir.py: the hand-written part, and a method an operator from `nadir describe --json`.
usage: python.py nadir.py.in OPERATORS.json OUTPUT"""
import json
import keyword
import sys
import textwrap

template, described, output = sys.argv[1:]


def method(op):
    name = op["name"] + "_" if keyword.iskeyword(op["name"]) else op["name"]
    rows = op.get("params", [])
    words = [p["name"] + "_" if keyword.iskeyword(p["name"]) else p["name"] for p in rows]
    lines = [f"{op['brief']}."]
    for word, p in zip(words, rows):
        unit = f" [{p['unit']}]" if p.get("unit") else ""
        lines.append(textwrap.fill(f"{word}{unit}: {p['help']}; {json.dumps(p.get('default'))} "
                                   "if not given", 84, subsequent_indent="  "))
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")
    takes = "".join(f", {w}=None" for w in words)
    gives = "".join(f", {w}={w}" for w in words)
    head = textwrap.fill(f"def {name}(self, *others{takes}):", 94, subsequent_indent=" " * 8)
    call = textwrap.fill(f"return self.op({op['name']!r}, *others{gives})", 90,
                         subsequent_indent=" " * 8)
    body = f'{head}\n    """{textwrap.indent(text, "    ").strip()}"""\n{textwrap.indent(call, "    ")}'
    return textwrap.indent(body, "    ")


with open(described, encoding="utf-8") as file:
    operators = json.load(file)
operators = operators.get("operators", operators) if isinstance(operators, dict) else operators
with open(template, encoding="utf-8") as file:
    text = file.read()
methods = "\n\n".join(method(op) for op in operators if op["min_inputs"] > 0 and op["name"] != "write")
with open(output, "w", encoding="utf-8") as file:
    file.write(text.replace("#OPERATORS#", methods))
