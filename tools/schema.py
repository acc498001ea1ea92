#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""JSON Schema of graphs in YAML from `nadir describe --json`: schema.py DESCRIBE.json OUT.json

Editors complete and check by it. It is strict in names and lenient in values: a ${variable} may
stand for any of them. Names of SNAP and former names are understood, as the program does."""
import json
import sys

everything = json.load(open(sys.argv[1], encoding="utf-8"))
OPEN = {"type": "string", "pattern": r"\$"}


def names(thing):
    others = [thing.get("snap")] + thing.get("was", "").split(",")
    return [n for n in dict.fromkeys([thing["name"], *others]) if n and len(n) > 1]


def value(row):
    kind = row["type"]
    if kind == "bool":
        return {"anyOf": [{"type": "boolean"}, {"enum": ["true", "false", "yes", "no", 0, 1]}, OPEN]}
    if kind in ("int", "real"):
        number = {"type": "integer" if kind == "int" else "number"}
        if "min" in row:
            number.update(minimum=row["min"], maximum=row["max"])
        return {"anyOf": [number, {"type": "string"}]}
    if kind == "size":
        return {"type": ["integer", "string"]}
    if kind == "choice":
        words = []
        for choice in row["choices"]:
            words += [choice["name"], *choice.get("also", "").split(",")]
        return {"anyOf": [{"enum": [w for w in words if w]}, {"type": ["string", "boolean", "number"]}]}
    if kind == "list":
        scalar = {"type": ["string", "number", "boolean"]}
        return {"anyOf": [scalar, {"type": "array", "items": scalar}, {"type": "null"}]}
    if kind == "rows":
        entry = settings(row["rows"])
        return {"anyOf": [{"type": "array", "items": entry}, entry, {"type": "string"}, {"type": "null"}]}
    return {"type": ["string", "number", "boolean", "null"]}


def settings(rows):
    properties = {}
    for row in rows:
        said = dict(value(row), description=row["help"])
        if row.get("default") is not None:
            said["default"] = row["default"]
        for name in names(row):
            properties[name] = said
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def step(op):
    table = settings(op["params"])
    for ignored in filter(None, op.get("ignores", "").split(",")):
        table["properties"][ignored] = {"description": "Understood, has no effect"}
    return dict(table, description=op["brief"])


operators, steps = {}, {}
for operator in everything["operators"]:
    steps[operator["name"]] = step(operator)
    for one in names(operator):
        operators[one] = {"$ref": "#/definitions/operators/" + operator["name"]}
source = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}},
                    {"type": "object", "additionalProperties": {"type": "string"}}]}
schema = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "A graph of nadir",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "description": "Name of the graph"},
        "variables": {"type": "object", "description": "Defaults of ${name}",
                      "additionalProperties": {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, {
                          "type": "object", "additionalProperties": False,
                          "properties": {"default": {"type": ["string", "number", "boolean"]},
                                         "help": {"type": "string"}}}]}},
        "input": {"description": "The scenes", "$ref": "#/definitions/steps"},
        "steps": {"description": "What is done, each step with the one before", "$ref": "#/definitions/steps"},
        "output": {"description": "The files to write", "$ref": "#/definitions/steps"},
    },
    "definitions": {
        "operators": steps,
        "steps": {"anyOf": [{"type": "string"}, {"$ref": "#/definitions/step"},
                            {"type": "array", "items": {"anyOf": [{"type": "string"},
                                                                  {"$ref": "#/definitions/step"}]}}]},
        "step": {"type": "object", "maxProperties": 3, "additionalProperties": False,
                 "properties": {"id": {"type": "string", "description": "Name of this step, for from"},
                                "from": dict(source, description="Steps it reads: one, a list, or name: step"),
                                **operators}},
    },
}
with open(sys.argv[2], "w", encoding="utf-8") as out:
    json.dump(schema, out, ensure_ascii=False)
    out.write("\n")
