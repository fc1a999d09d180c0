"""Master data through the real window: made, changed, refused, and seen by others."""

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from trading_house import CONTROL, Trade, trade

from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.opening import SaveUser
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.details import PartyDetail, ProductDetail
from erp_desktop.queries.masters import Categories, Parties, Units, Users
from erp_desktop.queries.tied import WorkPlaces
from erp_desktop.views.widgets.lookup import LookupField, LookupItem
from erp_desktop.views.widgets.screen_view import ScreenView

__all__ = ["trade"]


def write(trade: Trade, page: ScreenView, field: str, text: str) -> None:
    widget = page.binder.widget(field)
    assert isinstance(widget, QLineEdit)
    widget.setFocus()
    widget.selectAll()
    trade.qtbot.keyClicks(widget, text)


def hold(page: ScreenView, field: str, row: object) -> None:
    """A record chosen from the list under a lookup."""
    widget = page.binder.widget(field)
    assert isinstance(widget, LookupField)
    widget._hold(LookupItem(row.id, row.code, row.name, row))


def save(trade: Trade, page: ScreenView) -> None:
    trade.qtbot.keyClick(page.binder.widget("name"), Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: not page.is_dirty)


def test_a_new_supplier_is_made_and_found_in_the_list(trade):
    page = trade.open("party", id=new_id(), is_new=True)
    write(trade, page, "code", "S-900")
    write(trade, page, "name", "Nordic Packaging AB")
    page.binder.widget("is_supplier").click()
    write(trade, page, "payment_days", "45")
    assert page.is_dirty
    save(trade, page)
    trade.wait(lambda: page.title == "S-900")
    suppliers = trade.ask(Parties(ListRequest(search="nordic"), role="supplier")).rows
    assert [(row.code, row.payment_days) for row in suppliers] == [("S-900", 45)]
    listed = trade.open("parties", filters=(("role", "supplier"),))
    trade.wait(lambda: listed.table.model.is_loaded)
    codes = {row.code for _, row in listed.table.model.loaded_rows()}
    assert "S-900" in codes
    assert all(row.is_supplier for _, row in listed.table.model.loaded_rows())
    trade.window.choose_language("zh_CN")  # its screen is made anew, as when the window opens again: not as a new one
    made_anew = trade.open("party", id=page.document_id)
    trade.wait(lambda: made_anew.record is not None)
    assert made_anew.binder.value("name") == "Nordic Packaging AB"


def test_a_code_that_is_taken_is_said_at_the_code(trade):
    page = trade.open("party", id=new_id(), is_new=True)
    taken = trade.ask(Parties(ListRequest(limit=1))).rows[0].code
    write(trade, page, "code", taken)
    write(trade, page, "name", "Somebody else")
    trade.do(page.do_save)
    trade.wait(lambda: bool(page.binder.problem_of("code")))
    assert taken in page.binder.problem_of("code")
    assert page.is_dirty


def test_what_is_missing_is_said_before_anything_is_saved(trade):
    page = trade.open("category", id=new_id(), is_new=True)
    trade.do(page.do_save)
    trade.wait(lambda: bool(page.binder.problem_of("code")))
    assert "Fill in Code" in page.binder.problem_of("code")


