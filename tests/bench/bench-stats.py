#!/usr/bin/env python3
"""Lists a checkpoint and takes exact statistics of all its values: espalier-cli against Python's own ways to the same numbers.

A file of float16 as safetensors (beside safetensors and NumPy), as torch.save() writes it (beside torch.load() with mmap and
weights_only) and as GGUF (beside gguf); then one of 2.4 GB as safetensors (goal: 15 times as fast as NumPy, less than 200 MB in
memory). Whole process against whole process, turn by turn, the best of several runs each; all must tell the same numbers.
ESPALIER_BENCH_GB=0 leaves the large file out. Needs room for it in the folder for temporary files.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

RUNS = 3
COLUMNS = 4096
PEERS = {
    "safetensors": """
from safetensors import safe_open
def tensors(path):
    with safe_open(path, "numpy") as f:
        for name in f.keys():
            yield name, f.get_tensor(name)
""",
    "torch": """
import torch
def tensors(path):
    for name, w in torch.load(path, mmap=True, weights_only=True).items():
        yield name, w.numpy()
""",
    "gguf": """
from gguf import GGUFReader
def tensors(path):
    for t in GGUFReader(path).tensors:
        yield t.name, t.data
""",
}
STATISTICS = """
import json, sys
import numpy
rows = []
for name, w in tensors(sys.argv[1]):
    finite = numpy.isfinite(w)
    v = w[finite].astype(numpy.float64)
    rows.append({"name": name, "count": w.size, "min": v.min(), "max": v.max(), "mean": v.mean(), "std": v.std(),
                 "zeros": int((v == 0).sum()), "nans": int(numpy.isnan(w).sum()), "infs": int(numpy.isinf(w).sum())})
json.dump({"tensors": rows}, sys.stdout)
"""


def make_values(n):
    """random bits of a bell curve's float16, without NumPy: the same 4 MB again and again"""
    import random
    numbers = random.Random(5)
    block = struct.pack("<%de" % (1 << 16), *(numbers.gauss(0, 0.02) for _ in range(1 << 16)))
    return block * (n * 2 // len(block) + 1)


def shapes(size):
    """matrices of 32 MB that make up so many bytes, and a bias each"""
    rows = min(4096, size // (2 * COLUMNS))
    n = max(1, size // (rows * COLUMNS * 2))
    for i in range(n):
        yield "layers.%d.weight" % i, (rows, COLUMNS)
        yield "layers.%d.bias" % i, (rows,)


def count(shape):
    n = 1
    for size in shape:
        n *= size
    return n


def write_safetensors(path, size):
    header, position = {}, 0
    for name, shape in shapes(size):
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [position, position + 2 * count(shape)]}
        position += 2 * count(shape)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    values = make_values(4096 * COLUMNS)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes(size):
            f.write(memoryview(values)[:2 * count(shape)])


def write_gguf(path, size):
    rows, position = b"", 0
    for name, shape in shapes(size):
        rows += struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", len(shape))
        rows += b"".join(struct.pack("<Q", n) for n in reversed(shape)) + struct.pack("<IQ", 1, position)
        position += 2 * count(shape)  # each a multiple of 32
    key = b"general.architecture"
    head = b"GGUF" + struct.pack("<IQQ", 3, len(list(shapes(size))), 1) + struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, 5) + b"bench" + rows
    values = make_values(4096 * COLUMNS)
    with open(path, "wb") as f:
        f.write(head + bytes(-len(head) % 32))
        for name, shape in shapes(size):
            f.write(memoryview(values)[:2 * count(shape)])


TO_TORCH = """
import sys, torch
from safetensors.torch import load_file
torch.save(load_file(sys.argv[1]), sys.argv[2])
"""


def run(measure, command):
    """seconds, peak kB of memory, what was printed"""
    with tempfile.NamedTemporaryFile() as figures:
        process = subprocess.run([str(measure), figures.name] + command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        if process.returncode != 0:
            sys.exit("%s: exit %d" % (command[0], process.returncode))
        seconds, memory = figures.read().split()
        return float(seconds), int(memory), json.loads(process.stdout)


def check(ours, theirs):
    """the same numbers, but for the order in which the peer adds them"""
    assert [t["name"] for t in ours] == [t["name"] for t in theirs] or {t["name"] for t in ours} == {t["name"] for t in theirs}
    peers = {t["name"]: t for t in theirs}
    for t in ours:
        peer = peers[t["name"]]
        for key in ("count", "min", "max", "zeros", "nans", "infs"):
            assert t[key] == peer[key], (t["name"], key)
        for key in ("mean", "std"):
            assert abs(t[key] - peer[key]) <= 1e-9 * max(1, abs(peer[key])), (t["name"], key, t[key], peer[key])


def race(title, cli, measure, python, peer, path, runs, goal):
    """prints what both take; one of ours lists the file, the other goes through its values"""
    if subprocess.run([python, "-c", PEERS[peer].split("def")[0] + "\nimport numpy"], stderr=subprocess.DEVNULL).returncode != 0:
        print("%s: skipped: %s lacks %s or numpy (PEER_PYTHON names another)" % (title, python, peer))
        python = None
    best, best_list, best_peer, memory, peer_memory = float("inf"), float("inf"), float("inf"), 0, 0
    for _ in range(runs):
        best_list = min(best_list, run(measure, [str(cli), "list", str(path), "--json"])[0])
        seconds, memory, ours = run(measure, [str(cli), "stats", str(path), "--json"])
        best = min(best, seconds)
        if python:
            seconds, peer_memory, theirs = run(measure, [python, "-c", PEERS[peer] + STATISTICS, str(path)])
            best_peer = min(best_peer, seconds)
    print("%s: list %.3f s, statistics %.3f s, %.0f MB in memory" % (title, best_list, best, memory / 1e3))
    if python:
        check(ours["tensors"], theirs["tensors"])
        print("    %s and NumPy: %.3f s, %.0f MB; both of ours take %.3f of it, %.1f times as fast%s"
              % (peer, best_peer, peer_memory / 1e3, (best + best_list) / best_peer, best_peer / (best + best_list), goal))


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    cli, measure = build / "src/cli/espalier-cli", build / "tests/bench/measure"
    peer = os.environ.get("PEER_PYTHON", "python3")
    size = 256 << 20
    for program in (cli, measure):
        if not program.exists():
            print("skipped: %s isn't built" % program)
            return 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.safetensors"
        write_safetensors(path, size)
        race("safetensors, 256 MB", cli, measure, peer, "safetensors", path, RUNS, "")
        torch = pathlib.Path(folder) / "model.pt"
        if subprocess.run([peer, "-c", TO_TORCH, str(path), str(torch)], stderr=subprocess.DEVNULL).returncode == 0:
            race("torch.save, 256 MB", cli, measure, peer, "torch", torch, RUNS, "")
        else:
            print("torch.save: skipped: %s has no torch and safetensors (PEER_PYTHON names another)" % peer)
        path.unlink()
        path = pathlib.Path(folder) / "model.gguf"
        write_gguf(path, size)
        race("gguf, 256 MB", cli, measure, os.environ.get("PEER_PYTHON_GGUF", peer), "gguf", path, RUNS, "")
        path.unlink()
        large = float(os.environ.get("ESPALIER_BENCH_GB", "2.4"))
        if large > 0:
            path = pathlib.Path(folder) / "large.safetensors"
            write_safetensors(path, int(large * 1e9))
            race("safetensors, %.1f GB" % large, cli, measure, peer, "safetensors", path, 2, " (goal: >= 15)")
            print("    (goal for memory: < 200 MB)")
    return 0


sys.exit(main())
