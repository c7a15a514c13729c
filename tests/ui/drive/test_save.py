"""7. Save: as safetensors, each tie once and named in the metadata; then closing asks no more. Unsaved work is asked for."""
import os
import re
import struct

import drive
import files


def main(d):
    d.start()
    d.find("push button", "Shared layer").press()
    d.row("2.weight")
    d.press("One step")
    d.wait(lambda: d.steps() == 1, "step 1")
    d.select("6.bias")
    d.wait(lambda: d.fact("Min") == d.fact("Max"), "the one value of 6.bias")
    shown = d.number("Min")

    # unsaved: closing asks, and Cancel goes on
    d.key("ctrl+w")
    d.find(None, "Save the Network?")
    d.find("push button", re.compile("Cancel$")).press()
    d.gone(None, "Save the Network?")
    d.check(d.runs and d.steps() == 1, "all is as it was")

    path = files.temporary("saved.safetensors")
    d.key("ctrl+s")
    d.choose_file("Save Network", path)
    d.wait(lambda: os.path.exists(path), "the file")

    tensors, metadata = files.read_safetensors(path)
    names = set(tensors)
    d.check(names == {"0.weight", "0.bias", "2.weight", "2.bias", "6.weight", "6.bias"}, "the shared layer once: %s" % sorted(names))
    d.check(metadata.get("4.weight") == "2.weight" and metadata.get("4.bias") == "2.bias", "the ties in the metadata: %s" % metadata)
    d.check(tensors["2.weight"][:2] == ("F32", (8, 8)), "its shape: %s" % (tensors["2.weight"][:2],))
    (saved,) = struct.unpack("<f", tensors["6.bias"][2])
    d.check(abs(saved - shown) <= 1e-3 * abs(shown), "the value on the screen is the one in the file: %g, %g" % (shown, saved))

    # saved: closing asks nothing
    d.key("ctrl+w")
    d.expect_end()


drive.run(main)
