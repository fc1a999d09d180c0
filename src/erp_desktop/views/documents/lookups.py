"""What the lookups of documents look through, and how a record's names become the item that a lookup holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.numbers import UnitFactor
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.queries.line_units import InLineUnit, UnitChoice, UnitsMeant, UnitsOfProduct
from erp_desktop.queries.lookups import (
    BinLookup,
    CarrierLookup,
    ChannelLookup,
    CustomerLookup,
    PartyLookup,
    ProductChoice,
    ProductLookup,
    ProductsMeant,
    WarehouseLookup,
)
from erp_desktop.queries.lots import LotChoice, LotLookup
from erp_desktop.views.language import current_language
from erp_desktop.views.widgets.cells import cell_value, shown_number
from erp_desktop.views.widgets.lookup import LookupItem, LookupSpec


@dataclass(frozen=True)
class _AsPage:
    """A lookup's answer as the page that a lookup field reads."""

    tables: ClassVar[frozenset[str]] = frozenset()

    query: Query[tuple[Any, ...]]
    limit: int

    def run(self, session: Any, company_id: UUID) -> ListPage[Any]:
        return ListPage(self.query.run(session, company_id)[: self.limit], None, {})


def _page(lookup: Callable[[str], Query[tuple[Any, ...]]], request: ListRequest) -> Query[ListPage[Any]]:
    return _AsPage(lookup(request.search), request.limit)


def _spec(lookup: Callable[..., Query[tuple[Any, ...]]], none_text: str = "") -> LookupSpec:
    return LookupSpec(partial(_page, lookup), fact=lambda row: row.fact, none_text=none_text)


def suppliers() -> LookupSpec:
    none = translate("Lookups", "There are no suppliers yet. The first one is added under Buy, Suppliers.")
    return _spec(partial(PartyLookup, role="supplier"), none)


def parties() -> LookupSpec:
    """Everybody, whatever their role."""
    return _spec(PartyLookup)


def customers() -> LookupSpec:
    """Consumers and distributors."""
    none = translate(
        "Lookups", "There are no customers yet. The first one is added under Sell, Customers and suppliers."
    )
    return _spec(CustomerLookup, none)


def distributors() -> LookupSpec:
    return _spec(partial(PartyLookup, role="distributor"))


def carriers() -> LookupSpec:
    none = translate("Lookups", "There are no carriers yet. A carrier is added under Sell, Customers and suppliers.")
    return _spec(CarrierLookup, none)


def warehouses() -> LookupSpec:
    return _spec(WarehouseLookup)


def channels() -> LookupSpec:
    return _spec(ChannelLookup)


def bins(warehouse_id: UUID | None) -> LookupSpec:
    """The bins of one warehouse."""
    return _spec(partial(BinLookup, warehouse_id=warehouse_id))


def products() -> LookupSpec:
    """Products by code, name or scanned barcode; the fact is what is free to promise in all warehouses."""
    none = translate("Lookups", "There are no products yet. The first one is added under Stock, Products.")
    return LookupSpec(partial(_page, ProductLookup), fact=_free, none_text=none, meant=ProductsMeant)


def _free(row: ProductChoice) -> str:
    return translate("Lookups", "{qty} {unit} free").format(
        qty=shown_number(row.free), unit=cell_value(row, "unit_code")
    )


def units_of(product: LookupItem) -> LookupSpec:
    """The units that `product` is counted in; the fact is what one of them holds."""
    return LookupSpec(
        partial(_page, partial(UnitsOfProduct, product_id=product.id)),
        fact=_holds,
        meant=UnitsMeant,
        key=lambda text: (product.id, text),
    )


def _holds(row: UnitChoice) -> str:
    if row.factor.is_one:
        return translate("Lookups", "stock unit")
    return f"{factor_text(row.factor)} {cell_value(row, 'stock_unit_code')}"


def factor_text(factor: UnitFactor) -> str:
    """How many stock units one of it holds: 24, or 1/3."""
    whole = shown_number(factor.numerator)
    return whole if factor.denominator == 1 else f"{whole}/{shown_number(factor.denominator)}"


def pack_text(line: InLineUnit) -> str:
    """What an order's line was entered as where that is another unit than the stock unit: 2 BOX × 24."""
    if line.factor.is_one:
        return ""
    return f"{shown_number(line.entered_qty or line.qty)} {unit_text(line)}"


def unit_text(line: InLineUnit) -> str:
    """The unit that a part of it was ordered in where that is another than the stock unit: BOX × 24."""
    if line.factor.is_one:
        return ""
    return f"{cell_value(line, 'price_unit')} × {factor_text(line.factor)}"


def in_packs(line: InLineUnit) -> str:
    """A quantity in the unit of its order, where that is another than the stock unit: 2 BOX, or 1 BOX + 7 PC."""
    if line.factor.is_one:
        return ""
    packs, left = line.factor.packs_and_rest(line.qty)
    parts = ((packs, cell_value(line, "price_unit")), (left, cell_value(line, "unit_code")))
    return " + ".join(f"{shown_number(qty)} {unit}" for qty, unit in parts if qty)


def lots(where: Callable[[], Mapping[str, Any]]) -> LookupSpec:
    """Lots in stock, those that are to leave first at the top. `where` says, each time, of which products (`product_ids`)
    and in which warehouse or bin."""

    def query(request: ListRequest) -> Query[ListPage[Any]]:
        return _AsPage(LotLookup(request.search, **where()), request.limit)

    none = translate("Lookups", "There is no lot of this product in stock here.")
    return LookupSpec(query, name="name", fact=_lot_fact, none_text=none)


def _lot_fact(row: LotChoice) -> str:
    free = translate("Lookups", "{qty} {unit}").format(qty=shown_number(row.on_hand), unit=cell_value(row, "unit_code"))
    if row.expires_on is None:
        return free
    return translate("Lookups", "{qty}, expires {day}").format(qty=free, day=row.expires_on.isoformat())


def item(id: UUID | None, code: str | None, name: str | None, name_zh: str | None = None) -> LookupItem | None:
    """The item for a record whose names are at hand, in the language shown now; None for no record."""
    if id is None:
        return None
    shown = name_zh if name_zh and current_language() == "zh_CN" else name
    return LookupItem(id, code or "", shown or "")


def named(record: Any, name: str) -> str:
    """The record that `record` names as `name` (`warehouse`), as a lookup field shows it: code and name."""
    found = item(
        getattr(record, f"{name}_id"),
        getattr(record, f"{name}_code"),
        getattr(record, f"{name}_name"),
        getattr(record, f"{name}_name_zh", None),
    )
    return found.text if found is not None else ""
