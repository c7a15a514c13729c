"""Drives the real program on a virtual screen, the way a person does: looks for things by the names that a screen reader
says, clicks, types, and looks again until what should come has come.

A test is a script that calls run(main); main gets a Drive. run() starts the script once more inside a display, a session bus and a
home of its own, so nothing of the person who runs it is touched, and two tests don't disturb one another. Exit 0 all well, 1 not (the
screen as it was then lies in the build folder), 77 when the tools for it are missing.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "tests" / "fixtures"
INSIDE = "ESPALIER_DRIVE_INSIDE"
# a slow machine, and a sanitizer, need longer; a test that waits this long has failed
PATIENCE = float(os.environ.get("ESPALIER_DRIVE_PATIENCE", "15"))
NEEDED = ["Xvfb", "dbus-run-session", "xdotool", "openbox", "import"]


# what has nothing in it of the role that is looked for
LEAVES = {"image", "slider", "entry", "separator", "scroll bar"}
OPAQUE = {
    "label": LEAVES,
    "menu item": LEAVES | {"label", "table row", "list item"},
    "table row": LEAVES | {"label", "push button", "toggle button", "table row"},
    "list item": LEAVES | {"label", "push button", "toggle button", "table row", "list item"},
    "other": LEAVES | {"label", "table row"},
}


# Windows fill the screen, so that a place in the window is the same place on the screen; dialogs don't.
OPENBOX = """<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <applications><application type="normal"><maximized>yes</maximized><focus>yes</focus></application></applications>
</openbox_config>
"""


class Missed(Exception):
    """something that should have come did not"""


def interpreter():
    """a Python that can look at the accessible tree: this one, or the system's; None if neither can"""
    probe = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"
    for python in (sys.executable, "/usr/bin/python3"):
        if shutil.which(python) and subprocess.run([python, "-c", probe], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


def missing():
    """what has to be installed first, or None"""
    for tool in NEEDED:
        if shutil.which(tool) is None:
            return tool
    return None if interpreter() else "python3-gi with Atspi"


def run(main, size="1440x900", dark=False):
    """runs main(Drive) and ends the script with the status of it; the build folder is the first argument"""
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    if INSIDE not in os.environ:
        lack = missing()
        if lack:
            print("skipped: %s is not installed" % lack)
            sys.exit(77)
        if not (build / "ui" / "espalier").exists():
            print("skipped: this build has no window program")
            sys.exit(77)
        sys.exit(enclose(build, size, dark))
    warnings.simplefilter("ignore")
    drive = Drive(build)
    try:
        drive.start_desktop()
        main(drive)
        drive.expect_no_complaints()
    except BaseException:  # a test that is stopped has to leave its picture, too
        traceback.print_exc()
        drive.leave_picture(pathlib.Path(sys.argv[0]).stem)
        sys.exit(1)
    finally:
        drive.end()
    sys.exit(0)


def enclose(build, size, dark):
    """this script again, inside; its exit status"""
    with tempfile.TemporaryDirectory(prefix="espalier-drive-") as home:
        env = dict(os.environ)
        for name in ("WAYLAND_DISPLAY", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS", "NO_AT_BRIDGE"):
            env.pop(name, None)
        env.update({INSIDE: "1", "GSK_RENDERER": "cairo", "GDK_BACKEND": "x11", "GTK_A11Y": "atspi", "HOME": home, "XDG_RUNTIME_DIR": home,
                    "XDG_CONFIG_HOME": home + "/config", "XDG_DATA_HOME": home + "/data", "XDG_CACHE_HOME": home + "/cache",
                    "GSETTINGS_BACKEND": "memory", "GSETTINGS_SCHEMA_DIR": str(build / "data"), "LC_ALL": "C.UTF-8",
                    "ESPALIER_DATADIR": env.get("ESPALIER_DATADIR", str(ROOT / "data"))})
        if dark:
            env["ADW_DEBUG_COLOR_SCHEME"] = "prefer-dark"
        screen, env["DISPLAY"] = start_screen(size)
        try:
            command = ["dbus-run-session", "--", interpreter()] + sys.argv
            process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
            for line in process.stderr:
                if not re.search("dbus-daemon|SpiRegistry|dbind-WARNING", line):
                    sys.stderr.write(line)
            return process.wait()
        finally:
            screen.terminate()
            screen.wait()


def start_screen(size):
    """a virtual screen; the server itself picks a number that is free, so that tests may run side by side"""
    reader, writer = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", size + "x24", "-nolisten", "tcp", "-noreset"], pass_fds=[writer],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        number = pipe.readline().strip()
    if not number:
        sys.exit("the virtual screen did not start")
    return server, ":" + number


def as_pattern(name):
    """a string is the whole name, a compiled pattern is searched for"""
    return name if isinstance(name, re.Pattern) else re.compile("^" + re.escape(name) + "$")


# what newer versions of AT-SPI and GTK call it -> what the tests call it
ROLES = {"button": "push button", "toggle button": "push button", "grouping": "panel"}


class Node:
    """one accessible: what a screen reader knows of a widget"""

    def __init__(self, drive, accessible):
        self.drive = drive
        self.accessible = accessible

    @property
    def role(self):
        name = self.accessible.get_role_name() or ""
        return ROLES.get(name, name)

    @property
    def name(self):
        return self.accessible.get_name() or ""

    @property
    def description(self):
        return self.accessible.get_description() or ""

    @property
    def text(self):
        """the characters of a label or an entry"""
        from gi.repository import Atspi
        iface = self.accessible.get_text_iface()
        # by the interface's own name: newer versions have a get_text() of the accessible, too
        return Atspi.Text.get_text(iface, 0, Atspi.Text.get_character_count(iface)) if iface else ""

    @property
    def value(self):
        from gi.repository import Atspi
        iface = self.accessible.get_value_iface()
        return Atspi.Value.get_current_value(iface) if iface else None

    def set_value(self, value):
        self.accessible.get_value_iface().set_current_value(value)
        self.drive.pause()

    @property
    def box(self):
        """x, y, width, height on the screen: the window fills it"""
        from gi.repository import Atspi
        extents = self.accessible.get_component_iface().get_extents(Atspi.CoordType.WINDOW)
        return extents.x, extents.y, extents.width, extents.height

    @property
    def is_there(self):
        """on the screen; GTK 4.8 doesn't set the state SHOWING on all that is, so a box with an area counts"""
        if not self.has_state("visible"):
            return False
        iface = self.accessible.get_component_iface()
        if iface is None:
            return False
        _, _, width, height = self.box
        return width > 0 and height > 0

    def has_state(self, name):
        from gi.repository import Atspi
        return self.accessible.get_state_set().contains(getattr(Atspi.StateType, name.upper()))

    def says(self, pattern):
        """whether its name fits; GTK 4.8 leaves the underscore of a mnemonic in it"""
        name = self.name
        return bool(pattern.search(name) or ("_" in name and pattern.search(name.replace("_", "", 1))))

    def children(self):
        for index in range(min(self.accessible.get_child_count(), 5000)):
            child = self.accessible.get_child_at_index(index)
            if child is not None:
                yield Node(self.drive, child)

    def walk(self, opaque=()):
        """this and all below, the upper first, but nothing inside of the opaque roles; what vanishes while we look is passed over"""
        stack = [self]
        while stack:
            node = stack.pop()
            try:
                role = node.role
                # whole pages may be out of sight; asking each label would be slow
                if role in ("filler", "panel") and not node.has_state("visible"):
                    continue
                yield node
                if role not in opaque:
                    stack.extend(reversed(list(node.children())))
            except Exception:
                continue

    def find_all(self, role=None, name=None):
        pattern = as_pattern(name) if name is not None else None
        # every question is a message to the program, so we don't look where it can't be
        opaque = OPAQUE.get(role, OPAQUE["other"]) if role else set()
        for node in self.walk(opaque):
            try:
                if (role is None or node.role == role) and (pattern is None or node.says(pattern)) and node.is_there:
                    yield node
            except Exception:
                continue

    def find(self, role=None, name=None, patience=PATIENCE):
        """the first that fits, waited for"""
        return self.drive.wait(lambda: next(self.find_all(role, name), None), "%s named %s" % (role or "anything", shown(name)), patience)

    def has(self, role=None, name=None):
        return next(self.find_all(role, name), None) is not None

    def settled_box(self):
        """its box once it stays where it is: a window lays itself out a frame after its contents changed"""
        box = self.box
        for _ in range(40):
            time.sleep(0.06)
            before, box = box, self.box
            if box == before:
                break
        return box

    def point(self, fx=0.5, fy=0.5):
        x, y, width, height = self.settled_box()
        x, y = x + self.drive.border, y + self.drive.border
        return x + int(width * fx), y + int(height * fy)

    def click(self, fx=0.5, fy=0.5, button=1, times=1):
        """a click of the mouse at a place of its box"""
        x, y = self.point(fx, fy)
        self.drive.let_clicks_be_single()
        self.drive.xdo("mousemove", x, y)
        self.drive.pause(0.05)
        self.drive.xdo("click", "--repeat", times, "--delay", 60, button)
        self.drive.pause()

    def press(self):
        """its own action, where the mouse would be beside the point; a click where it has none"""
        # a menu button is a button in a button, and only the inner one acts
        inner = next((child for child in self.children() if child.role == self.role and child.name == self.name), None)
        if inner is not None:
            inner.press()
            return
        iface = self.accessible.get_action_iface()
        if iface is None or iface.get_n_actions() == 0:
            self.click()
        else:
            iface.do_action(0)
            self.drive.pause()

    def describe(self):
        try:
            return "%s %r" % (self.role, self.name)
        except Exception:
            return "something that is gone"


def shown(name):
    return "like /%s/" % name.pattern if isinstance(name, re.Pattern) else repr(name)


class Drive:
    """the screen and the program on it"""

    def __init__(self, build):
        self.build = build
        self.program = None
        self.manager = None
        self.log = None
        self.parts = {}
        self.last_click = 0
        self.border = 0

    def start_desktop(self):
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi
        Atspi.init()
        rules = pathlib.Path(os.environ["HOME"]) / "openbox.xml"
        rules.write_text(OPENBOX, encoding="utf-8")
        self.manager = subprocess.Popen(["openbox", "--config-file", str(rules)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, *args, env=None):
        """the program with these arguments; comes back when its window is there and fills the screen"""
        self.log = tempfile.TemporaryFile(mode="w+")
        self.program = subprocess.Popen([str(self.build / "ui" / "espalier"), *[str(arg) for arg in args]], stdout=self.log, stderr=self.log,
                                        env=dict(os.environ, **(env or {})))
        self.wait(lambda: self.window_id(), "a window of the program")
        self.xdo("windowactivate", "--sync", self.window_id())
        self.pause(0.2)
        # without a compositor GTK draws a frame round its windows, maximised or not; what is in it tells where that ends, because
        # GTK 4.18 places the contents of a widget with padding too far up and left
        frame = self.wait(lambda: next(self.screen.find_all("frame"), None), "the window's accessible")
        inner = next(frame.children(), frame)
        screen = int(subprocess.run(["xdotool", "getdisplaygeometry"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[0])
        x, _, width, _ = inner.settled_box()
        self.border = (screen - width) // 2 - x

    def window_id(self):
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(self.program.pid)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.split()
        return found[-1] if found else None

    def has_window(self, title):
        """whether there is a window of this title: file dialogs are windows of their own, and GTK gives them no name"""
        return bool(subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^%s$" % re.escape(title)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.split())

    def choose_file(self, title, path):
        """answers a file dialog: a path typed into it goes to its location entry"""
        self.wait(lambda: self.has_window(title), "the dialog %r" % title)
        # it lists its folder first, and loses keys while it does
        self.pause(1.5)
        if title.startswith("Open"):  # its entry for a path has to be asked for, and is empty
            self.key("ctrl+l")
            self.pause(0.5)
        else:
            self.key("ctrl+a")
        self.type(path)
        # what a completion has put behind it
        self.key("shift+End", "Delete")
        # the first may only close the list of names that fit
        for _ in range(3):
            self.key("Return")
            self.pause(0.5)
            if not self.has_window(title):
                return
        raise Missed("the dialog %r did not end" % title)

    @property
    def screen(self):
        from gi.repository import Atspi
        return Node(self, Atspi.get_desktop(0))

    # looking

    def wait(self, probe, what, patience=PATIENCE):
        """what probe() gives, as soon as it gives something; what vanishes while it looks is not there"""
        from gi.repository import GLib
        end = time.monotonic() + patience
        while True:
            try:
                found = probe()
            except GLib.Error:
                found = None
            if found:
                return found
            if self.program is not None and self.program.poll() is not None:
                raise Missed("the program ended with status %s while waiting for %s" % (self.program.returncode, what))
            if time.monotonic() > end:
                raise Missed("%s did not come within %g s" % (what, patience))
            time.sleep(0.05)

    def find(self, role=None, name=None, patience=PATIENCE):
        return self.screen.find(role, name, patience)

    def has(self, role=None, name=None):
        return self.screen.has(role, name)

    def gone(self, role=None, name=None, patience=PATIENCE):
        """waits until there is none"""
        self.wait(lambda: not self.has(role, name), "the end of %s named %s" % (role or "anything", shown(name)), patience)

    def check(self, truth, what):
        if not truth:
            raise Missed(what)

    # the parts of the window: looking in one is faster than looking everywhere

    def part(self, role, name):
        known = self.parts.get(name)
        try:
            if known is not None and known.name == name and known.is_there:
                return known
        except Exception:
            pass
        self.parts[name] = self.find(role, name)
        return self.parts[name]

    @property
    def tree(self):
        return self.part("tree table", "Modules and parameters")

    @property
    def inspector(self):
        return self.part("panel", "Inspector")

    @property
    def training(self):
        return self.part("panel", "Training")

    def row(self, path, patience=PATIENCE):
        """the row of the tree of this path; a pattern is searched for in the whole of what the row says"""
        pattern = path if isinstance(path, re.Pattern) else re.compile("^" + re.escape(path) + "(,|$)")
        return self.tree.find("table row", pattern, patience)

    def rows(self):
        """what the rows of the tree say, from top to bottom"""
        # the heads of the columns are a row without a name of its own, so GTK gives it its class
        return [node.name for node in self.tree.find_all("table row", re.compile("^(?!GtkListItemWidget)"))]

    def select(self, path):
        """a click on the row; comes back when the inspector shows it"""
        self.row(path).click(fx=0.3)
        return self.expect_fact("Path", path)

    def note(self, pattern, patience=PATIENCE):
        """a row of the inspector"""
        return self.inspector.find("list item", pattern, patience)

    def fact(self, name, patience=PATIENCE):
        """the value of a fact or figure in the inspector"""
        return self.inspector.find(None, re.compile("^" + re.escape(name) + ": "), patience).name.split(": ", 1)[1]

    def expect_fact(self, name, value):
        return self.inspector.find(None, "%s: %s" % (name, value))

    def number(self, name):
        """a figure of the inspector as a number"""
        return float(self.fact(name).replace("\u2212", "-").replace(",", ""))

    def press(self, name):
        """a button of the training bar"""
        self.training.find("push button", name).press()

    def steps(self):
        """the step count of the training bar"""
        return int(re.sub("[^0-9]", "", self.training.find("label", re.compile("^Step [0-9,.]+$")).name))

    # acting

    def xdo(self, *args):
        subprocess.run(["xdotool"] + [str(arg) for arg in args], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def pause(self, seconds=0.1):
        time.sleep(seconds)

    def let_clicks_be_single(self):
        """two clicks at one place of a widget within GTK's 400 ms are a double click, even if the widget moved between them"""
        time.sleep(max(0, self.last_click + 0.45 - time.monotonic()))
        self.last_click = time.monotonic()

    def key(self, *keys):
        """keys as xdotool names them: "ctrl+o", "Return" """
        for key in keys:
            self.xdo("key", key)
            self.pause()

    def type(self, text):
        self.xdo("type", "--delay", 15, text)
        self.pause()

    def scroll(self, node, clicks, fx=0.5, fy=0.5):
        """wheel at a place of the node's box; clicks < 0 is up"""
        self.xdo("mousemove", *node.point(fx, fy))
        self.xdo("click", "--repeat", abs(clicks), "--delay", 30, 4 if clicks < 0 else 5)
        self.pause()

    def reach(self, node):
        """scrolls the inspector until the node is well on the screen; rows that came or went move it first"""
        self.pause(0.6)
        for _ in range(40):
            x, y, width, height = node.settled_box()
            if 120 < y and y + height < 560:
                return node
            self.xdo("mousemove", x + width // 2, 350)
            self.xdo("click", "--repeat", 2, "--delay", 30, 4 if y <= 120 else 5)
            self.pause(0.2)
        raise Missed("%s can't be scrolled to" % node.describe())

    def drag(self, start, end):
        self.xdo("mousemove", *start, "mousedown", 1)
        for step in range(1, 11):
            self.xdo("mousemove", *(int(a + (b - a) * step / 10) for a, b in zip(start, end)))
        self.xdo("mouseup", 1)
        self.pause()

    def shot(self, path):
        """a picture of the screen without that frame"""
        subprocess.run(["import", "-window", "root", str(path)], check=True)
        if self.border:
            subprocess.run(["mogrify", "-shave", "%dx%d" % (self.border, self.border), "+repage", str(path)], check=True)

    # ending

    @property
    def runs(self):
        return self.program is not None and self.program.poll() is None

    def expect_end(self, patience=PATIENCE):
        """waits until the program ends by itself; it has to end well"""
        try:
            status = self.program.wait(patience)
        except subprocess.TimeoutExpired:
            raise Missed("the program did not end") from None
        self.check(status == 0, "the program ended with status %s" % status)

    def output(self):
        if self.log is None:
            return ""
        self.log.flush()
        self.log.seek(0)
        return self.log.read()

    def expect_no_complaints(self):
        """criticals and warnings of the program are failures"""
        # how AdwMessageDialog of libadwaita 1.7 lays out its labels is not our doing
        bad = [line for line in self.output().splitlines() if re.search(r"-CRITICAL|-WARNING|ERROR:|Sanitizer", line) and "Trying to measure GtkLabel" not in line]
        self.check(not bad, "the program complained:\n" + "\n".join(bad[:20]))

    def leave_picture(self, name):
        print(self.output(), file=sys.stderr)
        try:
            path = self.build / ("drive-%s.png" % name)
            self.shot(path)
            print("the screen is in %s" % path, file=sys.stderr)
            for node in self.screen.walk():
                if node.is_there and node.name:
                    print("  " + node.describe(), file=sys.stderr)
        except Exception as error:
            print("no picture: %s" % error, file=sys.stderr)

    def end(self):
        for process in (self.program, self.manager):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
