#!/usr/bin/env python3
"""Looks at a matrix of 1 GiB of float32: statistics, a histogram of 256 bins and an overview of 1024 x 1024, from a warm file.

Turn by turn against a NumPy process that does the same three and a torch process that only sums it on all cores (the memory's
own speed); then espalier-cli render to a PNG of 1000 x 1000 against matplotlib's imshow and savefig, whole process each; then the
elements per second of bfloat16, float16 and Q4_K against float32. The least of several turns. Goals: 15 times NumPy, at most 6
times the sum, 100 times matplotlib within 150 MB, half of float32's elements per second.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

SIDE = 16384
TURNS = int(os.environ.get("BENCH_TURNS", "5"))
PEER_TURNS = 2
NUMPY = """
import sys, time
import numpy as np
a = np.fromfile(sys.argv[1], dtype=np.float32).reshape(%d, %d)
t = time.perf_counter()
figures = a.min(), a.max(), a.mean(dtype=np.float64), a.std(dtype=np.float64), np.count_nonzero(a == 0)
counts = np.histogram(a, 256)
blocks = a.reshape(1024, %d, 1024, %d)
overview = blocks.min((1, 3)), blocks.max((1, 3)), blocks.mean((1, 3))
print(time.perf_counter() - t)
""" % (SIDE, SIDE, SIDE // 1024, SIDE // 1024)
TORCH = """
import sys, time
import numpy as np, torch
a = torch.from_numpy(np.fromfile(sys.argv[1], dtype=np.float32))
best = 1e9
for i in range(5):
    t = time.perf_counter()
    a.sum()
    best = min(best, time.perf_counter() - t)
