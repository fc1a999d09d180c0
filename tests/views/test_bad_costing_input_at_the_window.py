"""Bad input of costing typed at the window: the form says what is wrong and keeps what was typed, and nothing is posted."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from trading_house import Trade, button, column_of, trade

from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.ids import new_id
from erp_desktop.models.base import replicated_tables
from erp_desktop.models.ledger import Period
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.standard_costs import StandardCosts
from erp_desktop.views.widgets.lookup import LookupSpec

__all__ = ["trade"]

DAY = "2026-03-20"
NO_NUMBERS = (("NaN", "NaN is not a number"), ("9" * 38, "is too large to be kept"), ("1e400", "1e400 is not a number"))


class House:
    """A company with 10 of BX-204 received and 4 of them shipped, and its forms open at the window."""

    def __init__(self, trade: Trade) -> None:
        self.trade = trade
        company = trade.company
        company.product("BX-204", "standard")
        self.receipt = company.stock("BX-204", "10", "3.00")
        order = company.sales_order(("BX-204", "4", "9.00"))
        company.allocate(order)
        self.shipment = company.ship(order, "4")
        trade.hear_news()

    def form(self, key: str, id: UUID | None = None, **args: Any) -> Any:
        page = self.trade.open(key, id=id or new_id(), **args)
        self.trade.wait(lambda: page.grid.model_of_lines.rowCount() > 0)
        return page

    def standards(self) -> Any:
        page = self.form("set_standard_cost")
        self.trade.type(page, "effective_on", DAY)
        self.trade.type(page, "reason", "New plan")
        (product,) = self.trade.ask(StandardCosts(ListRequest())).rows
        put(page, "product", LookupSpec(StandardCosts).item(product))
        return page

    def write_down(self) -> Any:
        page = self.form("write_stock_down")
        self.trade.type(page, "dated_on", DAY)
        return page

    def corrected_price(self) -> Any:
        return self.form("correct_price", self.receipt)

    def supplier_return(self) -> Any:
        return self.form("return_to_supplier", self.receipt)

    def customer_return(self) -> Any:
        return self.form("take_in_return", self.shipment)

    def landed_cost(self) -> Any:
        page = self.trade.open("enter_landed_cost", id=new_id(), receipts=(self.receipt,))
        self.trade.wait(lambda: page.shares.grid.model_of_lines.rowCount() == 1)
        return page


def put(page: Any, column: str, typed: Any) -> None:
    """Puts what was typed, or chosen, into a cell of the first line."""
    model = page.grid.model_of_lines
    if isinstance(typed, str):
        model.setData(model.index(0, column_of(page.grid, column)), typed)
    else:
        model.change({(0, column_of(page.grid, column)): typed})


Form = tuple[
    Callable[[House], Any], str, str, tuple[tuple[str, str], ...]
]  # how it opens, its cell, its verb, what is bad
FORMS: dict[str, Form] = {
    "a standard cost": (
        House.standards,
        "unit_cost",
        "Set standard costs",
        (*NO_NUMBERS, ("0", "The standard cost 0 of BX-204 must be above zero"), ("-1", "standard cost -1 of BX-204")),
    ),
    "a net value": (House.write_down, "unit_value", "Write down", (*NO_NUMBERS, ("-1", "-1 may not be below zero"))),
    "a corrected price": (
        House.corrected_price,
        "unit_price",
        "Correct the price",
        (*NO_NUMBERS, ("-1", "-1 may not")),
    ),
    "what goes back": (
        House.supplier_return,
        "counted",
        "",
        (*NO_NUMBERS, ("11", "11 of BX-204 are to go back, but only 10"), ("-1", "-1 of BX-204")),
    ),
    "what came back": (House.customer_return, "counted", "", (*NO_NUMBERS, ("5", "5 of BX-204 came back, but only 4"))),
}


@pytest.mark.parametrize("what", FORMS)
def test_a_bad_number_is_said_by_the_form_and_nothing_is_posted(trade: Trade, what: str) -> None:
    opens, cell, verb, bad = FORMS[what]
    page = opens(House(trade))
    before = rows_at_the_centre(trade)
    for typed, expected in bad:
        put(page, cell, typed)
        refused(trade, page, expected, verb)
    assert rows_at_the_centre(trade) == before


def test_a_bad_amount_of_a_landed_cost_is_said_at_its_field(trade: Trade) -> None:
    page = House(trade).landed_cost()
    before = rows_at_the_centre(trade)
    for typed, expected in (*NO_NUMBERS, ("-5", "-5 is below zero"), ("0", "The amount 0 must be above zero")):
        trade.type(page, "amount", typed)
        refused(trade, page, expected)
    trade.type(page, "amount", "10")
    page.binder.set_value("basis", "manual")
    shares = page.shares.grid
    shares.model_of_lines.change({(0, column_of(shares, "share")): "-3"})
    refused(trade, page, "-3 may not be below zero")
    assert page.binder.problem_of("amount") == ""  # it is the share's
    assert shares.currentIndex().column() == column_of(shares, "share")
    assert rows_at_the_centre(trade) == before


def test_a_date_in_a_closed_period_is_said_at_its_field(trade: Trade) -> None:
    page = House(trade).write_down()
    with trade.company.session() as session:
        closing = session.scalars(select(Period.id).where(Period.starts_on <= date(2026, 1, 15)).limit(1)).one()
    trade.company.perform(ClosePeriod(closing))
    trade.hear_news()
    put(page, "unit_value", "2")
    trade.type(page, "dated_on", "2026-01-15")
    before = rows_at_the_centre(trade)
    refused(trade, page, "2026-01-15 is in a closed period, so nothing was posted", "Write down")
    assert page.binder.problem_of("dated_on")
    assert rows_at_the_centre(trade) == before


def refused(trade: Trade, page: Any, expected: str, verb: str = "") -> None:
    """Tries to post what was typed, and agrees to `verb` where the page asks; it says why not and keeps what was typed."""
    page.save()
    trade.wait(lambda: expected in said(page) or (bool(verb) and button(page.banner, verb) is not None))
    if verb and (asked := button(page.banner, verb)) is not None:
        asked.click()
    trade.wait(lambda: expected in said(page))
    assert trade.page is page
    assert page.is_dirty


def said(page: Any) -> str:
    """All that a form says is wrong."""
    bar = page.binder.bar
    return "" if bar.isHidden() else " ".join([bar.accessibleName(), *(link.text() for link in bar.links())])


def rows_at_the_centre(trade: Trade) -> dict[str, int]:
    """How many rows there are of every table that business fills."""
    assert trade.desk.sync_state.waiting == 0
    with trade.company.session() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in replicated_tables().items()
        }
