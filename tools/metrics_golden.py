#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/learn/metrics.txt and colours.txt: answers of made-up classifiers and what
scikit-learn, scipy and numpy say of them. Names and numbers, one record a line."""
import io
import zipfile
import numpy as np
from PIL import Image
from scipy import stats
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(4)
N, K = 240, 5
# Class 4 never occurs and is never answered: its logits are far down.
label = rng.integers(0, 4, N)
logit = rng.normal(0, 1.2, (N, K)).astype(np.float32)
logit[np.arange(N), label] += 1.5
logit[:, 4] -= 40
logit = np.round(logit * 8) / 8  # coarse: there are ties
wide = logit.astype(np.float64)
p = np.exp(wide - wide.max(1, keepdims=True))
p /= p.sum(1, keepdims=True)
predicted = logit.argmax(1)
out = {"label": label, "logit": logit.ravel(), "predicted": predicted}

present = [0, 1, 2, 3]
kw = dict(labels=present, average=None)
out["matrix"] = sk.confusion_matrix(label, predicted, labels=range(K)).ravel()
out["accuracy"] = [sk.accuracy_score(label, predicted)]
out["precision"] = sk.precision_score(label, predicted, **kw)
out["recall"] = sk.recall_score(label, predicted, **kw)
out["f1"] = sk.f1_score(label, predicted, **kw)
out["iou"] = sk.jaccard_score(label, predicted, **kw)
out["kappa"] = [sk.cohen_kappa_score(label, predicted)]
# By definition: scikit-learn breaks ties by the order of the classes.
out["top2"] = [((logit > logit[np.arange(N), label][:, None]).sum(1) < 2).mean()]

score = np.round(p[:, 1], 2)  # ties on purpose
positive = label == 1
out["score"] = score
out["auc"] = [sk.roc_auc_score(positive, score)]
out["ap"] = [sk.average_precision_score(positive, score)]
out["brier"] = [((p - np.eye(K)[label]) ** 2).sum(1).mean()]
out["nll"] = [sk.log_loss(label, p, labels=range(K))]

truth = 200 + 9 * rng.normal(size=80)
value = truth + 1.5 + 3 * rng.normal(size=80)
out["truth"], out["value"] = truth, value
out["mae"] = [sk.mean_absolute_error(truth, value)]
out["rmse"] = [np.sqrt(sk.mean_squared_error(truth, value))]
out["r2"] = [sk.r2_score(truth, value)]
out["r"] = [stats.pearsonr(truth, value)[0]]
out["unbiased"] = [(value - truth).std()]

pairs = [(0, 0), (3, 9), (7, 7), (0, 5), (12, 12), (20, 4), (10, 15), (30, 60), (1, 400)]
out["mcnemar"] = [x for b, c in pairs for x in (
    b, c, 1 if b + c == 0 else stats.binomtest(b, b + c).pvalue if b + c < 25
    else stats.chi2.sf((max(0, abs(b - c) - 1)) ** 2 / (b + c), 1))]
wilson = [(0, 10), (10, 10), (81, 263), (3510, 3600), (1, 3)]
out["wilson"] = [x for right, n in wilson for ci in
                 [stats.binomtest(right, n).proportion_ci(method="wilson")]
                 for x in (right, n, ci.low, ci.high)]


def write(path, records):
    with open(path, "w") as file:
        for name, values in records.items():
            text = [repr(float(v)) for v in np.asarray(values, dtype=np.float64)]
            text = [t[:-2] if t.endswith(".0") else t for t in text]
            print(name, len(text), *text, file=file)


write("tests/learn/metrics.txt", out)

# A classifier of the bundled pictures by their mean colours, made and judged here.
pictures = zipfile.ZipFile("data/eurosat_mini200.zip")
names = sorted(n for n in pictures.namelist() if n.endswith(".jpg"))
kinds = sorted({n.split("/")[-2] for n in names})
label = np.array([kinds.index(n.split("/")[-2]) for n in names])
colour = np.array([np.asarray(Image.open(io.BytesIO(pictures.read(n))), dtype=np.float64)
                   .mean((0, 1)) for n in names])
model = LogisticRegression(max_iter=5000, C=10).fit(colour / 100, label)
weight = model.coef_.astype(np.float32) / np.float32(100)
bias = model.intercept_.astype(np.float32)
logit = colour @ weight.T.astype(np.float64) + bias
p = np.exp(logit - logit.max(1, keepdims=True))
p /= p.sum(1, keepdims=True)
own = -np.log(p[np.arange(len(label)), label])
made = {"weight": weight.ravel(), "bias": bias,
        "matrix": sk.confusion_matrix(label, p.argmax(1)).ravel(),
        "accuracy": [sk.accuracy_score(label, p.argmax(1))],
        "nll": [sk.log_loss(label, p)], "worst": [own.argmax(), own.max()],
        "auc": [sk.roc_auc_score(label == k, p[:, k]) for k in range(10)]}
write("tests/learn/colours.txt", made)
