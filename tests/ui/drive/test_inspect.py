"""5. Inspect: facts, statistics, ties that are followed, findings, code, and what a file says of itself."""
import math
import re

import drive
import files

NAN, INF = float("nan"), float("inf")


def main(d):
    path = files.temporary("patient.safetensors")
    files.write_safetensors(path, {
        "fc.weight": ((4, 3), [1, -2, 3, 0.5, 0.25, -0.125, 0, 0, 0, 4, 5, -6]),
        "fc.bias": ((4,), [0, 0, -1, 0]),
        "bad.weight": ((2, 2), [1, NAN, INF, -INF]),
        "ones.weight": ((3,), [1, 1, 1]),
        "zeros.weight": ((2, 5), [0] * 10),
    }, metadata={"format": "pt", "author": "a person"})
    d.start(path)
    d.expect_fact("Format", "safetensors")
    d.expect_fact("author", "a person")
    d.expect_fact("Elements", "33")

    d.select("fc.weight")
    d.expect_fact("Shape", "4 × 3 (out, in)")
    d.expect_fact("Type", "float32")
    d.expect_fact("Strides", "3, 1")
    d.expect_fact("Requires grad", "not stored")
    d.check(re.match("48 bytes at [0-9]+$", d.fact("Bytes")), "bytes and place in the file: %s" % d.fact("Bytes"))
    values = [1, -2, 3, 0.5, 0.25, -0.125, 0, 0, 0, 4, 5, -6]
    mean = sum(values) / 12
    for name, value in (("Min", -6), ("Max", 5), ("Mean", mean), ("Std", math.sqrt(sum((v - mean) ** 2 for v in values) / 12)),
                        ("L2", math.sqrt(sum(v * v for v in values))), ("Zeros", 3), ("NaN", 0), ("Inf", 0)):
        # four digits are shown
        d.check(abs(d.number(name) - value) <= 1e-3 * max(abs(value), 1e-3), "%s is %s, not %g" % (name, d.fact(name), value))
    # row 2 is all 0: nothing comes into that unit
    d.note(re.compile("^(Warning|Error): .*2"))
    code = d.inspector.find("label", re.compile("load_file"))
    d.check('"fc.weight"' in code.name or "fc.weight" in code.text, "the code reaches this tensor: %s" % code.text)
    d.inspector.find("push button", "NumPy").press()
    d.inspector.find("label", re.compile("numpy|np"))

    d.select("bad.weight")
    d.expect_fact("NaN", "1")
    d.expect_fact("Inf", "2")
    d.note(re.compile("^Error: .*NaN"))
    picture = d.find("panel", re.compile("^Heatmap of bad.weight"))
    picture.click()
    d.key("ctrl+Home", "Right")
    d.wait(lambda: picture.description == "Row 0, column 1: NaN", "a NaN says so in its cell")
    d.key("Down")
    d.wait(lambda: picture.description == "Row 1, column 1: \u2212Inf", "an infinity says so in its cell")
    d.select("ones.weight")
    d.note(re.compile("^(Warning|Error|Note)?.*1"))
    d.select("zeros.weight")
    d.note(re.compile("^(Warning|Error): "))


drive.run(main)
