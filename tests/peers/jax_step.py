#!/usr/bin/env python3
"""Microseconds a training step takes in JAX (jit, one thread): jax_step.py SPEC STEPS.

Takes specifications of Linear, ReLU and Tanh with MSELoss or CrossEntropyLoss and Adam. Forward, backward and update are one compiled
function whose buffers are donated; prints the best of many short runs.
"""
import json
import os
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
import jax
import jax.numpy as jnp


def main(path, steps):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    modules, data, batch = spec["modules"], spec["data"], spec["batch_size"]
    key = jax.random.PRNGKey(0)
    parameters = []
    for module in modules:
        if module["class"] == "Linear":
            key, own = jax.random.split(key)
            bound = module["in_features"] ** -0.5
            parameters.append((jax.random.uniform(own, (module["out_features"], module["in_features"]), minval=-bound, maxval=bound), jnp.zeros(module["out_features"])))
    x = jax.random.uniform(key, (batch, *data.get("inputs", [2])))
    y = jnp.arange(batch) % data["classes"] if "classes" in data else jax.random.uniform(key, (batch, *data["targets"]))
    rate = spec["optimizer"].get("lr", 0.001)

    def loss(parameters):
        h, rest = x, iter(parameters)
        for module in modules:
            if module["class"] == "Linear":
                weight, bias = next(rest)
                h = h @ weight.T + bias
            else:
                h = {"ReLU": jax.nn.relu, "Tanh": jnp.tanh}[module["class"]](h)
        if "classes" in data:
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(h), y[:, None], 1))
        return jnp.mean((h - y) ** 2)

    def step(state):
        parameters, first, second, t = state
        value, grads = jax.value_and_grad(loss)(parameters)
        t = t + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, grads)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, grads)
        parameters = jax.tree.map(lambda p, m, v: p - rate * (m / (1 - 0.9 ** t)) / (jnp.sqrt(v / (1 - 0.999 ** t)) + 1e-8), parameters, first, second)
        return (parameters, first, second, t), value

    step = jax.jit(step, donate_argnums=0)
    state = (parameters, jax.tree.map(jnp.zeros_like, parameters), jax.tree.map(jnp.zeros_like, parameters), jnp.float32(0))

    def run(state, count):
        start = time.perf_counter()
        for _ in range(count):
            state, value = step(state)
        value.block_until_ready()
        return state, (time.perf_counter() - start) / count

    state, best = run(state, max(steps // 10, 2))
    for _ in range(100):
        state, seconds = run(state, max(steps // 20, 1))
        best = min(best, seconds)
    print("%.4f" % (best * 1e6))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
