"""What forms offer while a person types."""

from datetime import date
from decimal import Decimal

import pytest

from erp_desktop.models.product import Barcode, Price, PriceLevel
from erp_desktop.queries.lookups import (
    AccountLookup,
    BinLookup,
    CategoryLookup,
    ChannelLookup,
    CustomerLookup,
    PartyLookup,
    ProductLookup,
    ProductsMeant,
    UnitLookup,
    WarehouseLookup,
)
from erp_desktop.queries.order_entry import PriceWanted, SalePrices, ScannedProduct

DAY = date(2026, 1, 15)


def codes(choices):
    return [choice.code for choice in choices]


@pytest.fixture
def shop(books):
    books.bottle = books.product("BTL-500", "Bottle 500 ml", "瓶子", list_price=Decimal("9.90"))
    books.product("BTL-750", "Bottle 750 ml")
    books.product("CAP-28", "Cap for BTL-500")
    books.product("BTL-OLD", "Bottle of old", is_active=False)
    books.session.flush()
    books.add(Barcode, code="6901234567892", product_id=books.bottle.id)
    return books


def test_codes_that_begin_with_the_text_come_before_names_that_hold_it(shop):
    assert codes(shop.ask(ProductLookup("btl"))) == ["BTL-500", "BTL-750", "CAP-28"]
    assert codes(shop.ask(ProductLookup("BTL-500"))) == ["BTL-500", "CAP-28"]
    assert codes(shop.ask(ProductLookup("瓶"))) == ["BTL-500"]
    assert codes(shop.ask(ProductLookup("bottle 7"))) == ["BTL-750"]


def test_a_scanned_barcode_finds_its_product(shop):
    assert codes(shop.ask(ProductLookup("6901234567892"))) == ["BTL-500"]
    assert codes(shop.ask(ProductLookup("690123456789"))) == codes(shop.ask(ProductLookup("6901234567892\0"))) == []
    assert shop.ask(ScannedProduct("https://example.com/" + "0" * 80)) is None  # another code on the box


def test_many_texts_are_looked_up_in_one_question(shop):
    shop.product("BTL-A", "Twin", "孪生")
    shop.product("BTL-B", "Twin", "孪生")
    texts = (
        "btl-500",
        " BTL-500 ",
        "6901234567892",
        "瓶子",
        "bottle 750 ML",
        "BTL-OLD",
        "Twin",
        "BTL",
        "",
        "x\0",
        "z" * 2000,
    )
    meant = shop.ask(ProductsMeant(texts))
    assert {text: choice.code for text, choice in meant.items()} == {
        "btl-500": "BTL-500",
        " BTL-500 ": "BTL-500",
        "6901234567892": "BTL-500",
        "瓶子": "BTL-500",
        "bottle 750 ML": "BTL-750",
    }
    shop.receive(shop.purchase_order((shop.bottle, 10, "2.50")))
    (alone, *_) = shop.ask(ProductLookup("BTL-500"))
    assert shop.ask(ProductsMeant(("BTL-500", *(f"NO-{number}" for number in range(6_000))))) == {"BTL-500": alone}


def test_a_product_comes_with_what_is_on_hand_and_free(shop):
    shop.receive(shop.purchase_order((shop.bottle, 10, "2.50")))
    shop.allocate(shop.sales_order((shop.bottle, 4, "9.90")))
    (choice, _) = shop.ask(ProductLookup("BTL-500"))
    assert (choice.on_hand, choice.free, choice.unit_code) == (10, 6, "PC")


def test_at_most_fifty_are_offered_and_nothing_typed_offers_the_first(shop):
    for number in range(60):
        shop.product(f"A{number:02}")
    assert codes(shop.ask(ProductLookup("")))[0] == "A00"
    assert len(shop.ask(ProductLookup(" "))) == 50


def test_other_lookups(shop):
    assert codes(shop.ask(PartyLookup("塑料", "supplier"))) == ["S1"]
    assert codes(shop.ask(PartyLookup("", "supplier"))) == ["S1"]
    assert codes(shop.ask(CustomerLookup("zhang"))) == ["C1"]
    assert codes(shop.ask(CustomerLookup("hangzhou"))) == []
    assert codes(shop.ask(WarehouseLookup("main"))) == ["MAIN"]
    assert codes(shop.ask(BinLookup("", shop.warehouse.id))) == ["STOCK"]
    assert codes(shop.ask(CategoryLookup("gen"))) == ["GENERAL"]
    assert codes(shop.ask(UnitLookup("pc"))) == ["PC"]
    assert codes(shop.ask(ChannelLookup("dir"))) == ["DIRECT"]
    (account,) = shop.ask(AccountLookup("1405"))
    assert (account.name, account.fact) == ("Inventory", "asset")


def test_the_price_is_of_the_largest_step_reached_and_the_latest_that_holds(shop):
    gold = shop.add(PriceLevel, code="GOLD", name="Gold")
    shop.session.flush()
    for from_qty, from_date, price in [
        (1, date(2026, 1, 1), "9"),
        (1, date(2026, 2, 1), "9.5"),
        (10, date(2026, 1, 1), "8"),
        (10, date(2026, 1, 10), "8.2"),
    ]:
        shop.add(
            Price,
            price_level_id=gold.id,
            product_id=shop.bottle.id,
            from_qty=Decimal(from_qty),
            from_date=from_date,
            unit_price=Decimal(price),
        )
    shop.customer.price_level_id = gold.id

    def price(qty, on=DAY, **who):
        (found,) = shop.ask(SalePrices((PriceWanted(shop.bottle.id, Decimal(qty)),), on, **who))
        return found

    assert price(5, price_level_id=gold.id) == 9
    assert price(5, date(2026, 3, 1), price_level_id=gold.id) == Decimal("9.5")
    assert price(12, party_id=shop.customer.id) == Decimal("8.2")
    assert price("0.5", price_level_id=gold.id) == Decimal("9.90")
    assert price(5) == Decimal("9.90")
    assert price(5, party_id=shop.supplier.id) == Decimal("9.90")
    assert shop.ask(SalePrices((PriceWanted(shop.unit.id),), DAY)) == (None,)
