"""How parameters are trained: frozen and thawed in the inspector, a learning rate of its own, another seed; the figures say what
came of it, and undo takes each back."""
import re

import drive


def figures(d):
    return [d.fact(name) for name in ("Min", "Max", "Mean", "Std", "L2")]


def step(d, n):
    d.press("One step")
    d.wait(lambda: d.steps() == n, "step %d" % n)


def apply_number(d, name, text):
    entry = d.inspector.find("text", re.compile("^" + name))
    entry.click()
    d.key("ctrl+a")
    d.type(text)
    d.key("Return")
    d.pause(0.3)


def main(d):
    d.start()
    d.find("push button", "Perceptron").press()
    d.select("0.weight")
    d.wait(lambda: d.fact("Max") is not None, "statistics")
    begin = figures(d)

    # frozen: a step changes the other layer and not this one
    d.inspector.find("check box", re.compile("^Frozen")).press()
    d.row(re.compile("^0.weight.*Frozen"))
    step(d, 1)
    d.check(figures(d) == begin, "a frozen parameter stays: %s" % figures(d))
    d.select("2.weight")
    d.wait(lambda: d.fact("Max") is not None, "statistics")
    other = figures(d)
    step(d, 2)
    d.wait(lambda: figures(d) != other, "what isn't frozen moves")

    # undo goes back to before it; there it moves again
    d.select("0.weight")
    d.wait(lambda: figures(d) == begin, "the frozen figures")
    d.key("ctrl+z")
    d.wait(lambda: d.steps() == 0, "before it was frozen")
    d.gone(None, re.compile("^0.weight.*Frozen"))
    step(d, 1)
    d.wait(lambda: figures(d) != begin, "it is trained again")

    # a whole layer, whose row and parameters say so
    d.row(re.compile("^2, Linear")).click(fx=0.3)
    d.inspector.find("check box", re.compile("^Frozen")).press()
    d.row(re.compile("^2, Linear.*Frozen"))
    d.row(re.compile("^2.bias.*Frozen"))
    d.key("ctrl+z")
    d.gone(None, re.compile("^2, Linear.*Frozen"))

    # a learning rate of its own: with 0 nothing moves
    d.select("0.weight")
    d.wait(lambda: d.fact("Max") is not None, "statistics")
    apply_number(d, "Learning rate", "0")
    before = figures(d)
    step(d, 2)
    d.pause(0.5)
    d.check(figures(d) == before, "with a rate of 0 it stays: %s" % figures(d))
    apply_number(d, "Learning rate", "0.5")
    step(d, 3)
    d.wait(lambda: figures(d) != before, "with another it moves")

    # another seed: another start, and the old run comes back
    stepped = figures(d)
    d.press("New Seed")
    d.wait(lambda: d.steps() == 0, "the start")
    d.wait(lambda: d.fact("Max") is not None and figures(d) not in (begin, stepped), "other numbers")
    d.key("ctrl+z")
    d.wait(lambda: d.steps() == 3 and figures(d) == stepped, "the run from before")
    d.expect_no_complaints()


drive.run(main)
