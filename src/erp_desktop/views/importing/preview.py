"""The rows of a file with their verdicts, before anything is written."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.integrations.importing import ImportPlan
from erp_desktop.integrations.judging import PlannedRow, Verdict
from erp_desktop.integrations.tables.cells import as_text
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import BOLD_ROLE, KIND_ROLE, LEVEL_ROLE, VALUE_ROLE, alignment
from erp_desktop.views.widgets.statuses import status_text
from erp_desktop.views.widgets.table_view import TableView

Index = QModelIndex | QPersistentModelIndex

_OWN = 3  # columns before those of the file: row, verdict, reason
_COLUMN_WIDTH = 140


class PlannedRows(QAbstractTableModel):
    """Row number, verdict and reason, then the cells as they stand in the file."""

    def __init__(self, plan: ImportPlan, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plan = plan
        self._rows: Sequence[PlannedRow] = plan.rows
        headings = plan.matching.headings
        self.columns = (
            TableColumn("number", translate("ImportWindow", "Row"), CellKind.INTEGER, 64),
            TableColumn("verdict", translate("ImportWindow", "Verdict"), CellKind.STATUS, 140),
            TableColumn("reason", translate("ImportWindow", "What to mend"), width=300),
            *(TableColumn(f"cell_{place}", text, width=_COLUMN_WIDTH) for place, text in enumerate(headings)),
        )

    def show_only(self, verdict: Verdict | None) -> None:
        """Only the rows of one verdict; None: all."""
        self.beginResetModel()
        self._rows = [row for row in self._plan.rows if verdict is None or row.verdict is verdict]
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], self.columns[index.column()]
        value = self._value(row, index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return status_text(value) if column.kind is CellKind.STATUS else value
            case Qt.ItemDataRole.ToolTipRole:
                return row.reason or None
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment(column.kind)
        return {KIND_ROLE: column.kind, VALUE_ROLE: value, BOLD_ROLE: False, LEVEL_ROLE: 0}.get(role)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way == Qt.Orientation.Vertical or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].heading
        return alignment(self.columns[section].kind) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _value(self, row: PlannedRow, column: int) -> str:
        if column == 0:
            return str(row.number)
        if column == 1:
            return f"row_{row.verdict.value}"
        if column == 2:
            return row.reason
        place = column - _OWN
        return as_text(row.cells[place]) if place < len(row.cells) else ""


class Preview(QWidget):
    """The rows, and a button for each verdict that leaves only its rows."""

    chosen = Signal(object)  # Verdict or None

    def __init__(self, plan: ImportPlan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = PlannedRows(plan, self)
        self.table = TableView(self)
        self.table.setModel(self.model)
        self.table.lay_out(self.model.columns)
        self.table.setAccessibleName(translate("ImportWindow", "Rows of the file"))
        self.table.setSortingEnabled(False)
        self.buttons: dict[Verdict | None, QToolButton] = {}
        line = QHBoxLayout()
        line.setSpacing(8)
        group = QButtonGroup(self)
        for verdict in (None, *Verdict):
            count = len(plan.rows) if verdict is None else plan.count(verdict)
            word = translate("ImportWindow", "All") if verdict is None else status_text(f"row_{verdict.value}")
            button = QToolButton()
            button.setText(translate("ImportWindow", "{verdict}: {count}").format(verdict=word, count=f"{count:,}"))
            button.setAccessibleName(button.text())
            button.setProperty("chip", True)
            button.setCheckable(True)
            button.setChecked(verdict is None)
            button.setEnabled(bool(count))
            button.clicked.connect(lambda _on=False, verdict=verdict: self.show_only(verdict))
            group.addButton(button)
            line.addWidget(button)
            self.buttons[verdict] = button
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(line)
        layout.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        if plan.count(Verdict.BAD):
            self.show_only(Verdict.BAD)

    def show_only(self, verdict: Verdict | None) -> None:
        """Leaves only the rows of one verdict."""
        self.model.show_only(verdict)
        for one, button in self.buttons.items():
            button.setChecked(one is verdict)
            button.setProperty("active", one is verdict and verdict is not None)
            button.style().unpolish(button)
            button.style().polish(button)
        self.chosen.emit(verdict)
