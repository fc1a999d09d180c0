"""The lists of selling: sales orders, sales invoices; and what is to be shipped."""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.sales import SalesOrderStatus
from erp_desktop.queries.base import OneOf
from erp_desktop.queries.selling import SalesInvoices, SalesOrderRow, SalesOrders
from erp_desktop.views.documents.kinds import listed_number
from erp_desktop.views.documents.listed import date_filter, document_list, due_filter, opens, status_filter
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListFilter, ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

TO_SHIP = OneOf((str(SalesOrderStatus.CONFIRMED), str(SalesOrderStatus.ALLOCATED), str(SalesOrderStatus.PART_SHIPPED)))


def shown_order(row: SalesOrderRow, today: date) -> SalesOrderRow:
    """`row` as the list shows it on `today`: a late one has the state "late", one for nobody by name its distributor."""
    is_late = row.status in TO_SHIP.values and row.due_on < today
    return replace(row, number=listed_number(row.number), status="late" if is_late else row.status)


def _orders(name: str, empty_text: str, first_filters: tuple[tuple[str, Any], ...]) -> ListSpec:
    today = company_today()
    to_ship = (TO_SHIP, translate("SalesOrders", "To ship"))
    priorities = tuple((number, str(number)) for number in range(1, 6))
    return document_list(
        SalesOrders,
        (
            TableColumn("number", translate("SalesOrders", "Number"), width=126),
            TableColumn("channel_name", translate("SalesOrders", "Channel"), width=120),
            TableColumn("customer_name", translate("SalesOrders", "Customer"), stretches=True),
            TableColumn("priority", translate("SalesOrders", "Priority"), CellKind.INTEGER, 84),
            TableColumn("ordered_on", translate("SalesOrders", "Ordered"), CellKind.DATE, 98),
            TableColumn("due_on", translate("SalesOrders", "Due"), CellKind.DATE, 98),
            TableColumn("status", translate("SalesOrders", "Status"), CellKind.STATUS, 142),
            TableColumn("currency", translate("SalesOrders", "Currency"), width=80),
            TableColumn("total", translate("SalesOrders", "Amount"), CellKind.MONEY, 106),
        ),
        name=name,
        empty_text=empty_text,
        search_hint=translate("SalesOrders", "Number, customer, distributor"),
        filters=(
            status_filter(SalesOrderStatus, (to_ship,)),
            due_filter(today),
            ListFilter("priority", translate("SalesOrders", "Priority"), priorities),
        ),
        first_filters=first_filters,
        dress=lambda row: shown_order(row, today),
    )


def sales_orders_screen(desk: "Desk", shell: "MainWindow", filters: tuple[tuple[str, Any], ...] = ()) -> ListScreen:
    """All sales orders of every channel, newest first."""

    def new() -> None:
        shell.open_screen("sales_order", id=new_id(), is_new=True)

    def import_orders() -> None:
        shell.open_screen("import", target="channel-orders")

    spec = _orders(translate("SalesOrders", "Sales orders"), translate("SalesOrders", "No sales orders yet"), filters)
    may_write = "sales.write" in desk.permissions
    new_text = translate("SalesOrders", "New sales order")
    offer: tuple[Any, ...] = ((new_text, new),) if may_write else ()
    if may_write and shell.has_screen("import"):
        offer += ((translate("SalesOrders", "Import"), import_orders),)
    screen = ListScreen(desk, spec.name, spec, opens(shell, "sales_order"), offer)
    if may_write and shell.has_screen("import"):
        imports = screen.add_command(
            "sales_orders.import", translate("SalesOrders", "Import"), import_orders, "", "import"
        )
        screen.header.add_button(imports, "import")
    if may_write:
        action = screen.add_command("sales_orders.new", new_text, new, "Ctrl+N", "plus")
        screen.header.add_button(action, "plus", primary=True)
    return screen


def orders_to_ship_screen(
    desk: "Desk", shell: "MainWindow", filters: tuple[tuple[str, Any], ...] = (("status", TO_SHIP),)
) -> ListScreen:
    """Orders that are still to leave the house; Enter packs one."""

    def ship() -> None:
        row = screen.table.current()
        if row is not None:
            shell.open_screen("ship_order", id=row.id)

    spec = _orders(
        translate("OrdersToShip", "To ship"), translate("OrdersToShip", "Nothing is waiting to be shipped"), filters
    )
    detail = translate("OrdersToShip", "An order can be shipped once it is confirmed.")
    spec = replace(spec, empty_first=spec.empty_text, empty_detail=detail)
    may_ship = "goods.ship" in desk.permissions
    screen = ListScreen(desk, spec.name, spec, opens(shell, "ship_order" if may_ship else "sales_order"))
    if may_ship:
        text = translate("OrdersToShip", "Ship")
        action = screen.add_command("orders_to_ship.ship", text, ship, "Ctrl+Return", "shipment")
        screen.header.add_button(action, "shipment", primary=True)
    return screen


def sales_invoices_screen(desk: "Desk", shell: "MainWindow", filters: tuple[tuple[str, Any], ...] = ()) -> ListScreen:
    """All sales invoices, newest first."""
    spec = document_list(
        SalesInvoices,
        (
            TableColumn("number", translate("SalesInvoices", "Number"), width=160),
            TableColumn("order_number", translate("SalesInvoices", "Order"), width=150),
            TableColumn("customer_name", translate("SalesInvoices", "Customer"), stretches=True),
            TableColumn("invoiced_on", translate("SalesInvoices", "Date"), CellKind.DATE),
            TableColumn("due_on", translate("SalesInvoices", "Due"), CellKind.DATE),
            TableColumn("status", translate("SalesInvoices", "Status"), CellKind.STATUS),
            TableColumn("currency", translate("SalesInvoices", "Currency"), width=80),
            TableColumn("total", translate("SalesInvoices", "Amount"), CellKind.MONEY, 120),
        ),
        name=translate("SalesInvoices", "Sales invoices"),
        empty_text=translate("SalesInvoices", "No sales invoices yet"),
        empty_detail=translate("SalesInvoices", "An invoice is made from what was shipped of a sales order."),
        search_hint=translate("SalesInvoices", "Number, order, customer"),
        filters=(date_filter("invoiced_on", translate("SalesInvoices", "Date"), company_today()),),
        first_filters=filters,
    )
    return ListScreen(desk, spec.name, spec, opens(shell, "sales_invoice"))
