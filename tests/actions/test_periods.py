"""Closing periods: what blocks it, what it settles, and that nothing in a closed period changes afterwards."""

import dataclasses
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import ActionRefused, SmallCompany
from erp_desktop.actions import base
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.base import Action, read_action
from erp_desktop.actions.cost_books import ChangeCostMethod
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.invoicing import PostSalesInvoice
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveBin, SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod, ReopenPeriod
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrice, CorrectReceiptPrices
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, ReturnedProduct, TakeInReturn, TakeInReturnWithoutShipment
from erp_desktop.actions.revaluing import NewStandard, RevaluedLine, RevalueStock, SetStandardCost
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.transferring import (
    ArrivedLine,
    CloseTransferShort,
    DispatchedLine,
    DispatchTransfer,
    ReceiveTransfer,
    transfer_line_id,
)
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import CostAdjustment, CostBook
from erp_desktop.models.ledger import Account, JournalEntry, JournalLine, Period, PeriodChange
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import ShipmentLine
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import ZERO
from erp_desktop.queries.doctor import examine
from erp_desktop.reports.figures import account_totals, stock_values

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
JANUARY_ENDS = date(2026, 1, 31)
METHODS = ("fifo", "lifo", "moving_average", "periodic_average", "standard")


def period_of(company: SmallCompany, first: date) -> UUID:
    return derived_id("period", company.company_id, first.isoformat())


def close(company: SmallCompany, first: date) -> None:
    company.perform(ClosePeriod(period_of(company, first)))


def sell(company: SmallCompany, code: str, qty: str, on: date) -> UUID:
    order = company.sales_order((code, qty, "30"), on=on)
    company.allocate(order)
    return company.ship(order, on=on)


def sell_before_it_came(company: SmallCompany, code: str, qty: str, on: date) -> None:
    company.ship(company.sales_order((code, qty, "30"), on=on), qty, on=on)


def lines_of(company: SmallCompany, table: Any, column: Any, document_id: UUID) -> list[UUID]:
    with company.session() as session:
        return list(session.scalars(select(table.id).where(column == document_id).order_by(table.line_no)))


def books_as_of(company: SmallCompany, day: date) -> tuple[Any, Any]:
    """Every account's balance and every product's quantity and value in every book, at the end of a day."""
    with company.session() as session:
        books = session.scalars(select(CostBook.id).where(CostBook.company_id == company.company_id)).all()
        return (
            account_totals(session, company.company_id, day),
            {book: stock_values(session, company.company_id, book, day) for book in books},
        )


def nothing_is_wrong(company: SmallCompany) -> None:
    with company.session() as session:
        assert [found.sentence for found in examine(session, company.company_id)] == []


# --- closing and reopening


def test_periods_close_in_their_order_and_once(company):
    with pytest.raises(ActionRefused, match="The period from 2026-01-01 is still open"):
        close(company, FEBRUARY)
    close(company, JANUARY)
    with pytest.raises(ActionRefused, match="2026-01 is closed"):
        close(company, JANUARY)
    close(company, FEBRUARY)


def test_only_the_latest_closed_period_reopens_and_says_why(company):
    close(company, JANUARY)
    close(company, FEBRUARY)
    with pytest.raises(ActionRefused, match="Reason is missing"):
        company.perform(ReopenPeriod(period_of(company, FEBRUARY)))
    with pytest.raises(ActionRefused, match="The period from 2026-02-01 is closed already"):
        company.perform(ReopenPeriod(period_of(company, JANUARY), "a late invoice"))
    company.perform(ReopenPeriod(period_of(company, FEBRUARY), "a late invoice"))
    with pytest.raises(ActionRefused, match="2026-02 is open"):
        company.perform(ReopenPeriod(period_of(company, FEBRUARY), "again"))
    with company.session() as session:
        changes = session.execute(
            select(Period.starts_on, PeriodChange.is_closed, PeriodChange.changed_by, PeriodChange.reason)
            .join(Period, Period.id == PeriodChange.period_id)
            .order_by(PeriodChange.tick)
        ).all()
    assert [tuple(change) for change in changes] == [
        (JANUARY, True, company.owner_id, ""),
        (FEBRUARY, True, company.owner_id, ""),
        (FEBRUARY, False, company.owner_id, "a late invoice"),
    ]


