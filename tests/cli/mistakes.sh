# SPDX-License-Identifier: Apache-2.0
# Graphs with one deliberate mistake each, or several: `nadir check` says exactly what the
# transcript beside it holds. With --update after the program, transcripts are written anew.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/mistakes" || exit 1
for graph in *.yaml *.xml; do
    run check "$graph"
    { cat "$scratch/out" "$scratch/err"; echo "exit $got"; } >"$scratch/transcript"
    [ "${2-}" = --update ] && cp "$scratch/transcript" "$graph.expected"
    diff "$graph.expected" "$scratch/transcript" >"$scratch/differences" || ok=no
    result "$graph is told as written"
    [ "$ok" = yes ] || sed 's/^/# /' "$scratch/differences"
done
finish
