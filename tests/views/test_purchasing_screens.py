"""Buying through the real window: raised, confirmed, printed, received in part and then the rest."""

from datetime import date
from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from trading_house import CONTROL, Trade, printed, trade

from company_fixtures import TODAY
from erp_desktop.actions.finding import NoLines
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.masters import SaveWarehouse
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.documents import DocumentAddress
from erp_desktop.queries.purchasing import PurchaseOrders
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, PurchaseOrderDetail
from erp_desktop.views.purchasing.purchase_order_page import PurchaseOrderPage

__all__ = ["printed", "trade"]


def new_order(trade: Trade) -> PurchaseOrderPage:
    page = trade.open("purchase_order", id=new_id(), is_new=True)
    trade.wait(lambda: page.lookup("warehouse").value() is not None)
    return page


def test_an_order_is_raised_with_the_keyboard_and_gets_its_number_from_the_centre(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    page = new_order(trade)
    assert page.title == "New: Purchase order"
    assert page.header.party.text() == "New (number follows)"
    trade.choose(page, "supplier", "hang")
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "10")
    trade.cell(page, 0, "unit_price", "12.5")
    assert page.is_dirty
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: not page.is_dirty and page.record is not None)
    trade.wait(lambda: (page.record.number or "").startswith("PO-"))
    trade.wait(lambda: page.title == page.record.number)
    (row,) = trade.ask(PurchaseOrders(ListRequest())).rows
    assert (row.supplier_name, row.total, row.status) == ("Hangzhou Plastics", Decimal("125.00"), "draft")


def test_the_last_price_of_a_product_is_proposed(trade):
    trade.company.purchase_order(("BX-204", "5", "7.25"))
    trade.hear_news()
    page = new_order(trade)
    trade.choose(page, "supplier", "hang")
    trade.cell(page, 0, "product", "BX-204")
    trade.wait(lambda: trade.value(page, 0, "unit_price") == Decimal("7.25"))
    trade.cell(page, 0, "qty", "4")
    assert trade.value(page, 0, "amount") == Decimal("29.00")


def test_what_is_missing_is_said_and_nothing_typed_is_lost(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    page = new_order(trade)
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "ten")
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    assert page.binder.problem_of("supplier") == "Fill in Supplier."
    trade.choose(page, "supplier", "hang")
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: len(page.binder.bar.links()) == 2)
    assert "Line 1, Quantity: ten is not a number" in page.binder.bar.links()[0].text()
    assert page.grid.model_of_lines.index(0, 1).data() == "ten"
    assert page.is_dirty


def test_a_due_date_before_the_order_date_is_refused_at_its_field(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    page = new_order(trade)
    trade.choose(page, "supplier", "hang")
    trade.type(page, "ordered_on", "2026-03-10")
    trade.type(page, "due_on", "2026-03-02")
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "10")
    trade.cell(page, 0, "unit_price", "1")
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: "before the order date" in page.binder.problem_of("due_on"))
    assert trade.value(page, 0, "qty") == Decimal(10)
    trade.type(page, "due_on", "2026-03-12")
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: page.record is not None and not page.is_dirty)
    assert page.record.due_on == date(2026, 3, 12)


def test_confirming_says_its_consequence_first_and_then_the_lines_stand(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    page = new_order(trade)
    trade.choose(page, "supplier", "hang")
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "10")
    trade.cell(page, 0, "unit_price", "12.5")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.banner.isHidden())
    assert "an order for CNY 125.00 (lines: 1) to Hangzhou Plastics" in page.banner.sentence.text()
    trade.keys(Qt.Key.Key_Space)
    trade.status(page, "confirmed")
    assert page.grid.model_of_lines.is_read_only
    assert page.binder.widget("supplier").isReadOnly()
    assert page.header.path.present == "confirmed"


def test_a_received_order_says_why_it_cannot_be_cancelled(trade):
    order = trade.company.purchase_order(("BX-204", "5", "7.25"))
    trade.company.receive(order, "2")
    trade.hear_news()
    page = trade.open("purchase_order", id=order)
    trade.status(page, "part_received")
    assert not page.do_cancel.isEnabled()
    assert page.do_cancel.toolTip() == "Goods of this order have come already."
    assert page.do_cancel in page.header.more_menu.actions()
    (related, *_) = page.record.related
    assert related.kind == "goods_receipt"


def test_enter_on_a_related_document_opens_it(trade):
    order = trade.company.purchase_order(("BX-204", "5", "7.25"))
    receipt = trade.company.receive(order, "2")
    trade.hear_news()
    page = trade.open("purchase_order", id=order)
    trade.wait(lambda: page.related.list.topLevelItemCount() > 0)
    page.related.list.setFocus()
    page.related.list.setCurrentItem(page.related.list.topLevelItem(0))
    trade.keys(Qt.Key.Key_Return)
    trade.wait(lambda: getattr(trade.page, "document_id", None) == receipt)


