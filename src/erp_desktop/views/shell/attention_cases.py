"""What needs attention as a person thinks of it: one case for each cause, with what waits behind it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from erp_desktop.i18n import translate
from erp_desktop.queries.company import CompanyFacts
from erp_desktop.views.shell.about_actions import about
from erp_desktop.views.shell.action_titles import action_title, document_of
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown
from erp_desktop.views.widgets.list_model import KIND_ROLE, VALUE_ROLE, alignment

if TYPE_CHECKING:
    from erp_desktop.sync.what_waits import AttentionItem

Index = QModelIndex | QPersistentModelIndex

_ONE_CAUSE = {  # refusals that hit many alike: the places of the sentence that make it the same cause
    "failed_here": ("detail",),
    "fault": ("action",),
    "malformed": (),
    "no_exchange_rate": ("currency", "day"),
    "no_period": (),
    "not_a_carrier": ("party",),
    "not_a_customer": ("party",),
    "not_a_supplier": ("party",),
    "not_enough_free": ("product", "warehouse"),
    "not_found": ("kind",),
    "not_permitted": ("permission",),
    "other_warehouse": ("other",),
    "period_closed": ("open_from",),
    "product_inactive": ("product",),
    "unknown_here": ("name",),
}


@dataclass(frozen=True)
class Case:
    """One cause: the items that it hit, all of one kind, oldest first, and what is held because of them."""

    items: "tuple[AttentionItem, ...]"
    held: "tuple[AttentionItem, ...]"

    @property
    def first(self) -> "AttentionItem":
        return self.items[0]

    @property
    def status(self) -> str:
        return self.first.status

    @property
    def since(self) -> datetime:
        return self.first.since


def cases_of(items: "Sequence[AttentionItem]") -> tuple[Case, ...]:
    """The causes in the order of their oldest item. What is held stands with the first cause that holds it."""
    causes: dict[object, list[AttentionItem]] = defaultdict(list)
    key_of: dict[UUID, object] = {}
    held: dict[object, list[AttentionItem]] = defaultdict(list)
    for item in items:
        behind = next((key_of[needed] for needed in item.depends if needed in key_of), None)
        if item.status == "held" and behind is not None:
            key_of[item.id] = behind
            held[behind].append(item)
            continue
        shared = _ONE_CAUSE.get(item.code)
        key: object = item.id
        if shared is not None:
            key = (item.name, item.status, item.code, *(item.fields.get(place, "") for place in shared))
        key_of[item.id] = key
        causes[key].append(item)
    return tuple(Case(tuple(found), tuple(held[key])) for key, found in causes.items())


class CasesModel(QAbstractTableModel):
    """The cases, oldest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cases: tuple[Case, ...] = ()
        self._currency, self._places = "", 2
        self._documents: dict[tuple[str, UUID], str] = {}
        self.columns = (
            TableColumn("what", translate("NeedsAttention", "What"), stretches=True),
            TableColumn("status", translate("NeedsAttention", "Status"), CellKind.STATUS, 112),
            TableColumn("held", translate("NeedsAttention", "Behind it"), CellKind.INTEGER, 84),
            TableColumn("since", translate("NeedsAttention", "Since"), CellKind.INSTANT),
        )

    def show_money(self, company: CompanyFacts) -> None:
        """The currency that amounts are in."""
        self._currency, self._places = company.currency, company.currency_places
        self.layoutChanged.emit()

    def name_document(self, document: tuple[str, UUID], name: str) -> None:
        """What the document is called that items are about."""
        if self._documents.get(document) != name:
            self._documents[document] = name
            self.layoutChanged.emit()

    def about(self, item: "AttentionItem") -> str:
        """What was typed when `item` was entered, as far as a person knows it by that."""
        return about(item.action, self._currency, self._places)

    def document(self, item: "AttentionItem") -> str:
        """What the document is called that `item` is about, once that is known."""
        named = document_of(item.action)
        return self._documents.get(named, "") if named is not None else ""

    def what(self, item: "AttentionItem") -> str:
        """What was to be done and what it is known by, so that two refused entries can be told apart."""
        return " · ".join(filter(None, (action_title(item.name), self.document(item), self.about(item))))

    def title(self, case: Case) -> str:
        if len(case.items) == 1:
            return self.what(case.first)
        return translate("NeedsAttention", "{count} × {what}").format(
            count=len(case.items), what=action_title(case.first.name)
        )

    def show_cases(self, cases: tuple[Case, ...]) -> None:
        self.beginResetModel()
        self.cases = cases
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.cases)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

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
        value = self._value(self.cases[index.row()], column.name)
        return value if role == VALUE_ROLE else shown(value, column.kind)

    def _value(self, case: Case, name: str) -> Any:
        if name == "what":
            return self.title(case)
        if name == "held":
            return len(case.held) or None
        return getattr(case, name)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way == Qt.Orientation.Vertical or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.heading
        return alignment(column.kind) if role == Qt.ItemDataRole.TextAlignmentRole else None
