#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nadir evaluate: refusals, and with the shipped model its text, JSON and page.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
cd "$scratch" || exit 1
pictures=$data/eurosat_mini200.zip
echo "no weights" >broken.safetensors
mkdir run
: >run/metrics.jsonl

fails 2 wants_a_model 'evaluate' evaluate
fails 1 refuses_a_broken_model 'broken.safetensors' \
    evaluate broken.safetensors --data "$pictures"
fails 1 refuses_a_run_without_a_model 'holds no model.safetensors' \
    evaluate run --data "$pictures"
fails 1 refuses_a_model_that_is_not_there 'nowhere.safetensors' \
    evaluate nowhere.safetensors --data "$pictures"

model=
for file in "$data"/*.safetensors "$data"/models/*.safetensors \
    "$data"/../share/models/*.safetensors; do
    [ -e "$file" ] && [ -z "$model" ] && model=$file
done
if [ -z "$model" ]; then
    skip tells_how_good_the_shipped_model_is 'no model is bundled'
    finish
fi
run evaluate "$model" --data "$pictures" -o report.html
ended 0
prints 'accuracy'
prints 'AnnualCrop'
grep -q '<!doctype html>' report.html || ok=no
! grep -qE '(src|href)=.?https?:' report.html || ok=no
result tells_how_good_the_shipped_model_is
run evaluate "$model" --data "$pictures" --json
ended 0
python3 - out <<'PYTHON' || ok=no
import json
import sys
told = json.load(open(sys.argv[1]))
assert told["n"] == 200 and len(told["confusion"]) == 10
assert sum(map(sum, told["confusion"])) == 200
right = sum(told["confusion"][k][k] for k in range(10))
assert abs(told["accuracy"] - right / 200) < 1e-12
assert told["interval"][0] < told["accuracy"] < told["interval"][1]
PYTHON
result tells_it_as_one_json_document
run evaluate "$model" --data "$pictures" --dense --json
ended 0
python3 - out <<'PYTHON' || ok=no
import json
import sys
told = json.load(open(sys.argv[1]))
assert told["n"] == 200 and 0.93 < told["accuracy"] < 1
PYTHON
result tells_how_good_dense_answers_are
fails 1 knows_the_sides_of_data 'did you mean test?' \
    evaluate "$model" --data "$pictures" --split tset
fails 1 wants_data 'there is nothing to evaluate' evaluate "$model"
finish
