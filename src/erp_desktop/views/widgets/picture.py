"""A drawing that stands beside words."""

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QWidget

from erp_desktop.views.widgets.icons import icon_pixmap
from erp_desktop.views.widgets.theme import current_theme, theme_keeper


class Picture(QLabel):
    """An icon in its theme's colour and as sharp as the screen that it is on, also when it comes to another one."""

    def __init__(self, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self._drawing = ("", "")
        theme_keeper().changed.connect(self._draw)

    def show_icon(self, name: str, token: str = "secondary") -> None:
        """Shows the icon `name` in the colour that `token` has."""
        self._drawing = (name, token)
        self._draw()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DevicePixelRatioChange, QEvent.Type.Show):
            self._draw()
        return super().event(event)

    def _draw(self) -> None:
        name, token = self._drawing
        if name:
            self.setPixmap(icon_pixmap(name, current_theme().tokens[token], self._size, self.devicePixelRatioF()))
