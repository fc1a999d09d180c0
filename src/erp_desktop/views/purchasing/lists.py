"""The lists of buying: purchase orders, landed costs; and what is expected at the dock."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from erp_desktop.actions.landed_costs import LANDED_COST_KINDS
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.purchasing import PurchaseOrderStatus
from erp_desktop.queries.base import OneOf
from erp_desktop.queries.purchasing import LandedCosts, PurchaseOrderRow, PurchaseOrders
from erp_desktop.views.documents.kinds import listed_number
from erp_desktop.views.documents.listed import date_filter, document_list, due_filter, opens, status_filter
from erp_desktop.views.purchasing.words import basis_text, kind_of_cost_text
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListFilter, ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

TO_RECEIVE = OneOf((str(PurchaseOrderStatus.CONFIRMED), str(PurchaseOrderStatus.PART_RECEIVED)))


@dataclass(frozen=True)
class PurchaseOrderShown(PurchaseOrderRow):
    """A purchase order in the list: `received` is the fraction of the ordered quantity; a late one has the state "late"."""

    received: Decimal | None


def shown_order(row: PurchaseOrderRow, today: date) -> PurchaseOrderShown:
    """`row` as the list shows it on `today`."""
    is_late = row.status in TO_RECEIVE.values and row.due_on < today
    values: dict[str, Any] = {**vars(row), "number": listed_number(row.number)}
    if is_late:
        values["status"] = "late"
    is_expected = row.status not in (PurchaseOrderStatus.DRAFT, PurchaseOrderStatus.CANCELLED)
    return PurchaseOrderShown(**values, received=row.received_qty / row.qty if row.qty and is_expected else None)


def _order_columns() -> tuple[TableColumn, ...]:
    return (
        TableColumn("number", translate("PurchaseOrders", "Number"), width=160),
        TableColumn("supplier_name", translate("PurchaseOrders", "Supplier"), stretches=True),
        TableColumn("ordered_on", translate("PurchaseOrders", "Ordered"), CellKind.DATE),
        TableColumn("due_on", translate("PurchaseOrders", "Due"), CellKind.DATE),
        TableColumn("status", translate("PurchaseOrders", "Status"), CellKind.STATUS),
        TableColumn("currency", translate("PurchaseOrders", "Currency"), width=80),
        TableColumn("total", translate("PurchaseOrders", "Amount"), CellKind.MONEY, 120),
        TableColumn("received", translate("PurchaseOrders", "Received"), CellKind.PERCENT, 100, is_sortable=False),
    )


def _orders(name: str, empty_text: str, first_filters: tuple[tuple[str, Any], ...]) -> ListSpec:
    today = company_today()
    to_receive = (TO_RECEIVE, translate("PurchaseOrders", "To receive"))
    return document_list(
        PurchaseOrders,
        _order_columns(),
        name=name,
        empty_text=empty_text,
        search_hint=translate("PurchaseOrders", "Number, supplier, reference"),
        filters=(
            status_filter(PurchaseOrderStatus, (to_receive,)),
            due_filter(today),
            date_filter("ordered_on", translate("PurchaseOrders", "Ordered"), today),
        ),
        first_filters=first_filters,
        dress=lambda row: shown_order(row, today),
    )


def purchase_orders_screen(desk: "Desk", shell: "MainWindow", filters: tuple[tuple[str, Any], ...] = ()) -> ListScreen:
    """All purchase orders, newest first."""

    def new() -> None:
        shell.open_screen("purchase_order", id=new_id(), is_new=True)

    spec = _orders(
        translate("PurchaseOrders", "Purchase orders"), translate("PurchaseOrders", "No purchase orders yet"), filters
    )
    may_write = "purchasing.write" in desk.permissions
    new_text = translate("PurchaseOrders", "New purchase order")
    offer: tuple[Any, ...] = ((new_text, new),) if may_write else ()
    screen = ListScreen(desk, spec.name, spec, opens(shell, "purchase_order"), offer)
    if may_write:
        action = screen.add_command("purchase_orders.new", new_text, new, "Ctrl+N", "plus")
        screen.header.add_button(action, "plus", primary=True)
    return screen


def expected_orders_screen(
    desk: "Desk", shell: "MainWindow", filters: tuple[tuple[str, Any], ...] = (("status", TO_RECEIVE),)
) -> ListScreen:
    """Orders whose goods are still to come; Enter counts what arrived."""

    def receive() -> None:
        row = screen.table.current()
        if row is not None:
            shell.open_screen("receive_goods", id=row.id)

    spec = _orders(
        translate("ExpectedOrders", "To receive"), translate("ExpectedOrders", "No goods are expected"), filters
    )
    detail = translate("ExpectedOrders", "Goods can be received once their purchase order is confirmed.")
    spec = replace(spec, empty_first=spec.empty_text, empty_detail=detail)
    may_receive = "goods.receive" in desk.permissions
    kind = "receive_goods" if may_receive else "purchase_order"
    screen = ListScreen(desk, spec.name, spec, opens(shell, kind))
    if may_receive:
        text = translate("ExpectedOrders", "Receive goods")
        action = screen.add_command("expected_orders.receive", text, receive, "Ctrl+Return", "goods_receipt")
        screen.header.add_button(action, "goods_receipt", primary=True)
    return screen


def landed_costs_screen(desk: "Desk", shell: "MainWindow", filters: tuple[tuple[str, Any], ...] = ()) -> ListScreen:
    """Freight, duty, insurance and handling that were added to receipts."""

    def new() -> None:
        shell.open_screen("enter_landed_cost", id=new_id())

    spec = document_list(
        LandedCosts,
        (
            TableColumn("number", translate("LandedCosts", "Number"), width=160),
            TableColumn("kind", translate("LandedCosts", "Kind"), width=110),
            TableColumn("supplier_name", translate("LandedCosts", "Supplier"), stretches=True),
            TableColumn("dated_on", translate("LandedCosts", "Date"), CellKind.DATE),
            TableColumn("basis", translate("LandedCosts", "Shared by"), width=110),
            TableColumn("reference", translate("LandedCosts", "Reference"), width=150),
            TableColumn("status", translate("LandedCosts", "Status"), CellKind.STATUS),
            TableColumn("amount", translate("LandedCosts", "Amount"), CellKind.MONEY, 120),
        ),
        name=translate("LandedCosts", "Landed costs"),
        empty_text=translate("LandedCosts", "No landed costs yet"),
        search_hint=translate("LandedCosts", "Number, supplier, reference"),
        filters=(
            ListFilter(
                "kind",
                translate("LandedCosts", "Kind"),
                tuple((kind, kind_of_cost_text(kind)) for kind in LANDED_COST_KINDS),
            ),
            date_filter("dated_on", translate("LandedCosts", "Date"), company_today()),
        ),
        first_filters=filters,
        dress=_shown_landed_cost,
    )
    may_write = "cost.write" in desk.permissions
    text = translate("LandedCosts", "Enter landed cost")
    screen = ListScreen(desk, spec.name, spec, opens(shell, "landed_cost"), ((text, new),) if may_write else ())
    if may_write:
        action = screen.add_command("landed_costs.new", text, new, "Ctrl+N", "plus")
        screen.header.add_button(action, "plus", primary=True)
    return screen


def _shown_landed_cost(row: Any) -> Any:
    return replace(row, number=listed_number(row.number), kind=kind_of_cost_text(row.kind), basis=basis_text(row.basis))
