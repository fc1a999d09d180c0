"""Importing this keeps True, False and None alive under PySide6 6.12.0, which gives away references that it does not own.

Each `Signal.emit` and `disconnect` of that release drops one reference to True too many, and each Qt function that
answers "nothing" (`index.data()` of an empty cell, `widget.layout()` without one) one reference to None. From CPython 3.12 on
the three are immortal and nothing happens; on 3.11 the interpreter aborts ("bool_dealloc", "none_dealloc"). So on 3.11 they
get more references than a program can lose. To be removed with 3.11, or with the release that is mended.
"""

import ctypes
import sys

_MORE_THAN_CAN_BE_LOST = 1 << 40

if sys.implementation.name == "cpython" and sys.version_info < (3, 12):
    for _constant in (True, False, None):
        # the count comes first in an object
        ctypes.c_ssize_t.from_address(id(_constant)).value += _MORE_THAN_CAN_BE_LOST