def test_the_printed_order_is_written_beside_the_window_and_opened(trade, printed):
    order = trade.company.purchase_order(("BX-204", "5", "7.25"))
    trade.hear_news()
    page = trade.open("purchase_order", id=order)
    trade.do(page.do_print)
    trade.wait(lambda: bool(printed))
    assert printed[0].name == f"{page.record.number}.pdf"
    assert printed[0].read_bytes().startswith(b"%PDF")


def test_late_orders_are_marked_with_words_and_received_ones_with_their_part(trade):
    late = trade.company.purchase_order(("BX-204", "10", "1"), on=date(2026, 1, 5))
    part = trade.company.purchase_order(("BX-204", "10", "1"), on=date(2026, 1, 6))
    trade.company.receive(part, "4", on=date(2026, 1, 7))
    trade.hear_news()
    screen = trade.open("purchase_orders")
    trade.wait(lambda: screen.table.model.rowCount() == 2)
    model = screen.table.model
    names = [column.name for column in model.spec.columns]
    shown = {row: [model.index(row, names.index(name)).data() for name in ("status", "received")] for row in (0, 1)}
    assert shown == {0: ["Late", "40.0%"], 1: ["Late", "0.0%"]}
    assert [model.row_at(row).id for row in (0, 1)] == [part, late]


def test_goods_are_received_in_part_and_then_the_rest(trade):
    order = trade.company.purchase_order(("BX-204", "10", "2"), ("BX-205", "6", "3"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 2)
    trade.cell(page, 0, "counted", "12")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    (problem,) = page.binder.bar.findChildren(QPushButton)
    assert "12 of BX-204 counted, 10 open" in problem.text()
    trade.cell(page, 0, "counted", "4")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    receipt = trade.wait_for_page("goods_receipt")
    assert receipt.record.qty == 4
    assert trade.ask(PurchaseOrderDetail(order)).status == "part_received"

    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.record is not None and page.record.status == "part_received")
    assert [line["open"] for line in (page.grid.model_of_lines.line(0), page.grid.model_of_lines.line(1))] == [6, 6]
    trade.do(page.do_all)
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: trade.ask(PurchaseOrderDetail(order)).status == "received")
    trade.hear_news()
    assert [line.received_qty for line in trade.ask(PurchaseOrderDetail(order)).lines] == [10, 6]


