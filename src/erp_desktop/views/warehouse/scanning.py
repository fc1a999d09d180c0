"""Scans on a page without a field for them: keys that come faster than anybody types, ended by Enter."""

from time import monotonic

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

FASTEST_TYPING_SECONDS = 0.035  # between two keys of a person; a scanner is faster
SHORTEST_SCAN = 4


class ScanRouter(QObject):
    """Watches the keys of `page`, whatever in it has the keyboard. A scan never stays in the field it ran into.

    `scanned` carries the code. Keys of a person pass untouched.
    """

    scanned = Signal(str)

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._keys = ""
        self._last = 0.0
        self._field: QLineEdit | None = None
        self._text_before = ""
        self._previous: tuple[QWidget, str] | None = None
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page:
            self._listen_while_shown(event.type())
            return False
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        focus = QApplication.focusWidget()
        if watched is not focus or focus is None or not self._page.isAncestorOf(focus):
            return False
        return self._take(event, focus)

    def _listen_while_shown(self, kind: QEvent.Type) -> None:
        """The program's keys pass through here only while the page is in front: this is asked for every event."""
        app = QApplication.instance()
        if app is not None and kind == QEvent.Type.Show:
            app.installEventFilter(self)
        elif app is not None and kind == QEvent.Type.Hide:
            app.removeEventFilter(self)

    def _is_handed_on(self, text: str, focus: QWidget) -> bool:
        """The same key once more: a grid opens the editor of a cell with the first letter and hands that on to it."""
        before, self._previous = self._previous, (focus, text)
        return before is not None and bool(text) and before[1] == text and before[0] in _parents(focus)

    def _take(self, event: QKeyEvent, focus: QWidget) -> bool:
        if self._is_handed_on(event.text(), focus):
            return False
        now = event.timestamp() / 1000 or monotonic()  # when the key was pressed, however busy the window is
        is_fast = now - self._last < FASTEST_TYPING_SECONDS
        self._last = now
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            code, self._keys = self._keys, ""
            if not is_fast or len(code) < SHORTEST_SCAN:
                return False
            self._clean(focus)
            self.scanned.emit(code)
            return True
        text = event.text()
        if not text:
            return False  # Shift and the like, pressed for the letter that follows
        if not text.isprintable() or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._keys = ""
            return False
        if not is_fast or not self._keys:
            self._keys = ""
            self._field = focus if isinstance(focus, QLineEdit) else None
            self._text_before = self._field.text() if self._field is not None else ""
        self._keys += text
        return False

    def _clean(self, focus: QWidget) -> None:
        """Takes the scanned letters out of the field or cell that they ran into."""
        if self._field is focus and isinstance(focus, QLineEdit):
            focus.setText(self._text_before)
        elif isinstance(focus, QLineEdit):  # an editor that the first letter opened in a grid
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(focus, QKeyEvent(kind, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier))


def _parents(widget: QWidget) -> list[QWidget]:
    found = []
    parent = widget.parentWidget()
    while parent is not None:
        found.append(parent)
        parent = parent.parentWidget()
    return found
