#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Water in Sentinel-1, one chip left out after the other, beside thresholds, logistic regression and a
random forest on the same pixels. Every chip is printed; trainings that are done are not repeated.

usage: /usr/bin/python3 floods.py NADIR SEN1FLOODS11 OUT [--seeds 1 2 3] [-j THREADS] [--steps N] [--graph]
OUT gets the runs, maps, pictures of the errors and floods.json. --steps: one training of so many
steps and what it costs, nothing else. --graph: the recipe's first twenty steps from rasters and from a
graph, whose losses and weights must be the same bits, with every file told that was written meanwhile."""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import time

import numpy
from osgeo import gdal
from PIL import Image
from scipy import ndimage

CHIPS = ("India_900498", "Pakistan_849790", "USA_905409", "Somalia_699062", "Spain_7370579")
RECIPE = pathlib.Path(__file__).resolve().parent.parent / "examples/floods.yaml"
gdal.UseExceptions()


def read(path):
    return gdal.Open(str(path)).ReadAsArray()


class Chip:
    def __init__(self, folder, name):
        self.name, self.path = name, folder / f"S1/{name}_S1Hand.tif"
        self.db = read(self.path)
        self.label = read(folder / f"Labels/{name}_LabelHand.tif")
        self.counts = (self.label >= 0) & numpy.isfinite(self.db).all(0)
        # Mean of 5 x 5 in power; where a neighbour is missing, of those that are there.
        power = numpy.where(numpy.isfinite(self.db), 10 ** (self.db / 10), 0)
        there = numpy.isfinite(self.db).astype("f4")
        mean = [ndimage.uniform_filter(p, 5) / numpy.maximum(ndimage.uniform_filter(t, 5), 1e-6)
                for p, t in zip(power, there)]
        self.calm = 10 * numpy.log10(numpy.maximum(mean, 1e-9))

    def matrix(self, water):
        """Right, missed and false pixels of water, of those that count."""
        truth, found = self.label[self.counts] == 1, water[self.counts]
        return numpy.array([(truth & found).sum(), (truth & ~found).sum(), (~truth & found).sum()], float)


def iou(matrix):
    return matrix[0] / matrix.sum()


# ---- What is as old as the hills.

def otsu(values):
    count, edge = numpy.histogram(values, 256)
    middle = (edge[1:] + edge[:-1]) / 2
    below, sums = numpy.cumsum(count), numpy.cumsum(count * middle)
    above = below[-1] - below
    with numpy.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return edge[1 + numpy.nanargmax(between)]


def features(chip):
    """Of each pixel: VV, VH and their difference, as they are, as means and deviations of 5 x 5."""
    db = numpy.where(numpy.isfinite(chip.db), chip.db, chip.calm)
    plain = [db[0], db[1], db[1] - db[0]]
    calm = [chip.calm[0], chip.calm[1], chip.calm[1] - chip.calm[0]]
    rough = [numpy.sqrt(numpy.maximum(ndimage.uniform_filter(p * p, 5) - ndimage.uniform_filter(p, 5) ** 2, 0))
             for p in plain]
    return numpy.stack(plain + calm + rough, -1)


def learners(chips):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    made = {"logistic, 9 features": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
            "random forest, 100 trees": lambda: RandomForestClassifier(100, min_samples_leaf=5, n_jobs=1, random_state=1)}
    draw, some, all_ = numpy.random.default_rng(1), {}, {}
    for c in chips:
        all_[c.name] = features(c)[c.counts], c.label[c.counts]
        pick = draw.choice(len(all_[c.name][1]), 10000, replace=False)
        some[c.name] = all_[c.name][0][pick], all_[c.name][1][pick]
    for title, make in made.items():
        seen = []
        for out in chips:
            x, y = (numpy.concatenate([some[c.name][i] for c in chips if c is not out]) for i in (0, 1))
            water = numpy.zeros(out.label.shape, bool)
            water[out.counts] = make().fit(x, y).predict(all_[out.name][0]) == 1
            seen.append(out.matrix(water))
        yield title, seen


def old_ways(chips):
    for b, band in enumerate(("VV", "VH")):
        yield f"Otsu of each chip, {band}", [c.matrix(c.calm[b] < otsu(c.calm[b][c.counts])) for c in chips]
    yield "everything is water", [c.matrix(numpy.ones(c.label.shape, bool)) for c in chips]
    yield from learners(chips)


# ---- The network.

def cpu():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime


def call(log, *words):
    with open(log, "a", encoding="utf-8") as file:
        subprocess.run([str(w) for w in words], check=True, stdout=file, stderr=file)


def train(args, folder, left_out, *more):
    """As if each process might be the last: a run that is there is gone on with, one that is done left alone."""
    status = folder / "status.json"
    if status.exists() and json.loads(status.read_text())["state"] == "done":
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    split = folder.parent / f"{folder.name}.tsv"
    sides = ((c, "test" if c == left_out else "train") for c in CHIPS)
    split.write_text("".join(f"{c}_S1Hand.tif\t\t{side}\n" for c, side in sides))
    log = folder.parent / f"{folder.name}.log"
    if (folder / "state/last.safetensors").exists():
        call(log, args.nadir, "train", "--resume", folder, "-j", args.threads)
        return
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    call(log, args.nadir, "train", RECIPE, "-o", folder, "-j", args.threads, "-P", f"chips={args.data}",
         "-P", f"split={split}", *more)


def cost(args):
    folder = args.out / "cost/USA"
    subprocess.run(["rm", "-rf", str(folder.parent)], check=True)
    start = time.monotonic()
    train(args, folder, "USA_905409", "-P", "train.epochs=1", "-P", f"data.chips.per_epoch={8 * args.steps}")
    print(f"{args.steps} steps: {cpu():.1f} CPU s, {time.monotonic() - start:.1f} s")


GRAPH = """input: { Read: { file: "${scene}" } }
steps:
  - BandSelect: { sourceBands: [VV, VH] }
