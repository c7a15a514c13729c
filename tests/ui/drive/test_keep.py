"""8. Keep: a network saved with its history and opened again stands at the same step, with its time line and its curves."""
import os

import drive
import files


def main(d):
    d.start()
    d.find("push button", "Shared layer").press()
    d.row("2.weight")
    for n in range(1, 6):
        d.press("One step")
        d.wait(lambda: d.steps() == n, "step %d" % n)
    d.select("2.weight")
    d.wait(lambda: d.fact("Min"), "statistics")
    shown = d.fact("Min")
    path = files.temporary("kept.espalier")
    d.key("ctrl+s")
    d.choose_file("Save Network", path)
    d.wait(lambda: os.path.exists(path), "the file")
    d.end()
    d.parts = {}
    d.start_desktop()
    d.start(path)
    d.find("push button", "One step")
    d.wait(lambda: d.steps() == 5, "step 5")
    d.select("2.weight")
    d.expect_fact("Min", shown)
    # it goes on from there
    d.press("One step")
    d.wait(lambda: d.steps() == 6, "step 6")
    d.wait(lambda: d.fact("Min") != shown, "another value")
    # its code
    d.key("F10")
    # by its position: GTK 4.18 tells no names of menu items
    d.wait(lambda: (lambda found: found[8] if len(found) > 8 else None)(list(d.screen.find_all("menu item"))), "the menu's items").press()
    d.find("label", "Code copied")


drive.run(main)
