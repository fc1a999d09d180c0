"""Where the files that ship with the program are: fonts, icons, forms, themes, translations, statement layouts.

In a source tree they stand in `resources/` beside `src/`; a wheel and a frozen program carry them inside the package.
"""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


@cache
def _root() -> Path:
    in_wheel = _PACKAGE / "_resources"
    return in_wheel if in_wheel.is_dir() else _PACKAGE.parents[1] / "resources"


def resource_path(name: str) -> Path:
    """The file or folder `name` ("fonts/NotoSansSC-Regular.ttf"). Raises FileNotFoundError if it is not there."""
    path = _root() / name
    if not path.exists():
        raise FileNotFoundError(f"the program's file {name} is missing from {_root()}")
    return path
