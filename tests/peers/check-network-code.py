#!/usr/bin/env python3
"""Whether the code that espalier-cli writes for a network, run for real, does the same: check-network-code.py BUILD.

Of every checkpoint in fixtures/architectures the outputs for some inputs are known (NAME.npz, by the framework that saved it). The
network that espalier-cli makes of it is saved without a step, the code run, the weights loaded, and the outputs compared. Of every
network in fixtures/train the code begins with the same weights, takes ten steps with the same batches, and its losses and parameters
are compared with those that espalier-cli comes to. All within 1e-5 of the largest. Needs PyTorch; exit 77 when it is missing.
"""
import itertools
import json
import os
import pathlib
import re
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


def compare(name, what, a, b):
    off, largest = abs(a - b).max(), abs(b).max()
    assert off <= 1e-5 * max(largest, 1e-30), (name, what, off, largest)
    return off / max(largest, 1e-30)


def check_training(folder):
    count = 0
    for fixture in sorted((ROOT / "tests/fixtures/train").glob("*.json")):
        document = json.loads(fixture.read_text())
        spec, steps = document["spec"], document["steps"]
        source, weights, space = folder / fixture.name, folder / "net.pt", {}
        source.write_text(json.dumps(spec))
        exec(compile(run("code", source), fixture.name, "exec"), space)
        net = space["net"]
        run("train", source, "--steps", 0, "--save", weights)
        net.load_state_dict(torch.load(weights, weights_only=True), strict=True)
        x = torch.tensor(spec["data"]["inputs"])
        y = torch.tensor(spec["data"]["labels"]) if "labels" in spec["data"] else torch.tensor(spec["data"]["targets"])
        lines = run("train", source, "--steps", steps, "--save", weights, "--every", 1, "--json").splitlines()
        ours = [line["loss"] for line in map(json.loads, lines) if line.get("step", 0) > 0 and "loss" in line]
        theirs = list(itertools.islice(space["train"](x, y, steps), steps))
        if re.search(r'"Dropout"|"dropout": 0\.\d*[1-9]', source.read_text()):
            continue  # drops others
        compare(fixture.stem, "loss", numpy.array(theirs), numpy.array(ours))
        worst, final = 0, torch.load(weights, weights_only=True)
        for name, value in net.state_dict().items():
            worst = max(worst, compare(fixture.stem, name, value.double().numpy(), final[name].double().numpy()))
        print("%s: %d steps, off by %.1e; loss %.6g, %.6g" % (fixture.stem, steps, worst, theirs[-1], ours[-1]))
        count += 1
    return count


def main():
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        count += check_training(pathlib.Path(folder))
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
