"""8. Bad input: a page or a message says what and where; the window and what was open stay; nothing in a file is run."""
import os
import re
import zipfile

import drive
import files


def open_by_dialog(d, path):
    d.key("ctrl+o")
    d.choose_file("Open Checkpoints", path)


def main(d):
    text = files.temporary("letter.txt")
    with open(text, "w", encoding="utf-8") as out:
        out.write("Dear Sir or Madam,\n")
    good = files.temporary("good.safetensors")
    files.write_safetensors(good, {"fc.weight": ((2, 2), [1, 2, 3, 4])})
    short = files.temporary("short.safetensors")
    with open(good, "rb") as whole, open(short, "wb") as out:
        out.write(whole.read()[:-5])
    pwned = files.temporary("pwned")
    evil = files.temporary("evil.pt")
    files.write_pickle_that_runs(evil, "touch " + pwned)

    # nothing open yet: a page
    d.start(text)
    d.find("label", "This kind of file can’t be read")
    d.find("label", "This is a text, not a checkpoint")
    d.find("label", re.compile("letter.txt"))

    open_by_dialog(d, good)
    d.row("fc.weight")
    # from here on something is open, and stays
    open_by_dialog(d, short)
    d.find("label", re.compile("short.safetensors.* could not be opened"))
    d.row("fc.weight")
    d.find("frame", "good.safetensors")

    open_by_dialog(d, evil)
    d.find("label", "This file wants to run a command")
    d.find("label", re.compile("system"))
    d.check(not os.path.exists(pwned), "the command in the pickle was run")
    d.check(d.runs, "the window stays")

    # one storage is missing: the rest opens, and the warning leads to its tensor
    damaged = files.temporary("damaged.pt")
    with zipfile.ZipFile(drive.FIXTURES / "pytorch" / "optimizer-order.pt") as whole, zipfile.ZipFile(damaged, "w") as out:
        for name in whole.namelist():
            if not name.endswith("/data/3"):
                out.writestr(name, whole.read(name))
    open_by_dialog(d, damaged)
    d.find("frame", "damaged.pt")
    d.find("label", re.compile("could not be read as it is"))
    warning = d.note(re.compile("^Warning: .*model.1.bias"))
    if "ESPALIER_SHOTS" in os.environ:
        d.shot(os.path.join(os.environ["ESPALIER_SHOTS"], "warnings.png"))
    warning.click()
    d.expect_fact("Path", "model.1.bias")
    d.find("label", re.compile("^This tensor can.t be read"))

    if os.geteuid() != 0:
        os.chmod(good, 0)
        open_by_dialog(d, good)
        d.find("label", re.compile("could not be opened"))


drive.run(main)
