"""5. The canvas's own commands: jumps to what is looked for, the table of numbers, the range on the legend, any two axes, profiles,
statistics of a row, sheets sorted by what is in them, data and gradient side by side."""
import os
import pathlib
import re
import struct
import tempfile

import drive
import files

ROWS, COLUMNS = 300, 200


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def write_file(path):
    values = [single(((row * 7919 + column * 104729) % 1000 - 500) / 4096) for row in range(ROWS) for column in range(COLUMNS)]
    values[17 * COLUMNS + 5] = float("nan")
    values[240 * COLUMNS + 199] = float("-inf")
    values[111 * COLUMNS + 44] = -8.5
    values[5 * COLUMNS + 3] = 7.25
    for column in range(COLUMNS):
        values[201 * COLUMNS + column] = 0.0
    files.write_safetensors(path, {
        "a.large": ((ROWS, COLUMNS), values),
        "b.same": ((ROWS, COLUMNS), [0.5] * (ROWS * COLUMNS)),
        "c.small": ((4, 3), [float(index) for index in range(12)]),
        "d.kernel": ((3, 2, 5, 5), [float(index) for index in range(150)]),
    })


def go_to(d, path):
    d.key("ctrl+l")
    d.key("ctrl+a")
    d.type(path)
    d.key("Return")
    d.expect_fact("Path", path)


def check_jumps(d, heatmap):
    heatmap.click()
    d.key("ctrl+Home")
    d.wait(lambda: heatmap.description.startswith("Row 0, column 0: "), "the cursor in the first cell")
    d.key("n")
    d.wait(lambda: heatmap.description == "Row 17, column 5: NaN", "the NaN, found")
    d.key("n")
    d.wait(lambda: heatmap.description == "Row 240, column 199: \u2212Inf", "the infinity, found")
    d.key("n")
    d.wait(lambda: heatmap.description == "Row 17, column 5: NaN", "the first again after the last")
    d.key("shift+n")
    d.wait(lambda: heatmap.description == "Row 240, column 199: \u2212Inf", "back where it was")
    d.key("e")
    d.wait(lambda: heatmap.description == "Row 111, column 44: \u22128.5", "the largest magnitude")
    d.key("e")
    d.wait(lambda: heatmap.description == "Row 5, column 3: 7.25", "the second largest")
    d.key("z")
    d.wait(lambda: heatmap.description == "Row 201, column 0: 0", "the row of zeros")
    # the statistics of that row
    d.find("push button", "Row").press()
    d.expect_fact("Zeros", "200")
    d.find("push button", "Tensor").press()


def check_values(d):
    d.find("push button", "Values").press()
    table = d.find("panel", re.compile("^Values of a.large, 300 × 200"))
    d.wait(lambda: table.description == "Row 201, column 0: 0", "the same cell in the table")
    table.click(0.3, 0.3)
    d.key("ctrl+End")
    d.wait(lambda: table.description.startswith("Row 299, column 199: "), "the last cell of the table")
    value = float(table.description.rsplit(": ", 1)[1].replace("\u2212", "-"))
    d.check(single(value) == single(((299 * 7919 + 199 * 104729) % 1000 - 500) / 4096), "its exact value: " + table.description)
    d.key("n")
    d.wait(lambda: table.description == "Row 17, column 5: NaN", "jumps in the table, too")
    d.find("push button", "Heatmap").press()


def check_linked(d):
    # a tensor of equal shape has the same cell, one of another shape none
    go_to(d, "b.same")
    other = d.find("panel", "Heatmap of b.same, 300 × 200")
    d.wait(lambda: other.description == "Row 17, column 5: 0.5", "the cell is linked")
    go_to(d, "c.small")
    small = d.find("panel", "Heatmap of c.small, 4 × 3")
    d.wait(lambda: small.description == "Arrow keys choose a cell", "no cell in a tensor of another shape")


