"""What was refused opens in the form that it was entered in, and what is sent there takes its place."""

from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from PySide6.QtWidgets import QPushButton
from sqlalchemy import func
from trading_house import Trade, trade

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.base import Action
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.landed_costs import EnterLandedCost, ManualShare
from erp_desktop.actions.masters import SaveBarcode, SaveBin, SaveMasters, SaveParty, SaveProduct, SaveWarehouse
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.refusals import NotFound, Problem
from erp_desktop.actions.returning import ReturnedLine, ReturnedProduct, TakeInReturn, TakeInReturnWithoutShipment
from erp_desktop.actions.revaluing import NewStandard, RevaluedLine, RevalueStock, SetStandardCost
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.selling import ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.actions.stock import CountedLine, CountStock, MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.transferring import (
    ArrivedLine,
    CloseTransferShort,
    DispatchedLine,
    DispatchTransfer,
    ReceiveTransfer,
    transfer_line_id,
)
from erp_desktop.actions.writing_down import RealisableLine, WriteDownStock
from erp_desktop.desk import AttentionItem
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.ledger import Account
from erp_desktop.models.purchasing import LandedCost
from erp_desktop.models.sales import SalesOrder
from erp_desktop.models.stock import StockBalance
from erp_desktop.models.valuation import StockRevaluationLine
from erp_desktop.queries.receipt_prices import ReceiptPrices
from erp_desktop.queries.selling_details import ShipmentDetail
from erp_desktop.queries.supplier_returns import ReturnableReceipt
from erp_desktop.views.shell.entry_forms import has_form, open_form, question_about
from erp_desktop.views.widgets.fields import company_today

__all__ = ["trade"]

DAY = date(2026, 3, 20)


def sale(trade: Trade, order_id: Any, number: str) -> SaveSalesOrder:
    company = trade.company
    line = SalesLine(new_id(), company.product("BX-204"), Decimal(3), Decimal("9.90"), Decimal("0.05"))
    return SaveSalesOrder(
        order_id,
        company.channel,
        company.warehouse,
        DAY,
        DAY,
        (line,),
        customer_id=company.customer,
        external_number=number,
        ship_to="Gate 3",
    )


def edit(trade: Trade) -> Any:
    """Needs attention, its first cause, and F2: the form that opens."""
    view = trade.open("attention")
    trade.wait(lambda: view.model.rowCount() > 0)
    view.view.selectRow(0)
    trade.do(view.edit_action)
    trade.wait(lambda: trade.page is not view and getattr(trade.page, "entry", None) is not None)
    page = trade.page
    trade.wait(lambda: page._is_entry_shown)
    return page


def test_a_refused_order_is_put_right_in_its_own_form_and_what_waited_behind_it_follows(trade: Trade) -> None:
    trade.company.product("BX-204")
    trade.hear_news()
    trade.desk.go_offline()
    order_id = new_id()
    trade.desk.perform_and_wait(sale(trade, order_id, "EU-1"))
    trade.desk.perform_and_wait(ConfirmSalesOrder(order_id))
    trade.company.perform(sale(trade, new_id(), "EU-1"))
    trade.desk.go_online()
    trade.wait(lambda: trade.desk.sync_state.attention == 1)

    page = edit(trade)
    assert (page.kind, page.is_new, page.is_dirty) == ("sales_order", True, True)
    assert page.lookup("customer").text() == "C1  Zhang Min"
    assert page.binder.value("ship_to") == "Gate 3"
    assert trade.value(page, 0, "product").code == "BX-204"
    assert (trade.value(page, 0, "qty"), trade.value(page, 0, "discount")) == (3, 5)
    assert "EU-1 is taken" in page.binder.problem_of("external_number")
    trade.type(page, "external_number", "EU-2")
    page.save()
    trade.wait(lambda: trade.desk.sync_state.attention == 0)
    trade.hear_news()
    assert trade.desk.attention().result() == ()
    with trade.company.session() as session:
        order = session.get_one(SalesOrder, (trade.company.company_id, order_id))
        assert (order.external_number, order.status, order.ship_to) == ("EU-2", "confirmed", "Gate 3")


