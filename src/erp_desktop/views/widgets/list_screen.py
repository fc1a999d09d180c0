"""A tab with a list: title, buttons, the shared table. One pattern for every list of the program."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from erp_desktop.views.widgets.icons import set_icon
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.older_bar import add_older_bar
from erp_desktop.views.widgets.record_table import RecordTable
from erp_desktop.views.widgets.screen_view import ScreenView

if TYPE_CHECKING:
    from erp_desktop.desk import Desk


class PageHeader(QWidget):
    """The line at the top of a page: its title at the left, its buttons at the right, the first of them standing out."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel(title)
        self.title.setObjectName("pageTitle")
        self.told = QLabel()
        self.told.setProperty("tone", "secondary")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self._layout.addWidget(self.title)
        self._layout.addWidget(self.told)
        self._layout.addStretch(1)

    def say(self, text: str) -> None:
        """A few words beside the title: how many there are."""
        self.told.setText(text)

    def add_button(self, action: QAction, icon_name: str = "", *, primary: bool = False) -> QPushButton:
        """A button for `action`: its text, tooltip with shortcut, and whether it can be used now."""
        button = QPushButton(action.text())
        button.setAutoDefault(True)  # Enter presses it
        button.setProperty("primary", primary)
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text())
        button.setEnabled(action.isEnabled())
        if icon_name:
            set_icon(button, icon_name, "on_accent" if primary else "secondary")
        button.clicked.connect(action.trigger)

        def follow() -> None:
            button.setEnabled(action.isEnabled())
            button.setToolTip(action.toolTip())
            button.setText(action.text())

        action.changed.connect(follow)
        self._layout.addWidget(button)
        return button


class ListScreen(ScreenView):
    """A list as a tab. `open_row` gets the record of Enter or a double click.

    Opened again with `filters=...` (as ListRequest takes them), it narrows its list to them.
    """

    def __init__(
        self,
        desk: "Desk",
        title: str,
        spec: ListSpec,
        open_row: Callable[[Any], object] | None = None,
        offer: tuple[tuple[str, Callable[[], object]], ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.header = PageHeader(title, self)
        self.table = RecordTable(desk, spec, self, offer)
        if open_row is not None:
            self.table.opened.connect(open_row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(self.header)
        layout.addWidget(self.table, 1)
        self.older = add_older_bar(self, desk, spec)
        self.setFocusProxy(self.table)

    def show_args(self, **args: object) -> None:
        filters = args.get("filters")
        if isinstance(filters, tuple):
            self.table.set_filters(filters)
