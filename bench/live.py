#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How live a step of a graph is on the map page: seconds of a tile that nobody asked for before, level by level,
and of a screen of 24 of them at once. usage: /usr/bin/python3 live.py NADIR GRAPH [SECONDS]: how long a level
may take (20); levels where one tile takes longer than that end it."""
import concurrent.futures
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse


class Page:
    def __init__(self, nadir, graph):
        self.process = subprocess.Popen([nadir, "map", graph, "--no-browser", "--port", "0"], stdout=subprocess.PIPE, text=True)
        url = urllib.parse.urlsplit(self.process.stdout.readline().strip())
        self.port, self.head = url.port, {"Authorization": "Bearer " + urllib.parse.parse_qs(url.query)["t"][0]}
        self.local = threading.local()
        page = json.loads(self.ask("/api/page/map")[0])["set"]["map.graph"]
        self.node = page["nodes"][-1]
        self.grid = page["grids"][self.node["bands"][0]["grid"]]

    def ask(self, path):
        if not hasattr(self.local, "client"):
            self.local.client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        start = time.monotonic()
        self.local.client.request("GET", path, headers={**self.head, "Nadir-View": "ab.1"})
        answer = self.local.client.getresponse()
        data = answer.read()
        if answer.status not in (200, 204):
            sys.exit(f"{path}: {answer.status} {data[:300]}")
        return data, time.monotonic() - start, dict(answer.getheaders())

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            field = file.read().rsplit(")", 1)[1].split()
        return (int(field[11]) + int(field[12])) / os.sysconf("SC_CLK_TCK")

    def tile(self, level, x, y):
        return f"/t/{self.node['key']}/{self.grid['levels'] - level}/{x}/{y}.png?b=0"


def places(grid, level, seed):
    side = 256 << level
    across, down = -(-grid["width"] // side), -(-grid["height"] // side)
    every = [(x, y) for x in range(across) for y in range(down)]
    random.Random(seed).shuffle(every)
    return every


def main():
    limit = float(sys.argv[3]) if len(sys.argv) > 3 else 20
    page = Page(sys.argv[1], sys.argv[2])
    print(f"{page.grid['width']} x {page.grid['height']} pixels, {page.grid['levels']} levels")
    for level in range(page.grid["levels"] + 1):
        tiles, took, sizes = places(page.grid, level, 7), [], []
        start, cpu = time.monotonic(), page.cpu()
        for x, y in tiles[:12]:
            data, seconds, _ = page.ask(page.tile(level, x, y))
            took.append(seconds)
            sizes.append(len(data))
            if time.monotonic() - start > limit:
                break
        cpu = (page.cpu() - cpu) / len(took)
        screen = tiles[len(took):len(took) + 24]
        all_ = float("nan")
        if screen and statistics.median(took) * len(screen) < limit:
            begin = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(4) as four:
                list(four.map(lambda at, level=level: page.ask(page.tile(level, *at)), screen))
            all_ = time.monotonic() - begin
        print(f"level {level}: a tile {1000 * statistics.median(took):.0f} ms (to {1000 * max(took):.0f}, {len(took)} tiles, "
              f"{1000 * cpu:.0f} CPU ms, "
              f"{statistics.median(sizes):.0f} bytes); {len(screen)} tiles at once {all_:.2f} s", flush=True)
        if statistics.median(took) > limit:
            break
    page.process.terminate()


if __name__ == "__main__":
    main()
