#!/usr/bin/env python3
"""A training step of the 4-8-1 network (data/networks/d2l-mlp.json) through the real trainer, against PyTorch eager on one thread."""
import os
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).parent
root = here.parent.parent
build = pathlib.Path(sys.argv[1])
GOAL = 100


def measure(command):
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return (float(result.stdout), "") if result.returncode == 0 else (None, result.stderr.strip().splitlines()[-1:] or ["no message"])


def main():
    spec = root / "data/networks/d2l-mlp.json"
    own, error = measure([build / "tests/bench/bench-train", spec, 500000])
    if own is None:
        print("bench-train failed: %s" % error[0])
        return 1
    print("espalier: %.3f us a step of %s (Adam, batch 2)" % (own, spec.stem))
    peer, error = measure([os.environ.get("PEER_PYTHON", "python3"), root / "tests/peers/torch_step.py", spec, 2000])
    if peer is None:
        print("skipped the comparison: PyTorch is missing (%s); PEER_PYTHON names a Python that has it" % error[0])
        return 0
    print("PyTorch eager: %.1f us a step" % peer)
    print("ratio: %.0f times faster (goal: %d)" % (peer / own, GOAL))
    return 0 if peer / own >= GOAL else 1


sys.exit(main())
