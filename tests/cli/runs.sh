#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nadir runs: what it reads out of folders that training left.
. "${0%/*}/lib.sh"
cd "$scratch" || exit 1
make_run() { # NAME RATE ACCURACY…
    mkdir -p "all/$1"
    echo "train: { rate: $2, epochs: 3 }" >"all/$1/resolved.yaml"
    echo '{"state":"done"}' >"all/$1/status.json"
    name=$1 step=0
    shift 2
    for accuracy; do
        step=$((step + 100))
        printf '{"v":1,"t":"epoch","step":%d,"train":{"loss":1},"valid":{"loss":%s,' \
            $step "$accuracy"
        printf '"acc":%s,"n":50,"ci95":[0.5,0.95]},"seconds":60}\n' "$accuracy"
    done >"all/$name/metrics.jsonl"
}
make_run a 0.1 0.6 0.8 0.7
make_run b 0.2 0.65 0.85

run runs all
ended 0
silent
prints '80.00 %'
prints '50.00 -  95.00'
prints 'train.rate: 0.2'
! grep -q 'train.epochs' out || ok=no
result lists_runs_with_what_differs
run runs all/a all/b --json
ended 0
python3 - out <<'PYTHON' || ok=no
import json
import sys
a, b = json.load(open(sys.argv[1]))["runs"]
assert a["best"]["accuracy"] == 0.8 and b["epochs"] == 2 and b["minutes"] == 2
assert b["keys"]["train.rate"] == "0.2" and len(a["curve"]) == 3
PYTHON
result tells_runs_as_json
does knows_how_long_a_run_took ' 3.0 ' runs all/a
mkdir empty
fails 1 wants_runs_in_the_folder 'there is no run in empty' runs empty
finish
