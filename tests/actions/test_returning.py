"""Goods come back from customers: with their shipment or without, fit for sale or to be scrapped."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from test_scrapping import cost_of_sales_now
from test_supplier_returns import differences, on_hand, posted

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.cost_books import OpenCostBook
from erp_desktop.actions.masters import SaveBin, SaveWarehouse
from erp_desktop.actions.returning import ReturnedLine, ReturnedProduct, TakeInReturn, TakeInReturnWithoutShipment
from erp_desktop.actions.shipping import shipment_line_id
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.ids import new_id
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.costing import CostBook, CostPool
from erp_desktop.models.sales import CustomerReturn, CustomerReturnLine, ShipmentLine
from erp_desktop.models.stock import StockMove
from erp_desktop.queries.cost_of_sales import By
from erp_desktop.queries.sold import sold

METHODS = ("fifo", "lifo", "moving_average", "periodic_average", "standard")


def sold_in_two_lots(company: SmallCompany, method: str) -> UUID:
    """Five at 10.00 and five at 12.00 were bought, and six of them sold. Gives the shipment."""
    company.product("BTL", method)
    company.stock("BTL", "5", "10.00")
    company.stock("BTL", "5", "12.00")
    return company.ship(company.sales_order(("BTL", "6", "20")), "6")


def take_back(company: SmallCompany, shipment: UUID, *back: tuple[str, bool]) -> UUID:
    """Takes in (quantity, whether it is scrapped) of the shipment's first line. Gives the return."""
    return_id = new_id()
    line = shipment_line_id(shipment, 1)
    lines = tuple(ReturnedLine(line, Decimal(qty), is_scrapped=is_scrapped) for qty, is_scrapped in back)
    company.perform(TakeInReturn(return_id, shipment, TODAY + timedelta(days=1), lines, "broken on the way"))
    return return_id


def take_in(
    company: SmallCompany, code: str, qty: str, price: str = "0", is_scrapped: bool = False, **settings: object
) -> UUID:
    """Takes in goods of the customer without a shipment. Gives the return."""
    return_id = new_id()
    lot_code = str(settings.pop("lot_code", ""))
    line = ReturnedProduct(
        company.products[code], Decimal(qty), Decimal(price), lot_code=lot_code, is_scrapped=is_scrapped
    )
    named = {"customer_id": company.customer, "warehouse_id": company.warehouse, **settings}
    company.perform(
        TakeInReturnWithoutShipment(return_id=return_id, returned_on=TODAY + timedelta(days=1), lines=(line,), **named)  # type: ignore[arg-type]
    )
    return return_id


@pytest.mark.parametrize(
    ("method", "cost"), [("fifo", "20.67"), ("lifo", "23.33"), ("moving_average", "22.00"), ("standard", "20.00")]
)
def test_what_is_scrapped_with_its_return_leaves_at_the_very_cost_at_which_it_came_in(
    company: SmallCompany, method: str, cost: str
) -> None:
    shipment = sold_in_two_lots(company, method)
    company.stock("BTL", "5", "30.00", on=TODAY + timedelta(days=1))
    before = company_value(company)
    return_id = take_back(company, shipment, ("2", True))

    entries = posted(company, "customer_return")
    assert (entries[Purpose.SCRAP_LOSS], entries[Purpose.COST_OF_SALES]) == (Decimal(cost), -Decimal(cost))
    assert Purpose.INVENTORY not in entries
    assert entries[Purpose.SALES_RETURNS] == 40
    assert company_value(company) == before
    assert on_hand(company, "BTL") == {company.bin: 9}
    with company.session() as session:
        came, left = session.scalars(
            select(StockMove).where(StockMove.document_id == return_id).order_by(StockMove.line_no)
        )
        assert (came.kind, left.kind, left.returns_move_id) == ("customer_return", "scrap", came.id)
    in_report, in_ledger = cost_of_sales_now(company)
    assert in_report == in_ledger
    assert differences(company) == ()


def company_value(company: SmallCompany) -> list[Decimal]:
    with company.session() as session:
        return list(session.scalars(select(CostPool.value).order_by(CostPool.id)))


def test_a_line_may_come_back_partly_fit_for_sale(company: SmallCompany) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    take_back(company, shipment, ("2", False), ("1", True))
    entries = posted(company, "customer_return")
    assert entries[Purpose.INVENTORY] == Decimal("20.67")
    assert entries[Purpose.SCRAP_LOSS] == Decimal("10.33")
    assert entries[Purpose.COST_OF_SALES] == -31
    assert on_hand(company, "BTL") == {company.bin: 6}
    with company.session() as session:
        assert session.scalars(select(ShipmentLine.returned_qty)).one() == 3
    assert differences(company) == ()
    with pytest.raises(ActionRefused) as refused:
        take_back(company, shipment, ("2", False), ("2", True))
    assert refused.value.code == "over_return"


def test_in_a_warehouse_that_is_short_what_came_back_broken_is_scrapped_all_the_same(company: SmallCompany) -> None:
    company.perform(
        SaveWarehouse(company.warehouse, "MAIN", "Main", receiving_bin_id=company.bin, allows_negative=True)
    )
    company.product("BTL", "fifo")
    company.stock("BTL", "2", "10.00")
    shipment = company.ship(company.sales_order(("BTL", "5", "20")), "5")
    take_back(company, shipment, ("1", True))
    company.stock("BTL", "4", "11.00", on=TODAY + timedelta(days=2))
    assert on_hand(company, "BTL") == {company.bin: 1}
    in_report, in_ledger = cost_of_sales_now(company)
    assert in_report == in_ledger
    assert differences(company) == ()


