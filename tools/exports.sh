#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The library gives away names that begin with nd_, and no other. usage: exports.sh LIBRARY
other=$(nm -D --defined-only "$1" | awk '$2 ~ /[A-TV-Z]/ && $3 !~ /^nd_/ {print $3}')
[ -z "$other" ] || echo "$other" | sed 's/^/# /'
[ -z "$other" ] && [ "$(nm -D --defined-only "$1" | grep -c ' nd_')" -gt 50 ] && echo "ok 1 - only_names_of_nadir_leave_the_library" || echo "not ok 1 - only_names_of_nadir_leave_the_library"
echo "1..1"
