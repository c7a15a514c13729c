"""Whose an optimizer's state is: from a parameter to what the optimizer keeps for it, and back; what is guessed says so."""
import os
import re

import drive


def main(d):
    d.start(drive.FIXTURES / "pytorch" / "optimizer-groups.pt")
    d.select("model.2.weight")
    # the second number of the optimizer, though the parameter is the model's fifth
    row = d.note(re.compile("^exp_avg$"))
    # GTK 4.18 tells no description of such a row
    d.check(row.description in ("4 \u00d7 4 float32", ""), "the only parameter of this shape: %s" % row.description)
    d.note(re.compile("^step$"))
    row.click()
    d.expect_fact("Path", "optimizer.state.1.exp_avg")
    d.expect_fact("Min", "4.5")
    row = d.note(re.compile("^model.2.weight$"))
    d.check("guessed" not in row.description, row.description)
    row.click()
    d.expect_fact("Path", "model.2.weight")
    if "ESPALIER_SHOTS" in os.environ:
        d.shot(os.path.join(os.environ["ESPALIER_SHOTS"], "states.png"))
    # one of five vectors of the same length
    d.select("model.2.bias")
    row = d.note(re.compile("^exp_avg_sq$"))
    d.check(row.description in ("4 float32, guessed by order and shape", ""), row.description)
    row.click()
    d.expect_fact("Path", "optimizer.state.6.exp_avg_sq")
    d.expect_fact("Min", "5.5")
    d.key("ctrl+l", "ctrl+a")
    d.type("model.1.running_mean")
    d.key("Return")
    d.expect_fact("Path", "model.1.running_mean")
    d.wait(lambda: not d.inspector.has("label", "Optimizer state"), "no state of a buffer")


drive.run(main)
