"""Somebody who types on while a save is under way: what came after it stays typed, and is saved the next time."""

from decimal import Decimal

from trading_house import Trade, trade

from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Products
from erp_desktop.queries.purchasing import PurchaseOrders
from erp_desktop.queries.selling import SalesOrders
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.settings.users import _users_in_words

__all__ = ["trade"]


def typed_on(trade: Trade, page: FormPage, field: str) -> None:
    """Ctrl+S, and a word into `field` and a quantity before the answer is there; then saved again."""
    page.save()
    assert page.is_busy
    trade.type(page, field, "call first")
    trade.cell(page, 0, "qty", "12")
    trade.wait(lambda: not page.is_busy and page.record is not None)
    assert page.is_dirty
    assert page.banner.isHidden()
    assert page.binder.value(field) == "call first"
    assert trade.value(page, 0, "qty") == Decimal(12)
    page.save()
    trade.wait(lambda: not page.is_dirty and getattr(page.record, field) == "call first")
    assert [line.qty for line in page.record.lines] == [Decimal(12)]


def test_a_purchase_order(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    page = trade.open("purchase_order", id=new_id(), is_new=True)
    trade.wait(lambda: page.lookup("warehouse").value() is not None)
    trade.choose(page, "supplier", "hang")
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "10")
    trade.cell(page, 0, "unit_price", "8")
    typed_on(trade, page, "reference")
    assert len(trade.ask(PurchaseOrders(ListRequest())).rows) == 1


def test_a_sales_order(trade):
    trade.company.product("BX-204")
    trade.company.stock("BX-204", "20", "8")
    trade.hear_news()
    page = trade.open("sales_order", id=new_id(), is_new=True)
    trade.wait(lambda: page.lookup("warehouse").value() is not None)
    trade.cell(page, 0, "product", "BX-204")
    trade.cell(page, 0, "qty", "10")
    trade.cell(page, 0, "unit_price", "9")
    typed_on(trade, page, "external_number")
    assert len(trade.ask(SalesOrders(ListRequest())).rows) == 1


def test_a_record(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    (row,) = trade.ask(Products(ListRequest())).rows
    page = trade.open("product", id=row.id)
    trade.wait(lambda: page.record is not None)
    trade.type(page, "name", "Storage box")
    page.save()
    assert page.is_busy
    trade.type(page, "name", "Storage box, 40 l")
    trade.wait(lambda: not page.is_busy)
    assert (page.is_dirty, page.binder.value("name")) == (True, "Storage box, 40 l")
    page.save()
    trade.wait(lambda: not page.is_dirty and page.record.name == "Storage box, 40 l")


def test_the_tab_stays_open_that_was_to_be_closed_after_saving(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    (row,) = trade.ask(Products(ListRequest())).rows
    page = trade.open("product", id=row.id)
    trade.wait(lambda: page.record is not None)
    trade.type(page, "name", "Storage box")
    closed: list[bool] = []
    page.save(lambda: closed.append(True))
    trade.type(page, "name", "Storage box, 40 l")
    trade.wait(lambda: not page.is_busy)
    assert not closed
    page.save(lambda: closed.append(True))
    trade.wait(lambda: bool(closed))


def test_roles_of_a_user(trade):
    page = trade.open("user", id=new_id(), is_new=True)
    trade.type(page, "login", "li")
    trade.type(page, "name", "Li Na")
    page.roles["sales"].click()
    page.save()
    assert page.is_busy
    page.roles["warehouse"].click()
    trade.wait(lambda: not page.is_busy)
    assert page.is_dirty
    assert page.roles["warehouse"].isChecked()
    page.save()
    trade.wait(lambda: not page.is_dirty and page.record is not None and len(page.record.roles) > len("warehouse"))
    assert set(page.record.roles.split(", ")) == {"sales", "warehouse"}
    assert trade.ask(_users_in_words(ListRequest(search="Li Na"))).rows[0].roles == "Warehouse, Sales"
    trade.type(page, "name", "Li Na Zhang")
    changed = page.action_of(page.read_values())
    assert "role_codes" not in changed.before, "whoever gives her another role meanwhile is not overruled"
