"""What receipts cost after they came, through the real window: goods go back, costs are shared, prices are corrected."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from PySide6.QtCore import Qt
from trading_house import CONTROL, Trade, column_of, editor_of, printed, trade

from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.price_corrections import PriceCorrectionDetail
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, LandedCostDetail
from erp_desktop.queries.supplier_returns import SupplierReturns
from erp_desktop.views.purchasing.landed_cost_form import LandedCostForm

__all__ = ["printed", "trade"]

MARCH = date(2026, 3, 16)


def named(page: object, text: str) -> object:
    """The page's action that says `text`."""
    return next(action for action in page.header.buttons if action.text() == text)  # type: ignore[attr-defined]


def open_return(trade: Trade, receipt: UUID) -> object:
    trade.hear_news()
    page = trade.open("goods_receipt", id=receipt)
    trade.wait(lambda: page.record is not None)
    trade.do(named(page, "Return to supplier"))
    form = trade.page
    trade.wait(lambda: form.record is not None and form.grid.model_of_lines.rowCount() > 0)
    return form


def test_goods_are_returned_from_the_page_of_their_receipt(trade, printed):
    receipt = trade.company.receive(
        trade.company.purchase_order(("BX-204", "10", "2.50"), ("BX-205", "4", "7")), "10", "4"
    )
    form = open_return(trade, receipt)
    assert [trade.value(form, row, "unit_price") for row in (0, 1)] == [Decimal("2.5"), 7]
    trade.cell(form, 0, "counted", "3")
    trade.cell(form, 0, "unit_price", "2.4")
    assert trade.value(form, 0, "amount") == Decimal("7.20")
    trade.type(form, "reference", "CN-7")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    page = trade.wait_for_page("supplier_return")
    trade.hear_news()
    trade.wait(lambda: page.record.number == "SR-2026-0001")
    facts = dict(page.facts.facts)
    assert [facts[name] for name in ("Credit", "Cost of the goods", "Price variance")] == [
        "CNY 7.20",
        "CNY 7.50",
        "CNY 0.30",
    ]
    assert [one.kind for one in page.record.related][:2] == ["goods_receipt", "purchase_order"]
    (line, other) = trade.ask(GoodsReceiptDetail(receipt)).lines
    assert (line.returned_qty, other.returned_qty) == (3, 0)
    trade.do(page.do_print)
    trade.wait(lambda: bool(printed))
    assert printed[0].name == "SR-2026-0001.pdf"
    screen = trade.open("supplier_returns")
    trade.wait(lambda: screen.table.model.rowCount() == 1)


def test_more_than_is_free_is_refused_at_its_line_and_all_goes_back_takes_what_is_free(trade):
    receipt = trade.company.stock("BX-204", "10", "2.50")
    trade.company.allocate(trade.company.sales_order(("BX-204", "4", "9")))
    form = open_return(trade, receipt)
    assert (trade.value(form, 0, "open"), trade.value(form, 0, "free")) == (10, 6)
    trade.cell(form, 0, "counted", "7")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: bool(form.binder.bar.links()))
    assert "Only 6 of BX-204 are free in MAIN, 7 are to go back" in form.binder.bar.links()[0].text()
    assert form.is_dirty
    form.grid.go_to(0, column_of(form.grid, "counted"))
    trade.keys(Qt.Key.Key_Delete)
    trade.do(form.do_all)
    assert trade.value(form, 0, "counted") == 6
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait_for_page("supplier_return")
    (row,) = trade.ask(SupplierReturns(ListRequest())).rows
    assert (row.qty, row.total) == (6, Decimal("15.00"))


def test_the_form_shows_what_a_return_would_do_to_stock_and_ledger(trade):
    receipt = trade.company.stock("BX-204", "10", "2.50")
    form = open_return(trade, receipt)
    trade.cell(form, 0, "counted", "4")
    trade.cell(form, 0, "unit_price", "2")
    form.effect.set_open(True)
    trade.wait(lambda: form.effect.effect is not None)
    (stock,) = form.effect.effect.stock
    assert (stock.qty_before, stock.qty_after, stock.value_after) == (10, 6, Decimal("15.00"))


def landed_form(trade: Trade, *receipts: UUID) -> LandedCostForm:
    trade.hear_news()
    form = trade.open("enter_landed_cost", id=new_id(), receipts=receipts)
    trade.wait(lambda: form.shares.grid.model_of_lines.rowCount() >= len(receipts))
    return form


