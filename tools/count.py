#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what the tests of build folders said, in TAP, and prints what failed or was skipped.
usage: count.py BUILD …   The last line is 'N passed, N failed, N skipped'."""
import json
import pathlib
import re
import sys

passed = failed = skipped = 0
reasons = {}
for folder in sys.argv[1:]:
    logs = sorted(pathlib.Path(folder, "meson-logs").glob("testlog*.json"), key=lambda p: p.stat().st_mtime)
    log = logs[-1] if logs else None
    if not log:
        print(f"{folder}: no test ran")
        failed += 1
        continue
    for line in log.read_text().splitlines():
        test = json.loads(line)
        said = (test.get("stdout") or "").splitlines()
        mine = [s for s in said if re.match(r"(not )?ok\b", s)]
        bad = 0
        for s in mine:
            skip = re.search(r"#\s*SKIP\b\s*(.*)", s, re.I)
            if s.startswith("not ok"):
                bad += 1
                print(f"FAILED {test['name']}: {s}")
            elif skip:
                skipped += 1
                reasons[skip[1]] = reasons.get(skip[1], 0) + 1
            else:
                passed += 1
        if bad:
            print("\n".join("  " + s for s in said if s.startswith("#")))
        wrong = test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
        if not mine:
            passed += not wrong and test["result"] == "OK"
            skipped += test["result"] == "SKIP"
        if wrong and not bad:
            bad = 1
            print(f"FAILED {test['name']}: {test['result']}")
            print("\n".join("  " + s for s in (said + (test.get("stderr") or "").splitlines())[-30:]))
        failed += bad
for reason, count in sorted(reasons.items()):
    print(f"skipped {count}: {reason or 'no reason given'}")
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
