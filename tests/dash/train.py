#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The training page's server from outside: curves, streams at ten news a second, commands, and
who is turned away. usage: train.py TRAIN_SERVER FAKE_RUN ; prints TAP. Loopback only."""
import http.client
import json
import math
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

tests = []
SERIES = ["loss", "lr", "grad_norm", "img_s", "wait"]


def test(run):
    tests.append(run)
    return run


def fake(folder, *words):
    run = subprocess.Popen([sys.executable, sys.argv[2], str(folder), *map(str, words)],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    run.stdout.readline()
    if "--live" not in words:
        run.stdin.close()
        run.wait(timeout=20)
    return run


class Server:
    def __init__(self, *words):
        self.process = subprocess.Popen([sys.argv[1], *map(str, words)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        url = urllib.parse.urlsplit(self.process.stdout.readline().strip())
        self.port, self.token = url.port, urllib.parse.parse_qs(url.query)["t"][0]

    def ask(self, path, method="GET", body=None, bare=False, **headers):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        head = {} if bare else {"Authorization": f"Bearer {self.token}"}
        head.update({k.replace("_", "-"): v for k, v in headers.items()})
        client.request(method, path, body, head)
        answer = client.getresponse()
        data = answer.read()
        client.close()
        return answer, data

    def json(self, path):
        answer, data = self.ask(path)
        assert answer.status == 200, (path, answer.status, data[:200])
        return json.loads(data)

    def curves(self, run=0, query="px=4096"):
        answer, data = self.ask(f"/api/runs/{run}/curves?{query}")
        assert answer.status == 200 and answer.getheader("Content-Type") == "application/x-nadir-columns"
        length = struct.unpack_from("<I", data)[0]
        head, n = json.loads(data[4:4 + length]), None
        n = head["points"]
        assert (4 + length) % 8 == 0 and len(data) == 4 + length + 4 * n * (4 + 3 * len(SERIES))
        flat = struct.unpack_from(f"<{n * (4 + 3 * len(SERIES))}f", data, 4 + length)
        plane = [flat[i * n:(i + 1) * n] for i in range(4 + 3 * len(SERIES))]
        return head, dict(zip(["step", "time", "epoch", "rows"] + [f"{of}.{s}" for of in ["mean", "low", "high"] for s in SERIES], plane))

    def control(self, command, run=0, **headers):
        return self.ask(f"/api/runs/{run}/control", "POST", json.dumps({"command": command}),
                        **{"Content_Type": "application/json", **headers})

    def close(self):
        self.process.stdin.close()
        return self.process.wait(timeout=10)


class Stream:
    def __init__(self, server, query="", **headers):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        more = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
        self.socket.sendall(f"GET /api/stream{query} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                            f"Authorization: Bearer {server.token}\r\n{more}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while (line := self.file.readline().strip()):
            key, _, value = line.decode().partition(": ")
            self.headers[key.lower()] = value
        self.rest = b""

    def next(self):
        """The next event: (id, data); None: the stream is over."""
        while b"\n\n" not in self.rest:
            size = self.file.readline().strip()
            if not size or int(size, 16) == 0:
                return None
            self.rest += self.file.read(int(size, 16))
            self.file.readline()
        event, _, self.rest = self.rest.partition(b"\n\n")
        fields = dict(line.split(": ", 1) for line in event.decode().split("\n") if not line.startswith(":"))
        return (fields["id"], json.loads(fields["data"])) if "data" in fields else self.next()

    def rows(self):
        """The first run's next news that have rows; the run may be slow on a busy machine."""
        while True:
            for part in self.next()[1]["runs"]:
                if "rows" in part or "again" in part:
                    return part

    def close(self):
        self.file.close()
        self.socket.close()


def wait_for(is_true, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := is_true()):
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@test
def nothing_is_told_without_the_token_or_to_another_page(s, runs):
    for path in ["/", "/train", "/api/page/train", "/api/stream", "/api/runs/0/curves", "/api/runs/0/confusion",
                 "/api/runs/0/pictures/0000.png"]:
        assert s.ask(path, bare=True)[0].status == 401, path
        assert s.ask(path, Host="evil.example")[0].status == 421, path
        assert s.ask(path, Origin="http://evil.example")[0].status == 403, path
    before = sorted(os.listdir(runs / "done"))
    assert s.control("stop", bare=True)[0].status == 401
    assert s.control("stop", Origin="http://evil.example")[0].status == 403
    assert s.control("stop", Sec_Fetch_Site="cross-site")[0].status == 403
    assert s.control("stop", Content_Type="text/plain")[0].status == 415
    assert sorted(os.listdir(runs / "done")) == before


