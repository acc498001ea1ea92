#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is wrong from outside is refused: status 1, two lines, little memory, nothing left behind.
. "${0%/*}/lib.sh"
data=$2
cd "$scratch" || exit 1
mkdir work && cd work || exit 1
python3 - "$data" <<'PYTHON' || exit 1
import json, os, struct, sys, zipfile
data = sys.argv[1]
pictures = zipfile.ZipFile(data + "/eurosat_mini200.zip")
names = [n for n in pictures.namelist() if n.endswith(".jpg")]
os.makedirs("one/forest")
with open("one/forest/a.jpg", "wb") as out:
    out.write(pictures.read(names[0]))
os.makedirs("torn/forest"), os.makedirs("torn/water")
for k in range(12):
    with open(f"torn/{('forest', 'water')[k % 2]}/{k}.jpg", "wb") as out:
        out.write(pictures.read(names[k])[:200])
os.makedirs("empty/forest")

# Pictures of zeros that are large once unpacked, or say so.
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for k in range(4):
        z.writestr(f"{'ab'[k % 2]}/{k}.jpg", bytes(60 << 20))
whole = bytearray(open("bomb.zip", "rb").read())
table = whole.find(b"PK\1\2")
lies = bytearray(whole)
at = table
while lies[at:at + 4] == b"PK\1\2":
    lies[at + 24:at + 28] = struct.pack("<I", 4 << 28 | 1)
    at += 46 + sum(struct.unpack("<3H", lies[at + 28:at + 34]))
open("lies.zip", "wb").write(lies)
twice = bytearray(whole)
second = table + 46 + sum(struct.unpack("<3H", whole[table + 28:table + 34]))
twice[second + 42:second + 46] = whole[table + 42:table + 46]
open("twice.zip", "wb").write(twice)
open("cut.zip", "wb").write(open(data + "/eurosat_mini200.zip", "rb").read()[:100000])

def write(name, tensors, body, extra={}):
    head = json.dumps({**extra, **tensors}).encode()
    open(name, "wb").write(struct.pack("<Q", len(head)) + head + body)
def f32(shape, begin, end):
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
write("vast.safetensors", {"a": f32([2 ** 62, 4], 0, 8)}, bytes(8))
write("shared.safetensors", {"a": f32([2], 0, 8), "b": f32([2], 4, 12)}, bytes(12))
raw = open(data + "/models/land-use.safetensors", "rb").read()
length, = struct.unpack("<Q", raw[:8])
head, body = json.loads(raw[8:8 + length]), raw[8 + length:]
card = {"__metadata__": head.pop("__metadata__")}
last = max(head, key=lambda n: head[n]["data_offsets"][1])
begin, end = head[last]["data_offsets"]
write("nan.safetensors", head, body[:begin] + b"\xff" * (end - begin), card)
gone = {n: t for n, t in head.items() if n != last}
write("gone.safetensors", gone, body[:begin], card)
open("text.yaml", "w").write("data: { pictures: one, labels: by-folder }\nmodel: { nam: x }\n")
open("deep.yaml", "w").write("data: " + "[" * 100000)
open("long.yaml", "w").write("#" * (2 << 20))

# Rasters in ENVI's form: a scene without a pixel, one that is whole, labels of no class.
def envi(name, kind, values):
    open(name + ".img", "wb").write(values)
    open(name + ".hdr", "w").write(
        "ENVI\nsamples = 128\nlines = 128\nbands = 1\nheader offset = 0\n"
        f"file type = ENVI Standard\ndata type = {kind}\ninterleave = bsq\nbyte order = 0\n"
        "map info = {UTM, 1, 1, 500000, 5000000, 10, 10, 33, North, WGS-84}\nband names = {a}\n")
