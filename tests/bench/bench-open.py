#!/usr/bin/env python3
"""The longest turns of the main loop while the window opens and searches 20,000 tensors: none may take over 50 ms."""
import display

display.run("bench-open")
