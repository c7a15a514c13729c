"""Runs a program of the build folder on a display and a session bus of its own."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def run(name, *runs):
    """once with the script's own arguments or, if there are @runs, once with each of these: lists of arguments"""
    program = pathlib.Path(sys.argv[1]).resolve() / "tests" / "bench" / name
    for tool in ("xvfb-run", "dbus-run-session"):
        if shutil.which(tool) is None:
            print("skipped: %s is not installed" % tool)
            sys.exit(0)
    if not program.exists():
        print("skipped: this build has no window program")
        sys.exit(0)
    with tempfile.TemporaryDirectory(prefix="espalier-bench-") as home:
        env = dict(os.environ, HOME=home, XDG_RUNTIME_DIR=home, XDG_CONFIG_HOME=home, XDG_DATA_HOME=home, XDG_CACHE_HOME=home,
                   GSETTINGS_BACKEND="memory", GSK_RENDERER="cairo", GDK_BACKEND="x11", GTK_A11Y="none", LC_ALL="C.UTF-8")
        status = 0
        for arguments in runs or [sys.argv[2:]]:
            command = ["xvfb-run", "-a", "-s", "-screen 0 1440x900x24", "dbus-run-session", "--", str(program)] + arguments
            status |= subprocess.run(command, env=env, stderr=subprocess.DEVNULL).returncode
        sys.exit(status)