@test
def the_first_visit_is_light(s, runs):
    _, frame = s.ask("/")
    total, parts = len(frame), 0
    for part in frame.decode().split('"')[1::2]:
        if part.startswith("a/"):
            answer, data = s.ask(f"/{part}", Accept_Encoding="gzip")
            assert answer.status == 200, part
            total, parts = total + len(data), parts + 1
    total += len(s.ask("/api/page/train", Accept_Encoding="gzip")[1])
    print(f"# first visit: {total} bytes in {parts + 2} answers, without the curves")
    assert b"train/main.js" in frame and b"vendor/ol.js" not in frame and total <= 48 * 1024, total


@test
def there_is_a_page_for_runs_and_none_for_a_map(s, runs):
    page = s.json("/api/page/train")
    assert page["series"] == SERIES and page["map"] is False and [r["name"] for r in page["runs"]] == ["done"]
    assert s.ask("/api/page/map")[0].status == 404
    assert s.ask("/api/stream", "HEAD")[0].status == 404


@test
def curves_hold_the_rows_of_the_file(s, runs):
    lines = [json.loads(line) for line in (runs / "done/metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["t"] == "step"]
    head, c = s.curves()
    assert head["rows"] == len(steps) == 450 and head["points"] == 450 and head["bad"] == 0
    for i, row in enumerate(steps):
        assert c["step"][i] == row["step"] and c["rows"][i] == 1
        for name in SERIES:
            want = row[name]
            got = c[f"mean.{name}"][i]
            assert math.isnan(got) if want is None else abs(got - want) <= 1e-6 * abs(want) + 1e-9
            assert got == c[f"low.{name}"][i] or want is None
    assert [e["epoch"] for e in head["epochs"]] == [0, 1, 2, 3] and head["epochs"][0]["valid"]["n"] == 3600
    assert abs(c["epoch"][449] - 4.49) < 0.02 and abs(c["time"][399] - 42) < 1 and abs(c["time"][99] - 10.5) < 0.2


@test
def thin_curves_keep_peaks_and_means(s, runs):
    _, exact = s.curves()
    head, c = s.curves(query="px=45")
    assert head["points"] == 45 and sum(c["rows"]) == 450
    assert max(c["high.loss"]) == max(v for v in exact["mean.loss"] if not math.isnan(v)) > 6
    first = [v for v in exact["mean.lr"][:10]]
    assert abs(c["mean.lr"][0] - sum(first) / 10) < 1e-6
    head, c = s.curves(query="px=4096&from=100&to=120")
    assert head["points"] == 21 and c["step"][0] == 100 and c["step"][-1] == 120
    for query in ["px=-5", "px=x", "from=nan", "px=1e99", "from=1e300&to=-1e300"]:
        assert s.curves(query=query)[0]["rows"] == 450


@test
def small_files_are_told_and_nothing_else_of_the_folder(s, runs):
    assert s.json("/api/runs/0/confusion")["classes"][1] == {"name": "forest", "color": "#1f7a34"}
    worst = s.json("/api/runs/0/worst")["rows"]
    assert len(worst) == 24 and worst[0]["picture"] == "0000.png"
    # 605 700 E, 5 694 500 N of UTM 31, by gdaltransform.
    assert abs(worst[1]["lon"] - 4.51919) < 1e-4 and abs(worst[1]["lat"] - 51.39193) < 1e-4, worst[1]
    assert "map" not in worst[1] and "lon" not in worst[0]
    assert s.json("/api/runs/0/rate")["suggestion"]["valley"] == 2.2e-3
    answer, data = s.ask("/api/runs/0/pictures/0003.png")
    assert answer.status == 200 and data[:4] == b"\x89PNG" and answer.getheader("Content-Type") == "image/png"
    for path in ["pictures/../status.json", "pictures/..%2fstatus.json", "pictures/0003.png/", "pictures/",
                 "pictures/%2e%2e/metrics.jsonl", "../../etc/passwd", "metrics.jsonl", "status", "control", "confusion.json",
                 "pictures/nothere.png", "pictures/0003.PNG", "", "state/last.nds"]:
        assert s.ask(f"/api/runs/0/{path}")[0].status == 404, path
    for path in ["/api/runs/1/curves", "/api/runs/-1/curves", "/api/runs/00000/curves", "/api/runs//curves", "/api/runs/0",
                 "/api/runs/x/curves", "/api/runs/99999999999/curves"]:
        assert s.ask(path)[0].status == 404, path


@test
def a_picture_that_is_a_link_or_no_picture_is_not_shown(s, runs):
    folder = runs / "done/pictures"
    (folder / "link.png").symlink_to("/etc/passwd")
    (folder / "inner.png").symlink_to("0003.png")
    (folder / "text.png").write_text("no picture at all")
    os.mkfifo(folder / "pipe.png")
    for name in ["link", "inner", "text", "pipe"]:
        assert s.ask(f"/api/runs/0/pictures/{name}.png")[0].status == 404, name


@test
def wrong_files_of_a_run_are_refused_in_two_lines(s, runs):
    path = runs / "done/confusion.json"
    good = path.read_text()
    for text in ["{", "[]", '{"classes":[{"name":"a"}],"matrix":[[1,2]]}', "[" * 5000, "\0\0", ""]:
        path.write_text(text)
        answer, data = s.ask("/api/runs/0/confusion")
        assert answer.status == 422 and json.loads(data)["remedy"], (text[:20], answer.status)
    path.write_text(good)
    worst = runs / "done/worst.json"
    good = worst.read_text()
    worst.write_text(json.dumps({"rows": [{"picture": "../../../etc/passwd", "name": "x", "crs": "EPSG:nothing", "x": 1, "y": 2}, 5]}))
    assert s.json("/api/runs/0/worst")["rows"] == [{"name": "x", "x": 1, "y": 2, "crs": "EPSG:nothing"}, {}]
    worst.write_text(good)


@test
def commands_are_lines_of_the_control_file(s, runs):
    for word in ["pause", "resume", "save", "stop"]:
        assert s.control(word)[0].status == 200
    assert (runs / "done/control").read_text() == "pause\nresume\nsave\nstop\n"
    for body in ['{"command":"rm"}', '{"command":"stop\\nsave"}', "{}", "[]", "", '{"command":7}', "stop"]:
        answer, data = s.ask("/api/runs/0/control", "POST", body, Content_Type="application/json")
        assert answer.status == 422 and json.loads(data)["remedy"], body
    assert s.control("stop", run=7)[0].status == 404
    assert s.ask("/api/runs/0/curves", "POST", "{}", Content_Type="application/json")[0].status == 404
    os.unlink(runs / "done/control")
    (runs / "done/control").symlink_to(runs / "elsewhere")
    assert s.control("stop")[0].status == 500 and not (runs / "elsewhere").exists()
    os.unlink(runs / "done/control")


@test
def a_run_is_followed_ten_times_a_second(s, runs):
    live = fake(runs / "live", "--live", "--rate", "40")
    server = Server(runs / "live")
    try:
        stream = Stream(server)
        assert stream.status == 200 and stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        _, news = stream.next()
        while not news["runs"]:  # the folder is read just now
            _, news = stream.next()
        assert news["count"] == 1 and news["runs"][0]["again"] is True and news["runs"][0]["status"]["state"] == "running"
        seen, events, start, last = [], 0, time.monotonic(), None
        while time.monotonic() - start < 4:
            last, news = stream.next()
            events += 1
            for part in news["runs"]:
                seen += [row[0] for row in part.get("rows", [])]
        took = time.monotonic() - start
        print(f"# {events / took:.1f} events/s, {len(seen) / took:.0f} rows/s")
        assert seen == list(range(seen[0], seen[0] + len(seen))), "rows were lost or came twice"
        # At most ten a second; fewer only where the machine is busy with other things.
        assert 1 <= events / took <= 11.5 and len(seen) / took > 2
        stream.close()
        # What came meanwhile comes after a break, and nothing twice.
        time.sleep(0.5)
        again = Stream(server, Last_Event_ID=last)
        part = again.rows()
        assert "again" not in part and part["rows"][0][0] == seen[-1] + 1 
        again.close()
        again = Stream(server, "?from=" + last)
        assert again.rows()["rows"][0][0] == seen[-1] + 1
        again.close()
        for wrong in ["x", "0" * 16 + "-0.5.0", last.replace("-0.", "-7."), last + "-", ""]:
            again = Stream(server, Last_Event_ID=wrong)
            assert again.next()[1]["runs"][0]["again"] is True, wrong
            again.close()
        # Stopping the run, from the page to the run and back.
        stream = Stream(server)
        assert server.control("stop")[0].status == 200
        wait_for(lambda: any(p.get("status", {}).get("state") == "stopped" for p in stream.next()[1]["runs"]))
        stream.close()
    finally:
        live.stdin.close()
        live.wait(timeout=10)
        assert server.close() == 0


@test
def a_stream_costs_a_place_and_gives_it_back(s, runs):
    streams = [Stream(s) for _ in range(32)]
    assert all(x.status == 200 for x in streams)
    assert Stream(s).status == 503
    assert s.ask("/api/health")[0].status == 200
    for x in streams:
        x.close()
    def is_open():
        x = Stream(s)
        x.close()
        return x.status == 200
    wait_for(is_open)


@test
def one_who_does_not_read_holds_nobody_up(s, runs):
    live = fake(runs / "fast", "--live", "--rate", "200")
    server = Server(runs / "fast")
    try:
        deaf = [Stream(server) for _ in range(5)]
        stream = Stream(server)
        start, events = time.monotonic(), 0
        while time.monotonic() - start < 2:
            stream.next()
            events += 1
        assert events >= 2, events
        rss = int(next(line for line in open(f"/proc/{server.process.pid}/status") if line.startswith("VmRSS")).split()[1])
        print(f"# {rss / 1024:.1f} MiB resident with six streams")
        assert rss < 40 * 1024, rss
        for x in deaf + [stream]:
            x.close()
    finally:
        live.stdin.close()
        live.wait(timeout=10)
        assert server.close() == 0


@test
def it_ends_at_once_whoever_looks_on(s, runs):
    server = Server(runs / "done")
    streams = [Stream(server) for _ in range(8)]
    for x in streams:
        x.next()
    start = time.monotonic()
    assert server.close() == 0 and time.monotonic() - start < 2
    for x in streams:
        try:
            assert x.next() is None
        except (ConnectionError, OSError):
            pass
        x.close()


@test
def a_million_rows_open_fast_and_stay_small(s, runs):
    long = runs / "long"
    long.mkdir()
    with open(long / "metrics.jsonl", "w") as f:
        for step in range(200000):
            f.write(f'{{"v":1,"t":"step","step":{step},"epoch":{step // 1000},"lr":0.01,"loss":{1 + (step % 97) / 97:.6f}}}\n')
    start = time.monotonic()
    server = Server(*[long] * 5)
    try:
        for run in range(5):
            head, c = server.curves(run, "px=1000")
            assert head["rows"] == 200000 and head["points"] <= 1000 and abs(max(c["high.loss"]) - (1 + 96 / 97)) < 1e-5
        took = time.monotonic() - start
        rss = int(next(line for line in open(f"/proc/{server.process.pid}/status") if line.startswith("VmRSS")).split()[1])
        print(f"# five runs of 200 000 rows: {took:.2f} s, {rss / 1024:.0f} MiB")
        # The sanitizers keep what is freed for a while.
        assert rss < (400 if "ASAN_OPTIONS" in os.environ else 80) * 1024
    finally:
        assert server.close() == 0


@test
def beside_a_map_worst_cases_lead_there(s, runs):
    server = Server("--map", runs / "done")
    try:
        assert server.json("/api/page/train")["map"] is True and server.json("/api/page/map")["runs"] is True
        _, front = server.ask("/")
        assert b'src="a/' in front and b"train/main.js" not in front
        assert b"train/main.js" in server.ask("/train")[1]
        wait_for(lambda: server.json("/api/runs/0/worst")["rows"][1].get("map") == [605700, 5694500])
    finally:
        assert server.close() == 0


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        runs = pathlib.Path(folder)
        fake(runs / "done", "--steps", 450)
        server = Server(runs / "done")
        for n, run in enumerate(tests, 1):
            try:
                start = time.monotonic()
                run(server, runs)
                print(f"ok {n} - {run.__name__} # {time.monotonic() - start:.1f} s", flush=True)
            except Exception as error:  # one failure must not hide the others
                failed += 1
                print(f"not ok {n} - {run.__name__}\n# {type(error).__name__}: {str(error)[:300]}", flush=True)
                line = error.__traceback__
                while line.tb_next:
                    line = line.tb_next
                print(f"# line {line.tb_lineno}")
        if server.close() != 0:
            failed += 1
            print("# the server did not end well")
    print(f"1..{len(tests)}")
    sys.exit(failed > 0)


main()
