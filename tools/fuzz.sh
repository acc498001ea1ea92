#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every fuzz target with clang's fuzzer for a while. FUZZ_SECONDS: each.
set -eu
[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
ninja -C build-fuzz >/dev/null
for target in build-fuzz/fuzz/fuzz_*; do
    [ -x "$target" ] && [ -f "$target" ] || continue
    name=$(basename "$target" | sed 's/^fuzz_//')
    mkdir -p "build-fuzz/corpus/$name"
    echo "fuzz: $name, ${FUZZ_SECONDS:-60} s"
    "$target" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        "build-fuzz/corpus/$name" "fuzz/corpus/$name" 2>&1 | grep -E 'stat::number_of_executed|ERROR|SUMMARY' || true
done
