#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stopped by a signal or a full disk: within 5 seconds, nothing half left, the right end.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
cd "$scratch" || exit 1
mkdir maps
cat >slow.yaml <<YAML
input: { Read: { file: "$data/29RKH/B04.tif" } }
steps:
  - Resample: { targetWidth: 30000, targetHeight: 30000 }
  - BandMaths: { expression: "atan(sqrt(sin(band_1) * cos(band_1) + 2)) * exp(-band_1 / 1e4)", name: slow }
output: { Write: { file: maps/slow.tif } }
YAML

# stopped [--ignored] SIGNAL …: starts the run, waits until its file is being written, sends
# one signal after the other; prints how it ended, how long the last took, and whether it
# went on after those before. HUP is as it is at a terminal, however this was started itself.
stopped() {
    python3 - "$nadir" "$@" <<'PYTHON'
import os, signal, subprocess, sys, time
nadir, *names = sys.argv[1:]
hup = signal.SIG_IGN if names[0] == "--ignored" else signal.SIG_DFL
names = [name for name in names if name != "--ignored"]
run = subprocess.Popen([nadir, "run", "slow.yaml"], stdout=open("out", "w"), stderr=open("err", "w"),
                       preexec_fn=lambda: signal.signal(signal.SIGHUP, hup))
end = time.monotonic() + 60
while not os.listdir("maps") and run.poll() is None and time.monotonic() < end:
    time.sleep(0.05)
on = ""
for name in names[:-1]:
    run.send_signal(getattr(signal, name))
    time.sleep(1)
    on = ", went on" if run.poll() is None else ", did not go on"
began = time.monotonic()
run.send_signal(getattr(signal, names[-1]))
code = run.wait()
print(code, "late" if time.monotonic() - began > 5 else "in time", end=on + "\n")
PYTHON
}
# stops HOW TITLE WORD …: what stopped must print, and nothing is left
stops() {
    want=$1 title=$2
    shift 2
    how=$(stopped "$@")
    got=${how%% *} ok=yes
    [ "$how" = "$want" ] || ok=no
    [ -z "$(ls -A maps)" ] || ok=no
    two_lines
    says 'stopped on request'
    result "$title"
}
for one in INT:130 TERM:143 HUP:129; do
    stops "${one#*:} in time" "ends_in_time_with_nothing_left_on_${one%:*}" "SIG${one%:*}"
done
stops '143 in time, went on' goes_on_after_HUP_where_nohup_started_it --ignored SIGHUP SIGTERM

run run slow.yaml --level 6
ended 0
[ -s maps/slow.tif ] || ok=no
result runs_to_its_end_after_all_that

# A disk that is full: a file system of 2 MB where one may be mounted.
mkdir full
if mount -t tmpfs -o size=2m none full 2>/dev/null; then
    run op subset "$data/29RKH/B04.tif" -o full/big.tif
    ended 1
    two_lines
    says "there is no room on the disk for $PWD/full/big.tif"
    [ -z "$(ls -A full)" ] || ok=no
    result leaves_nothing_on_a_full_disk
    umount full
else
    skip leaves_nothing_on_a_full_disk 'no file system may be mounted here'
fi

for words in 'ops' 'describe --json' 'info '"$data/29RKH/B04.tif" 'new-graph ndvi' 'help run' --version \
    "check --print yaml slow.yaml" "explain slow.yaml"; do
    # shellcheck disable=SC2086
    "$nadir" $words >/dev/full 2>err
    got=$? ok=yes
    ended 1
    two_lines
    says 'the output cannot be written'
    result "fails_when_$(echo "${words%% *}" | tr -d -)_cannot_be_printed"
done

# Colour and the bar belong on a terminal.
cat >terminal.py <<'PYTHON'
import os, pty, sys
def keep(fd):
    return os.read(fd, 1 << 16)
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], keep)))
PYTHON
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
    TERM=xterm python3 terminal.py "$nadir" help >out 2>err </dev/null
    got=$? ok=yes
    ended 0
    grep -q "$(printf '\033')\\[1m" out || ok=no
    result has_colour_on_a_terminal
    NO_COLOR=1 TERM=xterm python3 terminal.py "$nadir" help >out 2>err </dev/null
    got=$? ok=yes
    ended 0
    if grep -q "$(printf '\033')" out; then ok=no; fi
    result has_none_where_no_color_is_set
    TERM=xterm python3 terminal.py "$nadir" run slow.yaml --force --level 2 >out 2>err </dev/null
    got=$? ok=yes
    ended 0
    prints ' %   '
    prints 'Mpx/s'
    prints "$(printf '\r\033[K')"
    result draws_a_bar_on_a_terminal_and_takes_it_away
else
    for title in has_colour_on_a_terminal has_none_where_no_color_is_set \
        draws_a_bar_on_a_terminal_and_takes_it_away; do
        skip $title 'there is no terminal to open'
    done
fi
run run slow.yaml --force --level 2
ended 0
silent
if grep -q "$(printf '\r')" out; then ok=no; fi
result draws_none_elsewhere
finish
