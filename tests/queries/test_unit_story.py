"""The story of a unit: from a line to the layers, receipts, landed costs and corrections behind its cost, and back."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from test_doctor_on_real_trade import do_every_kind_of_business

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.cost_books import ChangeCostMethod
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveBin, SaveCategory, SaveWarehouse
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.revaluing import RevaluedLine, RevalueStock
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.purchasing import GoodsReceipt, GoodsReceiptLine
from erp_desktop.models.sales import Shipment, ShipmentLine
from erp_desktop.models.stock import StockMove
from erp_desktop.queries.base import NotHere
from erp_desktop.queries.story import Story
from erp_desktop.queries.unit_story import UnitStories
from erp_desktop.reports.report import BadParameter, report_definition

DAY = [date(2026, 1, day) for day in range(1, 32)]


def story(company: SmallCompany, document_id: UUID, **which: object) -> Story:
    with company.session() as session:
        (found,) = UnitStories(document_id, **which).run(session, company.company_id)  # type: ignore[arg-type]
    return found


def sell(company: SmallCompany, code: str, qty: str, on: date) -> UUID:
    order = company.sales_order((code, qty, "30"), on=on)
    company.allocate(order)
    return company.ship(order, on=on)


def line_of(company: SmallCompany, table: type, column: object, document_id: UUID) -> UUID:
    with company.session() as session:
        return session.scalars(select(table.id).where(column == document_id)).one()  # type: ignore[attr-defined]


def receipt_line(company: SmallCompany, receipt: UUID) -> UUID:
    return line_of(company, GoodsReceiptLine, GoodsReceiptLine.receipt_id, receipt)


def number_of(company: SmallCompany, table: type, id: UUID) -> str:
    with company.session() as session:
        return session.scalars(select(table.number).where(table.id == id)).one()  # type: ignore[attr-defined]


@pytest.fixture
def two_layers(company):
    """Four at 10.00 (freight 4.00 came with them) and six at 20.00; five sold, then a late price and late freight."""
    company.product("BOX", method="fifo")
    company.first = company.stock("BOX", "4", "10.00", on=DAY[2])
    company.perform(EnterLandedCost(new_id(), "freight", DAY[3], Decimal("4.00"), "value", (company.first,)))
    company.second = company.stock("BOX", "6", "20.00", on=DAY[4])
    company.shipment = sell(company, "BOX", "5", DAY[9])
    company.perform(
        CorrectReceiptPrice(new_id(), receipt_line(company, company.second), Decimal("21.00"), DAY[19]),
        EnterLandedCost(new_id(), "duty", DAY[20], Decimal("8.00"), "value", (company.first,)),
    )
    return company


def test_a_shipment_tells_what_it_took_and_each_later_correction_with_its_cause(two_layers):
    company = two_layers
    told = story(company, company.shipment)
    assert told.posted == Decimal("64.00")  # four at 11.00, one at 20.00
    assert [(one.kind, one.amount) for one in told.corrections] == [
        ("receipt_price", Decimal("1.00")),
        ("landed_cost", Decimal("8.00")),
    ]
    assert all(one.cause.number and one.cause.by == "Li Wei" and one.cause.at for one in told.corrections)
    assert told.settled == Decimal("73.00") == told.explained
    first, second = told.taken
    assert (first.qty, first.value, first.origin.document.number) == (
        Decimal(4),
        Decimal("44.00"),
        number_of(company, GoodsReceipt, company.first),
    )
    assert first.origin.order_number.startswith("PO-2026-")
    assert first.origin.party == "Hangzhou Plastics"
    assert [(late.to_inventory, late.to_cost_of_sales) for late in first.late] == [
        (Decimal("4.00"), Decimal(0)),
        (Decimal(0), Decimal("8.00")),
    ]
    assert (second.qty, second.value, second.posted) == (Decimal(1), Decimal("20.00"), Decimal("120.00"))
    assert [(late.to_inventory, late.to_cost_of_sales) for late in second.late] == [(Decimal("5.00"), Decimal("1.00"))]


def test_a_receipt_tells_where_its_units_went(two_layers):
    company = two_layers
    told = story(company, company.second)
    assert told.is_incoming
    assert told.posted == Decimal("120.00")
    assert told.settled == Decimal("126.00") == told.explained
    (use,) = told.uses
    assert use.origin.document.number == number_of(company, Shipment, company.shipment)
    assert (use.qty, use.value, use.late) == (Decimal(1), Decimal("20.00"), Decimal("1.00"))
    assert (told.left_qty, told.left_value) == (Decimal(5), Decimal("105.00"))


def test_a_revaluation_is_told_behind_what_left_after_it_and_not_behind_what_had_left(two_layers):
    company = two_layers
    line = RevaluedLine(company.products["BOX"], amount=Decimal("-5.00"))
    company.perform(RevalueStock(new_id(), DAY[22], "Damp", (line,)))
    (taken,) = story(company, sell(company, "BOX", "2", DAY[24])).taken
    assert taken.value == Decimal("40.00")  # two of five at 120.00 + 6.00 - 21.00 - 5.00
    assert [late.kind for late in taken.late] == ["receipt_price", "revaluation"]
    assert (taken.late[1].to_inventory, taken.late[1].cause.by) == (Decimal("-5.00"), "Li Wei")
    before = story(company, company.shipment).taken
    assert "revaluation" not in [late.kind for one in before for late in one.late]


def test_what_came_back_is_told_on_both_sides(two_layers):
    company = two_layers
    line = line_of(company, ShipmentLine, ShipmentLine.shipment_id, company.shipment)
    returned = new_id()
    company.perform(TakeInReturn(returned, company.shipment, DAY[24], (ReturnedLine(line, Decimal(5)),)))
    told = story(company, company.shipment)
    (back,) = told.came_back
    assert (back.qty, back.value) == (Decimal(5), Decimal("73.00"))
    again = sell(company, "BOX", "10", DAY[26])
    resold = story(company, again)
    assert resold.settled == resold.explained == Decimal("178.00")
    through_return = next(taken for taken in resold.taken if taken.origin.kind == "customer_return")
    assert [one.origin.kind for one in through_return.behind] == ["receipt", "receipt"]
    assert story(company, returned).settled == Decimal("73.00")


def test_a_transfer_and_a_return_to_the_supplier_lead_back_to_the_receipt(company):
    category = derived_id("category", company.company_id, "fifo")
    company.perform(SaveCategory(category, "fifo", "Fifo", cost_method="fifo", cost_pool="warehouse"))
    company.products["BOX"] = derived_id("product", "BOX")
    _product_in(company, category)
    east, dock = new_id(), new_id()
    company.perform(SaveWarehouse(east, "EAST", "East"), SaveBin(dock, east, "DOCK"))
    receipt = company.stock("BOX", "8", "10.00", on=DAY[2])
    transfer = new_id()
    company.perform(MoveStock(transfer, company.products["BOX"], Decimal(3), company.bin, dock, DAY[5]))
    sent_back = new_id()
    company.perform(
        ReturnToSupplier(
            sent_back,
            receipt,
            DAY[8],
            (SentBackLine(receipt_line(company, receipt), Decimal(2), Decimal(10)),),
        )
    )
    count = new_id()
    company.perform(
        CountStock(count, east, DAY[9], (CountedLine(company.products["BOX"], dock, Decimal(2)),), "one broken")
    )
    lost = story(company, count)
    assert lost.settled == lost.explained == Decimal("10.00")
    assert [(one.origin.kind, [deeper.origin.kind for deeper in one.behind]) for one in lost.taken] == [
        ("transfer", ["receipt"])
    ]
    moved = story(company, transfer)
    assert (moved.settled, moved.explained) == (Decimal("30.00"), Decimal("30.00"))
    returned = story(company, sent_back)
    assert returned.settled == returned.explained == Decimal("20.00")
    whole = story(company, receipt)
    assert whole.settled == whole.explained == Decimal("80.00")
    assert [use.origin.kind for use in whole.uses] == ["transfer", "supplier_return"]


def _product_in(company: SmallCompany, category: UUID) -> None:
    from erp_desktop.actions.masters import SaveProduct

    unit = derived_id("unit", company.company_id, "PC")
    company.perform(
        SaveProduct(
            product_id=company.products["BOX"], code="BOX", name="Product BOX", category_id=category, unit_id=unit
        )
    )


@pytest.mark.parametrize("method", ["moving_average", "periodic_average", "standard"])
def test_an_average_is_told_by_the_pool_before_it(company, method):
    company.product("TEA", method=method)
    company.stock("TEA", "10", "10.00", on=DAY[1])
    company.stock("TEA", "10", "20.00", on=DAY[3])
    shipment = sell(company, "TEA", "4", DAY[5])
    told = story(company, shipment)
    assert told.taken == ()
    assert told.explained is None
    history = told.history
    assert [step.kind for step in history.steps] == ["receipt", "receipt"]
    assert history.steps[-1].qty_after == history.qty == Decimal(20)
    assert history.steps[-1].value_after == history.value
    if method == "moving_average":
        assert history.value == Decimal("300.00")
        assert told.settled == Decimal("60.00")


def change_method(company: SmallCompany, method: str, to: str, on: date) -> None:
    """Of every product whose category was made for `method`."""
    book = derived_id("cost_book", company.company_id, "MAIN")
    company.perform(ChangeCostMethod(book, to, on, derived_id("category", company.company_id, method)))


FEBRUARY = [date(2026, 2, day) for day in range(1, 29)]


def test_what_an_average_left_is_the_first_layer_after_a_change_of_method_and_has_its_own_story(company):
    company.product("PUMP", method="moving_average")
    company.stock("PUMP", "4", "10.00", on=DAY[2])
    company.stock("PUMP", "4", "20.00", on=DAY[4])
    change_method(company, "moving_average", "fifo", FEBRUARY[0])
    company.stock("PUMP", "6", "30.00", on=FEBRUARY[2])
    told = story(company, sell(company, "PUMP", "10", FEBRUARY[4]))
    assert told.settled == told.explained == Decimal("180.00")
    change, receipt = told.taken
    assert (change.origin.kind, change.qty, change.value, change.posted) == ("method", 8, 120, 120)
    assert (change.origin.document.kind, change.origin.document.number) == ("cost_book", "MAIN")
    assert (receipt.origin.kind, receipt.qty, receipt.value) == ("receipt", 2, 60)
    assert [step.kind for step in told.history.steps] == ["receipt", "receipt"]  # what the average came from
    assert (told.history.qty, told.history.value) == (8, 120)


def test_goods_whose_layer_ends_with_a_change_of_method_tell_what_went_into_the_average(company):
    company.product("PUMP", method="fifo")
    receipt = company.stock("PUMP", "8", "10.00", on=DAY[2])
    sell(company, "PUMP", "3", DAY[9])
    change_method(company, "fifo", "moving_average", FEBRUARY[0])
    sell(company, "PUMP", "1", FEBRUARY[4])
    told = story(company, receipt)
    sold, average = told.uses
    assert (sold.qty, sold.value) == (3, 30)
    assert (average.origin.kind, average.qty, average.value) == ("method", 5, 50)
    assert told.settled == told.gone_and_left == 80
    assert told.explained is None  # the average remembers no layer
    with company.session() as session:
        report = report_definition("unit_story").run(session, company.company_id, document=str(receipt))
        assert all(check.holds for check in report.checks)


def test_a_back_dated_receipt_is_named_as_the_cause_of_what_it_re_costed(company):
    company.product("BOX", method="fifo")
    company.stock("BOX", "5", "10.00", on=DAY[4])
    shipment = sell(company, "BOX", "2", DAY[9])
    late = company.stock("BOX", "1", "4.00", on=DAY[1])
    told = story(company, shipment)
    assert told.posted == Decimal("20.00")
    (correction,) = told.corrections
    assert (correction.kind, correction.amount) == ("back_dated", Decimal("-6.00"))
    assert correction.cause.number == number_of(company, GoodsReceipt, late)
    assert [taken.value for taken in told.taken] == [Decimal("4.00"), Decimal("10.00")]
    assert told.settled == told.explained == Decimal("14.00")


def test_a_document_that_moved_nothing_has_no_story(company):
    with pytest.raises(NotHere):
        story(company, new_id())


def test_as_a_report_it_adds_up_and_every_row_leads_on(two_layers):
    company = two_layers
    number = number_of(company, Shipment, company.shipment)
    with company.session() as session:
        run = report_definition("unit_story").run
        told = run(session, company.company_id, document=number, line="1")
        assert [check.holds for check in told.checks] == [True]
        (section,) = told.sections
        totals = [row.cells["amount"] for row in section.rows if row.sums]
        assert totals == [Decimal("73.00"), Decimal("73.00")]
        for row in section.rows:
            if row.sums:
                assert row.cells["amount"] == sum(section.rows[place].cells["amount"] for place in row.sums)
        onward = [row.link for row in section.rows if row.link is not None and row.link.kind == "report"]
        assert onward
        for link in onward:
            assert run(session, company.company_id, **link.parameters).sections
        with pytest.raises(BadParameter, match="There is no document SH-1 that moved stock"):
            run(session, company.company_id, document="SH-1")
        with pytest.raises(BadParameter, match="No line 7 of"):
            run(session, company.company_id, document=number, line="7")
        with pytest.raises(BadParameter, match="x is no line number"):
            run(session, company.company_id, document=number, line="x")


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average", "standard"])
def test_after_every_kind_of_business_every_story_adds_up(company, method):
    do_every_kind_of_business(company, method)
    company.stock("BTL", "3", "2.22", on=TODAY - timedelta(days=9))  # re-costs all that left since
    with company.session() as session:
        documents = session.scalars(select(StockMove.document_id).distinct()).all()
        stories = [told for one in documents for told in UnitStories(one).run(session, company.company_id)]
    assert len(stories) > 8
    for told in stories:
        assert told.explained in (None, told.settled), told
        assert (told.history is None) == (method in ("fifo", "lifo") or not told.method), told
