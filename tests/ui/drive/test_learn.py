"""From the empty window: the digits are read and the spirals told apart with all that a new network begins with; at the speed that it
begins with a person can follow the first hundred steps."""
import re
import time

import drive


def accuracy(d):
    """in percent, the least that is shown: of the examples to train with, or of those that are only tested with"""
    shown = (re.search(r"([0-9.]+)\s%$", node.name) for node in d.training.walk() if node.role == "label")
    return min((float(found.group(1)) for found in shown if found), default=0)


def open_template(d, name):
    d.parts.clear()
    d.start()
    d.find("push button", name).press()
    d.training.find("push button", "Play")


def learn(d, name, percent, limit):
    """at full speed until so many are right; a busy computer may take four times as long"""
    d.training.find("slider", "Speed").click(fx=0.98)
    start = time.monotonic()
    d.press("Play")
    d.wait(lambda: accuracy(d) >= percent, "%g %% of %s" % (percent, name), 4 * limit)
    print("%s: %g %% after %.1f s" % (name, accuracy(d), time.monotonic() - start))


def main(d):
    # two clicks to a network that trains, slowly enough to be followed
    open_template(d, "Spirals")
    d.press("Play")
    d.wait(lambda: d.steps() > 0, "a step")
    first, start = d.steps(), time.monotonic()
    d.pause(3)
    speed = (d.steps() - first) / (time.monotonic() - start)
    print("default speed: %.1f steps a second" % speed)
    d.check(1 <= speed <= 20, "%g steps a second can be followed" % speed)
    d.press("Pause")
    learn(d, "Spirals", 99, 5)
    d.expect_no_complaints()

    d.program.terminate()
    d.program.wait()
    open_template(d, "Digits")
    learn(d, "Digits", 95, 10)
    d.expect_no_complaints()


drive.run(main)
