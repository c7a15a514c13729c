#!/usr/bin/env python3
"""Microseconds a training step takes in PyTorch (eager, one thread): torch_step.py SPEC STEPS.

Builds the network of one of our specifications (Sequential, without shared modules and ties), with its loss, optimiser, batch
size and numbers of the same kind, and prints the best of many short runs.
"""
import json
import sys
import time

import torch
from torch import nn


def main(path, steps):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    torch.set_num_threads(1)
    model = nn.Sequential(*(getattr(nn, m["class"])(**{k: v for k, v in m.items() if k != "class"}) for m in spec["modules"]))
    loss_function = getattr(nn, spec["loss"]["class"])()
    optimizer = getattr(torch.optim, spec["optimizer"]["class"])(model.parameters(), **{k: v for k, v in spec["optimizer"].items() if k != "class"})
    data, batch = spec["data"], spec["batch_size"]
    width = data.get("inputs", [2])
    x = torch.rand(batch, *width)
    y = torch.randint(data.get("classes", 2), (batch,)) if "targets" not in data else torch.rand(batch, *data["targets"])

    def run(count):
        start = time.perf_counter()
        for _ in range(count):
            optimizer.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()
            optimizer.step()
        return (time.perf_counter() - start) / count

    run(max(steps // 10, 1))
    print("%.4f" % (min(run(max(steps // 20, 1)) for _ in range(100)) * 1e6))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
