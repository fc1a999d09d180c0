"""Reports of costing: figures added up by hand on a small company's books, on SQLite and PostgreSQL alike.

Two receipts of bottles, 10 at 3.00 in January and 10 at 4.00 in February; 12 shipped at 9.00 in March; freight of 10.00 on
the second receipt three days later. First in first out: the shipment took all of the first receipt and 2 of the second.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from company_fixtures import SmallCompany, open_small_company
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry, SetAccountPurpose
from erp_desktop.actions.cost_books import CloseCostBook, OpenCostBook
from erp_desktop.actions.cost_to_serve import AllocateCostToServe, SaveCostToServeRule
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveCategory, SaveProduct
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.central import turn
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.ledger import Account, AccountPurpose, Period
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.sales import ShipmentLine
from erp_desktop.reports.making import BOOK_IS_CLOSED
from erp_desktop.reports.report import BadParameter, CannotReport, Report, report_definition

JANUARY, FEBRUARY, MARCH = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 2)
LANDED, RETURNED, MARCH_ENDS = date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 31)
IN_MARCH = {"from": date(2026, 3, 1), "to": MARCH_ENDS}
QUARTER = {"from": date(2026, 1, 1), "to": MARCH_ENDS}


class Bottler:
    """A company that sells bottles, and the reports on it."""

    def __init__(self, company: SmallCompany) -> None:
        self.company = company
        self.first = company.stock("BTL", "10", "3.00", on=JANUARY)
        self.second = company.stock("BTL", "10", "4.00", on=FEBRUARY)
        order = company.sales_order(("BTL", "12", "9.00"), on=MARCH)
        company.allocate(order)
        self.shipment = company.ship(order, on=MARCH)

    def land(self, amount: str = "10.00", on: date = LANDED) -> None:
        freight = EnterLandedCost(new_id(), "freight", on, Decimal(amount), "value", (self.second,))
        self.company.perform(freight)

    def take_back(self, qty: str) -> None:
        with self.company.session() as session:
            line = session.scalars(select(ShipmentLine.id).where(ShipmentLine.shipment_id == self.shipment)).one()
        lines = (ReturnedLine(line, Decimal(qty)),)
        self.company.perform(TakeInReturn(new_id(), self.shipment, RETURNED, lines))

    def report(self, name: str, **parameters: Any) -> Report:
        with self.company.session() as session:
            return report_definition(name).run(session, self.company.company_id, today=MARCH_ENDS, **parameters)


@pytest.fixture
def bottler(engine: Engine) -> Bottler:
    company = open_small_company(engine)
    company.product("BTL", "fifo")
    made = Bottler(company)
    made.land()
    return made


def cells(report: Report, column: str, section: int = 0) -> list[Any]:
    return [row.cells.get(column) for row in report.sections[section].rows]


def only_row(report: Report, section: int = 0) -> dict[str, Any]:
    (row,) = report.sections[section].rows
    return row.cells


def assert_all_checks_hold(report: Report) -> None:
    assert report.checks
    assert {check.text: check.holds for check in report.checks} == {check.text: True for check in report.checks}


def amounts(found: dict[str, Any], *names: str) -> list[Decimal]:
    return [found[name] for name in names]


def money(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


# --- cost of sales and margin


@pytest.mark.parametrize("by", ["product", "category", "channel", "customer"])
def test_cost_of_sales_shows_what_came_later_apart_from_the_cost_of_issues(bottler: Bottler, by: str) -> None:
    bottler.take_back("2")  # at their settled cost, 40.00 for 12
    report = bottler.report("cost_of_sales", by=by, **IN_MARCH)
    found = only_row(report)
    assert found["qty"] == 10
    assert amounts(found, "issued", "returned", "corrections", "total") == money("38.00", "-6.67", "2.00", "33.33")
    assert_all_checks_hold(report)


def test_a_figure_of_cost_of_sales_leads_to_the_documents_behind_it(bottler: Bottler) -> None:
    by_category = bottler.report("cost_of_sales", by="category", **IN_MARCH).sections[0].rows[0].link
    assert by_category is not None
    by_product = bottler.report(by_category.report, **by_category.parameters).sections[0].rows[0].link
    assert by_product is not None
    documents = bottler.report(by_product.report, **by_product.parameters)
    assert [row.link.kind for row in documents.sections[0].rows if row.link] == ["shipment", "landed_cost"]
    assert cells(documents, "total") == money("38.00", "2.00")
    assert cells(documents, "document")[1].startswith("LC")


def test_each_period_apart_adds_up_to_the_whole(bottler: Bottler) -> None:
    company = bottler.company
    order = company.sales_order(("BTL", "1", "9.00"), on=date(2026, 4, 1))
    company.allocate(order)
    company.ship(order, on=date(2026, 4, 1))
    whole = bottler.report("cost_of_sales", **{"from": JANUARY}, to=date(2026, 4, 30))
    monthly = bottler.report("cost_of_sales", monthly=True, **{"from": JANUARY}, to=date(2026, 4, 30))
    assert [row.group for row in monthly.sections[0].rows] == ["2026-03", "2026-04"]
    assert cells(monthly, "total") == money("40.00", "5.00")  # a bottle is worth 5.00 with its freight
    assert whole.sections[0].total("total") == Decimal("45.00")


def test_margin_takes_returns_and_corrections_off(bottler: Bottler) -> None:
    bottler.take_back("2")
    for by in ("product", "category", "order", "channel", "customer", "distributor"):
        report = bottler.report("margin", by=by, **IN_MARCH)
        found = only_row(report)
        assert amounts(found, "revenue", "returns", "cost", "corrections", "gross") == money(
            "108.00", "18.00", "31.33", "2.00", "56.67"
        )
        assert found["gross_rate"] == Decimal("0.630")
        assert found["full"] == found["gross"]
        assert_all_checks_hold(report)


def test_an_order_of_the_margin_report_leads_to_the_order(bottler: Bottler) -> None:
    channel = bottler.report("margin", by="channel", **IN_MARCH).sections[0].rows[0].link
    assert channel is not None
    order = bottler.report(channel.report, **channel.parameters).sections[0].rows[0].link
    assert order is not None
    assert order.kind == "sales_order"


def test_margin_takes_the_cost_to_serve_of_whole_periods_off(bottler: Bottler) -> None:
    company = bottler.company
    with company.session() as session:
        packaging, bank = (
            session.scalars(select(AccountPurpose.account_id).where(AccountPurpose.purpose == purpose)).one()
            for purpose in ("packaging_expense", "bank")
        )
        march = session.scalars(select(Period.id).where(Period.starts_on == date(2026, 3, 1))).one()
    lines = (EntryLine(packaging, debit=Decimal("6.00")), EntryLine(bank, credit=Decimal("6.00")))
    company.perform(
        PostJournalEntry(new_id(), MARCH, "Boxes", lines),
        SaveCostToServeRule(new_id(), "packaging", "packaging_expense", "parcels"),
        AllocateCostToServe(march, new_id()),
    )
    report = bottler.report("margin", **IN_MARCH)
    assert amounts(only_row(report), "gross", "to_serve", "full") == money("68.00", "6.00", "62.00")
    assert_all_checks_hold(report)
    half = bottler.report("margin", **{"from": date(2026, 3, 1)}, to=date(2026, 3, 30))
    assert only_row(half)["to_serve"] == 0
    composition = bottler.report("cost_composition", **IN_MARCH)
    assert amounts(only_row(composition, 2), "packaging", "total") == money("6.00", "6.00")


def test_each_cost_book_has_figures_of_its_own(bottler: Bottler) -> None:
    tax = new_id()
    bottler.company.perform(OpenCostBook(tax, "TAX", "Tax", "moving_average"))
    report = bottler.report("cost_of_sales", cost_book=tax, **IN_MARCH)
    assert amounts(only_row(report), "issued", "corrections", "total") == money("42.00", "2.00", "44.00")
    assert report.checks == (), "only the book that posts can be compared with the ledger"
    assert bottler.report("inventory_valuation", cost_book=tax, as_of=MARCH_ENDS).sections[0].total("value") == 36
    margin = only_row(bottler.report("margin", cost_book=tax, **IN_MARCH))
    assert margin["gross"] == Decimal("64.00")
    shared = bottler.report("landed_cost_allocation", cost_book=tax, **QUARTER)
    assert amounts(only_row(shared), "to_inventory", "to_cost_of_sales") == money("8.00", "2.00")

    bottler.company.perform(CloseCostBook(tax))
    bottler.land("5.00")
    assert_all_checks_hold(bottler.report("landed_cost_allocation", **QUARTER))
    shared = bottler.report("landed_cost_allocation", cost_book=tax, **QUARTER)
    assert only_row(shared)["amount"] == 10, "what came after the book was closed is not in it"
    assert_all_checks_hold(shared)
    assert BOOK_IS_CLOSED in shared.notes
    assert BOOK_IS_CLOSED in bottler.report("inventory_valuation", cost_book=tax, as_of=MARCH_ENDS).notes


# --- what is on hand


def test_cost_layers_show_what_is_left_of_each_receipt_and_how_old_it_is(bottler: Bottler) -> None:
    report = bottler.report("cost_layers", aged_on=MARCH_ENDS)
    found = only_row(report)
    assert amounts(found, "qty_in", "qty_left", "value_left", "unit_cost") == money("10", "8", "40.00", "5")
    assert (found["age"], found["date"]) == (49, FEBRUARY)
    link = report.sections[0].rows[0].link
    assert link is not None
    assert (link.kind, link.id) == ("goods_receipt", bottler.second)
    assert_all_checks_hold(report)


def test_an_average_is_one_layer_that_leads_to_the_stock_ledger(engine: Engine) -> None:
    company = open_small_company(engine)
    company.product("BTL", "moving_average")
    bottler = Bottler(company)
    report = bottler.report("cost_layers")
    found = only_row(report)
    assert amounts(found, "qty_left", "value_left") == money("8", "28.00")
    assert_all_checks_hold(report)


def test_stock_ledger_and_general_ledger_are_compared_period_by_period(bottler: Bottler) -> None:
    report = bottler.report("inventory_reconciliation", **QUARTER)
    columns = ("period", "opening", "receipts", "issues", "adjustments", "closing", "ledger_closing", "difference")
    rows = [tuple(row.cells[name] for name in columns) for row in report.sections[0].rows]
    assert rows == [
        ("2026-01", 0, 30, 0, 0, 30, 30, 0),
        ("2026-02", 30, 40, 0, 0, 70, 70, 0),
        ("2026-03", 70, 0, -38, 8, 40, 40, 0),
    ]
    assert amounts(only_row(report, 1), "layers", "pools", "moves", "ledger") == money("40", "40", "40", "40")
    assert len(report.sections) == 2, "no document differs"
    assert_all_checks_hold(report)


def test_a_category_with_an_account_of_its_own_is_reconciled_by_itself(engine: Engine) -> None:
    company = open_small_company(engine)
    company.product("SAMPLE", "fifo")
    with company.session() as session:
        account = session.scalars(select(Account.id).where(Account.code == "1411")).one()
    own = SetAccountPurpose("inventory", account, derived_id("category", company.company_id, "fifo"))
    company.perform(own)
    company.stock("SAMPLE", "3", "0.00", on=JANUARY)  # posts nothing, so there is no journal entry at all
    with company.session() as session:
        of_gifts = report_definition("inventory_reconciliation").run(session, company.company_id, **QUARTER)
    assert_all_checks_hold(of_gifts)
    bottler = Bottler(company)  # bottles are in no category of their own
    company.stock("SAMPLE", "2", "7.00", on=JANUARY)
    report = bottler.report("inventory_reconciliation", **QUARTER)
    assert [str(name) for name in cells(report, "account", 1)] == ["1405 Merchandise inventory", "1411 Consumables"]
    assert cells(report, "ledger", 1) == money("28.00", "14.00")
    assert_all_checks_hold(report)


def test_a_document_that_posted_something_else_is_named_by_the_reconciliation(bottler: Bottler) -> None:
    from erp_desktop.models.costing import MoveCost

    with bottler.company.session() as session:
        cost = session.scalars(select(MoveCost).where(MoveCost.kind == "shipment")).one()
        cost.cost += Decimal("0.01")
        session.commit()
    report = bottler.report("inventory_reconciliation", **QUARTER)
    (row,) = report.sections[2].rows
    assert row.link is not None
    assert (row.link.kind, row.link.id) == ("shipment", bottler.shipment)
    assert amounts(row.cells, "stock", "ledger", "difference") == money("-37.99", "-38.00", "0.01")
    assert not all(check.holds for check in report.checks)


def test_only_the_book_that_posts_is_reconciled_with_the_ledger(bottler: Bottler) -> None:
    from erp_desktop.models.costing import CostBook

    book_id = new_id()
    with bottler.company.session() as session:
        company_id = bottler.company.company_id
        names = {"code": "TAX", "name": "Tax", "name_zh": "税务", "method": "lifo"}
        session.add(CostBook(company_id=company_id, id=book_id, posts_to_ledger=False, tick=1, **names))
        session.commit()
    with pytest.raises(CannotReport, match="TAX does not post"):
        bottler.report("inventory_reconciliation", cost_book=book_id, **QUARTER)


# --- what it cost to buy


def test_the_composition_splits_the_change_into_price_volume_and_mix(bottler: Bottler) -> None:
    february = {"from": date(2026, 2, 1), "to": date(2026, 2, 28)}
    report = bottler.report("cost_composition", by="supplier", **february)
    assert amounts(only_row(report), "price", "freight", "total") == money("40.00", "0", "40.00")
    change = only_row(report, 1)
    assert amounts(change, "before", "price", "volume", "mix", "now") == money("30.00", "10.00", "0", "0", "40.00")
    assert_all_checks_hold(report)


def test_the_composition_by_month_compares_each_month_with_the_one_before(bottler: Bottler) -> None:
    report = bottler.report("cost_composition", by="month", **QUARTER)
    assert [str(name) for name in cells(report, "name")] == ["2026-01", "2026-02", "2026-03"]
    assert cells(report, "freight") == money("0", "0", "10.00")
    assert cells(report, "before", 1) == money("0", "30.00", "40.00")
    assert_all_checks_hold(report)


def test_what_went_back_to_the_supplier_is_taken_off_what_came_in(bottler: Bottler) -> None:
    with bottler.company.session() as session:
        line = session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == bottler.second)).one()
    lines = (SentBackLine(line, Decimal(2), Decimal("4.00")),)
    bottler.company.perform(ReturnToSupplier(new_id(), bottler.second, RETURNED, lines))  # at 5.00 with its freight
    found = only_row(bottler.report("cost_composition", by="supplier", **QUARTER))
    assert amounts(found, "qty", "price", "freight", "returned", "total") == money("18", "70", "10", "-10", "70")
    for name in ("purchase_price_variance", "inventory_reconciliation", "cost_of_sales", "method_comparison"):
        assert_all_checks_hold(bottler.report(name, **QUARTER))


def test_a_receipt_is_measured_against_the_last_price(bottler: Bottler) -> None:
    report = bottler.report("purchase_price_variance", **QUARTER)
    assert [str(term) for term in cells(report, "against")] == ["First receipt", "Last price"]
    assert cells(report, "variance") == money("0", "10.00")
    assert cells(report, "rate")[1] == Decimal("0.333")
    february = bottler.report("purchase_price_variance", **{"from": FEBRUARY}, to=FEBRUARY)
    assert cells(february, "variance") == money("10.00"), "the last price is known from before the dates, too"


def test_goods_at_standard_are_measured_against_it_and_agree_with_the_ledger(engine: Engine) -> None:
    company = open_small_company(engine)
    company.product("BTL", "standard")
    bottler = Bottler(company)
    bottler.land()
    report = bottler.report("purchase_price_variance", **QUARTER)
    assert [str(term) for term in cells(report, "kind")] == ["Goods receipt", "Goods receipt", "Landed cost"]
    assert cells(report, "variance") == money("0", "10.00", "10.00")
    assert_all_checks_hold(report)
    shared = bottler.report("landed_cost_allocation", **QUARTER)
    assert amounts(only_row(shared), "to_inventory", "to_cost_of_sales", "to_variance") == money("0", "0", "10.00")
    assert_all_checks_hold(shared)
    assert_all_checks_hold(bottler.report("cost_of_sales", **QUARTER))
    assert_all_checks_hold(bottler.report("inventory_reconciliation", **QUARTER))


def test_the_allocation_says_where_each_share_of_a_landed_cost_is(bottler: Bottler) -> None:
    report = bottler.report("landed_cost_allocation", **QUARTER)
    found = only_row(report)
    assert amounts(found, "amount", "to_inventory", "to_cost_of_sales", "received_at") == money(
        "10.00", "8.00", "2.00", "40.00"
    )
    assert (found["share"], found["ratio"], found["basis"]) == (1, Decimal("0.25"), 40)
    link = report.sections[0].rows[0].link
    assert link is not None
    assert link.kind == "landed_cost"
    assert_all_checks_hold(report)


# --- as it was known


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Sets the day on which the centre performs."""

    def set_day(day: date) -> None:
        monkeypatch.setattr(turn, "_now", lambda: datetime(day.year, day.month, day.day, 4, tzinfo=UTC))

    return set_day


