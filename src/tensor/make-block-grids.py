#!/usr/bin/env python3
"""Makes esp-block-grids-tables.h: the code books of ggml's IQ types, from the packed hexadecimal text in gguf-py's quants.py.

usage: make-block-grids.py >esp-block-grids-tables.h    needs the gguf package (MIT licence, The ggml authors)
"""
import numpy as np
from gguf import quants

LICENCE = """
MIT License

Copyright (c) 2023-2026 The ggml authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
print("#pragma once\n")
print("/* Made by make-block-grids.py from ggml, whose licence is:\n *")
print("".join(" * %s\n" % line if line else " *\n" for line in LICENCE.strip().split("\n")) + " */\n")
print("/* clang-format off */\n")
print("#include <glib.h>\n")
for kind in ("IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ1_S"):
    book = getattr(quants, kind)
    book.init_grid()
    grid = np.asarray(book.grid).reshape(book.grid_shape).astype(int)
    print("static const gint8 grid_%s[%d][%d] = {" % (kind.lower(), *grid.shape))
    for row in range(0, len(grid), 4):
        print("  " + " ".join("{ %s }," % ", ".join(map(str, entry)) for entry in grid[row:row + 4]))
    print("};\n")
