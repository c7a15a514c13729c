#!/usr/bin/env python3
"""Whether espalier-cli calls the variables of Keras files as Keras does: check-keras.py BUILD. Needs keras and TensorFlow.

Builds models of many layers (and, where tf_keras is there, of Keras 2), trains each for a step, saves it in every form that this Keras
writes, and asks the program for its listing. Each data set must stand where the variable of its values stands in Keras: the names of
the layers on the way and its own; of what an optimizer keeps, the variable that it belongs to. Values are compared by their
fingerprint. Exit 77 when the peer is missing: run it by a Python that has it (PEER_PYTHON of ./dev test).
"""
import collections
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
try:
    import keras
    import numpy as np
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)
try:
    import tf_keras
except ImportError:
    tf_keras = None

cli = pathlib.Path(sys.argv[1]) / "src/cli/espalier-cli"
rng = np.random.default_rng(5)
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])


def run(verb, path, *more):
    return json.loads(subprocess.run([str(cli), verb, str(path), "--json", *more], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


# --- models ---

def images(K):
    L = K.layers
    x = K.Input((8, 8, 3), name="picture")
    y = L.Conv2D(4, 3, name="c1")(x)
    y = L.Conv2DTranspose(4, 3, use_bias=False)(y)
    y = L.SeparableConv2D(5, 3)(y)
    y = L.DepthwiseConv2D(3)(y)
    y = L.BatchNormalization(center=False)(y)
    y = L.PReLU()(y)
    y = L.LayerNormalization(scale=False)(y)
    y = L.GroupNormalization(1)(y)
    y = L.Flatten()(y)
    return K.Model(x, L.Dense(3)(L.Dropout(0.5)(y)), name="images"), (8, 8, 3), 3


def sequences(K):
    L = K.layers
    x = K.Input((5, 4), name="steps")
    y = L.Bidirectional(L.GRU(3, return_sequences=True, dropout=0.1), name="both")(x)
    y = L.MultiHeadAttention(2, 3, use_bias=False)(y, y)
    y = L.TimeDistributed(L.Dense(4, name="each"))(y)
    y = L.RNN([L.LSTMCell(4), L.GRUCell(3)], return_sequences=True)(y)
    y = L.SimpleRNN(4, return_sequences=True)(y)
    y = L.Conv1D(3, 2)(y)
    y = L.LSTM(4, use_bias=False)(y)
    return K.Model(x, L.Dense(2, name="last")(y), name="sequences"), (5, 4), 2


def nested(K):
    L = K.layers
    deep = K.Sequential([L.Dense(4, name="deep1"), L.BatchNormalization(name="norm")], name="deep")
    inner_in = K.Input((4,))
    inner = K.Model(inner_in, deep(L.Dense(4, name="before")(inner_in)), name="inner")
    shared = L.Dense(4, name="shared", trainable=False)
    x = K.Input((4,))
    y = inner(shared(inner(shared(x))))
    return K.Model(x, L.Dense(2, name="last")(y), name="nested"), (4,), 2


def words(K):
    L = K.layers
    x = K.Input((6,), dtype="int32", name="words")
    y = L.Embedding(20, 5, name="table")(x)
    y = L.AdditiveAttention(name="add")([y, y])
    y = L.GlobalAveragePooling1D()(y)
    return K.Model(x, L.Dense(2, activation="relu")(y), name="words"), (6,), 2


def own(K):
    class Block(K.layers.Layer):
        def __init__(self, **rest):
            super().__init__(**rest)
            self.up = K.layers.Dense(4)
            self.down = K.layers.Dense(3, use_bias=False)

        def call(self, x):
            return self.down(self.up(x))

    class Own(K.Model):
        def __init__(self):
            super().__init__(name="own")
            self.enter = K.layers.Dense(3)
            self.blocks = [Block(), Block()]

        def call(self, x):
            y = self.enter(x)
            for block in self.blocks:
                y = block(y)
            return y

    return Own(), (4,), 3


# --- what Keras says ---

def fingerprint(value):
    value = np.asarray(value)
    if value.dtype.kind in "iub":
        return hashlib.sha256(value.astype("<i8").tobytes()).hexdigest()
    return hashlib.sha256(value.astype("<f4").tobytes()).hexdigest()


def plain(name):
    return name.split(":")[0]


def variables(model):
    """shape and values -> the paths of the variables that have them"""
    known = collections.defaultdict(set)
    for variable in list(model.variables) + list(model.optimizer.variables if not callable(getattr(model.optimizer, "variables", None)) else model.optimizer.variables()):
        path = plain(getattr(variable, "path", variable.name))
        known[tuple(variable.shape), fingerprint(variable.numpy())].add(path)
    return known


# --- what the program says ---

def own_names(listing):
    """the path of a module -> its own name, or None"""
    return {module["path"]: module["attributes"].get("name") for module in listing["modules"] if not module["shared_with"]}


def keras_path(names, keys):
    """as Keras joins it: the names of the objects on the way; those of lists are left out"""
    parts = []
    for n in range(1, len(keys)):
        name = names.get("/".join(keys[:n]), keys[n - 1])
        if name:
            parts.append(name)
    return parts + [keys[-1]]


def fits(told, path, names, labelled):
    """whether keys name the variable that Keras calls @path"""
    if told[0] == "optimizer":
        if len(told) == 2:
            return path.split("/")[-1] == told[1]
        slot, of = told[-1], keras_path(names, told[1:-1])
        # names of models around a layer may be left out, and the optimizer's and the model's stand before
        ends = [end for n in range(len(of) - 1) for end in ("_".join(of[n:]) + "_" + slot, slot + "/" + "/".join(of[n:]), "/".join(of[n:]) + "/" + slot)]
        return any(path == end or path.endswith("/" + end) or path.endswith("_" + end) for end in ends) or not labelled and slot in path and of[-1] in path
    ours, theirs = keras_path(names, told), path.split("/")
    if ours[-1] != theirs[-1]:
        return False
    # without names in its groups, a file tells no more of what is inside a layer
    return ours[-len(theirs):] == theirs or theirs[-len(ours):] == ours or not labelled and bool(set(ours[:-1]) & set(theirs))


def check(what, path, known, strict, labelled):
    listing, told = run("list", path), run("stats", path, "--hash")
    names = own_names(listing)
    hashes = {row["name"]: row.get("sha256") for row in told["tensors"]}
    good, unnamed, wrong = 0, 0, []
    for row in listing["tensors"]:
        found = known.get((tuple(row["shape"]), hashes[row["name"]]))
        if row["path"][0] in ("metrics",) or not found:
            # metrics are no variables of the model; every other must be known
            if row["path"][0] != "metrics":
                wrong.append("%s: Keras has no such values" % row["name"])
            continue
        if row["path"][-1].isdigit():
            unnamed += 1
            if strict:
                wrong.append("%s is one of %s and has no name" % (row["name"], sorted(found)))
        elif any(fits(row["path"], each, names, labelled) for each in found):
            good += 1
        else:
            wrong.append("%s stands at %s, but is one of %s" % (row["name"], "/".join(row["path"]), sorted(found)))
    total = sum(len(paths) for paths in known.values())
    print("%-44s %4d variables, %d unnamed%s" % (what, good, unnamed, "" if not wrong else ", %d WRONG" % len(wrong)))
    for line in wrong[:8]:
        print("    " + line)
    assert len(listing["tensors"]) >= good + unnamed and total > 0
    return not wrong and good > 0


def train(model, shape, outputs, optimizer):
    model.compile(optimizer, "mse")
    x = rng.integers(0, 20, (4,) + shape) if model.name == "words" else rng.normal(size=(4,) + shape).astype("f4")
    # two steps, so that what an optimizer keeps differs from variable to variable
    model.fit(x, rng.normal(size=(4, outputs)), epochs=2, verbose=0)


def forms(K, old):
    yield ".keras", lambda model, path: model.save(path), True
    yield ".weights.h5", lambda model, path: model.save_weights(path), False
    yield ".h5", lambda model, path: model.save(path, **({"save_format": "h5"} if old else {})), True


def main():
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        for K, old in ((keras, False), (tf_keras, True)):
            if K is None:
                continue
            for make in (images, sequences, nested, words, own):
                for optimizer in ("adam", K.optimizers.SGD(0.1, momentum=0.9), K.optimizers.RMSprop(0.01, momentum=0.5)):
                    K.backend.clear_session()
                    model, shape, outputs = make(K)
                    train(model, shape, outputs, optimizer)
                    known = variables(model)
                    for suffix, save, strict in forms(K, old):
                        path = pathlib.Path(folder) / (make.__name__ + suffix)
                        try:
                            save(model, str(path))
                        except (NotImplementedError, ValueError) as error:
                            continue  # this Keras doesn't write such a file of such a model
                        what = "%s %s, %s, %s" % ("Keras", K.__version__, path.name, model.optimizer.__class__.__name__)
                        fine = check(what, path, known, strict and make is not own, not old and VERSION >= (3, 6)) and fine
                    if make is not images:
                        break
    sys.exit(not fine)


main()
