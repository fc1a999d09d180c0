from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.ledger.events import (
    AllowanceChange,
    Amount,
    CostAdjusted,
    CostCorrection,
    CustomerReturned,
    GoodsDelivered,
    GoodsReceived,
    GoodsShipped,
    LandedCostEntered,
    LateCost,
    ManualEntry,
    ManualLine,
    OpeningStock,
    ReceiptPriceCorrected,
    ReturnedAmount,
    RevenueEarned,
    SalesInvoiced,
    StandardCostChanged,
    StockCounted,
    StockRevalued,
    StockWrittenDown,
    SupplierReturned,
)
from erp_desktop.ledger.posting import Dimensions, PostingLine, Purpose, UnbalancedEntry, balanced, post

BOX, BAG = (Dimensions(product_id=UUID(int=number)) for number in (1, 2))
CUSTOMER = Dimensions(party_id=UUID(int=9))
CASH, RENT = UUID(int=21), UUID(int=22)


def D(text: str) -> Decimal:
    return Decimal(text)


def sides(event) -> dict[str, Decimal]:
    """Net debit per purpose; credits are negative."""
    net: dict[str, Decimal] = {}
    for line in post(event):
        net[line.purpose] = net.get(line.purpose, Decimal(0)) + line.debit - line.credit
    return net


def test_goods_received_are_owed_before_the_invoice_comes():
    assert sides(GoodsReceived((Amount(D("120.00"), BOX), Amount(D("30.00"), BAG)))) == {
        Purpose.INVENTORY: D("150.00"),
        Purpose.GOODS_RECEIVED_NOT_INVOICED: D("-150.00"),
    }


def test_a_revaluation_stands_against_the_inventory_adjustment():
    assert sides(StockRevalued((Amount(D("20.00"), BOX), Amount(D("-5.00"), BAG)))) == {
        Purpose.INVENTORY: D("15.00"),
        Purpose.INVENTORY_ADJUSTMENT: D("-15.00"),
    }


def test_a_new_standard_is_no_purchase_price_variance():
    assert sides(StandardCostChanged((Amount(D("-7.00"), BOX),))) == {
        Purpose.INVENTORY: D("-7.00"),
        Purpose.STANDARD_COST_CHANGE: D("7.00"),
    }


def test_a_write_down_leaves_the_cost_in_inventory_and_its_reversal_takes_the_loss_back():
    down = StockWrittenDown((AllowanceChange(D("30.00"), dimensions=BOX),))
    up = StockWrittenDown((AllowanceChange(D("-12.00"), dimensions=BOX),))
    assert sides(down) == {Purpose.WRITE_DOWN_LOSS: D("30.00"), Purpose.INVENTORY_ALLOWANCE: D("-30.00")}
    assert sides(up) == {Purpose.WRITE_DOWN_LOSS: D("-12.00"), Purpose.INVENTORY_ALLOWANCE: D("12.00")}


def test_goods_that_left_take_their_allowance_to_cost_of_sales_and_that_is_no_reversal():
    assert sides(StockWrittenDown((AllowanceChange(D("5.00"), released=D("8.00"), dimensions=BOX),))) == {
        Purpose.INVENTORY_ALLOWANCE: D("3.00"),
        Purpose.COST_OF_SALES: D("-8.00"),
        Purpose.WRITE_DOWN_LOSS: D("5.00"),
    }


def test_a_shipment_turns_stock_into_cost_of_sales():
    assert sides(GoodsShipped((Amount(D("80.00"), BOX),))) == {
        Purpose.COST_OF_SALES: D("80.00"),
        Purpose.INVENTORY: D("-80.00"),
    }


def test_goods_under_way_are_dispatched_until_their_delivery_is_cost_of_sales():
    assert sides(GoodsShipped((Amount(D("80.00"), BOX),), is_under_way=True)) == {
        Purpose.GOODS_DISPATCHED: D("80.00"),
        Purpose.INVENTORY: D("-80.00"),
    }
    assert sides(GoodsDelivered((Amount(D("80.00"), BOX),))) == {
        Purpose.COST_OF_SALES: D("80.00"),
        Purpose.GOODS_DISPATCHED: D("-80.00"),
    }


