"""5. Which matrix is shown, and in which order: axes are swapped, an axis is played as a film, rows are sorted by a profile and every
place says the truth about it, the legend tells what a pixel shows; the ends of the range are dragged; what is saved is what the
command line makes, pixel for pixel."""
import pathlib
import re
import subprocess
import tempfile

import drive
import files

ROWS, COLUMNS = 40, 12
# the rows' norms in an order that no index has
SCALES = [(7 * row) % ROWS + 1 for row in range(ROWS)]


def value(row, column):
    return SCALES[row] * (1.0 if column % 2 else -1.0) * (column + 1) / 16


def write_file(path):
    files.write_safetensors(path, {
        "sorted": ((ROWS, COLUMNS), [value(row, column) for row in range(ROWS) for column in range(COLUMNS)]),
        "film": ((5, 3, 4), [float(index) for index in range(60)]),
        "wide": ((900, 2000), [((row * 31 + column * 17) % 101 - 50) / 64 for row in range(900) for column in range(2000)]),
    })


def go_to(d, path):
    d.key("ctrl+l")
    d.key("ctrl+a")
    d.type(path)
    d.key("Return")
    d.expect_fact("Path", path)


def heatmap_of(d, path):
    return d.find("panel", re.compile("^Heatmap of %s, " % re.escape(path)))


def cell(text):
    """"Row 3, column 5: −0.5" as numbers"""
    found = re.fullmatch(r"Row (\d+), column (\d+): (.*)", text)
    return int(found[1]), int(found[2]), float(found[3].replace("\u2212", "-"))


def choose(d, name, entry):
    """an entry of a drop-down in the popover of the slice, which is opened for it"""
    d.find(None, "Slice").press()
    # popovers lie anywhere on the screen, so their buttons are pressed by their own actions
    button = next(node for node in d.find("combo box", name).walk() if node.role == "push button")
    button.press()
    d.pause(0.2)
    d.key("Home", *["Down"] * entry, "Return")
    d.key("Escape")


def legend(d):
    return d.find("panel", re.compile("^Colours from "))


def check_sorted(d, folder):
    go_to(d, "sorted")
    heatmap = heatmap_of(d, "sorted")
    heatmap.click()
    d.key("ctrl+Home")
    d.wait(lambda: heatmap.description == "Row 0, column 0: \u22120.0625", "the first cell: " + heatmap.description)
    choose(d, "Rows", 1)
    d.wait(lambda: legend(d).description == "Rows by norm", "the legend tells of the order: " + legend(d).description)
    d.wait(lambda: heatmap.description == "Row 0, column 0: \u22120.0625", "the cursor stays with its cell")
    order = sorted(range(ROWS), key=lambda row: -SCALES[row])
    heatmap.click()
    d.key("ctrl+Home")
    for place in range(6):
        d.wait(lambda: cell(heatmap.description) == (order[place], 0, value(order[place], 0)),
               "place %d holds row %d: %s" % (place, order[place], heatmap.description))
        d.key("Down")
    d.key("ctrl+End")
    d.wait(lambda: cell(heatmap.description) == (order[-1], COLUMNS - 1, value(order[-1], COLUMNS - 1)), "the last place: " + heatmap.description)
    # the pointer says the same
    d.xdo("mousemove", *heatmap.point(0.5, 0.5))
    told = cell(d.wait(lambda: next(iter(d.screen.find_all("label", re.compile(r"^Row \d+, column \d+: "))), None), "the cell under the pointer").name)
    d.check(abs(told[2] - value(told[0], told[1])) < 1e-6, "the value under the pointer: %s" % (told,))
    # so does the table
    d.find("push button", "Values").press()
    table = d.find("panel", re.compile("^Values of sorted, "))
    d.wait(lambda: cell(table.description)[:2] == (order[-1], COLUMNS - 1), "the same cell in the table: " + table.description)
    d.find("push button", "Heatmap").press()
    d.shot(folder / "sorted.png")
    heatmap_of(d, "sorted").click()
    check_saved(d, folder, "sorted", ["--sort-rows", "norm"])
    # what is saved as values stays as it is stored
    path = folder / "values.csv"
    d.key("ctrl+shift+e")
    d.choose_file("Save Values", str(path))
    d.wait(path.exists, "the values")
    first = [float(text) for text in path.read_text().splitlines()[0].split(",")]
    d.check(first == [value(0, column) for column in range(COLUMNS)], "the first row of the file: %s" % first)
    choose(d, "Rows", 0)
    d.wait(lambda: legend(d).description == "", "as it is stored again: " + legend(d).description)


