"""Needs attention and Home: what a person is told, and what the buttons do."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.refusals import CodeTaken
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.sync.what_waits import AttentionItem
from erp_desktop.views.shell.attention_dialogs import AnswerDialog, CorrectDialog, DropDialog
from erp_desktop.views.shell.home import HomeView


def item(name="ShipOrder", status="refused", sentence="Only 4 of 10 BX-204 are free.", action=None):
    return AttentionItem(uuid4(), name, datetime.now(UTC), sentence, {}, status, (), action)


@pytest.fixture
def view(qtbot, shell, desk):
    desk.items = (item(), item("ConfirmSalesOrder", "held", ""))
    opened = shell.open_screen("attention")
    qtbot.waitUntil(lambda: opened.model.rowCount() == 2)
    return opened


def test_what_happened_and_what_to_do_stand_beside_the_list(view):
    assert view.pane.what.text() == "Ship an order"
    assert view.pane.happened.text() == "Only 4 of 10 BX-204 are free."
    view.view.selectRow(1)
    assert view.pane.what.text() == "Confirm a sales order"
    assert view.pane.happened.text().startswith("It waits because another change")


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


def test_an_entry_without_a_form_of_its_own_shows_what_was_typed_and_sends_what_is_corrected(qtbot, view, desk):
    assert not view.edit_action.isEnabled()
    assert view.pane.buttons[1].isHidden()  # no button that never does anything
    correction = CorrectReceiptPrice(uuid4(), uuid4(), Decimal("12.5"), date(2026, 1, 5), "INV-7")
    desk.items = (item("CorrectReceiptPrice", action=correction),)
    view.refresh()
    qtbot.waitUntil(view.edit_action.isEnabled)
    view.edit_action.trigger()
    dialog = next(found for found in view.findChildren(QDialog) if isinstance(found, CorrectDialog))
    assert dialog.fields[None, "unit_price"].text() == "12.50"
    dialog.fields[None, "reference"].setText("INV-8")
    dialog.fields[None, "unit_price"].setText("12x")
    qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    assert dialog.problem.isVisible()  # what cannot be read is said, and nothing is sent
    dialog.fields[None, "unit_price"].setText("12.5")
    qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(desk.settled))
    assert desk.settled[0].amended == replace(correction, reference="INV-8")


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
    qtbot.waitUntil(lambda: view.pane.entered.text() == "Taxi to the airport · 2026-01-05 · CNY 120.00")
    assert view.model.index(0, 0).data() == "Post a journal entry · Taxi to the airport · 2026-01-05 · CNY 120.00"


def test_a_refused_record_says_its_code_and_name(qtbot, view, desk):
    party = SaveParty(uuid4(), "S9", "Ningbo Film")
    desk.items = (item("SaveParty", sentence="The code S9 is taken already.", action=party),)
    view.refresh()
    qtbot.waitUntil(lambda: view.pane.entered.text() == "S9 · Ningbo Film")


def shipments(count, held=0):
    """Shipments refused because March closed meanwhile, and what is held because of the first."""
    fields = {"day": "2026-03-31", "open_from": "2026-04-01"}
    refused = tuple(
        replace(
            item("ShipOrder", action=ShipOrder(uuid4(), uuid4(), date(2026, 3, 31))),
            code="period_closed",
            fields=fields,
        )
        for _ in range(count)
    )
    held_by = tuple(replace(item("ConfirmDelivery", "held", ""), depends=(refused[0].id,)) for _ in range(held))
    return refused + held_by


def test_forty_shipments_of_a_closed_month_are_one_row_and_one_decision(qtbot, view, desk):
    desk.items = shipments(40, held=2)
    view.refresh()
    qtbot.waitUntil(lambda: view.model.rowCount() == 1)
    assert view.model.index(0, 0).data() == "40 × Ship an order"
    assert view.model.index(0, 2).data() == "2"  # what waits behind it
    assert view.pane.ways[0].text() == "Post all 40 with 2026-04-01"
    qtbot.mouseClick(view.pane.ways[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(desk.settled) == 40)
    assert {decision.amended.shipped_on for decision in desk.settled} == {date(2026, 4, 1)}


def test_of_a_group_those_that_are_selected_are_settled_apart(qtbot, view, desk):
    desk.items = shipments(3)
    view.refresh()
    qtbot.waitUntil(lambda: view.pane.members.count() == 3)
    view.pane.members.item(1).setSelected(True)
    assert view.pane.ways[0].text() == "Post with 2026-04-01"
    qtbot.mouseClick(view.pane.ways[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [decision.item_id for decision in desk.settled] == [desk.items[1].id])


def test_another_date_is_asked_for_and_sent(qtbot, view, desk):
    desk.items = shipments(1)
    view.refresh()
    qtbot.waitUntil(lambda: len(view.pane.ways) == 2)
    qtbot.mouseClick(view.pane.ways[1], Qt.MouseButton.LeftButton)
    dialog = next(found for found in view.findChildren(QDialog) if isinstance(found, AnswerDialog))
    assert not dialog.do_button.isEnabled()
    qtbot.keyClicks(dialog.field, "2026-04-09")
    qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(desk.settled))
    assert desk.settled[0].amended.shipped_on == date(2026, 4, 9)


def test_what_is_held_stands_behind_its_cause_and_not_in_a_row_of_its_own(qtbot, view, desk):
    cause = item("AllocateSalesOrder")
    behind = replace(item("ShipOrder", "held", ""), depends=(cause.id,))
    last = replace(item("ConfirmDelivery", "held", ""), depends=(behind.id,))
    desk.items = (cause, behind, last)
    view.refresh()
    qtbot.waitUntil(lambda: view.model.rowCount() == 1)
    told = [view.pane.members.item(row).text() for row in range(view.pane.members.count())]
    assert told == ["Waits behind it: Ship an order", "Waits behind it: Confirm deliveries"]


def clash():
    """Two people changed a supplier's address and phone."""
    seen = SaveParty(uuid4(), "S9", "Ningbo Film", address="1 Port Road", phone="1")
    mine = replace(seen, address="3 Mill Lane", phone="2").changing(seen)
    fields = {"record": "S9", "theirs": '{"address": "2 Harbour Street", "phone": "3"}', "names": "{}"}
    return replace(item("SaveParty", action=mine), code="changed_meanwhile", fields=fields)


