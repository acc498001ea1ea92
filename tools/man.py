#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manual pages from `nadir describe --json`: man.py DESCRIBE.json PROGRAM.1 OPERATORS.7"""
import json
import sys

SHORT = {"int": "N", "size": "SIZE", "real": "X", "text": "TEXT", "choice": "CHOICE",
         "list": "LIST", "path": "FILE", "rows": "JSON"}


def plain(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join("\\&" + line if line.startswith(".") else line for line in text.split("\n"))


def bounds(row):
    said = []
    if "min" in row:
        said.append(f"{row['min']:.15g} to {row['max']:.15g}" + (f" {row['unit']}" if "unit" in row else ""))
    elif "unit" in row:
        said.append(row["unit"])
    default = row.get("default")
    if isinstance(default, list):
        default = ",".join(default)
    if row.get("required"):
        said.append("must be given")
    elif default not in (None, "") and default is not False:
        said.append("usually " + (str(default).lower() if isinstance(default, bool) else str(default)))
    return f" ({', '.join(said)})" if said else ""


def option(row):
    letters = [w for w in row.get("was", "").split(",") if len(w) == 1]
    names = [f"\\fB\\-{w}\\fR" for w in letters]
    long = f"\\fB\\-\\-{plain(row['name'].replace('_', '-'))}\\fR"
    value = f" \\fI{SHORT[row['type']]}\\fR" if row["type"] in SHORT else ""
    return ", ".join(names + [long]) + value


def rows(out, params, name):
    for row in params:
        out.append(".TP")
        out.append(name(row) + plain(bounds(row)))
        out.append(plain(row["help"]))
        for choice in row.get("choices", []):
            out.append(".br")
            out.append(f"\\fB{plain(choice['name'])}\\fR: {plain(choice['help'])}")
        for part in row.get("rows", []):
            out.append(".br")
            out.append(f"\\fB{plain(part['name'])}\\fR: {plain(part['help'])}")


def head(title, section, version, name, brief):
    return [f'.TH {title} {section} "" "nadir {version}" ""', ".SH NAME", f"{name} \\- {plain(brief)}"]


def page(thing, out, name):
    out.append(f".SS {plain(thing['name'])}" + (f" ({plain(thing['snap'])})" if "snap" in thing else ""))
    if "usage" in thing:
        out += [".nf", plain(f"nadir {thing['name']} {thing['usage']}"), ".fi"]
    out.append(plain(thing["brief"]) + ".")
    if "help" in thing:
        out += [".PP", ".nf", plain(thing["help"]), ".fi"]
    if thing.get("levels") == "reduced" and thing.get("level_error_percent", 0) > 1:
        out += [".PP", f"Previews are approximate: within {thing['level_error_percent']} % of the range at level "
                f"{thing['level_error_at']}, measured on a test scene."]
    params = [p for p in thing["params"] if p["name"] not in ("help", "json", "quiet")]
    if thing.get("variables"):
        out += [".TP", "\\fB\\-P\\fR \\fINAME=VALUE\\fR", "Put VALUE where the graph or recipe says ${NAME}"]
    rows(out, params, name)
    if thing.get("example"):
        out += [".PP", "Example:", ".PP", ".nf", ".RS", plain(thing["example"]), ".RE", ".fi"]


def program(all_of):
    out = head("NADIR", 1, all_of["version"], "nadir", "Sentinel scenes to maps")
    out += [".SH SYNOPSIS", ".B nadir", "COMMAND …", ".br", ".B nadir", "OPERATOR IN … \\-o OUT"]
    out += [".SH DESCRIPTION",
            "Computes graphs of operators over Sentinel scenes and other rasters: into files, or live",
            "in the browser. A graph is SNAP's own XML, or YAML. An operator may be run alone; see",
            ".BR nadir\\-operators (7)."]
    out.append(".SH OPTIONS OF EVERY COMMAND")
    shared = [p for p in all_of["commands"][0]["params"] if p["name"] in ("help", "json", "quiet")]
    rows(out, shared, option)
    out.append(".SH COMMANDS")
    for command in all_of["commands"]:
        page(command, out, option)
    out += [".SH EXIT STATUS", ".TP", "0", "done", ".TP", "1", "failed; a mistake in a graph, too", ".TP", "2",
            "wrong words on the command line", ".TP", "128 + n", "stopped by signal n; nothing half is left"]
    out += [".SH ENVIRONMENT", ".TP", "NADIR_AUX", "folder of heights, orbits and other auxiliary data", ".TP",
            "XDG_CACHE_HOME", "where reduced copies of sources are kept, in a folder nadir", ".TP", "NADIR_LOCALE",
            "folder of message catalogues", ".TP", "NO_COLOR", "if set, nothing is coloured"]
    out += [".SH SEE ALSO", ".BR nadir\\-operators (7)"]
    return out


def operators(all_of):
    out = head("NADIR\\-OPERATORS", 7, all_of["version"], "nadir\\-operators", "operators of nadir and their settings")
    out += [".SH DESCRIPTION",
            "Settings are written by their name in a graph, and as options on the command line: sub_sampling_x is",
            "\\-\\-sub\\-sampling\\-x there. SNAP's names of operators and settings are understood, too."]
    out.append(".SH OPERATORS")
    for op in sorted(all_of["operators"], key=lambda o: o["name"]):
        page(op, out, lambda row: f"\\fB{plain(row['name'])}\\fR" +
             (f" ({plain(row['snap'])})" if "snap" in row and row["snap"] != row["name"] else ""))
    out += [".SH SEE ALSO", ".BR nadir (1)"]
    return out


everything = json.load(open(sys.argv[1], encoding="utf-8"))
for path, text in ((sys.argv[2], program(everything)), (sys.argv[3], operators(everything))):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
