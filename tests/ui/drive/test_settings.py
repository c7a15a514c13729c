"""1. Settings while it trains: what Adam has, the rate, clipping, another optimiser and schedule, each with its own settings; the
parameters stay, what can't be is told, and undo goes back to the run before."""
import re

import drive


def group(d, name):
    return d.inspector.find("list", name)


def set_text(d, name, key, text):
    d.reach(group(d, name).find("text", key)).click(fx=0.3)
    d.key("ctrl+a")
    d.type(text) if text else d.key("Delete")
    d.key("Return")


def expect_text(d, name, key, text):
    d.wait(lambda: group(d, name).find("text", key).text == text, "%s %r" % (key, text))


def choose(d, name, index, first):
    """the class at this place of its list; GTK 4.8 takes the first click after another choice for one that closes the list"""
    row = d.reach(group(d, name).find("combo box", "Class"))
    for _ in range(3):
        row.click(fx=0.3)
        d.pause(0.6)
        if any(node.role == "list item" and node.is_there and any(label.name == first for label in node.walk()) for node in row.walk()):
            d.key("Home", *["Down"] * index, "Return")
            return
    raise drive.Missed("the list of %s doesn't open" % name)


def main(d):
    d.start()
    d.find("push button", "Spirals").press()
    d.press("One step")
    d.wait(lambda: d.steps() == 1, "a step")

    # the rate changes within the run
    set_text(d, "Optimizer", "lr", "0.02")
    d.training.find("push button", re.compile("0.02"))
    d.check(d.steps() == 1, "the run goes on")
    set_text(d, "Optimizer", "betas", "[0.5, 0.75]")
    d.wait(lambda: d.steps() == 0, "a new run")
    expect_text(d, "Optimizer", "betas", "[0.5, 0.75]")
    d.training.find("push button", re.compile("0.02"))

    # what can't be is told, and what is stays
    set_text(d, "Optimizer", "betas", "[2, 0.75]")
    d.inspector.find(None, re.compile("betas.*0 to 0.9"))
    expect_text(d, "Optimizer", "betas", "[0.5, 0.75]")

    # another class has other settings: Adagrad, Adam, AdamW, RMSprop, SGD
    choose(d, "Optimizer", 4, "Adagrad")
    group(d, "Optimizer").find("text", "momentum")
    d.check(not group(d, "Optimizer").has("text", "betas"), "no betas of SGD")
    expect_text(d, "Optimizer", "lr", "0.001")
    d.expect_fact("Optimizer", "SGD")
    choose(d, "Schedule", 10, "ConstantLR")
    d.wait(lambda: group(d, "Schedule").find("spin button", re.compile("step_size")).value == 1000, "a schedule complete enough to run")
    choose(d, "Schedule", 0, "ConstantLR")
    d.wait(lambda: not group(d, "Schedule").has("combo box", "every"), "no schedule")
    set_text(d, "Training", "clip_grad_norm", "0.5")
    expect_text(d, "Training", "clip_grad_norm", "0.5")
    set_text(d, "Training", "clip_grad_norm", "")
    expect_text(d, "Training", "clip_grad_norm", "")

    # back: SGD's five changes, then the betas
    for _ in range(5):
        d.key("ctrl+z")
        d.pause(0.4)
    expect_text(d, "Optimizer", "betas", "[0.5, 0.75]")
    d.key("ctrl+z")
    d.wait(lambda: d.steps() == 1, "the run before")
    expect_text(d, "Optimizer", "betas", "[0.9, 0.999]")
    d.expect_no_complaints()


drive.run(main)