def test_the_valuation_as_known_on_a_day_knows_nothing_that_came_later(engine: Engine, at: Any) -> None:
    at(MARCH)
    company = open_small_company(engine)
    company.product("BTL", "fifo")
    bottler = Bottler(company)
    at(date(2026, 3, 20))
    bottler.land()  # dated the 5th, entered on the 20th

    known = {
        day: bottler.report("inventory_valuation", as_of=date(2026, 3, 6), known_on=day)
        for day in (date(2026, 3, 1), date(2026, 3, 6), date(2026, 3, 20), None)
    }
    values = {day: report.sections[0].total("value") for day, report in known.items()}
    assert values == {date(2026, 3, 1): 0, date(2026, 3, 6): 32, date(2026, 3, 20): 40, None: 40}
    for report in known.values():
        assert_all_checks_hold(report)
    assert any("entered by the end of the day" in note for note in known[date(2026, 3, 6)].notes)


def test_what_was_known_of_a_past_day_counts_only_moves_dated_up_to_it(engine: Engine, at: Any) -> None:
    at(MARCH)
    company = open_small_company(engine)
    company.product("BTL", "fifo")
    bottler = Bottler(company)
    report = bottler.report("inventory_valuation", as_of=date(2026, 1, 31), known_on=MARCH)
    assert report.sections[0].total("value") == 30


