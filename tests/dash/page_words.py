#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every word of the pages has a Spanish one. usage: page_words.py WORDS.json ASSETS PO; TAP."""
import json
import pathlib
import re
import sys

words = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
same = {"E", "N", "S", "Gamma", "{0} s", "{0} min {1} s", "{0} h {1} min"}  # alike in both languages
used = {key for path in pathlib.Path(sys.argv[2]).rglob("*.js")
        for key in re.findall(r"\bt\('([^']+)'", path.read_text(encoding="utf-8"))}
missing = sorted(key for key in used if key not in words and key not in same)
broken = sorted(key for key in used & words.keys()
                if sorted(re.findall(r"\{\d\}", key)) != sorted(re.findall(r"\{\d\}", words[key])))
# Sentences of operators and settings are shown as they are: each that is translated is there.
told = [block for block in re.split(r"\n\s*\n", pathlib.Path(sys.argv[3]).read_text(encoding="utf-8"))
        if "no-c-format" in block]
lost = sorted(found[1] for block in told if (found := re.search(r'^msgid "([^"\\]+)"$', block, re.M))
              and not re.search(r'^msgstr ""$', block, re.M) and found[1] not in words
              and f'msgstr "{found[1]}"' not in block)
print("1..3")
for n, (title, wrong) in enumerate([("every_word_of_the_pages_has_a_spanish_one", missing),
                                    ("and_it_fills_in_the_same_values", broken),
                                    ("operators_speak_it_too", lost)], 1):
    print(f"{'not ok' if wrong or not used else 'ok'} {n} - {title}")
    for key in wrong:
        print(f"# {key}")
sys.exit(bool(missing or broken or lost or not used or not told))
