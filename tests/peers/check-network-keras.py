#!/usr/bin/env python3
"""Whether the code that espalier-cli writes for Keras, run for real, gives the same outputs: check-network-keras.py BUILD.

Of every checkpoint in fixtures/architectures the outputs for some inputs are known (NAME.npz); of every network in fixtures/train
PyTorch's outputs after ten steps are (the last numbers of NAME.bin, for the examples in NAME.json). espalier-cli makes the same
network, trains it as long, and saves it; its code for Keras is run, the weights loaded, and the outputs compared, within 1e-5 of
the largest. What Keras has nothing like must be refused by name. Needs Keras and safetensors; exit 77 when they are missing.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
try:
    import keras
    import numpy
    import safetensors.numpy
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLI = pathlib.Path(sys.argv[1]) / "src/cli/espalier-cli"
ENVIRONMENT = dict(os.environ, ESPALIER_DATADIR=str(ROOT / "data"))
ONLY = sys.argv[2] if len(sys.argv) > 2 else ""
REFUSED = {"layer-batch-norm1d": "momentum", "layer-batch-norm1d-rows": "track_running_stats", "layer-conv-transpose2d": "groups"}
BOUND = 1e-5


def run(*command):
    done = subprocess.run([str(CLI)] + [str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def build(source, options, steps, folder):
    space = {}
    exec(compile(run("code", source, "--keras", *options), str(source), "exec"), space)
    weights = folder / "net.safetensors"
    run("train", source, *options, "--steps", steps, "--save", weights)
    space["load_weights"](weights)
    saved = safetensors.numpy.load_file(weights)
    total = sum(w.size for name, w in saved.items() if not name.endswith("num_batches_tracked"))
    return space["net"], total


def compare(name, net, x, y):
    off, largest = abs(net(x, training=False).numpy() - y).max(), abs(y).max()
    assert off <= BOUND * largest, (name, off, largest)
    print("%s: off by %.1e of %.2g" % (name, off, largest))


def check_architectures(folder):
    count = 0
    for examples in sorted((ROOT / "tests/fixtures/architectures").glob("*.npz")):
        source = next(path for path in examples.parent.glob(examples.stem + ".*") if path.suffix != ".npz")
        if ONLY not in source.name:
            continue
        options = ["--data", examples] + (["--guess", "relu"] if source.name.startswith("state-") else [])
        data = numpy.load(examples)
        compare(source.name, build(source, options, 0, folder)[0], data["x"].astype("float32"), data["y"])
        count += 1
    return count


def check_trained(folder):
    count = 0
    for fixture in sorted((ROOT / "tests/fixtures/train").glob("*.json")):
        document = json.loads(fixture.read_text())
        if ONLY not in fixture.name or not document.get("evaluation"):
            continue
        source = folder / fixture.name
        source.write_text(json.dumps(document["spec"]))
        try:
            net, total = build(source, [], document["steps"], folder)
        except RuntimeError as error:
            assert REFUSED.get(fixture.stem, "?") in str(error), (fixture.stem, str(error))
            print("%s: %s" % (fixture.stem, str(error).strip().split(": ", 2)[2]))
            continue
        assert fixture.stem not in REFUSED
        x = numpy.array(document["spec"]["data"]["inputs"], "float32")
        size = net(x[:1]).numpy().size * len(x)
        y = numpy.fromfile(fixture.with_suffix(".bin"), "<f8", offset=os.path.getsize(fixture.with_suffix(".bin")) - 8 * size)
        compare(fixture.stem, net, x, y.reshape(len(x), *net(x[:1]).shape[1:]))
        shared = sum(w.shape.num_elements() if hasattr(w.shape, "num_elements") else numpy.prod(w.shape, dtype=int) for w in net.weights if "seed_generator" not in w.path)
        assert shared <= total, (fixture.stem, shared, total)
        count += 1
    return count


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        count = check_architectures(folder) + check_trained(folder)
        if not ONLY:
            for template in sorted((ROOT / "data/networks").glob("*.json")):
                build(template.stem, [], 0, folder)
    print("%d networks" % count)


main()
