#!/usr/bin/env python3
"""Statistics of an HDF5 file in chunks (shuffled, deflated) and one in one piece: espalier-cli against h5py with NumPy.

Whole process against whole process, the best of some runs each, turn by turn: listing, then the statistics of every tensor. The
files have 128 MB of float32 in four matrices each; the peer makes them. Goals: at most half of the peer's time, memory of at most
200 MB whatever the file has. Listing includes starting the process in which the HDF5 library runs.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

RUNS = 4
MAKE = """
import sys
import h5py, numpy
for name, options in (("chunked.h5", dict(chunks=True, shuffle=True, compression=4)), ("contiguous.h5", {})):
    random = numpy.random.default_rng(0)
    with h5py.File(sys.argv[1] + "/" + name, "w") as f:
        for i in range(4):
            values = random.standard_normal((2048, 4096), numpy.float32)
            values = (values.view("u4") & 0xffffe000).view("f4")  # weights that were once float16
            f.create_dataset("layer%d/weight" % i, data=values, **options)
"""
LIST = """
import h5py, json, sys
rows = []
with h5py.File(sys.argv[1]) as f:
    f.visititems(lambda name, item: rows.append({"name": name, "shape": item.shape}) if isinstance(item, h5py.Dataset) else None)
json.dump({"tensors": rows}, sys.stdout)
"""
STATS = """
import h5py, json, numpy, sys
rows = []
def visit(name, item):
    if isinstance(item, h5py.Dataset):
        a = item[()]
        finite = numpy.isfinite(a)
        rows.append({"name": name, "min": float(a.min()), "max": float(a.max()), "mean": float(a.mean(dtype="f8")), "std": float(a.std(dtype="f8")),
                     "zeros": int((a == 0).sum()), "finite": int(finite.sum())})
with h5py.File(sys.argv[1]) as f:
    f.visititems(visit)
json.dump({"tensors": rows}, sys.stdout)
"""


def run(measure, command):
    """seconds, peak kB of memory, what was printed"""
    with tempfile.NamedTemporaryFile() as figures:
        process = subprocess.run([str(measure), figures.name] + command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        if process.returncode != 0:
            sys.exit("%s: exit %d" % (command[0], process.returncode))
        seconds, memory = figures.read().split()
        return float(seconds), int(memory), json.loads(process.stdout)


def compare(title, measure, ours, theirs):
    """prints a row; what both said"""
    best, best_peer = (float("inf"), 0, None), (float("inf"), 0, None)
    for _ in range(RUNS):
        best = min(best, run(measure, ours), key=lambda row: row[0])
        best_peer = min(best_peer, run(measure, theirs), key=lambda row: row[0])
    print("%s: %.0f ms, %.0f MB; h5py %.0f ms, %.0f MB; ratio %.2f (goal: <= 0.5 on two cores that nobody else uses)"
          % (title, 1e3 * best[0], best[1] / 1e3, 1e3 * best_peer[0], best_peer[1] / 1e3, best[0] / best_peer[0]))
    return best[2]["tensors"], best_peer[2]["tensors"]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    cli, measure = build / "src/cli/espalier-cli", build / "tests/bench/measure"
    peer = os.environ.get("PEER_PYTHON", "python3")
    if not (build / "src/hdf5/espalier-hdf5").exists():
        print("skipped: this build has no HDF5")
        return 0
    if subprocess.run([peer, "-c", "import h5py, numpy"], stderr=subprocess.DEVNULL).returncode != 0:
        print("skipped: %s has no h5py and numpy (PEER_PYTHON names another)" % peer)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([peer, "-c", MAKE, folder], check=True)
        for name in ("chunked.h5", "contiguous.h5"):
            path = os.path.join(folder, name)
            listed, peer_listed = compare("list " + name, measure, [str(cli), "list", "--json", path], [peer, "-c", LIST, path])
            assert [(t["name"], t["shape"]) for t in listed] == [(t["name"], t["shape"]) for t in peer_listed]
            told, peer_told = compare("statistics of " + name, measure, [str(cli), "stats", "--json", path], [peer, "-c", STATS, path])
            for ours, theirs in zip(told, peer_told):
                assert (ours["min"], ours["max"], ours["zeros"]) == (theirs["min"], theirs["max"], theirs["zeros"])
                assert abs(ours["mean"] - theirs["mean"]) < 1e-9 and abs(ours["std"] - theirs["std"]) < 1e-9
    return 0


sys.exit(main())
