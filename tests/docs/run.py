#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the code of the guide, block by block, as a reader would type it.

usage: run.py SOURCE NADIR PAGE …
A block whose first line is '# file: NAME' is saved under that name; a block of sh is run with
`nadir` on the path and the bundled scenes as `data`; a `$ ` before a line may be left out. A
yaml or xml block without a name must pass `nadir check`. Each page has a folder of its own."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

source, nadir, *pages = sys.argv[1:]
source = pathlib.Path(source).resolve()
count = bad = 0


def say(ok, sentence, words=""):
    global count, bad
    count += 1
    bad += not ok
    if not ok:
        print("\n".join("# " + line for line in words.strip().splitlines()[-20:]))
    print(f"{'ok' if ok else 'not ok'} {count} - {sentence}", flush=True)


for page in pages:
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(source / "data", pathlib.Path(folder, "data"))
        os.symlink(pathlib.Path(nadir).resolve(), pathlib.Path(folder, "nadir"))
        here = dict(os.environ, PATH=folder + ":" + os.environ["PATH"], LC_ALL="C.UTF-8",
                    XDG_CACHE_HOME=folder + "/.cache")
        text = pathlib.Path(page).read_text()
        for found in re.finditer(r"^```(\w+)\n(.*?)^```", text, re.M | re.S):
            language, block = found[1], found[2]
            line = text.count("\n", 0, found.start()) + 1
            name = f"{pathlib.Path(page).name}, line {line}"
            saved = re.match(r"(?:#|<!--) file: (\S+)", block)
            if saved:
                pathlib.Path(folder, saved[1]).write_text(block)
                continue
            if language == "sh":
                script = re.sub(r"^\$ ", "", block, flags=re.M)
                done = subprocess.run(["sh", "-eu", "-c", script], cwd=folder, env=here,
                                      capture_output=True, text=True, timeout=120)
                say(done.returncode == 0, f"{name} runs", done.stdout + done.stderr)
            elif language in ("yaml", "xml"):
                graph = pathlib.Path(folder, f"block.{language}")
                graph.write_text(block)
                done = subprocess.run([nadir, "check", str(graph)], cwd=folder, env=here,
                                      capture_output=True, text=True, timeout=60)
                say(done.returncode == 0, f"{name} passes the check", done.stdout + done.stderr)
print(f"1..{count}")
sys.exit(bad > 0)