output: { Write: { file: "${out}", formatName: GeoTIFF } }
"""


def arrays(path):
    with open(path, "rb") as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {k: data[slice(*v["data_offsets"])] for k, v in head.items() if k != "__metadata__"}


def losses(folder):
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    return [line["loss"] for line in lines if line["t"] == "step"]


def beside_graph(args):
    place = args.out / "graph"
    subprocess.run(["rm", "-rf", str(place)], check=True)
    few = ["-P", "train.epochs=1", "-P", "data.chips.per_epoch=160"]
    train(args, place / "raster", CHIPS[2], *few)
    (place / "graph.yaml").write_text(GRAPH)
    scenes = ", ".join(f'"{args.data}/S1/{c}_S1Hand.tif"' for c in sorted(CHIPS))
    source = f"  graph: {place}/graph.yaml\n  scenes: [{scenes}]\n"
    lines = RECIPE.read_text().splitlines(True)
    (place / "recipe.yaml").write_text("".join(source if s.startswith("  raster:") else s for s in lines))
    (place / "graph.tsv").write_text((place / "raster.tsv").read_text())
    words = [args.nadir, "train", place / "recipe.yaml", "-o", place / "graph", "-j", args.threads, "-P",
             f"chips={args.data}", "-P", f"split={place}/graph.tsv", *few]
    call(place / "graph.log", "strace", "-f", "-qq", "-e", "trace=open,openat,creat", "-o", place / "calls", *words)
    a, b = (arrays(place / way / "model.safetensors") for way in ("raster", "graph"))
    same = a == b and losses(place / "raster") == losses(place / "graph")
    made = [line for line in (place / "calls").read_text().splitlines()
            if any(w in line for w in ("O_CREAT", "O_WRONLY", "O_RDWR", "creat(")) and "ENOENT" not in line
            and not any(w in line for w in (f'"{place}/graph/', '"/dev/', "/proc/"))]
    print(f"raster and graph: {len(losses(place / 'graph'))} losses and {len(a)} arrays are "
          f"{'the same bits' if same else 'NOT the same'}; files written outside the run: {len(made)}")
    print("".join(f"  {line}\n" for line in made), end="")
    return 0 if same and not made else 1


def predict(args, folder, chip, views):
    path = folder / f"map{views}.tif"
    if not path.exists():
        call(folder / "predict.log", args.nadir, "predict", folder / "model.safetensors", chip.path, "-o", path,
             "--units", "dB", "--tta", views, "-j", args.threads)
    return read(path) == 1


def picture(chip, water, path):
    """VH, label, prediction, and what is wrong: missed red, false orange, right water blue."""
    look = numpy.clip((chip.db[1] + 30) / 25, 0, 1)
    grey = numpy.repeat((numpy.nan_to_num(look) * 255).astype("u1")[..., None], 3, 2)
    colours = numpy.array([[200, 180, 120], [32, 96, 192], [128, 128, 128]], "u1")
    label = colours[numpy.where(chip.counts, chip.label == 1, 2)]
    found = colours[numpy.where(chip.counts, water, 2)]
    errors = numpy.full(label.shape, 235, "u1")
    truth = chip.label == 1
    for what, colour in ((truth & water, (120, 160, 220)), (truth & ~water, (210, 0, 0)), (~truth & water, (245, 150, 0))):
        errors[what] = colour
    errors[~chip.counts] = 128
    edge = numpy.full((label.shape[0], 6, 3), 255, "u1")
    Image.fromarray(numpy.concatenate([grey, edge, label, edge, found, edge, errors], 1)).save(path)


def row(title, matrices):
    each = " ".join(f"{iou(m):9.3f}" for m in matrices)
    print(f"{title:28} {each} {iou(sum(matrices)):9.3f} {numpy.mean([iou(m) for m in matrices]):9.3f}", flush=True)
    return {"title": title, "iou": [round(iou(m), 4) for m in matrices], "pooled": round(iou(sum(matrices)), 4),
            "right_missed_false": [m.tolist() for m in matrices]}


def main():
    words = argparse.ArgumentParser()
    words.add_argument("nadir", type=lambda p: pathlib.Path(p).resolve())
    words.add_argument("data", type=lambda p: pathlib.Path(p).resolve())
    words.add_argument("out", type=lambda p: pathlib.Path(p).resolve())
    words.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    words.add_argument("-j", dest="threads", type=int, default=1)
    words.add_argument("--steps", type=int)
    words.add_argument("--graph", action="store_true")
    args = words.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.steps:
        return cost(args)
    if args.graph:
        return beside_graph(args)
    chips = [Chip(args.data, name) for name in CHIPS]
    print(f"{'IoU of water':28} " + " ".join(f"{c.split('_')[0]:>9}" for c in CHIPS) + "    pooled      mean")
    rows, kept = [], args.out / "old.json"
    if kept.exists():
        old = [(r["title"], [numpy.array(m) for m in r["right_missed_false"]]) for r in json.loads(kept.read_text())]
    else:
        old = old_ways(chips)
    rows += [row(title, matrices) for title, matrices in old]
    kept.write_text(json.dumps(rows))
    for seed in args.seeds:
        plain, turned = [], []
        for chip in chips:
            folder = args.out / f"seed{seed}" / chip.name.split("_")[0]
            train(args, folder, chip.name, "-P", f"train.seed={seed}")
            water = predict(args, folder, chip, 1)
            picture(chip, water, args.out / f"seed{seed}_{folder.name}.png")
            plain.append(chip.matrix(water))
            turned.append(chip.matrix(predict(args, folder, chip, 8)))
            print(f"# seed {seed} {folder.name}: {iou(plain[-1]):.3f}, {cpu() / 60:.1f} CPU minutes so far", flush=True)
        rows += [row(f"U-Net, seed {seed}", plain), row(f"  eight views, seed {seed}", turned)]
        (args.out / "floods.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    sys.exit(main())
