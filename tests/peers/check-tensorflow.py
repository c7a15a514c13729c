#!/usr/bin/env python3
"""Whether espalier-cli reads what TensorFlow writes: check-tensorflow.py BUILD. Needs TensorFlow; tf_keras and Keras where they are there.

Writes checkpoints of models with optimizers, of partitioned variables and of many variables, and SavedModels, into a folder that is removed, and holds
every tensor that `espalier-cli` lists and dumps against TensorFlow's own reader: names, shapes, types, bytes. Exit 77 when the
peer is missing: run it by a Python that has it (PEER_PYTHON of ./dev test).
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
try:
    import numpy as np
    import tensorflow as tf
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

cli = pathlib.Path(sys.argv[1]) / "src/cli/espalier-cli"
rng = np.random.default_rng(3)
checked = 0


def run(*command):
    return subprocess.run([str(cli)] + [str(c) for c in command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def check(path, prefix):
    """what is opened, and the prefix that TensorFlow reads"""
    global checked
    reader = tf.train.load_checkpoint(str(prefix))
    shapes, kinds = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    listed = {row["name"]: row for row in json.loads(run("list", path, "--json"))["tensors"]}
    assert set(listed) == set(shapes), (path, set(listed) ^ set(shapes))
    for name, row in listed.items():
        assert row["shape"] == shapes[name] and row["native_dtype"] == kinds[name].name, (path, row)
        if kinds[name] == tf.string:
            assert "texts" in row["error"], row
            continue
        wanted = np.asarray(reader.get_tensor(name))
        told = run("dump", path, name, "--as", "native")
        assert told == wanted.tobytes(), (path, name)
        checked += 1


def floats(*shape):
    return rng.normal(size=shape).astype(np.float32)


def train(model, loss="mse"):
    model.compile("adam", loss)
    model.fit(floats(8, 6), floats(8, 2), verbose=0)
    return model


def keras_model(layers, models):
    x = layers.Input((6,))
    shared = layers.Dense(6, name="shared")
    y = layers.BatchNormalization()(shared(shared(x)))
    return train(models.Model(x, layers.Dense(2)(y)))


def main(folder):
    for name, package in (("keras2", "tf_keras"), ("keras3", "keras")):
        try:
            keras = __import__(package)
        except ImportError:
            continue
        model = keras_model(keras.layers, keras.models)
        prefix = tf.train.Checkpoint(model=model, optimizer=model.optimizer).save(str(folder / name / "ckpt"))
        check(folder / name, prefix)
        saved = folder / (name + "-saved")
        if package == "keras":
            model.export(str(saved), verbose=False)
        else:
            model.save(str(saved), save_format="tf")
            model.save_weights(str(folder / name / "weights"))
            check(folder / name / "weights.index", folder / name / "weights")
        check(saved, saved / "variables" / "variables")
    many = {"layer_%03d/w" % i: floats(3, i % 5) for i in range(200)}
    tf.raw_ops.SaveV2(prefix=str(folder / "many"), tensor_names=list(many), shape_and_slices=[""] * len(many), tensors=list(many.values()))
    check(folder / "many.index", folder / "many")
    whole = floats(70, 9, 3)
    parts = [("%d,7:-:-" % (7 * i), whole[7 * i:7 * i + 7]) for i in range(10)]
    tf.raw_ops.SaveV2(prefix=str(folder / "parts"), tensor_names=["p"] * 10, shape_and_slices=["70 9 3 " + spec for spec, _ in parts], tensors=[part for _, part in parts])
    assert run("dump", folder / "parts.index", "p", "--as", "native") == whole.tobytes()
    big = floats(1 << 10, 1 << 10)
    tf.train.Checkpoint(v=tf.Variable(big)).write(str(folder / "big"))
    check(folder / "big.index", folder / "big")


with tempfile.TemporaryDirectory() as d:
    main(pathlib.Path(d))
print("%d tensors are the same" % checked)
