"""The line above a list: free text, one chip for each choice that can narrow the list, how many rows match, Clear all."""

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QToolButton, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.icons import set_icon
from erp_desktop.views.widgets.list_model import ListFilter

TYPING_PAUSE_MS = 200


class FilterChip(QToolButton):
    """One filter: "Status: all" until something is chosen, then the choice, standing out."""

    chosen = Signal()

    def __init__(self, offered: ListFilter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offered = offered
        self.value: Any = None
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setProperty("chip", True)
        menu = QMenu(self)
        self._group = QActionGroup(self)
        for value, text in ((None, translate("Table", "All")), *offered.choices):
            choice = QAction(text, menu, checkable=True)
            choice.setData(value)
            choice.setChecked(value is None)
            self._group.addAction(choice)
            menu.addAction(choice)
        self._group.triggered.connect(lambda choice: self._choose(choice.data()))
        self.setMenu(menu)
        self._show()

    def set_value(self, value: Any) -> None:
        """Shows `value` as the choice (None: all) without telling anybody."""
        self.value = value
        for choice in self._group.actions():
            choice.setChecked(choice.data() == value)
        self._show()

    def _choose(self, value: Any) -> None:
        self.set_value(value)
        self.chosen.emit()

    def _show(self) -> None:
        chosen = next((text for value, text in self.offered.choices if value == self.value), None)
        if self.value is None or chosen is None:
            chosen = translate("Table", "All")
        text = translate("Table", "{filter}: {choice}").format(filter=self.offered.label, choice=chosen)
        self.setText(text)
        self.setAccessibleName(text)
        self.setProperty("active", self.value is not None)
        self.style().unpolish(self)
        self.style().polish(self)


class FilterBar(QWidget):
    """Free text and chips. `changed` is sent 200 ms after the last key, at once for a chip."""

    changed = Signal()

    def __init__(self, offered: tuple[ListFilter, ...], hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit(clearButtonEnabled=True)
        self.search.setPlaceholderText(hint or translate("Table", "Filter this list"))
        self.search.setAccessibleName(hint or translate("Table", "Filter this list"))
        self.search.setToolTip(translate("Table", "Filter this list") + " (Ctrl+F)")
        self.search.setMaximumWidth(320)
        self.search.setMinimumWidth(200)
        glass = QAction(self.search)
        set_icon(glass, "search")
        self.search.addAction(glass, QLineEdit.ActionPosition.LeadingPosition)
        clearing = self.search.findChild(QAction, "_q_qlineeditclearaction")
        if clearing is not None:
            set_icon(clearing, "close")
        self.chips = [FilterChip(one, self) for one in offered]
        self.clear_button = QToolButton()
        self.clear_button.setText(translate("Table", "Clear all"))
        self.clear_button.setAccessibleName(translate("Table", "Clear all"))
        self.clear_button.clicked.connect(self.clear)
        self.count = QLabel()
        self.count.setProperty("tone", "secondary")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.search, 3)
        for chip in self.chips:
            chip.chosen.connect(self._tell)
            layout.addWidget(chip)
        layout.addWidget(self.clear_button)
        layout.addStretch(1)
        layout.addWidget(self.count)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        self.search.textEdited.connect(lambda _: self._pause.start())
        self.search.textChanged.connect(lambda text: None if text else self._pause.start())
        self.clear_button.hide()

    @property
    def filters(self) -> tuple[tuple[str, Any], ...]:
        """The chosen values by filter name, as a ListRequest takes them."""
        return tuple((chip.offered.name, chip.value) for chip in self.chips if chip.value is not None)

    def set_filter(self, name: str, value: Any) -> None:
        """Chooses `value` (None: all) in the chip `name`. Raises KeyError for a filter that is not offered."""
        for chip in self.chips:
            if chip.offered.name == name:
                chip.set_value(value)
                self._tell()
                return
        raise KeyError(name)

    def show_without_telling(self, filters: tuple[tuple[str, Any], ...]) -> None:
        """Lets the chips show `filters`, which the list was opened with."""
        given = dict(filters)
        for chip in self.chips:
            chip.set_value(given.get(chip.offered.name))
        self.clear_button.setVisible(bool(self.filters))

    def clear(self) -> None:
        """Takes all filters away."""
        self.search.clear()
        for chip in self.chips:
            chip.set_value(None)
        self._tell()

    def _tell(self) -> None:
        self._pause.stop()
        self.clear_button.setVisible(bool(self.filters or self.search.text()))
        self.changed.emit()
