#!/usr/bin/env python3
"""The frame clock's distribution while a 2-16-16-2 network trains at full speed: no frame may take over 50 ms."""
import display

display.run("bench-frames")
