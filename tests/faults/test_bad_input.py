"""Bad input at the centre: each gives one business sentence, and nothing is changed by it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.base import Action
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveParty, SaveProduct
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.selling import SalesLine, SaveSalesOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.ledger import JournalLine, Period
from erp_desktop.models.purchasing import PurchaseOrder
from erp_desktop.models.stock import StockMove

BadAction = Callable[[SmallCompany], Action]


def order(company: SmallCompany, **changed: object) -> Action:
    """A purchase order that would be taken, but for what is `changed` in its line or itself."""
    line = {"line_id": new_id(), "product_id": company.product("BX"), "qty": Decimal(10), "unit_price": Decimal("1.5")}
    head = {
        "order_id": new_id(),
        "supplier_id": company.supplier,
        "warehouse_id": company.warehouse,
        "ordered_on": TODAY,
        "due_on": TODAY,
    }
    line.update({name: value for name, value in changed.items() if name in line})
    head.update({name: value for name, value in changed.items() if name not in line})
    return SavePurchaseOrder(lines=(PurchaseLine(**line),), **head)  # type: ignore[arg-type]


def sale(company: SmallCompany, **changed: object) -> Action:
    line = SalesLine(new_id(), company.product("BX"), Decimal(1), Decimal(2), **changed)  # type: ignore[arg-type]
    return SaveSalesOrder(new_id(), company.channel, company.warehouse, TODAY, TODAY, (line,))


def entry(company: SmallCompany, debit: str, credit: str) -> Action:
    bank, equity = (derived_id("account", company.company_id, code) for code in ("1002", "3001"))
    lines = (EntryLine(bank, debit=Decimal(debit)), EntryLine(equity, credit=Decimal(credit)))
    return PostJournalEntry(new_id(), TODAY, "Capital", lines)


BAD: dict[str, tuple[BadAction, str]] = {
    "a negative quantity": (lambda c: order(c, qty=Decimal(-1)), "quantity -1 of BX must be above zero"),
    "no quantity": (lambda c: order(c, qty=Decimal(0)), "quantity 0 of BX must be above zero"),
    "a quantity with seven places": (lambda c: order(c, qty=Decimal("0.0000001")), "6 decimal places"),
    "a price with seven places": (lambda c: order(c, unit_price=Decimal("1.2345678")), "6 decimal places"),
    "a price below zero": (lambda c: order(c, unit_price=Decimal("-0.01")), "may not be below zero"),
    "thirty-eight digits": (lambda c: order(c, qty=Decimal("9" * 38)), "is not a number that can be kept"),
    "a product that is not there": (lambda c: order(c, product_id=new_id()), "The product that this names is not here"),
    "a supplier that is none": (lambda c: order(c, supplier_id=c.customer), "Zhang Min is not an active supplier"),
    "due before it is ordered": (lambda c: order(c, due_on=date(2026, 1, 1)), "is before the order date"),
    "a name with NUL": (lambda c: SaveParty(new_id(), "X", "a\x00b"), "cannot be stored"),
    "a code of a thousand letters": (lambda c: SaveParty(new_id(), "X" * 1000, "x"), "longer than 40"),
    "a discount of 150 %": (lambda c: sale(c, discount=Decimal("1.5")), "not between 0 % and 100 %"),
    "an entry that does not balance": (lambda c: entry(c, "100.00", "99.99"), "Debits of 100 and credits of 99.99"),
    "an entry below a cent": (lambda c: entry(c, "0.005", "0.005"), "more decimal places than CNY"),
    "landed cost on nothing": (
        lambda c: EnterLandedCost(new_id(), "freight", TODAY, Decimal(5), "value", ()),
        "Goods receipt is missing",
    ),
    "landed cost by guess": (
        lambda c: EnterLandedCost(new_id(), "freight", TODAY, Decimal(5), "guess", (new_id(),)),
        "guess is not one of: value, qty",
    ),
    "stock without a cost": (
        lambda c: CountStock(new_id(), c.warehouse, TODAY, (CountedLine(c.product("NEW"), c.bin, Decimal(3)),)),
        "NEW has no cost yet",
    ),
    "a date in no period": (
        lambda c: CountStock(
            new_id(), c.warehouse, date(1999, 1, 1), (CountedLine(c.product("NEW"), c.bin, Decimal(3), Decimal(1)),)
        ),
        "No accounting period holds 1999-01-01",
    ),
    "a product without a unit": (
        lambda c: SaveProduct(new_id(), "P", "p", derived_id("category", c.company_id, "GENERAL"), new_id()),
        "not here",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_in_one_sentence_and_changes_nothing(company: SmallCompany, what: str) -> None:
    make, expected = BAD[what]
    company.product("BX")
    bad = make(company)
    before = everything(company)
    with pytest.raises(ActionRefused) as refused:
        company.perform(bad)
    sentence = str(refused.value)
    assert expected in sentence
    assert "{" not in sentence
    assert sentence.endswith(".")
    assert everything(company) == before


def test_a_second_receipt_above_what_was_ordered_is_refused(company: SmallCompany) -> None:
    ordered = company.purchase_order(("BX", "10", "1.00"))
    company.receive(ordered, "10")
    with pytest.raises(ActionRefused, match="PO-2026-0001 is received"):
        company.receive(ordered, "1")


def test_the_same_line_twice_in_one_receipt_is_refused(company: SmallCompany) -> None:
    ordered = company.purchase_order(("BX", "10", "1.00"))
    line = ReceivedLine(derived_id("line", ordered, "0"), Decimal(6))
    with pytest.raises(ActionRefused, match="One line is named twice"):
        company.perform(ReceiveGoods(new_id(), ordered, TODAY, (line, line)))


def test_a_closed_period_takes_nothing_and_names_the_first_open_day(company: SmallCompany) -> None:
    ordered = company.purchase_order(("BX", "10", "1.00"), on=date(2026, 1, 20))
    with company.session() as session:
        january = session.scalars(select(Period.id).where(Period.starts_on == date(2026, 1, 1))).one()
    company.perform(ClosePeriod(january))
    with pytest.raises(ActionRefused, match=r"2026-01-20 is in a closed period, so nothing was posted. Use 2026-02-01"):
        company.receive(ordered, "10", on=date(2026, 1, 20))
    company.receive(ordered, "10", on=date(2026, 2, 1))


def everything(company: SmallCompany) -> tuple[int, ...]:
    """How many rows there are of what bad input could have left behind."""
    with company.session() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (PurchaseOrder, StockMove, JournalLine)
        )
