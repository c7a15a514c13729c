#!/usr/bin/env python3
"""Microseconds of what no training step of a two-layer network can do without: torch_floor.py SPEC STEPS.

The two large products of its first Linear (its output, and the derivative of its weight) by PyTorch's BLAS, and one pass of its fused
Adam over all parameters, on one thread; the best of STEPS of each, added.
"""
import json
import sys
import time

import torch


def measure(function, count):
    best = float("inf")
    for _ in range(count):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def main(path, steps):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    torch.set_num_threads(1)
    linear = [module for module in spec["modules"] if module["class"] == "Linear"]
    rows, inputs, outputs = spec["batch_size"], linear[0]["in_features"], linear[0]["out_features"]
    x, weight, dy = torch.rand(rows, inputs), torch.rand(outputs, inputs), torch.rand(rows, outputs)
    y, dweight = torch.empty(rows, outputs), torch.empty(outputs, inputs)
    count = sum(module["out_features"] * (module["in_features"] + 1) for module in linear)
    parameter = torch.nn.Parameter(torch.rand(count))
    parameter.grad = torch.rand(count)
    adam = torch.optim.Adam([parameter], fused=True)
    adam.step()
    print("%.4f" % (measure(lambda: torch.mm(x, weight.t(), out=y), steps) + measure(lambda: torch.mm(dy.t(), x, out=dweight), steps) + measure(adam.step, steps)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
