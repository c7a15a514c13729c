"""5. Ties: the inspector names the other member, a click goes there; a tie that the file only implies is told so."""
import re

import drive


def main(d):
    d.start(drive.FIXTURES / "safetensors" / "tied.safetensors")
    d.select("1.weight")
    member = d.note("3.weight")
    # GTK 4.18 tells no description of a row, but its lines
    d.check("Implied" in member.description or member.has("label", re.compile("Implied")), "what kind of tie: %s" % member.description)
    member.press()
    d.expect_fact("Path", "3.weight")
    d.expect_fact("Bytes", "not stored")
    back = d.note("1.weight")
    back.press()
    d.expect_fact("Path", "1.weight")
    marks = [re.search("Tie [A-Z]", d.row(path).name) for path in ("1.weight", "3.weight")]
    d.check(all(marks) and marks[0].group() == marks[1].group(), "both rows carry the same mark: %s" % marks)


drive.run(main)
