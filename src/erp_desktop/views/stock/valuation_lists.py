"""The lists of what gave stock another value: revaluations, write-downs, standard costs and their history."""

from functools import partial
from typing import TYPE_CHECKING, Any

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.queries.standard_costs import StandardCosts
from erp_desktop.queries.valuation import StandardCostLines, StockRevaluations, WriteDowns
from erp_desktop.views.documents.listed import date_filter, document_list, opens
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Filters = tuple[tuple[str, Any], ...]


def stock_revaluations_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All revaluations, newest first."""
    spec = document_list(
        StockRevaluations,
        (
            TableColumn("number", translate("StockRevaluations", "Number"), width=170),
            TableColumn("dated_on", translate("StockRevaluations", "Date"), CellKind.DATE),
            TableColumn("reason", translate("StockRevaluations", "Reason"), stretches=True),
            TableColumn("status", translate("StockRevaluations", "Status"), CellKind.STATUS),
            TableColumn("change", translate("StockRevaluations", "Change of value"), CellKind.MONEY, 150),
        ),
        name=translate("StockRevaluations", "Stock revaluations"),
        empty_text=translate("StockRevaluations", "No stock was revalued yet"),
        search_hint=translate("StockRevaluations", "Number, reason"),
        filters=(date_filter("dated_on", translate("StockRevaluations", "Date"), company_today()),),
        first_filters=filters,
    )
    text = translate("StockRevaluations", "Revalue stock")
    return _with_new(desk, shell, spec, "stock_revaluation", "revalue_stock", text)


def write_downs_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All write-downs to net realisable value, newest first."""
    spec = document_list(
        WriteDowns,
        (
            TableColumn("number", translate("WriteDowns", "Number"), width=170),
            TableColumn("dated_on", translate("WriteDowns", "Date"), CellKind.DATE),
            TableColumn("reason", translate("WriteDowns", "Reason"), stretches=True),
            TableColumn("status", translate("WriteDowns", "Status"), CellKind.STATUS),
            TableColumn("written_down", translate("WriteDowns", "Written down"), CellKind.MONEY, 130),
            TableColumn("released", translate("WriteDowns", "Released"), CellKind.MONEY, 120),
            TableColumn("allowance", translate("WriteDowns", "Allowance after"), CellKind.MONEY, 140),
        ),
        name=translate("WriteDowns", "Write-downs"),
        empty_text=translate("WriteDowns", "No stock was written down yet"),
        search_hint=translate("WriteDowns", "Number, reason"),
        filters=(date_filter("dated_on", translate("WriteDowns", "Date"), company_today()),),
        first_filters=filters,
    )
    text = translate("WriteDowns", "Write stock down")
    return _with_new(desk, shell, spec, "write_down", "write_stock_down", text)


def _with_new(desk: "Desk", shell: "MainWindow", spec: ListSpec, document: str, form: str, text: str) -> ListScreen:
    def new() -> None:
        shell.open_screen(form, id=new_id())

    may_write = "cost.write" in desk.permissions
    screen = ListScreen(desk, spec.name, spec, opens(shell, document), ((text, new),) if may_write else ())
    if may_write:
        screen.header.add_button(screen.add_command(f"{form}.new", text, new, "Ctrl+N", "plus"), "plus", primary=True)
    return screen


def standard_costs_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """Products with a standard cost; Enter shows the standards a product had."""

    def new() -> None:
        row = screen.table.current()
        shell.open_screen("set_standard_cost", id=new_id(), products=(row.id,) if row is not None else ())

    def history(*narrowed: tuple[str, Any]) -> None:
        shell.open_screen("standard_cost_history", filters=narrowed)

    spec = ListSpec(
        (
            TableColumn("code", translate("StandardCosts", "Code"), width=130),
            TableColumn("name", translate("StandardCosts", "Product"), stretches=True),
            TableColumn("unit_code", translate("StandardCosts", "Unit"), width=64),
            TableColumn("standard", translate("StandardCosts", "Standard cost"), CellKind.UNIT_COST, 130),
            TableColumn("effective_on", translate("StandardCosts", "Since"), CellKind.DATE),
            TableColumn("on_hand", translate("StandardCosts", "On hand"), CellKind.QTY),
            TableColumn("value", translate("StandardCosts", "Value"), CellKind.MONEY, 120),
        ),
        partial(StandardCosts, with_standard_only=True),
        tables=StandardCosts.tables,
        first_filters=filters,
        name=translate("StandardCosts", "Standard costs"),
        empty_text=translate("StandardCosts", "No product has a standard cost yet"),
        empty_detail=translate(
            "StandardCosts", "One is set here, or is what the first receipt cost in a book at standard."
        ),
        search_hint=translate("StandardCosts", "Code, name"),
    )
    screen = ListScreen(desk, spec.name, spec, lambda row: history(("product_id", row.id)))
    text = translate("StandardCosts", "History")
    screen.header.add_button(screen.add_command("standard_costs.history", text, history, "", "clock"), "clock")
    if "cost.write" in desk.permissions:
        text = translate("StandardCosts", "Set standard costs")
        screen.header.add_button(
            screen.add_command("standard_costs.set", text, new, "Ctrl+N", "plus"), "plus", primary=True
        )
    return screen


def standard_cost_history_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """Every standard that was ever set, newest first; Enter opens the document that set it."""
    spec = document_list(
        StandardCostLines,
        (
            TableColumn("effective_on", translate("StandardCostHistory", "From"), CellKind.DATE),
            TableColumn("product_code", translate("StandardCostHistory", "Code"), width=92),
            TableColumn("product_name", translate("StandardCostHistory", "Product"), stretches=True),
            TableColumn("unit_cost_before", translate("StandardCostHistory", "Before"), CellKind.UNIT_COST, 100),
            TableColumn("unit_cost", translate("StandardCostHistory", "Standard cost"), CellKind.UNIT_COST, 116),
            TableColumn("change", translate("StandardCostHistory", "Change of value"), CellKind.MONEY, 124),
            TableColumn("reason", translate("StandardCostHistory", "Reason"), width=150),
            TableColumn("number", translate("StandardCostHistory", "Number"), width=124),
        ),
        name=translate("StandardCostHistory", "Standard cost history"),
        empty_text=translate("StandardCostHistory", "No standard cost was set yet"),
        search_hint=translate("StandardCostHistory", "Product, number, reason"),
        filters=(date_filter("effective_on", translate("StandardCostHistory", "From"), company_today()),),
        first_filters=filters,
    )
    return ListScreen(desk, spec.name, spec, lambda row: shell.open_screen("standard_cost_change", id=row.change_id))
