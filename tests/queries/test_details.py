"""Document pages: the header, the lines and the chain of documents around them."""

from datetime import date
from decimal import Decimal

import pytest

from erp_desktop.ids import new_id
from erp_desktop.models.product import Barcode, Price, PriceLevel, ProductUnit
from erp_desktop.models.purchasing import GoodsReceiptLine, LandedCost, LandedCostShare
from erp_desktop.models.sales import CustomerReturn, CustomerReturnLine, ShipmentLine
from erp_desktop.models.stock import StockCount, StockCountLine
from erp_desktop.queries.base import NotHere
from erp_desktop.queries.details import JournalEntryDetail, PartyDetail, ProductDetail, StockCountDetail
from erp_desktop.queries.documents import DocumentAddress, RelatedDocuments
from erp_desktop.queries.ledger import JournalEntries
from erp_desktop.queries.purchasing_details import GoodsReceiptDetail, LandedCostDetail, PurchaseOrderDetail
from erp_desktop.queries.selling import SalesInvoices
from erp_desktop.queries.selling_details import (
    CustomerReturnDetail,
    SalesInvoiceDetail,
    SalesOrderDetail,
    ShipmentDetail,
)

DAY = date(2026, 1, 20)


@pytest.fixture
def trade(books):
    """Bottles ordered, received with freight, sold, shipped, and one sent back."""
    books.bottle = books.product("BTL-500", "Bottle 500 ml", "瓶子")
    books.order = books.purchase_order((books.bottle, 20, "2.50"), (books.product("CAP"), 10, "1"))
    books.receipt = books.receive(books.order)
    books.freight = books.add(
        LandedCost,
        number="LC-2026-00001",
        kind="freight",
        dated_on=DAY,
        amount=Decimal(6),
        currency="CNY",
        amount_in_currency=Decimal(6),
        basis="value",
        status="posted",
    )
    books.session.flush()
    receipt_line = books.session.query(GoodsReceiptLine).filter_by(receipt_id=books.receipt.id, line_no=1).one()
    books.add(
        LandedCostShare,
        landed_cost_id=books.freight.id,
        line_no=1,
        receipt_line_id=receipt_line.id,
        amount=Decimal(6),
        to_inventory=Decimal(4),
        to_goods_dispatched=Decimal(0),
        to_cost_of_sales=Decimal(2),
        to_variance=Decimal(0),
        to_scrap_loss=Decimal(0),
    )
    books.sale = books.sales_order((books.bottle, 10, "9.90"))
    books.shipment = books.ship(books.sale)
    shipment_line = books.session.query(ShipmentLine).filter_by(shipment_id=books.shipment.id).one()
    books.came_back = books.add(
        CustomerReturn,
        number="RT-2026-00001",
        shipment_id=books.shipment.id,
        customer_id=books.customer.id,
        warehouse_id=books.warehouse.id,
        returned_on=DAY,
        total=Decimal("9.90"),
        status="posted",
        reason="leaks",
    )
    books.session.flush()
    books.add(
        CustomerReturnLine,
        return_id=books.came_back.id,
        line_no=1,
        shipment_line_id=shipment_line.id,
        product_id=books.bottle.id,
        bin_id=books.bin.id,
        qty=Decimal(1),
        unit_price=Decimal("9.90"),
        amount=Decimal("9.90"),
    )
    return books


def chain(record):
    return [(document.kind, document.number) for document in record.related if document.kind != "journal_entry"]


def test_a_purchase_order_shows_what_is_still_to_come(trade):
    opened = trade.purchase_order((trade.bottle, 7, "2.60"), note="by rail")
    record = trade.ask(PurchaseOrderDetail(opened.id))
    assert (record.number, record.supplier_name_zh, record.note) == ("PO-2026-00002", "杭州塑料", "by rail")
    (line,) = record.lines
    assert (line.product_code, line.unit_code, line.qty, line.received_qty, line.open_qty) == ("BTL-500", "PC", 7, 0, 7)
    assert record.related == ()


def test_buying_is_one_chain_from_every_document_in_it(trade):
    order, receipt, freight = (
        ("purchase_order", "PO-2026-00001"),
        ("goods_receipt", "GR-2026-00001"),
        ("landed_cost", "LC-2026-00001"),
    )
    assert chain(trade.ask(PurchaseOrderDetail(trade.order.id))) == [receipt, freight]
    assert chain(trade.ask(GoodsReceiptDetail(trade.receipt.id))) == [order, freight]
    record = trade.ask(LandedCostDetail(trade.freight.id))
    assert chain(record) == [order, receipt]
    (share,) = record.shares
    assert (share.receipt_number, share.product_code, share.to_inventory) == ("GR-2026-00001", "BTL-500", 4)


def test_a_goods_receipt_shows_its_lines_and_its_vouchers(trade):
    record = trade.ask(GoodsReceiptDetail(trade.receipt.id))
    assert [(line.product_code, line.qty, line.bin_code) for line in record.lines] == [
        ("BTL-500", 20, "STOCK"),
        ("CAP", 10, "STOCK"),
    ]
    vouchers = [(document.number, document.amount) for document in record.related if document.kind == "journal_entry"]
    assert vouchers == [("1", Decimal("50.00")), ("2", Decimal("10.00"))]


