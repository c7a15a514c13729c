"""8. Train a checkpoint: a known one at once, on data that fit; a state dict after its guessed layers were confirmed, on a file. The
network begins with the checkpoint's values."""
import re

import drive


def ask(d):
    """the dialog"""
    d.find("push button", "Train…").press()
    d.find("push button", re.compile("Cancel$"))
    return next(frame for frame in d.screen.find_all("frame") if frame.name == "Train the Checkpoint")


def known(d):
    d.start(drive.FIXTURES / "architectures" / "torch-shared.pt")
    d.select("0.weight")
    before = d.fact("Min")
    ask(d).find("push button", re.compile("Train$")).press()
    d.find("push button", "One step")
    d.select("0.weight")
    d.wait(lambda: d.fact("Min") == before, "the value of the checkpoint, %s" % before)
    d.press("One step")
    d.wait(lambda: d.steps() == 1, "step 1")
    d.wait(lambda: d.fact("Min") != before, "another value")
    # the layer that stands at two places is one
    changed = d.fact("Min")
    d.select("2.weight")
    d.expect_fact("Min", changed)


def guessed(d):
    d.start(drive.FIXTURES / "architectures" / "state-cnn.pt")
    dialog = ask(d)
    d.check(dialog.has("label", "Conv2d 1 → 3, 3 × 3") and dialog.has("label", "Linear 36 → 5"), "the layers")
    d.check(len(list(dialog.find_all("label", "Activation"))) == 4, "the slots")
    dialog.find("push button", re.compile("Train$")).press()
    dialog.find("label", "Choose the data to train with")
    # newer versions of GTK name the button of a row after the row
    dialog.find("push button", re.compile("Choose…|^File$")).press()
    d.choose_file("Open Data to Train With", str(drive.FIXTURES / "architectures" / "state-cnn.npz"))
    dialog.find("label", "state-cnn.npz")
    dialog.find("push button", re.compile("Train$")).press()
    d.find("push button", "One step")
    d.press("One step")
    d.wait(lambda: d.steps() == 1, "step 1")
    # the data are what this network gave: ReLU and max pooling were right, or the loss were not so small
    d.check(d.row("conv1.weight") is not None, "the names of the file")


def unknown(d):
    d.start(drive.FIXTURES / "keras" / "own.weights.h5")
    d.find("push button", "Train…").press()
    d.find(None, "This checkpoint can’t be trained")
    d.find("label", re.compile("weights alone"))


def main(d):
    for part in (known, guessed, unknown):
        part(d)
        d.end()
        d.parts = {}
        d.start_desktop()


drive.run(main)
