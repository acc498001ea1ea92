#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is made from the tables: manual, completion, schema, Vim's files.
. "${0%/*}/lib.sh"
made=$3 source=$(realpath "$2/..")
has() { command -v "$1" >/dev/null; }
start() { got=0 ok=yes; : >"$scratch/out"; : >"$scratch/err"; }
tools=$scratch/bin
mkdir "$tools"
ln -s "$nadir" "$tools/nadir"

for page in nadir.1 nadir-operators.7; do
    if has man && has groff; then
        start
        LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$made/$page" >"$scratch/out" 2>"$scratch/err" || ok=no
        silent
        prints NAME
        result "formats_$page"
    else
        skip "formats_$page" 'man is not installed'
    fi
done

start
bash -c ". '$made/nadir'; COMP_WORDS=(nadir ru) COMP_CWORD=1; _nadir; echo \"\${COMPREPLY[@]}\"
COMP_WORDS=(nadir run --sk) COMP_CWORD=2; _nadir; echo \"\${COMPREPLY[@]}\"
COMP_WORDS=(nadir op Sub) COMP_CWORD=2; _nadir; COMP_WORDS=(nadir check --print x)
COMP_CWORD=3; _nadir; echo \"\${COMPREPLY[@]}\"" >"$scratch/out" 2>"$scratch/err" || ok=no
grep -qx 'run runs' "$scratch/out" || ok=no
grep -qx -- '--skip-existing' "$scratch/out" || ok=no
grep -qx 'xml' "$scratch/out" || ok=no
silent
result completes_in_bash

if has zsh; then
    start
    zsh -n "$made/_nadir" 2>"$scratch/err" || ok=no
    silent
    result is_understood_by_zsh
else
    skip is_understood_by_zsh 'zsh is not installed'
fi
if has fish; then
    start
    HOME=$scratch fish -c "source $made/nadir.fish; complete -C 'nadir run --sk'" >"$scratch/out" \
        2>"$scratch/err" || ok=no
    prints --skip-existing
    result completes_in_fish
else
    skip completes_in_fish 'fish is not installed'
fi

for template in $("$nadir" new-graph | cut -d' ' -f1); do
    "$nadir" new-graph "$template" >"$scratch/$template.yaml"
    run check "$scratch/$template.yaml"
    ended 0
    silent
    prints 'as far as the text can tell'
    result "starts_right_with_$template"
done

if /usr/bin/python3 -c 'import jsonschema, yaml' 2>/dev/null; then
    start
    /usr/bin/python3 - "$made/graph.schema.json" "$scratch"/*.yaml >"$scratch/out" 2>&1 <<'PYTHON' || ok=no
import json, sys, jsonschema, yaml
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
check = jsonschema.Draft7Validator(schema)
for path in sys.argv[2:]:
    graph = yaml.safe_load(open(path))
    assert check.is_valid(graph), path
    graph["stepz"] = []
    assert not check.is_valid(graph), path
wrong = {"input": "a.tif", "steps": [{"Subset": {"regionn": "0,0,1,1"}}], "output": "b.tif"}
assert not check.is_valid(wrong)
wrong["steps"] = [{"Subset": {"region": "0,0,1,1"}}]
assert check.is_valid(wrong)
PYTHON
    result has_a_schema_that_knows_right_from_wrong
else
    skip has_a_schema_that_knows_right_from_wrong 'python3-jsonschema is not installed'
fi

# Vim: a file type, the quickfix list of :make, completion.
cat >"$scratch/wrong.yaml" <<'YAML'
input: { Read: { file: a.tif } }
steps:
  - Subset: { regoin: "0,0,1,1" }
  - Subzet: {}
output: { Write: { file: b.tif } }
YAML
cat >"$scratch/test.vim" <<'VIM'
set shellpipe=>%s\ 2>&1
silent make
let g:out = map(getqflist(), {_, q -> bufname(q.bufnr) . '|' . q.lnum . '|' . q.col . '|' . q.text})
call add(g:out, 'filetype ' . &filetype)
call cursor(3, 15)
call add(g:out, 'settings ' . join(map(nadir#complete(0, 're'), {_, w -> w.word})))
call writefile(g:out, 'quickfix')
qall!
VIM
if has vim; then
    start
    mkdir -p "$scratch/words/nadir"
    cp "$made/words.vim" "$scratch/words/nadir/"
    (cd "$scratch" && HOME=$scratch PATH="$tools:$PATH" vim -es -N -i NONE -u NONE \
        --cmd "set rtp^=$source/share/vim,$scratch/words" --cmd 'filetype plugin on' \
        -S test.vim wrong.yaml) >"$scratch/out" 2>"$scratch/err"
    cp "$scratch/quickfix" "$scratch/out" || ok=no
    prints 'wrong.yaml|3|'
    prints 'regoin'
    prints 'wrong.yaml|4|'
    prints 'did you mean'
    [ "$(grep -c '^wrong.yaml|' "$scratch/out")" -eq 2 ] || ok=no
    prints 'filetype yaml.nadir'
    prints 'settings '
    prints 'region'
    result fills_vims_quickfix_list_and_completes
else
    skip fills_vims_quickfix_list_and_completes 'vim is not installed'
fi
finish
