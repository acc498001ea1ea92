#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shell completion from `nadir describe --json`: completion.py DESCRIBE.json BASH ZSH FISH"""
import json
import sys

everything = json.load(open(sys.argv[1], encoding="utf-8"))
commands = everything["commands"]
operators = sorted(everything["operators"], key=lambda o: o["name"])
files = next(c for c in commands if c["name"] == "op")["params"]
templates = [t["name"] for t in everything["templates"]]


def options(thing):
    return thing["params"] + ([] if thing in commands else files)


def long(row):
    return "--" + row["name"].replace("_", "-")


def letters(row):
    return [w for w in row.get("was", "").split(",") if len(w) == 1]


def choices(row):
    return [c["name"] for c in row.get("choices", [])]


def shell(text):
    return "'" + text.replace("'", "'\\''") + "'"


def bash():
    yield "# Completion of nadir for bash; generated from its tables."
    yield "_nadir_options() {"
    yield "    case $1 in"
    for thing in commands + operators:
        words = [long(r) for r in options(thing)] + ["-" + w for r in options(thing) for w in letters(r)]
        if thing.get("variables"):
            words.append("-P")
        names = {thing["name"], thing.get("snap") or thing["name"]}
        yield f"    {'|'.join(sorted(names))}) echo {shell(' '.join(dict.fromkeys(words)))} ;;"
    yield "    esac"
    yield "}"
    yield "_nadir_choices() {"
    yield "    case $1:$2 in"
    for thing in commands + operators:
        for row in options(thing):
            if choices(row):
                yield f"    {thing['name']}:{long(row)}) echo {shell(' '.join(choices(row)))} ;;"
    yield "    esac"
    yield "}"
    names = " ".join([c["name"] for c in commands] + [o["name"] for o in operators])
    ops = " ".join(o["name"] for o in operators)
    yield f"""_nadir() {{
    local now=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} name=${{COMP_WORDS[1]}}
    [ "$name" = op ] && [ "$COMP_CWORD" -gt 2 ] && name=${{COMP_WORDS[2]}}
    compopt -o default 2>/dev/null
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{names} --help --version" -- "$now"))
    elif [ "$COMP_CWORD" -eq 2 ] && [[ $name == op || $name == describe || $name == help ]]; then
        COMPREPLY=($(compgen -W "{ops}" -- "$now"))
    elif [ "$COMP_CWORD" -eq 2 ] && [ "$name" = new-graph ]; then
        COMPREPLY=($(compgen -W "{' '.join(templates)}" -- "$now"))
    elif [[ $now == -* ]]; then
        COMPREPLY=($(compgen -W "$(_nadir_options "$name")" -- "$now"))
    else
        COMPREPLY=($(compgen -W "$(_nadir_choices "$name" "$before")" -- "$now"))
    fi
}}
complete -F _nadir nadir"""


def zsh_spec(row):
    help_text = row["help"].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    value = ""
    if row["type"] != "bool":
        what = "_files" if row["type"] == "path" else f"({' '.join(choices(row))})" if choices(row) else " "
        value = f":{row['name']}:{what}"
    return [shell(f"{name}[{help_text}]{value}") for name in [long(row)] + ["-" + w for w in letters(row)]]


def zsh():
    yield "#compdef nadir"
    yield "# Completion of nadir for zsh; generated from its tables."
    yield "_nadir() {"
    yield "    local -a names"
    yield "    names=("
    for thing in commands + operators:
        yield "        " + shell(thing["name"] + ":" + thing["brief"].replace(":", "\\:"))
    yield "    )"
    yield "    if (( CURRENT == 2 )); then _describe 'command or operator' names; return; fi"
    yield "    local name=${words[2]}"
    yield "    [[ $name == op ]] && (( CURRENT > 3 )) && name=${words[3]}"
    yield "    case $name in"
    for thing in commands + operators:
        specs = [s for r in options(thing) for s in zsh_spec(r)]
        if thing.get("variables"):
            specs.append(shell("*-P[Put a value where the graph says ${name}]:name=value: "))
        words = "'*:file:_files'"
        if thing["name"] in ("op", "describe", "help"):
            words = "'*:operator:(" + " ".join(o["name"] for o in operators) + ")'"
        if thing["name"] == "new-graph":
            words = "'*:graph:(" + " ".join(templates) + ")'"
        yield f"    {thing['name']}) _arguments {' '.join(specs)} {words} ;;"
    yield "    esac"
    yield "}"
    yield "_nadir \"$@\""


def fish():
    yield "# Completion of nadir for fish; generated from its tables."
    for thing in commands + operators:
        yield f"complete -c nadir -n __fish_use_subcommand -f -a {thing['name']} -d {shell(thing['brief'])}"
    for thing in commands + operators:
        seen = f"'__fish_seen_subcommand_from {thing['name']}'"
        for row in options(thing):
            line = f"complete -c nadir -n {seen} -l {long(row)[2:]} -d {shell(row['help'])}"
            line += "".join(f" -s {w}" for w in letters(row))
            if choices(row):
                line += f" -x -a {shell(' '.join(choices(row)))}"
            elif row["type"] != "bool":
                line += " -r"
            yield line
        if thing.get("variables"):
            yield f"complete -c nadir -n {seen} -s P -x -d 'name=value for the graph'"
    for name in ("op", "describe", "help"):
        yield (f"complete -c nadir -n '__fish_seen_subcommand_from {name}' -f -a "
               + shell(" ".join(o["name"] for o in operators)))
    yield f"complete -c nadir -n '__fish_seen_subcommand_from new-graph' -f -a {shell(' '.join(templates))}"


for path, text in zip(sys.argv[2:5], (bash(), zsh(), fish())):
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(text) + "\n")
