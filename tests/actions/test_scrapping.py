"""Goods that are of no use any more: thrown away from stock, at their cost, to an account of their own."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from test_supplier_returns import differences, on_hand, posted

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveBin, SaveCategory, SaveProduct, SaveWarehouse
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.selling import AllocateSalesOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.ids import derived_id, new_id
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.ledger import Period
from erp_desktop.models.stock import Lot, StockMove, StockScrap
from erp_desktop.queries.cost_of_sales import By, cost_of_sales, ledger_cost_of_sales
from erp_desktop.reports import definitions
from erp_desktop.reports.figures import cost_book

assert definitions


def scrap(
    company: SmallCompany, code: str, qty: str, on: date = TODAY, bin_id: UUID | None = None, lot_id: UUID | None = None
) -> UUID:
    """Throws away `qty` of a product. Gives the document."""
    scrap_id = new_id()
    line = ScrappedLine(company.products[code], bin_id or company.bin, Decimal(qty), lot_id, "broken")
    company.perform(ScrapStock(scrap_id, company.warehouse, on, (line,), "spring cleaning"))
    return scrap_id


def cost_of_sales_now(company: SmallCompany) -> tuple[Decimal, Decimal]:
    """As the report of cost of sales has it, and as the ledger has it."""
    with company.session() as session:
        book = cost_book(session, company.company_id, None)
        by_product = cost_of_sales(session, company.company_id, book.id, TODAY, TODAY + timedelta(days=60), By.PRODUCT)
        ledger = ledger_cost_of_sales(session, company.company_id, TODAY, TODAY + timedelta(days=60))
        return sum((one.total for one in by_product.values()), Decimal(0)), ledger


@pytest.mark.parametrize(
    ("method", "cost"), [("fifo", 30), ("lifo", 36), ("moving_average", 33), ("periodic_average", 33), ("standard", 30)]
)
def test_scrapped_goods_leave_as_the_method_says_and_are_a_loss(company: SmallCompany, method: str, cost: int) -> None:
    company.product("BTL", method)
    company.stock("BTL", "5", "10.00")
    company.stock("BTL", "5", "12.00")
    scrap_id = scrap(company, "BTL", "3")

    assert on_hand(company, "BTL") == {company.bin: 7}
    assert posted(company, "stock_scrap") == {Purpose.SCRAP_LOSS: cost, Purpose.INVENTORY: -cost}
    assert cost_of_sales_now(company) == (0, 0)
    with company.session() as session:
        made = session.get_one(StockScrap, (company.company_id, scrap_id))
        assert (made.number, made.reason, made.status) == ("SCR-2026-0001", "spring cleaning", "posted")
        move = session.scalars(select(StockMove).where(StockMove.document_id == scrap_id)).one()
        assert (move.kind, move.to_bin_id) == ("scrap", None)
    assert differences(company) == ()


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_what_comes_late_for_scrapped_goods_is_a_loss_too(company: SmallCompany, method: str) -> None:
    company.product("BTL", method)
    receipt = company.stock("BTL", "10", "10.00")
    company.ship(company.sales_order(("BTL", "3", "20")), "3")
    scrap(company, "BTL", "5")
    company.perform(EnterLandedCost(new_id(), "freight", TODAY, Decimal("20.00"), "value", (receipt,)))
    freight = posted(company, "landed_cost")
    assert (freight[Purpose.INVENTORY], freight[Purpose.COST_OF_SALES], freight[Purpose.SCRAP_LOSS]) == (4, 6, 10)
    assert cost_of_sales_now(company) == (36, 36)
    assert differences(company) == ()


def test_an_earlier_receipt_that_is_entered_late_corrects_the_loss(company: SmallCompany) -> None:
    company.product("BTL", "fifo")
    company.stock("BTL", "10", "10.00", on=TODAY + timedelta(days=1))
    scrap(company, "BTL", "4", on=TODAY + timedelta(days=2))
    company.stock("BTL", "10", "7.00")
    assert posted(company, "cost_adjustment") == {Purpose.SCRAP_LOSS: -12, Purpose.INVENTORY: 12}
    assert cost_of_sales_now(company) == (0, 0)
    assert differences(company) == ()


def test_the_months_average_settles_what_was_scrapped_as_a_loss(company: SmallCompany) -> None:
    company.product("BTL", "periodic_average")
    company.stock("BTL", "10", "10.00")
    scrap(company, "BTL", "4")
    company.stock("BTL", "10", "12.00")
    with company.session() as session:
        months = select(Period.id).where(Period.starts_on <= TODAY).order_by(Period.starts_on)
        periods = list(session.scalars(months))
    for period in periods:
        company.perform(ClosePeriod(period))
    assert posted(company, "cost_adjustment") == {Purpose.SCRAP_LOSS: 4, Purpose.INVENTORY: -4}
    assert cost_of_sales_now(company) == (0, 0)
    assert differences(company) == ()


def test_what_is_promised_to_an_order_cannot_be_scrapped(company: SmallCompany) -> None:
    company.product("BTL")
    company.stock("BTL", "10", "10.00")
    company.perform(AllocateSalesOrder(company.sales_order(("BTL", "8", "20"))))
    with pytest.raises(ActionRefused) as refused:
        scrap(company, "BTL", "3")
    assert refused.value.code == "not_free_to_scrap"
    assert str(refused.value).startswith("Only 2 of BTL are free in STOCK, 3 are to be scrapped.")
    scrap(company, "BTL", "2")
    assert differences(company) == ()


def test_goods_are_scrapped_from_a_bin_of_the_warehouse_only(company: SmallCompany) -> None:
    company.product("BTL")
    company.stock("BTL", "10", "10.00")
    warehouse, elsewhere = new_id(), new_id()
    company.perform(SaveWarehouse(warehouse, "W2", "Second"), SaveBin(elsewhere, warehouse, "B2"))
    for qty, bin_id, code in (("1", elsewhere, "bin_elsewhere"), ("0", None, "qty_not_positive")):
        with pytest.raises(ActionRefused) as refused:
            scrap(company, "BTL", qty, bin_id=bin_id)
        assert refused.value.code == code


def test_of_what_is_kept_by_lots_the_named_lot_is_scrapped(company: SmallCompany) -> None:
    category, milk = new_id(), new_id()
    unit = derived_id("unit", company.company_id, "PC")
    company.perform(
        SaveCategory(category, "MILK", "Milk", cost_method="specific", cost_pool="lot"),
        SaveProduct(product_id=milk, code="MLK", name="Milk", category_id=category, unit_id=unit, tracking="lot"),
    )
    company.products["MLK"] = milk
    lines = tuple(
        CountedLine(milk, company.bin, Decimal(5), Decimal(cost), lot) for lot, cost in (("L1", "2.00"), ("L2", "3.00"))
    )
    company.perform(CountStock(new_id(), company.warehouse, TODAY, lines))
    with pytest.raises(ActionRefused) as refused:
        scrap(company, "MLK", "2")
    assert refused.value.code == "lot_missing"
    with company.session() as session:
        lot = session.scalars(select(Lot.id).where(Lot.code == "L2")).one()
    scrap(company, "MLK", "2", lot_id=lot)
    assert posted(company, "stock_scrap")[Purpose.SCRAP_LOSS] == 6
    assert differences(company) == ()


def test_scrap_is_the_same_when_the_actions_are_performed_again(
    company: SmallCompany, engine: Engine, another_database: Callable[[], Engine]
) -> None:
    company.product("BTL", "fifo")
    company.stock("BTL", "10", "10.00")
    scrap(company, "BTL", "4")
    copy = another_database()
    replay(engine, company.company_id, copy)
    assert differing_tables(engine, copy, company.company_id) == {}
