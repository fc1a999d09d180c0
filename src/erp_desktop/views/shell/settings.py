"""What the window remembers on this computer: an ini file beside the cache. A damaged one is put aside, never in the way."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings


class WindowSettings:
    """Geometry, open tabs, language and theme. `was_damaged` says that the file could not be read and was put aside."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.was_damaged = False
        self._stored = QSettings(str(file), QSettings.Format.IniFormat)
        if file.exists() and not self._is_readable(file):
            self.was_damaged = True
            file.replace(file.with_suffix(".damaged"))
            self._stored = QSettings(str(file), QSettings.Format.IniFormat)

    def _is_readable(self, file: Path) -> bool:
        try:
            file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        return self._stored.status() == QSettings.Status.NoError

    def text(self, name: str, otherwise: str = "") -> str:
        """The text stored as `name`; anything else stored there counts as nothing."""
        value = self._stored.value(name)
        return value if isinstance(value, str) else otherwise

    def state(self, name: str) -> QByteArray | None:
        """A stored geometry or None."""
        value = self._stored.value(name)
        return value if isinstance(value, QByteArray) else None

    def put(self, name: str, value: Any) -> None:
        self._stored.setValue(name, value)

    def write(self) -> None:
        """Puts everything on disk now."""
        self._stored.sync()