def test_selling_is_one_chain_from_every_document_in_it(trade):
    order, shipment, invoice, back = (
        ("sales_order", "SO-2026-00001"),
        ("shipment", "SH-2026-00001"),
        ("sales_invoice", "SI-2026-00001"),
        ("customer_return", "RT-2026-00001"),
    )
    invoice_id = trade.ask(SalesInvoices()).rows[0].id
    assert chain(trade.ask(SalesOrderDetail(trade.sale.id))) == [shipment, invoice, back]
    assert chain(trade.ask(ShipmentDetail(trade.shipment.id))) == [order, invoice, back]
    assert chain(trade.ask(SalesInvoiceDetail(invoice_id))) == [order, shipment, back]
    assert chain(trade.ask(CustomerReturnDetail(trade.came_back.id))) == [order, shipment, invoice]


def test_a_sales_order_line_shows_promised_open_and_free_stock(trade):
    promised = trade.sales_order((trade.bottle, 4, "9.90"), note="urgent", ship_to="Nanjing Road 1")
    trade.allocate(promised)
    record = trade.ask(SalesOrderDetail(promised.id))
    (line,) = record.lines
    assert (line.open_qty, line.allocated_qty, line.unallocated_qty, line.free) == (4, 4, 0, 6)
    assert (record.note, record.ship_to, record.freight) == ("urgent", "Nanjing Road 1", 0)


def test_shipment_invoice_and_return_show_their_lines(trade):
    assert [line.returnable_qty for line in trade.ask(ShipmentDetail(trade.shipment.id)).lines] == [10]
    invoice_id = trade.ask(SalesInvoices()).rows[0].id
    assert [line.amount for line in trade.ask(SalesInvoiceDetail(invoice_id)).lines] == [Decimal("99.00")]
    assert [line.bin_code for line in trade.ask(CustomerReturnDetail(trade.came_back.id)).lines] == ["STOCK"]


def test_a_product_shows_units_barcodes_prices_and_stock_by_bin(trade):
    gold = trade.add(PriceLevel, code="GOLD", name="Gold")
    trade.add(ProductUnit, product_id=trade.bottle.id, unit_id=trade.unit.id, numerator=12)
    trade.add(Barcode, code="6901234567892", product_id=trade.bottle.id)
    trade.session.flush()
    trade.add(
        Price,
        price_level_id=gold.id,
        product_id=trade.bottle.id,
        from_qty=Decimal(1),
        from_date=DAY,
        unit_price=Decimal("8.5"),
    )
    record = trade.ask(ProductDetail(trade.bottle.id))
    assert [(unit.unit_code, unit.numerator, unit.denominator) for unit in record.units] == [("PC", 12, 1)]
    assert [barcode.code for barcode in record.barcodes] == ["6901234567892"]
    assert [(price.price_level_code, price.unit_price) for price in record.prices] == [("GOLD", Decimal("8.5"))]
    assert [(place.bin_code, place.on_hand) for place in record.stock] == [("STOCK", 10)]


def test_a_party_shows_its_latest_documents_first(trade):
    record = trade.ask(PartyDetail(trade.customer.id))
    assert record.related[0].kind == "customer_return"
    assert {document.kind for document in record.related} == {
        "sales_order",
        "shipment",
        "sales_invoice",
        "customer_return",
    }
    assert trade.ask(PartyDetail(trade.supplier.id)).related[0].kind in {"purchase_order", "goods_receipt"}


def test_a_journal_entry_shows_accounts_and_where_it_came_from(trade):
    entry = trade.ask(JournalEntries()).rows[-1]
    record = trade.ask(JournalEntryDetail(entry.id))
    assert [(line.account_code, line.debit, line.credit) for line in record.lines] == [
        ("1405", 50, 0),
        ("2202", 0, 50),
    ]
    assert (record.source.kind, record.source.number) == ("goods_receipt", "GR-2026-00001")


def test_a_count_shows_the_differences_that_it_found(trade):
    count = trade.add(
        StockCount, number="SC-2026-00001", warehouse_id=trade.warehouse.id, counted_on=DAY, status="posted"
    )
    trade.session.flush()
    trade.add(
        StockCountLine,
        count_id=count.id,
        line_no=1,
        product_id=trade.bottle.id,
        bin_id=trade.bin.id,
        expected_qty=Decimal(10),
        counted_qty=Decimal(8),
    )
    assert [line.difference for line in trade.ask(StockCountDetail(count.id)).lines] == [-2]


def test_a_link_says_number_and_party_or_code_and_name(trade):
    order = trade.ask(DocumentAddress("sales_order", trade.sale.id))
    assert (order.number, order.title, order.title_zh) == ("SO-2026-00001", "Zhang Min", "张敏")
    product = trade.ask(DocumentAddress("product", trade.bottle.id))
    assert (product.number, product.title_zh) == ("BTL-500", "瓶子")


def test_a_record_that_is_not_here_says_so(trade):
    for query in (
        PurchaseOrderDetail(new_id()),
        SalesOrderDetail(new_id()),
        ProductDetail(new_id()),
        DocumentAddress("shipment", new_id()),
        DocumentAddress("cost_edge", new_id()),
    ):
        with pytest.raises(NotHere):
            trade.ask(query)
    assert trade.ask(RelatedDocuments("stock_move", new_id())) == ()