def check_range(d):
    go_to(d, "c.small")
    label = d.find("panel", re.compile("^Colours from 0 to 11$"))
    handle = d.find("slider", "Upper end of the range")
    handle.click()
    d.key("Left", "Left", "Left")
    d.wait(lambda: d.find("panel", re.compile("^Colours from 0 to [0-9.]+$")).name != "Colours from 0 to 11", "the range is narrower")
    d.key("BackSpace")
    d.find("panel", re.compile("^Colours from 0 to 11$"))
    d.check(label is not None, "the range of the data")


def check_axes(d):
    go_to(d, "d.kernel")
    kernel = d.find("panel", re.compile("^Heatmap of d.kernel"))
    d.find(None, "Slice").press()
    d.find("spin button", "Axis 1").set_value(1)
    d.find("label", "[0, 1, :, :]")
    d.key("Escape")
    kernel.click()
    d.key("ctrl+Home")
    d.wait(lambda: kernel.description == "Element [0, 1, 0, 0]: 25", "the other kernel")


def check_mosaic(d):
    kernel = d.find("panel", re.compile("^Heatmap of d.kernel"))
    d.find(None, "Slice").press()
    d.find("check box", "All kernels as small pictures").press()
    d.find("label", "all kernels")
    d.key("Escape")
    kernel.click()
    # kernel (2, 1) is the last, below and at the right: all indices of the cell are told
    d.key("ctrl+End")
    d.wait(lambda: kernel.description == "Element [2, 1, 4, 4]: 149", "the last cell of the last kernel: " + kernel.description)
    d.key("ctrl+Home", "Down", "Down", "Down", "Down", "Down")
    d.wait(lambda: kernel.description == "Element [1, 0, 0, 0]: 50", "the first cell of the kernel below: " + kernel.description)


def check_take(d):
    go_to(d, "c.small")
    d.find("panel", "Heatmap of c.small, 4 × 3").click()
    path = files.temporary("values.csv")
    d.key("ctrl+shift+e")
    d.choose_file("Save Values", path)
    d.wait(lambda: os.path.exists(path), "the values")
    d.check([[float(text) for text in line.split(",")] for line in pathlib.Path(path).read_text().split()] == [[3.0 * row + column for column in range(3)] for row in range(4)],
            "the values in the file")
    path = files.temporary("picture.png")
    d.key("ctrl+e")
    d.choose_file("Save Picture", path)
    d.wait(lambda: os.path.exists(path), "the picture")
    d.check(pathlib.Path(path).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", "it is a PNG")


def check_beside(d):
    d.start(drive.ROOT / "data" / "networks" / "d2l-shared.json")
    go_to(d, "2.weight")
    d.find("push button", "Side by side").press()
    d.find("label", "No gradient yet")
    d.key("ctrl+period")
    d.wait(lambda: len(list(d.screen.find_all("panel", as_heatmap()))) == 2, "two heatmaps side by side")
    first = next(d.screen.find_all("panel", as_heatmap()))
    first.click()
    d.key("ctrl+Home", "Down", "Right")
    d.wait(lambda: [node.description.startswith("Row 1, column 1: ") for node in d.screen.find_all("panel", as_heatmap())] == [True, True],
           "the same cell in both")


def as_heatmap():
    return re.compile("^Heatmap of 2.weight")


def main(d):
    with tempfile.TemporaryDirectory(prefix="espalier-canvas-") as name:
        folder = pathlib.Path(name)
        write_file(folder / "tensors.safetensors")
        d.start(folder / "tensors.safetensors")
        go_to(d, "a.large")
        heatmap = d.find("panel", "Heatmap of a.large, 300 × 200")
        check_jumps(d, heatmap)
        check_values(d)
        check_linked(d)
        check_range(d)
        check_axes(d)
        check_mosaic(d)
        check_take(d)
        d.program.terminate()
        d.program.wait(10)
    check_beside(d)


drive.run(main)