def shown(form: LandedCostForm, *names: str) -> list[tuple[object, ...]]:
    model = form.shares.grid.model_of_lines
    return [tuple(model.line(row).get(name) for name in names) for row in range(model.rowCount())]


def warning(form: LandedCostForm) -> str:
    return form.binder.widget("warning").text()  # type: ignore[union-attr]


def test_the_form_is_not_squeezed_by_its_effect_and_follows_the_keyboard(trade):
    form = landed_form(trade, trade.company.stock("BX-204", "10", "3.00"))
    trade.type(form, "amount", "60")
    form.effect.set_open(True)
    trade.wait(form.effect.tabs.isVisible)
    amount, heading, shares = (form.binder.widget(name) for name in ("amount", "shares_heading", "shares"))
    trade.wait(lambda: amount.height() >= amount.sizeHint().height())
    assert heading.geometry().bottom() < shares.geometry().top()
    for seen in (shares, amount):
        seen.setFocus()
        trade.wait(lambda seen=seen: seen.visibleRegion().boundingRect().height() == seen.height())


def type_share(trade: Trade, form: LandedCostForm, row: int, text: str) -> None:
    grid = form.shares.grid
    grid.go_to(row, column_of(grid, "share"))
    trade.qtbot.keyClicks(grid, text[:1])
    trade.wait(lambda: editor_of(grid) is not None)
    editor = editor_of(grid)
    trade.qtbot.keyClicks(editor, text[1:])
    trade.qtbot.keyClick(editor, Qt.Key.Key_Return)
    trade.wait(lambda: editor_of(grid) is None)


def test_what_each_line_would_bear_is_shown_before_it_is_entered(trade):
    first = trade.company.stock("BX-204", "10", "3.00")
    second = trade.company.stock("BX-205", "20", "1.50")
    trade.company.ship(trade.company.sales_order(("BX-204", "4", "20")), "4")
    form = landed_form(trade, first, second)
    assert warning(form) == ""
    trade.type(form, "amount", "60")
    trade.wait(lambda: shown(form, "share") == [(30,), (30,)])
    assert shown(form, "product_code", "qty_left", "to_inventory", "to_cost_of_sales") == [
        ("BX-204", 6, 18, 12),
        ("BX-205", 20, 30, 0),
    ]
    assert form.binder.widget("total").text() == "Shared 60.00: 48.00 to stock value, 12.00 to cost of sales CNY"
    trade.keys(Qt.Key.Key_Return, CONTROL)
    page = trade.wait_for_page("landed_cost")
    trade.hear_news()
    trade.wait(lambda: len(page.record.shares) == 2)
    assert [(one.amount, one.to_inventory, one.to_cost_of_sales) for one in page.record.shares] == [
        (30, 18, 12),
        (30, 30, 0),
    ]


def test_products_without_a_weight_are_named_and_a_basis_of_nothing_warns(trade):
    trade.company.product("BX-204", weight_kg=Decimal("0.5"))
    first, second = trade.company.stock("BX-204", "10", "3.00"), trade.company.stock("BX-205", "20", "1.50")
    form = landed_form(trade, first, second)
    trade.type(form, "amount", "60")
    form.binder.set_value("basis", "weight")
    trade.wait(lambda: shown(form, "share") == [(60,), (0,)])
    assert warning(form).startswith("“Weight” is not known of BX-205, so they bear nothing.")
    form.binder.set_value("basis", "volume")
    trade.wait(lambda: shown(form, "share") == [(30,), (30,)])
    assert warning(form) == "“Volume” adds up to zero over these lines, so each of them bears an equal part."


def test_a_cost_of_goods_that_are_all_gone_warns_that_it_is_expensed(trade):
    first, second = trade.company.stock("BX-204", "10", "3.00"), trade.company.stock("BX-205", "20", "1.50")
    order = trade.company.sales_order(("BX-204", "10", "9.00"))
    trade.company.allocate(order)
    trade.company.ship(order, "10")
    form = landed_form(trade, first, second)
    trade.type(form, "amount", "60")
    trade.wait(lambda: shown(form, "share") == [(30,), (30,)])
    assert warning(form) == "Nothing of BX-204 is in stock any more, so their part is expensed."


