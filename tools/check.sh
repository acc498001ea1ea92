#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Style, floors and, on the files that changed, clang-tidy. NADIR_BASE: compared with.
set -u
wrong=0
git ls-files '*.c' '*.h' | grep -v '/vendor/' | xargs clang-format --dry-run -Werror || wrong=1
python3 tools/floors.py || wrong=1
long=$(git ls-files 'src/*.c' 'src/*.h' 'include/*.h' | grep -v '_kernel\.c$' | xargs wc -l | awk '$2 != "total" && $1 > 600')
[ -z "$long" ] || { echo "longer than 600 lines:"; echo "$long"; wrong=1; }
base=${NADIR_BASE:-$(git rev-parse -q --verify HEAD~1 || true)}
if [ -n "$base" ] && [ -f build/compile_commands.json ]; then
    changed=$(git diff --name-only --diff-filter=d "$base" -- 'src/*.c' | grep -v -e '/vendor/' -e '_kernel\.c$')
    [ -z "$changed" ] || echo "$changed" | xargs clang-tidy -p build --quiet --extra-arg=-Wno-unknown-warning-option 2>/dev/null || wrong=1
fi
exit $wrong