@pytest.mark.parametrize(
    ("method", "cost"),
    [
        ("fifo", "24.00"),
        ("lifo", "20.00"),
        ("moving_average", "22.00"),
        ("periodic_average", "22.00"),
        ("standard", "20.00"),
    ],
)
def test_goods_of_nobody_knows_which_shipment_come_in_at_current_cost(
    company: SmallCompany, method: str, cost: str
) -> None:
    sold_in_two_lots(company, method)
    return_id = take_in(company, "BTL", "2", "18.50")
    entries = posted(company, "customer_return")
    assert entries[Purpose.INVENTORY] == Decimal(cost)
    assert entries[Purpose.COST_OF_SALES] == -Decimal(cost)
    assert (entries[Purpose.SALES_RETURNS], entries[Purpose.RECEIVABLE]) == (37, -37)
    assert on_hand(company, "BTL") == {company.bin: 6}
    with company.session() as session:
        made = session.get_one(CustomerReturn, (company.company_id, return_id))
        assert (made.number, made.shipment_id, made.total, made.status) == ("RET-2026-0001", None, 37, "posted")
        line = session.scalars(select(CustomerReturnLine)).one()
        assert (line.shipment_line_id, line.bin_id, line.is_scrapped) == (None, company.bin, False)
    in_report, in_ledger = cost_of_sales_now(company)
    assert in_report == in_ledger
    assert differences(company) == ()


@pytest.mark.parametrize("method", METHODS)
def test_broken_goods_without_a_shipment_come_and_go_at_the_same_cost(company: SmallCompany, method: str) -> None:
    sold_in_two_lots(company, method)
    before = company_value(company)
    take_in(company, "BTL", "2", is_scrapped=True)
    entries = posted(company, "customer_return")
    assert entries[Purpose.SCRAP_LOSS] == -entries[Purpose.COST_OF_SALES]
    assert company_value(company) == before
    assert differences(company) == ()


def test_every_book_takes_them_in_at_its_own_current_cost(company: SmallCompany) -> None:
    company.perform(OpenCostBook(new_id(), "TAX", "Tax", "lifo"))
    company.product("BTL")
    company.stock("BTL", "5", "10.00")
    company.stock("BTL", "5", "12.00")
    company.ship(company.sales_order(("BTL", "6", "20")), "6")
    take_in(company, "BTL", "1")
    with company.session() as session:
        held = dict(
            session.execute(select(CostBook.code, CostPool.value).join(CostPool, CostPool.book_id == CostBook.id)).all()
        )
    assert held["TAX"] == 50
    assert differences(company) == ()


def test_goods_that_never_had_a_cost_cannot_come_back_at_one(company: SmallCompany) -> None:
    company.product("BTL")
    with pytest.raises(ActionRefused) as refused:
        take_in(company, "BTL", "1")
    assert refused.value.code == "no_cost_known"


def test_a_return_without_a_shipment_names_whose_it_is(company: SmallCompany) -> None:
    company.product("BTL")
    company.stock("BTL", "5", "10.00")
    for settings, code in (
        ({"customer_id": None}, "nobody_returned_it"),
        ({"customer_id": company.supplier}, "not_a_customer"),
        ({"customer_id": new_id()}, "not_found"),
    ):
        with pytest.raises(ActionRefused) as refused:
            take_in(company, "BTL", "1", **settings)
        assert refused.value.code == code
    take_in(company, "BTL", "1", "9.00", customer_id=None, channel_id=company.channel)
    with company.session() as session:
        by_channel = sold(session, company.company_id, TODAY, TODAY + timedelta(days=2), By.CHANNEL)
        assert by_channel[company.channel].returns == 9
    assert differences(company) == ()


def test_a_price_below_zero_a_quantity_of_nothing_and_a_foreign_bin_are_refused(company: SmallCompany) -> None:
    company.product("BTL")
    company.stock("BTL", "5", "10.00")
    warehouse, elsewhere = new_id(), new_id()
    company.perform(SaveWarehouse(warehouse, "W2", "Second"), SaveBin(elsewhere, warehouse, "B2"))
    for qty, price, bin_id, code in (
        ("1", "-1", None, "amount_negative"),
        ("0", "1", None, "qty_not_positive"),
        ("1", "1", elsewhere, "bin_elsewhere"),
    ):
        line = ReturnedProduct(company.products["BTL"], Decimal(qty), Decimal(price), bin_id)
        with pytest.raises(ActionRefused) as refused:
            company.perform(TakeInReturnWithoutShipment(new_id(), company.warehouse, TODAY, (line,), company.customer))
        assert refused.value.code == code


def test_a_serial_number_that_is_in_stock_cannot_come_back(company: SmallCompany) -> None:
    company.product("PHN", tracking="serial")
    with pytest.raises(ActionRefused) as refused:
        take_in(company, "PHN", "1")
    assert refused.value.code == "lot_missing"


def test_returns_are_the_same_when_the_actions_are_performed_again(
    company: SmallCompany, engine: Engine, another_database: Callable[[], Engine]
) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    take_back(company, shipment, ("2", False), ("1", True))
    take_in(company, "BTL", "1", "5.00")
    take_in(company, "BTL", "1", "5.00", is_scrapped=True)
    copy = another_database()
    replay(engine, company.company_id, copy)
    assert differing_tables(engine, copy, company.company_id) == {}
