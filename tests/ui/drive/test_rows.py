"""What can be done at a row of the tree, with keys and the mouse: rename, move, remove, a menu; each is undone by one step, and the numbers
of the layers that stay are the same."""
import re

import drive


def layers(d):
    """what the rows of the layers say, without their parameters"""
    return [row for row in d.rows() if re.match(r"[^.,]+, (Linear|ReLU|Tanh)", row)]


def figures(d):
    return [d.fact(name) for name in ("Min", "Max", "Mean", "Std", "L2")]


def go_to(d, path):
    d.key("ctrl+l", "ctrl+a")
    d.type(path)
    d.key("Return")
    d.expect_fact("Path", path)


def main(d):
    d.start()
    d.find("push button", "Perceptron").press()
    d.select("0.weight")
    d.wait(lambda: d.fact("Max") is not None, "statistics")
    start, first = layers(d), figures(d)
    d.check([row.split(",")[0] for row in start] == ["0", "1", "2"], "the layers: %s" % start)

    # F2: another name, the same numbers; and back
    d.select("0")
    d.key("F2")
    d.find(None, "Name of the layer")
    d.key("ctrl+a")
    d.type("input")
    d.key("Return")
    d.row(re.compile("^input, Linear"))
    go_to(d, "input.weight")
    d.wait(lambda: figures(d) == first, "the numbers of the layer that was renamed")
    d.key("ctrl+z")
    d.wait(lambda: layers(d) == start, "the names before")
    go_to(d, "0.weight")

    # Alt+Up: the ReLU before its Linear
    d.select("1")
    d.key("alt+Up")
    d.wait(lambda: [row.split(",")[1] for row in layers(d)] == [" ReLU", " Linear", " Linear"], "ReLU first")
    d.key("ctrl+z")
    d.wait(lambda: layers(d) == start, "the order before")

    # Delete, and its undo
    d.select("1")
    d.key("Delete")
    d.wait(lambda: len(layers(d)) == 2, "one layer less")
    d.key("ctrl+z")
    d.wait(lambda: layers(d) == start, "the layers before")

    # the menu by key: its first entry renames
    d.select("2")
    d.key("shift+F10")
    d.wait(lambda: len(list(d.screen.find_all("menu item"))) > 5, "the menu")
    d.pause(0.5)
    d.key("Escape")
    d.wait(lambda: not list(d.screen.find_all("menu item")), "the end of the menu")
    # and by a right click on another row, whose menu it is then: numbers, begin anew, path
    d.select("1")
    go_to(d, "0.weight")
    d.pause(0.5)
    d.row("0.bias").click(fx=0.3, button=3)
    d.expect_fact("Path", "0.bias")
    items = d.wait(lambda: list(d.screen.find_all("menu item")), "the menu")
    d.check(len(items) == 3, "a parameter's menu: %d entries" % len(items))
    items[1].press()
    d.wait(lambda: d.fact("Path") == "0.bias" and figures(d)[0] is not None, "statistics")
    d.key("ctrl+z")
    go_to(d, "0.weight")
    d.wait(lambda: figures(d) == first, "the numbers at the start")


drive.run(main)
