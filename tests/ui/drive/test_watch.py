"""Views of what happens while a network trains, each against numbers that are computed here from the saved weights: what the network
answers at points of the plane, what each layer makes of an example, and gradient norms against the gradients themselves."""
import csv
import math
import os
import re
import struct

import drive
import files


def save_weights(d, name):
    """name -> (shape, list of floats)"""
    path = files.temporary(name)
    d.key("ctrl+s")
    d.choose_file("Save Network", path)
    d.wait(lambda: os.path.exists(path), "the file of weights")
    tensors, _ = files.read_safetensors(path)
    return {key: (shape, struct.unpack("<%df" % (len(data) // 4), data)) for key, (_, shape, data) in tensors.items()}


def linear(weights, layer, inputs):
    shape, matrix = weights[layer + ".weight"]
    _, bias = weights[layer + ".bias"]
    return [bias[o] + sum(matrix[o * shape[1] + i] * inputs[i] for i in range(shape[1])) for o in range(shape[0])]


def forward(weights, inputs):
    """outputs of all five layers of spirals.json: Linear, ReLU, Linear, ReLU, Linear"""
    outputs = [linear(weights, "0", inputs)]
    outputs.append([max(value, 0) for value in outputs[-1]])
    outputs.append(linear(weights, "2", outputs[-1]))
    outputs.append([max(value, 0) for value in outputs[-1]])
    outputs.append(linear(weights, "4", outputs[-1]))
    return outputs


def near(a, b, what, d, tolerance=2e-4):
    d.check(abs(a - b) <= tolerance * (1 + abs(b)), "%s: %g on the screen, %g by hand" % (what, a, b))


def number(text):
    return float(text.replace("\u2212", "-").replace(",", ""))


def save_values(d, name):
    """the rows of the CSV that the view in front gives"""
    path = files.temporary(name)
    d.key("ctrl+shift+e")
    d.choose_file("Save Values", path)
    d.wait(lambda: os.path.exists(path), "the file of values")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def save_picture(d, name):
    path = files.temporary(name)
    d.key("ctrl+e")
    d.choose_file("Save Picture", path)
    d.wait(lambda: os.path.exists(path) and os.path.getsize(path) > 0, "the picture %s" % name)
    with open(path, "rb") as file:
        return file.read()


def check_plane(d, weights):
    plane = d.find("image", "Plane of both inputs")
    plane.click(fx=0.45, fy=0.4)
    rows = d.wait(lambda: plane.description, "what the pointer tells")
    x, y, said, share = re.match(r"\((\S+), (\S+)\): class (\d), (\S+)\s%$", rows).groups()
    out = forward(weights, [number(x), number(y)])[-1]
    shares = [math.exp(value - max(out)) for value in out]
    shares = [value / sum(shares) for value in shares]
    d.check(int(said) == shares.index(max(shares)), "the class at %s, %s: %s, by hand %s" % (x, y, said, shares))
    near(number(share) / 100, max(shares), "its probability", d, 2e-3)
    # keys go to the next point of the grid
    d.key("Right")
    d.wait(lambda: plane.description not in ("", rows), "another point by the keyboard")

    values = save_values(d, "plane.csv")
    d.check(values[0] == ["x", "y", "class1-class0"] and len(values) == 1 + 64 * 64, "the values of all points: %s" % values[0])
    for row in values[1::97]:
        out = forward(weights, [float(row[0]), float(row[1])])[-1]
        near(float(row[2]), math.tanh((out[1] - out[0]) / 2), "the answer at %s, %s" % (row[0], row[1]), d, 1e-3)
    d.check(save_picture(d, "plane.png").startswith(b"\x89PNG"), "a PNG")
    svg = save_picture(d, "plane.svg")
    d.check(b"<svg" in svg and b"<path" in svg, "an SVG of shapes")


def check_units(d, weights):
    """a click on a unit's picture shows it large"""
    board = d.find("image", "What each unit answers")
    board.click(fx=0.2, fy=0.3)
    pointed = d.wait(lambda: board.description, "what the picture tells")
    layer, unit, x, y, value = re.match(r"(\d) Linear, unit (\d+): \((\S+), (\S+)\): (\S+)$", pointed).groups()
    d.find("label", "Unit %s of %s Linear" % (unit, layer))
    after = forward(weights, [number(x), number(y)])[int(layer) + 1]  # the activation that follows
    near(number(value), after[int(unit)], "the answer of %s" % pointed, d, 1e-3)
    plane = d.find("image", "Plane of both inputs")
    plane.click(fx=0.5, fy=0.4)
    x, y, value = d.wait(lambda: re.match(r"\((\S+), (\S+)\): (\S+)$", plane.description), "the unit's answer, large").groups()
    near(number(value), forward(weights, [number(x), number(y)])[int(layer) + 1][int(unit)], "the unit, large", d, 1e-3)
    d.find("push button", "Before activation").press()
    plane.click(fx=0.52, fy=0.42)
    d.pause(0.5)
    x, y, value = re.match(r"\((\S+), (\S+)\): (\S+)$", plane.description).groups()
    near(number(value), forward(weights, [number(x), number(y)])[int(layer)][int(unit)], "before its activation", d, 1e-3)
    d.find("push button", "Show the output").press()
    d.find("label", "Decision boundary")


def check_activations(d, weights):
    d.find("push button", "Activations").press()
    d.find("label", re.compile(r"^Label \d, predicted \d"))
    spin = d.find("spin button", "Number of the example")
    spin.set_value(17)
    board = d.find("image", "Activations of all layers")
    d.pause(0.5)
    board.click(fx=0.1, fy=0.1)
    rows = save_values(d, "activations.csv")[1:]
    groups = {}
    for layer, _, _, _, value in rows:
        groups.setdefault(layer, []).append(float(value))
    outputs = forward(weights, groups["input"])
    for layer in range(5):
        d.check(len(groups[str(layer)]) == len(outputs[layer]), "all units of %d" % layer)
        for shown, own in zip(groups[str(layer)], outputs[layer]):
            near(shown, own, "a unit of layer %d" % layer, d)
    d.check(abs(sum(groups["decision"]) - 1) < 1e-5, "shares that add up to 1: %s" % groups["decision"])
    label, said = re.match(r"Label (\d), predicted (\d)", d.find("label", re.compile(r"^Label \d, predicted \d")).name).groups()
    d.check(int(said) == outputs[4].index(max(outputs[4])), "what is predicted")


def norm_by_inspector(d, path):
    d.select(path)
    return d.number("L2")


def check_curves(d):
    steps = d.steps()
    d.find("push button", "Curves").press()
    plot = d.find("image", "Gradient norm")
    d.wait(lambda: plot.description, "the curves in words")
    d.find("list", "Parameters: gradient norm and update ratio").click(fy=0.05)
    rows = save_values(d, "curves.csv")
    head, last = rows[0], rows[-1]
    d.check(head[0] == "step" and len(head) == 13, "two columns for each of six parameters: %s" % head)
    d.check([int(row[0]) for row in rows[1:]] == list(range(1, steps + 1)), "every step once")
    # gone back and played again, no step comes twice
    line = d.training.find("slider", "Time line")
    line.click(fx=0.3)
    d.wait(lambda: d.steps() < steps, "an earlier step")
    d.key("Home")
    d.wait(lambda: d.steps() == 0, "the beginning")
    d.press("One step")
    d.wait(lambda: d.steps() == 1, "step 1 again")
    line.click(fx=0.3)
    d.key("End")
    d.wait(lambda: d.steps() == steps, "the last step")
    d.find("list", "Parameters: gradient norm and update ratio").click(fy=0.05)
    d.check(save_values(d, "again.csv") == rows, "the same curves")
    # the last row is of the gradients that are there now
    d.find("push button", "Weights").press()
    d.select("0.weight")
    d.find("push button", "Gradient").press()
    for path in ("0.weight", "2.bias", "4.weight"):
        near(float(last[head.index(path + ".grad_norm")]), norm_by_inspector(d, path), "the norm of %s" % path, d, 1e-3)


def main(d):
    d.start(drive.ROOT / "data" / "networks" / "spirals.json")
    d.select("0.weight")
    for step in range(1, 8):
        d.press("One step")
        d.wait(lambda: d.steps() == step, "step %d" % step)
    weights = save_weights(d, "spirals.safetensors")
    d.find("push button", "Responses").press()
    d.find("label", "Decision boundary")
    d.find("label", re.compile(r"^Train \S+\s%, \d+ of 200 wrong$"))
    check_plane(d, weights)
    check_units(d, weights)
    check_activations(d, weights)
    check_curves(d)


drive.run(main)
