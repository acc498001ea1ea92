#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, as C11, C17 and C++17, and none is longer than 250
# lines. usage: headers.sh INCLUDE
n=0 bad=0
say() { # say STATUS 'sentence'
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; fi
}
for header in "$1"/nadir/*.h; do
    name=nadir/$(basename "$header")
    for language in c11 c17 c++17; do
        compiler=${CC:-cc}
        kind=c
        case $language in c++*)
            compiler=${CXX:-c++}
            kind=c++
            command -v "$compiler" >/dev/null || { n=$((n + 1)); echo "ok $n - $name as $language # SKIP no C++ compiler"; continue; } ;;
        esac
        said=$(echo "#include <$name>" | $compiler -x $kind -std=$language -Wall -Wextra -Werror -I"$1" -fsyntax-only - 2>&1)
        status=$?
        [ -z "$said" ] || echo "$said" | sed 's/^/# /'
        say $status "$name compiles alone as $language"
    done
    [ "$(wc -l <"$header")" -le 250 ]
    say $? "$name has at most 250 lines"
done
echo "1..$n"
exit $bad
