"""A table whose rows are all here: what the centre answered once. For what a query reads, see list_model.py."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from erp_desktop.views.widgets.cells import TableColumn, shown
from erp_desktop.views.widgets.list_model import KIND_ROLE, VALUE_ROLE, alignment

Index = QModelIndex | QPersistentModelIndex


class FixedRows(QAbstractTableModel):
    """Rows by attribute, shown as every table of the program shows them."""

    def __init__(self, columns: tuple[TableColumn, ...], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self.rows: tuple[Any, ...] = ()

    def show_rows(self, rows: Sequence[Any]) -> None:
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = self._columns[index.column()]
        value = getattr(self.rows[index.row()], column.name)
        if role == Qt.ItemDataRole.DisplayRole:
            return shown(value, column.kind, column.places)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(column.kind)
        if role == VALUE_ROLE:
            return value
        if role == KIND_ROLE:
            return column.kind
        return None

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].heading
        return None
