#!/usr/bin/env python3
"""Takes the README's screenshots from the real program: `./dev shot [FOLDER]`. Arguments: the build folder, the folder to write to."""
import pathlib
import re
import sys

import drive

EXAMPLE = drive.ROOT / "data" / "examples" / "digits.pt"


def select(d, path):
    """goes to a parameter as a person does who knows its name"""
    d.key("ctrl+l")
    d.key("ctrl+a")
    d.type(path)
    d.key("Return")
    d.pause(1)


def browse(d, folder):
    d.start(EXAMPLE)
    select(d, "shared.weight")
    d.shot(folder / "browse.png")


def train(d, folder):
    d.start(drive.ROOT / "data" / "networks" / "d2l-shared.json")
    select(d, "2.weight")
    d.find("push button", re.compile("^Play")).press()
    d.pause(12)
    d.find("push button", re.compile("^Pause")).press()
    d.pause(0.5)
    d.shot(folder / "train.png")


def main(d):
    folder = pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for scene in (browse, train):
        scene(d, folder)
        d.program.terminate()
        d.program.wait(5)
    print("the screenshots are in %s" % folder)


drive.run(main)
