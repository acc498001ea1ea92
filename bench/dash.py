#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The map page's server beside rasterio's WarpedVRT + PNG (TiTiler's engine), in one job: CPU of a
tile, a slider's 24 tiles, the first answer, memory after many tiles.
usage: /usr/bin/python3 dash.py NADIR [TILES]; makes its own full-size TIFF; JSON lines."""
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

NADIR, TILES = sys.argv[1], int(sys.argv[2]) if len(sys.argv[2:]) == 1 else 200
REPO = pathlib.Path(__file__).resolve().parent.parent
SIDE = 10980
TICK = os.sysconf("SC_CLK_TCK")


def say(name, **what):
    print(json.dumps({"bench": name, **what, "load": round(os.getloadavg()[0], 1)}), flush=True)


def scene(folder):
    """Seven real bands of the bundled crop, stretched to the size of a tile: for speed only."""
    path = folder / "simulated.tif"
    if not path.exists():
        bands = [str(REPO / f"data/31UFS/ref_input_S2_{b}.tif") for b in ("B04", "B03", "B02", "B08")]
        subprocess.run(["gdalbuildvrt", "-q", "-separate", str(folder / "s.vrt"), *bands], check=True)
        subprocess.run(["gdal_translate", "-q", str(folder / "s.vrt"), str(path), "-outsize", str(SIDE), str(SIDE),
                        "-r", "bilinear", "-co", "TILED=YES", "-co", "BLOCKXSIZE=512", "-co", "BLOCKYSIZE=512",
                        "-a_ullr", "600000", "5700000", "709800", "5590200", "-co", "INTERLEAVE=BAND"], check=True)
    return path


class Map:
    def __init__(self, *words):
        self.process = subprocess.Popen([NADIR, "map", *words, "--no-browser", "--port", "0"],
                                        stdout=subprocess.PIPE, text=True)
        url = urllib.parse.urlsplit(self.process.stdout.readline().strip())
        self.port, self.head = url.port, {"Authorization": "Bearer " + urllib.parse.parse_qs(url.query)["t"][0]}
        self.local = threading.local()
        self.graph = json.loads(self.ask("/api/page/map"))["set"]["map.graph"]

    def ask(self, path, body=None, view="ab.1"):
        if not hasattr(self.local, "client"):
            self.local.client = http.client.HTTPConnection("127.0.0.1", self.port)
            self.local.client.connect()
            self.local.client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = self.local.client
        head = {**self.head, "Nadir-View": view, **({"Content-Type": "application/json"} if body else {})}
        client.request("POST" if body else "GET", path, body, head)
        answer = client.getresponse()
        data = answer.read()
        assert answer.status == 200, (path, answer.status, data[:200])
        return data

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            field = file.read().rsplit(")", 1)[1].split()
        return (int(field[11]) + int(field[12])) / TICK

    def resident(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))

    def node(self, number=-1):
        node = self.graph["nodes"][number]
        return node, self.graph["grids"][node["bands"][0]["grid"]]

    def addresses(self, count, form, query, number=-1, seed=1, levels=(0,)):
        node, grid = self.node(number)
        pick, out = random.Random(seed), []
        for _ in range(count):
            z = grid["levels"] - pick.choice(levels)
            side = 256 << (grid["levels"] - z)
            x, y = pick.randrange(-(-grid["width"] // side)), pick.randrange(-(-grid["height"] // side))
            out.append(f"/t/{node['key']}/{z}/{x}/{y}.{form}?{query}")
        return out

    def cpu_of(self, addresses):
        before = self.cpu()
        for address in addresses:
            self.ask(address)
        return (self.cpu() - before) / len(addresses)

    def close(self):
        self.process.terminate()
        self.process.wait()


def peer(path, count, seed, is_warped):
    """CPU of a tile by rasterio: read, warp unless native, stretch, PNG."""
    import numpy
    import rasterio
    from rasterio.io import MemoryFile
    from rasterio.vrt import WarpedVRT
    from rasterio.windows import Window
    pick = random.Random(seed)
    with rasterio.open(path) as source:
        opened = WarpedVRT(source, crs="EPSG:3857", resampling=rasterio.enums.Resampling.bilinear) if is_warped else source
        start = time.process_time()
        for _ in range(count):
            x, y = pick.randrange(opened.width // 256) * 256, pick.randrange(opened.height // 256) * 256
            data = opened.read([1, 2, 3], window=Window(x, y, 256, 256)).astype("float32")
            shown = (numpy.clip((data - 100) / 2900, 0, 1) * 255).astype("uint8")
            with MemoryFile() as memory:
                with memory.open(driver="PNG", width=256, height=256, count=3, dtype="uint8") as png:
                    png.write(shown)
                memory.read()
        return (time.process_time() - start) / count


def in_process(path, count, seed, is_warped):
    """A fresh process, so that its caches and memory are its own."""
    words = [sys.executable, __file__, "--peer", str(path), str(count), str(seed), str(int(is_warped))]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def graph(folder, path, steps):
    file = folder / f"g{abs(hash(steps))}.yaml"
    file.write_text(f"input: {{ Read: {{ file: {path} }} }}\nsteps:\n{steps}")
    return str(file)


def tiles(folder, path):
    look = "b=0,1,2&s=100,3000"
    native, warped = Map(str(path)), Map(graph(folder, path, "  - Reproject: { crs: EPSG:3857, resampling: Bilinear }\n"))
    seen = {name: [] for name in ("peer_warp", "peer_native", "warp_png", "native_png", "native_raw1", "raw1_kept", "png_kept")}
    for turn in range(3):
        seed = 10 + turn
        seen["peer_warp"].append(in_process(path, TILES // 4, seed, True))
        seen["warp_png"].append(warped.cpu_of(warped.addresses(TILES, "png", look, seed=seed)))
        seen["peer_native"].append(in_process(path, TILES // 4, seed, False))
        seen["native_png"].append(native.cpu_of(native.addresses(TILES, "png", look, seed=seed)))
        seen["native_raw1"].append(native.cpu_of(native.addresses(TILES, "u16", "b=0", seed=seed + 90)))
        few = native.addresses(24, "u16", "b=0", seed=5), native.addresses(24, "png", look, seed=5)
        for addresses in few:
            native.cpu_of(addresses)
        seen["raw1_kept"].append(native.cpu_of(few[0] * 20))
        seen["png_kept"].append(native.cpu_of(few[1] * 4))
    ms = {name: 1000 * statistics.median(of) for name, of in seen.items()}
    say("tile_cpu_ms", **{k: round(v, 3) for k, v in ms.items()})
    say("tile_ratio", warp=round(ms["peer_warp"] / ms["warp_png"], 1), warp_target=5,
        native=round(ms["peer_warp"] / ms["native_png"], 1), native_target=15,
        native_beside_native=round(ms["peer_native"] / ms["native_png"], 1),
        raw_beside_own_png=round(ms["png_kept"] / ms["raw1_kept"], 1), raw_target=10)
    native.close()
    warped.close()


def slider(folder, path):
    page = Map(graph(folder, path, "  - Ndvi: { redSourceBand: band_1, nirSourceBand: band_4 }\n    id: ndvi\n"))
    node, grid = page.node()
    z = grid["levels"]
    where = [(x, y) for x in range(10, 16) for y in range(10, 14)]
    times, plans = [], []
    with concurrent.futures.ThreadPoolExecutor(4) as four:
        for n in range(105):
            start, cpu = time.monotonic(), page.cpu()
            body = json.dumps({"values": {"ndvi.red_factor": 1 + n / 100}})
            answer = json.loads(page.ask("/api/event", body, f"ab.{n + 1}"))
            assert not answer["errors"], answer["errors"]
            key = answer["set"]["map.graph"]["nodes"][-1]["key"]
            list(four.map(lambda at: page.ask(f"/t/{key}/{z}/{at[0]}/{at[1]}.u16", view=f"ab.{n + 1}"), where))
            if n >= 5:
                times.append(1000 * (time.monotonic() - start))
                plans.append(1000 * (page.cpu() - cpu))
    times.sort()
    say("slider_24_tiles_ms", p50=round(times[49], 1), p90=round(times[89], 1), target_p90=100,
        server_cpu_mean=round(statistics.mean(plans), 1))
    page.close()


def first_answer(path):
    times = []
    for n in range(15):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        start = time.monotonic()
        child = subprocess.Popen([NADIR, "map", str(path), "--no-browser", "--port", str(port)], stdout=subprocess.DEVNULL)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port)) as s:
                    s.sendall(f"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
                    assert b" 200 " in s.recv(4096)
                    break
            except ConnectionRefusedError:
                time.sleep(0.0002)
        times.append(1000 * (time.monotonic() - start))
        child.terminate()
        child.wait()
    say("first_answer_ms", median=round(statistics.median(times), 1), least=round(min(times), 1), target=20)


def memory(folder, path):
    page = Map(graph(folder, path, "  - Ndvi: { redSourceBand: band_1, nirSourceBand: band_4 }\n    id: ndvi\n"))
    start = page.resident()
    all_ = page.addresses(10000, "u16", "b=0", seed=3, levels=(0, 1, 2, 3))
    with concurrent.futures.ThreadPoolExecutor(4) as four:
        list(four.map(page.ask, all_[:1000]))
        one = page.resident()
        list(four.map(page.ask, all_[1000:]))
    ten = page.resident()
    say("resident_mib", opened=round(start, 1), after_1000=round(one, 1), after_10000=round(ten, 1),
        growth=round(ten - one, 1), target=5)
    page.close()


def main():
    if NADIR == "--peer":
        print(peer(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "1"))
        return
    keep = os.environ.get("NADIR_BENCH_DASH")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(keep or temporary)
        folder.mkdir(exist_ok=True)
        path = scene(folder)
        first_answer(path)
        tiles(folder, path)
        slider(folder, path)
        memory(folder, path)


if __name__ == "__main__":
    main()
