"""The program's icons: own SVG drawings in one colour, taken from the theme when they are shown."""

import atexit
from functools import cache
from weakref import WeakKeyDictionary

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton
from shiboken6 import isValid

from erp_desktop.resources import resource_path
from erp_desktop.views.widgets.theme import Theme, current_theme, theme_keeper


@cache
def _drawing(name: str) -> str:
    return resource_path(f"icons/{name}.svg").read_text(encoding="utf-8")


@cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", color).encode()))


@cache
def icon_pixmap(name: str, color: str, size: int, ratio: float = 1.0) -> QPixmap:
    """The drawing `name` in `color` ("#1257C7"), `size` device-independent pixels wide."""
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _renderer(name, color).render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


class _Engine(QIconEngine):
    """Draws an icon when it is first seen, in just the size and sharpness that the screen wants."""

    def __init__(self, name: str, color: str, disabled: str) -> None:
        super().__init__()
        self._name, self._color, self._disabled = name, color, disabled

    def clone(self) -> "_Engine":
        return _Engine(self._name, self._color, self._disabled)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, _state: QIcon.State, scale: float) -> QPixmap:
        color = self._disabled if mode == QIcon.Mode.Disabled else self._color
        return icon_pixmap(self._name, color, min(size.width(), size.height()), scale)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        place = QRect(rect.center().x() - (side - 1) // 2, rect.center().y() - (side - 1) // 2, side, side)
        painter.drawPixmap(place, self.scaledPixmap(place.size(), mode, state, painter.device().devicePixelRatioF()))


@cache
def _icon(name: str, token: str, theme_name: str) -> QIcon:
    theme: Theme = current_theme()
    _drawing(name)  # a name without a drawing is found where it is asked for
    return QIcon(_Engine(name, theme.tokens[token], theme.tokens["disabled"]))


def icon(name: str, token: str = "secondary") -> QIcon:
    """The icon `name` in the colour that `token` has now. Raises FileNotFoundError for a drawing that is not there.

    For what is drawn anew with every theme (delegates, models); a button or action is given one by `set_icon`.
    """
    return _icon(name, token, current_theme().name)


@atexit.register
def _forget_drawings() -> None:
    """Pixmaps must be gone before the QApplication is."""
    for kept in (_icon, icon_pixmap, _renderer):
        kept.cache_clear()


_wearers: WeakKeyDictionary[QObject, tuple[str, str]] = WeakKeyDictionary()
_follows = False


def set_icon(wearer: QAbstractButton | QAction, name: str, token: str = "secondary") -> None:
    """Gives a button or action the icon `name`, now and whenever the theme changes."""
    global _follows  # noqa: PLW0603
    if not _follows:
        theme_keeper().changed.connect(_dress_again)
        _follows = True
    _wearers[wearer] = (name, token)
    wearer.setIcon(icon(name, token))


def _dress_again() -> None:
    for wearer, (name, token) in list(_wearers.items()):
        if isValid(wearer):
            wearer.setIcon(icon(name, token))  # type: ignore[attr-defined]
