"""6. Train: play, pause, single steps, reset to the very same start; figures change as it goes; the gradient is absent before the first
step; speed and rate."""
import drive


def figures(d):
    return [d.fact(name) for name in ("Min", "Max", "Mean", "Std", "L2")]


def main(d):
    d.start()
    d.find("push button", "Perceptron").press()
    d.row("0.weight")
    d.check(d.steps() == 0, "a new network stands at step 0")
    d.select("0.weight")
    d.expect_fact("Requires grad", "yes")
    first = figures(d)

    for step in (1, 2, 3):
        d.press("One step")
        d.wait(lambda: d.steps() == step, "step %d" % step)
    d.wait(lambda: figures(d) != first, "other figures after three steps")
    d.key("ctrl+period")
    d.wait(lambda: d.steps() == 4, "step 4 by key")

    d.press("Play")
    d.wait(lambda: d.steps() > 10, "more steps while it plays")
    d.key("ctrl+space")
    d.training.find("push button", "Play")
    d.pause(0.3)
    halted = d.steps()
    d.pause(0.5)
    d.check(d.steps() == halted, "a paused network takes no step")

    d.press("Reset")
    d.wait(lambda: d.steps() == 0, "step 0 after a reset")
    d.wait(lambda: figures(d) == first, "the very same figures as at the start")

    # as fast as it goes
    d.training.find("slider", "Speed").click(fx=0.5)
    d.key("End")
    d.training.find("label", "as fast as it goes")
    d.key("ctrl+space")
    d.wait(lambda: d.steps() > 20000, "twenty thousand steps")
    d.key("ctrl+space")
    plot = d.training.find("image", "Loss curve")
    d.check("at step" in plot.description, "the curve in words: %s" % plot.description)


drive.run(main)
