#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nadir predict: what it refuses, in its own words, and what explain tells of a network.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
model=$data/models/land-use.safetensors
cd "$scratch" || exit 1
[ -e "$model" ] || { skip predicts 'no model is bundled'; finish; }

if /usr/bin/python3 -c 'import numpy, osgeo' 2>/dev/null; then
    /usr/bin/python3 - "$data" "$model" <<'PYTHON'
import json
import struct
import sys
import numpy as np
from osgeo import gdal

gdal.UseExceptions()
folder, model = sys.argv[1:]
bands = [gdal.Open(f"{folder}/31UFS/ref_input_S2_{b}.tif").ReadAsArray()[:128, :128]
         for b in ("B04", "B03", "B02")]
dn = np.stack(bands).astype("float32")


def write(name, pixels, names=("B04", "B03", "B02")):
    out = gdal.GetDriverByName("GTiff").Create(name, 128, 128, len(names), gdal.GDT_Float32)
    for i, word in enumerate(names):
        out.GetRasterBand(i + 1).WriteArray(pixels[i])
        out.GetRasterBand(i + 1).SetDescription(word)
    out.SetGeoTransform((600000, 10, 0, 5700000, 0, -10))
    srs = gdal.osr.SpatialReference() if hasattr(gdal, "osr") else None
    from osgeo import osr
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(32631)
    out.SetProjection(srs.ExportToWkt())


write("dn.tif", dn)
write("share.tif", dn / 10000)
write("offset.tif", dn + 1000)
write("named.tif", dn, ("B14", "green", "blue"))

with open(model, "rb") as f:
    (length,) = struct.unpack("<Q", f.read(8))
    head = json.loads(f.read(length))
    body = bytearray(f.read())
meta = head["__metadata__"]
card = json.loads(meta["nadir"])


def save(name, body, card):
    words = dict(head)
    words["__metadata__"] = {**meta, "nadir": json.dumps(card)}
    if card is None:
        del words["__metadata__"]
    text = json.dumps(words).encode()
    text += b" " * (-len(text) % 8)
    with open(name, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + bytes(body))


save("bare.safetensors", body, None)
radar = json.loads(meta["nadir"])
for band, name in zip(radar["input"]["bands"], ("VV", "VH", "VH")):
    band.update(name=name, unit="dB")
    band.pop("wavelength_nm", None)
radar["input"].pop("level")
radar["name"] = "flood"
save("radar.safetensors", body, radar)
first = head["conv1.weight"]["data_offsets"][0]
spoilt = bytearray(body)
spoilt[first:first + 2] = b"\xc0\x7f" if head["conv1.weight"]["dtype"] == "BF16" else b"\0\0"
if head["conv1.weight"]["dtype"] == "F32":
    spoilt[first:first + 4] = b"\0\0\xc0\x7f"
save("spoilt.safetensors", spoilt, card)
write("power.tif", np.abs(dn) / 1e5, ("Sigma0_VV", "VV", "VH"))
PYTHON
    has_gdal=yes
else
    has_gdal=no
    skip refuses_values 'numpy or GDAL for Python is not installed'
fi

fails 1 refuses_another_level \
    'land-use was trained on L1C, and the scene is L2A' predict "$model" "$data/29RKH" -o a.tif
says 'take the scene'"'"'s L1C product, or say accept_level: true'
result tells_what_to_do_about_the_level
fails 1 refuses_other_pixels 'was trained on pixels of 10 m, and these are of 100 m' \
    predict "$model" "$data/29RKH" -o a.tif --accept-level
says 'put a Resample to 10 m before it'
result tells_what_to_do_about_the_pixels
fails 1 refuses_output_it_does_not_know 'output: there is no clas' \
    predict "$model" "$data/31UFS" -o a.tif --output clas
fails 1 refuses_disagreement_of_one 'give more by ensemble' \
    predict "$model" "$data/31UFS" -o a.tif --output mutual
[ ! -e a.tif ] || ok=no
result leaves_nothing_behind

