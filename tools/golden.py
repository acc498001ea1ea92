#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Values of layers, losses and optimisers as PyTorch computes them in double.

Run by hand (needs python3-torch); what it writes to tests/nn/golden is committed. One
file a family; a case NAME has its settings under NAME in __metadata__ and its arrays as
NAME/x, NAME/y (forward), NAME/g (gradient of y), NAME/dx, NAME/p.WHAT (a parameter) and
NAME/d.WHAT (its gradient).
"""
import json
import os
import struct
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "nn", "golden")


def write(path, arrays, notes):
    """safetensors: length of the header, the header, the numbers."""
    kinds = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64"}
    header, at = {"__metadata__": notes}, 0
    for name, a in arrays.items():
        size = a.numel() * a.element_size()
        header[name] = {"dtype": kinds[a.dtype], "shape": list(a.shape),
                        "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for a in arrays.values():
            out.write(a.detach().contiguous().numpy().tobytes())


class Family:
    def __init__(self, name):
        self.name, self.arrays, self.count = name, {}, 0
        self.notes = {"torch": torch.__version__}
        torch.manual_seed(sum(map(ord, name)))

    def add(self, settings, arrays):
        case = "%03d" % self.count
        self.count += 1
        self.notes[case] = json.dumps(settings, separators=(",", ":"))
        for name, a in arrays.items():
            self.arrays[case + "/" + name] = a.detach()

    def layer(self, run, x, parameters=None, **settings):
        """run(x, parameters) gives y; all gradients for a random one of y."""
        parameters = parameters or {}
        leaves = {"x": x, **{"p." + k: v for k, v in parameters.items()}}
        for a in leaves.values():
            a.requires_grad_(a.dtype == torch.float64)
        y = run(x, parameters)
        g = torch.randn(y.shape)
        real = [a for a in leaves.values() if a.requires_grad]
        grads = torch.autograd.grad((y * g).sum(), real, allow_unused=True)
        out, k = {}, 0
        for name, a in leaves.items():
            out[name] = a
            if a.requires_grad:
                short = "dx" if name == "x" else "d." + name[2:]
                out[short] = torch.zeros_like(a) if grads[k] is None else grads[k]
                k += 1
        self.add(settings, {**out, "y": y, "g": g})

    def save(self):
        path = os.path.join(HERE, self.name + ".safetensors")
        write(path, self.arrays, self.notes)
        print(os.path.getsize(path), self.name, self.count)


def away(*shape):
    """Distinct numbers at least 1e-2 from 0, 3 and -3, where functions have kinks."""
    x = torch.randn(*shape) * 2
    for kink in (0.0, 3.0, -3.0):
        d = x - kink
        x = torch.where(d.abs() < 1e-2, x + 0.03, x)
    return x


def convolutions():
    f = Family("conv")
    rows = [  # n, c, h, w, out, kernel, stride, pad, dilation, groups, bias
        (2, 3, 7, 9, 4, 3, 1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1),
        (2, 4, 5, 6, 6, 3, 2, 1, 1, 2, 0), (1, 5, 9, 9, 5, 3, 1, 2, 2, 5, 1),
        (2, 13, 4, 4, 3, 1, 1, 0, 1, 1, 0), (1, 2, 8, 3, 2, 2, 3, 0, 1, 1, 1),
        (1, 3, 9, 9, 2, 7, 2, 3, 1, 1, 0), (0, 3, 5, 5, 2, 3, 1, 1, 1, 1, 1),
        (1, 17, 2, 2, 16, 3, 1, 1, 1, 1, 1), (2, 4, 3, 3, 8, 5, 1, 2, 1, 4, 1),
        (1, 2, 6, 7, 3, 3, 3, 1, 2, 1, 1), (1, 6, 2, 9, 4, 2, 2, 1, 1, 2, 1),
        (3, 1, 3, 1, 2, 3, 1, 1, 1, 1, 0), (1, 1, 5, 5, 1, 2, 4, 0, 1, 1, 0)]
    for n, c, h, w, out, k, s, p, d, groups, bias in rows:
        par = {"weight": torch.randn(out, c // groups, k, k)}
        if bias:
            par["bias"] = torch.randn(out)
        f.layer(lambda x, q: F.conv2d(x, q["weight"], q.get("bias"), s, p, d, groups),
                torch.randn(n, c, h, w), par, layer="conv", out=out, kernel=k, stride=s,
                pad=p, dilation=d, groups=groups, bias=bias)
    rows = [  # …, more
        (2, 3, 4, 5, 2, 2, 2, 0, 1, 1, 1, 0), (1, 4, 3, 3, 6, 3, 2, 1, 1, 2, 1, 1),
        (1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0), (1, 2, 5, 2, 3, 3, 1, 1, 2, 1, 0, 1),
        (2, 6, 2, 3, 3, 3, 3, 0, 1, 3, 1, 2), (0, 2, 3, 3, 2, 2, 2, 0, 1, 1, 1, 0)]
    for n, c, h, w, out, k, s, p, d, groups, bias, more in rows:
        par = {"weight": torch.randn(c, out // groups, k, k)}
        if bias:
            par["bias"] = torch.randn(out)
        f.layer(lambda x, q: F.conv_transpose2d(x, q["weight"], q.get("bias"), s, p, more,
                                                groups, d),
                torch.randn(n, c, h, w), par, layer="conv_transpose", out=out, kernel=k,
                stride=s, pad=p, dilation=d, groups=groups, bias=bias, more=more)
    rows = [((5, 3), 4, 1), ((2, 3, 6), 2, 0), ((1, 1), 1, 1), ((7,), 3, 1), ((0, 4), 2, 1)]
    for shape, out, bias in rows:
        par = {"weight": torch.randn(out, shape[-1])}
        if bias:
            par["bias"] = torch.randn(out)
        f.layer(lambda x, q: F.linear(x, q["weight"], q.get("bias")), torch.randn(*shape),
                par, layer="linear", out=out, bias=bias)
    f.save()


def norms():
    f = Family("norm")
    for shape, eps, momentum, training, shift in [
            ((2, 3, 4, 5), 1e-5, 0.1, 1, 0), ((4, 5), 1e-3, 0.01, 1, 0),
            ((2, 1, 1, 1), 1e-5, 0.3, 1, 0), ((3, 2, 3, 1), 1e-5, 0.1, 0, 0),
            ((2, 17, 3, 2), 1e-5, 0.1, 0, 0), ((2, 3, 5, 5), 1e-5, 0.1, 1, 1000)]:
        c = shape[1]
        par = {"weight": torch.randn(c), "bias": torch.randn(c)}
        mean, var = torch.randn(c), torch.rand(c) + 0.5
        after = [mean.clone(), var.clone()]
        x = torch.randn(*shape) + shift

        def run(x, q):
            return F.batch_norm(x, after[0], after[1], q["weight"], q["bias"],
                                bool(training), momentum, eps)
        f.layer(run, x, par, layer="batch_norm", epsilon=eps, momentum=momentum,
                training=training)
        case = "%03d/" % (f.count - 1)
        f.arrays[case + "p.running_mean"], f.arrays[case + "p.running_var"] = mean, var
        f.arrays[case + "after.running_mean"] = after[0]
        f.arrays[case + "after.running_var"] = after[1]
    for shape, axes, affine in [((2, 3, 5), 1, 1), ((4, 3, 2, 5), 3, 1), ((3, 7), 1, 0),
                                ((2, 1), 1, 1), ((3, 4), 2, 1)]:
        last = shape[-axes:]
        par = {"weight": torch.randn(*last), "bias": torch.randn(*last)} if affine else {}
        f.layer(lambda x, q: F.layer_norm(x, last, q.get("weight"), q.get("bias"), 1e-5),
                torch.randn(*shape), par, layer="layer_norm", axes=axes, affine=affine)
    for shape, groups, affine in [((2, 6, 3, 2), 3, 1), ((1, 4, 5, 1), 1, 1),
                                  ((2, 3, 3, 3), 3, 0), ((3, 8), 2, 1)]:
        c = shape[1]
        par = {"weight": torch.randn(c), "bias": torch.randn(c)} if affine else {}
        f.layer(lambda x, q: F.group_norm(x, groups, q.get("weight"), q.get("bias"), 1e-5),
                torch.randn(*shape), par, layer="group_norm", groups=groups, affine=affine)
    f.save()


def points():
    f = Family("point")
    functions = [("relu", F.relu), ("leaky", lambda x: F.leaky_relu(x, 0.2)),
                 ("gelu", F.gelu), ("silu", F.silu), ("hardswish", F.hardswish),
                 ("sigmoid", torch.sigmoid), ("tanh", torch.tanh)]
    # Not at 3 and -3: there PyTorch's vectors and its remainders differ on hardswish.
    for at, (name, run) in enumerate(functions):
        a = 0.2 if name == "leaky" else 0
        f.layer(lambda x, q: run(x), away(3, 2, 4, 3), layer="activate", function=at, a=a)
        edges = torch.tensor([0.0, -0.0, 2.5, -2.5, 6, -6, 40, -40, 700, -700, 1e-8])
        f.layer(lambda x, q: run(x), edges, layer="activate", function=at, a=a, edges=1)
    for shape, axis in [((2, 5, 3), 1), ((4, 3), 1), ((3, 1, 2), 1), ((2, 3, 4), 0),
                        ((2, 2, 7), 2)]:
        f.layer(lambda x, q: F.softmax(x, axis), torch.randn(*shape) * 5,
                layer="softmax", axis=axis)
    for a, b in [((2, 3, 4), (2, 3, 4)), ((2, 3, 4, 5), (3, 1, 1)), ((2, 1, 3), (4, 1)),
                 ((1,), (2, 3)), ((2, 3, 1, 1), (1, 3, 2, 2)), ((0, 3), (3,))]:
        par = {"b": torch.randn(*b)}
        f.layer(lambda x, q: x + q["b"], torch.randn(*a), dict(par), layer="add", b=list(b))
        f.layer(lambda x, q: x * q["b"], torch.randn(*a), dict(par), layer="multiply",
                b=list(b))
    f.layer(lambda x, q: x * -2.5, torch.randn(2, 3), layer="scale", a=-2.5)
    f.layer(lambda x, q: x * x + x, torch.randn(2, 3), layer="thrice")
    f.save()


def windows():
    f = Family("window")
    for shape, k, s, p, ceil, leave in [
            ((2, 3, 6, 7), 2, 2, 0, 0, 0), ((1, 2, 7, 5), 3, 2, 1, 0, 0),
            ((1, 1, 5, 6), 3, 2, 1, 1, 1), ((2, 2, 4, 4), 3, 1, 1, 0, 1),
            ((1, 1, 1, 1), 1, 1, 0, 0, 0), ((1, 2, 5, 5), 2, 3, 0, 1, 0),
            ((1, 1, 8, 8), 3, 3, 1, 1, 0), ((0, 2, 4, 4), 2, 2, 0, 0, 0),
            ((1, 1, 4, 5), 2, 3, 1, 1, 0)]:
        f.layer(lambda x, q: F.max_pool2d(x, k, s, p, ceil_mode=bool(ceil)),
                away(*shape), layer="max_pool", kernel=k, stride=s, pad=p, ceil=ceil)
        f.layer(lambda x, q: F.avg_pool2d(x, k, s, p, bool(ceil), not leave),
                torch.randn(*shape), layer="mean_pool", kernel=k, stride=s, pad=p,
                ceil=ceil, leave=leave)
    for shape, h, w in [((2, 3, 7, 5), 3, 2), ((1, 2, 3, 4), 1, 1), ((1, 1, 2, 3), 5, 4),
                        ((1, 2, 6, 6), 6, 6), ((1, 1, 1, 1), 2, 1)]:
        f.layer(lambda x, q: F.adaptive_avg_pool2d(x, (h, w)), torch.randn(*shape),
                layer="mean_pool_to", height=h, width=w)
        f.layer(lambda x, q: F.adaptive_max_pool2d(x, (h, w)), away(*shape),
                layer="max_pool_to", height=h, width=w)
    for how, (mode, corners) in enumerate([("nearest", None), ("bilinear", False),
                                           ("bilinear", True)]):
        for shape, h, w in [((2, 3, 4, 3), 8, 6), ((1, 2, 4, 5), 6, 7), ((1, 1, 5, 6), 3, 2),
                            ((1, 1, 1, 1), 3, 2), ((1, 2, 7, 4), 1, 4), ((1, 1, 3, 3), 10, 11)]:
            f.layer(lambda x, q: F.interpolate(x, (h, w), mode=mode, align_corners=corners),
                    torch.randn(*shape), layer="upsample", height=h, width=w, how=how)
    f.save()


def shapes():
    f = Family("shape")
    for like, mode in enumerate(["constant", "reflect", "replicate"]):
        for shape, pads in [((1, 2, 4, 5), (1, 2, 3, 0)), ((2, 1, 3, 3), (2, 2, 2, 2)),
                            ((1, 1, 2, 6), (0, 5, 1, 1))]:
            value = 1.5 if like == 0 else 0
            f.layer(lambda x, q: F.pad(x, pads, mode, value) if like == 0
                    else F.pad(x, pads, mode), torch.randn(*shape), layer="pad", like=like,
                    value=value, left=pads[0], right=pads[1], top=pads[2], bottom=pads[3])
    for shape, b, axis in [((2, 3, 4), (2, 1, 4), 1), ((1, 2), (4, 2), 0),
                           ((2, 2, 3, 1), (2, 2, 3, 5), 3)]:
        f.layer(lambda x, q: torch.cat([x, q["b"], x], axis), torch.randn(*shape),
                {"b": torch.randn(*b)}, layer="concat", b=list(b), axis=axis)
    for shape, axis, first, count in [((3, 4, 5), 1, 1, 2), ((5,), 0, 0, 5),
                                      ((2, 3, 2, 4), 3, 3, 1), ((2, 3), 1, 1, 0)]:
        f.layer(lambda x, q: x.narrow(axis, first, count), torch.randn(*shape),
                layer="slice", axis=axis, first=first, count=count)
    f.layer(lambda x, q: x.reshape(4, -1), torch.randn(2, 3, 4), layer="reshape",
            shape=[4, -1])
    f.layer(lambda x, q: x.flatten(1), torch.randn(3, 2, 2, 2), layer="flatten")
    for shape, order in [((2, 3), [1, 0]), ((2, 3, 4, 5), [0, 2, 3, 1]),
                         ((1, 2, 3, 2, 2), [4, 2, 0, 3, 1]), ((2, 3, 4), [0, 1, 2])]:
        f.layer(lambda x, q: x.permute(order), torch.randn(*shape), layer="transpose",
                order=order)
    for a, b in [((3, 4), (4, 2)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)),
                 ((2, 1, 3, 4), (3, 4, 2)), ((1, 1), (1, 1)), ((2, 3, 0), (2, 0, 2))]:
        f.layer(lambda x, q: x @ q["b"], torch.randn(*a), {"b": torch.randn(*b)},
                layer="matmul", b=list(b))
    runs = [lambda x, d: x.sum(d, True), lambda x, d: x.mean(d, True),
            lambda x, d: x.amax(d, True), lambda x, d: x.amin(d, True)]
    for how, run in enumerate(runs):
        for shape, axes in [((2, 3, 4), [1]), ((2, 3, 4, 5), [0, 2, 3]), ((3, 4), [0, 1]),
                            ((2, 3, 2, 2), [1, 3]), ((4,), [0])]:
            f.layer(lambda x, q: run(x, axes), torch.randn(*shape), layer="reduce",
                    how=how, axes=sum(1 << i for i in axes))
    ties = torch.tensor([[1.0, 3, 3], [2, 2, 2], [0, -1, 5]])
    f.layer(lambda x, q: x.amax([1], True), ties, layer="reduce", how=2, axes=2, edges=1)
    f.save()


def soft(y, classes):
    q = torch.rand(y.shape[0], classes, *y.shape[1:])
    return q / q.sum(1, keepdim=True)


def overlap(z, t, keep, kind):
    """t: shares, keep: 0/1 a pixel; both spread over z's shape."""
    axes = [0] + list(range(2, z.dim()))
    p, m = F.softmax(z, 1), keep.unsqueeze(1)
    both, ps, ts = (p * t * m).sum(axes), (p * m).sum(axes), (t * m).sum(axes)
    score = (2 * both + 1) / (ps + ts + 1) if kind == "dice" else \
        (both + 1) / (ps + ts - both + 1)
    here = ts > 0
    return 1 - score[here].mean()


