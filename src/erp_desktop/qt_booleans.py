"""Importing this keeps True and False alive under PySide6 6.12.0, which gives away references that it does not own.

Each `Signal.emit` and `disconnect` of that release drops one reference to True too many. From CPython 3.12 on booleans are
immortal and nothing happens; on 3.11 the interpreter aborts ("bool_dealloc") after some hundred signals. So on 3.11 they
get more references than a program can lose. To be removed with 3.11, or with the release that is mended.
"""

import ctypes
import sys

_MORE_THAN_CAN_BE_LOST = 1 << 40

if sys.implementation.name == "cpython" and sys.version_info < (3, 12):
    for _boolean in (True, False):
        # the count comes first in an object
        ctypes.c_ssize_t.from_address(id(_boolean)).value += _MORE_THAN_CAN_BE_LOST