print(best)
"""
MATPLOTLIB = """
import sys
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
a = np.fromfile(sys.argv[1], dtype=np.float32, offset=int(sys.argv[2])).reshape(%d, %d)
figure = plt.figure(figsize=(10, 10), dpi=100)
plt.imshow(a)
plt.colorbar()
plt.savefig(sys.argv[3])
""" % (SIDE, SIDE)


def write_file(path):
    """a safetensors file of normal numbers, made a million at a time and repeated; gives where its numbers begin"""
    import random
    header = json.dumps({"w": {"dtype": "F32", "shape": [SIDE, SIDE], "data_offsets": [0, 4 * SIDE * SIDE]}}).encode()
    header += b" " * (-len(header) % 8)
    source = random.Random(1)
    numbers = [source.gauss(0, 0.02) for _ in range(1 << 20)]
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(header)) + header)
        for i in range(SIDE * SIDE >> 20):
            turn = numbers[i * 4001 % 1000003:] + numbers[:i * 4001 % 1000003]
            out.write(struct.pack("<%df" % len(turn), *turn))
    return 8 + len(header)


def peer(code, *arguments):
    """the last line that a Python with the packages prints, or None where it hasn't got them"""
    process = subprocess.run([os.environ.get("PEER_PYTHON", "python3"), "-c", code, *map(str, arguments)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if process.returncode != 0:
        print("no peer:", process.stderr.strip().splitlines()[-1] if process.stderr.strip() else "it failed")
        return None
    return process.stdout.strip()


def measure(program, command):
    with tempfile.NamedTemporaryFile() as figures:
        process = subprocess.run([str(program), figures.name, *map(str, command)], stdout=subprocess.DEVNULL)
        if process.returncode != 0:
            return None
        seconds, memory = figures.read().split()
        return float(seconds), int(memory)


def scan(program, path, shape, dtype, turns):
    line = subprocess.run([str(program), str(path), str(shape[0]), str(shape[1]), dtype, "1024", "1024", str(turns)],
                          stdout=subprocess.PIPE, check=True, text=True).stdout
    return [float(word) for word in line.split()]


def scan_against_peers(bench, path, offset, raw):
    ours, first, sums, numpys = [], [], [], []
    for turn in range(TURNS):
        all_three, _, partial = scan(bench, path, (SIDE, SIDE), "float32:%d" % offset, 2)
        ours.append(all_three)
        first.append(partial)
        seconds = peer(TORCH, raw)
        if seconds:
            sums.append(float(seconds))
        if turn < PEER_TURNS:
            seconds = peer(NUMPY, raw)
            if seconds:
                numpys.append(float(seconds))
    print("statistics, histogram, overview of 1 GiB: %.3f s, first picture after %.3f s" % (min(ours), min(first)))
    if numpys:
        print("  NumPy, the same three: %.2f s: %.1f times as long (goal 15)" % (min(numpys), min(numpys) / min(ours)))
    if sums:
        print("  torch.sum: %.3f s: ours takes %.1f times that (goal at most 6)" % (min(sums), min(ours) / min(sums)))


def render_against_matplotlib(build, path, offset, folder):
    program, cli = build / "tests/bench/measure", build / "src/cli/espalier-cli"
    png = pathlib.Path(folder) / "out.png"
    ours, theirs = [], []
    for turn in range(TURNS):
        ours.append(measure(program, [cli, "render", path, "w", "-o", png, "--size", "1000x1000"]))
        if turn < PEER_TURNS:
            figures = measure(program, [os.environ.get("PEER_PYTHON", "python3"), "-c", MATPLOTLIB, path, offset, png])
            if figures:
                theirs.append(figures)
    seconds, memory = min(ours)[0], max(kb for _, kb in ours)
    print("render to 1000 x 1000: %.2f s, %.0f MB (goal 150)" % (seconds, memory / 1024))
    if theirs:
        print("  matplotlib: %.1f s, %.0f MB: %.0f times as long (goal 100)"
              % (min(theirs)[0], min(theirs)[1] / 1024, min(theirs)[0] / seconds))
    else:
        print("no peer: matplotlib")


def write_types(folder):
    """a file of 512 MiB for each type: normal numbers, blocks with scales of their size"""
    import random
    source = random.Random(2)
    numbers = [source.gauss(0, 0.02) for _ in range(1 << 16)]
    floats = struct.pack("<%df" % len(numbers), *numbers)
    brain = bytearray(2 * len(numbers))
    brain[0::2], brain[1::2] = floats[2::4], floats[3::4]
    block = struct.pack("<2e", 0.001, 0.01) + bytes(source.randrange(256) for _ in range(140))
    pieces = {"float32": (floats, 4, 1), "bfloat16": (bytes(brain), 2, 1),
              "float16": (struct.pack("<%de" % len(numbers), *numbers), 2, 1), "q4_k": (block * 1024, 144, 256)}
    files = {}
    for dtype, (piece, size, elements) in pieces.items():
        path = pathlib.Path(folder) / dtype
        turns = (512 << 20) // len(piece)
        path.write_bytes(piece * turns)
        rows = turns * len(piece) // size * elements // SIDE
        files[dtype] = path, rows
    return files


def decoders(bench, folder):
    """elements a second; one pass at a time, turn by turn"""
    speed = {}
    files = write_types(folder)
    for _ in range(TURNS):
        for dtype, (path, rows) in files.items():
            seconds = scan(bench, path, (rows, SIDE), dtype, 1)[0]
            speed[dtype] = max(speed.get(dtype, 0), rows * SIDE / seconds)
    for dtype, value in speed.items():
        print("  %-8s %.0f million elements a second, %.2f of float32's (goal 0.5)"
              % (dtype, value / 1e6, value / speed["float32"]))


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    bench = build / "tests/bench/bench-scan"
    if not bench.exists():
        sys.exit("%s isn't built" % bench)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "w.safetensors"
        raw = pathlib.Path(folder) / "w.f32"
        offset = write_file(path)
        with open(path, "rb") as whole, open(raw, "wb") as numbers:
            whole.seek(offset)
            while piece := whole.read(1 << 24):
                numbers.write(piece)
        scan_against_peers(bench, path, offset, raw)
        render_against_matplotlib(build, path, offset, folder)
        path.unlink()
        raw.unlink()
        decoders(bench, folder)


main()
