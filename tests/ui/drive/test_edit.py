"""Many cells at once: a dialog says how many it would change, does it, and that is undone in one go; a module begins anew."""
import re

import drive


def figures(d):
    return [d.fact(name) for name in ("Min", "Max", "Mean", "Std", "L2")]


def menu(d, place):
    """an entry of the main menu by its position, since GTK 4.18 tells no names of menu items"""
    d.key("F10")
    d.wait(lambda: len(list(d.screen.find_all("menu item"))) > place, "the menu's items")
    list(d.screen.find_all("menu item"))[place].press()


def main(d):
    d.start()
    d.find("push button", "Perceptron").press()
    d.select("0.weight")
    d.wait(lambda: d.fact("Max") is not None, "statistics")
    start = figures(d)

    # all to one number: 32 cells
    menu(d, 3)
    d.find("label", "Changes 32 of 32 cells")
    d.find("push button", re.compile("Apply$")).press()
    d.wait(lambda: d.fact("Max") == "0" and d.fact("Min") == "0", "zeros everywhere")
    d.key("ctrl+z")
    d.wait(lambda: figures(d) == start, "the values before")

    # a module anew, and back
    menu(d, 4)
    d.wait(lambda: figures(d) != start, "other values")
    d.key("ctrl+z")
    d.wait(lambda: figures(d) == start, "the values before")


drive.run(main)
