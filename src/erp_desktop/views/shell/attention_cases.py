"""What needs attention as a person thinks of it: one case for each cause, with what waits behind it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QObject

from erp_desktop.i18n import translate
from erp_desktop.queries.company import CompanyFacts
from erp_desktop.views.shell.about_actions import about
from erp_desktop.views.shell.action_rows import ActionRows
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.widgets.cells import CellKind, TableColumn

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.sync.what_waits import AttentionItem

_MOST_TOLD = 12  # of a case, in one line

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


class CasesModel(ActionRows):
    """The cases, oldest first."""

    def __init__(self, desk: "Desk", parent: QObject | None = None) -> None:
        columns = (
            TableColumn("what", translate("NeedsAttention", "What"), stretches=True),
            TableColumn("status", translate("NeedsAttention", "Status"), CellKind.STATUS, 112),
            TableColumn("held", translate("NeedsAttention", "Behind it"), CellKind.INTEGER, 84),
            TableColumn("since", translate("NeedsAttention", "Since"), CellKind.INSTANT),
            TableColumn("why", translate("NeedsAttention", "What happened")),
        )
        super().__init__(desk, columns, parent)
        self._currency, self._places = "", 2

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.rows

    def show_money(self, company: CompanyFacts) -> None:
        """The currency that amounts are in."""
        self._currency, self._places = company.currency, company.currency_places
        self.layoutChanged.emit()

    def about(self, item: "AttentionItem") -> str:
        """What was typed when `item` was entered, as far as a person knows it by that."""
        return about(item.action, self._currency, self._places)

    def known_by(self, item: "AttentionItem") -> str:
        """The document that `item` is about, and what was typed."""
        return " · ".join(filter(None, (self.document(item.action), self.about(item))))

    def what(self, item: "AttentionItem") -> str:
        """What was to be done and what it is known by, so that two refused entries can be told apart."""
        return " · ".join(filter(None, (action_title(item.name), self.known_by(item))))

    def title(self, case: Case) -> str:
        """What was to be done, how many of it."""
        title = action_title(case.first.name)
        if len(case.items) == 1:
            return title
        return translate("NeedsAttention", "{count} × {what}").format(count=len(case.items), what=title)

    def members(self, case: Case) -> str:
        """What the items of a case are known by, in one line."""
        return "; ".join(filter(None, (self.known_by(item) for item in case.items[:_MOST_TOLD])))

    def value(self, row: Case, name: str) -> Any:
        match name:
            case "what":
                return self.what(row.first) if len(row.items) == 1 else self.title(row)
            case "held":
                return len(row.held) or None
            case "why":
                return why(row.first)
        return getattr(row, name)


def why(item: "AttentionItem") -> str:
    """What happened, in a sentence."""
    if item.sentence:
        return item.sentence
    if item.status == "held":
        return translate("NeedsAttention", "It waits because another change that it builds on was not carried out.")
    return translate("NeedsAttention", "It could not be carried out. Nothing was lost.")
