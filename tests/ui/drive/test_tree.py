"""3. The tree: real names and classes, shapes, types, ties, subtotals; a search that filters and goes straight to a path; keys."""
import re

import drive


def start_shared(d):
    d.start(drive.ROOT / "data" / "networks" / "d2l-shared.json")
    d.row("0.weight")


def main(d):
    start_shared(d)
    rows = d.rows()
    for wanted in ("0, Linear", "0.weight, 8 × 4, float32", "1, ReLU", "2, Linear, Tie", "2.weight, 8 × 8, float32, Tie", "4.weight, 8 × 8, float32, Tie", "6.bias, 1, float32"):
        d.check(any(row.startswith(wanted) for row in rows), "no row %r among %s" % (wanted, rows))
    d.check(not any("Tie" in row for row in rows if row.startswith(("0", "6"))), "a tie where there is none: %s" % rows)
    tie = [re.search("Tie ([A-Z])", row).group(1) for row in rows if row.startswith(("2.weight", "4.weight"))]
    d.check(len(tie) == 2 and tie[0] == tie[1], "both uses of the weight carry the same mark: %s" % tie)
    # both walks of the chapter: what state_dict() lists and what named_parameters() yields
    d.find("label", "193 elements, 121 unique")
    d.find("label", "8 tensors in state_dict, 6 parameters")
    d.find("label", "ReLU (no params)")

    # a path as a person types it, in either form
    for typed, path in (("net[2].weight", "2.weight"), ("6.bias", "6.bias"), ("net.0.weight", "0.weight")):
        d.key("ctrl+l")
        d.key("ctrl+a")
        d.type(typed)
        d.key("Return")
        d.expect_fact("Path", path)
        d.key("Escape")

    # a filter leaves what fits and the way to it
    d.key("ctrl+f")
    d.key("ctrl+a")
    d.type("*.bias")
    d.wait(lambda: not any("weight" in row for row in d.rows()) and any("6.bias" in row for row in d.rows()), "only biases in the tree")
    d.key("Escape")
    d.row("0.weight")

    # keys alone: down, into a closed module, out again
    d.row("0").click(fx=0.6)
    d.key("Left")
    d.wait(lambda: not any(row.startswith("0.weight") for row in d.rows()), "module 0 closes")
    d.key("Right")
    d.row("0.weight")
    d.key("Down")
    d.expect_fact("Path", "0.weight")
    d.key("ctrl+Next")
    d.expect_fact("Path", "0.bias")
    d.key("alt+Left")
    d.expect_fact("Path", "0.weight")


drive.run(main)