FURTHER = ("lifo", "moving_average", "periodic_average", "standard")
OF_A_QUARTER = (
    *("cost_of_sales", "margin", "purchase_price_variance", "landed_cost_allocation", "cost_composition"),
    "method_comparison",
)


def test_a_closed_quarter_stays_as_it_was_in_every_report_of_every_book(engine: Engine, at: Any) -> None:
    at(LANDED)
    company = open_small_company(engine)
    company.product("BTL", "fifo")
    bottler = Bottler(company)
    bottler.land()
    further = [new_id() for _ in FURTHER]
    for book, method in zip(further, FURTHER, strict=True):
        company.perform(OpenCostBook(book, method[:10].upper(), method, method))
    at(MARCH_ENDS)
    with company.session() as session:
        ended = select(Period.id).where(Period.ends_on <= MARCH_ENDS).order_by(Period.starts_on)
        quarter = session.scalars(ended).all()
    company.perform(*(ClosePeriod(period) for period in quarter))
    before = told_of_the_quarter(bottler, further)

    april = date(2026, 4, 10)
    at(april)
    with company.session() as session:
        line = session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == bottler.second)).one()
        shipped = session.scalars(select(ShipmentLine.id)).one()
    company.perform(
        EnterLandedCost(new_id(), "freight", april, Decimal("7.77"), "value", (bottler.first, bottler.second))
    )
    company.perform(CorrectReceiptPrice(new_id(), line, Decimal("4.40"), april))
    company.perform(ReturnToSupplier(new_id(), bottler.second, april, (SentBackLine(line, Decimal(1), Decimal(4)),)))
    company.perform(TakeInReturn(new_id(), bottler.shipment, april, (ReturnedLine(shipped, Decimal(2)),)))
    assert told_of_the_quarter(bottler, further) == before
    for book in (None, *further):
        of_book = {} if book is None else {"cost_book": book}
        now, then = (
            bottler.report("inventory_valuation", as_of=april, known_on=known, **of_book)
            for known in (None, MARCH_ENDS)
        )
        held = sum(cells["value"] for cells in before["inventory_valuation", book][0])
        assert then.sections[0].total("value") == held
        assert now.sections[0].total("value") != then.sections[0].total("value")


