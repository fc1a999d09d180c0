"""The rules by which costs are shared, and the storage rates of the warehouses."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from erp_desktop.i18n import translate
from erp_desktop.queries.serving_rules import CostToServeRuleRow, CostToServeRules, StorageRates
from erp_desktop.views.documents.listed import Dressed
from erp_desktop.views.masters.lists import active_filter, record_list
from erp_desktop.views.serving.words import KINDS, driver_text, kind_text, purpose_text
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import ListFilter, ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Filters = tuple[tuple[str, Any], ...]


def worded(row: Any) -> Any:
    """A row with its kind, purpose and driver in words."""
    return replace(row, kind=kind_text(row.kind), purpose=purpose_text(row.purpose), driver=driver_text(row.driver))


def rules_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """Which costs of the ledger are shared, and by what."""
    dress: Callable[[CostToServeRuleRow], CostToServeRuleRow] = worded
    spec = ListSpec(
        (
            TableColumn("kind", translate("CostToServe", "Kind of cost"), width=160),
            TableColumn("purpose", translate("CostToServe", "Costs of"), stretches=True),
            TableColumn("cost_centre_name", translate("CostToServe", "Cost centre"), width=180),
            TableColumn("driver", translate("CostToServe", "Shared by"), width=200),
            TableColumn("is_active", translate("CostToServe", "Active"), CellKind.YES_NO),
        ),
        lambda request: Dressed(CostToServeRules(request), dress),
        tables=CostToServeRules.tables,
        filters=(
            ListFilter("kind", translate("CostToServe", "Kind of cost"), tuple((one, kind_text(one)) for one in KINDS)),
            active_filter(),
        ),
        first_filters=filters,
        name=translate("CostToServe", "Rules of cost to serve"),
        empty_text=translate("CostToServe", "No rules yet"),
        search_hint=translate("CostToServe", "Cost centre"),
    )
    return record_list(desk, shell, "cost_to_serve_rule", spec, translate("CostToServe", "New rule"), "cost.write")


def storage_rates_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """What a cubic metre costs a day, by warehouse, the latest first."""
    spec = ListSpec(
        (
            TableColumn("warehouse_code", translate("CostToServe", "Warehouse"), width=140),
            TableColumn("warehouse_name", translate("CostToServe", "Name"), stretches=True),
            TableColumn("valid_from", translate("CostToServe", "Valid from"), CellKind.DATE, 130),
            TableColumn("rate", translate("CostToServe", "Rate per m³ and day"), CellKind.UNIT_COST, 180),
        ),
        StorageRates,
        first_filters=filters,
        name=translate("CostToServe", "Storage rates"),
        empty_text=translate("CostToServe", "No storage rates yet"),
        empty_detail=translate(
            "CostToServe", "With a rate per warehouse, storage at standard stands beside what it really cost."
        ),
        search_hint=translate("CostToServe", "Warehouse"),
    )
    return record_list(desk, shell, "storage_rate", spec, translate("CostToServe", "New storage rate"), "cost.write")
