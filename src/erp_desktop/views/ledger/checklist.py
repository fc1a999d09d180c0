"""The words of the checklist before a period is closed, and the list that each item opens."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.ids import derived_id
from erp_desktop.queries.base import Between, ListPage, ListRequest
from erp_desktop.queries.ledger import JournalLines
from erp_desktop.queries.period_checklist import ChecklistItem, PeriodChecklist, PeriodRecord
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import ListSpec

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow

ITEMS = {
    "earlier_open": QT_TRANSLATE_NOOP("PeriodChecklist", "Earlier periods that are still open"),
    "short_averages": QT_TRANSLATE_NOOP(
        "PeriodChecklist", "Negative stock that keeps a month-end average from being computed"
    ),
    "draft_purchase_orders": QT_TRANSLATE_NOOP("PeriodChecklist", "Draft purchase orders dated in it"),
    "draft_sales_orders": QT_TRANSLATE_NOOP("PeriodChecklist", "Draft sales orders dated in it"),
    "announced_returns": QT_TRANSLATE_NOOP("PeriodChecklist", "Announced customer returns that did not arrive"),
    "not_invoiced": QT_TRANSLATE_NOOP("PeriodChecklist", "Goods receipts whose price no supplier invoice confirms yet"),
    "under_way": QT_TRANSLATE_NOOP(
        "PeriodChecklist", "Shipments under way to customers: they stay goods dispatched until their delivery"
    ),
    "negative_stock": QT_TRANSLATE_NOOP("PeriodChecklist", "Products below zero: sold before they were booked in"),
    "provisional_averages": QT_TRANSLATE_NOOP(
        "PeriodChecklist", "Month-end averages that closing computes; their true-up is posted with it"
    ),
    "waiting_changes": QT_TRANSLATE_NOOP("PeriodChecklist", "Changes of this desk dated in it that wait to be sent"),
    "attention": QT_TRANSLATE_NOOP("PeriodChecklist", "Changes of this desk dated in it that need attention"),
    "allowances": QT_TRANSLATE_NOOP("PeriodChecklist", "Products below cost without a write-down run for this period"),
    "cost_to_serve": QT_TRANSLATE_NOOP(
        "PeriodChecklist", "Rules of cost to serve whose costs of this period are not all shared"
    ),
    "doctor": QT_TRANSLATE_NOOP("PeriodChecklist", "Differences that the doctor finds in the books"),
}


@dataclass(frozen=True)
class ChecklistRow:
    """An item as people read it."""

    id: UUID
    key: str
    state: str
    what: str
    count: int | None
    examples: str


@dataclass(frozen=True)
class ChecklistRows:
    """The checklist in words; the doctor's item at its place once it has answered (`doctor`)."""

    tables: ClassVar[frozenset[str]] = PeriodChecklist.tables

    request: ListRequest
    period_id: UUID
    doctor: ChecklistItem | None = None

    def run(self, session: Any, company_id: UUID) -> ListPage[ChecklistRow]:
        items = PeriodChecklist(self.request, self.period_id).run(session, company_id).rows
        rows = [_row(item) for item in items]
        if self.doctor is None:
            rows.append(
                ChecklistRow(derived_id("checklist", "doctor"), "doctor", "counting", _what("doctor"), None, "")
            )
        else:
            rows.append(_row(self.doctor))
        order = ("blocks", "warns", "counting", "fine")
        rows.sort(key=lambda row: order.index(row.state))
        return ListPage(tuple(rows), len(rows), {})


def _row(item: ChecklistItem) -> ChecklistRow:
    names = (
        (action_title(name) for name in item.examples)
        if item.key in ("waiting_changes", "attention")
        else item.examples
    )
    examples = translate("PeriodChecklist", ", ").join(dict.fromkeys(names))
    if item.count > len(item.examples) > 0:
        examples = translate("PeriodChecklist", "{examples} and more").format(examples=examples)
    return ChecklistRow(item.id, item.key, item.state, _what(item.key), item.count, examples)


