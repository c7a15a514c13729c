"""1. Build: a network in two clicks; a layer is added, resized, given another class, shared and removed in the window, with the shapes and
counts that follow; what can't be is told and changes nothing; undo goes back to the same numbers."""
import os
import re

import drive
import files


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


def items(d):
    """the entries of menus that can be seen; a menu stands inside of its row, where find() doesn't look"""
    found = []
    for node in d.inspector.walk(drive.LEAVES | {"label"}):
        try:
            if node.role == "menu item" and node.is_there:
                found.append(node)
        except Exception:  # gone since
            continue
    return found


def choose(d, menu, *places):
    """an entry of a menu and of its submenus, each by its position, since GTK 4.18 tells no names of them; in a submenu the way back is
    0"""
    d.wait(lambda: not items(d), "the end of the menu before")
    # GTK has no place for a menu of what was scrolled out of sight
    d.reach(d.inspector.find("push button", menu)).press()
    before = []
    for place in places:
        def fresh():
            return [node for node in items(d) if all(node.accessible != old.accessible for old in before)]
        d.wait(fresh, "the entries of %s" % menu)
        d.pause(0.5)
        now = fresh()
        d.check(-len(now) <= place < len(now), "entry %d of %d of %s" % (place, len(now), menu))
        before += now
        now[place].press()


def saved(d, name):
    """the file that the network is saved to, all of it"""
    path = files.temporary(name)
    d.key("ctrl+s")
    d.choose_file("Save Network", path)
    d.wait(lambda: os.path.exists(path) and not d.has_window("Save Network"), "the file of weights")
    with open(path, "rb") as file:
        return file.read()


# places in the menu of a layer that stands between others and has others of its class
ADD_AFTER, DUPLICATE, SHARE_WITH, STOP_SHARING, REMOVE = 1, 2, 5, -2, -1
# Linear in the list of all layers, which is in the order of the alphabet, behind the way back
LINEAR = 21


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
    numbers = saved(d, "before.safetensors")

    # what can't be is told below the rows
    set_number(d, "out_features of layer 2", 3)
    d.inspector.find(None, re.compile(r"MSELoss.*\[3\].*\[1\]"))
    d.check(shapes(d) == first, "a refused change changes nothing: %s" % shapes(d))

    # add behind layer 1, share, remove; the new layer is selected, the list of all stands at the network
    choose(d, "Menu of layer 1", ADD_AFTER, LINEAR)
    expect_shape(d, "2.weight", "8 × 8")
    d.row(re.compile("^3, Linear"))
    d.row(re.compile("^d2l-mlp, Sequential")).click(fx=0.3)
    choose(d, "Menu of layer 2", DUPLICATE)
    d.row(re.compile("^4, Linear"))
    d.expect_fact("Elements", "193")
    # of layers 0, 2 and 4, the one that it is a copy of
    choose(d, "Menu of layer 3", SHARE_WITH, 2)
    d.expect_fact("Elements", "193, 121 unique")
    choose(d, "Menu of layer 3", STOP_SHARING)
    d.expect_fact("Elements", "193")
    choose(d, "Menu of layer 3", REMOVE)
    d.expect_fact("Elements", "121")

    # all the way back: the same shapes, and the same numbers to the last bit
    for _ in range(5):
        d.key("ctrl+z")
        d.pause(0.3)
    d.wait(lambda: shapes(d) == first, "the network from before")
    again = saved(d, "after.safetensors")
    d.check(again == numbers, "the same file: %d bytes, %d before" % (len(again), len(numbers)))
    d.expect_no_complaints()


drive.run(main)
