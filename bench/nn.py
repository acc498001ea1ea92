#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nadir bench nn beside Debian's PyTorch and onnxruntime, row by row, A B A B, each row a process of its own.

usage: nn.py NADIR [--seconds S] [--pairs N] [--rows SUBSTRING] [--onnxruntime NODE_MODULES]
CPU seconds a picture (medians of steps, then of pairs), two threads each; ratios with the least and the most of all
pairs; peak memory. torch eager in its faster memory format, which is also the one whose memory counts. In float32
inference also torch frozen (the better of freeze and optimize_for_inference) and onnxruntime on torch's own network,
exported, with or without spinning threads, whichever costs less: node's package is taken from --onnxruntime or
NADIR_ONNXRUNTIME. Run it with /usr/bin/python3."""
import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# model, bands, size, batch; must for training float32, bfloat16
CASES = [("resnet18", 3, 64, 64, 1.6, 1.3), ("resnet18", 3, 224, 16, 1.8, 1.3),
         ("resnet50", 3, 224, 8, 1.5, 1.45), ("unet", 4, 256, 4, 2.4, 1.6),
         ("unet13", 13, 256, 4, 2.4, 1.6)]
MUST_INFER = (1.5, 1.4)
MUST_FROZEN = 1.2
INSTALL = "npm install --ignore-scripts --prefix FOLDER onnxruntime-node"
PEER = f"{os.path.dirname(os.path.abspath(__file__))}/onnxruntime.js"


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


def made(torch, name, bands):
    import torchvision
    return unet(torch, bands) if name.startswith("unet") else getattr(torchvision.models, name)(num_classes=10)


def timed(step, seconds, batch):
    for _ in range(3):
        step()
    spent, start = [], time.monotonic()
    while len(spent) < 3 or time.monotonic() - start < seconds:
        before = time.process_time()
        step()
        spent.append(time.process_time() - before)
    return statistics.median(spent) / batch


def prepared(torch, net, x, how):
    if how == "eager":
        return net
    traced = torch.jit.trace(net, x)
    return torch.jit.freeze(traced) if how == "frozen" else torch.jit.optimize_for_inference(traced)


def torch_mode(case, mode, precision, form, how, seconds):
    import torch
    torch.set_num_threads(2)
    if not has_good_blas(torch):
        sys.exit("torch runs on the reference BLAS: install libopenblas0-openmp")
    torch.manual_seed(1)
    name, bands, size, batch = case
    order = torch.channels_last if form == "nhwc" else torch.contiguous_format
    net = made(torch, name, bands).to(memory_format=order).train(mode == "train")
    x = torch.rand(batch, bands, size, size).to(memory_format=order)
    y = torch.zeros((batch, size, size) if name.startswith("unet") else (batch,), dtype=torch.long)
    optim = torch.optim.SGD(net.parameters(), 0.01, 0.9, weight_decay=1e-4)
    loss = torch.nn.CrossEntropyLoss()
    net = prepared(torch, net, x, how)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            if mode == "infer":
                with torch.no_grad():
                    return net(x)
            value = loss(net(x).float(), y)
        optim.zero_grad(set_to_none=True)
        value.backward()
        optim.step()

    print(json.dumps([timed(step, seconds, batch), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def export(name, bands, size, batch, folder):
    """The same network as ONNX, pictures and torch's own answers to them; batch norm has statistics of its own."""
    import torch
    torch.manual_seed(1)
    net, x = made(torch, name, bands), torch.rand(batch, bands, size, size)
    with torch.no_grad():
        for _ in range(2):
            net.train()(x[:4])
        y = net.eval()(x)
    torch.onnx.export(net, x, f"{folder}/net.onnx", opset_version=13)
    x.numpy().tofile(f"{folder}/x.f32")
    y.numpy().tofile(f"{folder}/y.f32")
    print(json.dumps(float(y.abs().max())))


def run(command):
    # Threads that spin while they wait would count as work on a machine with other work.
    env = dict(os.environ, OMP_NUM_THREADS="2", OMP_WAIT_POLICY="passive")
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # an older processor's kernels would be slower
        env.pop(name, None)
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def torch_row(case, mode, precision, seconds):
    """Each of its modes in a process of its own, else the memory of all would count as one's."""
    hows = ("eager", "frozen", "optimized") if mode == "infer" and precision == "float32" else ("eager",)
    seen = {f"{form} {how}": run([sys.executable, __file__, "torch", *map(str, case), mode, precision, form, how, str(seconds)])
            for form in ("nchw", "nhwc") for how in hows}
    eager = min(v for what, v in seen.items() if "eager" in what)
    frozen = min((v for what, v in seen.items() if "eager" not in what), default=(None, None))
    return {"eager": eager[0], "frozen": frozen[0], "mb": eager[1], "form": min(seen, key=seen.get)}


