"""2. Open: by command line, by dialog, from the recent files; found by content; as fast for a large file as for a small one; 20,000
tensors stay fluid."""
import re
import shutil
import time

import drive
import files


def open_by_dialog(d, path):
    d.key("ctrl+o")
    d.choose_file("Open Checkpoints", path)


def recent_file(d, name, position):
    """an entry of the open menu: by its name, or, since GTK 4.18 tells no names of menu items, by its position"""
    items = d.wait(lambda: (lambda found: found if len(found) > position else None)(list(d.screen.find_all("menu item"))), "the menu's items")
    return next((item for item in items if name in item.name), items[position])


def timed(act, come):
    start = time.monotonic()
    act()
    come()
    return time.monotonic() - start


def main(d):
    one = files.temporary("one.safetensors")
    files.write_safetensors(one, {"layer.weight": ((2, 3), [1, 2, 3, 4, 5, 6]), "layer.bias": ((2,), [0, 1])})
    # the name promises nothing
    disguised = files.temporary("disguised.txt")
    shutil.copy(drive.ROOT / "data" / "examples" / "digits.pt", disguised)

    d.start(one)
    d.row("layer.weight")
    d.find("frame", "one.safetensors")

    open_by_dialog(d, disguised)
    d.find("frame", "disguised.txt")
    d.row("hidden.weight")

    d.pause(1)  # the list is made anew when the file just opened has been added
    d.find("push button", "Recent files").press()
    d.pause(0.5)
    recent_file(d, "one.safetensors", 1).press()
    d.find("frame", "one.safetensors")
    d.row("layer.bias")

    large = files.temporary("large.safetensors")
    files.write_sparse_safetensors(large, {"block.%d.weight" % i: ("F32", (8192, 4096)) for i in range(20)})
    small_seconds = timed(lambda: open_by_dialog(d, one), lambda: d.row("layer.bias"))
    large_seconds = timed(lambda: open_by_dialog(d, large), lambda: d.row("block.0.weight"))
    d.check(large_seconds < small_seconds + 1.5, "2.7 GB took %.1f s to open, 176 bytes %.1f s" % (large_seconds, small_seconds))
    d.expect_fact("File size", "2.7\u00a0GB")

    many = files.temporary("many.safetensors")
    files.write_sparse_safetensors(many, {"layers.%d.%s" % (i // 4, "abcd"[i % 4]): ("F32", (4,)) for i in range(20000)})
    open_by_dialog(d, many)
    d.find("frame", "many.safetensors")
    d.expect_fact("Tensors", "20000")
    d.row("layers.0").click(fx=0.3)
    # to the last row and back: rows come as fast as the keys
    start = time.monotonic()
    for _ in range(5):
        d.key("End")
        d.row("layers.4999", patience=2)
        d.key("Home")
        d.row("layers.0", patience=2)
    seconds = time.monotonic() - start
    d.check(seconds < 10, "ten jumps through 20,000 rows took %.1f s" % seconds)


drive.run(main)