def told_of_the_quarter(
    bottler: Bottler, further: list[UUID]
) -> dict[tuple[str, UUID | None], list[list[dict[str, Any]]]]:
    told = {("trial_balance", None): shown(bottler.report("trial_balance", as_of=MARCH_ENDS))}
    for book in (None, *further):
        of_book = {} if book is None else {"cost_book": book}
        told |= {(name, book): shown(bottler.report(name, **QUARTER, **of_book)) for name in OF_A_QUARTER}
        told["inventory_valuation", book] = shown(bottler.report("inventory_valuation", as_of=MARCH_ENDS, **of_book))
    return told


def shown(report: Report) -> list[list[dict[str, Any]]]:
    return [[row.cells for row in section.rows] for section in report.sections]


# --- entered late


def test_a_receipt_entered_late_shows_as_corrections_of_what_it_changed(bottler: Bottler) -> None:
    bottler.company.stock("BTL", "5", "2.00", on=date(2026, 1, 5))  # so the shipment took 5 at 2.00 and 7 at 3.00
    report = bottler.report("cost_of_sales", **IN_MARCH)
    found = only_row(report)
    assert amounts(found, "issued", "corrections", "total") == money("38.00", "-7.00", "31.00")
    assert_all_checks_hold(report)

    shared = bottler.report("landed_cost_allocation", **QUARTER)
    assert amounts(only_row(shared), "to_inventory", "to_cost_of_sales") == money("10.00", "0")
    assert_all_checks_hold(shared)

    layers = bottler.report("cost_layers", aged_on=MARCH_ENDS)
    assert cells(layers, "qty_left") == [3, 10]
    assert cells(layers, "value_left") == money("9.00", "50.00")
    for name in ("cost_layers", "inventory_reconciliation", "inventory_valuation", "margin", "method_comparison"):
        assert_all_checks_hold(
            bottler.report(name, **({} if name in ("cost_layers", "inventory_valuation") else QUARTER))
        )


