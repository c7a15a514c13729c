#!/usr/bin/env python3
"""Whether the reference takes what espalier-cli saves: check-safetensors.py BUILD. Needs PyTorch and safetensors.

Trains the shipped networks for some steps, saves each, and loads it with safetensors.torch.load_model(strict=True) into the same
network built in PyTorch. Every value must be the one that `espalier-cli dump` tells, under each of its names; a shared layer must
be one in the file. Exit 77 when the peer is missing: run it by a Python that has it (PEER_PYTHON of ./dev test).
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import safetensors.torch
    import torch
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

root = pathlib.Path(__file__).resolve().parent.parent.parent
cli = pathlib.Path(sys.argv[1]) / "src/cli/espalier-cli"
environment = dict(os.environ, ESPALIER_DATADIR=str(root / "data"))


def run(*command):
    return subprocess.run([str(cli)] + [str(c) for c in command], check=True, stdout=subprocess.PIPE, env=environment).stdout


def build(spec):
    """the network of a specification, its layers of one id being one"""
    shared, modules, width = {}, [], None
    data = spec["data"]
    width = data.get("inputs", [2])[0]
    for row in spec["modules"]:
        if "use" in row:
            modules.append(shared[row["use"]])
        elif row["class"] == "Linear":
            modules.append(torch.nn.Linear(row.get("in_features", width), row["out_features"]))
        else:
            modules.append(getattr(torch.nn, row["class"])())
        width = getattr(modules[-1], "out_features", width)
        if "id" in row:
            shared[row["id"]] = modules[-1]
    return torch.nn.Sequential(*modules)


def check(name, folder):
    spec = json.loads((root / "data/networks" / (name + ".json")).read_text())
    path = folder / (name + ".safetensors")
    run("train", name, "--steps", 7, "--save", path)
    net = build(spec)
    missing, unexpected = safetensors.torch.load_model(net, str(path), strict=True)
    assert not missing and not unexpected
    state = net.state_dict()
    for key, value in state.items():
        told = run("dump", path, key, "--as", "f32")
        assert told == value.contiguous().numpy().tobytes(), key
    again = folder / (name + "-again.safetensors")
    safetensors.torch.save_model(net, str(again), metadata={"format": "pt"})
    (ours, a), (theirs, b) = split(path), split(again)
    assert ours == theirs and a == b, "not what save_model() writes"
    print("%s: %d names, %d tensors in the file" % (name, len(state), len(ours) - 1))


def split(path):
    """header, and the values behind it"""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    assert size % 8 == 0
    return json.loads(data[8:8 + size]), data[8 + size:]


with tempfile.TemporaryDirectory() as folder:
    for network in ("d2l-mlp", "d2l-shared", "spirals"):
        check(network, pathlib.Path(folder))
