#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A training run that trains nothing: writes what a real one writes into its folder.
usage: fake_run.py FOLDER [--seed N] [--steps DONE] [--live] [--rate HZ]
DONE rows are written at once; with --live it goes on, so many rows a second, and obeys its
control file, until its input ends."""
import argparse
import json
import math
import os
import pathlib
import random
import struct
import sys
import threading
import time
import zlib

CLASSES = [("water", "#2b6cd4"), ("forest", "#1f7a34"), ("meadow", "#9bcf53"), ("field", "#e0b83c"),
           ("HerbaceousVegetation", "#b5483a"), ("rock", "#8d8d8d")]
PER_EPOCH, EPOCHS = 100, 60


def png(width, height, pixel):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b""))


class Run:
    def __init__(self, folder, seed):
        self.folder, self.random = pathlib.Path(folder), random.Random(seed)
        self.seed, self.step, self.state, self.best = seed, 0, "running", None
        self.start, self.has_ended = time.time(), False
        (self.folder / "pictures").mkdir(parents=True, exist_ok=True)
        self.metrics = open(self.folder / "metrics.jsonl", "a", encoding="utf-8")
        self.obeyed = 0

    def line(self, **what):
        self.metrics.write(json.dumps({"v": 1, **what}) + "\n")
        self.metrics.flush()

    def put(self, name, what):
        part = self.folder / (name + ".tmp")
        part.write_text(json.dumps(what), encoding="utf-8")
        part.replace(self.folder / name)

    def status(self):
        self.put("status.json", {
            "state": self.state, "epoch": self.step // PER_EPOCH, "epochs": EPOCHS, "step": self.step,
            "steps": PER_EPOCH * EPOCHS, "eta_s": (PER_EPOCH * EPOCHS - self.step) / 10, "img_s": 610.5,
            "pid": os.getpid(), **({"best": self.best} if self.best else {})})

    def advance(self):
        s, share = self.step, self.step / (PER_EPOCH * EPOCHS)
        loss = (2.2 - 0.1 * self.seed % 0.7) * math.exp(-4 * share) + 0.08 + abs(self.random.gauss(0, 0.06))
        spike = 6.5 if s == 333 else 0
        self.line(t="step", step=s, epoch=s // PER_EPOCH, lr=0.05 * math.sin(math.pi * min(1, share * 1.3 + 0.02)) + 1e-5,
                  loss=loss + spike if s != 150 else None, grad_norm=2 * math.exp(-share) + self.random.random() / 5,
                  img_s=600 + 20 * self.random.random(), wait=0.02 + 0.01 * self.random.random())
        self.step += 1
        if self.step % PER_EPOCH == 0:
            self.epoch(self.step // PER_EPOCH - 1)

    def epoch(self, number):
        accuracy = 0.97 - 0.6 * math.exp(-0.35 * (number + 1)) - 0.006 * self.seed
        loss = 2 * math.exp(-0.3 * (number + 1)) + 0.15
        self.line(t="epoch", epoch=number, step=self.step, train={"loss": loss * 0.9},
                  valid={"loss": loss, "acc": accuracy, "iou": accuracy - 0.1, "n": 3600, "ci95": [accuracy - 0.01, accuracy + 0.01]},
                  seconds=10.5, skipped=0)
        if not self.best or accuracy > self.best["value"]:
            self.best = {"epoch": number, "metric": "acc", "value": accuracy}
        n, k = 600, len(CLASSES)
        matrix = [[round(n * (accuracy if i == j else (1 - accuracy) / (k - 1))) for j in range(k)] for i in range(k)]
        self.put("confusion.json", {"epoch": number, "classes": [{"name": c, "color": v} for c, v in CLASSES], "matrix": matrix,
                                    "n": n * k, "accuracy": accuracy, "ci95": [accuracy - 0.01, accuracy + 0.01]})
        for name, first in [("worst", 0), ("sample", 24)]:
            self.put(name + ".json", {"epoch": number, "rows": [self.picture(first + i, name, number) for i in range(24)]})

    def picture(self, i, kind, epoch):
        truth, other = i % len(CLASSES), (i * 5 + 1) % len(CLASSES)
        prediction = other if kind == "worst" or i % 7 == 0 else truth
        red, green, blue = (int(CLASSES[truth][1][k:k + 2], 16) for k in (1, 3, 5))
        file = f"{i:04d}.png"
        if epoch == 0:
            (self.folder / "pictures" / file).write_bytes(png(32, 32, lambda x, y: tuple(
                max(0, min(255, int(c + 50 * math.sin((x + i) / 4) * math.cos(y / 5)))) for c in (red, green, blue))))
        place = {"x": 605000 + 700 * i, "y": 5695000 - 500 * i, "crs": "EPSG:32631"} if i % 4 else {}
        return {"picture": f"pictures/{file}", "name": f"tile_{i:05d}.jpg", "truth": CLASSES[truth][0],
                "prediction": CLASSES[prediction][0], "confidence": 0.99 - i / 60, "loss": 4.5 - i / 12, **place}

    def rate(self):
        rates = [10 ** (-6 + 6 * i / 99) for i in range(100)]
        losses = [2.3 - 1.6 / (1 + math.exp(-3 * (math.log10(r) + 2.6))) + (r * 2) ** 3 for r in rates]
        self.put("rate.json", {"rate": rates, "loss": [v + self.random.gauss(0, 0.05) for v in losses], "smooth": losses,
                               "suggestion": {"valley": 2.2e-3, "steep": 1.8e-3, "minimum": 2.1e-2, "slide": 9e-3}})

    def obey(self):
        try:
            words = (self.folder / "control").read_text().split()
        except OSError:
            return
        for word in words[self.obeyed:]:
            self.state = {"stop": "stopped", "pause": "paused", "resume": "running"}.get(word, self.state)
            self.line(t="event", what=word, step=self.step)
        self.obeyed = len(words)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("folder")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--steps", type=int, default=0)
    words.add_argument("--live", action="store_true")
    words.add_argument("--rate", type=float, default=10)
    set_ = words.parse_args()
    run = Run(set_.folder, set_.seed)
    run.rate()
    for _ in range(set_.steps):
        run.advance()
    run.state = "running" if set_.live else "done"
    run.status()
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    print("ready", flush=True)
    due = time.monotonic()
    while set_.live and not over.is_set() and run.state != "stopped":
        run.obey()
        if run.state == "running":
            run.advance()
        run.status()
        due += 1 / set_.rate
        over.wait(max(0, due - time.monotonic()))


main()
