#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nadir.py against numpy's own numbers. TAP. usage: test_python.py NADIR.PY LIBRARY ROOT"""
import importlib.util
import os
import sys
import tempfile

try:
    import numpy
except ImportError:
    print("1..0 # SKIP python3-numpy is not here")
    sys.exit(0)

script, library, root = map(os.path.abspath, sys.argv[1:4])
os.environ["NADIR_LIBRARY"] = library
os.chdir(root)
spec = importlib.util.spec_from_file_location("nadir", script)
nadir = importlib.util.module_from_spec(spec)
spec.loader.exec_module(nadir)
tests = []


def test(call):
    tests.append(call)


@test
def an_index_is_what_numpy_makes_of_its_bands():
    scene = nadir.read("data/31UFS")
    window = dict(x=100, y=200, width=300, height=260)
    red, infrared = scene.array(bands=["B4", "B8"], **window)
    ndvi = scene.ndvi().array(bands=0, **window)[0]
    wanted = (infrared - red) / (infrared + red)
    assert ndvi.dtype == numpy.float32 and ndvi.shape == (260, 300)
    assert numpy.nanmax(abs(ndvi - wanted)) < 1e-6


@test
def bands_come_in_the_order_asked_for():
    scene = nadir.read("data/31UFS")
    a = scene.array(0, 0, 20, 20, bands=["B8", "B2"])
    assert (a[0] == scene.array(0, 0, 20, 20, bands="B8")[0]).all()
    assert (a[1] == scene.array(0, 0, 20, 20, bands="B2")[0]).all()
    assert (a[0] != a[1]).any()


@test
def operators_chain_and_join():
    scene = nadir.read("data/31UFS")
    both = scene.band_select(bands="B4").band_merge(scene.ndvi())
    names = [b["name"] for b in both.bands]
    assert "B4" in names and len(names) > 1, names


@test
def a_graph_file_is_read_with_its_variables():
    graph = nadir.open("data/graphs/ndvi.yaml", scene="data/31UFS", out="none.tif")
    node = graph.output()
    assert node.crs == "EPSG:3857" and node.bands[0]["name"] == "ndvi"
    whole = node.array(level=2)
    assert whole.ndim == 3 and numpy.isfinite(whole).mean() > 0.5


@test
def mistakes_are_two_lines_of_nadir():
    try:
        nadir.read("data/31UFS").ndvi(red="B44").array()
    except nadir.Error as error:
        assert "B44" in str(error) and len(str(error).split("\n")) == 2, error
    else:
        raise AssertionError("no error")


@test
def a_network_is_trained_and_gives_probabilities():
    recipe = ("data: { pictures: %s, picture_units: eurosat-rgb }\n"
              "model: { name: wrn16-2, width: 4 }\n"
              "train: { epochs: 1, rate: 0.01 }\n") % os.path.abspath("data/eurosat_mini200.zip")
    heard, here = [], os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            with open("recipe.yaml", "w", encoding="utf-8") as file:
                file.write(recipe)
            run = nadir.train("recipe.yaml", heard.append)
            model = nadir.load(os.path.join(run, "model.safetensors"))
        finally:
            os.chdir(here)
    assert any(line["what"] == "epoch" for line in heard), heard
    answer = model.predict(numpy.full((2, 3, 64, 64), 900, numpy.float32))
    assert answer.shape == (2, 10) and abs(answer.sum(1) - 1).max() < 1e-5


failed = 0
print(f"1..{len(tests)}")
for number, call in enumerate(tests, 1):
    try:
        call()
        print(f"ok {number} - {call.__name__}")
    except Exception as error:  # pylint: disable=broad-except
        failed += 1
        print(f"not ok {number} - {call.__name__}")
        print(f"# {type(error).__name__}: {error}".replace("\n", "\n# "))
sys.exit(failed > 0)
