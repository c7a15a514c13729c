#!/usr/bin/env python3
"""Checks files that espalier-cli saves for PyTorch: torch.load(weights_only=True) takes them, the values are those of the safetensors
file of the same run, and what is tied shares memory.

    check-pytorch.py BUILD      needs PyTorch and safetensors; exit 77 when they are missing
"""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import safetensors.torch
    import torch
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = dict(os.environ, ESPALIER_DATADIR=str(ROOT / "data"))

NETWORKS = ["d2l-shared", "digits-conv", "spirals"]


def main(cli):
    with tempfile.TemporaryDirectory() as folder:
        for name in NETWORKS:
            saved = {}
            for suffix in ("pt", "safetensors"):
                saved[suffix] = pathlib.Path(folder) / f"{name}.{suffix}"
                subprocess.run([cli, "train", name, "--steps", "20", "--save", saved[suffix]], check=True, stdout=subprocess.DEVNULL,
                               env=ENVIRONMENT)
            state = torch.load(saved["pt"], weights_only=True)
            mapped = torch.load(saved["pt"], weights_only=True, mmap=True)
            same = safetensors.torch.load_file(saved["safetensors"])
            with safetensors.safe_open(saved["safetensors"], "pt") as file:
                dropped = {a: b for a, b in file.metadata().items() if a != "format"}
            assert set(state) == set(same) | set(dropped), (set(state), set(same), dropped)
            for key, value in state.items():
                other = same[dropped.get(key, key)]
                assert value.dtype == other.dtype and value.shape == other.shape and torch.equal(value, other), key
                assert value.is_contiguous() and torch.equal(mapped[key], value), key
            for key, kept in dropped.items():
                assert state[key].data_ptr() == state[kept].data_ptr(), (key, kept)
            print(f"{name}: {len(state)} tensors, {len(dropped)} tied")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) / "src/cli/espalier-cli")
