# SPDX-License-Identifier: Apache-2.0
"""The same as train.c from Python: python3 examples/train.py"""
import nadir


def heard(line):
    if line["what"] == "epoch":
        print(f"epoch {line['epoch'] + 1}  loss {line['train']['loss']:.3f}  "
              f"valid {line['valid']['accuracy']:.3f}")


run = nadir.train("examples/land.yaml", heard, **{"train.epochs": 5})
model = nadir.load(f"{run}/model.safetensors")
bands = [b["name"] for b in model.card["input"]["bands"]]
classes = [c["name"] for c in model.card["output"]["classes"]]

# Reflectance of a scene, in the numbers that the model knows.
window = nadir.read("data/31UFS").array(100, 100, 64, 64, bands=["B4", "B3", "B2"]) * 10000
chances = model.predict(window[None])[0]
print(bands, "->", classes[chances.argmax()], f"{chances.max():.2f}")

# Or, without touching a pixel, the whole scene as a node of the graph.
land = nadir.read("data/31UFS").predict(model=f"{run}/model.safetensors", stride=32)
print(land.array(0, 0, 256, 256).shape)
