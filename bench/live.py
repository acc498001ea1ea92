#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How live a step of a graph is on the map page: what a tile costs that nobody asked for before, level by level,
and a screen of 24 of them side by side. usage: /usr/bin/python3 live.py NADIR GRAPH [SECONDS [LEVELS]]: SECONDS
that a level's single tiles may take (20); from level 0 on so many LEVELS (all)."""
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
        page = json.loads(self.fetch("/api/page/map"))["set"]["map.graph"]
        self.node = page["nodes"][-1]
        self.grid = page["grids"][self.node["bands"][0]["grid"]]

    def fetch(self, path):
        if not hasattr(self.local, "client"):
            self.local.client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        self.local.client.request("GET", path, headers={**self.head, "Nadir-View": "ab.1"})
        answer = self.local.client.getresponse()
        data = answer.read()
        if answer.status not in (200, 204):
            sys.exit(f"{path}: {answer.status} {data[:300]}")
        return data

    def ask(self, path):
        start = time.monotonic()
        self.fetch(path)
        return time.monotonic() - start

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


def timed(page, tiles, limit, threads=1):
    """Seconds of each tile until the limit, CPU seconds and wall of all of them."""
    start, cpu, took = time.monotonic(), page.cpu(), []

    def one(at):
        if time.monotonic() - start < limit:
            took.append(page.ask(page.tile(*at)))

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, tiles))
    return took, page.cpu() - cpu, time.monotonic() - start


def main():
    limit = float(sys.argv[3]) if len(sys.argv) > 3 else 20
    page = Page(sys.argv[1], sys.argv[2])
    levels = min(int(sys.argv[4]) if len(sys.argv) > 4 else 99, page.grid["levels"] + 1)
    print(f"{page.grid['width']} x {page.grid['height']} pixels, {page.grid['levels']} levels")
    for level in range(levels):
        every = places(page.grid, level, 7)
        took, cpu, _ = timed(page, [(level, *at) for at in every[:12]], limit)
        print(f"level {level}: a tile {1000 * statistics.median(took):.0f} ms (to {1000 * max(took):.0f}), "
              f"{1000 * cpu / len(took):.0f} CPU ms; {len(took)} tiles", flush=True)
        left, top = (max(0, max(at[i] for at in every) // 2 - 3 + i) for i in (0, 1))
        screen = [(level, x, y) for y in range(top, top + 4) for x in range(left, left + 6) if (x, y) in set(every)]
        took, cpu, wall = timed(page, screen, 6 * limit, 4)
        print(f"level {level}: a screen of {len(took)} tiles {wall:.2f} s, {cpu:.2f} CPU s", flush=True)
    page.process.terminate()


if __name__ == "__main__":
    main()
