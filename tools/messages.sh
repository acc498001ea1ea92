#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every sentence that people read: collects them from the sources and the tables,
# brings the catalogues up to date, or says what a catalogue lacks.
# usage: tools/messages.sh extract|merge|check NADIR      (from the source folder)
set -eu
[ $# -eq 2 ] || { echo "usage: tools/messages.sh extract|merge|check NADIR" >&2; exit 2; }
job=$1 nadir=$2
for tool in xgettext msgmerge msgcmp msgfmt; do
    command -v $tool >/dev/null || { echo "1..0 # SKIP $tool is not installed"; exit 0; }
done
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT

collect() { # collect KEYWORDS… <files
    xgettext --language=C --from-code=UTF-8 --add-location=file --sort-output \
        --package-name=nadir --files-from=- --output="$there/pot" --force-po "$@"
}

# Sentences of the tables stand in `describe --json`: told again as C for xgettext.
"$nadir" describe --json >"$there/all.json"
python3 - "$there/all.json" >"$there/tables.c" <<'PYTHON'
import json
import sys

def sentences(thing):
    if isinstance(thing, list):
        for part in thing:
            yield from sentences(part)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if key in ("brief", "help") and value:
                yield value
            else:
                yield from sentences(value)

for one in dict.fromkeys(sentences(json.load(open(sys.argv[1])))):
    print(f"nd_sentence({json.dumps(one, ensure_ascii=False)});")
PYTHON

# Words of the pages, told as C in the same way.
grep -rohE "\\bt\\('[^']+'" src/dash/assets | LC_ALL=C sort -u |
    sed -e "s/^t('//" -e "s/'\$//" -e 's/.*/nd_gettext("&");/' >"$there/pages.c"

sources() { find src -name '*.c' | LC_ALL=C sort; }
extract() {
    { sources; echo "$there/tables.c"; echo "$there/pages.c"; } | collect \
        --keyword --keyword=nd_fail:2 --keyword=nd_note:1 --keyword=nd_say:2 --keyword=weights_note:2 \
        --keyword=nd_gettext:1 --keyword=nd_sentence:1 --flag=nd_sentence:1:no-c-format \
        --flag=nd_fail:2:c-format --flag=nd_note:1:c-format \
        --flag=nd_say:2:c-format --flag=weights_note:2:c-format
    sed -i -e "s|$there/||" -e '/^"POT-Creation-Date/d' "$there/pot"
}

case $job in
extract)
    extract
    cat "$there/pot"
    ;;
merge)
    extract
    for po in po/*.po; do
        msgmerge --quiet --no-fuzzy-matching --add-location=file --sort-output \
            --output-file="$there/new" "$po" "$there/pot"
        msgattrib --no-obsolete --no-location --output-file="$po" "$there/new"
    done
    ;;
check)
    n=0 bad=0
    tell() { # tell STATUS TITLE
        n=$((n + 1))
        [ "$1" -eq 0 ] && echo "ok $n - $2" && return
        bad=1
        echo "not ok $n - $2"
        sed 's/^/# /' "$there/said" | head -40
    }
    sources | collect --keyword --keyword=nd_fail:2
    msgattrib --no-wrap "$there/pot" 2>/dev/null | python3 -c '
import re, sys
wrong = 0
for block in sys.stdin.read().split("\n\n")[1:]:
    parts = re.search(r"msgid ((?:\"(?:[^\"\\]|\\.)*\"\n?)+)", block)
    text = "".join(re.findall(r"\"((?:[^\"\\]|\\.)*)\"", parts[1])) if parts else ""
    where = re.search(r"#: (.*)", block)
    if text and text != "%s" and text.count("\\n") != 1:
        wrong += 1
        print(where and where[1], text)
sys.exit(wrong > 0)' >"$there/said" && got=0 || got=1
    tell $got 'every_failure_is_told_in_two_lines'
    extract
    for po in po/*.po; do
        msgcmp "$po" "$there/pot" 2>"$there/said" && got=0 || got=1
        tell $got "$(basename "$po" .po)_has_every_message_and_none_fuzzy"
        msgfmt --check --output-file=/dev/null "$po" 2>"$there/said" && got=0 || got=1
        tell $got "$(basename "$po" .po)_fills_in_the_same_values"
    done
    echo "1..$n"
    exit $bad
    ;;
*) echo "usage: tools/messages.sh extract|merge|check NADIR" >&2 && exit 2 ;;
esac
