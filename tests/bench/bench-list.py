#!/usr/bin/env python3
"""Lists a safetensors file of 20,000 tensors as JSON: espalier-cli against a Python process that uses the safetensors package.

Whole process against whole process, the best of several runs each, turn by turn. Goal: at most half of the peer's time, and
less than three times the header's size in memory beyond a run on an empty file.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

RUNS = 15
PEER = """
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="numpy") as f:
    rows = []
    for name in f.keys():
        s = f.get_slice(name)
        rows.append({"name": name, "dtype": s.get_dtype(), "shape": s.get_shape()})
    json.dump({"metadata": f.metadata(), "tensors": rows}, sys.stdout)
"""


def make_file(path, n):
    """a mixture of experts: names of 50 to 60 bytes, matrices of a few elements"""
    header = {"__metadata__": {"format": "pt"}} if n else {}
    position = 0
    parts = ["w1.weight", "w2.weight", "w3.weight", "norm.weight"]
    for i in range(n):
        layer, expert, part = i // 400, i // 4 % 100, i % 4
        shape = [2, 3] if part < 3 else [3]
        size = 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[f"model.layers.{layer}.block_sparse_moe.experts.{expert}.{parts[part]}"] = {
            "dtype": "BF16", "shape": shape, "data_offsets": [position, position + size]}
        position += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(position))
    return len(text)


def run(measure, command):
    """seconds, peak kB of memory, what was printed"""
    with tempfile.NamedTemporaryFile() as figures:
        process = subprocess.run([str(measure), figures.name] + command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        if process.returncode != 0:
            sys.exit("%s: exit %d" % (command[0], process.returncode))
        seconds, memory = figures.read().split()
        return float(seconds), int(memory), process.stdout


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    cli, measure = build / "src/cli/espalier-cli", build / "tests/bench/measure"
    peer = os.environ.get("PEER_PYTHON", "python3")
    for program in (cli, measure):
        if not program.exists():
            print("skipped: %s isn't built" % program)
            return 0
    has_peer = subprocess.run([peer, "-c", "import safetensors, numpy"], stderr=subprocess.DEVNULL).returncode == 0
    with tempfile.TemporaryDirectory() as folder:
        path, empty = pathlib.Path(folder) / "many.safetensors", pathlib.Path(folder) / "empty.safetensors"
        header = make_file(path, 20000)
        make_file(empty, 0)
        ours = [str(cli), "list", str(path), "--json"]
        theirs = [peer, "-c", PEER, str(path)]
        listed = json.loads(run(measure, ours)[2])
        assert len(listed["tensors"]) == 20000
        best, best_peer, memory = float("inf"), float("inf"), 0
        for _ in range(RUNS):
            seconds, memory, _ = run(measure, ours)
            best = min(best, seconds)
            if has_peer:
                seconds, _, printed = run(measure, theirs)
                best_peer = min(best_peer, seconds)
        base = run(measure, [str(cli), "list", str(empty), "--json"])[1]
        print("espalier-cli list --json, 20,000 tensors: %.1f ms" % (1e3 * best))
        print("memory: %.1f MB beyond the %.1f MB of an empty run, %.2f times the header (goal: < 3)"
              % ((memory - base) / 1e3, base / 1e3, (memory - base) * 1024 / header))
        if not has_peer:
            print("skipped the peer: %s has no safetensors and numpy (PEER_PYTHON names another)" % peer)
            return 0
        peers = {t["name"]: (t["dtype"], t["shape"]) for t in json.loads(printed)["tensors"]}
        assert peers == {t["name"]: (t["native_dtype"], t["shape"]) for t in listed["tensors"]}
        print("python safetensors (numpy): %.1f ms" % (1e3 * best_peer))
        print("ratio: %.3f (goal: <= 0.5)" % (best / best_peer))
    return 0


sys.exit(main())
