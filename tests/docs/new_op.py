#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what CONTRIBUTING.md asks of a newcomer: an operator begun, seen red, written, seen green.

usage: new_op.py SOURCE COMPILER FLAGS LIBRARY …
In a copy of the tree. Only the operator and its test are compiled; the engine below them is the
build's own, and the list of operators holds the new one alone."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

source = pathlib.Path(sys.argv[1]).resolve()
compiler, flags = sys.argv[2].split(), sys.argv[3].split()
libraries = [str(pathlib.Path(path).resolve()) for path in sys.argv[4:]]
count = bad = 0


def say(ok, sentence, words=""):
    global count, bad
    count += 1
    bad += not ok
    if not ok:
        print("\n".join("# " + line for line in words.strip().splitlines()[-20:]))
    print(f"{'ok' if ok else 'not ok'} {count} - {sentence}", flush=True)


def run(*words, where):
    try:
        made = subprocess.run(words, cwd=where, capture_output=True, text=True)
    except OSError as error:
        return False, str(error)
    return made.returncode == 0, made.stdout + made.stderr


def build(tree):
    registry = (tree / "src/ops/registry.c.in").read_text()
    registry = registry.replace("@DECLARATIONS@", "extern const nd_op nd_op_brighten;")
    registry = registry.replace("@ROWS@", "    &nd_op_brighten,\n")
    (tree / "registry.c").write_text(registry)
    return run(
        *compiler, "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wconversion",
        "-Wshadow", "-Werror", "-Iinclude", "-Isrc", *flags, "tests/ops/test_brighten.c",
        "src/ops/brighten.c", "registry.c", *libraries, "-lm", "-pthread", "-o", "test",
        where=tree)


page = (source / "CONTRIBUTING.md").read_text()
loop = re.search(r"```c\n(.*?)```", page, re.S)[1]
with tempfile.TemporaryDirectory(prefix="nadir-new-op-") as name:
    tree = pathlib.Path(name)
    for part in ["src/ops", "include", "tests/ops", "tools"]:
        shutil.copytree(source / part, tree / part)
    for part in ["tests/harness.h", "tests/rasters.h"]:
        shutil.copy(source / part, tree / part)

    ok, words = run("tools/new-op", "brighten", where=tree)
    say(ok, "an operator is begun", words)
    listing = (tree / "src/ops/meson.build").read_text()
    line = "  ['brighten', ['brighten']],\n"
    say(listing.count(line) == 1 and
        listing.replace(line, "") == (source / "src/ops/meson.build").read_text(),
        "its line, and no other, is in the list", listing)
    ok, words = run("tools/new-op", "brighten", where=tree)
    say(not ok and "src/ops/brighten.c is there already\ntake another name" in words,
        "a name that is taken is refused", words)
    ok, words = run("tools/new-op", "Brighten!", where=tree)
    say(not ok and "Brighten! is no name of an operator\n" in words,
        "a name that is none is refused", words)

    ok, words = build(tree)
    say(ok, "what was begun compiles", words)
    ok, words = run("./test", where=tree)
    say(not ok and "not ok 1 - makes_of_each_pixel" in words, "its test is red", words)

    path = tree / "src/ops/brighten.c"
    text = path.read_text()
    body = re.sub(r"^   ", "", loop, flags=re.M).rstrip("\n")
    path.write_text(re.sub(r"(float \*const \*out\)\n\{\n).*?\n\}\n", lambda m: m[1] + body + "\n}\n",
                           text, count=1, flags=re.S))
    ok, words = build(tree)
    say(ok, "with the page's loop it compiles", words)
    ok, words = run("./test", where=tree)
    say(ok and "ok 1 - makes_of_each_pixel" in words, "and its test is green", words)

print(f"1..{count}")
sys.exit(bad != 0)
