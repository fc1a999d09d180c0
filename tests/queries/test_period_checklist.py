"""The checklist before a period is closed: how many there are of each, and what keeps the period open."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from company_fixtures import SmallCompany
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.base import action_args
from erp_desktop.actions.masters import SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.selling import SalesLine, SaveSalesOrder
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sync import OutboxAction
from erp_desktop.queries.base import NotHere
from erp_desktop.queries.period_checklist import DoctorFindings, PeriodChecklist, PeriodDetail

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def period_of(company: SmallCompany, first: date):
    return derived_id("period", company.company_id, first.isoformat())


def checklist(company: SmallCompany, first: date = JANUARY):
    """The items by key."""
    with company.session() as session:
        rows = PeriodChecklist(period_id=period_of(company, first)).run(session, company.company_id).rows
    return {item.key: item for item in rows}


def sell_before_it_came(company: SmallCompany, code: str, qty: str, on: date) -> None:
    company.ship(company.sales_order((code, qty, "30"), on=on), qty, on=on)


def test_a_quiet_period_has_nothing_to_look_at(company):
    assert {item.state for item in checklist(company).values()} == {"fine"}
    with company.session() as session:
        assert DoctorFindings(ALL_PERMISSIONS).run(session, company.company_id).state == "fine"


def test_an_earlier_open_period_blocks(company):
    item = checklist(company, FEBRUARY)["earlier_open"]
    assert (item.count, item.state, item.examples, item.since) == (1, "blocks", ("2026-01",), JANUARY)
    company.perform(ClosePeriod(period_of(company, JANUARY)))
    assert checklist(company, FEBRUARY)["earlier_open"].state == "fine"


def test_drafts_are_counted_in_the_period_of_their_date(company):
    product = company.product("BOX")
    for day in (date(2026, 1, 31), date(2026, 2, 1)):
        company.perform(
            SavePurchaseOrder(
                new_id(), company.supplier, company.warehouse, day, day,
                (PurchaseLine(new_id(), product, Decimal(1), Decimal(5)),),
            ),
            SaveSalesOrder(
                new_id(), company.channel, company.warehouse, day, day,
                (SalesLine(new_id(), product, Decimal(1), Decimal(5)),), customer_id=company.customer,
            ),
        )  # fmt: skip
    found = checklist(company)
    assert (found["draft_purchase_orders"].count, found["draft_sales_orders"].count) == (1, 1)
    assert found["draft_purchase_orders"].state == "warns"


def test_a_receipt_waits_for_the_supplier_invoice_that_confirms_its_price(company):
    first = company.stock("BOX", "5", "10.00", on=date(2026, 1, 5))
    company.stock("BOX", "5", "10.00", on=date(2026, 1, 6))
    assert checklist(company)["not_invoiced"].count == 2
    with company.session() as session:
        line = session.query(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == first).scalar()
    company.perform(
        CorrectReceiptPrices(new_id(), first, date(2026, 1, 8), (CorrectedPrice(line, Decimal("10.50")),), "INV-1")
    )
    item = checklist(company)["not_invoiced"]
    assert (item.count, item.state, len(item.examples)) == (1, "warns", 1)


def test_stock_below_zero_blocks_a_month_end_average_and_only_warns_otherwise(company):
    company.product("TEA", method="periodic_average")
    company.product("BOX", method="fifo")
    company.perform(
        SaveWarehouse(company.warehouse, "MAIN", "Main warehouse", receiving_bin_id=company.bin, allows_negative=True)
    )
    for code in ("TEA", "BOX"):
        company.stock(code, "1", "10.00", on=date(2026, 1, 5))
        sell_before_it_came(company, code, "3", date(2026, 1, 8))
    found = checklist(company)
    assert (found["short_averages"].state, found["short_averages"].examples) == ("blocks", ("TEA",))
    assert (found["negative_stock"].state, found["negative_stock"].count) == ("warns", 2)
    company.stock("TEA", "5", "10.00", on=date(2026, 2, 3))  # too late for January
    assert checklist(company)["short_averages"].count == 1
    assert checklist(company, FEBRUARY)["short_averages"].count == 0


def test_averages_are_provisional_until_their_period_is_closed(company):
    company.product("TEA", method="periodic_average")
    company.stock("TEA", "5", "10.00", on=date(2026, 1, 5))
    item = checklist(company)["provisional_averages"]
    assert (item.count, item.state) == (1, "warns")
    assert checklist(company, FEBRUARY)["provisional_averages"].count == 0
    company.perform(ClosePeriod(period_of(company, JANUARY)))
    assert checklist(company)["provisional_averages"].count == 0


@pytest.mark.parametrize(("status", "key"), [("pending", "waiting_changes"), ("refused", "attention")])
def test_what_this_desk_has_not_brought_into_the_books_is_counted_by_its_day(company, status, key):
    for day in (date(2026, 1, 10), date(2026, 3, 1)):
        entry = PostJournalEntry(new_id(), day, "rent", (EntryLine(new_id(), debit=Decimal(5)),))
        with company.session() as session:
            session.add(
                OutboxAction(
                    id=new_id(),
                    company_id=company.company_id,
                    actor_id=company.owner_id,
                    name="PostJournalEntry",
                    version=1,
                    args=action_args(entry),
                    issued_at=datetime.now(UTC),
                    base_tick=0,
                    depends_on=[],
                    status=status,
                    problem=None,
                )
            )
            session.commit()
    assert (checklist(company)[key].count, checklist(company)[key].examples) == (1, ("PostJournalEntry",))
    assert checklist(company, FEBRUARY)[key].count == 0


def test_a_period_says_who_closed_it_and_whether_it_can_be_reopened(company):
    for first in (JANUARY, FEBRUARY):
        company.perform(ClosePeriod(period_of(company, first)))
    with company.session() as session:
        january, february = (
            PeriodDetail(period_of(company, first)).run(session, company.company_id) for first in (JANUARY, FEBRUARY)
        )
        assert (january.number, january.is_closed, january.is_last_closed) == ("2026-01", True, False)
        assert february.is_last_closed
        assert [(change.is_closed, change.changed_by) for change in february.changes] == [(True, "Li Wei")]
        with pytest.raises(NotHere):
            PeriodDetail(new_id()).run(session, company.company_id)