def test_a_refused_receipt_shows_what_was_counted_and_the_reason_at_its_line(trade: Trade) -> None:
    order_id = trade.company.purchase_order(("BX-204", "10", "4"), ("CP-1", "5", "2"))
    first = derived_id("line", order_id, "0")
    trade.hear_news()
    trade.desk.go_offline()
    trade.desk.perform_and_wait(
        ReceiveGoods(new_id(), order_id, DAY, (ReceivedLine(first, Decimal(8)),), delivery_note="LS 7")
    )
    trade.company.receive(order_id, "5", on=DAY)
    trade.desk.go_online()
    trade.wait(lambda: trade.desk.sync_state.attention == 1)

    page = edit(trade)
    assert page.binder.value("delivery_note") == "LS 7"
    counted = trade.value(page, 0, "counted")
    assert (counted.text, counted.value) == ("8", 8)
    assert counted.sentence.startswith("8 of BX-204 counted, 5 open")
    assert trade.value(page, 1, "counted") is None  # nothing of it was counted
    trade.cell(page, 0, "counted", "5")
    page.save()
    trade.wait(lambda: trade.desk.sync_state.attention == 0)
    trade.hear_news()
    with trade.company.session() as session:
        assert session.query(StockBalance.on_hand).scalar() == 10


def test_of_a_record_that_somebody_else_changed_too_only_what_was_typed_here_is_typed_again(trade: Trade) -> None:
    seen = SaveParty(new_id(), "S9", "Ningbo Film", is_supplier=True, city="Ningbo", phone="1")
    trade.company.perform(seen)
    trade.hear_news()
    trade.desk.go_offline()
    trade.desk.perform_and_wait(changed(seen, phone="2"))
    trade.company.perform(changed(seen, phone="3", city="Beilun"))
    trade.desk.go_online()
    trade.wait(lambda: trade.desk.sync_state.attention == 1)

    page = edit(trade)
    assert not page.is_new
    assert (page.binder.value("phone"), page.binder.value("city")) == ("2", "Beilun")
    trade.type(page, "phone", "4")
    page.save()
    trade.wait(lambda: trade.desk.sync_state.attention == 0)
    trade.hear_news()
    assert trade.ask(question_about(seen)).is_known
    trade.wait(lambda: page.record.phone == "4" and page.record.city == "Beilun")


def changed(seen: SaveParty, **values: Any) -> SaveParty:
    return replace(seen, **values).changing(seen)


def test_an_open_order_form_saves_what_was_typed_in_it_and_leaves_the_rest_to_others(trade: Trade) -> None:
    company = trade.company
    bought = SavePurchaseOrder(
        new_id(),
        company.supplier,
        company.warehouse,
        DAY,
        DAY,
        (PurchaseLine(new_id(), company.product("BX-204"), Decimal(2), Decimal(4)),),
        currency="CNY",
    )
    for kind, order in (("sales_order", sale(trade, new_id(), "EU-1")), ("purchase_order", bought)):
        company.perform(order)
        trade.hear_news()
        page = trade.open(kind, id=order.order_id)
        trade.wait(lambda page=page: page.record is not None)
        trade.desk.go_offline()
        more = replace(order.lines[0], qty=Decimal(7))
        company.perform(replace(order, lines=(more,), due_on=date(2026, 4, 1)))  # type: ignore[type-var]
        page.binder.set_value("note", "call first")
        page.save()
        trade.wait(lambda page=page: not page.is_dirty and not page.is_busy)
        trade.desk.go_online()
        trade.hear_news()
        trade.wait(lambda page=page: page.record.lines[0].qty == 7)
        assert (page.record.note, page.record.due_on) == ("call first", date(2026, 4, 1))
        assert trade.desk.sync_state.attention == 0


def test_a_refused_revaluation_opens_with_the_stock_it_is_of_and_the_reason_at_what_was_typed(trade: Trade) -> None:
    box = trade.company.product("BX-204")
    trade.company.stock("BX-204", "40", "4")
    trade.hear_news()
    line = RevaluedLine(box, amount=Decimal(-500))
    trade.desk.perform_and_wait(RevalueStock(new_id(), DAY, "Water got in", (line,)))
    trade.wait(lambda: trade.desk.sync_state.attention == 1)

    page = edit(trade)
    assert (page.binder.value("dated_on"), page.binder.value("reason")) == (DAY, "Water got in")
    assert (trade.value(page, 0, "stock").row.on_hand, trade.value(page, 0, "unit_cost")) == (40, None)
    assert trade.value(page, 0, "amount").sentence.startswith("BX-204 on hand is worth 160")
    trade.cell(page, 0, "amount", "-50")
    page.save()
    trade.wait(lambda: bool(banner_buttons(page)))
    banner_buttons(page)[0].click()
    trade.wait(lambda: trade.desk.sync_state.attention == 0)
    trade.hear_news()
    assert trade.desk.attention().result() == ()
    with trade.company.session() as session:
        assert session.query(StockRevaluationLine.change).scalar() == -50