class Onnxruntime:
    """onnxruntime on one row's network: nothing where the package is not there."""

    def __init__(self, modules, folder, case):
        self.modules, self.folder = modules, folder
        self.shape = ",".join(map(str, (case[3], case[1], case[2], case[2])))
        self.largest = run([sys.executable, __file__, "export", *map(str, case), folder])

    def row(self, seconds):
        tries = [run(["node", PEER, self.modules, self.folder, self.shape, "2", str(seconds), spin]) for spin in "01"]
        for t in tries:
            if not t["off"] <= 1e-4 * max(1, self.largest):
                sys.exit(f"onnxruntime's answer is {t['off']} from torch's: no peer")
        return min(tries, key=lambda t: t["cpu"])


def told(ratios, want):
    middle = statistics.median(ratios)
    return f"{middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) {'met' if middle >= want else 'MISSED'} {want}"


def row_text(own, torch, onnxruntime, must):
    cpu = [r["cpu_s_per_image"] for r in own]
    text = f"{statistics.median(cpu):.5f} | {statistics.median(r['eager'] for r in torch):.5f} "
    text += told([t["eager"] / c for t, c in zip(torch, cpu)], must)
    better = [[r["frozen"] for r in torch]] if torch[0]["frozen"] else []
    better += [[r["cpu"] for r in onnxruntime]] if onnxruntime else []
    if better:
        text += " | " + " ".join(f"{statistics.median(times):.5f}" for times in better)
        text += " " + told([min(times) / c for *times, c in zip(*better, cpu)], MUST_FROZEN)
    mb = [max(r[key] for r in rows) for rows, key in ((own, "peak_mb"), (torch, "mb"), (onnxruntime, "mb")) if rows]
    return f"{text} ({torch[0]['form']}) | {'/'.join(f'{m:.0f}' for m in mb)} MB = {mb[0] / mb[1]:.2f}"


def compare(words, case, mode, precision, must, peer):
    row = f"{case[0]}@{case[2]} {mode} {precision}"
    own, torch, onnxruntime = [], [], []
    for _ in range(words.pairs):
        torch.append(torch_row(case, mode, precision, words.seconds))
        if peer:
            onnxruntime.append(peer.row(words.seconds))
        own.append(run([words.nadir, "bench", "nn", "--json", "--model", case[0], "--size", str(case[2]), "--mode", mode,
                        "--precision", precision, "--threads", "2", "--seconds", str(words.seconds)])[0])
    print(f"{row:30s} {row_text(own, torch, onnxruntime, must)}", flush=True)


def found(modules):
    """The version of node's package, or nothing and a line that says how to get it."""
    if modules and not shutil.which("node"):
        sys.exit("onnxruntime runs under node, which is not there: install nodejs")
    try:
        with open(f"{modules}/onnxruntime-node/package.json", encoding="utf-8") as package:
            return json.load(package)["version"]
    except OSError:
        print(f"onnxruntime is not there: {INSTALL}, then --onnxruntime FOLDER/node_modules")
        return None


def main():
    words = argparse.ArgumentParser()
    words.add_argument("nadir")
    words.add_argument("--seconds", type=float, default=5)
    words.add_argument("--pairs", type=int, default=3)
    words.add_argument("--rows", default="")
    words.add_argument("--onnxruntime", metavar="NODE_MODULES", default=os.environ.get("NADIR_ONNXRUNTIME", ""))
    words = words.parse_args()
    version = found(words.onnxruntime)
    print(f"load {os.getloadavg()[0]:.1f}; CPU seconds a picture: nadir | torch eager, ratio | torch frozen, " + (f"onnxruntime {version}, " if version else "") +
          "ratio to the better (torch's fastest mode) | memory")
    for *case, float_must, half_must in CASES:
        for mode in ("train", "infer"):
            for k, precision in enumerate(("float32", "bfloat16")):
                if words.rows not in f"{case[0]}@{case[2]} {mode} {precision}":
                    continue
                must = (float_must, half_must)[k] if mode == "train" else MUST_INFER[k]
                with tempfile.TemporaryDirectory() as folder:
                    is_peer = version and mode == "infer" and precision == "float32"
                    peer = Onnxruntime(words.onnxruntime, folder, case) if is_peer else None
                    compare(words, case, mode, precision, must, peer)


if sys.argv[1:2] == ["torch"]:
    torch_mode((sys.argv[2], *map(int, sys.argv[3:6])), *sys.argv[6:10], float(sys.argv[10]))
elif sys.argv[1:2] == ["export"]:
    export(sys.argv[2], *map(int, sys.argv[3:6]), sys.argv[6])
else:
    main()
