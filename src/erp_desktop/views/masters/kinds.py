"""The kinds of master data: the form of each, what its lookups look through, and the action that saves it."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QComboBox

from erp_desktop.actions import exchanging, masters
from erp_desktop.actions.masters import COST_METHODS, COST_POOLS
from erp_desktop.currencies import CURRENCY_PLACES, is_far_off
from erp_desktop.i18n import translate
from erp_desktop.queries.base import Query
from erp_desktop.queries.currencies import ExchangeRates, RateOn
from erp_desktop.queries.details import PartyDetail
from erp_desktop.queries.listing import ListQuery
from erp_desktop.queries.masters import (
    Bins,
    Categories,
    Channels,
    CostCentres,
    Employees,
    PriceLevels,
    Prices,
    Units,
    Warehouses,
)
from erp_desktop.views.documents import lookups
from erp_desktop.views.masters.record_page import OneOfList, RecordKind, RecordPage
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import shown_number
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.lookup import LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

METHOD_TEXTS: dict[str | None, Callable[[], str]] = {
    None: lambda: translate("Masters", "As the cost book says"),
    "fifo": lambda: translate("Masters", "First in, first out"),
    "lifo": lambda: translate("Masters", "Last in, first out"),
    "moving_average": lambda: translate("Masters", "Moving average"),
    "periodic_average": lambda: translate("Masters", "Month-end average"),
    "standard": lambda: translate("Masters", "Standard cost"),
    "specific": lambda: translate("Masters", "Specific cost, by lot"),
}
POOL_TEXTS: dict[str, Callable[[], str]] = {
    "company": lambda: translate("Masters", "Company"),
    "warehouse": lambda: translate("Masters", "Warehouse"),
    "lot": lambda: translate("Masters", "Lot"),
}
TRACKING_TEXTS: dict[str, Callable[[], str]] = {
    "none": lambda: translate("Masters", "No"),
    "lot": lambda: translate("Masters", "By lot"),
    "serial": lambda: translate("Masters", "By serial number"),
}


_USUAL_CURRENCIES = ("USD", "EUR", "JPY", "HKD", "GBP", "CNY")


def _currencies() -> tuple[tuple[Any, str], ...]:
    """The usual ones first."""
    codes = [*_USUAL_CURRENCIES, *(code for code in sorted(CURRENCY_PLACES) if code not in _USUAL_CURRENCIES)]
    return tuple((code, code) for code in codes)


def _of_list(query: type[ListQuery[Any]]) -> Callable[[UUID], Query[Any]]:
    return lambda id: OneOfList(query(), id)


def category_lookup() -> LookupSpec:
    return LookupSpec(Categories)


def unit_lookup() -> LookupSpec:
    return LookupSpec(Units)


def price_level_lookup() -> LookupSpec:
    return LookupSpec(PriceLevels)


def party_kind() -> RecordKind:
    return RecordKind(
        "party_form",
        translate("Masters", "Party"),
        masters.SaveParty,
        PartyDetail,
        lookups={"price_level": price_level_lookup()},
        choices={"currency": (("", translate("Masters", "Company's currency")), *_currencies())},
        tables=PartyDetail.tables,
    )


def category_kind() -> RecordKind:
    methods = tuple((one, METHOD_TEXTS[one]()) for one in (None, *COST_METHODS))
    pools = tuple((one, POOL_TEXTS[one]()) for one in COST_POOLS)
    return RecordKind(
        "category_form",
        translate("Masters", "Category"),
        masters.SaveCategory,
        _of_list(Categories),
        lookups={"parent": category_lookup()},
        choices={"cost_method": methods, "cost_pool": pools},
        tables=Categories.tables,
    )


def unit_kind() -> RecordKind:
    return RecordKind("unit_form", translate("Masters", "Unit"), masters.SaveUnit, _of_list(Units), tables=Units.tables)


def price_level_kind() -> RecordKind:
    return RecordKind(
        "price_level_form",
        translate("Masters", "Price level"),
        masters.SavePriceLevel,
        _of_list(PriceLevels),
        tables=PriceLevels.tables,
    )


def cost_centre_kind() -> RecordKind:
    return RecordKind(
        "cost_centre_form",
        translate("Masters", "Cost centre"),
        masters.SaveCostCentre,
        _of_list(CostCentres),
        tables=CostCentres.tables,
    )


def channel_kind() -> RecordKind:
    return RecordKind(
        "channel_form", translate("Masters", "Channel"), masters.SaveChannel, _of_list(Channels), tables=Channels.tables
    )


def bin_kind() -> RecordKind:
    return RecordKind(
        "bin_form",
        translate("Masters", "Bin"),
        masters.SaveBin,
        _of_list(Bins),
        lookups={"warehouse": lookups.warehouses()},
        tables=Bins.tables,
    )


def warehouse_kind(warehouse_id: UUID) -> RecordKind:
    return RecordKind(
        "warehouse_form",
        translate("Masters", "Warehouse"),
        masters.SaveWarehouse,
        _of_list(Warehouses),
        lookups={"receiving_bin": lookups.bins(warehouse_id)},
        tables=Warehouses.tables,
    )


def price_kind() -> RecordKind:
    return RecordKind(
        "price_form",
        translate("Masters", "Price"),
        masters.SavePrice,
        _of_list(Prices),
        lookups={"product": lookups.products(), "price_level": price_level_lookup()},
        first={"from_qty": 0, "from_date": company_today()},
        tables=Prices.tables,
    )


def exchange_rate_kind() -> RecordKind:
    return RecordKind(
        "exchange_rate_form",
        translate("Masters", "Exchange rate"),
        exchanging.SaveExchangeRate,
        _of_list(ExchangeRates),
        choices={"currency": _currencies()},
        first={"valid_on": company_today()},
        tables=ExchangeRates.tables,
    )


def employee_kind() -> RecordKind:
    return RecordKind(
        "employee_form",
        translate("Masters", "Employee"),
        masters.SaveEmployee,
        _of_list(Employees),
        lookups={"manager": LookupSpec(Employees, fact=lambda row: row.title)},
        permission="people.write",
        tables=Employees.tables,
    )


class CategoryPage(RecordPage):
    """Says what comes of a costing method as soon as it is chosen."""

    def add_more(self) -> None:
        box = self.binder.widget("cost_method")
        if isinstance(box, QComboBox):
            box.currentIndexChanged.connect(lambda _: self._note_method(box.currentData()))

    def _note_method(self, method: str | None) -> None:
        if method == "specific":
            self.binder.set_value("cost_pool", "lot")
        if method == "lifo":
            text = translate(
                "CategoryPage",
                "Last in, first out is not allowed in statutory books (IAS 2.25; Chinese standards). "
                "It may be used where the books are for management only.",
            )
            self.banner.show_sentence("warning", text)
        else:
            self.banner.hide()


class PricePage(RecordPage):
    """A price is called by what it is the price of."""

    def title_of(self, record: Any) -> str:
        return f"{record.product_code} · {record.price_level_code}"


class ExchangeRatePage(RecordPage):
    """Asks back before it saves a rate that is far from the one before."""

    def title_of(self, record: Any) -> str:
        return f"{record.currency} {record.valid_on.isoformat()}"

    def save(self, then: Callable[[], object] | None = None) -> None:
        values = self.read_values()
        if values is None:
            return
        before = RateOn(values["currency"], values["valid_on"])
        when_done(self.desk.ask(before), self, lambda known: self._save_or_ask(values["rate"], known, then))

    def _save_or_ask(self, rate: Decimal, known: Decimal | None, then: Callable[[], object] | None) -> None:
        if known is None or not is_far_off(rate, known):
            super().save(then)
            return
        sentence = translate(
            "ExchangeRatePage",
            "The rate so far is {known}, the new one is {rate}. If the decimal point slipped, go back and correct it.",
        ).format(known=shown_number(known), rate=shown_number(rate))
        anyway = translate("ExchangeRatePage", "Save it all the same")
        self.ask(sentence, anyway, lambda: RecordPage.save(self, then))


_PAGES: dict[str, tuple[Callable[[], RecordKind], type[RecordPage]]] = {
    "category": (category_kind, CategoryPage),
    "unit": (unit_kind, RecordPage),
    "price_level": (price_level_kind, RecordPage),
    "cost_centre": (cost_centre_kind, RecordPage),
    "channel": (channel_kind, RecordPage),
    "bin": (bin_kind, RecordPage),
    "price": (price_kind, PricePage),
    "exchange_rate": (exchange_rate_kind, ExchangeRatePage),
    "employee": (employee_kind, RecordPage),
}


def record_page(
    desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False, first: Any = None, *, key: str
) -> RecordPage:
    """The page of a simple record; `key` says of which kind."""
    kind, page = _PAGES[key]
    return page(desk, shell, kind(), id, is_new=is_new, first=first)
