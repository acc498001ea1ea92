#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pages into the program: each asset as raw bytes and, where smaller, as gzip with time
stamp 0. usage: embed.py OUTPUT.c FILE… ; the name is what follows assets/ or vendor's
own folder; a page gets the hash of all and a modulepreload line for each module it needs at
once, so that a first visit has two rounds of requests."""
import gzip
import hashlib
import pathlib
import posixpath
import re
import sys

TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".html": "text/html; charset=utf-8", ".json": "application/json",
         ".bin": "application/octet-stream", ".svg": "image/svg+xml"}


def needs(name, found):
    """The module and what it imports at its top, in turn; import() comes later."""
    if name not in found:
        found.add(name)
        for other in re.findall(r"^(?:import|export|\}).*?'(\.{1,2}/[^']+)'", files[name].decode(), re.M):
            needs(posixpath.normpath(posixpath.join(posixpath.dirname(name), other)), found)
    return found


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
for page in [name for name in files if name.endswith(".html")]:
    text = files[page].decode()
    main = re.search(r'src="a/@HASH@/([^"]+)"', text)[1]
    preloads = "\n".join(f'<link rel="modulepreload" href="a/{hash_}/{name}">'
                         for name in sorted(needs(main, set())))
    files[page] = text.replace("@HASH@", hash_).replace("@PRELOADS@", preloads).encode()


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
