"""Planted dead, dormant and saturated units are marked in the tree, at rows and columns of the heatmaps, and in the inspector with their
evidence and the way to the list of units; the marks follow an edit that brings one back, and its undo."""
import json
import re

import drive
import files

# spirals lie within 6 of 0 in both directions: z of unit 2 is below -12, unit 5 is 0.0001 on all of them, unit 2 of the Tanh is 1
SPEC = {
    "espalier": 1, "name": "planted",
    "modules": [
        {"class": "Linear", "in_features": 2, "out_features": 8,
         "init": {"weight": [[1, 0.5], [-0.3, 0.8], [-1, -1], [0.6, -0.9], [1, 1], [0, 0], [0.2, 0.4], [-0.5, 0.7]],
                  "bias": [0.1, 0.2, -50, 0.3, 0, 0.0001, 0.1, 0]}},
        {"class": "ReLU"},
        {"class": "Linear", "out_features": 3, "init": {"weight": [[0.1] * 8, [-0.1, 0.1] * 4, [0] * 8], "bias": [0, 0, 60]}},
        {"class": "Tanh"},
        {"class": "Linear", "out_features": 2}],
    "loss": {"class": "CrossEntropyLoss"}, "optimizer": {"class": "SGD", "lr": 0},
    "data": {"name": "spirals"}, "batch_size": 10, "seed": 4,
}


def heatmap(d, path):
    d.select(path)
    found = d.find("panel", re.compile("^Heatmap of %s," % re.escape(path)))
    found.click()
    d.key("ctrl+Home")
    d.wait(lambda: re.match("(Row 0, column 0|Element 0): ", found.description), "the cursor in the first cell")
    return found


def says(d, node, text):
    d.wait(lambda: node.description.endswith(text), "%r of the heatmap, which says %r" % (text, node.description))


def main(d):
    path = files.temporary("planted.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump(SPEC, out)
    d.start(path)

    # the tree, in words
    d.row(re.compile("^0, Linear, 1 dead, 1 dormant$"))
    d.row(re.compile("^2, Linear, 1 saturated$"))
    d.check(not re.search("dead|dormant|saturated", d.row("4").name), "a layer without units in trouble")

    # rows of the layer that makes them, columns of the one that takes them
    made = heatmap(d, "0.weight")
    says(d, made, ": 1")
    d.key("Down", "Down")
    says(d, made, " · Unit 2: dead")
    d.key("Down", "Down", "Down")
    says(d, made, " · Unit 5: dormant")
    taken = heatmap(d, "2.weight")
    d.key("Right", "Right")
    says(d, taken, " · Input 2: unit 2 of 1 is dead")
    d.key("Down", "Down")
    says(d, taken, " · Unit 2: saturated · Input 2: unit 2 of 1 is dead")
    d.key("Right", "Right", "Right")
    says(d, taken, " · Unit 2: saturated · Input 5: unit 5 of 1 is dormant")
    last = heatmap(d, "4.weight")
    d.key("Right", "Right")
    says(d, last, " · Input 2: unit 2 of 3 is saturated")

    # the inspector's figures, and on to the list
    d.select("0")
    summary = d.note("Error: 1 dead · 1 dormant")
    d.check(summary.description == "Of 8 units", "of how many: %s" % summary.description)
    evidence = d.note("Error: Unit 2: dead").description
    d.check(re.match(r"^Fired on 0 of 200 examples · in no batch so far · its weights prove it: z ≤ −4[0-9]", evidence), "the evidence: %s" % evidence)
    evidence = d.note("Warning: Unit 5: dormant").description
    d.check(re.match(r"^Dormant score [0-9.e⁻×−-]+ on 200 examples; at most 0.025 is dormant$", evidence), "the evidence: %s" % evidence)
    d.select("2")
    evidence = d.note("Warning: Unit 2: saturated").description
    d.check(evidence == "In 100.0 % of its outputs on 200 examples", "the evidence: %s" % evidence)
    d.scroll(d.inspector, 30)
    d.note("Warning: 1 saturated").click()
    d.find("label", re.compile("^11 units: 1 dead, 1 dormant, 1 saturated · 200 examples, step 0"))

    # a bias that brings the dead one back, and the way back to that
    d.find("push button", "Weights").press()
    bias = heatmap(d, "0.bias")
    d.key("Right", "Right", "Return")
    d.pause(0.5)
    d.key("ctrl+a")
    d.type("50")
    d.key("Return")
    d.row(re.compile("^0, Linear, 1 dormant$"))
    says(d, bias, ": 50")
    d.key("ctrl+z")
    d.row(re.compile("^0, Linear, 1 dead, 1 dormant$"))


drive.run(main)
