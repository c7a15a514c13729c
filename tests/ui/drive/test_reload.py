"""A training job writes the file that is open: the window says so, reads it again on request or by itself, and what a person was
looking at stays: selection, slice, zoom, what is open in the tree and where it was scrolled to."""
import os
import re

import drive
import files

LAYERS = 60


def tensors(value, layers=LAYERS):
    found = {}
    for i in range(layers):
        found["layers.%d.block.weight" % i] = ((3, 8, 8), [value + j for j in range(192)])
        found["layers.%d.norm.weight" % i] = ((8,), [value] * 8)
    return found


def write_over(path, value, **more):
    """in place, as torch.save does"""
    files.write_safetensors(path, tensors(value, **more))


def replace(path, value, **more):
    """to another name, then over this one"""
    files.write_safetensors(path + ".tmp", tensors(value, **more))
    os.rename(path + ".tmp", path)


def picture(d):
    return d.find("panel", re.compile("^Heatmap of layers.41.block.weight"))


def cell(d):
    return picture(d).description


def row_place(d):
    """where the selected row is, counted from the heads of the columns"""
    return d.row("layers.41.block.weight").settled_box()[1] - d.tree.settled_box()[1]


def shot(d, name):
    folder = os.environ.get("ESPALIER_SHOTS")
    if folder:
        d.shot(os.path.join(folder, name + ".png"))


def main(d):
    path = files.temporary("last.safetensors")
    write_over(path, 1)
    d.start(path)
    # somewhere far down, one module closed above it
    d.row("layers.0.block").click(fx=0.6)
    d.key("Left")
    d.key("ctrl+l")
    d.type("layers.41.block.weight")
    d.key("Return", "Escape")
    d.expect_fact("Min", "1")
    d.find("push button", re.compile("^Slice|\\[0, :, :\\]"))
    picture(d).click()
    d.key("plus", "plus", "ctrl+Home", "Right")
    d.wait(lambda: "2" in cell(d).split(":")[-1], "the cell's value")
    place = row_place(d)
    zoom = d.find("label", re.compile("^[0-9,]+ %$")).name
    shot(d, "before")

    # replaced: what is open stays as it is until it is asked for
    replace(path, 2)
    d.find("label", "There is a newer version of \u201clast.safetensors\u201d")
    shot(d, "replaced")
    d.expect_fact("Min", "1")
    d.key("F5")
    d.expect_fact("Min", "2")
    d.gone("label", re.compile("There is a newer version"))
    d.wait(lambda: cell(d).endswith(": 3"), "the cursor's cell has the new value")
    d.check(d.find("label", re.compile("^[0-9,]+ %$")).name == zoom, "the zoom stays")
    d.wait(lambda: row_place(d) == place, "the row stays where it was")
    d.check(not any(row.startswith("layers.0.block.weight") for row in d.rows()), "the closed module stays closed")
    shot(d, "reloaded")

    # written in place, by the button
    write_over(path, 4)
    d.find("label", re.compile("was written to"))
    shot(d, "rewritten")
    d.find("push button", "Reload").press()
    d.expect_fact("Min", "4")
    # by the other key
    replace(path, 3)
    d.find("label", re.compile("There is a newer version"))
    d.key("ctrl+r")
    d.expect_fact("Min", "3")

    # half a file: nothing is taken away, and the reason can be had
    whole = open(path, "rb").read()
    with open(path, "wb") as out:
        out.write(whole[:len(whole) // 2])
    d.find("label", re.compile("was written to"))
    d.find("push button", "Reload").press()
    d.find("label", "The newer version of \u201clast.safetensors\u201d can\u2019t be read")
    shot(d, "failed")
    d.find("push button", "Details").press()
    reason = re.compile("end beyond the file")
    d.find("label", reason)
    d.pause(0.5)
    d.key("Escape")
    d.gone("label", reason)
    d.row("layers.41.block.weight")

    # by itself from now on
    always = d.find("check box", "Always reload")
    always.click()
    d.pause(1)
    if not always.has_state("checked"):  # a dialog that was still going took the click
        always.click()
    d.wait(lambda: always.has_state("checked"), "the mark in the box")
    write_over(path, 5)
    d.expect_fact("Min", "5")
    for value in (6, 7):
        replace(path, value)
        d.expect_fact("Min", str(value))
    d.wait(lambda: row_place(d) == place, "the row is where it was after all of it")
    d.wait(lambda: cell(d).endswith(": 8"), "the cursor's cell has the newest value")

    # what is selected goes: what stands above it is shown
    replace(path, 8, layers=41)
    d.expect_fact("Path", "layers")
    os.unlink(path)
    d.find("label", re.compile("was deleted or moved"))
    shot(d, "gone")
    d.find("push button", "Hide").press()
    d.gone("label", re.compile("was deleted or moved"))


drive.run(main)
