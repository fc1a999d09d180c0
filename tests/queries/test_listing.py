"""Lists: any page, any order, any filter, and figures over all that match."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from erp_desktop.queries.base import Between, Contains, IsEmpty, ListRequest, OneOf
from erp_desktop.queries.list_shape import UnknownColumn
from erp_desktop.queries.masters import Bins, Parties, Products, Users
from erp_desktop.queries.purchasing import PurchaseOrders

FIRST_DAY = date(2026, 1, 1)


@pytest.fixture
def orders(books):
    """25 purchase orders, two a day, without numbers on every fifth; the last two are drafts."""
    bottle = books.product("BTL-500", "Bottle 500 ml", "瓶子")
    for place in range(25):
        books.purchase_order(
            (bottle, place + 1, "2.50"),
            on=FIRST_DAY + timedelta(days=place // 2),
            status="draft" if place >= 23 else "confirmed",
            number=None if place % 5 == 0 else f"PO-{place:03}",
            reference="" if place % 2 else f"HP-{place}",
        )
    return books


def numbers(page):
    return [row.number for row in page.rows]


def test_orders_come_newest_first_with_names_count_and_total(orders):
    page = orders.ask(PurchaseOrders(ListRequest(limit=3)))
    assert [row.ordered_on for row in page.rows] == [date(2026, 1, 13), date(2026, 1, 12), date(2026, 1, 12)]
    assert page.rows[0].supplier_name == "Hangzhou Plastics"
    assert page.rows[0].warehouse_name_zh == "主仓库"
    assert page.rows[0].qty == 25
    assert page.count == 25
    assert page.totals == {"total": Decimal("812.5")}


def test_rows_count_and_totals_can_be_asked_apart(orders):
    rows = orders.ask(PurchaseOrders(ListRequest(limit=5, rows_only=True)))
    assert (len(rows.rows), rows.count, rows.totals) == (5, None, {})
    figures = orders.ask(PurchaseOrders(ListRequest(count_only=True)))
    assert (figures.rows, figures.count, figures.totals["total"]) == ((), 25, Decimal("812.5"))
    capped = orders.ask(PurchaseOrders(ListRequest(count_only=True, count_at_most=10)))
    assert (capped.count, capped.is_count_exact) == (10, False)


@pytest.mark.parametrize("sort", ["", "number", "due_on", "supplier_name", "total", "qty", "reference"])
@pytest.mark.parametrize("descending", [False, True])
def test_walking_neighbouring_pages_both_ways_shows_every_row_once(orders, sort, descending):
    query = PurchaseOrders(ListRequest(sort=sort, descending=descending, limit=100, rows_only=True))
    everything = orders.ask(query).rows
    assert len({row.id for row in everything}) == 25

    forward, at = [], None
    while page := orders.ask(query.with_request(ListRequest(sort=sort, descending=descending, limit=4, after=at))).rows:
        forward += page
        at = query.position(page[-1])
    assert tuple(forward) == everything

    backward, at = [], None
    request = ListRequest(sort=sort, descending=descending, limit=4, from_end=True)
    while page := orders.ask(query.with_request(request)).rows:
        backward = [*page, *backward]
        request = ListRequest(sort=sort, descending=descending, limit=4, before=query.position(page[0]))
    assert tuple(backward) == everything


@pytest.mark.parametrize("offset", [0, 4, 12, 16, 20, 24, 28])
def test_a_jump_gives_the_same_page_whether_read_from_the_start_or_from_the_end(orders, offset):
    whole = orders.ask(PurchaseOrders(ListRequest(limit=100))).rows
    from_start = orders.ask(PurchaseOrders(ListRequest(offset=offset, limit=4))).rows
    from_end = orders.ask(PurchaseOrders(ListRequest(offset=offset, limit=4, known_count=25))).rows
    assert from_start == from_end == whole[offset : offset + 4]


def test_sorting_by_several_columns_keeps_their_order(orders):
    page = orders.ask(PurchaseOrders(ListRequest(sort="status", descending=True, then=(("total", False),), limit=100)))
    assert [row.status for row in page.rows] == ["draft"] * 2 + ["confirmed"] * 23
    assert page.rows[0].total < page.rows[1].total
    second = orders.ask(
        PurchaseOrders(
            ListRequest(
                sort="status",
                descending=True,
                then=(("total", False),),
                after=PurchaseOrders(ListRequest(sort="status", then=(("total", False),))).position(page.rows[9]),
                limit=100,
            )
        )
    )
    assert second.rows == page.rows[10:]


def test_an_order_without_a_number_yet_stands_first_when_the_newest_numbers_do(orders):
    page = orders.ask(PurchaseOrders(ListRequest(sort="number", descending=True, limit=6)))
    assert numbers(page) == [None] * 5 + ["PO-024"]
    assert numbers(orders.ask(PurchaseOrders(ListRequest(sort="number", limit=1)))) == ["PO-001"]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ((("status", "draft"),), 2),
        ((("status", OneOf(("draft", "confirmed"))),), 25),
        ((("number", OneOf(("PO-001", None))),), 6),
        ((("ordered_on", Between(date(2026, 1, 2), date(2026, 1, 3))),), 4),
        ((("ordered_on", Between(low=date(2026, 1, 13))),), 1),
        ((("total", Between(Decimal(10), Decimal(25))),), 7),
        ((("qty", Between(high=Decimal(3))),), 3),
        ((("number", IsEmpty()),), 5),
        ((("reference", IsEmpty()),), 12),
        ((("reference", IsEmpty(False)),), 13),
        ((("reference", Contains("hp-1")),), 5),
        ((("number", None), ("status", "confirmed")), 5),
        ((("supplier_name_zh", Contains("塑料")),), 25),
    ],
)
def test_filters(orders, filters, count):
    page = orders.ask(PurchaseOrders(ListRequest(filters=filters)))
    assert (page.count, len(page.rows)) == (count, count)


BEYOND = [
    (text, 0) for text in ("x" * 61, "x" * 60_000, "%" * 90, "\0", "\ud800", "po " * 2_000)
]  # what no column keeps


@pytest.mark.parametrize(
    ("search", "count"),
    [
        ("hangzhou", 25),
        ("杭州", 25),
        ("po-01", 8),
        ("hp-2 PLASTICS", 4),
        ("%", 0),
        ("_", 0),
        ("nobody", 0),
        ("  ", 25),
        *BEYOND,
    ],
)
def test_the_free_text_finds_every_word_somewhere_in_whatever_case(orders, search, count):
    assert orders.ask(PurchaseOrders(ListRequest(search=search))).count == count


def test_totals_cover_all_rows_that_match_not_only_the_page(orders):
    page = orders.ask(PurchaseOrders(ListRequest(search="PO-00", limit=1)))
    assert (len(page.rows), page.count) == (1, 8)
    assert page.totals["total"] == Decimal("2.5") * (2 + 3 + 4 + 5 + 7 + 8 + 9 + 10)


def test_amounts_in_different_currencies_are_never_added(orders):
    orders.purchase_order((orders.product("CAP"), 1, "99"), currency="EUR")
    page = orders.ask(PurchaseOrders(ListRequest(limit=1)))
    assert page.count == 26
    assert page.totals == {}
    assert page.totals_by_currency == {"CNY": {"total": Decimal("812.5")}, "EUR": {"total": Decimal(99)}}


def test_a_column_that_a_list_does_not_have_is_named(orders):
    with pytest.raises(UnknownColumn, match="colour"):
        orders.ask(PurchaseOrders(ListRequest(sort="colour")))
    with pytest.raises(UnknownColumn, match="colour"):
        orders.ask(PurchaseOrders(ListRequest(filters=(("colour", "red"),))))


def test_the_most_frequent_values_of_a_column_come_with_their_counts(orders):
    query = PurchaseOrders(ListRequest(search="hangzhou"))
    assert query.frequent_values(orders.session, orders.company_id, "status") == (("confirmed", 23), ("draft", 2))


def test_all_ids_in_order_and_a_rows_place_among_them(orders):
    query = PurchaseOrders(ListRequest(filters=(("status", "confirmed"),), sort="total"))
    rows = orders.ask(query).rows
    assert query.ids(orders.session, orders.company_id) == tuple(row.id for row in rows)
    assert query.row_number(orders.session, orders.company_id, rows[7]) == 7


def test_one_company_never_sees_the_rows_of_another(orders):
    from_other = type(orders)(orders.session)
    assert from_other.ask(PurchaseOrders()).count == 0


def test_products_show_their_stock_over_all_warehouses(books):
    bottle = books.product("BTL-500", "Bottle 500 ml", minimum_qty=Decimal(5))
    books.product("CAP-28", "Cap 28 mm", "瓶盖")
    books.receive(books.purchase_order((bottle, 10, "2.50")))
    books.allocate(books.sales_order((bottle, 4, "9.90")))
    rows = {row.code: row for row in books.ask(Products()).rows}
    assert (rows["BTL-500"].on_hand, rows["BTL-500"].allocated, rows["BTL-500"].free) == (10, 4, 6)
    assert (rows["CAP-28"].on_hand, rows["CAP-28"].free) == (0, 0)
    assert [row.code for row in books.ask(Products(ListRequest(search="瓶盖"))).rows] == ["CAP-28"]
    assert books.ask(Products(ListRequest(sort="free", descending=True))).rows[0].code == "BTL-500"
    assert books.ask(Products(ListRequest(filters=(("free", Between(low=Decimal(1))),)))).count == 1


def test_parties_and_bins_can_be_narrowed(books):
    assert [row.code for row in books.ask(Parties(role="supplier")).rows] == ["S1"]
    assert books.ask(Parties()).count == 2
    assert books.ask(Bins(warehouse_id=books.warehouse.id)).count == 1
    assert books.ask(Bins(warehouse_id=books.company_id)).count == 0


def test_a_list_knows_every_table_that_it_reads():
    assert PurchaseOrders.tables == {"purchase_order", "purchase_order_line", "party", "warehouse"}
    assert Users.tables == {"app_user", "user_role", "role"}
    assert Products.tables == {"product", "category", "unit", "party", "stock_balance", "warehouse"}
