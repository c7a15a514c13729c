"""1. Build: a network in two clicks; a layer is added, resized, given another class, shared and removed in the window, with the shapes and
counts that follow; what can't be is told and changes nothing; undo goes back to the same numbers."""
import re

import drive


def shapes(d):
    """path -> what the row of the tree says behind it, for tensors"""
    out = {}
    for row in d.rows():
        path, _, rest = row.partition(", ")
        if re.search(r"(weight|bias)$", path):
            out[path] = rest
    return out


def expect_shape(d, path, shape):
    d.row(re.compile("^" + re.escape(path) + ", " + shape))


def set_number(d, name, value):
    spin = d.inspector.find("spin button", name)
    spin.click(fx=0.2)
    d.key("ctrl+a")
    d.type(str(value))
    d.key("Return")


def choose(d, menu, *items):
    """a menu stands inside of its row, where find() doesn't look"""
    d.inspector.find("push button", menu).press()
    for item in items:
        node = d.wait(lambda: next((node for node in d.inspector.walk() if node.role == "menu item" and node.name == item and node.is_there), None), item)
        d.pause(0.3)
        node.press()
        d.pause(0.3)


def main(d):
    d.start()
    # two clicks: the network, and play
    d.find("push button", "Perceptron").press()
    d.press("Play")
    d.wait(lambda: d.steps() > 3, "steps after two clicks")

    # another size while it trains: the next layer follows, and training goes on
    d.inspector.find("spin button", "out_features of layer 0")
    set_number(d, "out_features of layer 0", 5)
    expect_shape(d, "0.weight", "5 × 4")
    expect_shape(d, "2.weight", "1 × 5")
    before = d.steps()
    d.wait(lambda: d.steps() > before, "training goes on with the new network")
    d.press("Pause")
    d.training.find("push button", "Play")

    # undo: the old network, where it stood
    d.key("ctrl+z")
    expect_shape(d, "0.weight", "8 × 4")
    d.check(d.steps() > 3, "the old network stands where it stood: %d" % d.steps())
    d.key("ctrl+shift+z")
    expect_shape(d, "0.weight", "5 × 4")
    d.key("ctrl+z")
    expect_shape(d, "0.weight", "8 × 4")
    first = shapes(d)

    # what can't be is told below the rows
    set_number(d, "out_features of layer 2", 3)
    d.inspector.find(None, re.compile(r"MSELoss.*\[3\].*\[1\]"))
    d.check(shapes(d) == first, "a refused change changes nothing: %s" % shapes(d))

    # add behind layer 1, share, remove; the new layer is selected, the list of all stands at the network
    choose(d, "Menu of layer 1", "Add Layer After", "Linear")
    expect_shape(d, "2.weight", "8 × 8")
    d.row(re.compile("^3, Linear"))
    d.row(re.compile("^d2l-mlp, Sequential")).click(fx=0.3)
    choose(d, "Menu of layer 2", "Duplicate")
    d.row(re.compile("^4, Linear"))
    d.expect_fact("Elements", "193")
    choose(d, "Menu of layer 3", "Share With", "2: Linear")
    d.expect_fact("Elements", "193, 121 unique")
    choose(d, "Menu of layer 3", "Stop Sharing")
    d.expect_fact("Elements", "193")
    choose(d, "Menu of layer 3", "Remove")
    d.expect_fact("Elements", "121")

    # all the way back: the same shapes
    for _ in range(5):
        d.key("ctrl+z")
        d.pause(0.3)
    d.wait(lambda: shapes(d) == first, "the network from before")
    d.expect_no_complaints()


drive.run(main)
