"""6. Dead units: a unit whose weights and bias are so that it never fires is told in tree and inspector, with the examples looked at."""
import json
import re

import drive
import files


def main(d):
    # a rate so high that the first steps kill units: a real way to die
    spec = json.loads((drive.ROOT / "data" / "networks" / "spirals.json").read_text(encoding="utf-8"))
    spec["optimizer"] = {"class": "SGD", "lr": 30}
    path = files.temporary("killer.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump(spec, out)
    d.start(path)
    d.row("0.weight")
    d.select("0")
    d.inspector.find("label", "Units")
    d.training.find("slider", "Speed").click(fx=0.5)
    d.key("End")
    d.key("ctrl+space")
    d.row(re.compile("[0-9]+ dead"))
    d.key("ctrl+space")
    d.training.find("push button", "Play")
    d.pause(0.5)
    dead = d.row(re.compile(r"^[0-9], Linear.* [0-9]+ dead"))
    count = int(re.search("([0-9]+) dead", dead.name).group(1))
    dead.click(fx=0.3)

    def told():
        return list(d.inspector.find_all("list item", re.compile("^Error: Unit [0-9]+: dead$")))

    d.note(re.compile("^Error: %d dead" % count))
    d.wait(lambda: len(told()) == count, "%d dead units in the inspector" % count)
    d.check(all(re.search("0 of 200 examples", node.description) for node in told()), "with the count of examples: %s" % [node.description for node in told()])


drive.run(main)
