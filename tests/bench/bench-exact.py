#!/usr/bin/env python3
"""Mean and standard deviation of 10^9 float32 numbers against NumPy in float64: their relative difference, goal 1e-12.

The numbers are normal with a mean that is small beside their spread, as weights are: 4 GB in the folder for temporary files, skipped
where it hasn't room for them. NumPy sums pieces of them in float64, math.fsum the pieces.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

COUNT = 10 ** 9
PEER = """
import math, sys
import numpy as np
path, count, piece = sys.argv[1], int(sys.argv[2]), 10 ** 7
source = np.random.default_rng(7)
with open(path, "wb") as out:
    np.lib.format.write_array_header_1_0(out, {"descr": "<f4", "fortran_order": False, "shape": (count // 10 ** 4, 10 ** 4)})
    for start in range(0, count, piece):
        out.write((source.standard_normal(min(piece, count - start), dtype=np.float32) * np.float32(0.02) + np.float32(1e-4)).tobytes())
numbers = np.load(path, mmap_mode="r").reshape(-1)
pieces = lambda: (numbers[start:start + piece].astype(np.float64) for start in range(0, count, piece))
mean = math.fsum(part.sum() for part in pieces()) / count
std = math.sqrt(math.fsum(((part - mean) ** 2).sum() for part in pieces()) / count)
print(repr(mean), repr(std))
"""


def main():
    cli = pathlib.Path(sys.argv[1]).resolve() / "src/cli/espalier-cli"
    if shutil.disk_usage(tempfile.gettempdir()).free < 10 * COUNT:
        print("skipped: there is no room for 4 GB in", tempfile.gettempdir())
        return
    with tempfile.TemporaryDirectory(prefix="espalier-bench-") as folder:
        path = pathlib.Path(folder) / "numbers.npy"
        process = subprocess.run([os.environ.get("PEER_PYTHON", "python3"), "-c", PEER, str(path), str(COUNT)],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if process.returncode != 0:
            print("no peer:", process.stderr.strip().splitlines()[-1])
            return
        theirs = [float(word) for word in process.stdout.split()]
        line = subprocess.run([str(cli), "stats", "--json", str(path)], stdout=subprocess.PIPE, check=True, text=True).stdout
        ours = json.loads(line)["tensors"][0]
        for name, value in zip(("mean", "std"), theirs):
            print("%-4s of 10^9 numbers: %.17g, NumPy %.17g: %.1e apart (goal 1e-12)" % (name, ours[name], value, abs(ours[name] / value - 1)))


main()
