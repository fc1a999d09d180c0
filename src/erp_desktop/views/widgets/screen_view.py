"""What stands in a tab: a screen with a title, that knows whether something is typed but not saved."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.asking import say
from erp_desktop.views.widgets.icons import set_icon


class ScreenView(QWidget):
    """Base of every screen that opens in a tab.

    `set_title` names the tab (a document's number), `set_dirty` marks it with `*`. A screen that can be dirty overrides
    `save`; closing a dirty tab asks first.
    """

    title_changed = Signal(str)
    dirty_changed = Signal(bool)
    close_asked = Signal()  # the screen has done its work: close the tab

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self._is_dirty = False
        self.commands: list[QAction] = []

    @property
    def title(self) -> str:
        """What the tab is called; empty for the screen's own name."""
        return self._title

    @property
    def is_dirty(self) -> bool:
        """Something was typed that is not saved."""
        return self._is_dirty

    def set_title(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self.title_changed.emit(title)

    def set_dirty(self, is_dirty: bool) -> None:
        if is_dirty != self._is_dirty:
            self._is_dirty = is_dirty
            self.dirty_changed.emit(is_dirty)

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Saves what was typed and calls `then` once it is saved; not if it was refused."""
        if then is not None:
            then()

    def save_untouched(self) -> None:
        """Ctrl+S though nothing was typed: the screen says so, and a new form what is still missing."""
        say(translate("ScreenView", "Nothing was changed here: there is nothing to save."))

    def show_args(self, **args: object) -> None:
        """The screen was opened again with other arguments than those that name its record (a filter)."""

    def add_command(
        self,
        key: str,
        text: str,
        run: Callable[[], object],
        shortcut: str = "",
        icon_name: str = "",
    ) -> QAction:
        """An action of this screen: works by its shortcut while the screen is in front, and stands in the palette.

        `text` as shown (translated); `key` names it ("purchase_order.confirm"). For buttons: `button.setDefaultAction`, or
        `button.clicked.connect(action.trigger)`.
        """
        action = QAction(text, self)
        action.setObjectName(key)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setToolTip(f"{text} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
        if icon_name:
            set_icon(action, icon_name)
        action.triggered.connect(lambda _checked=False: run())
        self.addAction(action)
        self.commands.append(action)
        return action
