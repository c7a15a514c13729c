#!/usr/bin/env python3
"""The rules that a script can check: `./dev lint`. Prints one line per breach; exit 1 if there is any.

Each rule is a function that yields breaches; add one by adding a function to RULES.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP_ID = "org.espalier.Espalier"

# The arrows of the house: what each folder may include besides itself.
ARROWS = {
    "base": set(),
    "tensor": {"base"},
    "model": {"base", "tensor"},
    "format": {"base", "tensor", "model"},
    "lens": {"base", "tensor", "model"},
    "train": {"base", "tensor", "model"},
    "draw": {"base", "tensor", "model", "lens"},
    "session": {"base", "tensor", "model", "format", "lens", "train", "draw"},
    "hdf5": {"base", "format"},
    "cli": {"base", "tensor", "model", "format", "lens", "train", "draw", "session"},
}
TOOLKIT = re.compile(r"<(gtk|gdk|gsk|adwaita|pango)[^>]*>")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def tracked(*patterns):
    """files that git knows, or that lie there where there is no git"""
    if (ROOT / ".git").exists() and shutil.which("git"):
        out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
        return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]
    return [path for pattern in patterns for path in ROOT.rglob(pattern) if "build" not in path.parts[len(ROOT.parts)]]


def name(path):
    return str(path.relative_to(ROOT))


def sources():
    return tracked("*.c", "*.h")


def arrows():
    """src/ folders include only along the arrows; ui/ includes espalier.h and its own headers"""
    home = {path.name: path.relative_to(ROOT).parts for path in sources() if path.suffix == ".h"}
    for path in sources():
        parts = path.relative_to(ROOT).parts
        for quote, target in INCLUDE.findall(path.read_text(encoding="utf-8")):
            where = home.get(target.split("/")[-1])
            if where is None or where[0] not in ("src", "ui"):
                continue
            if parts[0] == "src" and len(parts) > 2:
                if where[0] == "ui" or (len(where) == 2) or (where[1] != parts[1] and where[1] not in ARROWS[parts[1]]):
                    yield "%s includes %s: no such arrow" % (name(path), "/".join(where))
            elif parts[0] == "ui" and where[0] == "src" and target != "espalier.h":
                yield "%s includes %s: ui/ includes espalier.h only" % (name(path), target)


def no_toolkit_in_core():
    """no GTK, GDK, Pango or libadwaita in src/"""
    for path in sources():
        if path.relative_to(ROOT).parts[0] == "src":
            for match in TOOLKIT.finditer(path.read_text(encoding="utf-8")):
                yield "%s includes %s: the core knows no toolkit" % (name(path), match.group(0))


def own_files():
    """file names are unique; every C file has its licence, every header its guard"""
    seen = {}
    for path in sources():
        where = seen.setdefault(path.name, path)
        if where != path:
            yield "%s has the name of %s" % (name(path), name(where))
        text = path.read_text(encoding="utf-8")
        if "SPDX-License-Identifier: GPL-3.0-or-later" not in text.split("\n", 1)[0]:
            yield "%s: the first line names no licence" % name(path)
        if path.suffix == ".h" and "#pragma once" not in text:
            yield "%s: no #pragma once" % name(path)


def core_prints_nothing():
    """nothing in src/ but the cli prints"""
    call = re.compile(r"^[^*/\n]*\b(g_print|g_printerr|printf|puts|perror)\s*\(", re.M)
    for path in sources():
        parts = path.relative_to(ROOT).parts
        if parts[0] == "src" and parts[1] != "cli" and call.search(path.read_text(encoding="utf-8")):
            yield "%s prints; give an error instead" % name(path)


def sizes():
    """no function over 100 lines, no file over 1000"""
    for path in sources():
        if "tables" in path.name:
            continue
        lines = path.read_text(encoding="utf-8").split("\n")
        if len(lines) > 1000:
            yield "%s: %d lines" % (name(path), len(lines))
        start = None
        for number, line in enumerate(lines, 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                if number - start > 100:
                    yield "%s:%d: a function of %d lines" % (name(path), start, number - start)
                start = None


def formatted():
    """clang-format 19 has nothing to say"""
    tool = shutil.which("clang-format-19")
    if tool is None:
        yield "clang-format-19 is not installed"
        return
    files = [str(path) for path in sources() if "tables" not in path.name]
    result = subprocess.run([tool, "--dry-run", "--Werror", *files], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    bad = sorted({line.split(":", 1)[0] for line in result.stdout.splitlines() if "error:" in line})
    for path in bad:
        yield "%s: not as clang-format-19 has it" % path.replace(str(ROOT) + "/", "")


def translations():
    """POTFILES.in names every file with a string for people, and only files that are there"""
    listed = [line.strip() for line in (ROOT / "po/POTFILES.in").read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    for path in listed:
        if not (ROOT / path).is_file():
            yield "po/POTFILES.in names %s, which is not there" % path
    marked = re.compile(r'\b(_|N_|C_|ngettext|NC_)\s*\(\s*"')
    for path in tracked("src/*.c", "ui/*.c", "ui/*.ui", "src/**/*.c"):
        text = path.read_text(encoding="utf-8")
        wants = 'translatable="yes"' in text or "translatable='yes'" in text if path.suffix == ".ui" else marked.search(text)
        if wants and name(path) not in listed:
            yield "po/POTFILES.in lacks %s" % name(path)
    if listed != sorted(listed):
        yield "po/POTFILES.in is not sorted"
    yield from complete_languages()


def complete_languages():
    """each language of po/LINGUAS translates every message of today's sources"""
    if not shutil.which("msgfmt") or not shutil.which("xgettext"):
        yield "gettext is not installed"
        return
    pot = ROOT / "po/espalier.pot"
    fresh = messages(extract())
    if messages(pot.read_text(encoding="utf-8")) != fresh:
        yield "po/espalier.pot is not what the sources say: run po/update"
    for language in (ROOT / "po/LINGUAS").read_text(encoding="utf-8").split():
        path = ROOT / "po" / (language + ".po")
        result = subprocess.run(["msgfmt", "--check", "--statistics", "-o", "/dev/null", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode or "untranslated" in result.stdout or "fuzzy" in result.stdout:
            yield "%s: %s" % (name(path), result.stdout.strip())
        missing = fresh - messages(path.read_text(encoding="utf-8"))
        if missing:
            yield "%s lacks %d messages, the first: %r" % (name(path), len(missing), sorted(missing)[0][:70])


def extract():
    """today's template as text"""
    return subprocess.run([str(ROOT / "po/update"), "--stdout"], stdout=subprocess.PIPE, text=True, check=True).stdout


def messages(text):
    """the set of message ids in a PO text (contexts joined in)"""
    found, context = set(), ""
    for block in re.split(r"\n\s*\n", text):
        block = "\n".join(line for line in block.splitlines() if not line.startswith("#"))
        context = re.search(r'^msgctxt ((?:"(?:[^"\\]|\\.)*"\s*)+)', block, re.M)
        ident = re.search(r'^msgid ((?:"(?:[^"\\]|\\.)*"\s*)+)', block, re.M)
        if ident:
            join = lambda m: "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', m.group(1)))
            found.add((join(context) + "\x04" if context else "") + join(ident))
    found.discard("")
    return found


def run_validator(*command):
    if not shutil.which(command[0]):
        return "%s is not installed" % command[0]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return None if result.returncode == 0 else "%s: %s" % (command[-1], result.stdout.strip())


def validate_desktop_file():
    with tempfile.TemporaryDirectory() as folder:  # the validator insists on the suffix
        copy = pathlib.Path(folder) / (APP_ID + ".desktop")
        shutil.copy(ROOT / ("data/%s.desktop.in" % APP_ID), copy)
        return run_validator("desktop-file-validate", str(copy))


def validate_metainfo():
    problem = run_validator("appstreamcli", "validate", "--no-net", "data/%s.metainfo.xml.in" % APP_ID)
    # newer versions warn that there is no home page, and there is none yet
    serious = [line for line in (problem or "").splitlines() if re.match(r"[EW]: ", line) and "url-homepage-missing" not in line]
    return problem if serious or (problem and "url-homepage-missing" not in problem) else None


def data_files():
    """desktop entry, metainfo, schema, MIME types, icons and man page are valid"""
    for problem in (
        validate_desktop_file(),
        validate_metainfo(),
        run_validator("glib-compile-schemas", "--strict", "--dry-run", "data"),
        run_validator("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "data/espalier-cli.1"),
    ):
        if problem:
            yield problem
    for path in tracked("data/*.xml", "data/**/*.svg", "ui/*.ui", "ui/*.xml", "ui/**/*.svg"):
        try:
            ET.parse(path)
        except ET.ParseError as error:
            yield "%s: %s" % (name(path), error)


def icons_have_names():
    """every icon-only button of a template has a tooltip; every template is in the resource file"""
    bundle = (ROOT / "ui/espalier.gresource.xml").read_text(encoding="utf-8")
    for path in tracked("ui/*.ui"):
        if path.name not in bundle:
            yield "%s is not in ui/espalier.gresource.xml" % name(path)
        for node in ET.parse(path).iter("object"):
            if node.get("class") not in ("GtkButton", "GtkToggleButton", "GtkMenuButton"):
                continue
            properties = {child.get("name") for child in node.findall("property")}
            if "icon-name" in properties and not properties & {"label", "tooltip-text"}:
                yield "%s: a %s with an icon alone has no tooltip" % (name(path), node.get("class"))


def limits_have_reasons():
    """every limit for files stands in esp-limits.h with a reason, and something heeds it"""
    path = ROOT / "src/base/esp-limits.h"
    heeded = "".join(other.read_text(encoding="utf-8") for other in sources() if other.suffix == ".c" and "tests" not in other.parts)
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").split("\n"):
        found = re.match(r"#define (ESP_LIMIT_\w+)\b(.*)", line)
        if found and not re.search(r"/\* .{8,}", found[2]):
            yield "%s: %s has no reason" % (name(path), found[1])
        if found and not re.search(r"\b%s\b" % found[1], heeded):
            yield "%s: %s is heeded nowhere" % (name(path), found[1])


def no_open_ends():
    """no marks of unfinished work"""
    for path in tracked("*.c", "*.h", "*.ui", "*.py", "*.build"):
        if path.name == "lint.py":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                yield "%s:%d: unfinished" % (name(path), number)


RULES = [arrows, no_toolkit_in_core, own_files, core_prints_nothing, sizes, formatted, translations, data_files, icons_have_names, limits_have_reasons, no_open_ends]


def main():
    count = 0
    for rule in RULES:
        for breach in rule():
            print(breach)
            count += 1
    print("lint: %d rules, %d breaches" % (len(RULES), count))
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