def test_goods_that_come_back_undelivered_were_never_sold():
    back = CustomerReturned((ReturnedAmount(D("20.00"), D("0"), BOX, scrapped=D("5.00")),), is_under_way=True)
    assert sides(back) == {
        Purpose.INVENTORY: D("15.00"),
        Purpose.SCRAP_LOSS: D("5.00"),
        Purpose.GOODS_DISPATCHED: D("-20.00"),
    }


def test_freight_of_goods_under_way_is_dispatched_with_them():
    late = LateCost(D("6.00"), D("0"), BOX, to_goods_dispatched=D("4.00"))
    assert sides(LandedCostEntered((late,))) == {
        Purpose.INVENTORY: D("6.00"),
        Purpose.GOODS_DISPATCHED: D("4.00"),
        Purpose.LANDED_COST_CLEARING: D("-10.00"),
    }


@pytest.mark.parametrize("event", [RevenueEarned, SalesInvoiced])
def test_the_customer_owes_goods_freight_and_tax(event):
    sale = event((Amount(D("100.00"), BOX),), freight=D("8.00"), output_vat=D("14.04"), receivable=CUSTOMER)
    assert sides(sale) == {
        Purpose.RECEIVABLE: D("122.04"),
        Purpose.REVENUE: D("-100.00"),
        Purpose.FREIGHT_REVENUE: D("-8.00"),
        Purpose.OUTPUT_VAT: D("-14.04"),
    }
    assert post(sale)[0].dimensions == CUSTOMER


def test_landed_cost_goes_to_what_is_left_and_to_what_was_sold():
    freight = LandedCostEntered((LateCost(D("60.00"), D("40.00"), BOX),))
    assert sides(freight) == {
        Purpose.INVENTORY: D("60.00"),
        Purpose.COST_OF_SALES: D("40.00"),
        Purpose.LANDED_COST_CLEARING: D("-100.00"),
    }
    assert sides(replace(freight, billed_by=UUID(int=5)))[Purpose.PAYABLE] == D("-100.00")


def test_a_receipt_that_was_too_dear_gives_back_what_it_added():
    assert sides(ReceiptPriceCorrected((LateCost(D("-6.00"), D("-4.00"), BOX),))) == {
        Purpose.INVENTORY: D("-6.00"),
        Purpose.COST_OF_SALES: D("-4.00"),
        Purpose.GOODS_RECEIVED_NOT_INVOICED: D("10.00"),
    }


def test_a_late_correction_goes_where_the_issue_had_gone():
    adjusted = CostAdjusted(
        (CostCorrection(D("5.00"), BOX), CostCorrection(D("-2.00"), BOX, Purpose.INVENTORY_ADJUSTMENT))
    )
    assert sides(adjusted) == {
        Purpose.COST_OF_SALES: D("5.00"),
        Purpose.INVENTORY_ADJUSTMENT: D("-2.00"),
        Purpose.INVENTORY: D("-3.00"),
    }


def test_a_customers_return_brings_back_the_cost_and_credits_the_price():
    returned = CustomerReturned((ReturnedAmount(D("80.00"), D("95.00"), BOX),), D("12.35"), CUSTOMER)
    assert sides(returned) == {
        Purpose.INVENTORY: D("80.00"),
        Purpose.COST_OF_SALES: D("-80.00"),
        Purpose.SALES_RETURNS: D("95.00"),
        Purpose.OUTPUT_VAT: D("12.35"),
        Purpose.RECEIVABLE: D("-107.35"),
    }


def test_what_the_supplier_does_not_credit_is_a_price_difference():
    returned = SupplierReturned((ReturnedAmount(cost=D("66.67"), credit=D("60.00"), dimensions=BOX),))
    assert sides(returned) == {
        Purpose.GOODS_RECEIVED_NOT_INVOICED: D("60.00"),
        Purpose.PURCHASE_PRICE_VARIANCE: D("6.67"),
        Purpose.INVENTORY: D("-66.67"),
    }
    assert Purpose.PAYABLE in sides(replace(returned, is_invoiced=True))


