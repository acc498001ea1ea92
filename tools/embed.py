#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pages into the program: each asset as raw bytes and, where smaller, as gzip with time
stamp 0. usage: embed.py OUTPUT.c FILE… ; the name is what follows assets/ or vendor's
own folder; frame.html gets the hash of all and a modulepreload line for each module."""
import gzip
import hashlib
import pathlib
import sys

TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".html": "text/html; charset=utf-8", ".json": "application/json",
         ".bin": "application/octet-stream", ".svg": "image/svg+xml"}

LATE = {"vendor/uplot.js"}  # not part of a first visit


def name_of(path):
    parts = path.parts
    if "assets" in parts:
        return "/".join(parts[parts.index("assets") + 1:])
    return f"{'vendor' if 'vendor' in parts else 'words'}/{path.name}"


files = {name_of(p): p.read_bytes() for p in map(pathlib.Path, sys.argv[2:])}
digest = hashlib.sha256()
for name in sorted(files):
    digest.update(name.encode() + b"\0" + files[name] + b"\0")
hash_ = digest.hexdigest()[:16]
preloads = "\n".join(f'<link rel="modulepreload" href="a/{hash_}/{name}">'
                     for name in sorted(files)
                     if name.endswith(".js") and name not in LATE)
frame = files["frame.html"].decode()
files["frame.html"] = (frame.replace("@HASH@", hash_).replace("@PRELOADS@", preloads)).encode()


def array(name, data):
    rows = (",".join(map(str, data[i:i + 32])) for i in range(0, len(data), 32))
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(rows) + "};\n"


out = ["// Made by tools/embed.py.\n#include \"dash/dash.h\"\n"]
table = []
for i, name in enumerate(sorted(files)):
    raw = files[name]
    packed = gzip.compress(raw, 9, mtime=0)
    is_packed = len(packed) < len(raw)
    out.append(array(f"raw{i}", raw or b"\0"))
    if is_packed:
        out.append(array(f"gzip{i}", packed))
    table.append(f'    {{"{name}", "{TYPES[pathlib.Path(name).suffix]}", raw{i}, '
                 + (f"gzip{i}, {len(raw)}, {len(packed)}}},\n" if is_packed
                    else f"NULL, {len(raw)}, 0}},\n"))
out.append("const dash_asset dash_assets[] = {\n" + "".join(table) + "};\n")
out.append("const size_t dash_asset_count = sizeof dash_assets / sizeof *dash_assets;\n")
out.append(f'const char dash_asset_hash[] = "{hash_}";\n')
pathlib.Path(sys.argv[1]).write_text("".join(out))
