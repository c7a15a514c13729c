#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes esp-colormap-tables.c: 256 sRGB entries per colour map.

usage: make-colormaps.py > esp-colormap-tables.c

Sources, both free to ship:
- vik, broc, cork, roma, berlin, lisbon, batlow, lipari, oslo, romaO, vikO: Fabio Crameri, Scientific colour maps 8
  (doi:10.5281/zenodo.1243862), MIT licence, as packaged in cmcrameri.
- viridis, cividis, magma, twilight: matplotlib (van der Walt, Smith; Nunez, Anderton, Renslow; Bechtold), CC0.
- gray: made here, equal steps of the sRGB value.
Needs Python packages: cmcrameri, matplotlib. The C code needs neither.
"""

import matplotlib
from cmcrameri import cm

MIT = """\
 * The tables marked as Fabio Crameri's are under the MIT licence:
 *
 * Copyright (c) 2020 Fabio Crameri
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
 * associated documentation files (the "Software"), to deal in the Software without restriction,
 * including without limitation the rights to use, copy, modify, merge, publish, distribute,
 * sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
 * furnished to do so, subject to the following conditions:
 *
 * The above copyright notice and this permission notice shall be included in all copies or
 * substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
 * NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
 * NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
 * DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
 * OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

CRAMERI = "Fabio Crameri, Scientific colour maps 8, doi:10.5281/zenodo.1243862, MIT licence"
MATPLOTLIB = "matplotlib, CC0"

MAPS = (
    [(name, CRAMERI, getattr(cm, name))
     for name in "vik broc cork roma berlin lisbon batlow lipari oslo".split()]
    + [(name, MATPLOTLIB, matplotlib.colormaps[name]) for name in "viridis cividis magma".split()]
    + [("gray", "equal steps", None)]
    + [(name, CRAMERI, getattr(cm, name)) for name in "vikO romaO".split()]
    + [("twilight", MATPLOTLIB, matplotlib.colormaps["twilight"])]
)


def entries(colormap):
    if colormap is None:
        return [(i, i, i) for i in range(256)]
    # twilight has 510 entries
    rgba = colormap([i / 255 for i in range(256)] if colormap.N != 256 else range(256))
    return [tuple(int(round(float(c) * 255)) for c in row[:3]) for row in rgba]


def main():
    print("/* SPDX-License-Identifier: GPL-3.0-or-later AND MIT AND CC0-1.0 */")
    print("/* 256 sRGB entries per colour map. Written by make-colormaps.py: do not edit.")
    print(" *")
    print(MIT + " */")
    print("/* clang-format off */")
    print('#include "esp-colormap-private.h"')
    for name, source, colormap in MAPS:
        print(f"\n/* {source} */\nconst guint8 esp_colormap_{name.lower()}[256][3] = {{")
        row = entries(colormap)
        for i in range(0, 256, 8):
            print("  " + " ".join("{%d, %d, %d}," % e for e in row[i:i + 8]))
        print("};")


main()
