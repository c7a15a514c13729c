#!/usr/bin/env python3
"""What the window holds while a network trains at full speed: the resident memory of the program, minute by minute. It must not
grow. ESPALIER_BENCH_MINUTES says how long (5 unless told; 60 for the figure that is published)."""
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "ui" / "drive"))
import drive  # noqa: E402

# what fills up at first: caches, key frames of the history, the curve
SETTLING = 2


def resident(pid):
    """megabytes (10^6 bytes)"""
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 / 1e6 for line in file if line.startswith("VmRSS:"))


def main(d):
    minutes = int(os.environ.get("ESPALIER_BENCH_MINUTES", "5"))
    d.start(drive.ROOT / "data" / "networks" / "spirals.json")
    d.row("0.weight")
    d.training.find("slider", "Speed").click(fx=0.5)
    d.key("End")
    d.training.find("label", "as fast as it goes")
    d.key("ctrl+space")
    figures = []
    start = time.monotonic()
    for minute in range(1, minutes + 1):
        time.sleep(max(0, start + 60 * minute - time.monotonic()))
        figures.append(resident(d.program.pid))
        print("minute %3d: step %s, %.1f MB" % (minute, format(d.steps(), ","), figures[-1]), flush=True)
    settled = figures[min(SETTLING, minutes) - 1]
    print("from minute %d on: %+.1f MB, highest %.1f MB (goal: no growth)" % (min(SETTLING, minutes), figures[-1] - settled, max(figures)))


drive.run(main)
