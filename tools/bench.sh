#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every program of bench/ in turn; each prints ratios against a peer of the same run.
set -u
for b in bench/*.sh; do
    [ -f "$b" ] || continue
    echo "== $b"
    sh "$b" build || echo "$b: failed"
done