def test_the_stock_ledger_says_what_each_correction_corrects_and_what_caused_it(bottler: Bottler) -> None:
    late = bottler.company.stock("BTL", "5", "2.00", on=date(2026, 1, 5))
    report = bottler.report("stock_ledger", product="BTL")
    corrections = [row for row in report.sections[0].rows if str(row.cells["kind"]) == "Back-dated correction"]
    assert {row.link.id for row in corrections if row.link} == {late}
    of_shipment = [row for row in corrections if str(row.cells["corrects"]).startswith("SH")]
    assert {(row.cells["date"], row.cells["qty"]) for row in of_shipment} == {(MARCH, None)}
    assert cells(report, "value_after")[-1] == sum(cells(report, "cost")) == Decimal("59.00")
    assert_all_checks_hold(report)


def test_the_valuation_as_known_before_a_late_receipt_leaves_it_out(engine: Engine, at: Any) -> None:
    at(MARCH)
    company = open_small_company(engine)
    company.product("BTL", "fifo")
    bottler = Bottler(company)
    at(date(2026, 3, 20))
    company.stock("BTL", "5", "2.00", on=date(2026, 1, 5))
    before = bottler.report("inventory_valuation", as_of=MARCH_ENDS, known_on=MARCH)
    now = bottler.report("inventory_valuation", as_of=MARCH_ENDS)
    assert amounts(only_row(before), "qty", "value") == money("8", "32.00")
    assert amounts(only_row(now), "qty", "value") == money("13", "49.00")
    assert_all_checks_hold(before)
    assert_all_checks_hold(now)