def test_a_reopening_from_before_reasons_were_kept_is_still_understood(company):
    old = read_action("ReopenPeriod", 1, {"period_id": str(period_of(company, JANUARY))})
    assert old == ReopenPeriod(period_of(company, JANUARY))


# --- what closing settles


def test_closing_settles_the_month_end_average_and_posts_the_true_up(company):
    company.product("TEA", method="periodic_average")
    company.stock("TEA", "10", "10.00", on=date(2026, 1, 5))
    shipment = sell(company, "TEA", "5", date(2026, 1, 10))
    company.stock("TEA", "10", "20.00", on=date(2026, 1, 20))

    close(company, JANUARY)

    with company.session() as session:
        (held,) = stock_values(session, company.company_id, posting_book(company), JANUARY_ENDS).values()
        assert (held.qty, held.value) == (Decimal(15), Decimal("225.00"))  # 300 / 20 = 15 each
        issue = session.scalars(select(StockMove.id).where(StockMove.document_id == shipment)).one()
        true_ups = session.scalars(select(CostAdjustment).where(CostAdjustment.move_id == issue)).all()
        posted = [
            (line.debit, line.credit)
            for line in session.scalars(
                select(JournalLine)
                .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
                .where(JournalEntry.document_kind == "period")
                .order_by(JournalLine.line_no)
            )
        ]
    assert {row.dated_on for row in true_ups} == {JANUARY_ENDS}
    assert {row.kind for row in true_ups} == {"period_average"}
    assert sorted(posted) == [(ZERO, Decimal("25.00")), (Decimal("25.00"), ZERO)]  # issued at 10, settled at 15
    nothing_is_wrong(company)


def test_a_month_end_average_is_not_computed_over_stock_that_is_not_there(company):
    company.product("TEA", method="periodic_average")
    allow_negative(company)
    company.stock("TEA", "2", "10.00", on=date(2026, 1, 5))
    sell_before_it_came(company, "TEA", "5", date(2026, 1, 10))
    with pytest.raises(ActionRefused, match=r"TEA stands at -3 at the end of the period.*cost book Main book"):
        close(company, JANUARY)
    company.stock("TEA", "4", "10.00", on=date(2026, 1, 12))
    close(company, JANUARY)
    nothing_is_wrong(company)


def test_a_period_closed_again_after_a_late_receipt_settles_its_average_anew(company):
    company.product("TEA", method="periodic_average")
    company.stock("TEA", "10", "10.00", on=date(2026, 1, 5))
    sell(company, "TEA", "5", date(2026, 1, 10))
    close(company, JANUARY)
    company.perform(ReopenPeriod(period_of(company, JANUARY), "a receipt was forgotten"))
    company.stock("TEA", "10", "20.00", on=date(2026, 1, 20))
    close(company, JANUARY)
    with company.session() as session:
        (held,) = stock_values(session, company.company_id, posting_book(company), JANUARY_ENDS).values()
    assert (held.qty, held.value) == (Decimal(15), Decimal("225.00"))
    nothing_is_wrong(company)


def posting_book(company: SmallCompany) -> UUID:
    return derived_id("cost_book", company.company_id, "MAIN")


def allow_negative(company: SmallCompany) -> None:
    company.perform(
        SaveWarehouse(company.warehouse, "MAIN", "Main warehouse", receiving_bin_id=company.bin, allows_negative=True)
    )


# --- nothing in a closed period changes


