#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fifty training steps of ResNet-18 and of a small U-Net as PyTorch takes them.

Run by hand (needs python3-torch, torchvision); tests/nn/golden/curves.safetensors is
committed. Weights and batches come from nadir's counter-based generator, which both sides
can compute, so that no large file is needed. Per network: losses in double at a rate of
0.01; in float at 0.001, in both of PyTorch's layouts; marks (sum, norm, sum along noise)
of every parameter after the first step, in double and float, and after the last.
"""
import json
import os
import sys

import numpy as np
import torch
import torchvision

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import golden  # noqa: E402

STEPS = 50


def unit(key, count):
    """nd_random_unit(key, 0 … count - 1): Philox 4x32-10."""
    at = np.arange(count, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    c = [at & low, at >> half, np.zeros_like(at), np.zeros_like(at)]
    k = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        a = c[0] * np.uint64(0xD2511F53)
        b = c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> half) ^ c[1] ^ np.uint64(k[0]), b & low,
             (a >> half) ^ c[3] ^ np.uint64(k[1]), a & low]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return ((c[0] << half | c[1]) >> np.uint64(11)).astype(np.float64) * 2.0 ** -53


class Unit(torch.nn.Sequential):
    def __init__(self, a, b):
        super().__init__(torch.nn.Conv2d(a, b, 3, padding=1, bias=False),
                         torch.nn.BatchNorm2d(b), torch.nn.ReLU())


class Stage(torch.nn.Module):
    def __init__(self, a, b, up=None):
        super().__init__()
        if up:
            self.up = torch.nn.ConvTranspose2d(up, b, 2, 2)
        self.conv1, self.conv2 = Unit(a, b), Unit(b, b)


class UNet(torch.nn.Module):
    def __init__(self, bands, classes, width, depth):
        super().__init__()
        self.depth = depth
        self.down, self.up = torch.nn.ModuleDict(), torch.nn.ModuleDict()
        for s in range(depth):
            self.down[str(s)] = Stage(width << (s - 1) if s else bands, width << s)
        for s in reversed(range(depth - 1)):
            self.up[str(s)] = Stage(2 * width << s, width << s, 2 * width << s)
        self.head = torch.nn.Conv2d(width, classes, 1)

    def forward(self, x):
        skips = []
        for s in range(self.depth):
            if s:
                x = torch.nn.functional.max_pool2d(x, 2)
            stage = self.down[str(s)]
            x = stage.conv2(stage.conv1(x))
            skips.append(x)
        for s in reversed(range(self.depth - 1)):
            stage = self.up[str(s)]
            x = torch.cat([stage.up(x), skips[s]], 1)
            x = stage.conv2(stage.conv1(x))
        return self.head(x)


def begin(net):
    """Parameter k in the order of names: +-sqrt(6 / fan in) of convolutions, +-1 / sqrt(fan
    in) of linear layers; norms at 1 and 0."""
    with torch.no_grad():
        for k, (name, p) in enumerate(sorted(net.named_parameters())):
            if p.dim() > 1:
                bound = np.sqrt((6.0 if p.dim() > 2 else 1.0) / np.prod(p.shape[1:]))
                p.copy_(torch.from_numpy(bound * (2 * unit(1000 + k, p.numel()) - 1)).view(p.shape))
            else:
                p.fill_(1.0 if name.endswith("weight") else 0.0)


def batch(step, shape, labels, classes):
    step %= 4  # labels by chance, new ones each time, make the steps diverge
    x = torch.from_numpy(2 * unit(5000 + step, int(np.prod(shape))) - 1).view(shape)
    y = torch.from_numpy((unit(7000 + step, int(np.prod(labels))) * classes).astype(np.int64))
    return x, y.view(labels)


def marks(net):
    rows = []
    for k, (_, p) in enumerate(sorted(net.named_parameters())):
        v = p.detach().double().reshape(-1).contiguous()
        along = torch.from_numpy(2 * unit(9000 + k, v.numel()) - 1)
        rows.append([v.sum(), v.norm(), (v * along).sum()])
    return torch.tensor(rows, dtype=torch.float64)


def train(make, shape, labels, classes, dtype, rate, layout):
    net = make()
    begin(net)
    net = net.to(dtype=dtype, memory_format=layout)
    o = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
    losses, first = [], None
    for step in range(STEPS):
        x, y = batch(step, shape, labels, classes)
        x = x.to(dtype=dtype, memory_format=layout)
        loss = torch.nn.functional.cross_entropy(net(x), y)
        o.zero_grad()
        loss.backward()
        o.step()
        losses.append(float(loss))
        first = marks(net) if first is None else first
    return torch.tensor(losses, dtype=torch.float64), first, marks(net)


def main():
    f = golden.Family("curves")
    rows = [("resnet18", lambda: torchvision.models.resnet18(num_classes=10),
             (8, 3, 32, 32), (8,), 10),
            ("unet", lambda: UNet(4, 5, 8, 5), (2, 4, 64, 64), (2, 64, 64), 5)]
    plain, last = torch.contiguous_format, torch.channels_last
    for name, make, shape, labels, classes in rows:
        at = (make, shape, labels, classes)
        losses, first, end = train(*at, torch.float64, 0.01, plain)
        small, first_float, _ = train(*at, torch.float32, 0.001, plain)
        other, _, _ = train(*at, torch.float32, 0.001, last)
        fast, _, _ = train(*at, torch.float32, 0.01, plain)
        fast_other, _, _ = train(*at, torch.float32, 0.01, last)
        f.add({"model": name, "shape": list(shape), "classes": classes},
              {"losses": losses, "first": first, "end": end, "float": small,
               "float_last": other, "first_float": first_float, "fast": fast,
               "fast_last": fast_other})
        print(name, json.dumps([float(v) for v in losses[:3]]), float(losses[-1]),
              float((small - other).abs()[:5].max()))
    f.save()


if __name__ == "__main__":
    main()
