"""Buying in a foreign currency through the real window: the rate, the order, the receipt, the late invoice, the return."""

from datetime import date
from decimal import Decimal

import pytest
from PySide6.QtWidgets import QComboBox, QLabel
from trading_house import Trade, trade

from erp_desktop.actions.exchanging import SaveExchangeRate
from erp_desktop.actions.masters import SaveParty
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.currencies import ExchangeRates, RateOn
from erp_desktop.queries.documents import RelatedDocuments
from erp_desktop.queries.price_corrections import PriceCorrectionDetail
from erp_desktop.queries.purchasing import GoodsReceipts, PurchaseOrders
from erp_desktop.queries.supplier_returns import SupplierReturns

__all__ = ["trade"]


def sells_in_dollars(trade: Trade, rate: str = "7.10") -> None:
    """The supplier sells in dollars, which are worth `rate` since the year began."""
    trade.company.perform(
        SaveParty(party_id=trade.company.supplier, code="S1", name="Ohio Plastics", is_supplier=True, currency="USD"),
        SaveExchangeRate(new_id(), "USD", date(2026, 1, 1), Decimal(rate)),
    )
    trade.company.product("BX-204")
    trade.hear_news()


def received(trade: Trade) -> object:
    """Ten pieces at USD 8.00 have come at 7.10."""
    order = trade.company.purchase_order(("BX-204", "10", "8"))
    receipt = trade.company.receive(order, "10")
    trade.hear_news()
    return receipt


def text_of(page: object, name: str) -> str:
    label = page.binder.widget(name)  # type: ignore[attr-defined]
    assert isinstance(label, QLabel)
    return label.text()


def facts_of(page: object) -> dict[str, str]:
    return dict(page.facts.facts)  # type: ignore[attr-defined]


def test_a_rate_is_entered_and_one_that_is_far_off_is_asked_about(trade):
    trade.company.perform(SaveExchangeRate(new_id(), "USD", date(2026, 1, 1), Decimal("7.10")))
    trade.hear_news()
    page = trade.open("exchange_rate", id=new_id(), is_new=True)
    assert page.binder.value("currency") == "USD"
    trade.type(page, "rate", "715")
    trade.do(page.do_save)
    trade.agree(page, "Save it all the same")
    trade.wait(lambda: not page.is_busy and not page.is_dirty)
    assert len(trade.ask(ExchangeRates(ListRequest())).rows) == 2

    trade.type(page, "rate", "7.15")
    trade.do(page.do_save)
    trade.agree(page, "Save it all the same")
    trade.wait(lambda: trade.ask(RateOn("USD", date(2026, 11, 20))) == Decimal("7.15"))


def test_an_order_starts_in_the_suppliers_currency(trade):
    sells_in_dollars(trade)
    page = trade.open("purchase_order", id=new_id(), is_new=True)
    trade.wait(lambda: page.lookup("warehouse").value() is not None)
    box = page.binder.widget("currency")
    assert isinstance(box, QComboBox)
    trade.wait(lambda: box.isVisible() and box.currentData() == "CNY")
    trade.choose(page, "supplier", "ohio")
    trade.wait(lambda: box.currentData() == "USD")
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "10")
    trade.cell(page, 0, "unit_price", "8")
    assert text_of(page, "total") == "Total USD 80.00"
    page.save()
    trade.wait(lambda: not page.is_dirty and page.record is not None)
    (row,) = trade.ask(PurchaseOrders(ListRequest())).rows
    assert (row.currency, row.total) == ("USD", Decimal("80.00"))


def test_a_company_that_buys_at_home_sees_nothing_of_it(trade):
    order = trade.company.purchase_order(("BX-204", "10", "8"))
    trade.hear_news()
    page = trade.open("purchase_order", id=order)
    trade.wait(lambda: page.record is not None and text_of(page, "total") == "Total CNY 80.00")
    assert not page.binder.widget("currency").isVisible()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.record is not None)
    assert not page.binder.widget("rate").isVisible()
    page.count_all()
    trade.do(page.do_receive)
    page = trade.wait_for_page("goods_receipt")
    assert "Exchange rate" not in facts_of(page)


