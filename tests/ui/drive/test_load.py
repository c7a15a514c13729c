"""Weights of a file into the network that is open: those it saved come back figure for figure; of a file that fits in part the window
lists what doesn't, and loads what does or nothing; each is undone by one step."""
import os
import re

import drive
import files

PLACE = 7  # of Load Weights in the main menu: GTK 4.18 tells no names of menu items


def figures(d):
    return [d.fact(name) for name in ("Min", "Max", "Mean", "Std", "L2")]


def load(d, path):
    d.key("F10")
    d.wait(lambda: len(list(d.screen.find_all("menu item"))) > PLACE, "the menu's items")
    list(d.screen.find_all("menu item"))[PLACE].press()
    d.choose_file("Open Weights to Load", path)


def main(d):
    d.start()
    d.find("push button", "Perceptron").press()
    d.select("0.weight")
    d.wait(lambda: d.fact("Max") is not None, "statistics")
    start = figures(d)
    for n in range(1, 4):
        d.press("One step")
        d.wait(lambda: d.steps() == n, "step %d" % n)
    d.wait(lambda: figures(d) != start, "trained values")
    trained = figures(d)
    path = files.temporary("trained.safetensors")
    d.key("ctrl+s")
    d.choose_file("Save Network", path)
    d.wait(lambda: os.path.exists(path), "the file")
    d.press("Reset")
    d.wait(lambda: d.steps() == 0 and figures(d) == start, "the beginning")

    # all fits: at once
    load(d, path)
    d.wait(lambda: figures(d) == trained, "the saved values")
    d.key("ctrl+z")
    d.wait(lambda: figures(d) == start, "the values before")

    # in part: a bias is missing, one has another shape, one is of another network
    part = files.temporary("part.safetensors")
    files.write_safetensors(part, {"0.weight": ((8, 4), [0.5] * 32), "0.bias": ((3,), [1.0] * 3), "head.bias": ((2,), [0.0] * 2)})
    load(d, part)
    text = d.find("label", re.compile("^Missing in the file:")).name
    wanted = ["Missing in the file:", "2.bias", "Not in the network:", "head.bias", "Of another shape:",
              "size mismatch for 0.bias: copying a param with shape [3] from checkpoint, the shape in current model is [8]"]
    for line in wanted:
        d.check(line in text.split("\n"), "%r in the list:\n%s" % (line, text))
    d.check("0.weight" not in text, "what fits isn't listed")
    d.find("push button", re.compile("Cancel$")).press()
    d.gone("label", re.compile("^Missing in the file:"))
    d.check(figures(d) == start, "nothing was loaded")
    load(d, part)
    d.find("push button", re.compile("Load What Fits$")).press()
    d.wait(lambda: d.fact("Min") == "0.5" and d.fact("Max") == "0.5", "the values of the file")
    d.key("ctrl+z")
    d.wait(lambda: figures(d) == start, "the values before")

    # nothing of it fits: there is nothing to choose
    none = files.temporary("none.safetensors")
    files.write_safetensors(none, {"encoder.kernel": ((2,), [0.0] * 2)})
    load(d, none)
    d.find("label", re.compile("^“none.safetensors” has weights for none of"))
    d.check(not d.has("push button", re.compile("Load What Fits$")), "no button that would load nothing")
    d.find("push button", re.compile("Close$")).press()
    d.wait(lambda: figures(d) == start, "the values before")


drive.run(main)
