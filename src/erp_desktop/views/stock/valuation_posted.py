"""The pages of what gave stock another value, once it is posted: each line with what it came to."""

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.queries.valuation import (
    RevaluationRecord,
    StandardCostChangeDetail,
    StandardCostChangeRecord,
    StandardCostLines,
    StockRevaluationDetail,
    StockRevaluationLines,
    WriteDownDetail,
    WriteDownLines,
    WriteDownRecord,
)
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown
from erp_desktop.views.widgets.list_model import ListSpec

if TYPE_CHECKING:
    from decimal import Decimal

    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


def _money(record: "RevaluationRecord | WriteDownRecord | StandardCostChangeRecord", amount: "Decimal") -> str:
    return f"{record.currency} {shown(amount, CellKind.MONEY)}" if record.number else ""


def _opening_products(page: PostedPage, shell: "MainWindow") -> PostedPage:
    page.table.opened.connect(lambda row: shell.open_screen("product", id=row.product_id))
    return page


def stock_revaluation_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    """The figures come from the centre; until then they are empty."""

    def facts(record: RevaluationRecord) -> Facts:
        return (
            (translate("StockRevaluation", "Date"), record.dated_on.isoformat()),
            (translate("StockRevaluation", "Reason"), record.reason),
            (translate("StockRevaluation", "Change of value"), _money(record, record.change)),
        )

    spec = ListSpec(
        (
            TableColumn("product_code", translate("StockRevaluation", "Code"), width=96),
            TableColumn("product_name", translate("StockRevaluation", "Product"), stretches=True),
            TableColumn("warehouse_code", translate("StockRevaluation", "Warehouse"), width=104),
            TableColumn("lot_code", translate("StockRevaluation", "Lot"), width=72),
            TableColumn("qty", translate("StockRevaluation", "On hand"), CellKind.QTY, 76),
            TableColumn("unit_cost", translate("StockRevaluation", "Unit cost"), CellKind.UNIT_COST, 88),
            TableColumn("change", translate("StockRevaluation", "Change"), CellKind.MONEY, 96),
            TableColumn("value_after", translate("StockRevaluation", "Value after"), CellKind.MONEY, 104),
        ),
        partial(StockRevaluationLines, revaluation_id=id),
        tables=StockRevaluationLines.tables,
        name=translate("StockRevaluation", "Lines"),
        sort="line_no",
    )
    seldom = {
        "warehouse_code": lambda record: any(line.warehouse_code for line in record.lines),
        "lot_code": lambda record: any(line.lot_code for line in record.lines),
        "unit_cost": lambda record: any(line.unit_cost is not None for line in record.lines),
    }
    page = PostedPage(desk, shell, "stock_revaluation", id, StockRevaluationDetail, spec, facts, seldom=seldom)
    return _opening_products(page, shell)


def write_down_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    """The figures come from the centre; until then they are empty."""

    def facts(record: WriteDownRecord) -> Facts:
        return (
            (translate("WriteDown", "Date"), record.dated_on.isoformat()),
            (translate("WriteDown", "Reason"), record.reason),
            (translate("WriteDown", "Written down"), _money(record, record.written_down)),
            (translate("WriteDown", "Released to cost of sales"), _money(record, record.released)),
            (translate("WriteDown", "Allowance after"), _money(record, record.allowance)),
        )

    spec = ListSpec(
        (
            TableColumn("product_code", translate("WriteDown", "Code"), width=84),
            TableColumn("product_name", translate("WriteDown", "Product"), stretches=True),
            TableColumn("qty", translate("WriteDown", "On hand"), CellKind.QTY, 78),
            TableColumn("cost", translate("WriteDown", "Cost"), CellKind.MONEY, 86),
            TableColumn("unit_value", translate("WriteDown", "Net value"), CellKind.UNIT_COST, 98),
            TableColumn("released", translate("WriteDown", "Released"), CellKind.MONEY, 78),
            TableColumn("written_down", translate("WriteDown", "Write-down"), CellKind.MONEY, 98),
            TableColumn("allowance", translate("WriteDown", "Allowance"), CellKind.MONEY, 88),
            TableColumn("carrying", translate("WriteDown", "Carried at"), CellKind.MONEY, 88),
        ),
        partial(WriteDownLines, write_down_id=id),
        tables=WriteDownLines.tables,
        name=translate("WriteDown", "Lines"),
        sort="line_no",
    )
    seldom = {"released": lambda record: any(line.released for line in record.lines)}
    page = PostedPage(desk, shell, "write_down", id, WriteDownDetail, spec, facts, seldom=seldom)
    return _opening_products(page, shell)


def standard_cost_change_page(desk: "Desk", shell: "MainWindow", id: UUID) -> PostedPage:
    """The figures come from the centre; until then they are empty."""

    def facts(record: StandardCostChangeRecord) -> Facts:
        return (
            (translate("StandardCostChange", "Effective from"), record.effective_on.isoformat()),
            (translate("StandardCostChange", "Reason"), record.reason),
            (translate("StandardCostChange", "Change of value"), _money(record, record.change)),
        )

    spec = ListSpec(
        (
            TableColumn("product_code", translate("StandardCostChange", "Code"), width=120),
            TableColumn("product_name", translate("StandardCostChange", "Product"), stretches=True),
            TableColumn("unit_cost_before", translate("StandardCostChange", "Before"), CellKind.UNIT_COST, 110),
            TableColumn("unit_cost", translate("StandardCostChange", "New standard"), CellKind.UNIT_COST, 120),
            TableColumn("qty", translate("StandardCostChange", "On hand"), CellKind.QTY, 96),
            TableColumn("change", translate("StandardCostChange", "Change of value"), CellKind.MONEY, 130),
        ),
        partial(StandardCostLines, change_id=id),
        tables=StandardCostLines.tables,
        name=translate("StandardCostChange", "Lines"),
        sort="line_no",
    )
    return _opening_products(
        PostedPage(desk, shell, "standard_cost_change", id, StandardCostChangeDetail, spec, facts), shell
    )
