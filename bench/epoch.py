#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole epochs of nadir train beside DataLoader and Debian's PyTorch: the same pictures, network and
variation, as many threads each, A B A B, CPU seconds and wall.

usage: /usr/bin/python3 epoch.py NADIR EUROSAT_RGB.zip [--pictures 1500] [--pairs 2] [--threads 2] [--precision float32 bfloat16]
An epoch of nadir is what three epochs cost more than one, half of it: reading, training, its log and the state
put on the disk. Of torch the second and third epoch are taken; its memory format and its number of workers are
those that were faster (CPU) in a short try before."""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

BATCH, SIDE = 64, 64
RECIPE = """data:
  pictures: {zip}
  split: {{ by: file, valid: 0 }}
model: {{ name: resnet18, stem: imagenet }}
train:
  epochs: {epochs}
  batch: 64
  rate: 0.05
  optimizer: sgd
  decay: 5e-4
  ema: 0
  smoothing: 0.1
  precision: {precision}
  augment: {{ dihedral: true, brightness: 0.1, contrast: 0.1 }}
"""


def used(before=None):
    both = [resource.getrusage(r) for r in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    now = sum(r.ru_utime + r.ru_stime for r in both), time.monotonic()
    return (now[0] - before[0], now[1] - before[1]) if before else now


# ---- The peer, in a process of its own.

def pictures_class(path, names):
    import io
    import numpy
    import torch
    from PIL import Image
    classes = sorted({n.split("/")[-2] for n in names})
    mean = numpy.array([88, 97, 104], "f4")[:, None, None]
    spread = numpy.array([52, 35, 29], "f4")[:, None, None]

    class Pictures(torch.utils.data.Dataset):
        archive = None

        def __len__(self):
            return len(names)

        def __getitem__(self, i):
            if self.archive is None: # one of each worker
                self.archive = zipfile.ZipFile(path)
            x = numpy.asarray(Image.open(io.BytesIO(self.archive.read(names[i])))).transpose(2, 0, 1)
            turn = int(torch.randint(8, ()))
            x = x[:, ::-1] if turn & 1 else x
            x = x[:, :, ::-1] if turn & 2 else x
            x = x.transpose(0, 2, 1) if turn & 4 else x
            light = 1 + 0.1 * (2 * torch.rand(()) - 1) + 0.05 * (2 * torch.rand(3, 1, 1) - 1)
            pull = 1 + 0.1 * float(2 * torch.rand(()) - 1)
            x = mean + (x * light.numpy() - mean) * numpy.float32(pull)
            return torch.from_numpy((x - mean) / spread), classes.index(names[i].split("/")[-2])

    return Pictures(), len(classes)


class Peer:
    def __init__(self, path, precision, form, workers, threads):
        import torch
        import torchvision
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        names = [n for n in zipfile.ZipFile(path).namelist() if n.endswith(".jpg")]
        self.torch, self.form = torch, getattr(torch, form)
        self.pictures, classes = pictures_class(path, names)
        self.workers, self.is_half = workers, precision == "bfloat16"
        self.net = torchvision.models.resnet18(num_classes=classes).to(memory_format=self.form).train()
        self.optim = torch.optim.SGD(self.net.parameters(), 0.05, 0.9, weight_decay=5e-4, nesterov=True)
        self.loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)

    def epoch(self, batches=None):
        torch = self.torch
        loader = torch.utils.data.DataLoader(self.pictures, BATCH, shuffle=True, drop_last=True, num_workers=self.workers)
        for n, (x, y) in enumerate(loader):
            self.optim.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.is_half):
                loss = self.loss(self.net(x.to(memory_format=self.form)), y)
            loss.backward()
            self.optim.step()
            if n + 1 == batches:
                break


def peer(path, precision, form, workers, threads, epochs, batches):
    job = Peer(path, precision, form, int(workers), int(threads))
    has_blas = any(b in line for line in open("/proc/self/maps", errors="replace") for b in ("openblas", "mkl_", "blis"))
    if not has_blas:
        sys.exit("torch runs on the reference BLAS: install libopenblas0-openmp")
    job.epoch(int(batches) or None)
    start = used()
    for _ in range(int(epochs)):
        job.epoch(int(batches) or None)
    cpu, wall = used(start)
    print(json.dumps({"cpu": cpu / int(epochs), "wall": wall / int(epochs)}))


def ask_peer(path, precision, form, workers, threads, epochs=2, batches=0):
    words = [path, precision, form, str(workers), str(threads), str(epochs), str(batches)]
    # A thread that waits for one that the machine does not run spins for ever.
    done = subprocess.run([sys.executable, __file__, "--peer", *words], check=True, capture_output=True, text=True, timeout=600)
    return json.loads(done.stdout)


def better_mode(path, precision, threads):
    tries = {}
    for form in ("contiguous_format", "channels_last"):
        for workers in range(threads + 1):
            tries[form, workers] = ask_peer(path, precision, form, workers, threads, 1, 6)
    for mode, t in tries.items():
        print(f"# torch {precision} {mode[0]}, {mode[1]} workers: {t['cpu']:.2f} CPU s, {t['wall']:.2f} s for 6 batches")
    least_cpu = min(tries, key=lambda m: tries[m]["cpu"])
    least_wall = min(tries, key=lambda m: tries[m]["wall"])
    return list({least_cpu: 0, least_wall: 0})


# ---- nadir.

def own(args, path, precision):
    seen = {}
    with tempfile.TemporaryDirectory() as folder:
        for epochs in (1, 3):
            recipe = pathlib.Path(folder) / "recipe.yaml"
            recipe.write_text(RECIPE.format(zip=path, epochs=epochs, precision=precision))
            before = used()
            subprocess.run([args.nadir, "train", str(recipe), "-o", f"{folder}/{epochs}", "-j", str(args.threads), "-q",
                            "-P", f"data.workers={args.threads}"], check=True)
            seen[epochs] = used(before)
    return {"cpu": (seen[3][0] - seen[1][0]) / 2, "wall": (seen[3][1] - seen[1][1]) / 2}


def subset(path, count, to):
    """So many pictures, evenly out of all classes."""
    whole = zipfile.ZipFile(path)
    names = [n for n in whole.namelist() if n.endswith(".jpg")]
    with zipfile.ZipFile(to, "w") as out:
        for i in range(count):
            name = names[i * len(names) // count]
            out.writestr(name, whole.read(name))


def compare(args, path, precision, must):
    modes = better_mode(path, precision, args.threads)
    ours, theirs = [], {m: [] for m in modes}
    for _ in range(args.pairs):
        ours.append(own(args, path, precision))
        for mode in modes:
            theirs[mode].append(ask_peer(path, precision, *mode, args.threads))
    middle = {what: statistics.median(o[what] for o in ours) for what in ("cpu", "wall")}
    print(f"{precision}: nadir {middle['cpu']:.2f} CPU s, {middle['wall']:.2f} s an epoch of {args.pictures} pictures")
    best = {what: min(statistics.median(t[what] for t in all_) for all_ in theirs.values()) for what in ("cpu", "wall")}
    for mode, all_ in theirs.items():
        cpu, wall = (statistics.median(t[what] for t in all_) for what in ("cpu", "wall"))
        print(f"{precision}: torch {mode[0]}, {mode[1]} workers {cpu:.2f} CPU s, {wall:.2f} s")
    ratio = best["cpu"] / middle["cpu"]
    print(f"{precision}: {ratio:.2f} x in CPU seconds (must be {must}: {'met' if ratio >= must else 'MISSED'}), "
          f"{best['wall'] / middle['wall']:.2f} x in wall; load {os.getloadavg()[0]:.1f}", flush=True)


def main():
    if sys.argv[1] == "--peer":
        return peer(*sys.argv[2:])
    words = argparse.ArgumentParser()
    words.add_argument("nadir", type=lambda p: str(pathlib.Path(p).resolve()))
    words.add_argument("zip")
    words.add_argument("--pictures", type=int, default=1500)
    words.add_argument("--pairs", type=int, default=2)
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--precision", nargs="+", default=["float32", "bfloat16"])
    args = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/some.zip"
        subset(args.zip, args.pictures, path)
        for precision in args.precision:
            compare(args, path, precision, 1.5 if precision == "float32" else 1.3)


if __name__ == "__main__":
    main()
