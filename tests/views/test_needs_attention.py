"""Needs attention and Home: what a person is told, and what the buttons do."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.refusals import CodeTaken
from erp_desktop.desk import AttentionItem
from erp_desktop.views.shell import needs_attention
from erp_desktop.views.shell.home import HomeView
from erp_desktop.views.shell.needs_attention import DropDialog, register_editor


def item(name="ShipOrder", status="refused", sentence="Only 4 of 10 BX-204 are free.", action=None):
    return AttentionItem(uuid4(), name, datetime.now(UTC), sentence, {}, status, (), action)


@pytest.fixture
def view(qtbot, shell, desk):
    desk.items = (item(), item("ConfirmSalesOrder", "held", ""))
    opened = shell.open_screen("attention")
    qtbot.waitUntil(lambda: opened.model.rowCount() == 2)
    return opened


def test_what_happened_and_what_to_do_stand_beside_the_list(view):
    assert view.what.text() == "Ship an order"
    assert view.happened.text() == "Only 4 of 10 BX-204 are free."
    view.view.selectRow(1)
    assert view.what.text() == "Confirm a sales order"
    assert view.happened.text().startswith("It waits because another change")


def test_send_again_sends_the_item_under_the_cursor(qtbot, view, desk, shell):
    view.send_action.trigger()
    qtbot.waitUntil(lambda: desk.sent == [desk.items[0].id])
    qtbot.waitUntil(lambda: shell.status.message.text() == "Sent again: Ship an order")


def test_a_refusal_of_the_second_try_is_shown_and_the_item_stays(qtbot, view, desk):
    desk.refusal = CodeTaken(code="A")
    view.send_action.trigger()
    qtbot.waitUntil(view.banner.isVisible)
    assert view.banner.sentence.text().startswith("The code A is taken already")
    assert view.model.rowCount() == 2


def test_dropping_asks_for_a_reason(qtbot, view, desk):
    first = desk.items[0].id
    view.drop_action.trigger()
    dialog = next(found for found in view.findChildren(QDialog) if isinstance(found, DropDialog))
    assert not dialog.drop_button.isEnabled()
    qtbot.keyClicks(dialog.field, "customer cancelled")
    qtbot.mouseClick(dialog.drop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.dropped == [(first, "customer cancelled")])
    qtbot.waitUntil(lambda: view.model.rowCount() == 1)


def test_only_what_a_screen_can_mend_offers_edit_and_send(qtbot, view, desk, shell, monkeypatch):
    assert not view.edit_action.isEnabled()
    assert view.buttons[1].isHidden()  # no button that never does anything
    edited = []
    monkeypatch.setattr(needs_attention, "_editors", {})
    register_editor("ShipOrder", lambda _shell, what: edited.append(what))
    desk.items = (item(action=object()),)
    view.refresh()
    qtbot.waitUntil(view.edit_action.isEnabled)
    assert not view.buttons[1].isHidden()
    view.edit_action.trigger()
    assert edited == list(desk.items)


def test_an_empty_list_says_that_nothing_needs_attention(qtbot, view, desk):
    desk.items = ()
    view.refresh()
    qtbot.waitUntil(view.nothing.isVisible)


def test_the_attention_model_keeps_qts_rules(view, qtmodeltester):
    qtmodeltester.check(view.model)


def test_home_counts_what_needs_attention_and_opens_it(qtbot, shell, desk):
    home = shell.tabs.widget(0)
    assert isinstance(home, HomeView)
    desk.show_state(attention=3)
    assert home.attention.figure.text() == "3"
    assert home.attention.accessibleName() == "Changes that need attention: 3"
    home.attention.setFocus()
    qtbot.keyClick(home.attention, Qt.Key.Key_Return)
    assert shell.tabs.currentWidget() is not home


def test_a_refused_journal_entry_says_its_text_its_date_and_its_amount(qtbot, view, desk):
    lines = (EntryLine(uuid4(), debit=Decimal("120.00")), EntryLine(uuid4(), credit=Decimal("120.00")))
    entry = PostJournalEntry(uuid4(), date(2026, 1, 5), "Taxi to the airport", lines)
    desk.items = (item("PostJournalEntry", sentence="2026-01-05 is in a closed period.", action=entry),)
    view.refresh()
    qtbot.waitUntil(lambda: view.entered.text() == "Taxi to the airport · 2026-01-05 · CNY 120.00")
    assert view.model.index(0, 0).data() == "Post a journal entry · Taxi to the airport · 2026-01-05 · CNY 120.00"


def test_a_refused_record_says_its_code_and_name(qtbot, view, desk):
    party = SaveParty(uuid4(), "S9", "Ningbo Film")
    desk.items = (item("SaveParty", sentence="The code S9 is taken already.", action=party),)
    view.refresh()
    qtbot.waitUntil(lambda: view.entered.text() == "S9 · Ningbo Film")