envi("void", 4, b"\0\0\xc0\x7f" * 128 * 128)
envi("whole", 4, b"".join(struct.pack("<f", k * 37 % 101) for k in range(128 * 128)))
envi("two", 1, bytes(k // 64 % 2 for k in range(128 * 128)))
envi("nine", 1, bytes(k // 64 % 2 * 9 for k in range(128 * 128)))
PYTHON
cat >masks.yaml <<'YAML'
data:
  raster: "${scene}"
  labels: { raster: "${labels}" }
  chips: { size: 32, per_epoch: 8 }
  split: { by: block, block: 320 m, buffer: 0 m, valid: 0.3 }
  classes: [ { name: land }, { name: water } ]
model: { name: unet, width: 4 }
train: { epochs: 1, batch: 4, rate: 0.01 }
YAML
cat >recipe.yaml <<'YAML'
data:  { pictures: "${pictures}", labels: by-folder, split: { by: file, valid: 0.3 } }
model: { name: resnet9, width: 8, pretrained: "${start}" }
train: { epochs: 1, batch: 2, rate: 0.01 }
YAML
case $(ldd "$nadir") in *libasan*) most=4000000 ;; *) most=307200 ;; esac

# refuses TITLE 'words of the message' WORD …
refuses() {
    title=$1 words=$2
    shift 2
    before=$(ls -A)
    python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)' "$scratch/memory" "$nadir" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    got=$? ok=yes
    ended 1
    two_lines
    says "$words"
    [ ! -s "$scratch/out" ] || ok=no
    [ "$(cat "$scratch/memory")" -lt "$most" ] || ok=no
    [ "$(ls -A)" = "$before" ] || ok=no
    result "$title"
}
train() { # train PICTURES
    echo train recipe.yaml -q -j 1 -o made -P "pictures=$1" -P start=none
}

refuses one_picture_is_no_training 'the labels know 1 class' $(train one)
refuses a_folder_without_pictures_is_no_training 'no picture' $(train empty)
refuses pictures_that_are_all_torn_are_counted 'none of 12 pictures in torn can be read; the last: ' $(train torn)
refuses pictures_that_unpack_to_zeros_are_counted 'none of 4 pictures in bomb.zip' $(train bomb.zip)
refuses pictures_that_say_they_are_vast_are_counted 'none of 4 pictures in lies.zip' $(train lies.zip)
refuses a_zip_whose_members_overlap_is_refused 'two members overlap' $(train twice.zip)
refuses a_zip_cut_short_is_refused 'its end is missing' $(train cut.zip)
refuses bands_without_a_pixel 'void.img has no pixel with both a value' \
    train masks.yaml -q -j 1 -o made -P scene=void.img -P labels=two.img
refuses labels_outside_the_classes 'has the label 9 at column 64, row 0' \
    train masks.yaml -q -j 1 -o made -P scene=whole.img -P labels=nine.img
refuses weights_to_start_from_that_are_not_there 'nowhere.pth' \
    train recipe.yaml -q -j 1 -o made -P "pictures=$data/eurosat_mini200.zip" -P start=nowhere.pth
refuses a_key_of_a_recipe_that_is_none 'did you mean name?' train text.yaml -q -o made
refuses a_recipe_without_a_bottom 'deep.yaml:1:' train deep.yaml -q -o made
refuses a_recipe_without_an_end 'long.yaml is longer than' train long.yaml -q -o made
refuses a_tensor_of_2_to_the_64 'vast.safetensors: ' info vast.safetensors
refuses tensors_that_share_bytes 'shared.safetensors: ' info shared.safetensors
refuses weights_that_are_no_numbers 'nan.safetensors' \
    predict nan.safetensors "$data/31UFS" -q -o land.tif
refuses a_model_that_lacks_a_tensor 'gone.safetensors' \
    predict gone.safetensors "$data/31UFS" -q -o land.tif
ulimit -f 600
refuses a_checkpoint_for_a_full_disk 'no room on the disk' \
    convert "$data/models/land-use.safetensors" full.pth
refuses a_map_for_a_full_disk 'no room' \
    predict "$data/models/land-use.safetensors" "$data/31UFS" -q -o full.tif --stride 64 \
    --output probability
finish