def test_a_refused_credit_note_of_freight_opens_with_the_freight_and_its_shares(trade: Trade) -> None:
    company = trade.company
    company.product("BX-204")
    receipt = company.stock("BX-204", "40", "4")
    freight = EnterLandedCost(new_id(), "freight", DAY, Decimal(20), "value", (receipt,), currency="CNY")
    company.perform(freight)
    trade.hear_news()
    credit = replace(
        freight, landed_cost_id=new_id(), amount=Decimal(-15), receipt_ids=(), credits_id=freight.landed_cost_id
    )
    trade.desk.go_offline()
    trade.desk.perform_and_wait(credit)
    company.perform(replace(credit, landed_cost_id=new_id(), amount=Decimal(-8)))
    trade.desk.go_online()
    trade.wait(lambda: trade.desk.sync_state.attention == 1)

    page = edit(trade)
    assert page.binder.value("credits").id == freight.landed_cost_id
    assert "only 12 of" in page.binder.problem_of("amount")
    assert page.shares.grid.model_of_lines.line(0)["product_code"] == "BX-204"
    trade.type(page, "amount", "-12")
    page.save()
    trade.wait(lambda: trade.desk.sync_state.attention == 0)
    trade.hear_news()
    assert trade.desk.attention().result() == ()
    with company.session() as session:
        assert session.query(func.sum(LandedCost.amount)).scalar() == 0


def test_a_form_that_is_in_use_is_not_written_over(trade: Trade) -> None:
    trade.company.product("BX-204")
    trade.hear_news()
    order_id = new_id()
    page = trade.open("sales_order", id=order_id, is_new=True)
    page.binder.set_value("note", "typed here")
    refused = item(sale(trade, order_id, "EU-1"))
    open_form(trade.window, refused, trade.ask(question_about(refused.action)))
    assert page.entry is None
    assert "still open" in page.banner.sentence.text()
    assert page.binder.value("note") == "typed here"


def test_what_was_settled_meanwhile_is_not_sent_a_second_time(trade: Trade) -> None:
    trade.company.product("BX-204")
    trade.hear_news()
    refused = item(sale(trade, new_id(), "EU-1"))
    open_form(trade.window, refused, trade.ask(question_about(refused.action)))
    page = trade.page
    page.save()
    trade.wait(lambda: "settled in Needs attention meanwhile" in page.binder.bar.accessibleName())
    assert trade.desk.sync_state.waiting == 0
    assert page.is_dirty


def item(action: Action, problem: Problem | None = None) -> AttentionItem:
    problem = problem or NotFound(kind="document").problem
    return AttentionItem(
        uuid4(),
        type(action).__name__,
        company_today(),  # type: ignore[arg-type]
        problem.sentence,
        problem.fields,
        "refused",
        (),
        action,
        problem.code,
    )


def entries(trade: Trade) -> list[Action]:
    """One of each kind that has a form, about goods and documents that are there."""
    company = trade.company
    box, film = company.product("BX-204"), company.product("CP-1")
    receipt = company.stock("BX-204", "40", "4")
    order = company.purchase_order(("BX-204", "10", "4"), ("CP-1", "5", "2"))
    sold = company.sales_order(("BX-204", "9", "9.90"))
    company.allocate(sold)
    shipment = company.ship(sold, "6")
    ningbo, dock = new_id(), new_id()
    company.perform(
        SaveWarehouse(ningbo, "NB", "Ningbo"),
        SaveBin(dock, ningbo, "DOCK"),
        SaveWarehouse(ningbo, "NB", "Ningbo", receiving_bin_id=dock),
    )
    transfer = new_id()
    line = DispatchedLine(box, Decimal(6), company.bin)
    company.perform(DispatchTransfer(transfer, company.warehouse, ningbo, DAY, (line,)))
    trade.hear_news()
    sent = trade.ask(ShipmentDetail(shipment)).lines[0].id
    received = trade.ask(ReturnableReceipt(receipt)).returnable[0].id
    with company.session() as session:
        rent, bank = (session.query(Account.id).order_by(Account.code).limit(2).all()[n][0] for n in range(2))
    two = Decimal(2)
    return [
        SavePurchaseOrder(
            new_id(), company.supplier, company.warehouse, DAY, DAY,
            (PurchaseLine(new_id(), box, two, Decimal("4.5")), PurchaseLine(new_id(), film, two, Decimal(3))),
            reference="R", note="N", currency="CNY",
        ),
        sale(trade, new_id(), "EU-7"),
        ReceiveGoods(new_id(), order, DAY, (ReceivedLine(derived_id("line", order, "1"), two, company.bin),), "LS"),
        ShipOrder(new_id(), sold, DAY, company.carrier, "SF1", (ShippedLine(derived_id("line", sold, "0"), two),)),
        TakeInReturn(
            new_id(), shipment, DAY, (ReturnedLine(sent, two), ReturnedLine(sent, Decimal(1), is_scrapped=True)), "torn"
        ),
        TakeInReturnWithoutShipment(
            new_id(), company.warehouse, DAY,
            (ReturnedProduct(box, two, Decimal("9.9"), company.bin),
             ReturnedProduct(box, Decimal(1), Decimal("9.9"), company.bin, is_scrapped=True)),
            customer_id=company.customer, reason="no label",
        ),
        ReturnToSupplier(
            new_id(), receipt, DAY, (SentBackLine(received, two, Decimal(4), company.bin),), "bent", "C7", True
        ),
        ConfirmDelivery((shipment,), DAY),
        CountStock(new_id(), company.warehouse, DAY, (CountedLine(film, company.bin, two, Decimal("1.5")),), "year"),
        ScrapStock(new_id(), company.warehouse, DAY, (ScrappedLine(box, company.bin, two, reason="wet"),), "flood"),
        MoveStock(new_id(), box, two, company.bin, dock, DAY),
        DispatchTransfer(
            new_id(), company.warehouse, ningbo, DAY, (DispatchedLine(box, two, company.bin),), DAY, company.carrier, "T1"
        ),
        ReceiveTransfer(transfer, DAY, (ArrivedLine(transfer_line_id(transfer, 1), two, dock),)),
        CloseTransferShort(transfer, DAY, "lost on the way"),
        PostJournalEntry(new_id(), DAY, "Rent", (EntryLine(rent, two), EntryLine(bank, credit=two))),
        SaveParty(new_id(), "S8", "Ningbo Film", is_supplier=True, phone="7", payment_days=30),
        SaveBin(new_id(), ningbo, "A-01", zone="A"),
        SaveMasters(
            products=(SaveProduct(bag := new_id(), "BAG", "Bag", derived_id("category", company.company_id, "GENERAL"),
                                  derived_id("unit", company.company_id, "PC")),),
            barcodes=(SaveBarcode(new_id(), "690001", bag),),
        ),
        SaveUser(new_id(), "mei", "Mei", ("warehouse", "sales"), language="zh_CN", warehouse_ids=(ningbo,)),
        *valuations(trade, receipt),
    ]  # fmt: skip