def test_both_versions_stand_side_by_side_and_one_is_kept(qtbot, view, desk):
    desk.items = (clash(),)
    view.refresh()
    qtbot.waitUntil(view.pane.versions.isVisible)
    shown = [view.pane.versions.item(1, column).text() for column in range(3)]
    assert shown == ["Address\nbefore: 1 Port Road", "✓ 3 Mill Lane", "2 Harbour Street"]
    assert [button.text() for button in view.pane.ways] == ["Keep mine", "Keep theirs"]
    qtbot.mouseClick(view.pane.ways[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [reason for _, reason in desk.dropped] == ["Theirs was kept"])


def test_of_two_versions_each_field_is_chosen_from_the_keyboard(qtbot, view, desk):
    desk.items = (clash(),)
    view.refresh()
    qtbot.waitUntil(view.pane.versions.isVisible)
    view.pane.versions.setCurrentCell(0, 2)
    qtbot.keyClick(view.pane.versions, Qt.Key.Key_Space)
    assert view.pane.versions.item(0, 2).text() == "✓ 3"
    assert view.pane.ways[0].text() == "Save as chosen above"
    qtbot.mouseClick(view.pane.ways[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(desk.settled))
    assert desk.settled[0].amended.before == {"address": "2 Harbour Street"}


def test_enter_does_what_helps_best_and_delete_asks_for_a_reason(qtbot, view, desk):
    desk.items = shipments(1)
    view.refresh()
    qtbot.waitUntil(lambda: bool(view.pane.ways))
    assert view.pane.primary() is view.pane.ways[0]
    qtbot.keyClick(view.view, Qt.Key.Key_Delete)
    dialog = next(found for found in view.findChildren(QDialog) if isinstance(found, DropDialog))
    dialog.reject()
    view.view.setFocus()
    qtbot.keyClick(view.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(desk.settled))
    assert desk.settled[0].amended.shipped_on == date(2026, 4, 1)
    assert desk.dropped == []


def test_the_arrow_keys_go_from_cause_to_cause_and_the_buttons_stay_in_sight(qtbot, view, desk, shell):
    shell.resize(1280, 720)
    desk.items = (clash(), *shipments(3), item("ReceiveGoods", sentence="12 of BX-204 counted, 10 open on PO-7."))
    view.refresh()
    qtbot.waitUntil(lambda: view.model.rowCount() == 3)
    view.view.setFocus()
    for row in range(3):
        assert view.view.currentIndex().row() == row
        qtbot.waitUntil(lambda: all_in_sight(view.pane))
        qtbot.keyClick(view.view, Qt.Key.Key_Down)
    assert view.pane.happened.text().startswith("12 of BX-204 counted")


def all_in_sight(pane):
    buttons = (*pane.ways, *(one for one in pane.buttons if not one.isHidden()))
    return all(pane.rect().contains(one.mapTo(pane, one.rect().bottomRight())) for one in buttons)


def test_the_tab_the_window_and_the_pill_count_the_same(qtbot, view, desk, shell):
    desk.items = shipments(4, held=2)
    desk.show_state(attention=4)
    qtbot.waitUntil(lambda: view.title == "Needs attention (4)")
    assert shell.windowTitle().startswith("Needs attention (4) - ")
    assert shell.top.pill.text() == "4 need attention"
    assert view.header.told.text() == "Causes: 1, changes: 4, waiting behind them: 2"
