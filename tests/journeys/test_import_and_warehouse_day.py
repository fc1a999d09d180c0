"""Goods bought abroad and goods moved, lost, broken and brought back, through real windows; the figures are those of the ledger."""

from decimal import Decimal

from opened_files import pdf_text
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from the_books import nothing_differs, posted

from erp_desktop.demo.business_day import BusinessDay
from erp_desktop.demo.import_day import ImportDay
from erp_desktop.demo.warehouse_day import WarehouseDay
from erp_desktop.models.purchasing import GoodsReceiptLine, PriceCorrection, PurchaseOrder
from erp_desktop.models.sales import CustomerReturn
from erp_desktop.models.stock import GoodsTransfer, GoodsTransferLine, StockScrap

STOCK, NOT_INVOICED, EXCHANGE, LOST, SCRAPPED = "1405", "220201", "560302", "571101", "571103"
RECEIVABLE, SALES_RETURNS, COST_OF_SALES = "1122", "500101", "5401"


def test_an_invoice_in_dollars_at_another_price_and_rate_parts_cost_from_exchange_difference(
    day: BusinessDay, books: Engine
) -> None:
    imports = ImportDay(day)
    order = imports.order()
    receipt = imports.receive(order)  # 500 at 0.142 and 12 boxes of 24 at 4.92, at 7.125
    with Session(books) as session:
        (bought,) = session.scalars(select(PurchaseOrder).where(PurchaseOrder.id == order))
        assert (bought.status, bought.currency) == ("received", "USD")
        goods = Decimal("505.88") + Decimal("420.66")
        assert posted(session, receipt) == {STOCK: goods, NOT_INVOICED: -goods}
        came = session.scalars(select(GoodsReceiptLine).where(GoodsReceiptLine.receipt_id == receipt))
        assert sorted(line.qty for line in came) == [12 * 24, 500]
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
    assert "1 BOX = 24 PC" in pdf_text(printed)
    assert nothing_differs(books)


def test_what_is_lost_broken_or_brought_back_is_posted_at_its_cost(day: BusinessDay, books: Engine) -> None:
    WarehouseDay(day).run()
    with Session(books) as session:
        transfer = session.scalars(select(GoodsTransfer).order_by(GoodsTransfer.number.desc())).first()
        scrap = session.scalars(select(StockScrap).order_by(StockScrap.number.desc())).first()
        back, came = session.scalars(select(CustomerReturn).order_by(CustomerReturn.number.desc()).limit(2))
        (announced,) = session.scalars(select(CustomerReturn).where(CustomerReturn.id == came.announced_id))
        (line,) = session.scalars(select(GoodsTransferLine).where(GoodsTransferLine.transfer_id == transfer.id))
        lost, broken, returned, taken_in = (posted(session, one.id) for one in (transfer, scrap, back, came))
        assert posted(session, announced.id) == {}
    assert transfer.status == "closed_short"
    assert (line.qty, line.received_qty, line.lost_qty) == (24, 21, 3)
    assert lost[LOST] == -lost[STOCK] > 0
    assert broken[SCRAPPED] == -broken[STOCK] > 0
    # What a platform had announced is not waited for any more.
    assert (announced.status, came.status) == ("received", "posted")
    assert taken_in[SALES_RETURNS] == -taken_in[RECEIVABLE] > 0
    assert taken_in[STOCK] == -taken_in[COST_OF_SALES] > 0
    # Nobody knows of which shipment: all four are credited, and one of them is thrown away.
    assert back.shipment_id is None
    assert returned[SALES_RETURNS] == -returned[RECEIVABLE] == Decimal("21.60")
    assert returned[STOCK] + returned[SCRAPPED] == -returned[COST_OF_SALES] > 0
    assert abs(returned[STOCK] - 3 * returned[SCRAPPED]) <= Decimal("0.03")
    assert nothing_differs(books)
