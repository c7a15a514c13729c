"""A planted dead unit is listed with its evidence and leads to its row; reviving it makes it fire; undo brings the same numbers back. The
gradient of a shared layer comes apart into its uses, which add up."""
import csv
import json
import os
import re
import struct

import drive
import files

SPEC = {
    "espalier": 1, "name": "planted",
    "modules": [
        {"class": "Linear", "in_features": 2, "out_features": 4,
         "init": {"weight": [[1, 0.5], [-0.3, 0.8], [-1, -1], [0.6, -0.9]], "bias": [0.1, 0.2, -50, 0.3]}},
        {"class": "ReLU"}, {"class": "Linear", "out_features": 4, "id": "shared"}, {"class": "Tanh"}, {"use": "shared"}, {"class": "Tanh"},
        {"class": "Linear", "out_features": 2}],
    "loss": {"class": "CrossEntropyLoss"}, "optimizer": {"class": "Adam", "lr": 0.001},
    "data": {"name": "spirals"}, "batch_size": 10, "seed": 4,
}


def save_weights(d, name):  # as a new file each time
    path = files.temporary(name)
    d.key("ctrl+shift+s")
    d.choose_file("Save Network", path)
    d.wait(lambda: os.path.exists(path), "the file of weights")
    tensors, _ = files.read_safetensors(path)
    return {key: struct.unpack("<%df" % (len(data) // 4), data) for key, (_, _, data) in tensors.items()}


def save_values(d, name):
    path = files.temporary(name)
    d.key("ctrl+shift+e")
    d.choose_file("Save Values", path)
    d.wait(lambda: os.path.exists(path), "the file of values")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(d):
    path = files.temporary("planted.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump(SPEC, out)
    d.start(path)
    d.find("push button", "Units").press()
    d.find("label", re.compile("^12 units: 1 dead"))
    d.find("label", "1, unit 2").click()
    d.find("label", "Dead")
    rows = [row for row in save_values(d, "units.csv") if row["state"] == "Dead"]
    d.check(len(rows) == 1 and rows[0]["layer"] == "0" and rows[0]["on_rate"] == "0.0 %" and rows[0]["last_fired"] == "Never", "the evidence: %s" % rows)
    # x + y of the spirals is above -12 in any case, so -x - y - 50 is below 0
    d.check(rows[0]["weights"].startswith("Proven: z ≤ −"), "the proof: %s" % rows[0]["weights"])

    # numbers as they are, with moments: some steps first
    for step in range(1, 4):
        d.press("One step")
        d.wait(lambda: d.steps() == step, "step %d" % step)
    before = save_weights(d, "before.safetensors")
    d.find("push button", "Revive selected")
    d.find("push button", re.compile("^Revive [0-9]+ unit")).press()
    d.find("label", re.compile("^Revived [0-9]+ unit"))
    d.find("label", re.compile("^12 units: 0 dead"))
    after = save_weights(d, "after.safetensors")
    d.check(after["0.bias"][2] == 0 and after["0.weight"][4:6] != before["0.weight"][4:6], "the row drawn anew: %s" % (after["0.weight"][4:6],))
    d.check(all(after["2.weight"][row * 4 + 2] == 0 for row in range(4)), "what led on is 0: %s" % (after["2.weight"],))
    d.check(after["0.weight"][:4] == before["0.weight"][:4], "other rows as they were")

    d.key("ctrl+z")
    d.find("label", re.compile("^12 units: 1 dead"))
    d.check(save_weights(d, "undone.safetensors") == before, "undo brings the same numbers back")

    # to the row of the weight
    d.find("label", "1, unit 2").click()
    d.key("Return")
    d.find("panel", re.compile("^Heatmap of 0.weight,"))
    d.press("One step")
    d.wait(lambda: d.steps() == 4, "step 4")

    d.find("push button", "Per use").click()
    d.find("label", re.compile("^2 shared parameters"))
    cells = save_values(d, "uses.csv")
    parts = {}
    for cell in cells:
        value = float(cell["value"].replace("−", "-"))
        parts.setdefault((cell["layer"], cell["row"], cell["column"]), {})[cell["picture"]] = value
    largest = max(abs(value) for cell in parts.values() for value in cell.values())
    d.check(largest > 0 and len(parts) == 20, "gradients of 16 weights and 4 biases")
    for key, cell in parts.items():
        d.check(len(cell) == 3, "two uses and their sum: %s" % cell)
        uses = list(cell.values())
        d.check(abs(uses[0] + uses[1] - uses[2]) <= 1e-6 * largest, "uses add up at %s: %s" % (key, uses))


drive.run(main)
