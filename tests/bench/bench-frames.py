#!/usr/bin/env python3
"""The frame clock's distribution while a 2-16-16-2 network trains at full speed, with each view of it and with those of a convolutional
one; how many positions of a run a second are shown while one scrubs; and while a matrix of 16,384 x 16,384 float32 is
flown over: no frame may take over 50 ms. The matrix is 1 GiB in the folder for temporary files."""
import array
import json
import pathlib
import random
import tempfile

import display

SIDE = 16384


def write_matrix(path):
    """normal numbers: one MiB of them again and again"""
    source = random.Random(1)
    block = array.array("f", (source.gauss(0, 0.02) for _ in range(262144))).tobytes()
    header = json.dumps({"weight": {"dtype": "F32", "shape": [SIDE, SIDE], "data_offsets": [0, 4 * SIDE * SIDE]}}).encode()
    with open(path, "wb") as out:
        out.write(len(header).to_bytes(8, "little") + header)
        for _ in range(4 * SIDE * SIDE // len(block)):
            out.write(block)


with tempfile.TemporaryDirectory(prefix="espalier-bench-") as folder:
    matrix = pathlib.Path(folder) / "matrix.safetensors"
    write_matrix(matrix)
    views = ["view:responses", "view:activations", "view:curves", "view:activations@digits-conv", "view:filters@digits-conv"]
    display.run("bench-frames", ["10"], *[["10", view] for view in views], ["10", "scrub"], ["10", str(matrix)])
