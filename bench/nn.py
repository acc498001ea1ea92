#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nadir bench nn beside Debian's PyTorch, row by row, A B A B, each row a process of its own.

usage: nn.py NADIR [--seconds S] [--pairs N] [--rows SUBSTRING]
CPU seconds a picture (medians of steps, then of pairs) and peak memory; torch in the better of its
memory formats, in inference also frozen. Two threads each. Run it with /usr/bin/python3."""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

# model, bands, size, batch; must for training float32, bfloat16
CASES = [("resnet18", 3, 64, 64, 1.6, 1.3), ("resnet18", 3, 224, 16, 1.8, 1.3),
         ("resnet50", 3, 224, 8, 1.5, 1.45), ("unet", 4, 256, 4, 2.4, 1.6),
         ("unet13", 13, 256, 4, 2.4, 1.6)]
MUST_INFER = (1.5, 1.4)


def unet(torch, bands, classes=10, width=32, depth=5):
    nn = torch.nn

    def two(a, b):
        return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True),
                             nn.Conv2d(b, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            w = [width << i for i in range(depth)]
            self.down = nn.ModuleList([two(bands if i == 0 else w[i - 1], w[i]) for i in range(depth)])
            self.up = nn.ModuleList([nn.ConvTranspose2d(w[i + 1], w[i], 2, 2) for i in range(depth - 1)])
            self.join = nn.ModuleList([two(2 * w[i], w[i]) for i in range(depth - 1)])
            self.pool, self.head = nn.MaxPool2d(2), nn.Conv2d(width, classes, 1)

        def forward(self, x):
            skips = []
            for i, block in enumerate(self.down):
                x = block(x if i == 0 else self.pool(x))
                skips.append(x)
            for i in reversed(range(len(self.up))):
                x = self.join[i](torch.cat([skips[i], self.up[i](x)], 1))
            return self.head(x)

    return Net()


def has_good_blas(torch):
    torch.ones(64, 64) @ torch.ones(64, 64)
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        return any(b in line for line in maps for b in ("openblas", "mkl_", "blis"))


def torch_row(name, bands, size, batch, mode, precision, seconds):
    import torch
    import torchvision
    torch.set_num_threads(2)
    if not has_good_blas(torch):
        sys.exit("torch runs on the reference BLAS: install libopenblas0-openmp")
    torch.manual_seed(1)
    best = None
    for form in (torch.contiguous_format, torch.channels_last):
        for frozen in (False, True) if mode == "infer" and precision == "float32" else (False,):
            net = unet(torch, bands) if name.startswith("unet") else getattr(torchvision.models, name)(num_classes=10)
            net = net.to(memory_format=form).train(mode == "train")
            x = torch.rand(batch, bands, size, size).to(memory_format=form)
            y = torch.zeros((batch, size, size) if name.startswith("unet") else (batch,), dtype=torch.long)
            optim = torch.optim.SGD(net.parameters(), 0.01, 0.9, weight_decay=1e-4)
            loss = torch.nn.CrossEntropyLoss()
            run = torch.jit.freeze(torch.jit.trace(net, x)) if frozen else net

            def step():
                with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                    if mode == "infer":
                        with torch.no_grad():
                            return run(x)
                    value = loss(run(x).float(), y)
                optim.zero_grad(set_to_none=True)
                value.backward()
                optim.step()

            for _ in range(3):
                step()
            spent, start = [], time.monotonic()
            while len(spent) < 3 or time.monotonic() - start < seconds:
                before = time.process_time()
                step()
                spent.append(time.process_time() - before)
            mean = statistics.median(spent) / batch
            eager = None if frozen else mean
            if best is None or mean < best["cpu"]:
                best = {"cpu": mean, "eager": best["eager"] if best else mean,
                        "form": ("nhwc" if form == torch.channels_last else "nchw") + (" frozen" if frozen else "")}
            if eager is not None and eager < best["eager"]:
                best["eager"] = eager
    best["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(best))


def run(command):
    # Threads that spin while they wait would count as work on a machine with other work.
    env = dict(os.environ, OMP_NUM_THREADS="2", OMP_WAIT_POLICY="passive")
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("nadir")
    words.add_argument("--seconds", type=float, default=5)
    words.add_argument("--pairs", type=int, default=3)
    words.add_argument("--rows", default="")
    words = words.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}; CPU seconds a picture: torch (eager; best), nadir, ratio to eager, to best; memory")
    for name, bands, size, batch, *must in CASES:
        for mode in ("train", "infer"):
            for k, precision in enumerate(("float32", "bfloat16")):
                row = f"{name}@{size} {mode} {precision}"
                if words.rows not in row:
                    continue
                a, b = [], []
                for _ in range(words.pairs):
                    a.append(run([sys.executable, __file__, "torch", name, str(bands), str(size), str(batch), mode,
                                  precision, str(words.seconds)]))
                    b.append(run([words.nadir, "bench", "nn", "--json", "--model", name, "--size", str(size), "--mode",
                                  mode, "--precision", precision, "--threads", "2", "--seconds",
                                  str(words.seconds)])[0])
                eager = statistics.median(r["eager"] for r in a)
                best = statistics.median(r["cpu"] for r in a)
                own = statistics.median(r["cpu_s_per_image"] for r in b)
                ratio = statistics.median(p["eager"] / q["cpu_s_per_image"] for p, q in zip(a, b))
                want = must[k] if mode == "train" else MUST_INFER[k]
                mb = max(r["peak_mb"] for r in b), max(r["mb"] for r in a)
                print(f"{row:32s} {eager:.5f} {best:.5f} ({a[0]['form']})  {own:.5f}  {ratio:.2f} "
                      f"{'met' if ratio >= want else 'MISSED'} {want}  {best / own:.2f}  "
                      f"{mb[0]:.0f}/{mb[1]:.0f} MB = {mb[0] / mb[1]:.2f}", flush=True)


if sys.argv[1:2] == ["torch"]:
    torch_row(sys.argv[2], *map(int, sys.argv[3:6]), *sys.argv[6:8], float(sys.argv[8]))
else:
    main()