def test_receiving_proposes_the_days_rate_and_takes_another(trade):
    sells_in_dollars(trade)
    order = trade.company.purchase_order(("BX-204", "10", "8"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.binder.value("rate") == Decimal("7.10"))
    assert text_of(page, "rate_label").replace("&", "") == "Exchange rate, CNY for 1 USD"
    trade.type(page, "rate", "7.2")
    page.count_all()
    trade.do(page.do_receive)
    page = trade.wait_for_page("goods_receipt")
    assert facts_of(page)["Exchange rate"] == "1 USD = 7.20 CNY"


def test_a_rate_that_is_typed_far_from_the_days_is_remarked_upon(trade):
    sells_in_dollars(trade)
    order = trade.company.purchase_order(("BX-204", "10", "8"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.binder.value("rate") == Decimal("7.10"))
    trade.type(page, "rate", "710")
    trade.wait(page.banner.isVisible)
    assert "The rate of that day is 7.1, here it is 710" in page.banner.accessibleName()
    trade.type(page, "rate", "7.15")
    trade.wait(lambda: not page.banner.isVisible())
    page.count_all()
    trade.do(page.do_receive)
    assert facts_of(trade.wait_for_page("goods_receipt"))["Exchange rate"] == "1 USD = 7.15 CNY"


def test_without_a_rate_the_dock_is_told_what_to_do(trade):
    sells_in_dollars(trade)
    trade.company.perform(
        SaveParty(party_id=trade.company.supplier, code="S1", name="Ohio Plastics", is_supplier=True, currency="EUR")
    )
    order = trade.company.purchase_order(("BX-204", "10", "8"))
    trade.hear_news()
    page = trade.open("receive_goods", id=order)
    trade.wait(lambda: page.record is not None and page.binder.widget("rate").isVisible())
    page.count_all()
    trade.do(page.do_receive)
    trade.wait(lambda: "no exchange rate of EUR" in page.binder.problem_of("rate"))
    trade.type(page, "rate", "7.8")
    trade.do(page.do_receive)
    trade.wait_for_page("goods_receipt")
    (row,) = trade.ask(GoodsReceipts(ListRequest())).rows
    assert (row.currency, row.rate) == ("EUR", Decimal("7.8"))


@pytest.mark.parametrize("price", ["8.5", "8"])
def test_a_late_invoice_tells_price_and_rate_apart(trade, price):
    sells_in_dollars(trade)
    receipt = received(trade)
    page = trade.open("correct_price", id=receipt)
    trade.wait(lambda: page.record is not None and page.binder.value("rate") is not None)
    trade.type(page, "rate", "7.2")
    trade.cell(page, 0, "unit_price", price)
    page.save()
    trade.agree(page, "Correct the price")
    page = trade.wait_for_page("price_correction")
    trade.wait(lambda: not page.record.is_pending)
    found = trade.ask(PriceCorrectionDetail(page.document_id))
    lost = {"8.5": "8.50", "8": "8.00"}[price]
    assert (found.rate, found.exchange_difference) == (Decimal("7.2"), Decimal(lost))
    assert facts_of(page)["Exchange loss"] == f"CNY {lost}"
    kinds = {one.kind for one in trade.ask(RelatedDocuments("price_correction", page.document_id))}
    assert "goods_receipt" in kinds


def test_freight_in_another_currency_is_shared_in_company_currency(trade):
    sells_in_dollars(trade)
    receipt = received(trade)
    page = trade.open("enter_landed_cost", id=new_id(), receipts=(receipt,))
    box = page.binder.widget("currency")
    trade.wait(lambda: box.isVisible() and box.currentData() == "CNY" and bool(page.grid.lines()))
    assert not page.binder.widget("rate").isVisible()
    box.setCurrentIndex(box.findData("USD"))
    trade.wait(lambda: page.binder.value("rate") == Decimal("7.10"))
    assert text_of(page, "amount_label").replace("&", "") == "Amount in USD *"
    trade.type(page, "amount", "10")
    trade.wait(lambda: "71.00" in text_of(page, "total"))
    trade.do(page.do_enter)
    page = trade.wait_for_page("landed_cost")
    facts = facts_of(page)
    assert (facts["Amount"], facts["Exchange rate"]) == ("USD 10.00", "1 USD = 7.10 CNY")
    assert facts["In company currency"] == "CNY 71.00"

    page = trade.open("enter_landed_cost", id=new_id(), credits=page.document_id)
    trade.wait(lambda: page.binder.value("rate") == Decimal("7.10"))
    assert (page.binder.value("currency"), page.binder.value("amount")) == ("USD", Decimal(-10))


def test_a_return_shows_the_credit_in_both_currencies(trade):
    sells_in_dollars(trade)
    receipt = received(trade)
    page = trade.open("return_to_supplier", id=receipt)
    trade.wait(lambda: page.record is not None and page.binder.value("rate") == Decimal("7.10"))
    trade.type(page, "rate", "7.2")
    trade.cell(page, 0, "counted", "4")
    assert text_of(page, "total") == "Credit USD 32.00"
    trade.do(page.do_return)
    page = trade.wait_for_page("supplier_return")
    trade.wait(lambda: not page.record.is_pending)
    facts = facts_of(page)
    assert facts["Credit"] == "USD 32.00"
    assert facts["Credit in company currency"] == "CNY 230.40"
    assert facts["Exchange gain"] == "CNY 3.20"
    (row,) = trade.ask(SupplierReturns(ListRequest())).rows
    assert row.currency == "USD"
