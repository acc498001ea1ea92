#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What trained weights are worth with ten pictures of a class: fine-tuned (a new head alone, then all layers, the
first ones at a hundredth or a tenth of the rate, or at the same) beside the same recipe from scratch, three seeds, judged on
the test side of data/eurosat_split.tsv.

usage: /usr/bin/python3 finetune.py NADIR EUROSAT_RGB.zip OUT [FOREIGN.pt] [-j THREADS]
1. A net that learnt five of EuroSAT's classes from its training side, written as .pth, learns the other five.
2. FOREIGN: a three-stage ResNet of width 32 with torchvision's names, as eurosat_rgb_resnet_baseline.pt. Those
   weights saw an unknown part of the test side: that figure shows that they are taken up, not how good they are."""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import zipfile

import numpy

HERE = pathlib.Path(__file__).resolve().parent
SEEDS = (1, 2, 3)


def cpu():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime


class Pictures:
    def __init__(self, path, out):
        self.zip, self.out = zipfile.ZipFile(path), out
        apart = [line.split("\t") for line in (HERE.parent / "data/eurosat_split.tsv").read_text().splitlines()[1:]]
        side = {key: side for key, _, side in apart}
        self.side = {"train": {}, "valid": {}, "test": {}}
        for name in self.zip.namelist():
            if name.endswith(".jpg"):
                key = name.split("/", 1)[1]
                self.side[side.get(key, "train")].setdefault(key.split("/")[0], []).append(name)

    def classes(self):
        return sorted(self.side["train"])

    def folder(self, title, side, classes, each=None, seed=0):
        """A zip with a folder for each class: `each` of them, drawn by the seed, or all."""
        path, draw = self.out / f"{title}.zip", numpy.random.default_rng(seed)
        with zipfile.ZipFile(path, "w") as to:
            for c in classes:
                names = self.side[side][c]
                for name in draw.choice(names, each, replace=False) if each else names:
                    to.writestr(name, self.zip.read(name))
        return path


def call(args, *words):
    done = subprocess.run([str(w) for w in (args.nadir, *words)], check=True, capture_output=True, text=True)
    return done.stdout


def train(args, folder, pictures, *keys):
    if not (folder / "card.md").exists():
        subprocess.run(["rm", "-rf", str(folder)], check=True)
        words = [w for key in keys for w in ("-P", key)]
        call(args, "train", HERE / "finetune.yaml", "-o", folder, "-j", args.threads, "-q",
             "-P", f"pictures={pictures}", *words)


def judge(args, folder, pictures):
    told = json.loads(call(args, "evaluate", folder / "model.safetensors", "--data", pictures, "--json",
                           "-j", args.threads))
    return told["accuracy"], told["n"]


def pair(args, pictures, title, classes, model, pretrained):
    """Both ways, every seed with ten other pictures of each class."""
    start = [f"model.pretrained={pretrained}", "model.freeze=8"]
    ways = {"from scratch": []} | {f"spread {s}": [*start, f"train.spread={s}"] for s in (100, 10, 1)}
    test, seen = pictures.folder(f"{title}_test", "test", classes), {way: [] for way in ways}
    for seed in SEEDS:
        few = pictures.folder(f"{title}_{seed}", "train", classes, 10, seed)
        same = [*model, f"train.seed={seed}", f"train.batch={2 * len(classes)}"]
        for way, more in ways.items():
            folder = args.out / f"{title}_{way.replace(' ', '_')}_{seed}"
            train(args, folder, few, *same, *more)
            accuracy, n = judge(args, folder, test)
            seen[way].append(100 * accuracy)
            print(f"# {title}, seed {seed}, {way}: {100 * accuracy:.2f} % of {n}", flush=True)
    for way, all_ in seen.items():
        each = " ".join(f"{a:.2f}" for a in all_)
        gain = statistics.mean(all_) - statistics.mean(seen["from scratch"])
        print(f"{title}, {way}: {each} %, mean {statistics.mean(all_):.2f} %, deviation {statistics.stdev(all_):.2f}, "
              f"gain {gain:+.2f} points", flush=True)


def main():
    words = argparse.ArgumentParser()
    for name in ("nadir", "zip", "out"):
        words.add_argument(name, type=lambda p: pathlib.Path(p).resolve())
    words.add_argument("foreign", nargs="?", type=lambda p: pathlib.Path(p).resolve())
    words.add_argument("-j", dest="threads", type=int, default=1)
    args = words.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    pictures = Pictures(args.zip, args.out)
    five, others = pictures.classes()[:5], pictures.classes()[5:]
    print(f"# learnt first: {', '.join(five)}; then: {', '.join(others)}")
    base = args.out / "base"
    train(args, base, pictures.folder("base_pictures", "train", five), "train.epochs=3", "train.batch=64",
          "train.ema=0.99")
    if not (args.out / "base.pth").exists():
        call(args, "convert", base / "model.safetensors", args.out / "base.pth")
    print(f"# the five: {cpu():.0f} CPU s")
    pair(args, pictures, "other five classes", others, [], args.out / "base.pth")
    if args.foreign:
        pair(args, pictures, "ten classes, foreign weights", pictures.classes(),
             ["model.name=resnet18", "model.width=32"], args.foreign)
    print(f"# all of it: {cpu():.0f} CPU s")


if __name__ == "__main__":
    main()