@pytest.mark.parametrize("method", METHODS)
def test_late_corrections_leave_a_closed_period_as_it_was_and_land_in_the_open_one(company, method):
    company.product("BOX", method=method)
    receipt = company.stock("BOX", "10", "12.50", on=date(2026, 1, 5))
    sell(company, "BOX", "4", date(2026, 1, 12))
    close(company, JANUARY)
    january = books_as_of(company, JANUARY_ENDS)

    (line,) = lines_of(company, GoodsReceiptLine, GoodsReceiptLine.receipt_id, receipt)
    late = date(2026, 2, 3)
    company.perform(EnterLandedCost(new_id(), "freight", late, Decimal("33.00"), "value", (receipt,)))
    company.perform(CorrectReceiptPrice(new_id(), line, Decimal("13.00"), late))
    sell(company, "BOX", "2", date(2026, 2, 10))
    company.stock("BOX", "5", "14.00", on=date(2026, 2, 2))  # before what left on the 10th

    assert books_as_of(company, JANUARY_ENDS) == january
    nothing_is_wrong(company)
    with company.session() as session:
        corrections = session.scalars(
            select(CostAdjustment).where(CostAdjustment.kind.in_(("landed_cost", "receipt_price")))
        ).all()
    assert corrections or method == "standard"
    assert all(row.dated_on == late and row.line_id == line for row in corrections)
    if method == "fifo":
        issues = {row.move_id for row in corrections} - {None}
        assert len(issues) == 1  # what had left in January bears its share now, and is named


DATED: dict[str, Callable[["Traded", date], Action]] = {
    "ReceiveGoods": lambda t, day: ReceiveGoods(
        new_id(), t.open_order, day, (ReceivedLine(t.open_order_line, Decimal(1)),)
    ),
    "ShipOrder": lambda t, day: ShipOrder(new_id(), t.allocated_order, day, t.company.carrier),
    "ConfirmDelivery": lambda t, day: ConfirmDelivery((t.shipment,), day),
    "TakeInReturn": lambda t, day: TakeInReturn(
        new_id(), t.shipment, day, (ReturnedLine(t.shipment_line, Decimal(1)),)
    ),
    "ReturnToSupplier": lambda t, day: ReturnToSupplier(
        new_id(), t.receipt, day, (SentBackLine(t.receipt_line, Decimal(1), Decimal(10)),)
    ),
    "CountStock": lambda t, day: CountStock(
        new_id(), t.company.warehouse, day, (CountedLine(t.product, t.company.bin, Decimal(50)),)
    ),
    "MoveStock": lambda t, day: MoveStock(new_id(), t.product, Decimal(1), t.company.bin, t.other_bin, day),
    "ScrapStock": lambda t, day: ScrapStock(
        new_id(), t.company.warehouse, day, (ScrappedLine(t.product, t.company.bin, Decimal(1)),)
    ),
    "TakeInReturnWithoutShipment": lambda t, day: TakeInReturnWithoutShipment(
        new_id(), t.company.warehouse, day, (ReturnedProduct(t.product, Decimal(1), Decimal(30)),), t.company.customer
    ),
    "DispatchTransfer": lambda t, day: DispatchTransfer(
        new_id(), t.company.warehouse, t.second, day, (DispatchedLine(t.product, Decimal(1), t.company.bin),)
    ),
    "ReceiveTransfer": lambda t, day: ReceiveTransfer(
        t.transfer, day, (ArrivedLine(transfer_line_id(t.transfer, 1), Decimal(1), t.second_bin),)
    ),
    "CloseTransferShort": lambda t, day: CloseTransferShort(t.transfer, day, "lost"),
    "EnterLandedCost": lambda t, day: EnterLandedCost(new_id(), "freight", day, Decimal(9), "value", (t.receipt,)),
    "CorrectReceiptPrice": lambda t, day: CorrectReceiptPrice(new_id(), t.receipt_line, Decimal(11), day),
    "CorrectReceiptPrices": lambda t, day: CorrectReceiptPrices(
        new_id(), t.receipt, day, (CorrectedPrice(t.receipt_line, Decimal(11)),)
    ),
    "RevalueStock": lambda t, day: RevalueStock(new_id(), day, "damp", (RevaluedLine(t.product, amount=Decimal(-1)),)),
    "SetStandardCost": lambda t, day: SetStandardCost(
        new_id(), day, "new year", (NewStandard(t.product, Decimal(12)),)
    ),
    "WriteDownStock": lambda t, day: WriteDownStock(new_id(), day, (RealisableLine(t.product, unit_value=Decimal(1)),)),
    "PostSalesInvoice": lambda t, day: PostSalesInvoice(new_id(), t.uninvoiced_order, day),
    "PostJournalEntry": lambda t, day: PostJournalEntry(
        new_id(), day, "rent", (EntryLine(t.accounts[0], debit=Decimal(5)), EntryLine(t.accounts[1], credit=Decimal(5)))
    ),
    "ChangeCostMethod": lambda t, day: ChangeCostMethod(posting_book(t.company), "fifo", day.replace(day=1)),
}
POSTS_NOTHING = {  # orders, prices, people: their dates are no dates of the books
    *("OpenCompany", "SavePurchaseOrder", "SaveSalesOrder", "SavePrice", "SaveEmployee", "SaveMasters"),
    *("TakeInChannelOrders", "CloseAnnouncedReturn", "SaveStorageRate", "SaveExchangeRate"),
}


