"""Revaluations, write-downs and standards together: in further cost books, in one batch, and performed again from the log."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from company_fixtures import TODAY, ActionRefused, SmallCompany, open_small_company
from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_books import OpenCostBook
from erp_desktop.actions.masters import SaveProduct
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.revaluing import NewStandard, RevaluedLine, RevalueStock, SetStandardCost
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import CostBook, CostPool
from erp_desktop.models.stock import Lot
from erp_desktop.models.valuation import StockRevaluationLine
from erp_desktop.queries.doctor import examine

LATER = TODAY + timedelta(days=10)


def D(text: str) -> Decimal:
    return Decimal(text)


def worth(company: SmallCompany, book: str, code: str) -> Decimal:
    with company.session() as session:
        found = select(CostPool.value).join(
            CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id)
        )
        return session.scalars(found.where(CostBook.code == book, CostPool.product_id == company.products[code])).one()


def healthy(company: SmallCompany) -> bool:
    with company.session() as session:
        assert examine(session, company.company_id) == ()
        return True


def another_book(company: SmallCompany, code: str, method: str) -> None:
    company.perform(OpenCostBook(new_id(), code, code, method))


def by(product: UUID, amount: str) -> Action:
    return RevalueStock(new_id(), LATER, "Damp", (RevaluedLine(product, amount=D(amount)),))


def test_a_revaluation_changes_every_book_from_what_the_stock_is_worth_there(company: SmallCompany) -> None:
    company.product("BX", "fifo")
    another_book(company, "LAST", "lifo")
    company.stock("BX", "10", "12.00")
    company.stock("BX", "10", "15.00")
    order = company.sales_order(("BX", "10", "20"))
    company.allocate(order)
    company.ship(order)
    assert (worth(company, "MAIN", "BX"), worth(company, "LAST", "BX")) == (D("150"), D("120"))
    line = RevaluedLine(company.products["BX"], unit_cost=D("13"))
    company.perform(RevalueStock(new_id(), LATER, "Damp", (line,)))
    assert (worth(company, "MAIN", "BX"), worth(company, "LAST", "BX")) == (D("130"), D("130"))
    with company.session() as session:
        assert session.scalars(select(StockRevaluationLine.change)).one() == D("-20")
    company.perform(by(company.products["BX"], "-7.00"))
    assert (worth(company, "MAIN", "BX"), worth(company, "LAST", "BX")) == (D("123"), D("123"))
    assert healthy(company)


def test_what_another_book_could_not_bear_is_refused_in_all(company: SmallCompany) -> None:
    company.product("BX", "fifo")
    another_book(company, "LAST", "lifo")
    company.stock("BX", "10", "1.00")
    company.stock("BX", "10", "15.00")
    order = company.sales_order(("BX", "10", "20"))
    company.allocate(order)
    company.ship(order)
    assert (worth(company, "MAIN", "BX"), worth(company, "LAST", "BX")) == (D("150"), D("10"))
    with pytest.raises(ActionRefused, match="BX"):
        company.perform(by(company.products["BX"], "-20.00"))
    assert (worth(company, "MAIN", "BX"), worth(company, "LAST", "BX")) == (D("150"), D("10"))
    assert healthy(company)


def lots(company: SmallCompany, other: str) -> dict[str, UUID]:
    """Ten of lot L1 at 12.00 and ten of L2 at 15.00, in the book that posts and in OTHER, which costs them by `other`."""
    company.products["BX"] = new_id()
    category_id = derived_id("category", company.company_id, "GENERAL")
    unit_id = derived_id("unit", company.company_id, "PC")
    company.perform(SaveProduct(company.products["BX"], "BX", "Box", category_id, unit_id, tracking="lot"))
    another_book(company, "OTHER", other)
    for lot, price in (("L1", "12.00"), ("L2", "15.00")):
        order = company.purchase_order(("BX", "10", price))
        line = ReceivedLine(derived_id("line", order, "0"), D("10"), lot_code=lot)
        company.perform(ReceiveGoods(new_id(), order, TODAY, (line,)))
    with company.session() as session:
        return {lot.code: lot.id for lot in session.scalars(select(Lot))}


def pools(company: SmallCompany, book: str) -> list[Decimal]:
    with company.session() as session:
        found = select(CostPool.value).join(
            CostBook, (CostBook.company_id == CostPool.company_id) & (CostBook.id == CostPool.book_id)
        )
        return sorted(session.scalars(found.where(CostBook.code == book)))


def test_what_is_costed_together_is_revalued_lot_by_lot_where_a_further_book_costs_lots(company: SmallCompany) -> None:
    lots(company, "specific")
    assert (pools(company, "MAIN"), pools(company, "OTHER")) == ([D("270")], [D("120"), D("150")])
    company.perform(by(company.products["BX"], "-7.00"))
    assert (pools(company, "MAIN"), pools(company, "OTHER")) == ([D("263")], [D("116.50"), D("146.50")])
    line = RevaluedLine(company.products["BX"], unit_cost=D("13"))
    company.perform(RevalueStock(new_id(), LATER, "Damp", (line,)))
    assert (pools(company, "MAIN"), pools(company, "OTHER")) == ([D("260")], [D("130"), D("130")])
    assert healthy(company)


def test_a_lot_that_is_revalued_changes_a_book_that_costs_all_together_by_as_much(engine: Engine) -> None:
    company = open_small_company(engine, cost_method="specific")
    of = lots(company, "moving_average")
    line = RevaluedLine(company.products["BX"], lot_id=of["L1"], unit_cost=D("10"))
    company.perform(RevalueStock(new_id(), LATER, "Damp", (line,)))
    assert (pools(company, "MAIN"), pools(company, "OTHER")) == ([D("100"), D("150")], [D("250")])
    with pytest.raises(ActionRefused, match=r"BX is costed apart\. Name the lot"):
        company.perform(by(company.products["BX"], "1.00"))
    assert healthy(company)


def test_a_standard_holds_in_a_further_book_and_leaves_the_one_that_posts_alone(company: SmallCompany) -> None:
    another_book(company, "PLAN", "standard")
    company.stock("BX", "10", "12.00")
    company.perform(SetStandardCost(new_id(), LATER, "Plan", (NewStandard(company.products["BX"], D("11")),)))
    assert (worth(company, "MAIN", "BX"), worth(company, "PLAN", "BX")) == (D("120"), D("110"))
    assert healthy(company)


def test_a_book_opened_later_knows_revaluations_and_standards_of_before(company: SmallCompany) -> None:
    company.stock("BX", "10", "12.00")
    company.perform(SetStandardCost(new_id(), LATER, "Plan", (NewStandard(company.products["BX"], D("11")),)))
    company.perform(by(company.products["BX"], "-20.00"))
    another_book(company, "AVERAGE", "moving_average")
    assert worth(company, "AVERAGE", "BX") == D("100")
    another_book(company, "PLAN", "standard")
    assert healthy(company)


def test_in_one_batch_they_do_what_they_do_one_by_one_and_the_log_gives_the_same_again(
    company: SmallCompany, another_database: Callable[[], Engine]
) -> None:
    bx, cy = company.product("BX"), company.product("CY", "standard")
    company.stock("BX", "10", "12.00")
    company.stock("CY", "7", "3.333333")
    company.perform(
        by(bx, "-20.00"),
        WriteDownStock(new_id(), LATER, (RealisableLine(bx, D("9")), RealisableLine(cy, D("3")))),
        SetStandardCost(new_id(), LATER, "Plan", (NewStandard(cy, D("3.5")),)),
        by(bx, "5.00"),
        WriteDownStock(new_id(), LATER, (RealisableLine(bx, D("8.25")), RealisableLine(cy, total_value=D("20")))),
        SetStandardCost(new_id(), LATER, "Mistyped", (NewStandard(cy, D("3.4")),)),
    )
    assert worth(company, "MAIN", "BX") == D("105")
    assert worth(company, "MAIN", "CY") == D("23.80")
    assert healthy(company)
    copy = another_database()
    replay(company.centre.engine, company.company_id, copy)
    assert differing_tables(company.centre.engine, copy, company.company_id) == {}