def check_saved(d, folder, name, options):
    """a picture of the window's is the one of the command line at its size"""
    path, ours = folder / (name + ".png"), folder / (name + "-cli.png")
    d.key("ctrl+e")
    d.choose_file("Save Picture", str(path))
    d.wait(path.exists, "the picture")
    size = subprocess.run(["identify", "-format", "%wx%h", str(path)], stdout=subprocess.PIPE, text=True, check=True).stdout
    subprocess.run([str(d.build / "src/cli/espalier-cli"), "render", str(folder / "tensors.safetensors"), name, "-o", str(ours), "--size", size, *options], check=True)
    different = subprocess.run(["compare", "-metric", "AE", str(path), str(ours), "null:"], stderr=subprocess.PIPE, text=True).stderr
    d.check(float(different.split()[0]) == 0, "%s pixels of %s differ from the command line's" % (different, name))


def check_transposed(d):
    go_to(d, "sorted")
    heatmap = heatmap_of(d, "sorted")
    choose(d, "Down", 1)
    heatmap.click()
    d.key("ctrl+Home", "Down", "Down", "Right")
    d.wait(lambda: heatmap.description == "Element [1, 2]: " + "\u22121.5", "rows and columns are swapped: " + heatmap.description)
    choose(d, "Down", 0)
    heatmap.click()
    d.key("ctrl+Home", "Down", "Down", "Right")
    d.wait(lambda: heatmap.description == "Row 2, column 1: 1.875", "and back: " + heatmap.description)


def check_film(d):
    go_to(d, "film")
    heatmap = heatmap_of(d, "film")
    heatmap.click()
    d.key("ctrl+Home")
    d.wait(lambda: heatmap.description == "Element [0, 0, 0]: 0", "the first picture: " + heatmap.description)
    d.find(None, "Slice").press()
    slider = d.find("spin button", "Axis 0")
    d.find("push button", "Play Axis 0 as a film").press()
    seen = set()
    d.wait(lambda: seen.add(slider.value) or len(seen) == 5, "all five pictures of the film")
    d.find("push button", "Play Axis 0 as a film").press()
    d.pause(0.4)
    stopped = slider.value
    d.pause(0.4)
    d.check(slider.value == stopped, "the film has stopped")
    slider.set_value(3)
    d.key("Escape")
    heatmap.click()
    d.key("ctrl+Home")
    d.wait(lambda: heatmap.description == "Element [3, 0, 0]: 36", "the picture that was chosen: " + heatmap.description)
    # axis 0 down instead of axis 1
    choose(d, "Down", 0)
    heatmap.click()
    d.key("ctrl+Home", "Down")
    d.wait(lambda: heatmap.description == "Element [1, 0, 0]: 12", "another axis down: " + heatmap.description)


def ends(d):
    """the range, as the legend says it"""
    found = re.fullmatch("Colours from (.*) to (.*)", legend(d).name.replace("\u2212", "-"))
    return float(found[1]), float(found[2])


def check_handles(d):
    go_to(d, "wide")
    d.wait(lambda: legend(d).description == "Each pixel: the value farthest from 0", "the legend names the reduction: " + legend(d).description)
    before = ends(d)
    upper = d.find("slider", "Upper end of the range")
    x, y = upper.point(0.5, 0.9)
    d.drag((x, y), (x - 80, y))
    d.wait(lambda: ends(d)[1] < before[1] - 0.05, "the upper end follows the mouse: %s" % (ends(d),))
    d.check(ends(d)[0] == before[0], "the lower end stays: %s" % (ends(d),))
    after = ends(d)
    lower = d.find("slider", "Lower end of the range")
    x, y = lower.point(0.5, 0.9)
    d.drag((x, y), (x + 60, y))
    d.wait(lambda: ends(d)[0] > before[0] + 0.05, "the lower end, too: %s" % (ends(d),))
    d.check(ends(d)[1] == after[1], "the upper end stays: %s" % (ends(d),))
    dragged = ends(d)
    d.key("Right")
    d.wait(lambda: ends(d)[0] > dragged[0], "keys move it on")
    lower.click(0.5, 0.9, times=2)
    d.wait(lambda: ends(d) == before, "a double click gives the range of the data: %s" % (ends(d),))


def main(d):
    with tempfile.TemporaryDirectory(prefix="espalier-slice-") as name:
        folder = pathlib.Path(name)
        write_file(folder / "tensors.safetensors")
        d.start(folder / "tensors.safetensors")
        check_sorted(d, folder)
        check_transposed(d)
        check_film(d)
        check_handles(d)
        heatmap_of(d, "wide").click()
        check_saved(d, folder, "wide", ["--range", "percentiles", "--symmetric"])


drive.run(main)
