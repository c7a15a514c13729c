"""6. The gradient: absent before the first step; then in the same heatmap; a shared layer's is the same under both names. Editing a cell
of the shared layer changes it under both names."""
import re

import drive


def heatmap(d, name):
    return d.find("panel", re.compile("^Heatmap of " + re.escape(name) + ","))


def cell(d, name):
    """what the first cell says, without what is told of its units: those differ from place to place"""
    heatmap(d, name).click()
    d.key("ctrl+Home")
    d.wait(lambda: heatmap(d, name).description.startswith("Row 0, column 0: "), "the cursor on the first cell")
    return re.match(r"Row 0, column 0: \S+", heatmap(d, name).description)[0].rstrip(",;.")


def main(d):
    d.start(drive.ROOT / "data" / "networks" / "d2l-shared.json")
    d.select("2.weight")
    d.find("push button", "Gradient").press()
    d.find("label", re.compile("[Nn]o gradient yet"))
    d.inspector.find("label", "no gradient yet")
    d.press("One step")
    d.wait(lambda: d.steps() == 1, "step 1")
    gradient = cell(d, "2.weight")
    norm = d.number("L2")
    d.check(norm > 0, "a gradient that isn't 0 everywhere")
    d.select("4.weight")
    d.check(cell(d, "4.weight") == gradient and d.number("L2") == norm, "the same sum of both uses under the other name")

    d.find("push button", "Data").press()
    d.check(cell(d, "4.weight") != gradient, "data again")
    d.key("Return")
    d.find(None, "New value of the cell")
    d.key("ctrl+a")
    d.type("42.5")
    d.key("Return")
    d.wait(lambda: d.fact("Max") == "42.5", "the edited value in the statistics")
    d.check(cell(d, "4.weight") == "Row 0, column 0: 42.5", "in the heatmap: %s" % cell(d, "4.weight"))
    d.select("2.weight")
    d.check(cell(d, "2.weight") == "Row 0, column 0: 42.5", "and under the other name: %s" % cell(d, "2.weight"))
    d.expect_fact("Max", "42.5")
    # work that isn't saved is marked
    d.find("label", re.compile("• d2l-shared"))


drive.run(main)