def test_a_count_posts_gains_and_losses_apart_by_product():
    lines = post(StockCounted((Amount(D("5.00"), BOX), Amount(D("-7.00"), BAG))))
    assert [(line.purpose, line.debit, line.credit) for line in lines] == [
        (Purpose.INVENTORY, D("5.00"), 0),
        (Purpose.INVENTORY_ADJUSTMENT, 0, D("5.00")),
        (Purpose.INVENTORY, 0, D("7.00")),
        (Purpose.INVENTORY_ADJUSTMENT, D("7.00"), 0),
    ]


def test_opening_stock_stands_against_opening_equity():
    assert sides(OpeningStock((Amount(D("9.00"), BOX),)))[Purpose.OPENING_EQUITY] == D("-9.00")


def test_lines_of_the_same_kind_are_added_together_and_zeros_left_out():
    lines = post(GoodsShipped((Amount(D("1.00"), BOX), Amount(D("2.00"), BOX), Amount(D("0.00"), BAG))))
    assert lines == (
        PostingLine(Purpose.COST_OF_SALES, D("3.00"), D("0"), BOX),
        PostingLine(Purpose.INVENTORY, D("0"), D("3.00"), BOX),
    )
    assert post(GoodsShipped(())) == ()


def test_an_entry_typed_by_hand_has_to_balance():
    rent = ManualEntry((ManualLine(RENT, debit=D("10.00")), ManualLine(CASH, credit=D("10.00"))))
    assert [line.account_id for line in post(rent)] == [RENT, CASH]
    with pytest.raises(UnbalancedEntry) as refused:
        post(ManualEntry((ManualLine(RENT, debit=D("10.00")), ManualLine(CASH, credit=D("9.99")))))
    assert (refused.value.debit, refused.value.credit) == (D("10.00"), D("9.99"))


@pytest.mark.parametrize(
    "line", [ManualLine(RENT, D("1"), D("1")), ManualLine(RENT, D("-1")), ManualLine(RENT, credit=D("-1"))]
)
def test_a_typed_line_has_one_side_that_is_not_negative(line):
    with pytest.raises(ValueError, match="one side"):
        post(ManualEntry((line,)))


def test_lines_that_do_not_balance_are_refused_with_both_sums():
    with pytest.raises(UnbalancedEntry, match="against credits of 0"):
        balanced([PostingLine(Purpose.CASH, D("1.00"), D("0"))])


cents = st.integers(-(10**12), 10**12).map(lambda number: Decimal(number).scaleb(-2))
dimensions = st.sampled_from([BOX, BAG, CUSTOMER, Dimensions()])
amount_lines = st.lists(st.builds(Amount, cents, dimensions), max_size=6).map(tuple)
late_lines = st.lists(st.builds(LateCost, cents, cents, dimensions), max_size=6).map(tuple)
returned_lines = st.lists(st.builds(ReturnedAmount, cents, cents, dimensions), max_size=6).map(tuple)
corrections = st.builds(
    CostCorrection, cents, dimensions, st.sampled_from([Purpose.COST_OF_SALES, Purpose.INVENTORY_ADJUSTMENT])
)
EVENTS = [
    *(st.builds(event, amount_lines) for event in (GoodsReceived, GoodsShipped, StockCounted, OpeningStock)),
    *(st.builds(event, amount_lines, cents, cents, dimensions) for event in (RevenueEarned, SalesInvoiced)),
    st.builds(LandedCostEntered, late_lines, st.sampled_from([None, UUID(int=5)])),
    st.builds(ReceiptPriceCorrected, late_lines),
    st.builds(CostAdjusted, st.lists(corrections, max_size=6).map(tuple)),
    st.builds(CustomerReturned, returned_lines, cents, dimensions),
    st.builds(SupplierReturned, returned_lines, st.booleans()),
]


@given(event=st.one_of(EVENTS))
def test_every_event_balances_whatever_its_amounts(event):
    lines = post(event)
    assert sum(line.debit for line in lines) == sum(line.credit for line in lines)
    assert all(line.debit >= 0 and line.credit >= 0 and bool(line.debit) != bool(line.credit) for line in lines)
    assert len({(line.purpose, line.dimensions, bool(line.debit)) for line in lines}) == len(lines)
