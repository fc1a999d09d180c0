"""The page of a document that cannot be changed any more: its facts, its lines in the shared table, related documents."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from erp_desktop.queries.base import Query
from erp_desktop.views.documents.kinds import document_text, kind_text
from erp_desktop.views.documents.page import DocumentPage
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Facts = tuple[tuple[str, str], ...]

_IN_A_ROW = 4


class FactsGrid(QWidget):
    """Pairs of a label and what it says, four in a row; those that say nothing are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(6)
        self.facts: Facts = ()

    def show_facts(self, facts: Facts) -> None:
        facts = tuple((label, value) for label, value in facts if value)
        if facts == self.facts:
            return
        self.facts = facts
        while (item := self._grid.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for number, (label, value) in enumerate(facts):
            row, place = divmod(number, _IN_A_ROW)
            name, words = QLabel(label), QLabel(value)
            name.setProperty("tone", "secondary")
            words.setWordWrap(True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.setAccessibleName(f"{label}: {value}")
            pair = QWidget()
            column = QVBoxLayout(pair)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(name)
            column.addWidget(words)
            self._grid.addWidget(pair, row, place, Qt.AlignmentFlag.AlignTop)
        for place in range(_IN_A_ROW):
            self._grid.setColumnStretch(place, 1)


class PostedPage(DocumentPage):
    """`facts(record)` are shown above the lines; `party(record)` beside the number. Columns named in `seldom` are shown where that
    says so of the record."""

    def __init__(
        self,
        desk: "Desk",
        shell: "MainWindow",
        kind: str,
        document_id: UUID,
        query: Callable[[UUID], Query[Any]],
        lines: ListSpec,
        facts: Callable[[Any], Facts],
        party: Callable[[Any], str] = lambda _record: "",
        seldom: Mapping[str, Callable[[Any], bool]] | None = None,
    ) -> None:
        super().__init__(desk, shell, kind, document_id, query)
        self._facts_of, self._party_of, self._seldom = facts, party, seldom or {}
        self.facts = FactsGrid(self)
        self.table = RecordTable(desk, lines, self)
        self.table.filters.hide()  # a document's lines are few
        self._show_columns(lambda _: False)
        self.content.addWidget(self.facts)
        self.content.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        self.set_title(kind_text(kind))
        self.header.name(kind_text(kind))
        self.refresh()

    def show_record(self, record: Any) -> None:
        self.header.name(document_text(self.kind, record.number), self._party_of(record))
        self.header.path.show_path((record.status,), record.status)
        self.header.path.show()
        self.facts.show_facts(self._facts_of(record))
        self._show_columns(lambda is_used: is_used(record))

    def _show_columns(self, is_shown: Callable[[Callable[[Any], bool]], bool]) -> None:
        for place, column in enumerate(self.table.spec.columns):
            if column.name in self._seldom:
                self.table.view.setColumnHidden(place, not is_shown(self._seldom[column.name]))
        self.table.view.arrange()
