#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What nadir reads and writes, beside PyTorch itself where that is installed.

usage: beside_torch.py NADIR
"""
import glob
import json
import os
import struct
import subprocess
import sys
import tempfile
import warnings
import zipfile

warnings.simplefilter("ignore")
try:
    import torch
except ImportError:
    print("1..0 # SKIP python3-torch is not installed")
    sys.exit(0)

NADIR = sys.argv[1]
DATA = os.environ.get("NADIR_TEST_DATA")
tests = bad = 0


def result(title, ok, why=""):
    global tests, bad
    tests += 1
    bad += not ok
    print(f"{'ok' if ok else 'not ok'} {tests} - {title}")
    if not ok and why:
        print("# " + str(why).replace("\n", "\n# "))


def run(*words):
    return subprocess.run([NADIR, *words], capture_output=True, text=True)


def read_safetensors(path):
    kinds = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16,
             "BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32,
             "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}
    with open(path, "rb") as file:
        whole = file.read()
    length = struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8:8 + length])
    out = {}
    for name, row in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + at for at in row["data_offsets"])
        part = bytearray(whole[begin:end])
        kind = kinds[row["dtype"]]
        flat = torch.frombuffer(part, dtype=kind) if part else torch.empty(0, dtype=kind)
        out[name] = flat.reshape(row["shape"])
    return out


def bits(tensor):
    tensor = tensor.detach().cpu().contiguous()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)
    return tensor.numpy().tobytes()


def same(a, b):
    return (set(a) == set(b) and
            all(a[k].dtype == b[k].dtype and a[k].shape == b[k].shape and
                bits(a[k]) == bits(b[k]) for k in a))


def through(folder, path, want, title):
    """PATH to safetensors and to .pth: the same bits, and torch loads the latter."""
    out = os.path.join(folder, "out.safetensors")
    again = os.path.join(folder, "out.pth")
    made = run("convert", path, out, "--force")
    result(f"{title}_becomes_safetensors_with_the_same_bits",
           made.returncode == 0 and same(want, read_safetensors(out)), made.stderr)
    made = run("convert", path, again, "--force")
    try:
        back = torch.load(again, weights_only=True)
        ok = made.returncode == 0 and same(want, back)
    except Exception as error:  # whatever torch does not like
        ok, made = False, error
    result(f"{title}_becomes_a_file_that_torch_loads_with_weights_only", ok, made)


def flat(thing, prefix=""):
    out = {}
    for key, value in thing.items():
        name = f"{prefix}{key}"
        if isinstance(value, torch.Tensor):
            out[name] = value
        elif isinstance(value, dict):
            out.update(flat(value, name + "."))
    return out


with tempfile.TemporaryDirectory() as folder:
    torch.manual_seed(1)
    base = torch.arange(24, dtype=torch.float32)
    net = {"a.weight": torch.randn(3, 4, dtype=torch.float64),
           "b": torch.randn(5).to(torch.bfloat16), "c": torch.randn(2, 3).half(),
           "i": torch.tensor([1, -2, 2**40]), "j": torch.tensor([-5], dtype=torch.int32),
           "s": torch.tensor([7], dtype=torch.int16), "k": torch.tensor([-7, 7], dtype=torch.int8),
           "u": torch.tensor([255], dtype=torch.uint8), "m": torch.tensor([True, False]),
           "one": torch.tensor(3.5), "none": torch.empty(0, 3), "é": torch.ones(1),
           "view": base[3:15].reshape(3, 4), "turned": base.reshape(4, 6).t(),
           "wide": torch.tensor([1.0, 2.0]).expand(3, 2), "tied": base, "tied2": base}
    for zipped, name in ((True, "zip"), (False, "legacy")):
        path = os.path.join(folder, f"{name}.pt")
        torch.save(net, path, _use_new_zipfile_serialization=zipped)
        through(folder, path, net, f"a_{name}_file_of_every_type")
    path = os.path.join(folder, "packed.pt")
    with zipfile.ZipFile(os.path.join(folder, "zip.pt")) as old, \
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    through(folder, path, net, "an_archive_packed_again")
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8),
                                torch.nn.Sequential(torch.nn.Linear(8, 2)))
    path = os.path.join(folder, "module.pt")
    torch.save(model, path)
    through(folder, path, dict(model.state_dict()), "a_whole_module")
    optim = torch.optim.Adam(model.parameters())
    model[0](torch.randn(2, 3, 3, 3)).sum().backward()
    optim.step()
    path = os.path.join(folder, "checkpoint.pt")
    torch.save({"epoch": 3, "state_dict": model.state_dict(),
                "optimizer": optim.state_dict(), "loss": 0.5}, path)
    through(folder, path, dict(model.state_dict()), "a_checkpoint_with_its_optimiser")
    path = os.path.join(folder, "tied.pth")
    run("convert", os.path.join(folder, "zip.pt"), path)
    tied = torch.load(path)
    result("tied_weights_stay_tied", tied["tied"].data_ptr() == tied["tied2"].data_ptr())
    path = os.path.join(folder, "script.pt")
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    made = run("info", path)
    result("torchscript_is_refused_by_name",
           made.returncode == 1 and "TorchScript" in made.stderr and
           made.stderr.count("\n") == 2, made.stderr)
    path = os.path.join(folder, "sparse.pt")
    torch.save({"x": torch.eye(3).to_sparse(), "y": torch.ones(2)}, path)
    made = json.loads(run("info", path, "--json").stdout or "{}")
    result("a_sparse_tensor_is_named_and_left_out",
           [t["name"] for t in made.get("tensors", [])] == ["y"] and
           "sparse" in str(made.get("skipped")), made)
    found = sorted(glob.glob(f"{DATA}/weights/burn_reader_cases/*.pt") +
                   glob.glob(f"{DATA}/weights/*.pth") +
                   glob.glob(f"{DATA}/weights/[bew]*.pt")) if DATA else []
    checked = []
    for path in found:
        try:
            thing = torch.load(path, map_location="cpu")
        except Exception:  # torch itself does not read it
            continue
        if isinstance(thing, torch.Tensor):
            thing = {"tensor": thing}
        if not isinstance(thing, dict):
            continue
        want = flat(thing.get("model_state_dict", thing))
        out = os.path.join(folder, "real.safetensors")
        made = run("convert", path, out, "--force")
        if made.returncode or not same(want, read_safetensors(out)):
            checked.append(os.path.basename(path) + " " + made.stderr)
    if found:
        result(f"{len(found)}_files_of_the_world_give_torch_s_own_bits", not checked, checked)
print(f"1..{tests}")
sys.exit(bad != 0)
