"""Goods bought abroad and goods moved, lost, broken and brought back, through real windows; the figures are those of the ledger."""

from decimal import Decimal

from opened_files import pdf_text
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from the_books import nothing_differs, posted

from erp_desktop.demo.business_day import BusinessDay
from erp_desktop.demo.import_day import ImportDay
from erp_desktop.demo.warehouse_day import WarehouseDay
from erp_desktop.models.purchasing import PriceCorrection, PurchaseOrder
from erp_desktop.models.sales import CustomerReturn
from erp_desktop.models.stock import GoodsTransfer, GoodsTransferLine, StockScrap

STOCK, NOT_INVOICED, EXCHANGE, LOST, SCRAPPED = "1405", "220201", "560302", "571101", "571103"
RECEIVABLE, SALES_RETURNS, COST_OF_SALES = "1122", "500101", "5401"


def test_an_invoice_in_dollars_at_another_price_and_rate_parts_cost_from_exchange_difference(
    day: BusinessDay, books: Engine
) -> None:
    imports = ImportDay(day)
    order = imports.order()
    receipt = imports.receive(order)  # 500 at 0.142 and 300 at 0.205, at 7.125
    with Session(books) as session:
        (bought,) = session.scalars(select(PurchaseOrder).where(PurchaseOrder.id == order))
        assert (bought.status, bought.currency) == ("received", "USD")
        goods = Decimal("505.88") + Decimal("438.19")
        assert posted(session, receipt) == {STOCK: goods, NOT_INVOICED: -goods}
    imports.freight_in_dollars(receipt)
    imports.invoice_at_another_price_and_rate(receipt)  # 0.148 for the 500, at 7.16
    with Session(books) as session:
        (invoice,) = session.scalars(select(PriceCorrection).where(PriceCorrection.receipt_id == receipt))
        assert invoice.rate == Decimal("7.16")
        dearer, by_the_rate = Decimal("21.37"), Decimal("2.59")  # 500 x 0.006 x 7.125, and 500 x 0.148 x 0.035
        assert posted(session, invoice.id) == {
            STOCK: dearer,
            EXCHANGE: by_the_rate,
            NOT_INVOICED: -dearer - by_the_rate,
        }
    imports.some_go_back(receipt)
    (printed,) = [path for path in day.files if path.suffix == ".pdf"]
    assert "USD" in pdf_text(printed)
    assert nothing_differs(books)


def test_what_is_lost_on_the_way_broken_or_brought_back_is_posted_at_its_cost(day: BusinessDay, books: Engine) -> None:
    WarehouseDay(day).run()
    with Session(books) as session:
        newest = [
            session.scalars(select(table).where(table.number.is_not(None)).order_by(table.id.desc())).first()
            for table in (GoodsTransfer, StockScrap, CustomerReturn)
        ]
        transfer, scrap, returned = [document.id for document in newest]
        assert newest[0].status == "closed_short"
        (line,) = session.scalars(select(GoodsTransferLine).where(GoodsTransferLine.transfer_id == transfer))
        assert (line.qty, line.received_qty, line.lost_qty) == (24, 21, 3)
        lost, broken, back = (posted(session, one) for one in (transfer, scrap, returned))
    assert lost[LOST] == -lost[STOCK] > 0
    assert broken[SCRAPPED] == -broken[STOCK] > 0
    assert back[SALES_RETURNS] == -back[RECEIVABLE] == Decimal("21.60")  # all four are credited
    assert back[STOCK] + back[SCRAPPED] == -back[COST_OF_SALES] > 0  # and one of them is thrown away
    assert abs(back[STOCK] - 3 * back[SCRAPPED]) <= Decimal("0.03")
    assert nothing_differs(books)