# --- carried below cost


def test_the_valuation_shows_what_stock_is_carried_at_after_a_write_down(bottler: Bottler) -> None:
    lines = (RealisableLine(bottler.company.product("BTL"), unit_value=Decimal("4.25")),)
    bottler.company.perform(WriteDownStock(new_id(), date(2026, 3, 16), lines, "Out of fashion"))
    before = bottler.report("inventory_valuation", as_of=date(2026, 3, 15))
    assert "allowance" not in only_row(before)
    report = bottler.report("inventory_valuation", as_of=MARCH_ENDS)
    assert amounts(only_row(report), "value", "allowance", "carrying") == money("40.00", "6.00", "34.00")
    assert report.sections[0].totals == ("value", "allowance", "carrying")
    assert_all_checks_hold(report)
    assert len(report.checks) == 2


# --- pools of a warehouse


def test_the_valuation_of_one_warehouse_shows_the_products_that_are_costed_there(engine: Engine) -> None:
    company = open_small_company(engine)
    category = new_id()
    company.perform(SaveCategory(category, "PERHOUSE", "Per warehouse", cost_pool="warehouse", cost_method="fifo"))
    unit = derived_id("unit", company.company_id, "PC")
    company.products["BTL"] = new_id()
    company.perform(SaveProduct(company.products["BTL"], "BTL", "Bottle", category, unit))
    bottler = Bottler(company)
    company.stock("CAP", "10", "1.00")  # costed over all warehouses
    report = bottler.report("inventory_valuation", as_of=MARCH_ENDS, warehouse=company.warehouse)
    assert (only_row(report)["code"], only_row(report)["value"]) == ("BTL", 32)
    assert report.checks == ()
    assert bottler.report("inventory_valuation", as_of=MARCH_ENDS).sections[0].total("value") == 42
    layers = bottler.report("cost_layers", warehouse=company.warehouse)
    assert str(only_row(layers)["warehouse"]).startswith("MAIN")


