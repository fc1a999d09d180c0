"""Writing a file so that it is either complete or not there, and a person can stop it on the way."""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, ENAMETOOLONG, ENOSPC, EPERM, EROFS
from pathlib import Path

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

_LONGEST_NAME_TOLD = 80

Progress = Callable[[int, int], bool]  # lines done, lines in all; False stops the work

FULL = QT_TRANSLATE_NOOP("Report", "{file} was not written: the disk is full.")
NOT_ALLOWED = QT_TRANSLATE_NOOP(
    "Report", "{file} was not written: it is open in another program, or you may not write there."
)
NAME_TOO_LONG = QT_TRANSLATE_NOOP("Report", "{file} was not written: the name is too long.")
NO_FOLDER = QT_TRANSLATE_NOOP("Report", "{file} was not written: the folder {folder} does not exist.")
OTHER = QT_TRANSLATE_NOOP("Report", "{file} was not written: {reason}.")


class CannotWrite(Exception):
    """A file could not be written. `sentence` is for people; nothing is left behind."""

    def __init__(self, sentence: str, path: Path) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.path = path


class Cancelled(Exception):
    """The person stopped the writing. Nothing is left behind."""


def go_on(_done: int, _total: int) -> bool:
    """The progress of a caller that shows none and never stops."""
    return True


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to. It takes the place of `path` when all went well, else it is removed.

    Raises CannotWrite in place of any OSError.
    """
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        yield part
        part.replace(path)
    except OSError as problem:
        raise CannotWrite(_sentence(path, problem), path) from problem
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _sentence(path: Path, problem: OSError) -> str:
    if problem.errno in (ENOSPC, EDQUOT):
        text = translate("Report", FULL)
    elif isinstance(problem, PermissionError | IsADirectoryError) or problem.errno in (EACCES, EPERM, EROFS):
        text = translate("Report", NOT_ALLOWED)
    elif problem.errno == ENAMETOOLONG:
        text = translate("Report", NAME_TOO_LONG)
    elif isinstance(problem, FileNotFoundError) and not path.parent.is_dir():
        text = translate("Report", NO_FOLDER)
    else:
        text = translate("Report", OTHER)
    reason = problem.strerror or os.strerror(problem.errno or 0)
    name = path.name if len(path.name) <= _LONGEST_NAME_TOLD else f"{path.name[:_LONGEST_NAME_TOLD]}…"
    return text.format(file=name, folder=path.parent, reason=reason)
