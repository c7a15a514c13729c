#!/usr/bin/env python3
"""Prints the benchmarks: `./dev bench [NAME...]`. Each row is a ratio to a peer that was measured in the same run.

A row is one file beside this one, bench-NAME.py; it takes the build folder and prints its own lines. It says why when the peer
is missing. PEER_PYTHON names a Python that has the peers (torch, safetensors, h5py, numpy); python3 otherwise.
"""
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).parent
build, wanted = sys.argv[1], sys.argv[2:]
status = 0
for row in sorted(here.glob("bench-*.py")):
    name = row.stem[len("bench-"):]
    if wanted and name not in wanted:
        continue
    print("== " + name, flush=True)
    status |= subprocess.run([sys.executable, str(row), build]).returncode
sys.exit(status)
