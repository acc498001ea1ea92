# SPDX-License-Identifier: Apache-2.0
# What the transcripts share: run nadir, look at what it says and how it ends, tell TAP.
set -u
n=0 bad=0
nadir=$(realpath "$1")
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C XDG_CACHE_HOME="$scratch/cache"
unset LANGUAGE NO_COLOR NADIR_AUX 2>/dev/null || :

result() { # result TITLE: counts what `ok` says
    n=$((n + 1))
    if [ "$ok" = yes ]; then echo "ok $n - $1"; else
        bad=1
        echo "not ok $n - $1"
        sed 's/^/# out: /' "$scratch/out" | head -20
        sed 's/^/# err: /' "$scratch/err" | head -20
        echo "# it ended with $got"
    fi
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
run() { # run WORD …: what it says goes to out and err, how it ends to got
    "$nadir" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    got=$? ok=yes
}
ended() { [ "$got" -eq "$1" ] || ok=no; }
prints() { grep -qF -e "$1" "$scratch/out" || ok=no; }
says() { grep -qF -e "$1" "$scratch/err" || ok=no; }
silent() { [ ! -s "$scratch/err" ] || ok=no; }
two_lines() { [ "$(wc -l <"$scratch/err")" -eq 2 ] || ok=no; }
# fails STATUS TITLE 'words of the message' WORD …: two lines, and the status
fails() {
    want=$1 title=$2 words=$3
    shift 3
    run "$@"
    ended "$want"
    two_lines
    says "$words"
    result "$title"
}
# does TITLE 'words of the output' WORD …
does() {
    title=$1 words=$2
    shift 2
    run "$@"
    ended 0
    silent
    prints "$words"
    result "$title"
}
finish() { echo "1..$n"; exit $bad; }
