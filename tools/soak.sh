#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What takes long: clang as compiler, long fuzzing, and the benchmarks against peers.
set -eu
CC=clang meson setup build-clang --werror >/dev/null 2>&1 || true
ninja -C build-clang >/dev/null
sh tools/test.sh build-clang
FUZZ_SECONDS=${FUZZ_SECONDS:-600} sh tools/fuzz.sh
sh tools/bench.sh
