"""Lists against a plain look at every row: whatever is searched, filtered, jumped to and counted, the same comes out."""

from datetime import date, timedelta
from random import Random

import pytest

from erp_desktop.queries import listing
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Bins, Products
from erp_desktop.queries.purchasing import PurchaseOrders
from erp_desktop.queries.stock import StockMoves, StockOnHand

FIRST_DAY = date(2026, 1, 15)
WORDS = [
    "bottle",
    "CAP",
    "btl-1",
    "btl-",
    "500",
    "ml",
    "瓶",
    "瓶盖",
    "main",
    "stock",
    "po-",
    "1",
    "plastics",
    "%",
    "_",
    "no",
]
EVERYTHING = ListRequest(limit=10_000)


@pytest.fixture
def trade(books):
    return trading(books)


def trading(books):
    """Twelve products with names alike, bought in 15 receipts."""
    products = [
        books.product(f"{code}-{size}", f"{name} {size} ml", name_zh)
        for code, name, name_zh in (("BTL", "Bottle", "瓶子"), ("CAP", "Cap", "瓶盖"), ("X_%", "Bottle cap", ""))
        for size in (10, 100, 500, 1000)
    ]
    chance = Random(7)
    for place in range(15):
        lines = [(product, chance.randint(1, 9), "2.50") for product in chance.sample(products, 3)]
        number = f"PO-{place}" if place % 4 else None
        books.receive(books.purchase_order(*lines, number=number), on=FIRST_DAY + timedelta(days=place % 5))
    return books


def has_all_words(a_list, row, search):
    texts = [getattr(row, c.name) or "" for c in a_list.shape.columns.values() if c.is_searched]
    return all(any(word.lower() in text.lower() for text in texts) for word in search.split())


@pytest.mark.parametrize(
    "a_list", [StockMoves, StockOnHand, PurchaseOrders, Products, Bins], ids=lambda one: one.__name__
)
def test_a_list_finds_what_a_look_at_every_row_finds(trade, a_list, monkeypatch):
    everything = trade.ask(a_list(EVERYTHING)).rows
    numbers = [column for column in a_list.shape.columns.values() if column.is_total]
    chance = Random(3)
    for turn in range(30):
        # Names found elsewhere are given as ids, or tested row by row.
        monkeypatch.setattr(listing, "FEW_NAMES", (0, 3, 50)[turn % 3])
        search = " ".join(chance.choices(WORDS, k=chance.randint(0, 3)))
        example = chance.choice(everything)
        names = chance.sample(sorted(a_list.shape.columns), k=chance.choice([0, 0, 1]))
        filters = tuple((name, getattr(example, name)) for name in names)
        request = ListRequest(search=search, filters=filters, limit=10_000)

        expected = tuple(
            row
            for row in everything
            if has_all_words(a_list, row, search) and all(getattr(row, name) == value for name, value in filters)
        )
        page = trade.ask(a_list(request))
        assert page.rows == expected, request
        assert page.count == len(expected)
        sums = {column.name: sum(getattr(row, column.name) for row in expected) for column in numbers}
        assert page.totals == (sums if expected else {})

        offset = chance.randrange(len(expected) + 2)
        jump = ListRequest(search=search, filters=filters, offset=offset, limit=5, known_count=len(expected))
        assert trade.ask(a_list(jump)).rows == expected[offset : offset + 5]


def test_rows_of_other_companies_are_in_no_count_and_no_total(trade, make_books):
    count_only = ListRequest(count_only=True)
    alone = {a_list: trade.ask(a_list(count_only)) for a_list in (StockMoves, PurchaseOrders)}
    companies = [trade]
    for _ in range(2):
        companies.append(trading(make_books(trade.session)))
        for company in companies:
            for a_list, page in alone.items():
                assert company.ask(a_list(count_only)) == page
