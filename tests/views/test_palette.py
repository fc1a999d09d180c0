"""Ctrl+K in the real window: what can be begun and every record, without opening a list first."""

from PySide6.QtCore import Qt
from trading_house import CONTROL, Trade, trade

__all__ = ["trade"]


def ask(trade: Trade, text: str) -> list[str]:
    """What the palette offers for `text`, once it has looked for records."""
    trade.keys(Qt.Key.Key_K, CONTROL)
    palette = trade.window.palette_window
    trade.qtbot.keyClicks(palette.field, text)
    trade.wait(lambda: palette.results.count() > 0)
    return [palette.results.item(row).text() for row in range(palette.results.count())]


def test_something_new_is_begun_without_its_list(trade):
    assert ask(trade, "new sales")[0] == "New sales order"
    trade.qtbot.keyClick(trade.window.palette_window.field, Qt.Key.Key_Return)
    assert trade.page.title == "New: Sales order"


def test_a_document_is_opened_by_its_number_and_a_product_by_its_name(trade):
    order = trade.company.sales_order(("BX-204", "1", "20"))
    trade.hear_news()
    assert ask(trade, "SO-2026-0001") == ["SO-2026-0001"]
    trade.qtbot.keyClick(trade.window.palette_window.field, Qt.Key.Key_Return)
    assert trade.page.document_id == order
    assert ask(trade, "product bx") == ["BX-204  Product BX-204"]


def test_what_nothing_is_called_is_said_after_looking_for_records_too(trade):
    assert ask(trade, "zzzzqq") == ["Nothing is called so"]


def test_the_screen_in_front_offers_its_own_new_only_once(trade):
    trade.open("sales_orders")
    assert ask(trade, "new sales order").count("New sales order") == 1
