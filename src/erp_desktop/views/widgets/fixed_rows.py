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
        self.columns = columns
        self.rows: tuple[Any, ...] = ()

    def show_rows(self, rows: Sequence[Any]) -> None:
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def value(self, row: Any, name: str) -> Any:
        """What stands in the column `name` of a row."""
        return getattr(row, name)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == KIND_ROLE:
            return column.kind
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(column.kind)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, VALUE_ROLE):
            return None
        value = self.value(self.rows[index.row()], column.name)
        return value if role == VALUE_ROLE else shown(value, column.kind, column.places)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way == Qt.Orientation.Vertical or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.heading
        return alignment(column.kind) if role == Qt.ItemDataRole.TextAlignmentRole else None
