"""8. Keep: a network saved with its history and opened again stands at the same step, with its time line and its curves. Where other
kernels made the file, the window says so."""
import os
import re

import drive
import files


def typed(d):
    return [node.text for node in d.screen.walk() if node.role == "entry"]


def main(d):
    d.start()
    d.find("push button", "Shared layer").press()
    d.row("2.weight")
    for n in range(1, 6):
        d.press("One step")
        d.wait(lambda: d.steps() == n, "step %d" % n)
    d.select("2.weight")
    d.wait(lambda: d.fact("Min"), "statistics")
    shown = d.fact("Min")
    path = files.temporary("kept.espalier")
    d.key("ctrl+s")
    d.choose_file("Save Network", path)
    d.wait(lambda: os.path.exists(path), "the file")
    d.end()
    d.parts = {}
    d.start_desktop()
    d.start(path)
    d.find("push button", "One step")
    d.wait(lambda: d.steps() == 5, "step 5")
    d.select("2.weight")
    d.expect_fact("Min", shown)
    # it goes on from there
    d.press("One step")
    d.wait(lambda: d.steps() == 6, "step 6")
    d.wait(lambda: d.fact("Min") != shown, "another value")
    d.check(not d.has(None, "Key frames only"), "every step can be gone back to")
    # its code, found by its position: GTK 4.18 tells no names of menu items
    for place, line in ((9, "import torch\n"), (10, "import keras\n")):
        d.key("F10")
        d.wait(lambda: (lambda found: found[place] if len(found) > place else None)(list(d.screen.find_all("menu item"))), "the menu's items").press()
        d.find("label", "Code copied")
        d.key("ctrl+f")
        d.key("ctrl+a", "ctrl+v")
        d.wait(lambda: any(line in text and "\nnet = " in text for text in typed(d)), "the code in the clipboard")
        d.key("ctrl+a", "BackSpace", "Escape")
    d.end()
    d.parts = {}
    with open(path, "rb") as file:
        data = file.read()
    assert data.count(b'"kernels": "') == 1
    at = data.index(b'"kernels": "') + len(b'"kernels": "')
    with open(path, "wb") as file:
        file.write(data[:at] + b"x" + data[at + 1:])
    d.start_desktop()
    d.start(path)
    d.find("push button", "One step")
    d.wait(lambda: d.steps() == 5, "step 5")
    d.select("2.weight")
    d.expect_fact("Min", shown)
    d.find(None, "Key frames only").press()
    d.find("label", re.compile("^These steps were computed with another instruction set .*stops at key frames"))
    d.key("Escape")
    # what comes now is a run of its own
    d.press("One step")
    d.wait(lambda: d.steps() == 6, "step 6")
    d.training.find(None, re.compile("Run 2, from step 5"))


drive.run(main)
