"""1. Start: without a file a welcome page, from which the bundled example opens; the window closes when it is told to."""
import drive


def main(d):
    d.start()
    d.find("label", "See what a network has learned")
    for name in ("Perceptron", "Shared layer", "Spirals"):
        d.find("push button", name)
    d.find("push button", "Open Sample").press()
    d.row("hidden.weight")
    d.find("frame", "digits.pt")
    d.gone("label", "See what a network has learned")
    d.expect_fact("Format", "pytorch-zip")
    d.key("ctrl+w")
    d.expect_end()


drive.run(main)
