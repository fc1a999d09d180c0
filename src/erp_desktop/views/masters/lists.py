"""The lists of master data. Each opens the page of its rows; Ctrl+N makes a new one."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.queries.currencies import ExchangeRates
from erp_desktop.queries.masters import (
    Bins,
    Categories,
    Channels,
    CostCentres,
    Employees,
    Parties,
    PriceLevels,
    Prices,
    Products,
    Units,
    Warehouses,
)
from erp_desktop.views.documents.listed import Dressed
from erp_desktop.views.masters.kinds import METHOD_TEXTS, POOL_TEXTS
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import ListFilter, ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Filters = tuple[tuple[str, Any], ...]
QueryOf = Callable[[ListRequest], Query[ListPage[Any]]]


def active_filter() -> ListFilter:
    choices = ((True, translate("Masters", "Yes")), (False, translate("Masters", "No")))
    return ListFilter("is_active", translate("Masters", "Active"), choices)


def record_list(
    desk: "Desk",
    shell: "MainWindow",
    key: str,
    spec: ListSpec,
    new_text: str,
    permission: str = "master.write",
    import_target: str = "",
) -> ListScreen:
    """A list whose rows open as the screen `key`; New and Import for whoever may."""

    def new() -> None:
        shell.open_screen(key, id=new_id(), is_new=True)

    def take_in() -> None:
        shell.open_screen("import", target=import_target)

    may_write = permission in desk.permissions
    may_import = bool(import_target) and may_write and shell.has_screen("import")
    import_text = translate("Masters", "Import")
    offer = (((new_text, new),) if may_write else ()) + (((import_text, take_in),) if may_import else ())
    screen = ListScreen(desk, spec.name, spec, lambda row: shell.open_screen(key, id=row.id), offer)
    if may_import:
        action = screen.add_command(f"{key}.import", import_text, take_in, "", "import")
        screen.header.add_button(action, "import")
    if may_write:
        action = screen.add_command(f"{key}.new", new_text, new, "Ctrl+N", "plus")
        screen.header.add_button(action, "plus", primary=True)
    return screen


def products_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    spec = ListSpec(
        (
            TableColumn("code", translate("Products", "Code"), width=120),
            TableColumn("name", translate("Products", "Name"), stretches=True),
            TableColumn("category_name", translate("Products", "Category"), width=140),
            TableColumn("list_price", translate("Products", "List price"), CellKind.UNIT_COST),
            TableColumn("on_hand", translate("Products", "On hand"), CellKind.QTY),
            TableColumn("allocated", translate("Products", "Allocated"), CellKind.QTY),
            TableColumn("free", translate("Products", "Free"), CellKind.QTY),
            TableColumn("in_transit", translate("Products", "In transit"), CellKind.QTY),
            TableColumn("unit_code", translate("Products", "Unit"), width=64),
            TableColumn("is_active", translate("Products", "Active"), CellKind.YES_NO),
        ),
        Products,
        filters=(
            active_filter(),
            ListFilter("is_low", translate("Products", "Stock"), ((True, translate("Products", "Below the minimum")),)),
        ),
        first_filters=filters,
        name=translate("Products", "Products"),
        empty_text=translate("Products", "No products yet"),
        search_hint=translate("Products", "Code, name, category, supplier"),
    )
    return record_list(desk, shell, "product", spec, translate("Products", "New product"), import_target="products")


def _parties(request: ListRequest) -> Query[ListPage[Any]]:
    """The role is no column of the list, but which of its columns must be true."""
    role = dict(request.filters).get("role", "")
    rest = tuple((name, value) for name, value in request.filters if name != "role")
    return Parties(replace(request, filters=rest), role=role)


def parties_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    roles = (
        ("supplier", translate("Parties", "Suppliers")),
        ("distributor", translate("Parties", "Distributors")),
        ("consumer", translate("Parties", "Consumers")),
        ("carrier", translate("Parties", "Carriers")),
    )
    spec = ListSpec(
        (
            TableColumn("code", translate("Parties", "Code"), width=120),
            TableColumn("name", translate("Parties", "Name"), stretches=True),
            TableColumn("contact", translate("Parties", "Contact"), width=140),
            TableColumn("phone", translate("Parties", "Telephone"), width=140),
            TableColumn("city", translate("Parties", "City"), width=120),
            TableColumn("country", translate("Parties", "Country"), width=90),
            TableColumn("price_level_name", translate("Parties", "Price level"), width=130),
            TableColumn("payment_days", translate("Parties", "Days"), CellKind.INTEGER),
        ),
        _parties,
        tables=Parties.tables,
        filters=(ListFilter("role", translate("Parties", "Role"), roles), active_filter()),
        first_filters=filters,
        empty_first=translate("Parties", "No suppliers yet") if filters == (("role", "supplier"),) else "",
        name=translate("Parties", "Customers and suppliers"),
        empty_text=translate("Parties", "No customers or suppliers yet"),
        search_hint=translate("Parties", "Code, name, contact, e-mail, telephone, city"),
    )
    return record_list(desk, shell, "party", spec, translate("Parties", "New party"), import_target="distributors")


def suppliers_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    """The same list, opened on the suppliers."""
    return parties_screen(desk, shell, (("role", "supplier"),))


def categories_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    spec = ListSpec(
        (
            *_code_and_name(),
            TableColumn("parent_name", translate("Masters", "Part of"), width=200),
            TableColumn("cost_method", translate("Masters", "Costing method"), width=200),
            TableColumn("cost_pool", translate("Masters", "Costs are kept per"), width=160),
        ),
        lambda request: Dressed(Categories(request), _worded),
        tables=Categories.tables,
        name=translate("Masters", "Categories"),
    )
    text = translate("Masters", "New category")
    return record_list(desk, shell, "category", spec, text, import_target="categories")


def _worded(row: Any) -> Any:
    method = METHOD_TEXTS.get(row.cost_method)
    pool = POOL_TEXTS.get(row.cost_pool)
    return replace(
        row, cost_method=method() if method else row.cost_method, cost_pool=pool() if pool else row.cost_pool
    )


def warehouses_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    spec = ListSpec(
        (
            TableColumn("code", translate("Masters", "Code"), width=140),
            TableColumn("name", translate("Masters", "Name"), width=240),
            TableColumn("address", translate("Masters", "Address"), stretches=True),
            TableColumn("receiving_bin_code", translate("Masters", "Receiving bin"), width=140),
            TableColumn("is_active", translate("Masters", "Active"), CellKind.YES_NO),
        ),
        Warehouses,
        filters=(active_filter(),),
        name=translate("Masters", "Warehouses"),
    )
    text = translate("Masters", "New warehouse")
    return record_list(desk, shell, "warehouse", spec, text, import_target="warehouses")


def bins_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    spec = ListSpec(
        (
            TableColumn("code", translate("Masters", "Code"), width=160),
            TableColumn("warehouse_name", translate("Masters", "Warehouse"), stretches=True),
            TableColumn("zone", translate("Masters", "Zone"), width=160),
            TableColumn("is_active", translate("Masters", "Active"), CellKind.YES_NO),
        ),
        Bins,
        filters=(active_filter(),),
        first_filters=filters,
        name=translate("Masters", "Bins"),
    )
    return record_list(desk, shell, "bin", spec, translate("Masters", "New bin"), import_target="bins")


def channels_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    columns = (*_code_and_name(), TableColumn("is_active", translate("Masters", "Active"), CellKind.YES_NO))
    spec = ListSpec(columns, Channels, name=translate("Masters", "Channels"))
    return record_list(desk, shell, "channel", spec, translate("Masters", "New channel"))


def price_levels_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    spec = ListSpec(_code_and_name(), PriceLevels, name=translate("Masters", "Price levels"))
    return record_list(desk, shell, "price_level", spec, translate("Masters", "New price level"))


def units_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    spec = ListSpec(_code_and_name(), Units, name=translate("Masters", "Units"))
    return record_list(desk, shell, "unit", spec, translate("Masters", "New unit"))


def cost_centres_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    spec = ListSpec(_code_and_name(), CostCentres, name=translate("Masters", "Cost centres"))
    return record_list(desk, shell, "cost_centre", spec, translate("Masters", "New cost centre"))


def prices_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    spec = ListSpec(
        (
            TableColumn("product_code", translate("Prices", "Code"), width=130),
            TableColumn("product_name", translate("Prices", "Product"), stretches=True),
            TableColumn("price_level_name", translate("Prices", "Price level"), width=160),
            TableColumn("from_qty", translate("Prices", "From quantity"), CellKind.QTY, 120),
            TableColumn("from_date", translate("Prices", "From date"), CellKind.DATE, 120),
            TableColumn("unit_price", translate("Prices", "Unit price"), CellKind.UNIT_COST, 120),
        ),
        Prices,
        first_filters=filters,
        name=translate("Prices", "Prices"),
        empty_text=translate("Prices", "No prices yet"),
        search_hint=translate("Prices", "Product, price level"),
    )
    return record_list(desk, shell, "price", spec, translate("Prices", "New price"), import_target="prices")


def exchange_rates_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    spec = ListSpec(
        (
            TableColumn("currency", translate("ExchangeRates", "Currency"), width=120),
            TableColumn("valid_on", translate("ExchangeRates", "From date"), CellKind.DATE, 120),
            TableColumn("rate", translate("ExchangeRates", "Rate"), CellKind.UNIT_COST, 160),
        ),
        ExchangeRates,
        name=translate("ExchangeRates", "Exchange rates"),
        empty_text=translate("ExchangeRates", "No exchange rates yet"),
        empty_detail=translate(
            "ExchangeRates",
            "A rate says what one unit of a foreign currency is worth in company currency from a day on.",
        ),
        search_hint=translate("ExchangeRates", "Currency"),
    )
    text = translate("ExchangeRates", "New exchange rate")
    return record_list(desk, shell, "exchange_rate", spec, text, import_target="exchange_rates")


def employees_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    spec = ListSpec(
        (
            TableColumn("code", translate("Employees", "Code"), width=110),
            TableColumn("name", translate("Employees", "Name"), stretches=True),
            TableColumn("title", translate("Employees", "Job title"), width=200),
            TableColumn("manager_name", translate("Employees", "Manager"), width=180),
            TableColumn("email", translate("Employees", "E-mail"), width=200),
            TableColumn("phone", translate("Employees", "Telephone"), width=140),
            TableColumn("hired_on", translate("Employees", "Hired"), CellKind.DATE),
        ),
        Employees,
        filters=(active_filter(),),
        name=translate("Employees", "Employees"),
        empty_text=translate("Employees", "No employees yet"),
    )
    return record_list(
        desk, shell, "employee", spec, translate("Employees", "New employee"), "people.write", "employees"
    )


def low_stock_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    """Products with less on hand than their minimum."""
    spec = ListSpec(
        (
            TableColumn("code", translate("LowStock", "Code"), width=120),
            TableColumn("name", translate("LowStock", "Name"), stretches=True),
            TableColumn("supplier_name", translate("LowStock", "Usual supplier"), width=220),
            TableColumn("on_hand", translate("LowStock", "On hand"), CellKind.QTY),
            TableColumn("free", translate("LowStock", "Free"), CellKind.QTY),
            TableColumn("minimum_qty", translate("LowStock", "Minimum"), CellKind.QTY),
            TableColumn("maximum_qty", translate("LowStock", "Maximum"), CellKind.QTY),
            TableColumn("unit_code", translate("LowStock", "Unit"), width=64),
        ),
        lambda request: Products(replace(request, filters=(*request.filters, ("is_low", True), ("is_active", True)))),
        tables=Products.tables,
        name=translate("LowStock", "Low stock"),
        empty_text=translate("LowStock", "Nothing is below its minimum"),
        empty_detail=translate("LowStock", "The minimum is set on the page of a product."),
        search_hint=translate("LowStock", "Code, name, supplier"),
    )
    return ListScreen(desk, spec.name, spec, lambda row: shell.open_screen("product", id=row.id))


def _code_and_name() -> tuple[TableColumn, ...]:
    return (
        TableColumn("code", translate("Masters", "Code"), width=160),
        TableColumn("name", translate("Masters", "Name"), stretches=True),
    )
