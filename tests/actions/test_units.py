"""Orders in another unit than the stock unit: a box of 24, a third of a roll (costing.md, rule 10). Stock is exact, an amount is
rounded once at its document's line, or the line is refused."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.exchanging import SaveExchangeRate
from erp_desktop.actions.invoicing import PostSalesInvoice
from erp_desktop.actions.masters import SaveBarcode, SaveProductUnit, SaveUnit
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostPool, MoveCost
from erp_desktop.models.purchasing import (
    GoodsReceiptLine,
    PriceCorrectionLine,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierReturnLine,
)
from erp_desktop.models.sales import CustomerReturnLine, SalesInvoiceLine, SalesOrderLine, ShipmentLine
from erp_desktop.numbers import UnitFactor, round_money
from erp_desktop.queries.base import Query
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.line_units import UnitsMeant, UnitsOfProduct
from erp_desktop.queries.lookups import ProductLookup
from erp_desktop.queries.order_entry import LastPurchasePrices, PriceWanted, SalePrices, ScannedProduct
from erp_desktop.queries.purchasing_details import PurchaseOrderDetail
from erp_desktop.queries.receipt_prices import ReceiptPrices
from erp_desktop.queries.supplier_returns import ReturnableReceipt

BOX, THIRD = "BOX", "THIRD"


@dataclass(frozen=True)
class Trade:
    """A company that counts its products in pieces, and buys some of them by the box."""

    company: SmallCompany

    def unit(self, code: str) -> UUID:
        return derived_id("unit", self.company.company_id, code)

    def pack(self, product: str, unit: str, numerator: int, denominator: int = 1) -> None:
        """One `unit` of the product is numerator/denominator pieces from now on."""
        self.company.product(product)
        with self.company.session() as session:
            known = UnitsOfProduct("", self.company.products[product]).run(session, self.company.company_id)
        if unit not in {one.code for one in known}:
            self.company.perform(SaveUnit(self.unit(unit), unit, unit))
        product_id = self.company.products[product]
        row_id = derived_id("product_unit", product_id, unit)
        self.company.perform(SaveProductUnit(row_id, product_id, self.unit(unit), numerator, denominator))

    def line(self, order: UUID, place: int = 0) -> UUID:
        return derived_id("line", order, str(place))

    def draft(
        self,
        product: str,
        qty: str,
        price: str,
        unit: str = "",
        *,
        order: UUID | None = None,
        is_unit_anew: bool = False,
        **more: str,
    ) -> UUID:
        order = order or new_id()
        wanted = PurchaseLine(
            self.line(order),
            self.company.product(product),
            Decimal(qty),
            Decimal(price),
            self.unit(unit) if unit else None,
            is_unit_anew,
        )
        company = self.company
        self.company.perform(
            SavePurchaseOrder(order, company.supplier, company.warehouse, TODAY, TODAY, (wanted,), **more)
        )
        return order

    def order(self, product: str, qty: str, price: str, unit: str = "", **more: str) -> UUID:
        order = self.draft(product, qty, price, unit, **more)
        self.company.perform(ConfirmPurchaseOrder(order))
        return order

    def receive(self, order: UUID, qty: str, rate: str = "") -> UUID:
        """`qty` in pieces. Gives the receipt."""
        receipt = new_id()
        counted = (ReceivedLine(self.line(order), Decimal(qty)),)
        self.company.perform(ReceiveGoods(receipt, order, TODAY, counted, rate=Decimal(rate) if rate else None))
        return receipt

    def sell(self, product: str, qty: str, price: str, unit: str = "", discount: str = "0") -> UUID:
        """A confirmed and allocated sales order."""
        company, order = self.company, new_id()
        line = SalesLine(
            self.line(order),
            company.product(product),
            Decimal(qty),
            Decimal(price),
            Decimal(discount),
            self.unit(unit) if unit else None,
        )
        company.perform(
            SaveSalesOrder(
                order, company.channel, company.warehouse, TODAY, TODAY, (line,), customer_id=company.customer
            ),
            ConfirmSalesOrder(order),
            AllocateSalesOrder(order),
        )
        return order

    def ship(self, order: UUID, qty: str) -> UUID:
        shipment = new_id()
        self.company.perform(ShipOrder(shipment, order, TODAY, lines=(ShippedLine(self.line(order), Decimal(qty)),)))
        return shipment

    def purchase_line(self, order: UUID) -> PurchaseOrderLine:
        with self.company.session() as session:
            return session.get_one(PurchaseOrderLine, (self.company.company_id, self.line(order)))

    def receipt_line(self, receipt: UUID) -> UUID:
        with self.company.session() as session:
            return session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt)).one()

    def stock(self, product: str) -> tuple[Decimal, Decimal]:
        """Pieces on hand and what they are worth in the book that posts."""
        with self.company.session() as session:
            pools = session.scalars(select(CostPool).where(CostPool.product_id == self.company.products[product])).all()
            return sum((pool.on_hand for pool in pools), Decimal(0)), sum((pool.value for pool in pools), Decimal(0))

    def ask(self, query: Query[Any]) -> Any:
        with self.company.session() as session:
            return query.run(session, self.company.company_id)

    def is_sound(self) -> None:
        with self.company.session() as session:
            assert not examine(session, self.company.company_id)


@pytest.fixture
def trade(company: SmallCompany) -> Trade:
    return Trade(company)


@pytest.fixture
def boxes(trade: Trade) -> Trade:
    """KETTLE comes in boxes of 24."""
    trade.pack("KETTLE", BOX, 24)
    return trade


def test_two_boxes_of_24_are_48_pieces_in_stock_at_what_the_boxes_cost(boxes: Trade) -> None:
    order = boxes.order("KETTLE", "2", "10.00", BOX)
    boxes.receive(order, "48")

    line = boxes.purchase_line(order)
    assert (line.qty, line.unit_price, line.amount) == (48, 10, 20)
    assert boxes.stock("KETTLE") == (48, 20)
    boxes.is_sound()


def test_a_box_that_comes_in_parts_is_valued_part_by_part_and_each_piece_leaves_at_its_share(boxes: Trade) -> None:
    order = boxes.order("KETTLE", "2", "10.00", BOX)
    boxes.receive(order, "7")
    assert boxes.stock("KETTLE") == (7, Decimal("2.92"))  # 7/24 of 10.00 is 2.9166...
    boxes.receive(order, "41")
    assert boxes.stock("KETTLE") == (48, 20)
    boxes.ship(boxes.sell("KETTLE", "1", "1.00"), "1")

    with boxes.company.session() as session:
        assert session.get_one(PurchaseOrder, (boxes.company.company_id, order)).status == "received"
        assert sum(session.scalars(select(MoveCost.cost).where(MoveCost.qty < 0))) == Decimal("-0.42")
    boxes.is_sound()


def test_a_later_change_of_the_products_unit_changes_no_document(boxes: Trade) -> None:
    order = boxes.order("KETTLE", "2", "10.00", BOX)
    draft = boxes.draft("KETTLE", "3", "10.00", BOX)
    boxes.pack("KETTLE", BOX, 20)
    boxes.receive(order, "48")
    assert boxes.stock("KETTLE") == (48, 20)

    boxes.draft("KETTLE", "4", "10.00", BOX, order=draft)
    assert boxes.purchase_line(draft).qty == 96, "a line that is saved again keeps the factor it was entered with"
    new = boxes.draft("KETTLE", "4", "10.00", BOX)
    assert boxes.purchase_line(new).qty == 80
    boxes.draft("KETTLE", "4", "10.00", BOX, order=draft, is_unit_anew=True)
    assert boxes.purchase_line(draft).qty == 80, "a line that is given its unit again counts as the product has it now"
    boxes.is_sound()


def test_a_line_that_is_given_another_unit_takes_that_ones_factor(boxes: Trade) -> None:
    boxes.pack("KETTLE", "PALLET", 480)
    draft = boxes.draft("KETTLE", "2", "10.00", BOX)
    boxes.draft("KETTLE", "2", "190.00", "PALLET", order=draft)
    assert (boxes.purchase_line(draft).qty, boxes.purchase_line(draft).amount) == (960, 380)
    boxes.draft("KETTLE", "2", "0.50", order=draft)
    line = boxes.purchase_line(draft)
    assert (line.qty, line.amount, line.unit_id, line.factor) == (2, 1, None, UnitFactor())


def test_the_stock_unit_may_be_named_as_the_unit(boxes: Trade) -> None:
    line = boxes.purchase_line(boxes.draft("KETTLE", "5", "2.00", "PC"))
    assert (line.qty, line.unit_id) == (5, None)


def test_thirds_of_a_roll_are_taken_where_they_come_out(trade: Trade) -> None:
    trade.pack("ROLL", THIRD, 1, 3)
    order = trade.order("ROLL", "6", "1.00", THIRD)
    trade.receive(order, "2")
    assert trade.stock("ROLL") == (2, 6)

    with pytest.raises(ActionRefused) as refused:
        trade.draft("ROLL", "7", "1.00", THIRD)
    assert str(refused.value) == (
        "7 THIRD of ROLL are no exact quantity in PC. What fits nearest: 6 / 9; nothing was changed."
    )
    with pytest.raises(ActionRefused, match="What fits nearest: 3; nothing"):
        trade.sell("ROLL", "1", "1.00", THIRD)
    trade.is_sound()


def test_a_unit_that_the_product_has_not_is_refused(boxes: Trade) -> None:
    boxes.company.product("MUG")
    for enter in (boxes.draft, boxes.sell):
        with pytest.raises(ActionRefused, match="MUG is not counted by BOX") as refused:
            enter("MUG", "1", "1.00", BOX)
        assert refused.value.code == "not_a_unit_of_product"


@pytest.mark.parametrize(("qty", "code"), [("0", "qty_not_positive"), ("0.0000001", "number"), ("1E+30", "number")])
def test_a_quantity_that_is_none_is_refused_in_any_unit(boxes: Trade, qty: str, code: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        boxes.draft("KETTLE", qty, "1.00", BOX)
    assert refused.value.code == code


def test_boxes_bought_in_dollars_are_rounded_in_dollars_and_then_at_the_rate(boxes: Trade) -> None:
    boxes.company.perform(SaveExchangeRate(new_id(), "USD", TODAY, Decimal("7.1234")))
    order = boxes.order("KETTLE", "1", "10.00", BOX, currency="USD")
    boxes.receive(order, "7")
    assert boxes.stock("KETTLE") == (7, Decimal("20.80"))  # 2.92 USD
    boxes.receive(order, "17", rate="7")
    assert boxes.stock("KETTLE") == (24, Decimal("20.80") + Decimal("49.56"))  # 7.08 USD
    boxes.is_sound()


def test_a_late_invoice_states_the_price_of_the_box(boxes: Trade) -> None:
    order = boxes.order("KETTLE", "2", "10.00", BOX)
    receipt = boxes.receive(order, "41")
    assert boxes.stock("KETTLE") == (41, Decimal("17.08"))
    (line,) = boxes.ask(ReceiptPrices(receipt)).prices
    assert (line.unit_price, line.price_unit) == (10, BOX)
    assert line.effect_of(Decimal("12.00"), TODAY).difference == Decimal("3.42")

    corrected = (CorrectedPrice(boxes.receipt_line(receipt), Decimal("12.00")),)
    boxes.company.perform(CorrectReceiptPrices(new_id(), receipt, TODAY, corrected))

    assert boxes.stock("KETTLE") == (41, Decimal("20.50"))  # 41/24 of 12.00
    with boxes.company.session() as session:
        row = session.scalars(select(PriceCorrectionLine)).one()
        assert (row.unit_price, row.difference) == (12, Decimal("3.42"))
        assert row.price_before == Decimal("9.998049")  # 17.08 for 41/24 of a box
    boxes.is_sound()


def test_pieces_of_a_box_go_back_to_the_supplier_at_their_share_of_its_price(boxes: Trade) -> None:
    order = boxes.order("KETTLE", "2", "10.00", BOX)
    receipt = boxes.receive(order, "48")
    (line,) = boxes.ask(ReturnableReceipt(receipt)).returnable
    assert (line.unit_price, line.price_unit, line.free) == (10, BOX, 48)

    back = (SentBackLine(boxes.receipt_line(receipt), Decimal(7), Decimal("10.00")),)
    boxes.company.perform(ReturnToSupplier(new_id(), receipt, TODAY, back))
    with boxes.company.session() as session:
        row = session.scalars(select(SupplierReturnLine)).one()
        assert (row.qty, row.amount) == (7, Decimal("2.92"))
    assert boxes.stock("KETTLE") == (41, Decimal("17.08"))
    boxes.is_sound()


def test_a_box_is_sold_shipped_invoiced_and_returned_in_pieces(boxes: Trade) -> None:
    """The invoices add up to the line; what comes back is credited at its share of it."""
    boxes.receive(boxes.order("KETTLE", "2", "10.00", BOX), "48")
    order = boxes.sell("KETTLE", "1", "19.99", BOX, discount="0.1")
    with boxes.company.session() as session:
        line = session.get_one(SalesOrderLine, (boxes.company.company_id, boxes.line(order)))
        assert (line.qty, line.amount, line.allocated_qty) == (24, Decimal("17.99"), 24)
        at_shipment = session.get_one(Company, (boxes.company.company_id, boxes.company.company_id)).revenue_at
    shipments = [boxes.ship(order, qty) for qty in ("7", "16", "1")]
    if at_shipment != "shipment":
        boxes.company.perform(PostSalesInvoice(new_id(), order, TODAY))
    with boxes.company.session() as session:
        assert sum(session.scalars(select(SalesInvoiceLine.amount))) == Decimal("17.99")
        shipped = session.scalars(select(ShipmentLine.id).where(ShipmentLine.shipment_id == shipments[0])).one()

    back = (ReturnedLine(shipped, Decimal(5)),)
    boxes.company.perform(TakeInReturn(new_id(), shipments[0], TODAY, back))
    with boxes.company.session() as session:
        row = session.scalars(select(CustomerReturnLine)).one()
        assert (row.amount, row.unit_price) == (Decimal("3.75"), Decimal("0.832917"))
    boxes.is_sound()


def test_a_price_is_proposed_for_the_unit_that_is_ordered(boxes: Trade) -> None:
    company, kettle = boxes.company, boxes.company.products["KETTLE"]
    boxes.order("KETTLE", "2", "10.00", BOX)
    company.product("MUG", list_price=Decimal("1.25"))
    mug = company.products["MUG"]
    wanted = tuple(PriceWanted(kettle, Decimal(1), UnitFactor(pieces)) for pieces in (24, 1, 12))
    assert boxes.ask(LastPurchasePrices((*wanted, PriceWanted(mug)))) == (10, Decimal("0.416667"), 5, None)

    sold = PriceWanted(mug, Decimal(48), UnitFactor(24))
    assert boxes.ask(SalePrices((sold, PriceWanted(kettle)), TODAY + timedelta(1))) == (30, None)


def test_units_that_are_pasted_for_many_products_are_looked_up_in_one_question(boxes: Trade) -> None:
    boxes.pack("ROLL", THIRD, 1, 3)
    kettle, roll = (boxes.company.products[code] for code in ("KETTLE", "ROLL"))
    texts = ((kettle, "box"), (kettle, "PC"), (kettle, THIRD), (roll, " third "), (roll, BOX))
    meant = boxes.ask(UnitsMeant(texts))
    assert {of: (unit.code, unit.factor) for of, unit in meant.items()} == {
        (kettle, "box"): (BOX, UnitFactor(24)),
        (kettle, "PC"): ("PC", UnitFactor(1)),
        (roll, " third "): (THIRD, UnitFactor(1, 3)),
    }


def test_a_scanned_pack_counts_all_that_it_holds_and_is_ordered_as_a_pack(boxes: Trade) -> None:
    company = boxes.company
    boxes.pack("ROLL", THIRD, 1, 3)
    for code, product, unit in (("690001", "KETTLE", BOX), ("690002", "ROLL", THIRD), ("690003", "KETTLE", "")):
        barcode = SaveBarcode(new_id(), code, company.products[product], boxes.unit(unit) if unit else None)
        company.perform(barcode)
    assert boxes.ask(ScannedProduct("690001")).qty == 24
    assert boxes.ask(ScannedProduct("690002")).qty is None, "a third of a roll is no exact quantity"
    assert boxes.ask(ScannedProduct("690003")).qty == 1
    asked: list[object] = []
    with company.session() as session:
        event.listen(session, "do_orm_execute", asked.append)
        (choice,) = ProductLookup("690001").run(session, company.company_id)
    assert (choice.pack.code, choice.pack.factor) == (BOX, UnitFactor(24))
    assert len(asked) == 1, "the pack comes with the product"
    (choice,) = boxes.ask(ProductLookup("690003"))
    assert choice.pack is None


def test_a_product_offers_its_own_units_the_stock_unit_first(boxes: Trade) -> None:
    kettle = boxes.company.products["KETTLE"]
    boxes.pack("KETTLE", "ADOZEN", 12)
    boxes.pack("MUG", "CRATE", 6)
    assert [one.code for one in boxes.ask(UnitsOfProduct("", kettle))] == ["PC", "ADOZEN", BOX]
    assert [one.code for one in boxes.ask(UnitsOfProduct("oz", kettle))] == ["ADOZEN"]


def test_an_order_is_shown_in_the_unit_it_was_entered_in(boxes: Trade) -> None:
    (line,) = boxes.ask(PurchaseOrderDetail(boxes.draft("KETTLE", "2.5", "10.00", BOX))).lines
    assert (line.entered_qty, line.price_unit, line.qty, line.unit_code) == (Decimal("2.5"), BOX, 60, "PC")
    (line,) = boxes.ask(PurchaseOrderDetail(boxes.draft("KETTLE", "60", "1.00"))).lines
    assert (line.entered_qty, line.price_unit, line.unit_id) == (60, "PC", None)
    assert (line.unit_code_zh, line.price_unit_zh) == ("件", "件"), (
        "a unit that every company opens with has a Chinese name"
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    numerator=st.integers(1, 2000),
    denominator=st.sampled_from([1, 1, 2, 3, 7, 8, 12, 125]),
    qty=st.decimals("0.001", "500", places=3),
    price=st.decimals("0", "900", places=4),
    cuts=st.lists(st.integers(1, 99), max_size=4),
)
@example(numerator=1, denominator=3, qty=Decimal(1), price=Decimal(1), cuts=[])
def test_any_factor_is_exact_in_stock_and_rounded_once_or_refused(
    trade: Trade, numerator: int, denominator: int, qty: Decimal, price: Decimal, cuts: list[int]
) -> None:
    """And what comes in parts is at most half a cent off for each of them."""
    product = new_id().hex[-8:]
    trade.pack(product, BOX, numerator, denominator)
    exact = Fraction(qty) * numerator / denominator
    try:
        order = trade.order(product, str(qty), str(price), BOX)
    except ActionRefused as no:
        refused = no
    else:
        refused = None
    if (exact * 10**6).denominator != 1:
        assert refused is not None
        assert refused.code == "qty_not_exact"
        for fits in UnitFactor(numerator, denominator).fitting(qty):
            assert (Fraction(fits) * numerator / denominator * 10**6).denominator == 1
        return
    assert refused is None
    line = trade.purchase_line(order)
    assert Fraction(line.qty) == exact
    assert line.amount == round_money(Fraction(qty) * Fraction(price), 2)

    parts = [*sorted({line.qty * cut // 100 for cut in cuts} - {0}), line.qty]
    came = [part - before for before, part in zip([Decimal(0), *parts], parts, strict=False) if part > before]
    for part in came:
        trade.receive(order, str(part))
    on_hand, value = trade.stock(product)
    assert on_hand == line.qty
    assert abs(value - line.amount) <= Decimal("0.005") * (len(came) + 1)
    trade.is_sound()