class Traded:
    """A company with something to do every kind of business with, all of it before February."""

    def __init__(self, company: SmallCompany) -> None:
        self.company = company
        day = date(2026, 1, 10)
        self.product = company.product("BOX")
        self.receipt = company.stock("BOX", "20", "10.00", on=date(2026, 1, 5))
        (self.receipt_line,) = lines_of(company, GoodsReceiptLine, GoodsReceiptLine.receipt_id, self.receipt)
        self.shipment = sell(company, "BOX", "3", day)
        (self.shipment_line,) = lines_of(company, ShipmentLine, ShipmentLine.shipment_id, self.shipment)
        self.open_order = company.purchase_order(("BOX", "5", "10.00"), on=day)
        self.open_order_line = derived_id("line", self.open_order, "0")
        self.allocated_order = company.sales_order(("BOX", "2", "30"), on=day)
        company.allocate(self.allocated_order)
        self.uninvoiced_order = self.allocated_order
        self.other_bin = new_id()
        self.second, self.second_bin, self.transfer = new_id(), new_id(), new_id()
        company.perform(
            SaveBin(self.other_bin, company.warehouse, "A-01"),
            SaveWarehouse(self.second, "W2", "Second warehouse"),
            SaveBin(self.second_bin, self.second, "B2"),
            DispatchTransfer(
                self.transfer,
                company.warehouse,
                self.second,
                day,
                (DispatchedLine(self.product, Decimal(2), company.bin),),
            ),
        )
        with company.session() as session:
            kept_by_stock = ("1405", "1403", "1406", "1407", "1404")
            accounts = select(Account.id).where(Account.code.not_in(kept_by_stock)).order_by(Account.code)
            self.accounts = list(session.scalars(accounts).all()[:2])


def test_every_action_dated_in_a_closed_period_is_refused_and_changes_nothing(company):
    traded = Traded(company)
    close(company, JANUARY)
    before = books_as_of(company, date(2026, 12, 31))
    for name, make in DATED.items():
        with pytest.raises(ActionRefused) as refused:
            company.perform(make(traded, date(2026, 1, 20)))
        assert refused.value.code == "period_closed", (name, str(refused.value))
        assert "Use 2026-02-01 or a later day" in str(refused.value), name
    assert books_as_of(company, date(2026, 12, 31)) == before
    nothing_is_wrong(company)


def test_no_dated_action_is_forgotten_here():
    def has_date(kind: type) -> bool:
        return any(hint in (date, date | None) for hint in get_type_hints(kind).values())

    dated = {name for (name, _), kind in base._actions.items() if dataclasses.is_dataclass(kind) and has_date(kind)}
    assert dated - set(DATED) - POSTS_NOTHING == set()
