"""The time machine: any step that was passed shows the same numbers again, a change in the past begins another run and leaves the
first as it was; and a step in its parts."""
import re

import drive


def figures(d):
    return [d.fact(name) for name in ("Min", "Max", "Mean", "Std", "L2")]


def next_part(d):
    """the first entry of the menu; by its position, since GTK 4.18 tells no names of menu items"""
    d.press("Other steps")
    d.wait(lambda: next(d.screen.find_all("menu item"), None), "the menu's items").press()


def main(d):
    d.start()
    d.find("push button", "Perceptron").press()
    d.select("0.weight")
    seen = [figures(d)]
    for step in range(1, 6):
        d.press("One step")
        d.wait(lambda: d.steps() == step, "step %d" % step)
        d.wait(lambda: figures(d) != seen[-1], "other figures at step %d" % step)
        seen.append(figures(d))

    # with the keys of the time line
    line = d.training.find("slider", "Time line")
    line.click(fx=0.5)
    d.wait(lambda: 0 < d.steps() < 5, "a step between by a click")
    for key, step in (("Home", 0), ("Right", 1), ("Right", 2), ("End", 5), ("Left", 4), ("Left", 3)):
        d.key(key)
        d.wait(lambda: d.steps() == step, "step %d by %s" % (step, key))
        d.wait(lambda: figures(d) == seen[step], "the figures of step %d" % step)

    # on from there, the same way
    d.press("One step")
    d.wait(lambda: d.steps() == 4 and figures(d) == seen[4], "step 4 once more, the same")

    # another rate from here on: a second run
    d.training.find("push button", re.compile(r"^0\.01$")).press()
    d.find("label", "Takes effect with the next step")
    d.type("0.5")
    d.key("Return", "Escape")
    d.press("One step")
    d.wait(lambda: d.steps() == 5 and figures(d) != seen[5], "other figures with another rate")
    d.training.find(None, re.compile("Run 2, from step 4"))

    # the parts of a step
    for words in ("Forward is done", "Loss is known", "Gradients are there"):
        next_part(d)
        d.training.find("label", re.compile("^" + words))
    next_part(d)
    d.wait(lambda: d.steps() == 6, "step 6 in four parts")


drive.run(main)
