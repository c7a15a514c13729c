"""4. See a tensor: the sheet of a module, the heatmap with its cursor, zoom, pan and tooltip, a strip, a number, a slice; NaN is marked from
afar; a cell of a live network is edited under both of its names."""
import pathlib
import re
import struct
import tempfile

import drive
import files

ROWS, COLUMNS = 300, 200


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def matrix_value(row, column):
    return single((row - 150) / 64 + column / 4096)


def write_file(path):
    values = [matrix_value(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    values[17 * COLUMNS + 5] = float("nan")
    files.write_safetensors(path, {
        "block.weight": ((ROWS, COLUMNS), values),
        "block.bias": ((2048,), [index / 2048 for index in range(2048)]),
        "kernel": ((3, 2, 5, 5), [float(index) for index in range(150)]),
        "number": ((), [3.5]),
    })


def pixels_of(path, color):
    """how many pixels of a picture have this colour"""
    import subprocess
    text = subprocess.run(["convert", str(path), "-fill", "black", "+opaque", color, "-fill", "white", "-opaque", color, "-format", "%[fx:mean*w*h]", "info:"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return round(float(text))


def status(d, pattern):
    return d.find("label", re.compile(pattern))


def go_to(d, path):
    d.key("ctrl+l")
    d.key("ctrl+a")
    d.type(path)
    d.key("Return")
    d.expect_fact("Path", path)


def number_of(text):
    return float(text.rsplit(": ", 1)[1].replace("\u2212", "-"))


def check_cursor(d, heatmap):
    heatmap.click()
    d.key("ctrl+Home")
    d.wait(lambda: heatmap.description.startswith("Row 0, column 0: "), "the cursor in the first cell")
    d.key("Down", "Right", "Right")
    d.wait(lambda: heatmap.description.startswith("Row 1, column 2: "), "the cursor moves by keys")
    # the exact value: it reads back as the same number
    d.check(single(number_of(heatmap.description)) == matrix_value(1, 2), "the value of the cell: " + heatmap.description)
    d.key("ctrl+End")
    d.wait(lambda: heatmap.description.startswith("Row 299, column 199: "), "the cursor in the last cell")
    d.check(single(number_of(heatmap.description)) == matrix_value(299, 199), "the value of the last cell: " + heatmap.description)
    d.key("Home")
    d.wait(lambda: heatmap.description.startswith("Row 299, column 0: "), "the start of the row")


def percent(d):
    return float(status(d, "^[0-9.]+ %$").name.split()[0])


def check_zoom(d, heatmap):
    fit = percent(d)
    # the wheel zooms to the pointer: what is under it stays there
    d.xdo("mousemove", *heatmap.point(0.55, 0.6))
    before = d.wait(lambda: status(d, "^Row [0-9]+, column [0-9]+: ").name, "a cell under the pointer")
    d.scroll(heatmap, -8, 0.55, 0.6)
    d.wait(lambda: percent(d) > 4 * fit, "a larger picture")
    d.check(status(d, "^Row [0-9]+, column [0-9]+: ").name == before, "the cell under the pointer stays: %s" % before)
    # dragging moves the picture along
    d.drag(heatmap.point(0.55, 0.6), heatmap.point(0.55, 0.3))
    d.xdo("mousemove", *heatmap.point(0.55, 0.3))
    d.wait(lambda: status(d, "^Row [0-9]+, column [0-9]+: ").name == before, "the cell is dragged along")
    heatmap.click()
    d.key("0")
    d.wait(lambda: percent(d) == fit, "all in view again")
    d.find("push button", "Zoom in").press()
    d.wait(lambda: percent(d) > fit, "the button zooms")
    d.find("push button", "Show all of it").press()
    d.wait(lambda: percent(d) == fit, "all in view by the button")


def check_nan(d, folder):
    # far from the labels and the chip in the tree, in the picture
    d.xdo("mousemove", 5, 5)
    d.pause(0.3)
    d.shot(folder / "nan.png")
    d.check(pixels_of(folder / "nan.png", "#f6d32d") >= 8, "a mark of its own colour for one NaN among 60,000")


def check_shapes(d):
    go_to(d, "block.bias")
    strip = d.find("panel", re.compile("^Heatmap of block.bias, 2048"))
    strip.click()
    d.key("End")
    d.wait(lambda: strip.description.startswith("Element 2047: "), "the last element of a vector")
    go_to(d, "number")
    d.find("label", "3.5")
    go_to(d, "kernel")
    kernel = d.find("panel", re.compile("^Heatmap of kernel"))
    d.find(None, "Slice").press()
    spin = d.find("spin button", "Axis 0")
    spin.set_value(2)
    d.find("label", "[2, 0, :, :]")
    d.key("Escape")
    kernel.click()
    d.key("ctrl+Home")
    d.wait(lambda: kernel.description == "Element [2, 0, 0, 0]: 100", "another slice has other values: %s" % kernel.description)


def check_edit(d):
    d.start(drive.ROOT / "data" / "networks" / "d2l-shared.json")
    go_to(d, "2.weight")
    heatmap = d.find("panel", re.compile("^Heatmap of 2.weight"))
    # words on the cell's units may follow
    edited = re.compile("Row 1, column 1: \u221242(?![0-9.])")
    heatmap.click()
    d.key("ctrl+Home", "Down", "Right", "Return")
    d.find("label", "Row 1, column 1")
    d.type("four")
    d.key("Return")
    d.find("label", "“four” is not a number.")
    d.key("ctrl+a")
    d.type(" -42")  # a leading minus would be an option of xdotool
    d.key("Return")
    d.wait(lambda: edited.match(heatmap.description), "the cell has the new value: " + heatmap.description)
    d.expect_fact("Min", "\u221242")
    # the shared layer's other name
    go_to(d, "4.weight")
    d.expect_fact("Min", "\u221242")
    other = d.find("panel", re.compile("^Heatmap of 4.weight"))
    other.click()
    d.key("ctrl+Home", "Down", "Right")
    d.wait(lambda: edited.match(other.description), "the same value under the other name: " + other.description)


def main(d):
    with tempfile.TemporaryDirectory(prefix="espalier-heatmap-") as name:
        folder = pathlib.Path(name)
        write_file(folder / "tensors.safetensors")
        d.start(folder / "tensors.safetensors")
        d.find("label", "4 tensors")
        d.find(None, re.compile("^block.weight, 300 × 200")).click()  # a tile of the sheet
        d.expect_fact("Path", "block.weight")
        heatmap = d.find("panel", "Heatmap of block.weight, 300 × 200")
        check_nan(d, folder)
        check_cursor(d, heatmap)
        check_zoom(d, heatmap)
        check_shapes(d)
        d.program.terminate()
        d.program.wait(10)
    check_edit(d)


drive.run(main)
