"""What was done to a document, at its own page: at the window, with a real central service."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt
from trading_house import Trade, trade

from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Warehouses

__all__ = ["trade"]

DAY = date(2026, 11, 20)


def told(page: Any) -> list[str]:
    """Each line of the history, and under it what changed."""
    items = (page.history.list.topLevelItem(row) for row in range(page.history.list.topLevelItemCount()))
    lines = []
    for item in items:
        lines.append(item.text(2))
        lines += [f"- {item.child(number).text(0)}" for number in range(item.childCount())]
    return lines


def draft(trade: Trade) -> SavePurchaseOrder:
    product_id = trade.company.product("BX-204")
    warehouse = trade.ask(Warehouses(ListRequest(limit=1))).rows[0]
    trade.hear_news()
    lines = (PurchaseLine(UUID(int=77), product_id, Decimal(10), Decimal("2.5")),)
    return SavePurchaseOrder(new_id(), trade.company.supplier, warehouse.id, DAY, DAY, lines, note="")


def test_a_document_tells_what_was_done_to_it_and_follows_what_is_done_while_it_is_open(trade: Trade) -> None:
    order = draft(trade)
    trade.desk.perform_and_wait(order)
    more = replace(order, note="Call before noon", lines=(replace(order.lines[0], qty=Decimal(12)),))
    trade.desk.perform_and_wait(more)
    trade.hear_news()
    page = trade.open("purchase_order", id=order.order_id)
    trade.wait(lambda: page.record is not None)
    assert page.history.isHidden() or not page.below.is_shown(page.history), "closed until it is asked for"
    trade.window.activateWindow()
    field = page.binder.widget("reference")
    field.setFocus()
    trade.wait(field.hasFocus)
    trade.keys(Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    trade.wait(lambda: len(told(page)) > 2)
    saved, *changed, first = told(page)
    assert (saved, first) == ("Save a purchase order", "Save a purchase order")
    assert "- Note: (empty) → Call before noon" in changed
    assert any(line.endswith("Quantity: 10 → 12") for line in changed)
    assert page.history.list.topLevelItem(0).text(1).startswith(trade.desk.user.name)

    trade.desk.perform_and_wait(replace(more, note="Call after noon"))
    trade.hear_news()
    trade.wait(lambda: "- Note: Call before noon → Call after noon" in told(page))

    page.history.all_button.click()
    trade.wait(lambda: trade.page is not page)
    everything = trade.page
    trade.wait(lambda: [row.what for row in everything.model.rows] == ["Save a purchase order"] * 3)


def test_without_the_centre_one_sentence_says_that_the_history_is_kept_there(trade: Trade) -> None:
    order = draft(trade)
    trade.desk.perform_and_wait(order)
    trade.hear_news()
    trade.desk.administration._questions.transport._centre = lambda: "http://127.0.0.1:9"
    page = trade.open("purchase_order", id=order.order_id)
    trade.wait(lambda: page.record is not None)
    page.below.buttons[0].click()
    trade.wait(lambda: "does not answer now" in page.history.sentence.text())
    assert told(page) == []
    page.below.buttons[0].click()
    assert not page.below.is_shown(page.history)
