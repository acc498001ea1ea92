#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Style, floors and clang-tidy over the whole tree. NADIR_BASE=COMMIT: clang-tidy looks
# only at the files that changed since then.
set -u
wrong=0
git ls-files '*.c' '*.h' | grep -v '/vendor/' | xargs clang-format --dry-run -Werror || wrong=1
python3 tools/floors.py || wrong=1
long=$(git ls-files 'src/*.c' 'src/*.h' 'include/*.h' | grep -v '_kernel\.c$' | xargs wc -l | awk '$2 != "total" && $1 > 600')
[ -z "$long" ] || { echo "longer than 600 lines:"; echo "$long"; wrong=1; }
if [ -n "${NADIR_BASE:-}" ]; then
    files=$(git diff --name-only --diff-filter=d "$NADIR_BASE" -- 'src/*.c')
else
    files=$(git ls-files 'src/*.c')
fi
# Kernels speak to gcc alone: its vectors and builtins are strange to clang.
files=$(echo "$files" | grep -v -e '/vendor/' -e '_kernel\.c$')
if [ ! -f build/compile_commands.json ]; then
    echo "clang-tidy reads how files are compiled from build: make build first"
    wrong=1
elif [ -n "$files" ]; then
    echo "$files" | xargs -P "$(nproc)" -n 4 clang-tidy -p build --quiet --extra-arg=-Wno-unknown-warning-option 2>/dev/null || wrong=1
fi
exit $wrong
