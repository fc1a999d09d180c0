"""Cost books: a further one over the same moves, and another method from the start of a period."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import ActionRefused, SmallCompany
from erp_desktop.actions.cost_books import ChangeCostMethod, CloseCostBook, OpenCostBook, RenameCostBook
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveBin, SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.revaluing import NewStandard, SetStandardCost
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import CostAdjustment, CostBook, CostPool, MoveCost
from erp_desktop.models.ledger import JournalEntry
from erp_desktop.models.product import Category
from erp_desktop.queries.cost_books import CostBookList, PoolsOnDay
from erp_desktop.queries.doctor import examine
from erp_desktop.reports.figures import stock_values

JANUARY_ENDS, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 1)
ALL_METHODS = ("fifo", "lifo", "moving_average", "periodic_average", "standard", "specific")


def posting_book(company: SmallCompany) -> UUID:
    return derived_id("cost_book", company.company_id, "MAIN")


def open_book(company: SmallCompany, method: str, code: str = "", **options: object) -> UUID:
    book_id = new_id()
    company.perform(OpenCostBook(book_id, code or method.upper(), f"By {method}", method, **options))  # type: ignore[arg-type]
    return book_id


def sell(company: SmallCompany, code: str, qty: str, on: date) -> UUID:
    order = company.sales_order((code, qty, "30"), on=on)
    company.allocate(order)
    return company.ship(order, on=on)


def value(company: SmallCompany, book_id: UUID, day: date = date(2026, 12, 31)) -> Decimal:
    """What all stock is worth in a book at the end of a day."""
    with company.session() as session:
        return sum(
            (held.value for held in stock_values(session, company.company_id, book_id, day).values()), Decimal(0)
        )


def nothing_is_wrong(company: SmallCompany) -> None:
    with company.session() as session:
        assert [found.sentence for found in examine(session, company.company_id)] == []


def trade(company: SmallCompany) -> None:
    """Ten at 10.00 and ten at 20.00 come in, five leave."""
    company.stock("BOX", "10", "10.00", on=date(2026, 1, 5))
    company.stock("BOX", "10", "20.00", on=date(2026, 1, 10))
    sell(company, "BOX", "5", date(2026, 1, 15))


# --- a further book


@pytest.mark.parametrize(
    ("method", "worth"),
    [("fifo", "250.00"), ("lifo", "200.00"), ("moving_average", "225.00"), ("standard", "150.00")],
)
def test_a_further_book_costs_all_moves_that_ever_were(company, method, worth):
    trade(company)
    entries = _entries(company)
    book = open_book(company, method)
    assert value(company, book) == Decimal(worth)
    assert value(company, posting_book(company)) == Decimal("225.00")
    assert _entries(company) == entries  # it posts nothing
    nothing_is_wrong(company)


@pytest.mark.parametrize("method", ALL_METHODS)
def test_a_book_opened_late_says_what_one_kept_from_the_start_says(company, method):
    early = open_book(company, method, "EARLY")
    trade(company)
    with company.session() as session:
        receipt = session.execute(select(JournalEntry.document_id).where(JournalEntry.event == "goods_receipt")).first()
    assert receipt is not None
    company.perform(
        EnterLandedCost(new_id(), "freight", date(2026, 1, 20), Decimal("10.00"), "value", (receipt.document_id,))
    )
    company.stock("BOX", "3", "15.00", on=date(2026, 1, 7))  # before what left on the 15th
    company.perform(ClosePeriod(derived_id("period", company.company_id, "2026-01-01")))
    late = open_book(company, method, "LATE")
    sell(company, "BOX", "4", date(2026, 2, 3))
    assert value(company, late) == value(company, early)
    assert value(company, late, JANUARY_ENDS) == value(company, early, JANUARY_ENDS)
    nothing_is_wrong(company)


def test_a_book_opened_late_knows_a_standard_though_goods_only_changed_their_bin_before_it_began(company):
    product, other = company.product("BX"), new_id()
    kept = open_book(company, "standard")
    company.perform(SaveBin(other, company.warehouse, "B9"))
    company.perform(SetStandardCost(new_id(), FEBRUARY, "plan", (NewStandard(product, Decimal(7)),)))
    company.stock("BX", "10", "5.00", on=FEBRUARY)
    company.perform(
        SaveWarehouse(company.warehouse, "MAIN", "Main warehouse", receiving_bin_id=company.bin, allows_negative=True),
        MoveStock(new_id(), product, Decimal(2), company.bin, other, JANUARY_ENDS),
    )
    late = open_book(company, "standard", "LATE")
    assert (value(company, kept), value(company, late)) == (70, 70)
    nothing_is_wrong(company)


def test_a_book_opened_late_counts_a_standard_and_goods_of_one_day_in_the_order_in_which_they_were_entered(company):
    """Goods that came in before it were dearer than the old standard; those after it are measured against the new one."""
    product, kept = company.product("BX"), open_book(company, "standard")
    company.perform(SetStandardCost(new_id(), JANUARY_ENDS, "plan", (NewStandard(product, Decimal(5)),)))
    company.stock("BX", "10", "6.00", on=FEBRUARY)
    company.perform(SetStandardCost(new_id(), FEBRUARY, "plan", (NewStandard(product, Decimal(8)),)))
    company.stock("BX", "10", "6.00", on=FEBRUARY)
    late = open_book(company, "standard", "LATE")
    for book in (kept, late):
        with company.session() as session:
            of_book = (CostPool.id == MoveCost.pool_id) & (CostPool.book_id == book)
            receipts = select(MoveCost.cost, MoveCost.stated).join(CostPool, of_book)
            came = session.execute(receipts.where(MoveCost.qty > 0).order_by(MoveCost.seq)).all()
            of_book = (CostPool.id == CostAdjustment.pool_id) & (CostPool.book_id == book)
            change = session.execute(
                select(CostAdjustment.document_kind, CostAdjustment.to_inventory).join(CostPool, of_book)
            ).all()
        assert came == [(50, 60), (80, 60)]  # at standard; the rest of what was paid is purchase price variance
        assert change == [("standard_cost_change", 30)]
        assert value(company, book) == 160
    nothing_is_wrong(company)


def test_a_standard_that_comes_in_one_batch_with_the_first_goods_holds_for_them(company):
    product, kept = company.product("BX"), open_book(company, "standard")
    company.perform(
        SetStandardCost(new_id(), JANUARY_ENDS, "plan", (NewStandard(product, Decimal(7)),)),
        CountStock(
            new_id(), company.warehouse, FEBRUARY, (CountedLine(product, company.bin, Decimal(10), Decimal(5)),)
        ),
    )
    assert value(company, kept) == 70
    nothing_is_wrong(company)


def test_a_further_book_goes_on_with_what_moves_later(company):
    trade(company)
    book = open_book(company, "fifo")
    sell(company, "BOX", "5", date(2026, 1, 20))
    assert value(company, book) == Decimal("200.00")
    nothing_is_wrong(company)


def test_exactly_one_book_posts_and_a_code_is_taken_once(company):
    open_book(company, "fifo", "TAX")
    with pytest.raises(ActionRefused, match="The code TAX is taken already"):
        open_book(company, "lifo", "TAX")
    with pytest.raises(ActionRefused, match="Costing method cannot be magic"):
        open_book(company, "magic")
    with pytest.raises(ActionRefused, match="Name is missing"):
        company.perform(OpenCostBook(new_id(), "X", " ", "fifo"))
    with pytest.raises(ActionRefused, match="Decimals of the unit cost cannot be 7"):
        open_book(company, "periodic_average", unit_cost_places=7)
    with company.session() as session:
        assert sorted(session.scalars(select(CostBook.posts_to_ledger))) == [False, True]


def test_a_closed_book_keeps_its_past_and_costs_nothing_new(company):
    trade(company)
    book = open_book(company, "fifo")
    company.perform(CloseCostBook(book))
    sell(company, "BOX", "5", date(2026, 1, 20))
    assert value(company, book) == Decimal("250.00")
    nothing_is_wrong(company)
    with pytest.raises(ActionRefused, match="FIFO is closed"):
        company.perform(CloseCostBook(book))
    with pytest.raises(ActionRefused, match="FIFO is closed"):
        company.perform(ChangeCostMethod(book, "lifo", FEBRUARY))
    with pytest.raises(ActionRefused, match="Main book posts to the ledger, so it cannot be closed"):
        company.perform(CloseCostBook(posting_book(company)))


def test_a_book_gets_another_name(company):
    book = open_book(company, "fifo", "TAX")
    company.perform(RenameCostBook(book, "TAX-2026", "Tax book", "税务账簿"))
    with company.session() as session:
        rows = CostBookList().run(session, company.company_id).rows
    assert [(row.code, row.name_zh, row.posts_to_ledger) for row in rows] == [
        ("MAIN", "主账簿", True),
        ("TAX-2026", "税务账簿", False),
    ]
    with pytest.raises(ActionRefused, match="The code MAIN is taken already"):
        company.perform(RenameCostBook(book, "MAIN", "Tax book"))


# --- another method


@pytest.mark.parametrize("method", ["fifo", "periodic_average", "standard"])
def test_another_method_keeps_the_value_to_the_cent_on_its_day(company, method):
    trade(company)
    company.stock("CUP", "3", "3.33", on=date(2026, 1, 6))
    with company.session() as session:
        before = PoolsOnDay(book_id=posting_book(company), from_on=FEBRUARY).run(session, company.company_id)
    assert [(row.product_code, row.value) for row in before.rows] == [
        ("BOX", Decimal("225.00")),
        ("CUP", Decimal("9.99")),
    ]
    company.perform(ChangeCostMethod(posting_book(company), method, FEBRUARY))
    assert value(company, posting_book(company), JANUARY_ENDS) == Decimal("234.99")
    with company.session() as session:
        after = PoolsOnDay(book_id=posting_book(company), from_on=FEBRUARY).run(session, company.company_id)
        assert [(row.value, row.value_after) for row in after.rows] == [(row.value, row.value) for row in before.rows]
        assert set(session.scalars(select(CostPool.method))) == {method}
    nothing_is_wrong(company)


def test_what_left_since_the_day_is_costed_anew_and_posted(company):
    trade(company)
    company.stock("BOX", "5", "40.00", on=date(2026, 2, 2))
    sell(company, "BOX", "4", date(2026, 2, 5))  # at the average of 425 / 20 = 21.25
    assert value(company, posting_book(company)) == Decimal("340.00")
    company.perform(ChangeCostMethod(posting_book(company), "fifo", FEBRUARY))
    assert value(company, posting_book(company)) == Decimal("365.00")  # 225 / 15 = 15.00 each leave first
    assert value(company, posting_book(company), JANUARY_ENDS) == Decimal("225.00")
    nothing_is_wrong(company)


def test_a_category_gets_a_method_of_its_own_and_gives_it_back(company):
    company.product("BOX", method="fifo")
    trade(company)
    category = derived_id("category", company.company_id, "fifo")
    company.perform(ChangeCostMethod(posting_book(company), "moving_average", FEBRUARY, category))
    company.perform(ChangeCostMethod(posting_book(company), None, MARCH, category))
    with company.session() as session:
        found = session.scalars(select(Category).where(Category.id == category)).one()
        assert found.cost_method is None
    assert value(company, posting_book(company)) == Decimal("250.00")
    nothing_is_wrong(company)


def test_a_method_changes_only_at_the_start_of_a_period(company):
    trade(company)
    with pytest.raises(ActionRefused, match=r"2026-02-10 is in the middle of one.+ 2026-03-01"):
        company.perform(ChangeCostMethod(posting_book(company), "fifo", date(2026, 2, 10)))
    company.perform(ClosePeriod(derived_id("period", company.company_id, "2026-01-01")))
    with pytest.raises(ActionRefused, match="2026-01-01 is in a closed period"):
        company.perform(ChangeCostMethod(posting_book(company), "fifo", date(2026, 1, 1)))
    with pytest.raises(ActionRefused, match="is costed so already"):
        company.perform(ChangeCostMethod(posting_book(company), "moving_average", FEBRUARY))
    company.perform(ChangeCostMethod(posting_book(company), "fifo", MARCH))
    with pytest.raises(ActionRefused, match="The method of BOX changes on 2026-03-01 already"):
        company.perform(ChangeCostMethod(posting_book(company), "standard", FEBRUARY))
    nothing_is_wrong(company)


def test_last_in_first_out_in_the_ledger_is_confirmed_first(company):
    trade(company)
    with pytest.raises(ActionRefused, match=r"not allowed in statutory books \(IAS 2.25"):
        company.perform(ChangeCostMethod(posting_book(company), "lifo", FEBRUARY))
    company.perform(ChangeCostMethod(posting_book(company), "lifo", FEBRUARY, is_lifo_confirmed=True))
    open_book(company, "lifo")  # beside the ledger it needs no confirmation


def test_a_category_has_a_method_only_in_the_book_that_posts(company):
    company.product("BOX", method="fifo")
    book = open_book(company, "lifo")
    category = derived_id("category", company.company_id, "fifo")
    with pytest.raises(ActionRefused, match="only in the book that posts to the ledger"):
        company.perform(ChangeCostMethod(book, "standard", FEBRUARY, category))
    with pytest.raises(ActionRefused, match="Specific cost keeps every lot apart"):
        company.perform(ChangeCostMethod(posting_book(company), "specific", FEBRUARY, category))


def _entries(company: SmallCompany) -> list[int]:
    with company.session() as session:
        return list(session.scalars(select(JournalEntry.number).order_by(JournalEntry.tick, JournalEntry.number)))
