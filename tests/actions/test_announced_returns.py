"""A channel announces that goods come back: they are taken in once when they arrive, as they arrive, or not at all."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine
from test_returning import sold_in_two_lots
from test_scrapping import cost_of_sales_now
from test_supplier_returns import differences, on_hand, posted

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.channel_orders import ChannelLine, ChannelReturn, TakeInChannelOrders, channel_return_id
from erp_desktop.actions.masters import SaveChannel, SaveParty
from erp_desktop.actions.returning import (
    CloseAnnouncedReturn,
    ReturnedLine,
    ReturnedProduct,
    TakeInReturn,
    TakeInReturnWithoutShipment,
)
from erp_desktop.actions.shipping import shipment_line_id
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.ids import new_id
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.sales import CustomerReturn
from erp_desktop.queries.announced_returns import ShipmentsAnnouncedBack
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.selling import CustomerReturns

LATER = TODAY + timedelta(days=1)


def announce(company: SmallCompany, qty: str = "3", number: str = "C1") -> UUID:
    """The channel announces that its customer sends so many bottles back. Gives the announced return."""
    line = ChannelLine(company.products["BTL"], Decimal(qty), Decimal(20))
    coming = ChannelReturn(number, TODAY, (line,), company.customer, "leaks")
    company.perform(TakeInChannelOrders(company.channel, company.warehouse, returns=(coming,)))
    return channel_return_id(company.channel, number)


def take_in(company: SmallCompany, announced: UUID, shipment: UUID, *back: tuple[str, bool]) -> UUID:
    """Takes in (quantity, whether it is scrapped) of the shipment for the announced return. Gives the posted one."""
    return_id = new_id()
    lines = tuple(
        ReturnedLine(shipment_line_id(shipment, 1), Decimal(qty), is_scrapped=scrapped) for qty, scrapped in back
    )
    company.perform(TakeInReturn(return_id, shipment, LATER, lines, announced_id=announced))
    return return_id


def stored(company: SmallCompany, return_id: UUID) -> CustomerReturn:
    with company.session() as session:
        return session.get_one(CustomerReturn, (company.company_id, return_id))


def test_announced_goods_come_in_as_counted_at_the_cost_of_their_shipment(company: SmallCompany) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    announced = announce(company, "3")
    assert (stored(company, announced).status, on_hand(company, "BTL")) == ("announced", {company.bin: 4})

    made = take_in(company, announced, shipment, ("1", False), ("1", True))

    entries = posted(company, "customer_return")
    assert (entries[Purpose.INVENTORY], entries[Purpose.SCRAP_LOSS]) == (Decimal("10.33"), Decimal("10.33"))
    assert entries[Purpose.SALES_RETURNS] == 40
    assert on_hand(company, "BTL") == {company.bin: 5}
    before, after = stored(company, announced), stored(company, made)
    assert (before.status, before.total, before.number) == ("received", 60, "RET-2026-0001")
    assert (after.status, after.announced_id, after.number) == ("posted", announced, "RET-2026-0002")
    in_report, in_ledger = cost_of_sales_now(company)
    assert in_report == in_ledger
    assert differences(company) == ()


def test_the_list_of_returns_sums_what_is_credited_and_not_what_was_announced(company: SmallCompany) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    take_in(company, announce(company, "3"), shipment, ("2", False))
    announce(company, "1", "C2")
    with company.session() as session:
        page = CustomerReturns(ListRequest(sort="number")).run(session, company.company_id)
    assert [(row.status, row.total, row.credited) for row in page.rows] == [
        ("received", 60, None),
        ("posted", 40, 40),
        ("announced", 20, None),
    ]
    assert page.totals == {"credited": 40}


def test_they_are_taken_in_once(company: SmallCompany) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    announced = announce(company)
    take_in(company, announced, shipment, ("1", False))
    with pytest.raises(ActionRefused, match="RET-2026-0001 is received") as refused:
        take_in(company, announced, shipment, ("1", False))
    assert refused.value.code == "wrong_state"
    with pytest.raises(ActionRefused, match="RET-2026-0001 is received"):
        company.perform(CloseAnnouncedReturn(announced, LATER))
    assert on_hand(company, "BTL") == {company.bin: 5}
    assert differences(company) == ()


def test_announced_goods_that_do_not_come_are_closed_and_move_nothing(company: SmallCompany) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    announced = announce(company)
    company.perform(CloseAnnouncedReturn(announced, LATER))
    assert (stored(company, announced).status, stored(company, announced).closed_on) == ("closed", LATER)
    assert on_hand(company, "BTL") == {company.bin: 4}
    with pytest.raises(ActionRefused, match="RET-2026-0001 is closed"):
        take_in(company, announced, shipment, ("1", False))
    assert differences(company) == ()


def test_announced_goods_of_which_nobody_knows_the_shipment_come_in_at_current_cost(company: SmallCompany) -> None:
    sold_in_two_lots(company, "fifo")
    announced = announce(company)
    line = ReturnedProduct(company.products["BTL"], Decimal(2), Decimal(20))
    company.perform(
        TakeInReturnWithoutShipment(
            new_id(), company.warehouse, LATER, (line,), company.customer, company.channel, announced_id=announced
        )
    )
    assert posted(company, "customer_return")[Purpose.INVENTORY] == 24
    assert stored(company, announced).status == "received"
    assert differences(company) == ()


def test_what_one_customer_announced_is_not_fulfilled_by_the_goods_of_another(company: SmallCompany) -> None:
    sold_in_two_lots(company, "fifo")
    announced = announce(company)
    other = new_id()
    company.perform(SaveParty(other, "C2", "Wang Fang", is_consumer=True))
    line = ReturnedProduct(company.products["BTL"], Decimal(1), Decimal(20))
    with pytest.raises(ActionRefused, match="RET-2026-0001 was announced by another customer"):
        company.perform(
            TakeInReturnWithoutShipment(new_id(), company.warehouse, LATER, (line,), other, announced_id=announced)
        )
    assert stored(company, announced).status == "announced"


def possible(company: SmallCompany, announced: UUID) -> set[UUID]:
    """The shipments that the announced goods may be of."""
    with company.session() as session:
        page = ShipmentsAnnouncedBack(ListRequest(), announced_id=announced).run(session, company.company_id)
        return {row.id for row in page.rows}


def test_the_goods_may_be_of_what_the_customer_still_has_of_the_announced_products(company: SmallCompany) -> None:
    first = sold_in_two_lots(company, "fifo")
    second = company.ship(company.sales_order(("BTL", "1", "20")), "1")
    company.stock("CUP", "5", "3.00")
    company.ship(company.sales_order(("CUP", "1", "9")), "1")
    announced = announce(company)
    assert possible(company, announced) == {first, second}
    company.perform(TakeInReturn(new_id(), second, LATER, (ReturnedLine(shipment_line_id(second, 1), Decimal(1)),)))
    assert possible(company, announced) == {first}


def test_where_nobody_knows_the_customer_the_goods_may_be_of_any_shipment_of_the_channel(company: SmallCompany) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    shop, stranger = new_id(), new_id()
    company.perform(SaveChannel(shop, "SHOP", "Shop"), SaveParty(stranger, "C2", "Wang Fang", is_consumer=True))
    line = ChannelLine(company.products["BTL"], Decimal(1), Decimal(20))
    for channel, customer, found in (
        (company.channel, None, {shipment}),
        (shop, None, set()),
        (company.channel, stranger, set()),
        (shop, company.customer, {shipment}),
    ):
        coming = ChannelReturn(f"C-{new_id()}", TODAY, (line,), customer)
        company.perform(TakeInChannelOrders(channel, company.warehouse, returns=(coming,)))
        assert possible(company, channel_return_id(channel, coming.external_number)) == found


def test_a_posted_return_is_none_that_is_waited_for(company: SmallCompany) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    made = take_in(company, announce(company), shipment, ("1", False))
    with pytest.raises(ActionRefused, match="RET-2026-0002 is posted"):
        take_in(company, made, shipment, ("1", False))


def test_the_fate_of_announced_returns_is_the_same_when_the_actions_are_performed_again(
    company: SmallCompany, engine: Engine, another_database: Callable[[], Engine]
) -> None:
    shipment = sold_in_two_lots(company, "fifo")
    take_in(company, announce(company), shipment, ("2", False), ("1", True))
    company.perform(CloseAnnouncedReturn(announce(company, number="C2"), LATER))
    copy = another_database()
    replay(engine, company.company_id, copy)
    assert differing_tables(engine, copy, company.company_id) == {}