def focal(z, t, keep, weight, gamma):
    p = F.log_softmax(z, 1)
    w = weight.view(1, -1, *[1] * (z.dim() - 2))
    loss = -(w * t * (1 - p.exp()) ** gamma * p).sum(1) * keep
    return loss.sum() / ((w * t).sum(1) * keep).sum()


def lovasz(z, y):
    """Berman et al. 2018, algorithm 1, classes present."""
    p = F.softmax(z, 1).movedim(1, -1).reshape(-1, z.shape[1])
    y = y.reshape(-1)
    p, y = p[y != -100], y[y != -100]
    losses = []
    for k in range(z.shape[1]):
        hit = (y == k).double()
        if hit.sum() == 0:
            continue
        error, order = torch.sort((hit - p[:, k]).abs(), descending=True)
        hit = hit[order]
        jaccard = 1 - (hit.sum() - hit.cumsum(0)) / (hit.sum() + (1 - hit).cumsum(0))
        jaccard[1:] = jaccard[1:] - jaccard[:-1].clone()
        losses.append((error * jaccard).sum())
    return torch.stack(losses).mean()


def losses():
    f = Family("loss")

    def add(run, x, target, **settings):
        x.requires_grad_(True)
        y = run(x, target)
        dx, = torch.autograd.grad(y, x)
        f.add(settings, {"x": x, "target": target, "y": y, "dx": dx})
    for shape in [(5, 4), (2, 3, 4, 5), (3, 2, 1, 1)]:
        k = shape[1]
        place = (shape[0],) + shape[2:]
        labels = torch.randint(0, k, place)
        holes = labels.clone()
        holes.view(-1)[1::3] = -100
        weight = torch.rand(k) + 0.1
        hot = F.one_hot(labels, k).movedim(-1, 1).double()
        keep = (holes != -100).double()
        q = soft(labels, k)

        def z():
            return torch.randn(*shape) * 3
        w = [float(v) for v in weight]
        one = torch.ones(k)
        add(lambda x, t: F.cross_entropy(x, t), z(), labels, loss="ce")
        add(lambda x, t: F.cross_entropy(x, t), z(), holes, loss="ce")
        add(lambda x, t: F.cross_entropy(x, t, weight), z(), holes, loss="ce", weight=w)
        add(lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), z(), holes, loss="ce",
            smoothing=0.1)
        add(lambda x, t: F.cross_entropy(x, t, weight, label_smoothing=0.2), z(), labels,
            loss="ce", smoothing=0.2, weight=w)
        add(lambda x, t: F.cross_entropy(x, t), z(), q, loss="ce")
        add(lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), z(), q, loss="ce",
            smoothing=0.1)
        for kind in ("dice", "jaccard"):
            add(lambda x, t: overlap(x, hot, torch.ones(place), kind), z(), labels, loss=kind)
            add(lambda x, t: overlap(x, hot, keep, kind), z(), holes, loss=kind)
            add(lambda x, t: overlap(x, t, torch.ones(place), kind), z(), q, loss=kind)
        add(lambda x, t: focal(x, hot, keep, one, 2), z(), holes, loss="focal")
        add(lambda x, t: focal(x, hot, torch.ones(place), weight, 1.5), z(), labels,
            loss="focal", weight=w, gamma=1.5)
        add(lambda x, t: lovasz(x, t), z(), labels, loss="lovasz")
        add(lambda x, t: lovasz(x, t), z(), holes, loss="lovasz")
        add(lambda x, t: F.cross_entropy(x, t) + overlap(x, hot, torch.ones(place), "dice"),
            z(), labels, loss="mixed")
        add(lambda x, t: 0.5 * F.cross_entropy(x, t) + 0.25 * focal(x, hot, keep, one, 2)
            + 2 * overlap(x, hot, keep, "jaccard") + lovasz(x, t), z(), holes, loss="mixed",
            ce=0.5, focal=0.25, jaccard=2, lovasz=1)
    for shape in [(3, 4), (2, 3, 2, 3), (5,)]:
        x, t = torch.randn(*shape) * 2, torch.randn(*shape)
        some = t.clone()
        some.view(-1)[::4] = float("nan")
        real = ~torch.isnan(some)
        hits = (torch.rand(*shape) > 0.5).double()
        c = shape[1] if len(shape) > 1 else 1
        w = torch.rand(c) * 3
        spread = w.view(-1, *[1] * max(0, len(shape) - 2))
        add(lambda x, t: F.mse_loss(x, t), x.clone(), t, loss="mse")
        add(lambda x, t: F.mse_loss(x[real], t[real]), x.clone(), some, loss="mse")
        add(lambda x, t: F.l1_loss(x, t), x.clone(), t, loss="l1")
        add(lambda x, t: F.huber_loss(x, t), x.clone(), t, loss="huber")
        add(lambda x, t: F.huber_loss(x[real], t[real], delta=0.4), x.clone(), some,
            loss="huber", delta=0.4)
        add(lambda x, t: F.binary_cross_entropy_with_logits(x, t), x.clone() * 4, hits,
            loss="bce")
        add(lambda x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=spread),
            x.clone(), torch.rand(*shape), loss="bce", positive=[float(v) for v in w])
    f.save()