if [ $has_gdal = yes ]; then
    fails 1 wants_to_know_the_unit 'band B04 does not say its unit' \
        predict "$model" dn.tif -o a.tif
    run predict "$model" dn.tif -o a.tif --units DN --stride 64
    ended 0
    result takes_the_unit_from_the_user
    fails 1 refuses_shares_for_digital_numbers \
        'these look like shares of 1: say units: reflectance' \
        predict "$model" share.tif -o b.tif --units DN
    run predict "$model" share.tif -o b.tif --units reflectance --stride 64
    ended 0
    cmp -s a.tif b.tif || /usr/bin/python3 -c "
from osgeo import gdal
a, b = (gdal.Open(f).ReadAsArray() for f in ('a.tif', 'b.tif'))
assert (a == b).mean() > 0.999" || ok=no
    result takes_shares_for_what_they_are
    run predict "$model" offset.tif -o c.tif --units DN --stride 64
    ended 0
    says 'about 1000 above those of the training at their darkest'
    result asks_about_an_offset
    fails 1 names_the_nearest_band 'if B14 stands for it, say so: bands: B04=B14' \
        predict "$model" named.tif -o d.tif --units DN
    run predict "$model" named.tif -o d.tif --units DN --bands B04=B14 --stride 64
    ended 0
    result finds_bands_by_word_and_by_colour
    fails 1 refuses_power_for_decibels 'flood wants VV in dB, and band VV is in intensity' \
        predict radar.safetensors power.tif -o e.tif --units intensity
    says 'add LinearToFromdB before Predict'
    result names_the_operator_for_decibels
    fails 1 refuses_weights_that_are_no_numbers '1 of the weights conv1.weight are not finite' \
        predict spoilt.safetensors dn.tif -o f.tif --units DN
    run predict bare.safetensors dn.tif -o g.tif --units DN
    ended 1
    says 'for 3 bands: {"model"'
    says 'write its card with nadir convert --card'
    [ ! -e g.tif ] || ok=no
    result prints_a_card_to_begin_with
    run predict "$model" dn.tif -o h.tif --units DN --dense --threshold 0.9 \
        --output class,confidence
    ended 0
    says '% of the pixels that have an answer are unsure'
    /usr/bin/python3 - "$(grep -o '[0-9.]* % of the pixels' err)" <<'PYTHON' || ok=no
import sys
from osgeo import gdal
file = gdal.Open("h.tif")
kind, sure = file.ReadAsArray()
assert ((kind == 254) == (sure < 0.9)).all()
assert abs(100 * (kind == 254).mean() - float(sys.argv[1].split()[0])) < 0.06
band = file.GetRasterBand(1)
names = band.GetMetadata()
assert "unsure" in names.values() and "SeaLake" in names.values(), names
PYTHON
    result tells_how_much_is_unsure
    gdalinfo a.tif 2>/dev/null | grep -q 'NoData Value=255' || ok=no
    gdalinfo a.tif 2>/dev/null | grep -q '9: 8,81,156' || ok=no
    result writes_the_colours_of_the_classes
fi

cat >land.yaml <<YAML
input:  { Read: { file: "$data/31UFS" } }
steps:
  - Predict: { model: "$model" }
output: { Write: { file: land.tif } }
YAML
run explain land.yaml
ended 0
prints 'wanted   in   offered   in   times'
prints 'B04      DN   B4        dl   10000'
prints 'of it for networks'
result explains_what_a_network_is_given_and_holds
run explain land.yaml --json
ended 0
python3 - out <<'PYTHON' || ok=no
import json
import sys
told = json.load(open(sys.argv[1]))
plan = told["outputs"][0]
assert plan["held_bytes"] > 1 << 20 and plan["peak_bytes"] > plan["held_bytes"]
rows = [n["told"] for n in told["nodes"] if "told" in n][0]
assert rows[1][:3] == ["B04", "DN", "B4"]
PYTHON
result explains_it_as_json
finish
