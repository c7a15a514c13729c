#!/usr/bin/env python3
"""Training steps through the real trainer, one thread, against PyTorch eager, JAX jit (JAX_PYTHON, or PEER_PYTHON) and a floor.

The floor is what a large network can't do without: its two large matrix products and one pass of Adam, by PyTorch, alone. Programs take
turns, and the best of their runs counts.

Last what looking costs: a view that takes 60 snapshots a second, with the units of the whole data set, may slow a step by 10 % at most.
"""
import os
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).parent
root = here.parent.parent
build = pathlib.Path(sys.argv[1])
TURNS = 3
TORCH = [os.environ.get("PEER_PYTHON", "python3")]
JAX = [os.environ.get("JAX_PYTHON", os.environ.get("PEER_PYTHON", "python3"))]
PEERS = {
    "PyTorch eager": lambda spec, steps: TORCH + [root / "tests/peers/torch_step.py", spec, steps],
    "JAX jit": lambda spec, steps: JAX + [root / "tests/peers/jax_step.py", spec, steps],
    "the floor": lambda spec, steps: TORCH + [root / "tests/peers/torch_floor.py", spec, 20 * steps],
}
# network, our steps, a peer's steps, {peer: how many times as long as ours it must take at least}
ROWS = [
    (root / "data/networks/d2l-mlp.json", 100000, 200, {"PyTorch eager": 400, "JAX jit": 60}),
    (here / "networks/tanh-32.json", 1000, 100, {"PyTorch eager": 8, "JAX jit": 2}),
    (here / "networks/mlp-784.json", 60, 40, {"PyTorch eager": 1, "JAX jit": 1, "the floor": 1 / 1.3}),
    (here / "networks/conv-28.json", 20, 20, {"PyTorch eager": 1.3}),
]
# the templates that are looked at
OBSERVED = ["spirals", "digits", "digits-conv", "d2l-mlp"]
OBSERVE_SECONDS = 0.5
OBSERVE_MOST = 10


def measure(command):
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return (float(result.stdout), "") if result.returncode == 0 else (None, (result.stderr.strip().splitlines() or ["no message"])[-1])


def run_row(spec, own_steps, peer_steps, goals):
    commands = {"espalier": [build / "tests/bench/bench-train", spec, own_steps]}
    commands.update((name, PEERS[name](spec, peer_steps)) for name in goals)
    best, errors = {}, {}
    for _ in range(TURNS):
        for name, command in commands.items():
            if name in errors:
                continue
            microseconds, error = measure(command)
            if microseconds is None:
                errors[name] = error
            else:
                best[name] = min(best.get(name, microseconds), microseconds)
    if "espalier" not in best:
        print("bench-train failed: %s" % errors["espalier"])
        return 1
    print("%s: espalier %.3f us a step" % (spec.stem, best["espalier"]))
    status = 0
    for name, goal in goals.items():
        if name in errors:
            print("  %s: left out (%s)" % (name, errors[name]))
            continue
        ratio = best[name] / best["espalier"]
        print("  %s: %.1f us, %.2f times as long (goal: %.2f)%s" % (name, best[name], ratio, goal, "" if ratio >= goal else " MISSED"))
        status |= ratio < goal
    return status


def run_observed(name):
    cost, error = measure([build / "tests/bench/bench-observe", root / "data/networks" / (name + ".json"), OBSERVE_SECONDS])
    if cost is None:
        print("bench-observe failed: %s" % error)
        return 1
    print("%s: looking costs %.1f %% of a step (goal: %d at most)%s" % (name, cost, OBSERVE_MOST, "" if cost <= OBSERVE_MOST else " MISSED"))
    return cost > OBSERVE_MOST


sys.exit(max([run_row(*row) for row in ROWS] + [run_observed(name) for name in OBSERVED]))