def _what(key: str) -> str:
    return translate("PeriodChecklist", ITEMS[key])


def checklist_spec(period_id: UUID, doctor: ChecklistItem | None = None) -> ListSpec:
    """The checklist for the shared table."""
    return ListSpec(
        (
            TableColumn("state", translate("PeriodChecklist", "State"), CellKind.STATUS, 140, is_sortable=False),
            TableColumn("what", translate("PeriodChecklist", "What to look at"), stretches=True, is_sortable=False),
            TableColumn("count", translate("PeriodChecklist", "How many"), CellKind.INTEGER, 90, is_sortable=False),
            TableColumn("examples", translate("PeriodChecklist", "Which"), width=300, is_sortable=False),
        ),
        partial(ChecklistRows, period_id=period_id, doctor=doctor),
        tables=ChecklistRows.tables,
        name=translate("PeriodChecklist", "Checklist"),
    )


def posted_spec(period_id: UUID) -> ListSpec:
    """The lines of the entries that closing the period posted."""
    return ListSpec(
        (
            TableColumn("dated_on", translate("PeriodChecklist", "Date"), CellKind.DATE, 108),
            TableColumn("entry_number", translate("PeriodChecklist", "Entry"), CellKind.INTEGER, 72),
            TableColumn("account_code", translate("PeriodChecklist", "Account"), width=96),
            TableColumn("account_name", translate("PeriodChecklist", "Account name"), stretches=True),
            TableColumn("product_code", translate("PeriodChecklist", "Product"), width=120),
            TableColumn("debit", translate("PeriodChecklist", "Debit"), CellKind.MONEY, 120),
            TableColumn("credit", translate("PeriodChecklist", "Credit"), CellKind.MONEY, 120),
        ),
        partial(_posted_by, period_id),
        tables=JournalLines.tables,
        name=translate("PeriodChecklist", "What closing posted"),
        empty_text=translate("PeriodChecklist", "Closing had nothing to post"),
    )


def _posted_by(period_id: UUID, request: ListRequest) -> JournalLines:
    filters = (*request.filters, ("document_kind", "period"), ("document_id", period_id))
    return JournalLines(replace(request, filters=filters))


def list_behind(shell: "MainWindow", period: PeriodRecord, key: str) -> Callable[[], Any] | None:
    """What opens the list behind an item; None where there is none for this role."""
    within = Between(period.starts_on, period.ends_on)
    below_zero = (("on_hand", Between(None, Decimal("-0.000001"))),)
    screens: dict[str, tuple[str, dict[str, Any]]] = {
        "earlier_open": ("periods", {}),
        "short_averages": ("stock_on_hand", {"filters": below_zero}),
        "negative_stock": ("stock_on_hand", {"filters": below_zero}),
        "draft_purchase_orders": ("purchase_orders", {"filters": (("status", "draft"), ("ordered_on", within))}),
        "draft_sales_orders": ("sales_orders", {"filters": (("status", "draft"), ("ordered_on", within))}),
        "announced_returns": ("customer_returns", {"filters": (("status", "announced"), ("returned_on", within))}),
        "not_invoiced": ("goods_receipts", {"filters": (("received_on", within),)}),
        "under_way": (
            "shipments",
            {"filters": (("is_under_way", True), ("shipped_on", Between(None, period.ends_on)))},
        ),
        "provisional_averages": ("report_inventory_valuation", {"parameters": {"as_of": period.ends_on}}),
        "waiting_changes": ("attention", {}),
        "attention": ("attention", {}),
        "allowances": ("write_downs", {}),
        "cost_to_serve": ("cost_to_serve", {"period_id": period.id}),
    }
    if key not in screens:
        return None
    screen, arguments = screens[key]
    return partial(shell.open_screen, screen, **arguments) if shell.has_screen(screen) else None
