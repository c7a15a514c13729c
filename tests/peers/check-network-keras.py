#!/usr/bin/env python3
"""Whether the code that espalier-cli writes for Keras, run for real, gives the same outputs: check-network-keras.py BUILD.

Of every checkpoint in fixtures/architectures the outputs for some inputs are known (NAME.npz); of every network in fixtures/train
PyTorch's outputs after ten steps are (the last numbers of NAME.bin, for the examples in NAME.json). espalier-cli makes the same
network, trains it as long, and saves it; its code for Keras is run, the weights loaded, and the outputs compared. Then the code
begins with the same weights, trains for three epochs with the same batches, and its parameters are compared with those that
espalier-cli comes to. All within 1e-5 of the largest. What Keras has nothing like must be refused by name. Needs Keras and safetensors; exit 77 when they are missing.
"""
import json
import os
import pathlib
import re
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
keras.config.disable_interactive_logging()
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


def build_at(source, steps, folder):
    space, weights = {}, folder / "net.safetensors"
    exec(compile(run("code", source, "--keras"), str(source), "exec"), space)
    run("train", source, "--steps", steps, "--save", weights)
    space["load_weights"](weights)
    return space


def check_training(source, spec, folder):
    """one bias where PyTorch has two moves otherwise; groups and some schedules are left out and say so"""
    code = run("code", source, "--keras")
    if re.search(r"t in this code|Keras takes one|one bias where|layers.Dropout|dropout=", code):
        return 0
    examples, labels = len(spec["data"]["inputs"]), spec["data"].get("labels")
    batches = -(-examples // min(spec.get("batch_size", 32), examples))
    space = build_at(source, 0, folder)
    y = numpy.array(labels, "int32") if labels else numpy.array(spec["data"]["targets"], "float32")
    space["train"](numpy.array(spec["data"]["inputs"], "float32"), y, 3)
    worst = 0
    for ours, theirs in zip(build_at(source, 3 * batches, folder)["net"].weights, space["net"].weights):
        a, b = ours.numpy().astype(float), theirs.numpy().astype(float)
        off, largest = abs(a - b).max(), abs(a).max()
        if largest < 1e-6 and "/key/bias" in ours.path:
            continue  # attention's bias of the key is 0 but for rounding
        assert off <= BOUND * largest, (source.stem, ours.path, off, largest)
        worst = max(worst, off / max(largest, 1e-30))
    print("%s: three epochs, off by %.1e" % (source.stem, worst))
    return 1


SCHEDULES = [{"class": "ConstantLR", "total_iters": 4}, {"class": "LinearLR", "total_iters": 6}, {"class": "ExponentialLR", "gamma": 0.8},
             {"class": "StepLR", "step_size": 3, "gamma": 0.5}, {"class": "MultiStepLR", "milestones": [2, 5], "gamma": 0.5}, {"class": "PolynomialLR", "total_iters": 7, "power": 2},
             {"class": "CosineAnnealingLR", "T_max": 8, "eta_min": 0.001},
             {"class": "SequentialLR", "milestones": [3], "schedulers": [{"class": "LinearLR", "start_factor": 0.1, "total_iters": 3}, {"class": "CosineAnnealingLR", "T_max": 6}]}]


def check_schedules(folder):
    spec = json.loads((ROOT / "tests/fixtures/train/mlp-sgd.json").read_text())["spec"]
    for schedule in SCHEDULES:
        source = folder / (schedule["class"] + ".json")
        source.write_text(json.dumps(dict(spec, schedule=schedule)))
        assert check_training(source, spec, folder) == 1


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
    count = trained = 0
    for fixture in sorted((ROOT / "tests/fixtures/train").glob("*.json")):
        document = json.loads(fixture.read_text())
        if ONLY not in fixture.name:
            continue
        source = folder / fixture.name
        source.write_text(json.dumps(document["spec"]))
        if fixture.stem not in REFUSED:
            trained += check_training(source, document["spec"], folder)
        if not document.get("evaluation"):
            continue
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
    print("%d of them trained" % trained)
    return count


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        count = check_architectures(folder) + check_trained(folder)
        if ONLY in "schedules":
            check_schedules(folder)
        if not ONLY:
            for template in sorted((ROOT / "data/networks").glob("*.json")):
                build(template.stem, [], 0, folder)
    print("%d networks" % count)


main()