def valuations(trade: Trade, receipt: UUID) -> list[Action]:
    """What gives the goods of `receipt` another value, one of each kind."""
    company = trade.company
    box = company.product("BX-204")
    freight = EnterLandedCost(
        new_id(), "freight", DAY, Decimal(20), "value", (receipt,), company.supplier, "F-1", currency="CNY"
    )
    company.perform(freight)
    trade.hear_news()
    (line,) = trade.ask(ReceiptPrices(receipt)).prices
    five = Decimal(5)
    return [
        RevalueStock(new_id(), DAY, "Water got in", (RevaluedLine(box, unit_cost=Decimal("3.5")),)),
        RevalueStock(new_id(), DAY, "Water got in", (RevaluedLine(box, amount=Decimal(-7)),)),
        SetStandardCost(new_id(), DAY, "A new year", (NewStandard(box, Decimal("4.2")),)),
        WriteDownStock(new_id(), DAY, (RealisableLine(box, Decimal("2.5")),), "Out of fashion"),
        CorrectReceiptPrices(new_id(), receipt, DAY, (CorrectedPrice(line.id, five),), "INV-9", DAY),
        replace(freight, landed_cost_id=new_id(), kind="duty", basis="qty"),
        replace(freight, landed_cost_id=new_id(), basis="manual", shares=(ManualShare(line.id, Decimal(20)),)),
        replace(
            freight, landed_cost_id=new_id(), amount=Decimal(-5), receipt_ids=(), credits_id=freight.landed_cost_id
        ),
    ]


def test_every_form_shows_a_refused_entry_so_that_sending_it_unchanged_sends_the_same(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Action] = []

    def amend(_item_id: object, action: Action) -> "Future[None]":
        sent.append(action)
        refused: Future[None] = Future()
        refused.set_exception(NotFound(kind="document"))
        return refused

    monkeypatch.setattr(trade.desk, "amend", amend)
    for entry in entries(trade):
        refused = item(entry)
        assert has_form(trade.window, refused), entry
        open_form(trade.window, refused, trade.ask(question_about(entry)))
        page = trade.page
        trade.wait(lambda page=page: page._is_entry_shown)
        if isinstance(entry, SaveUser):
            trade.wait(lambda page=page: bool(page.places))
        count = len(sent)
        page.save()
        trade.wait(lambda page=page, count=count: len(sent) > count or bool(banner_buttons(page)))
        if len(sent) == count:  # it says first what comes of it
            banner_buttons(page)[0].click()
            trade.wait(lambda count=count: len(sent) > count)
        assert sent[-1] == entry
        page.set_dirty(False)
        trade.wait(lambda page=page: not page.is_busy)
        trade.window.close_tab(page)


def banner_buttons(page: Any) -> list[Any]:
    return [one for one in page.banner.findChildren(QPushButton) if one.isVisible()]
