"""Undo and redo: an edit and a learning rate are taken back, at once and after steps, and come again; what the steps led to is a run
of its own then."""
import re

import drive


def figures(d):
    return [d.fact(name) for name in ("Min", "Max", "Mean", "Std", "L2")]


def edit(d, value):
    d.find("panel", re.compile("^Heatmap of 0.weight")).click()
    d.key("ctrl+Home", "Down", "Right", "Return")
    d.find("label", "Row 1, column 1")
    d.type(value)
    d.key("Return")
    d.wait(lambda: d.fact("Max") == value, "the edited value in the statistics")


def main(d):
    d.start()
    d.find("push button", "Perceptron").press()
    d.select("0.weight")
    d.wait(lambda: d.fact("Max") is not None, "statistics")
    start = figures(d)
    edit(d, "42.5")
    edited = figures(d)

    d.key("ctrl+z")
    d.wait(lambda: figures(d) == start, "the values before the edit")
    d.key("ctrl+z")  # nothing more to take back
    d.key("ctrl+shift+z")
    d.wait(lambda: figures(d) == edited, "the edit again")

    # steps since: they stay as a run
    for step in (1, 2):
        d.press("One step")
        d.wait(lambda: d.steps() == step, "step %d" % step)
    d.wait(lambda: figures(d) != edited, "what the steps did")
    stepped = figures(d)
    d.key("ctrl+z")
    d.wait(lambda: d.steps() == 0 and figures(d) == start, "before the edit, at its step")
    d.training.find(None, re.compile("Run 2, from step 0"))
    d.key("ctrl+shift+z")
    d.wait(lambda: d.steps() == 2 and figures(d) == stepped, "the steps with the edit")


drive.run(main)
