"""The program starts without a file: a window with its name, no complaint, and it ends when the window is closed."""
import drive


def main(d):
    d.start()
    d.find(name="Espalier")
    d.check(d.runs, "the program runs")
    d.key("ctrl+w")
    d.expect_end()


drive.run(main)
