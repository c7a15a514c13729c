#!/usr/bin/env python3
"""Whether the code that espalier-cli writes for a network, run for real, gives the same outputs: check-network-code.py BUILD.

Of every checkpoint in fixtures/architectures the outputs for some inputs are known (NAME.npz, by the framework that saved it). The
network that espalier-cli makes of it is saved without a step, the code run, the weights loaded, and the outputs compared, within
1e-5 of the largest. Needs PyTorch; exit 77 when it is missing.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import torch
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLI = pathlib.Path(sys.argv[1]) / "src/cli/espalier-cli"
ENVIRONMENT = dict(os.environ, ESPALIER_DATADIR=str(ROOT / "data"))


def run(*command):
    return subprocess.run([str(CLI)] + [str(c) for c in command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT, text=True).stdout


def main():
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        weights = pathlib.Path(folder) / "net.pt"
        for examples in sorted((ROOT / "tests/fixtures/architectures").glob("*.npz")):
            source = next(path for path in examples.parent.glob(examples.stem + ".*") if path.suffix != ".npz")
            options = ["--data", examples] + (["--guess", "relu"] if source.name.startswith("state-") else [])
            space = {}
            exec(compile(run("code", source, *options), source.name, "exec"), space)
            run("train", source, *options, "--steps", 0, "--save", weights)
            net = space["net"].eval()
            net.load_state_dict(torch.load(weights, weights_only=True), strict=True)
            data = numpy.load(examples)
            with torch.no_grad():
                y = net(torch.from_numpy(data["x"]).float()).numpy()
            off, largest = abs(y - data["y"]).max(), abs(data["y"]).max()
            assert off <= 1e-5 * largest, (source.name, off, largest)
            print("%s: off by %.1e of %.2g" % (source.name, off, largest))
            count += 1
    for name in ("d2l-mlp", "d2l-shared", "xor", "spirals", "digits", "digits-conv", "autoencoder"):
        space = {}
        exec(compile(run("code", name), name, "exec"), space)
    print("%d networks" % count)


main()
