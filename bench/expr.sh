#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An expression over 120 Mpx in memory beside numexpr: 4 GB of memory, a minute.
/usr/bin/python3 -c 'import numexpr' 2>/dev/null || { echo "python3-numexpr is not here"; exit 0; }
exec /usr/bin/python3 "$(dirname "$0")/expr.py" "${1:-build}/bench/bench_expr" 3
