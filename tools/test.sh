#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of one or more build folders; the last line counts every sentence.
# usage: test.sh BUILD [meson test's words …]
set -u
folder=$1
shift
meson test -C "$folder" --no-rebuild --setup all "$@" >"$folder/test.log" 2>&1
status=$?
python3 tools/count.py "$folder" || status=1
exit $status