# --- all methods side by side


def side_by_side(report: Report) -> dict[str, dict[str, Any]]:
    return {str(row.cells["figure"]): row.cells for row in report.sections[0].rows}


def test_all_methods_are_compared_on_the_same_moves(bottler: Bottler) -> None:
    report = bottler.report("method_comparison", base="fifo", other="lifo", **IN_MARCH)
    figures = side_by_side(report)
    methods = ("fifo", "lifo", "moving_average", "standard", "specific")
    assert amounts(figures["Value at the beginning"], *methods) == money("70", "70", "70", "60", "70")
    assert amounts(figures["Purchases and late costs"], *methods) == money(*["10"] * 5)
    assert amounts(figures["Cost of sales"], *methods) == money("40", "56", "44", "36", "40")
    assert amounts(figures["Purchase price variance"], *methods) == money("0", "0", "0", "10", "0")
    assert amounts(figures["Value on hand at the end"], *methods) == money("40", "24", "36", "24", "40")
    assert amounts(figures["Gross profit"], *methods) == money("68", "52", "64", "62", "68")
    assert amounts(figures["Tax on that difference"], *methods) == money("0", "-4.00", "-1.00", "-1.50", "0")
    assert_all_checks_hold(report)


def test_the_month_end_average_settles_what_was_issued_within_the_month(bottler: Bottler) -> None:
    figures = side_by_side(bottler.report("method_comparison", **IN_MARCH))
    opening, spent, cost, closing = (
        figures[name]["periodic_average"]
        for name in (
            "Value at the beginning",
            "Purchases and late costs",
            "Cost of sales",
            "Value on hand at the end",
        )
    )
    assert (opening, spent) == (70, 10)
    assert opening + spent == cost + closing