def test_a_product_is_saved_with_its_pack_barcode_and_price_at_once(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    product_id = trade.company.products["BX-204"]
    page = trade.open("product", id=product_id)
    trade.wait(lambda: page.record is not None)
    write(trade, page, "list_price", "19.90")
    box = next(row for row in trade.ask(Units(ListRequest())).rows if row.code == "BOX")
    page.units.model_of_lines.change({(0, 0): LookupItem(box.id, box.code, box.name), (0, 1): "24"})
    page.barcodes.model_of_lines.change({(0, 0): "4006381333931"})
    save(trade, page)
    record = trade.ask(ProductDetail(product_id))
    assert record.list_price == Decimal("19.90")
    assert [(one.unit_code, one.numerator, one.denominator) for one in record.units] == [("BOX", 24, 1)]
    assert [one.code for one in record.barcodes] == ["4006381333931"]
    trade.hear_news()
    assert not trade.window.banner.isVisible()


def test_a_barcode_line_without_its_code_is_said_and_shown(trade):
    trade.company.product("BX-204")
    trade.hear_news()
    page = trade.open("product", id=trade.company.products["BX-204"])
    trade.wait(lambda: page.record is not None)
    box = next(row for row in trade.ask(Units(ListRequest())).rows if row.code == "BOX")
    page.barcodes.model_of_lines.change({(0, 1): LookupItem(box.id, box.code, box.name)})
    trade.do(page.do_save)
    trade.wait(lambda: page.tabs.currentWidget() is page.barcodes)
    assert page.is_dirty


def test_a_new_product_needs_its_category_and_unit(trade):
    page = trade.open("product", id=new_id(), is_new=True)
    write(trade, page, "code", "CAP-28")
    write(trade, page, "name", "Cap 28 mm")
    hold(page, "category", trade.ask(Categories(ListRequest(limit=1))).rows[0])
    hold(page, "unit", trade.ask(Units(ListRequest(limit=1))).rows[0])
    save(trade, page)
    trade.wait(lambda: page.title == "CAP-28")
    listed = trade.open("products")
    trade.wait(lambda: "CAP-28" in {row.code for _, row in listed.table.model.loaded_rows()})


def test_a_party_changed_elsewhere_while_typing_is_never_written_over_silently(trade):
    customer = trade.company.customer
    page = trade.open("party", id=customer)
    trade.wait(lambda: page.record is not None)
    write(trade, page, "phone", "0571 123")
    row = page.record
    trade.company.perform(SaveParty(customer, row.code, "Renamed elsewhere", is_consumer=True, city="Ningbo"))
    trade.hear_news()
    trade.wait(page.banner.isVisible)
    assert page.binder.value("phone") == "0571 123"
    assert trade.ask(PartyDetail(customer)).city == "Ningbo"


def test_people_and_their_roles_are_kept_on_the_users_page(trade):
    page = trade.open("user", id=new_id(), is_new=True)
    write(trade, page, "login", "ada")
    write(trade, page, "name", "Ada Lovelace")
    page.roles["warehouse"].click()
    page.roles["sales"].click()
    save(trade, page)
    row = next(one for one in trade.ask(Users(ListRequest())).rows if one.login == "ada")
    assert set(row.roles.split(", ")) == {"warehouse", "sales"}


def test_a_user_is_tied_to_warehouses_on_their_page_and_let_go_again(trade):
    user_id, main = new_id(), trade.company.warehouse
    page = trade.open("user", id=user_id, is_new=True)
    write(trade, page, "login", "ada")
    write(trade, page, "name", "Ada Lovelace")
    page.roles["warehouse"].click()
    trade.wait(page.works_in.isVisible)
    assert [tick.text() for tick in page.places.values()] == ["MAIN Main warehouse"]
    page.places[main].click()
    save(trade, page)
    assert [place.is_tied for place in trade.ask(WorkPlaces(user_id))] == [True]
    trade.wait(lambda: not page.is_dirty)
    page.places[main].click()
    save(trade, page)
    assert [place.is_tied for place in trade.ask(WorkPlaces(user_id))] == [False]


def test_the_last_administrator_cannot_be_taken_away(trade):
    owner = next(one for one in trade.ask(Users(ListRequest())).rows if one.login == "owner")
    page = trade.open("user", id=owner.id)
    trade.wait(lambda: page.record is not None)
    assert page.roles["administrator"].isChecked()
    page.roles["administrator"].click()
    trade.do(page.do_save)
    trade.wait(lambda: bool(page.binder.bar.isVisible() or page.binder.problem_of("login")))
    assert page.is_dirty
    assert SaveUser.permission == "admin"


def test_saving_an_untouched_new_record_says_what_is_missing(trade):
    page = trade.open("party", id=new_id(), is_new=True)
    trade.qtbot.keyClick(page.binder.widget("code"), Qt.Key.Key_S, CONTROL)
    trade.wait(lambda: page.binder.problem_of("code") == "Fill in Code.")
    assert not page.is_dirty


def test_the_company_page_names_its_chart_of_accounts(trade):
    page = trade.open("company")
    trade.wait(lambda: bool(page.company.facts))
    facts = dict(page.company.facts)
    assert facts["Chart of accounts"] == "Accounting Standards for Small Enterprises (China)"
