#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# info and convert on files of weights.
. "${0%/*}/lib.sh"
cd "$scratch" || exit 1
python3 - <<'PYTHON'
import struct
wide = b'{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1,4],"data_offsets":[4,20]}}'
# 1 + 2^-8 lies between two numbers of bfloat16: to the even one, 1; a little more: up.
wide = struct.pack("<Q", len(wide)) + wide + struct.pack("<f4I", 1.1, 0x3F808000, 0x3F808001, 0x3F818000, 0x80000000)
open("wide.safetensors", "wb").write(wide)
head = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
whole = struct.pack("<Q", len(head)) + head + struct.pack("<2f", 1, 2)
open("a.safetensors", "wb").write(whole)
open("short.safetensors", "wb").write(whole[:-1])
open("net.onnx", "wb").write(b"\x08\x08\x12\x04test")
PYTHON
does tells_tensors '  a  float32   2' info a.safetensors
does tells_tensors_as_json '"tensors":[{"name":"a","dtype":"float32","shape":[2]}]' \
    info a.safetensors --json
fails 1 refuses_what_is_cut_short 'short.safetensors: a does not fit its place' \
    info short.safetensors
fails 1 refuses_onnx_by_name 'net.onnx: this is an ONNX model' info net.onnx
run convert a.safetensors a.pth
ended 0
silent
result converts
does reads_what_it_wrote 'pytorch zip, 1 tensors, 2 numbers' info a.pth
fails 1 replaces_nothing_unasked 'a.pth exists already' convert a.safetensors a.pth
run convert wide.safetensors half.safetensors --bfloat16
ended 0
silent
result rounds_to_bfloat16
run info half.safetensors --json
prints '"name":"b","dtype":"float32"'
prints '"name":"w","dtype":"bfloat16"'
python3 - <<'PYTHON' || ok=no
import json, struct, sys
raw = open("half.safetensors", "rb").read()
n, = struct.unpack("<Q", raw[:8])
at = json.loads(raw[8:8 + n])["w"]["data_offsets"]
got = struct.unpack("<4H", raw[8 + n + at[0]:8 + n + at[1]])
sys.exit(got != (0x3F80, 0x3F81, 0x3F82, 0x8000))
PYTHON
result rounds_ties_to_even
cat >card.json <<'CARD'
{"name":"mine","model":{"name":"resnet18"},"input":{"bands":[{"name":"B04"}]},
"output":{"classes":[{"value":7,"name":"reed"}],"activation":"softmax"}}
CARD
echo '{"input":{"bands":[]}}' >bad.json
run convert a.safetensors carded.safetensors --card card.json
ended 0
silent
result converts_with_a_card
does writes_the_card 'reed' info carded.safetensors --json
fails 1 takes_no_card_without_bands 'the model card has no input.bands' \
    convert a.safetensors c.pth --card bad.json
[ ! -e c.pth ] || bad=1
fails 1 leaves_no_half_file 'does not fit its place' convert short.safetensors b.pth
[ ! -e b.pth ] && [ -z "$(ls -A | grep part)" ] || bad=1
if command -v strace >/dev/null; then
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat -o calls "$nadir" info a.pth >out 2>err
    got=$? ok=yes
    ! grep -q 'libgdal' calls || ok=no
    result loads_no_gdal_for_weights
else
    skip loads_no_gdal_for_weights 'strace is not installed'
fi
finish