def test_the_bridge_says_why_two_methods_differ(bottler: Bottler) -> None:
    report = bottler.report("method_comparison", base="fifo", other="standard", **IN_MARCH)
    bridge = only_row(report, 1)
    assert amounts(bridge, "opening", "within", "closing", "profit") == money("10", "0", "-16", "-6")
    assert_all_checks_hold(report)


def test_the_bridge_leads_to_the_method_that_differs_most_unless_another_is_chosen(bottler: Bottler) -> None:
    report = bottler.report("method_comparison", base="fifo", **IN_MARCH)
    assert str(dict(report.parameters)["Bridge to"]) == "Last in first out"
    assert only_row(report, 1)["profit"] == Decimal("-16.00")
    assert any("differs most" in note for note in report.notes)
    assert_all_checks_hold(report)
    back = bottler.report("method_comparison", base="lifo", **IN_MARCH)
    assert side_by_side(back)["Difference in gross profit"]["fifo"] == Decimal("16.00")
    assert str(dict(back.parameters)["Bridge to"]) == "First in first out"


def test_a_bridge_from_a_method_to_itself_says_why_it_is_empty(bottler: Bottler) -> None:
    report = bottler.report("method_comparison", base="fifo", other="fifo", **IN_MARCH)
    assert report.sections[1].rows == ()
    assert any("leads from a method to itself" in note for note in report.notes)


def test_the_comparison_warns_of_what_statutory_books_may_not_use(bottler: Bottler) -> None:
    notes = bottler.report("method_comparison", **IN_MARCH).notes
    assert any("IAS 2.25" in note for note in notes)
    assert any("lots" in note for note in notes)


@pytest.mark.parametrize("rate", ["a quarter", "-1", "101", "NaN"])
def test_a_tax_rate_that_is_none_is_refused(bottler: Bottler, rate: str) -> None:
    with pytest.raises(BadParameter, match="not a tax rate"):
        bottler.report("method_comparison", tax_rate=rate, **IN_MARCH)


# --- nothing there yet


@pytest.mark.parametrize(
    "name",
    [
        "cost_composition",
        "cost_layers",
        "cost_of_sales",
        "inventory_reconciliation",
        "inventory_valuation",
        "landed_cost_allocation",
        "margin",
        "method_comparison",
        "purchase_price_variance",
    ],
)
def test_an_empty_company_has_reports_without_rows_whose_checks_hold(engine: Engine, name: str) -> None:
    company = open_small_company(engine)
    with company.session() as session:
        report = report_definition(name).run(session, company.company_id, today=MARCH_ENDS)
    figures = [
        cell
        for section in report.sections
        for row in section.rows
        for cell in row.cells.values()
        if isinstance(cell, Decimal)
    ]
    assert not any(figures)
    assert all(check.holds for check in report.checks)
