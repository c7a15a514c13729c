"""6. Parts of complex values, and what is taken away: PNG, SVG, NumPy and CSV that the window saves are those of the command line, pixel
for pixel and byte for byte."""
import cmath
import pathlib
import re
import struct
import subprocess
import tempfile

import drive
import files

ROWS, COLUMNS = 30, 50
PARTS = ["magnitude", "real", "imaginary", "phase"]


def value(row, column):
    return complex((column - 24.5) / 8, (row - 14.5) / 8) ** 3 - 1


def write_files(folder):
    values = [value(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    files.write_npy(folder / "complex.npy", "<c16", (ROWS, COLUMNS), b"".join(struct.pack("<2d", z.real, z.imag) for z in values))
    files.write_safetensors(folder / "real.safetensors", {
        "kernel": ((4, 3, 5, 7), [((index * 29) % 83 - 41) / 32 for index in range(420)]),
        "wide": ((700, 1900), [((row * 31 + column * 17) % 101 - 50) / 64 for row in range(700) for column in range(1900)]),
    })


def cli(d, *words):
    subprocess.run([str(d.build / "src/cli/espalier-cli"), *map(str, words)], check=True)


def take(d, path, key, title):
    d.key(key)
    d.choose_file(title, str(path))
    d.wait(path.exists, "the file %s" % path.name)
    return path


def check_picture(d, path, file, name, *options):
    take(d, path, "ctrl+e", "Save Picture")
    size = re.search(r'width="(\d+)[^"]*" height="(\d+)', path.read_text()).groups() if path.suffix == ".svg" else \
        subprocess.run(["identify", "-format", "%w %h", str(path)], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    ours = path.with_name("cli-" + path.name)
    cli(d, "render", file, name, "-o", ours, "--size", "x".join(size), *options)
    # the same painter writes the same bytes; pixels alone would forgive a text
    d.check(canonical(path) == canonical(ours), "%s is the command line's, byte for byte" % path.name)


def canonical(path):
    """Cairo counts the surfaces that a process has made, and names what is in an SVG by that"""
    if path.suffix != ".svg":
        return path.read_bytes()
    text = path.read_text()
    for number, name in enumerate(dict.fromkeys(re.findall(r' id="([^"]+)"', text))):
        text = re.sub(r'(id="|#)%s\b(?!-)' % re.escape(name), r"\g<1>id%d" % number, text)
    return text


def check_values(d, path, file, name, *options):
    take(d, path, "ctrl+shift+e", "Save Values")
    ours = path.with_name("cli-" + path.name)
    cli(d, "dump", file, name, "-o", ours, *options)
    d.check(path.read_bytes() == ours.read_bytes(), "%s is the command line's, byte for byte" % path.name)


def choose_part(d, index):
    button = next(node for node in d.find("combo box", "Part of complex values").walk() if node.role == "push button")
    button.click()
    d.pause(0.2)
    d.key("Home", *["Down"] * index, "Return")


def check_complex(d, folder):
    d.start(folder / "complex.npy")
    d.select("complex")
    legend = d.find("panel", re.compile("^Colours from "))
    heatmap = d.find("panel", re.compile("^Heatmap of complex, "))
    z = value(0, 0)
    told = {"magnitude": ("Magnitude", abs(z)), "real": ("Real part", z.real), "imaginary": ("Imaginary part", z.imag), "phase": ("Phase", cmath.phase(z))}
    for index, part in enumerate(PARTS):
        choose_part(d, index)
        title, number = told[part]
        d.wait(lambda: legend.description == title, "the legend says %s: %s" % (title, legend.description))
        heatmap.click()
        d.key("ctrl+Home")
        found = d.wait(lambda: re.fullmatch(r"Row 0, column 0: (.*), (.*) i; %s (.*)" % title, heatmap.description.replace("\u2212", "-")),
                       "the cell has its value and the part: " + heatmap.description)
        d.check(all(abs(float(text) - wanted) < 1e-9 for text, wanted in zip(found.groups(), (z.real, z.imag, number))), "the numbers: %s" % (found.groups(),))
        # few values are shown all
        options = ["--range", "minmax", "--symmetric"] if part in ("real", "imaginary") else ["--range", "minmax"] if part == "magnitude" else []
        check_picture(d, folder / (part + ".png"), folder / "complex.npy", "complex", "--part", part, *options)
    found = re.fullmatch("Colours from -(.*) to (.*)", legend.name.replace("\u2212", "-"))
    d.check(found and found[1] == found[2] == "3.14", "a full turn: " + legend.name)
    d.shot(folder / "phase-window.png")
    # values are the complex ones, whatever part is looked at
    check_values(d, folder / "complex-out.npy", folder / "complex.npy", "complex", "--as", "npy")
    check_values(d, folder / "complex-out.csv", folder / "complex.npy", "complex", "--as", "csv")
    d.find("push button", "Values").press()
    table = d.find("panel", re.compile("^Values of complex, "))
    d.wait(lambda: re.fullmatch(r"Row 0, column 0: .*, .* i", table.description), "pairs in the table: " + table.description)
    d.find("push button", "Heatmap").press()
    d.end()


def check_real(d, folder):
    path = folder / "real.safetensors"
    d.start(path)
    d.select("wide")
    d.find("panel", re.compile("^Heatmap of wide, ")).click()
    d.key("Escape")
    check_picture(d, folder / "wide.png", path, "wide", "--range", "percentiles", "--symmetric")
    check_picture(d, folder / "wide.svg", path, "wide", "--range", "percentiles", "--symmetric")
    check_double_click(d)
    check_values(d, folder / "wide.npy", path, "wide", "--as", "npy")
    check_values(d, folder / "wide.csv", path, "wide", "--as", "csv")


def check_double_click(d):
    """a double click shows all again"""
    heatmap = d.find("panel", re.compile("^Heatmap of wide, "))
    zoom = d.find("label", re.compile(r"^[0-9.]+ %$"))
    fitted = zoom.name
    d.key("plus", "plus", "plus")
    d.wait(lambda: zoom.name != fitted, "keys zoom in: " + zoom.name)
    heatmap.click(times=2)
    d.wait(lambda: zoom.name == fitted, "a double click fits: %s, it was %s" % (zoom.name, fitted))


def main(d):
    with tempfile.TemporaryDirectory(prefix="espalier-take-") as name:
        folder = pathlib.Path(name)
        write_files(folder)
        check_complex(d, folder)
        check_real(d, folder)


drive.run(main)
