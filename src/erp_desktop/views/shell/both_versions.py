"""Both versions of a record that two people changed, field by field, to choose from."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from erp_desktop.actions.both_versions import Versions
from erp_desktop.actions.drafts import LINE
from erp_desktop.i18n import translate
from erp_desktop.views.settings.users import role_text
from erp_desktop.views.shell.words_of_entries import argument_text

_MINE, _THEIRS = 1, 2  # columns
_MARK = "✓ "


class BothVersionsTable(QTableWidget):
    """A row for each field, with what it was: mine, theirs. A click, Enter or Space on one of these chooses it."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 3, parent)
        self._versions: tuple[Versions, ...] = ()
        self._names: Mapping[str, str] = {}
        self.mine: frozenset[str] = frozenset()  # the columns in which mine is chosen
        self.setHorizontalHeaderLabels(
            [
                translate("BothVersions", "Field"),
                translate("BothVersions", "Mine"),
                translate("BothVersions", "Theirs"),
            ]
        )
        self.setAccessibleName(translate("BothVersions", "Both versions, side by side"))
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.cellClicked.connect(self._choose)
        self.hide()

    @property
    def is_mixed(self) -> bool:
        """Of some fields mine is chosen, of others theirs."""
        return 0 < len(self.mine) < len(self._versions)

    def show_versions(self, versions: Sequence[Versions], names: Mapping[str, str]) -> None:
        """Shows `versions`, with mine chosen; hidden where there are none. `names` of the records that they name, by id."""
        if tuple(versions) == self._versions:
            return
        self._versions, self._names = tuple(versions), names
        self.mine = frozenset(one.column for one in versions)
        self.setRowCount(len(self._versions))
        self._fill()
        self.resizeRowsToContents()
        rows = sum(self.rowHeight(row) for row in range(self.rowCount()))
        self.setFixedHeight(min(rows + self.horizontalHeader().sizeHint().height() + 4, 220))
        self.setVisible(bool(self._versions))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self.currentRow(), self.currentColumn())
        else:
            super().keyPressEvent(event)

    def _choose(self, row: int, column: int) -> None:
        if not 0 <= row < len(self._versions) or column not in (_MINE, _THEIRS):
            return
        name = self._versions[row].column
        self.mine = self.mine | {name} if column == _MINE else self.mine - {name}
        self._fill()
        self.chosen.emit()

    def _fill(self) -> None:
        for row, one in enumerate(self._versions):
            is_mine = one.column in self.mine
            texts = (
                self._field(one),
                (_MARK if is_mine else "") + self._text(one.mine),
                ("" if is_mine else _MARK) + self._text(one.theirs),
            )
            for column, text in enumerate(texts):
                cell = self.item(row, column)
                if cell is None:
                    cell = QTableWidgetItem()
                    self.setItem(row, column, cell)
                cell.setText(text)
                cell.setToolTip(text)
                font = cell.font()
                font.setBold(text.startswith(_MARK))
                cell.setFont(font)

    def _field(self, one: Versions) -> str:
        """The field, and under it what it was before both changed it."""
        name = translate("BothVersions", "Line") if one.column.startswith(LINE) else argument_text(one.column)
        return translate("BothVersions", "{field}\nbefore: {value}").format(field=name, value=self._text(one.was))

    def _text(self, value: Any) -> str:
        if isinstance(value, dict):  # a line of an order
            product = self._names.get(value["product_id"], "")
            return f"{value['qty']} × {product} · {value['unit_price']}"
        if isinstance(value, list) and value:  # roles, warehouses
            return translate("BothVersions", ", ").join(self._names.get(one) or role_text(one) for one in value)
        if isinstance(value, bool):
            return translate("BothVersions", "yes") if value else translate("BothVersions", "no")
        if value in (None, "", []):
            return translate("BothVersions", "(empty)")
        return self._names.get(str(value), str(value))
