"""The history of one document or record: who did what to it and when, at which computer, and what that changed.

Asked of the centre when it is opened, because the log is kept there alone; offline it says so.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.models.base import replicated_tables
from erp_desktop.views.documents.kinds import record_text
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.shell.words_of_entries import argument_text
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown
from erp_desktop.wire_audit import ChangedField, HistoryRow, HistoryRows, RecordName

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

_TABLES = {"user": "app_user"}  # where a page is called otherwise than the table of its records
_WIDTHS = (190, 220, 300)
_MAY_READ_ALL = frozenset({"admin", "audit.read"})


def table_of_page(kind: str) -> str:
    """The table whose records a page shows; pages of records are called after their form."""
    name = kind.removesuffix("_form")
    return _TABLES.get(name, name)


def has_history(kind: str) -> bool:
    """Whether pages of this kind show a record of a table."""
    return table_of_page(kind) in replicated_tables()


class HistoryPart(QWidget):
    """A line for each thing that was done, newest first, and under it what it changed, field by field."""

    def __init__(self, desk: "Desk", shell: "MainWindow", kind: str, record_id: UUID) -> None:
        super().__init__()
        self._desk, self._shell = desk, shell
        self._kind, self._record_id = table_of_page(kind), record_id
        self._asked = 0
        self.number: str | None = None  # of the document, for the list of everything
        self.sentence = QLabel()
        self.sentence.setProperty("tone", "secondary")
        self.sentence.setWordWrap(True)
        # with its parent from the start: shown without one, it would be a window for a moment and take the keyboard away
        self.all_button = QPushButton(translate("History", "Who did what"), self)
        self.all_button.setAutoDefault(True)
        self.all_button.setToolTip(translate("History", "Refused attempts too, in the list of everything"))
        self.all_button.clicked.connect(self.show_all)
        self.all_button.setVisible(bool(_MAY_READ_ALL & desk.permissions))
        self.list = QTreeWidget()
        self.list.setColumnCount(4)
        self.list.setHeaderLabels(
            [
                translate("History", "When"),
                translate("History", "Who"),
                translate("History", "What"),
                translate("History", "Computer"),
            ]
        )
        self.list.setAccessibleName(translate("History", "History"))
        self.list.setAlternatingRowColors(False)
        for column, width in enumerate(_WIDTHS):
            self.list.setColumnWidth(column, width)
        line = QHBoxLayout()
        line.addWidget(self.sentence, 1)
        line.addWidget(self.all_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.list, 1)
        self.setFocusProxy(self.list)

    def refresh(self) -> None:
        """Asks the centre anew."""
        self._asked += 1
        asked = self._asked
        if not self.list.topLevelItemCount():
            self.sentence.setText(translate("History", "The central service is asked ..."))
        found = self._desk.administration.audits.history(self._kind, self._record_id)
        when_done(found, self, lambda rows: self._show(rows) if asked == self._asked else None, self._refused)

    def show_all(self) -> None:
        """Everything about this record, refused attempts too."""
        self._shell.open_screen("audit", about=(self._kind, self._record_id, self.number))

    def _show(self, found: HistoryRows) -> None:
        self.list.clear()
        for row in found.rows:
            item = QTreeWidgetItem(_cells(row))
            self.list.addTopLevelItem(item)
            for change in row.changes:
                child = QTreeWidgetItem([change_text(change, found.names)])
                child.setToolTip(0, child.text(0))
                item.addChild(child)
                child.setFirstColumnSpanned(True)
            item.setExpanded(True)
        newest = self.list.topLevelItem(0)
        if newest is not None:
            self.list.setCurrentItem(newest)
        self.sentence.setText(_summary(found))

    def _refused(self, refused: Refused) -> None:
        self.list.clear()
        self.sentence.setText(refused.problem.sentence)


def change_text(change: ChangedField, names: dict[str, RecordName]) -> str:
    """What changed, in words: Due on: 2026-03-01 -> 2026-03-05."""
    was, now = _value(change.was, names), _value(change.now, names)
    product = _value(change.product, names) if change.product else ""
    if change.what == "added":
        return translate("History", "Line added: {qty} of {product}").format(qty=now, product=product)
    if change.what == "removed":
        return translate("History", "Line removed: {qty} of {product}").format(qty=was, product=product)
    field = argument_text(change.field)
    if product:
        return translate("History", "{product}, {field}: {was} → {now}").format(
            product=product, field=field, was=was, now=now
        )
    return translate("History", "{field}: {was} → {now}").format(field=field, was=was, now=now)


def _cells(row: HistoryRow) -> list[str]:
    what = action_title(row.what)
    if row.record is not None:
        made = record_text(row.record.kind, row.record.number, row.record.name, row.record.name_zh)
        what = translate("History", "{action}: {record}").format(action=what, record=made)
    return [shown(row.at, CellKind.INSTANT), row.person, what, row.computer]


def _value(value: Any, names: dict[str, RecordName]) -> str:
    if isinstance(value, bool):
        return translate("Table", "Yes") if value else translate("Table", "No")
    if isinstance(value, list):
        return ", ".join(_value(one, names) for one in value) or translate("History", "(empty)")
    if value in (None, ""):
        return translate("History", "(empty)")
    known = names.get(str(value))
    if known is None:
        return str(value)
    return " ".join(filter(None, (known.number, cell_value(known, "name"))))


def _summary(found: HistoryRows) -> str:
    if not found.rows:
        return translate("History", "Nothing was done to this yet that the central service knows of.")
    if found.has_older:
        return translate("History", "The last {count} things that were done.").format(count=len(found.rows))
    if len(found.rows) == 1:
        return translate("History", "One thing was done to this.")
    return translate("History", "{count} things were done to this.").format(count=len(found.rows))