def test_shares_are_typed_by_hand_and_must_add_up(trade):
    first, second = trade.company.stock("BX-204", "10", "3.00"), trade.company.stock("BX-205", "20", "1.50")
    form = landed_form(trade, first, second)
    trade.type(form, "amount", "60")
    form.binder.set_value("basis", "manual")
    trade.wait(lambda: shown(form, "share") == [(30,), (30,)])  # it starts from what was shown
    type_share(trade, form, 0, "45")
    trade.wait(lambda: warning(form) == "-15.00 is still to be shared.")
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: bool(form.binder.bar.links()))
    assert "The shares add up to 75, but 60 are to be shared" in form.binder.bar.links()[0].text()
    type_share(trade, form, 1, "15")
    trade.wait(lambda: warning(form) == "")
    trade.keys(Qt.Key.Key_S, CONTROL)
    page = trade.wait_for_page("landed_cost")
    trade.hear_news()
    trade.wait(lambda: [one.amount for one in page.record.shares] == [45, 15])


def test_a_credit_note_is_entered_from_the_page_of_its_landed_cost(trade):
    receipt = trade.company.stock("BX-204", "10", "3.00")
    cost = EnterLandedCost(new_id(), "duty", MARCH, Decimal("30.00"), "value", (receipt,))
    trade.company.perform(cost)
    trade.hear_news()
    page = trade.open("landed_cost", id=cost.landed_cost_id)
    trade.wait(lambda: page.record is not None)
    trade.do(named(page, "Enter credit note"))
    form = trade.page
    trade.wait(lambda: form.binder.value("amount") == -30)
    trade.wait(lambda: shown(form, "share") == [(-30,)])
    assert form.binder.value("kind") == "duty"
    assert not form.grid.isEnabled()
    trade.type(form, "amount", "-31")
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: "only 30 of LC-2026-0001 are left" in form.binder.problem_of("amount"))
    trade.type(form, "amount", "-10")
    trade.keys(Qt.Key.Key_S, CONTROL)
    made = trade.wait_for_page("landed_cost")
    trade.hear_news()
    trade.wait(lambda: len(made.record.shares) == 1)
    assert dict(made.facts.facts)["Credit for"] == "LC-2026-0001"
    assert trade.ask(LandedCostDetail(cost.landed_cost_id)).to_credit == 20


def test_receipts_are_chosen_in_their_list_and_bear_one_cost(trade):
    for _ in range(3):
        trade.company.stock("BX-204", "10", "3.00")
    trade.hear_news()
    screen = trade.open("goods_receipts")
    trade.wait(lambda: screen.table.model.rowCount() == 3)
    screen.table.view.selectAll()
    trade.wait(lambda: len(screen.table.selected()) == 3)
    next(one for one in screen.commands if one.text() == "Enter landed cost").trigger()
    trade.wait(lambda: isinstance(trade.page, LandedCostForm))
    trade.wait(lambda: len(trade.page.grid.lines()) == 3)
    trade.page.set_dirty(False)


def test_several_prices_of_a_receipt_are_corrected_by_one_invoice(trade):
    order = trade.company.purchase_order(("BX-204", "10", "3.00"), ("BX-205", "20", "1.00"))
    receipt = trade.company.receive(order, "10", "20")
    trade.company.ship(trade.company.sales_order(("BX-204", "4", "9")), "4")
    trade.hear_news()
    page = trade.open("purchase_order", id=order)
    trade.wait(lambda: page.record is not None)
    trade.do(page.do_correct)
    form = trade.page
    trade.wait(lambda: form.record is not None and form.document_id == receipt)
    trade.type(form, "invoice_number", "HP-7731")
    trade.type(form, "invoiced_on", "2026-03-14")
    trade.cell(form, 0, "unit_price", "3.50")
    trade.cell(form, 1, "unit_price", "0.90")
    assert [trade.value(form, row, "difference") for row in (0, 1)] == [5, -2]
    assert form.binder.widget("total").text() == "Stock value +1.00, cost of sales +2.00 CNY"
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.agree(form, "Correct the price")
    made = trade.wait_for_page("price_correction")
    trade.hear_news()
    trade.wait(lambda: made.record.number == "PC-2026-0001")
    found = trade.ask(PriceCorrectionDetail(made.document_id))
    assert (found.invoice_number, found.invoiced_on, found.difference) == ("HP-7731", date(2026, 3, 14), 3)
    assert [(line.to_inventory, line.to_cost_of_sales) for line in found.lines] == [(3, 2), (-2, 0)]
    screen = trade.open("price_corrections")
    trade.wait(lambda: screen.table.model.rowCount() == 1)
