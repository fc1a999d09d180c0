"""What an action would change, as the window shows it before it is confirmed: with a desk in memory, then at a real centre."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Event
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from fake_desk import FakeDesk
from PySide6.QtCore import Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from trading_house import CONTROL, Trade, printed, trade

from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.refusals import EffectTakesTooLong, NotFound
from erp_desktop.ids import new_id
from erp_desktop.queries.back_dating import LastMovedOn
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Warehouses
from erp_desktop.sync.previewing import EffectOutOfReach
from erp_desktop.sync.state import SyncKind
from erp_desktop.views.translation import show_language
from erp_desktop.views.widgets.effect_panel import EffectPanel
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.lookup import LookupItem
from erp_desktop.wire import BookEffect, CorrectionEffect, Effect, EntryEffect, StockEffect

__all__ = ["printed", "trade"]

PRODUCT = uuid4()
SHIPMENT = uuid4()
NAMES = {"code": "BX-204", "name": "Storage box", "name_zh": "收纳箱"}


def an_effect(corrections: int = 1, **changes: Any) -> Effect:
    found: dict[str, Any] = {
        "currency": "CNY",
        "stock": [
            StockEffect(
                product_id=PRODUCT,
                unit="PC",
                qty_before=Decimal("4"),
                qty_after=Decimal("9.5"),
                value_before=Decimal("16"),
                value_after=Decimal("1236"),
                **NAMES,
            )
        ],
        "stock_count": 1,
        "entries": [
            EntryEffect(
                dated_on=date(2026, 3, 6),
                event="goods_receipt",
                account="1405",
                name="Inventory",
                name_zh="库存商品",
                debit=Decimal("1205"),
                credit=Decimal(0),
            )
        ],
        "entry_count": 1,
        "corrections": [
            CorrectionEffect(
                kind="back_dated",
                dated_on=date(2026, 3, 12),
                document_kind="shipment",
                document_id=SHIPMENT,
                number="SH-2026-0001",
                product_id=PRODUCT,
                to_inventory=Decimal(0),
                to_cost_of_sales=Decimal("-15"),
                **NAMES,
            )
        ],
        "correction_count": corrections,
        "books": [
            BookEffect(
                code="MAIN",
                name="Main book",
                name_zh="主账簿",
                posts_to_ledger=True,
                inventory=Decimal("1220"),
                cost_of_sales=Decimal("-15"),
            )
        ],
    }
    return Effect(**(found | changes))


class Page(QWidget):
    """A page with a panel, and what it was asked to open."""

    said = Signal(str)

    def __init__(self, desk: FakeDesk) -> None:
        super().__init__()
        self.action: Any = "receive five"
        self.opened: list[tuple[str, Any]] = []
        self.panel = EffectPanel(desk, self)
        QVBoxLayout(self).addWidget(self.panel)
        self.panel.set_action(lambda: self.action)

    def has_screen(self, _kind: str) -> bool:
        return True

    def open_screen(self, kind: str, **args: Any) -> None:
        self.opened.append((kind, args["id"]))


@pytest.fixture
def page(desk: FakeDesk, qtbot: QtBot) -> Page:
    desk.effect = lambda _action: an_effect()
    made = Page(desk)
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    return made


def opened(page: Page, qtbot: QtBot) -> EffectPanel:
    with qtbot.waitSignal(page.panel.effect_shown):
        page.panel.set_open(True)
    return page.panel


def rows(panel: EffectPanel, tab: int) -> list[tuple[str, ...]]:
    return [row.texts for row in panel.tabs.widget(tab).report_model.section.rows]


def test_it_asks_nothing_until_it_is_opened(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    page.panel.note_change()
    QTest.qWait(600)
    assert desk.previewed == []
    assert not page.panel.tabs.isVisible()
    opened(page, qtbot)
    assert desk.previewed == ["receive five"]


def test_stock_entry_and_corrected_documents_are_shown(page: Page, qtbot: QtBot) -> None:
    panel = opened(page, qtbot)
    assert panel.summary.text() == (
        "Stock value +1,220.00 CNY   ·   Cost of sales -15.00 CNY   ·   Posted documents corrected: 1"
    )
    titles = [panel.tabs.tabText(number) for number in range(panel.tabs.count())]
    assert titles == ["Stock before and after (1)", "Journal entry (1)", "Corrected documents (1)"]
    assert rows(panel, 0) == [("BX-204", "Storage box", "4", "9.5", "PC", "16.00", "1,236.00", "+1,220.00")]
    assert rows(panel, 1) == [("2026-03-06", "1405", "Inventory", "Goods receipt", "1,205.00", "")]
    assert rows(panel, 2) == [("2026-03-12", "Shipment SH-2026-0001", "BX-204", "Entered late", "", "-15.00")]


def test_a_write_down_says_its_allowance_and_its_expense(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    main = msgspec.structs.replace(an_effect().books[0], inventory=Decimal(0), cost_of_sales=Decimal(-2))
    figures = {"written_down": Decimal(5), "allowance": Decimal(3), "books": [main]}
    nothing = {"stock": [], "stock_count": 0, "corrections": [], "correction_count": 0}
    for may_see in ({}, {"entries": None, "entry_count": 0}):  # with the ledger and without
        desk.effect = lambda _action, may_see=may_see: an_effect(**figures, **{**nothing, **may_see})
        assert opened(page, qtbot).summary.text() == (
            "Allowance against stock +3.00 CNY   ·   Write-down expense +5.00 CNY   ·   Cost of sales -2.00 CNY"
        )
        page.panel.set_open(False)


def test_late_value_at_standard_cost_says_its_price_variance(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    main = msgspec.structs.replace(an_effect().books[0], inventory=Decimal(0), cost_of_sales=Decimal(0))
    figures = {"price_variance": Decimal(30), "books": [main]}
    desk.effect = lambda _action: an_effect(stock=[], stock_count=0, corrections=0, **figures)
    assert opened(page, qtbot).summary.text() == "Purchase price variance +30.00 CNY"


def test_more_than_is_shown_is_counted(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.effect = lambda _action: an_effect(corrections=1_234)
    panel = opened(page, qtbot)
    assert panel.tabs.tabText(2) == "Corrected documents (1,234)"
    assert rows(panel, 2)[-1] == ("", "and 1,233 more", "", "", "", "")
    assert panel.summary.text().endswith("Posted documents corrected: 1,234")


def test_another_book_is_shown_beside_the_one_that_posts(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    main = an_effect().books[0]
    tax = BookEffect(
        code="TAX", name="Tax", name_zh="", posts_to_ledger=False, inventory=Decimal(9), cost_of_sales=Decimal(0)
    )
    desk.effect = lambda _action: an_effect(books=[main, tax])
    panel = opened(page, qtbot)
    assert panel.tabs.tabText(3) == "Cost books (2)"
    assert rows(panel, 3)[1] == ("TAX", "Tax", "+9.00", "0.00")


def test_enter_on_a_corrected_document_opens_it(page: Page, qtbot: QtBot) -> None:
    panel = opened(page, qtbot)
    panel.tabs.setCurrentIndex(2)
    table = panel.tabs.currentWidget()
    table.setFocus()
    table.selectRow(0)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert page.opened == [("shipment", SHIPMENT)]


def test_the_keyboard_opens_it_walks_through_its_tables_and_comes_back(page: Page, qtbot: QtBot) -> None:
    page.activateWindow()
    page.panel.toggle.setFocus()
    with qtbot.waitSignal(page.panel.effect_shown):
        qtbot.keyClick(page.panel.toggle, Qt.Key.Key_Space)
    qtbot.keyClick(page.panel.toggle, Qt.Key.Key_Tab)
    bar = page.panel.tabs.tabBar()
    assert page.focusWidget() is bar
    qtbot.keyClick(bar, Qt.Key.Key_Right)
    assert page.panel.tabs.currentIndex() == 1
    qtbot.keyClick(bar, Qt.Key.Key_Tab)
    table = page.panel.tabs.currentWidget()
    assert page.focusWidget() is table
    qtbot.keyClick(table, Qt.Key.Key_Escape)
    assert page.focusWidget() is page.panel.toggle


def test_f7_opens_and_closes_it(page: Page, qtbot: QtBot) -> None:
    page.activateWindow()
    with qtbot.waitSignal(page.panel.effect_shown):
        qtbot.keyClick(page, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: not page.panel.toggle.isDown())
    qtbot.keyClick(page, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: not page.panel.is_open)


def test_each_part_has_its_name_for_who_cannot_see_it(page: Page, qtbot: QtBot) -> None:
    panel = opened(page, qtbot)
    assert panel.toggle.accessibleName() == "Effect on stock, cost of sales and ledger"
    assert panel.toggle.accessibleDescription().startswith("Stock value +1,220.00 CNY")
    assert [panel.tabs.widget(number).accessibleName() for number in range(3)] == [
        "Stock before and after",
        "Journal entry",
        "Corrected documents",
    ]


def test_what_is_typed_is_asked_for_once_a_moment_after_the_last_change(
    page: Page, desk: FakeDesk, qtbot: QtBot
) -> None:
    panel = opened(page, qtbot)
    with qtbot.waitSignal(panel.effect_shown):
        for action in ("six", "seven", "eight"):
            page.action = action
            panel.note_change()
            assert panel.state.text() == "Being worked out …"
    assert desk.previewed == ["receive five", "eight"]
    assert panel.state.text() == ""


def test_an_answer_to_what_stood_there_before_is_not_shown(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    slow, asked = Event(), Event()

    def answer(action: Any) -> Effect:
        if action == "receive five":
            asked.set()
            slow.wait(60)
            return an_effect(corrections=99)
        return an_effect()

    desk.effect = answer
    page.panel.set_open(True)
    assert asked.wait(60)
    page.action = "six"
    page.panel.note_change()
    slow.set()
    with qtbot.waitSignal(page.panel.effect_shown):
        pass
    assert page.panel.effect == an_effect()


def test_going_back_to_what_is_being_asked_shows_its_answer(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    slow, asked = Event(), Event()

    def answer(_action: Any) -> Effect:
        asked.set()
        slow.wait(60)
        return an_effect()

    desk.effect = answer
    page.panel.set_open(True)
    assert asked.wait(60)
    page.action = "six"
    page.panel.note_change()
    page.action = "receive five"
    page.panel.note_change()
    QTest.qWait(500)
    with qtbot.waitSignal(page.panel.effect_shown):
        slow.set()
    assert page.panel.state.text() == ""


def test_a_refusal_is_said_in_its_sentence_and_the_tables_go(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    panel = opened(page, qtbot)

    def refuse(_action: Any) -> Effect:
        raise NotFound(kind="product")

    desk.effect = refuse
    page.action = "gone"
    with qtbot.waitSignal(panel.effect_shown):
        panel.note_change()
    assert panel.summary.text().startswith("The product that this names is not here any more.")
    assert panel.summary.property("tone") == "late"
    assert not panel.tabs.isVisible()


def test_without_the_centre_it_says_so_and_asks_again_when_it_is_back(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    def refuse(_action: Any) -> Effect:
        raise EffectOutOfReach()

    desk.effect = refuse
    panel = opened(page, qtbot)
    assert panel.summary.text() == ("The effect can be shown when the centre can be reached; you can post without it.")
    assert panel.summary.property("tone") == "secondary"
    desk.effect = lambda _action: an_effect()
    with qtbot.waitSignal(panel.effect_shown):
        desk.show_state(kind=SyncKind.SYNCED, waiting=1)
    assert panel.effect is not None


def test_what_takes_too_long_is_not_shown_says_why_and_how_to_ask_again(
    page: Page, desk: FakeDesk, qtbot: QtBot
) -> None:
    def refuse(_action: Any) -> Effect:
        raise EffectTakesTooLong()

    desk.effect = refuse
    panel = opened(page, qtbot)
    assert panel.summary.text() == (
        "The effect is not shown: working it out takes longer than a few seconds, and others would have to wait meanwhile. "
        "Press F7 twice to ask again, or post without it; nothing was changed."
    )
    assert panel.summary.property("tone") == "secondary"
    desk.effect = lambda _action: an_effect()
    desk.show_state(kind=SyncKind.SYNCED, waiting=1)  # by itself it keeps nobody waiting once more
    panel.toggle.click()
    assert panel.effect is None
    with qtbot.waitSignal(panel.effect_shown):
        panel.toggle.click()
    assert panel.effect is not None


def test_a_fault_of_ours_keeps_nobody_from_posting(
    page: Page, desk: FakeDesk, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_action: Any) -> Effect:
        raise ZeroDivisionError

    desk.effect = fails
    panel = opened(page, qtbot)
    assert panel.summary.text().startswith("The effect could not be worked out (")
    assert "reference" in caplog.text


def test_a_form_that_is_not_filled_in_says_what_will_stand_there(page: Page, desk: FakeDesk, qtbot: QtBot) -> None:
    page.action = None
    panel = opened(page, qtbot)
    assert panel.summary.text() == "Fill in the form, and its effect is shown here."
    assert desk.previewed == []


def test_news_of_others_bring_new_figures(
    page: Page, desk: FakeDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("erp_desktop.views.widgets.effect_panel.NEWS_PAUSE_MS", 10)
    panel = opened(page, qtbot)
    desk.changed.emit(frozenset({"party"}))
    QTest.qWait(100)
    assert len(desk.previewed) == 1
    with qtbot.waitSignal(panel.effect_shown):
        desk.changed.emit(frozenset({"cost_pool"}))
    assert len(desk.previewed) == 2


def test_who_may_not_see_costs_is_not_offered_it(qtbot: QtBot) -> None:
    desk = FakeDesk(ALL_PERMISSIONS - {"cost.read"})
    page = Page(desk)
    qtbot.addWidget(page)
    page.show()
    assert not page.panel.isVisible()
    page.panel.open_if_back_dated(company_today() - timedelta(days=3))
    assert not page.panel.is_open
    assert desk.previewed == []
    desk.close()


def test_it_opens_by_itself_for_a_day_before_today_unless_it_was_closed_by_hand(
    page: Page, desk: FakeDesk, qtbot: QtBot
) -> None:
    panel = page.panel
    panel.open_if_back_dated(company_today())
    assert not panel.is_open
    with qtbot.waitSignal(panel.effect_shown):
        panel.open_if_back_dated(company_today() - timedelta(days=1))
    qtbot.mouseClick(panel.toggle, Qt.MouseButton.LeftButton)
    assert not panel.is_open
    panel.open_if_back_dated(company_today() - timedelta(days=2))
    assert not panel.is_open


def test_it_opens_by_itself_for_a_day_before_the_last_move_of_a_product(
    page: Page, desk: FakeDesk, qtbot: QtBot
) -> None:
    today = company_today()
    desk.answers[LastMovedOn] = lambda query: today + timedelta(days=5) if PRODUCT in query.product_ids else None
    page.panel.open_if_back_dated(today, [uuid4()])
    QTest.qWait(50)
    assert not page.panel.is_open
    with qtbot.waitSignal(page.panel.effect_shown):
        page.panel.open_if_back_dated(today, [PRODUCT])
    assert page.panel.is_open


def test_in_chinese_the_names_are_chinese(page: Page, qtbot: QtBot, desk: FakeDesk) -> None:
    show_language("zh_CN")
    made = Page(desk)
    qtbot.addWidget(made)
    made.show()
    panel = opened(made, qtbot)
    assert rows(panel, 0)[0][1] == "收纳箱"
    assert "库存价值 +1,220.00 CNY" in panel.summary.text()
    assert panel.tabs.tabText(2).startswith("更正的单据")


# --- at a real centre


def test_a_receipt_shows_its_effect_before_it_is_posted(trade: Trade) -> None:
    trade.company.stock("BX-204", "10", "4.00")
    order = trade.company.purchase_order(("BX-204", "10", "2"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    assert not page.effect.is_open
    page.effect.set_open(True)
    trade.wait(lambda: page.effect.summary.text() == "Fill in the form, and its effect is shown here.")
    trade.cell(page, 0, "counted", "4")
    trade.wait(lambda: page.effect.effect is not None)
    assert page.effect.summary.text() == "Stock value +8.00 CNY   ·   Cost of sales 0.00 CNY"
    assert rows(page.effect, 0) == [("BX-204", "Product BX-204", "10", "14", "PC", "40.00", "48.00", "+8.00")]
    trade.cell(page, 0, "counted", "40")
    trade.wait(lambda: page.effect.effect is None)
    assert page.effect.summary.text().startswith("40 of BX-204 counted, 10 open")
    trade.cell(page, 0, "counted", "5")
    trade.wait(lambda: page.effect.effect is not None)
    trade.keys(Qt.Key.Key_Return, CONTROL)
    assert trade.wait_for_page("goods_receipt").record.lines[0].qty == 5


def test_a_receipt_dated_back_opens_its_effect_by_itself(trade: Trade) -> None:
    order = trade.company.purchase_order(("BX-204", "10", "2"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    trade.cell(page, 0, "counted", "4")
    assert not page.effect.is_open
    trade.type(page, "received_on", "2026-11-02")
    trade.wait(lambda: page.effect.effect is not None)
    assert rows(page.effect, 1)[0][0] == "2026-11-02"


def test_offline_a_receipt_is_posted_without_its_effect(trade: Trade) -> None:
    order = trade.company.purchase_order(("BX-204", "10", "2"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    trade.desk.go_offline()
    page.effect.set_open(True)
    trade.cell(page, 0, "counted", "4")
    trade.wait(lambda: page.effect.summary.text().startswith("The effect can be shown when the centre can be reached"))
    trade.keys(Qt.Key.Key_Return, CONTROL)
    trade.wait(lambda: trade.desk.sync_state.waiting == 1)


def warehouse_item(trade: Trade) -> LookupItem:
    row = next(one for one in trade.ask(Warehouses(ListRequest())).rows if one.id == trade.company.warehouse)
    return LookupItem(row.id, row.code, row.name, row)


def test_a_count_shows_what_the_difference_is_worth(trade: Trade) -> None:
    trade.company.stock("BX-204", "10", "4.00")
    trade.hear_news()
    page = trade.open("count_stock", id=new_id())
    page.binder.set_value("warehouse", warehouse_item(trade))
    page.fill_in()
    trade.wait(lambda: len(page.grid.lines()) == 1)
    page.effect.set_open(True)
    trade.cell(page, 0, "counted", "7")
    trade.wait(lambda: page.effect.effect is not None)
    assert rows(page.effect, 0)[0][2:] == ("10", "7", "PC", "40.00", "28.00", "-12.00")


def test_shipping_and_taking_back_show_cost_of_sales_both_ways(trade: Trade) -> None:
    trade.company.stock("BX-204", "10", "4.00")
    order = trade.company.sales_order(("BX-204", "3", "20.00"))
    trade.company.allocate(order)
    trade.hear_news()
    page = trade.open("ship_order", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    page.effect.set_open(True)
    trade.wait(lambda: page.effect.effect is not None)
    assert page.effect.summary.text() == "Stock value -12.00 CNY   ·   Cost of sales +12.00 CNY"
    shipment = trade.company.ship(order)
    trade.hear_news()
    page = trade.open("take_in_return", id=shipment)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    page.effect.set_open(True)
    trade.cell(page, 0, "counted", "2")
    trade.wait(lambda: page.effect.effect is not None)
    assert page.effect.summary.text() == "Stock value +8.00 CNY   ·   Cost of sales -8.00 CNY"


def test_a_receipt_from_before_a_shipment_leads_to_the_shipment_that_it_corrects(trade: Trade) -> None:
    first, later = date(2026, 11, 2), date(2026, 11, 9)
    trade.company.stock("BX-204", "10", "4.00", on=later)
    sold = trade.company.sales_order(("BX-204", "6", "20.00"), on=later)
    trade.company.allocate(sold)
    shipment = trade.company.ship(sold, on=later)
    order = trade.company.purchase_order(("BX-204", "10", "1.00"), on=first)
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.grid.model_of_lines.rowCount() == 1)
    trade.cell(page, 0, "counted", "10")
    trade.type(page, "received_on", "2026-11-02")
    trade.wait(lambda: page.effect.effect is not None and page.effect.effect.correction_count > 0)
    assert "Posted documents corrected: 1" in page.effect.summary.text()
    page.effect.tabs.setCurrentIndex(2)
    ((_, document, code, why, _, amount),) = rows(page.effect, 2)
    assert (document.split()[0], code, why, amount) == ("Shipment", "BX-204", "Entered late", "-9.00")
    table = page.effect.tabs.currentWidget()
    table.selectRow(0)
    trade.qtbot.keyClick(table, Qt.Key.Key_Return)
    opened_page = trade.wait_for_page("shipment")
    assert opened_page.document_id == shipment