def optimisers():
    f = Family("optim")
    rows = [("sgd", {"lr": 0.1}), ("sgd", {"lr": 0.1, "momentum": 0.9}),
            ("sgd", {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1}),
            ("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
            ("adam", {"lr": 0.01}), ("adam", {"lr": 0.1, "weight_decay": 0.2}),
            ("adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-4}),
            ("adamw", {"lr": 0.1, "weight_decay": 0.3}), ("adamw", {"lr": 0.01}),
            ("sgd", {"lr": 0.1, "momentum": 0.9, "clip": 0.5}),
            ("adamw", {"lr": 0.1, "clip": 100.0}), ("sgd", {"lr": 0.1, "ema": 0.9})]
    for name, set_ in rows:
        set_ = dict(set_)
        clip, ema = set_.pop("clip", 0), set_.pop("ema", 0)
        p = torch.randn(7).requires_grad_(True)
        kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
        o = kinds[name]([p], **set_)
        grads, after, start, norms = torch.randn(5, 7), [], p.detach().clone(), []
        average, averages = start.clone(), []
        for t in range(5):
            p.grad = grads[t].clone()
            norms.append(grads[t].norm())
            if clip:
                torch.nn.utils.clip_grad_norm_([p], clip)
            o.step()
            after.append(p.detach().clone())
            d = min(ema, (1 + t) / (10 + t))
            average = d * average + (1 - d) * after[-1]
            averages.append(average)
        used = o.param_groups[0]
        betas = used.get("betas", (used.get("momentum", 0), 0))
        f.add({"method": ["sgd", "adam", "adamw"].index(name), "rate": used["lr"],
               "momentum": betas[0], "beta2": betas[1], "epsilon": used.get("eps", 0),
               "decay": used["weight_decay"], "nesterov": int(bool(used.get("nesterov"))),
               "clip": clip, "ema": ema},
              {"start": start, "grads": grads, "after": torch.stack(after),
               "norms": torch.stack(norms), "averages": torch.stack(averages)})
    f.save()


def models():
    """Names and shapes of torchvision's state_dicts, a line each."""
    import torchvision
    for name in ("resnet18", "resnet34", "resnet50"):
        net = getattr(torchvision.models, name)()
        with open(os.path.join(HERE, name + ".txt"), "w") as out:
            for key, a in net.state_dict().items():
                out.write(" ".join([key] + [str(d) for d in a.shape]) + "\n")


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    parts = [convolutions, norms, points, windows, shapes, losses, optimisers,
             models]
    for part in parts:
        if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
            part()
