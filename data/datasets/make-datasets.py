#!/usr/bin/env python3
"""Writes digits.bin and iris.bin beside this file: a byte for each number, examples first, then a byte for each label.

Needs scikit-learn, which ships both sets."""
import pathlib

from sklearn.datasets import load_digits, load_iris

HERE = pathlib.Path(__file__).parent
digits, iris = load_digits(), load_iris()
(HERE / "digits.bin").write_bytes(digits.data.astype("uint8").tobytes() + digits.target.astype("uint8").tobytes())
(HERE / "iris.bin").write_bytes((iris.data * 10).round().astype("uint8").tobytes() + iris.target.astype("uint8").tobytes())