def test_pressing_the_key_twice_receives_once(trade):
    order = trade.company.purchase_order(("BX-204", "10", "2"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    trade.cell(page, 0, "counted", "5")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait_for_page("goods_receipt")
    trade.hear_news()
    assert trade.ask(PurchaseOrderDetail(order)).received_qty == 5
    assert trade.desk.sync_state.attention == 0


def test_an_order_is_confirmed_with_enter_and_the_keyboard_stays_in_the_order(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    page = new_order(trade)
    trade.choose(page, "supplier", "hang")
    for column, text in (("product", "BX-204"), ("qty", "10"), ("unit_price", "12.5")):
        trade.cell(page, 0, column, text)
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(page.banner.isVisible)
    trade.keys(Qt.Key.Key_Return)
    trade.status(page, "confirmed")
    assert page.grid.hasFocus()


def test_what_an_order_starts_with_arrives_after_the_first_keys_and_overwrites_none(trade):
    page = trade.open("purchase_order", id=new_id(), is_new=True)
    assert page.binder.value("ordered_on") is None  # still on its way
    page.binder.set_value("due_on", date(2026, 12, 24))
    trade.wait(lambda: page.binder.value("warehouse") is not None)
    assert page.binder.value("ordered_on") is not None
    assert page.binder.value("due_on") == date(2026, 12, 24)


def entries_of(page) -> int:
    return len([one for one in page.record.related if one.kind == "journal_entry"])


def test_a_price_is_corrected_from_the_receipt_and_says_first_what_it_changes(trade):
    receipt = trade.company.stock("BX-204", "10", "10.00")
    trade.company.ship(trade.company.sales_order(("BX-204", "4", "20")), "4")
    trade.hear_news()
    receipt_page = trade.open("goods_receipt", id=receipt)
    trade.wait(lambda: receipt_page.record is not None)
    trade.do(next(action for action in receipt_page.header.buttons if action.text() == "Correct the price"))
    page = trade.page
    trade.wait(lambda: page.record is not None)
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    assert "No price differs yet" in page.binder.bar.links()[0].text()
    trade.cell(page, 0, "unit_price", "11")
    shown = {name: trade.value(page, 0, name) for name in ("difference", "to_inventory", "to_cost_of_sales")}
    assert shown == {"difference": 10, "to_inventory": 6, "to_cost_of_sales": 4}
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(page.banner.isVisible)
    assert (
        "Difference CNY +10.00: +6.00 goes to the value of what is still in stock, +4.00 to the cost"
        in page.banner.sentence.text()
    )
    trade.agree(page, "Correct the price")
    made = trade.wait_for_page("price_correction")
    trade.hear_news()
    trade.wait(lambda: made.record.number == "PC-2026-0001" and entries_of(made) == 1)
    assert made.record.difference == 10
    assert "price_correction" in [one.kind for one in trade.ask(GoodsReceiptDetail(receipt)).related]
    assert trade.desk.sync_state.attention == 0


def test_a_price_correction_dated_before_the_receipt_is_refused_at_its_date(trade):
    receipt = trade.company.stock("BX-204", "10", "10.00")
    trade.hear_news()
    page = trade.open("correct_price", id=receipt)
    trade.wait(lambda: page.record is not None)
    trade.cell(page, 0, "unit_price", "9 or so")
    read_before = page.record
    page.refresh()
    trade.wait(lambda: page.record is not read_before)
    assert trade.value(page, 0, "unit_price").text == "9 or so"  # what cannot be read yet is not lost either
    trade.cell(page, 0, "unit_price", "9")
    trade.type(page, "dated_on", "2026-02-02")
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.agree(page, "Correct the price")
    trade.wait(lambda: "cannot be dated before" in page.binder.problem_of("dated_on"))
    assert trade.value(page, 0, "unit_price") == Decimal(9)


def test_saving_an_untouched_new_order_says_in_the_form_what_is_missing(trade):
    page = new_order(trade)
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: page.binder.problem_of("supplier") == "Fill in Supplier.")
    assert page.lookup("supplier").hasFocus()
    assert not page.is_dirty


def test_saving_where_nothing_was_changed_says_so(trade):
    order = trade.company.purchase_order(("BX-204", "5", "7.25"))
    trade.hear_news()
    page = trade.open("purchase_order", id=order)
    trade.wait(lambda: page.record is not None)
    trade.keys(Qt.Key.Key_S, CONTROL)
    assert trade.window.status.message.text() == "Nothing was changed here: there is nothing to save."


def test_a_new_order_starts_in_the_main_warehouse_and_then_in_the_one_used_last(trade):
    annex = new_id()
    trade.company.perform(SaveWarehouse(annex, "ANNEX", "Annex"))  # before MAIN by code
    trade.company.product("BX-204")
    trade.hear_news()
    page = new_order(trade)
    assert page.lookup("warehouse").value().code == "MAIN"
    trade.choose(page, "supplier", "hang")
    trade.choose(page, "warehouse", "ANNEX")
    for column, text in (("product", "BX-204"), ("qty", "10"), ("unit_price", "12.5")):
        trade.cell(page, 0, column, text)
    trade.keys(Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: page.record is not None)
    page = new_order(trade)
    assert page.lookup("warehouse").value().code == "ANNEX"
    trade.company.perform(SaveWarehouse(annex, "ANNEX", "Annex", is_active=False))
    trade.hear_news()
    page = new_order(trade)
    assert page.lookup("warehouse").value().code == "MAIN"


def test_the_amount_of_a_landed_cost_says_its_currency(trade):
    receipt = trade.company.stock("BX-204", "10", "10.00")
    freight = EnterLandedCost(new_id(), "freight", TODAY, Decimal("30.00"), "value", (receipt,))
    trade.company.perform(freight)
    trade.hear_news()
    page = trade.open("landed_cost", id=freight.landed_cost_id)
    trade.wait(lambda: page.record is not None)
    assert dict(page.facts.facts)["Amount"] == "CNY 30.00"
    form = trade.open("enter_landed_cost", id=new_id())
    trade.wait(lambda: form.binder.widget("amount_label").text() == "&Amount in CNY *")


def test_a_price_correction_that_waits_leads_to_its_receipt(trade):
    receipt = trade.company.stock("BX-204", "10", "10.00")
    trade.hear_news()
    (line,) = trade.ask(GoodsReceiptDetail(receipt)).lines
    address = trade.ask(DocumentAddress("goods_receipt_line", line.id))
    assert (address.kind, address.id, address.number) == ("goods_receipt", receipt, "GR-2026-0001")


def test_an_order_without_a_line_is_not_confirmed_and_says_what_is_missing(trade):
    page = new_order(trade)
    trade.choose(page, "supplier", "Hangzhou")
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: not page.binder.bar.isHidden())
    assert [link.text() for link in page.binder.bar.links()] == [NoLines().problem.sentence]
    assert not page.banner.isVisible()
    assert page.grid.hasFocus()
