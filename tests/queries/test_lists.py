"""What each list shows of the same small company."""

from decimal import Decimal

import pytest

from erp_desktop.queries import ledger, masters, purchasing, selling, stock
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.listing import ListQuery

ALL_LISTS = [
    found
    for module in (ledger, masters, purchasing, selling, stock)
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, ListQuery) and found is not ListQuery
]


@pytest.fixture
def trade(books):
    """30 bottles bought, 10 sold and shipped, 5 promised."""
    bottle = books.product("BTL-500", "Bottle 500 ml", "瓶子")
    books.receipt = books.receive(books.purchase_order((bottle, 20, "2.50"), (books.product("CAP"), 10, "1")))
    books.shipment = books.ship(books.sales_order((bottle, 10, "9.90")))
    books.allocate(books.sales_order((bottle, 5, "9.90"), external_number="WEB-7"))
    return books


@pytest.mark.parametrize("a_list", ALL_LISTS, ids=lambda a_list: a_list.__name__)
def test_every_list_can_be_sorted_searched_and_filtered_by_each_of_its_columns(trade, a_list):
    page = trade.ask(a_list())
    assert page.count == len(page.rows)
    trade.ask(a_list(ListRequest(search="a 1")))
    for column in a_list.shape.columns:
        rows = trade.ask(a_list(ListRequest(sort=column, descending=True, rows_only=True))).rows
        assert len(rows) == page.count
        if rows:
            found = trade.ask(a_list(ListRequest(filters=((column, getattr(rows[0], column)),)))).rows
            assert rows[0] in found, column
            sorted_by_it = a_list(ListRequest(sort=column, descending=True))
            after = ListRequest(sort=column, descending=True, after=sorted_by_it.position(rows[0]), rows_only=True)
            assert trade.ask(a_list(after)).rows == rows[1:]


def test_sales_orders_show_how_far_they_are(trade):
    newest, oldest = sorted(trade.ask(selling.SalesOrders()).rows, key=lambda row: row.number, reverse=True)
    assert (newest.qty, newest.allocated_qty, newest.shipped_qty) == (5, 5, 0)
    assert (oldest.qty, oldest.allocated_qty, oldest.shipped_qty) == (10, 0, 10)
    assert newest.customer_name_zh == "张敏"
    assert trade.ask(selling.SalesOrders(ListRequest(search="web-7"))).rows == (newest,)


def test_stock_moves_name_product_places_and_document(trade):
    receipt = trade.ask(stock.StockMoves(ListRequest(filters=(("kind", "receipt"), ("product_code", "BTL-500"))))).rows
    (move,) = receipt
    assert (move.qty, move.unit_code, move.to_bin_code, move.from_bin_code) == (20, "PC", "STOCK", None)
    assert move.document_number == trade.receipt.number
    assert trade.ask(stock.StockMoves(ListRequest(search="瓶"))).totals == {"qty": Decimal(30)}


def test_stock_on_hand_leaves_empty_bins_out_unless_asked(trade):
    rows = trade.ask(stock.StockOnHand()).rows
    assert [(row.product_code, row.on_hand, row.allocated, row.free) for row in rows] == [
        ("BTL-500", 10, 5, 5),
        ("CAP", 10, 0, 10),
    ]
    trade.balance(trade.product("LID").id)
    assert trade.ask(stock.StockOnHand()).count == 2
    assert trade.ask(stock.StockOnHand(with_empty_bins=True)).count == 3


def test_the_chart_of_accounts_balances(trade):
    page = trade.ask(ledger.Accounts())
    balances = {row.code: row.balance for row in page.rows}
    assert balances["1405"] == Decimal("35.00")
    assert balances["5001"] == Decimal("-99.00")
    assert page.totals["balance"] == 0
    assert page.totals["debit"] == page.totals["credit"] == Decimal("184.00")


def test_journal_entries_and_lines_lead_to_their_documents(trade):
    entry = trade.ask(ledger.JournalEntries(ListRequest(search=trade.receipt.number))).rows[0]
    assert (entry.document_kind, entry.document_id) == ("goods_receipt", trade.receipt.id)
    lines = trade.ask(ledger.JournalLines(account_id=trade.accounts["inventory"].id))
    assert [(line.debit, line.credit, line.product_code) for line in lines.rows] == [
        (50, 0, "BTL-500"),
        (10, 0, "CAP"),
        (0, 25, "BTL-500"),
    ]
    assert lines.totals == {"debit": 60, "credit": 25}


def test_shipments_and_invoices_name_order_and_customer(trade):
    (shipment,) = trade.ask(selling.Shipments()).rows
    assert (shipment.order_number, shipment.customer_name, shipment.qty) == ("SO-2026-00001", "Zhang Min", 10)
    (invoice,) = trade.ask(selling.SalesInvoices()).rows
    assert (invoice.total, invoice.currency) == (Decimal("99.00"), "CNY")


@pytest.mark.parametrize("products", [3, 60])
def test_a_search_finds_the_moves_of_few_products_and_of_many(books, products):
    lines = [(books.product(f"BTL-{place}", f"Bottle {place}"), 1, "1") for place in range(products)]
    books.receive(books.purchase_order(*lines, (books.product("CAP"), 1, "1")))
    page = books.ask(stock.StockMoves(ListRequest(search="bottle btl")))
    assert page.count == products
    assert {row.product_name for row in page.rows} == {f"Bottle {place}" for place in range(products)}
