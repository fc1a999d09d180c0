"""What another price of a receipt would change, seen before it is posted: always what posting it then does."""

from datetime import timedelta
from decimal import Decimal

import pytest

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.ids import new_id
from erp_desktop.queries.receipt_prices import PriceEffect, ReceiptPriceLine, ReceiptPrices

LATER = TODAY + timedelta(days=3)


def only_line(company: SmallCompany, receipt: object) -> ReceiptPriceLine:
    with company.session() as session:
        (line,) = ReceiptPrices(receipt).run(session, company.company_id).prices  # type: ignore[arg-type]
        return line


@pytest.mark.parametrize("method", ["fifo", "moving_average"])
@pytest.mark.parametrize("new_price", ["9.00", "11.37", "0.000001"])
def test_what_is_shown_beforehand_is_what_posting_it_does(company: SmallCompany, method: str, new_price: str) -> None:
    company.product("BTL", method)
    receipt = company.stock("BTL", "10", "10.00")
    company.ship(company.sales_order(("BTL", "4", "20")), "4")
    before = only_line(company, receipt)
    assert (before.unit_price, before.goods.qty_left) == (10, 6)
    shown = before.effect_of(Decimal(new_price), TODAY)
    value_before = before.goods.value_left

    company.perform(CorrectReceiptPrice(new_id(), before.id, Decimal(new_price), TODAY))
    after = only_line(company, receipt)
    assert after.goods.value_left - value_before == shown.to_inventory
    assert after.so_far.value - before.so_far.value == shown.difference == shown.to_inventory + shown.to_cost_of_sales
    assert after.effect_of(Decimal(new_price), TODAY).difference == 0


def test_the_price_now_is_the_one_it_was_corrected_to_last(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "10.00")
    line = only_line(company, receipt)
    for price in ("9.00", "11.50"):
        company.perform(CorrectReceiptPrice(new_id(), line.id, Decimal(price), TODAY))
        assert only_line(company, receipt).unit_price == Decimal(price)


def test_goods_that_have_all_left_change_only_the_cost_of_sales(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "10.00")
    company.ship(company.sales_order(("BTL", "10", "20")), "10")
    effect = only_line(company, receipt).effect_of(Decimal("10.50"), TODAY)
    assert (effect.to_inventory, effect.to_cost_of_sales) == (0, Decimal("5.00"))


def test_what_only_the_centre_can_tell_is_not_guessed(company: SmallCompany) -> None:
    company.product("BTL", "fifo")
    receipt = company.stock("BTL", "10", "10.00")
    company.ship(company.sales_order(("BTL", "4", "20"), on=LATER), "4", on=LATER)
    line = only_line(company, receipt)
    assert line.effect_of(Decimal("11.00"), LATER) == PriceEffect(*map(Decimal, (10, 6, 0, 4)))
    assert line.effect_of(Decimal("11.00"), TODAY) == PriceEffect(Decimal("10.00"), None, None, None)  # dated back
    assert line.effect_of(Decimal("11.00"), None) == PriceEffect(Decimal("10.00"), None, None, None)
