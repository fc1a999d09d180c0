"""Copies of attachments that people open: in a folder of this program's run, only to be read, and gone when it ends."""

import atexit
import shutil
import stat
import tempfile
from functools import cache
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

# What a system may run, install or follow when it is opened. Documents with macros are here too: their program runs those.
_RUNS = frozenset(
    [
        "action",
        "app",
        "appimage",
        "application",
        "appref-ms",
        "bash",
        "bat",
        "cmd",
        "com",
        "command",
        "cpl",
        "csh",
        "deb",
        "desktop",
        "dll",
        "dmg",
        "docm",
        "dotm",
        "exe",
        "gadget",
        "hta",
        "htm",
        "html",
        "inf",
        "ins",
        "iso",
        "jar",
        "js",
        "jse",
        "jnlp",
        "ksh",
        "lnk",
        "mht",
        "mhtml",
        "msc",
        "msi",
        "msix",
        "msp",
        "mst",
        "pif",
        "pkg",
        "potm",
        "ppam",
        "ppsm",
        "pptm",
        "ps1",
        "psm1",
        "py",
        "pyw",
        "rb",
        "reg",
        "rpm",
        "run",
        "scf",
        "scr",
        "settingcontent-ms",
        "sh",
        "shs",
        "sldm",
        "svg",
        "terminal",
        "tool",
        "url",
        "vb",
        "vbe",
        "vbs",
        "vhd",
        "vhdx",
        "wsc",
        "wsf",
        "wsh",
        "xht",
        "xhtml",
        "xlam",
        "xll",
        "xlsm",
        "xltm",
        "zsh",
    ]
)


def is_dangerous(name: str) -> bool:
    """Whether a file of this name is not opened from here: it may be more than something to look at."""
    stem, dot, ending = name.lower().rstrip(" .").rpartition(".")
    return not (dot and stem and ending) or ending in _RUNS


def temporary_copy(sha256: str, name: str) -> Path:
    """Where a copy of this content goes, to be opened. Another content of the same name is another file."""
    folder = Path(tempfile.mkdtemp(prefix=f"{sha256[:8]}-", dir=_folder()))
    return folder / name


def open_with_its_program(copy: Path) -> bool:
    """Whether the system has a program for it. What is changed in the copy comes to no attachment, so it cannot be changed."""
    copy.chmod(stat.S_IREAD)
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(copy)))


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="erp-desktop-files-"))
    atexit.register(_remove, folder)
    return folder


def _remove(folder: Path) -> None:
    for copy in folder.rglob("*"):
        if copy.is_file():
            copy.chmod(stat.S_IWRITE)
    shutil.rmtree(folder, ignore_errors=True)
