"""Business documents: what a supplier and whoever opens a parcel read, in the language that they read."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from samples import pdf_text
from sqlalchemy import select

from erp_desktop.actions.masters import SaveProductUnit, SaveUnit, SaveWarehouse
from erp_desktop.actions.purchasing import CancelPurchaseOrder, ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.actions.transferring import DispatchedLine, DispatchTransfer
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.reports.documents.document import DocumentNotFound, file_name
from erp_desktop.reports.documents.packing_slip import packing_slip_file_name, packing_slip_pdf
from erp_desktop.reports.documents.purchase_order import purchase_order_file_name, purchase_order_pdf
from erp_desktop.reports.documents.return_note import return_note_file_name, return_note_pdf
from erp_desktop.reports.documents.transfer_note import transfer_note_file_name, transfer_note_pdf

DAY = date(2026, 3, 10)
PRINTED_AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def company(open_trade):
    return open_trade()


def order_text(company, order_id, tmp_path, language="en"):
    path = tmp_path / "order.pdf"
    purchase_order_pdf(company.session, company.company_id, order_id, path, language, PRINTED_AT, printed_by="Li Wei")
    return pdf_text(path)


def slip_text(company, shipment_id, tmp_path, language="en"):
    path = tmp_path / "slip.pdf"
    packing_slip_pdf(company.session, company.company_id, shipment_id, path, language, PRINTED_AT, printed_by="Li Wei")
    return pdf_text(path)


def test_a_purchase_order_tells_the_supplier_all_that_they_need(company, tmp_path):
    lines = ((company.bottle_id, "600", "12.40"), (company.cap_id, "1200", "7.251"))
    order_id = company.buy(*lines, on=DAY, receive=False, reference="HP-7731", note="Gate 3.\n请送到三号门。")
    text = " ".join(order_text(company, order_id, tmp_path).split())
    for part in (
        "Acme Trading & Co",
        "Tax number 91310000MA1FL0000X",
        "Purchase order PO-2026-0001",
        "Hangzhou Plastics Co., Ltd.",
        "310012 Hangzhou 杭州",
        "Main warehouse",
        "2026-03-10",
        "HP-7731",
        "30 days after the invoice",
        "1 BTL-500-C Bottle 500 ml clear <PET> & cap 透明瓶 500 毫升 600 PC 12.40 7,440.00",
        "2 CAP-28-W Cap 28 mm white 白色瓶盖 28 毫米 1,200 PC 7.251 8,701.20",
        "Total CNY 16,141.20",
        "请送到三号门。",
        "Ordered by, date",
        "Page 1 of 1",
    ):
        assert part in text
    assert purchase_order_file_name(company.session, company.company_id, order_id) == "PO-2026-0001.pdf"


def test_a_chinese_purchase_order_puts_chinese_names_first(company, tmp_path):
    order_id = company.buy((company.tea_id, "12.5", "3.33"), on=DAY, receive=False)
    text = " ".join(order_text(company, order_id, tmp_path, "zh_CN").split())
    assert "阿克梅贸易有限公司" in text
    assert "杭州塑料制品有限公司 " in text
    assert "绿茶㛃 =Green tea 12.5 件" in text


def test_a_draft_and_a_cancelled_order_say_so(company, tmp_path):
    order_id = new_id()
    line = PurchaseLine(new_id(), company.tea_id, Decimal(1), Decimal(1))
    company.perform(SavePurchaseOrder(order_id, company.supplier_id, company.warehouse_id, DAY, DAY, (line,)))
    assert "Draft: not yet an order." in order_text(company, order_id, tmp_path)
    company.perform(CancelPurchaseOrder(order_id))
    assert "Cancelled: do not deliver." in order_text(company, order_id, tmp_path)


def test_an_order_of_many_lines_repeats_headings_and_keeps_the_total_with_a_line(company, tmp_path):
    products = [company.product(f"P-{n:03}", f"Product {n}", f"商品 {n}", company.packaging_id) for n in range(75)]
    order_id = company.buy(*((product, "2", "1.50") for product in products), on=DAY, receive=False)
    pages = order_text(company, order_id, tmp_path).split("\f")[:-1]
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert "Amount" in page or ("Terms" in page and "Ordered by, date" in page)
        assert f"Page {number} of {len(pages)}" in page
    with_total = next(page for page in pages if "Total CNY" in page)
    assert "225.00" in with_total
    assert "P-074" in with_total


def test_a_packing_slip_tells_what_is_in_the_parcel_and_what_follows_and_no_price(company, tmp_path):
    company.buy((company.bottle_id, "100", "12.40"), on=DAY)
    order_id, shipment_id, line_id = new_id(), new_id(), new_id()
    line = SalesLine(line_id, company.bottle_id, Decimal(40), Decimal("19.90"))
    company.perform(
        SaveSalesOrder(
            order_id,
            company.channel_id,
            company.warehouse_id,
            DAY,
            DAY,
            (line,),
            customer_id=company.customer_id,
            external_number="WEB-88213",
            ship_to="张敏\n上海市静安区南京西路 1266 号",
            note="易碎 Fragile",
        )
    )
    company.perform(ConfirmSalesOrder(order_id))
    company.perform(AllocateSalesOrder(order_id))
    lines = (ShippedLine(line_id, Decimal(25)),)
    company.perform(ShipOrder(shipment_id, order_id, DAY, company.carrier_id, "SF1390000000001", lines))
    text = " ".join(slip_text(company, shipment_id, tmp_path).split())
    for part in (
        "Packing slip SH-2026-0001",
        "上海市静安区南京西路 1266 号",
        "SF Express",
        "SF1390000000001",
        "WEB-88213",
        "1 BTL-500-C Bottle 500 ml clear <PET> & cap 透明瓶 500 毫升 40 25 15 PC",
        "易碎 Fragile",
    ):
        assert part in text
    assert "19.90" not in text
    assert "顺丰速运" in slip_text(company, shipment_id, tmp_path, "zh_CN")
    assert packing_slip_file_name(company.session, company.company_id, shipment_id) == "SH-2026-0001.pdf"


def test_a_return_note_tells_the_supplier_what_comes_back_and_what_to_credit(company, tmp_path):
    company.buy((company.bottle_id, "100", "12.40"), on=DAY)
    receipt = company.last_receipt_id
    line = company.session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt)).one()
    return_id = new_id()
    sent = (SentBackLine(line, Decimal(25), Decimal("12.40")),)
    company.perform(ReturnToSupplier(return_id, receipt, DAY, sent, reason="Cracked 破损", reference="CN-7"))

    def text(language):
        path = tmp_path / "note.pdf"
        return_note_pdf(company.session, company.company_id, return_id, path, language, PRINTED_AT, printed_by="Li Wei")
        return " ".join(pdf_text(path).split())

    english = text("en")
    for part in (
        "Return note SR-2026-0001",
        "Hangzhou Plastics Co., Ltd.",
        "GR-2026-0001",
        "PO-2026-0001",
        "CN-7",
        "Cracked 破损",
        "1 BTL-500-C Bottle 500 ml clear <PET> & cap 透明瓶 500 毫升 25 PC 12.40 310.00",
        "Total CNY 310.00",
        "Handed over by, date",
    ):
        assert part in english
    assert "采购退货单 SR-2026-0001" in text("zh_CN")
    assert return_note_file_name(company.session, company.company_id, return_id) == "SR-2026-0001.pdf"


def test_prints_name_the_pack_that_was_ordered_and_what_it_holds(company, tmp_path):
    box, box_of_bottles = derived_id("unit", company.company_id, "BOX"), new_id()
    company.perform(SaveUnit(box, "BOX", "Box", "箱"))
    company.perform(SaveProductUnit(box_of_bottles, company.bottle_id, box, 24))
    order_id, line_id, receipt_id = new_id(), new_id(), new_id()
    bought = PurchaseLine(line_id, company.bottle_id, Decimal("2.5"), Decimal(10), box)
    company.perform(SavePurchaseOrder(order_id, company.supplier_id, company.warehouse_id, DAY, DAY, (bought,)))
    company.perform(ConfirmPurchaseOrder(order_id))
    company.perform(ReceiveGoods(receipt_id, order_id, DAY, (ReceivedLine(line_id, Decimal(60)),)))
    assert "(1 BOX = 24 PC) 2.5 BOX 10.00 25.00" in " ".join(order_text(company, order_id, tmp_path).split())
    assert "2.5 箱 10.00 25.00" in " ".join(order_text(company, order_id, tmp_path, "zh_CN").split())

    sale_id, sold_id, shipment_id = new_id(), new_id(), new_id()
    sold = SalesLine(sold_id, company.bottle_id, Decimal(2), Decimal("19.90"), unit_id=box)
    company.perform(
        SaveSalesOrder(
            sale_id, company.channel_id, company.warehouse_id, DAY, DAY, (sold,), customer_id=company.customer_id
        )
    )
    company.perform(ConfirmSalesOrder(sale_id))
    company.perform(AllocateSalesOrder(sale_id))
    company.perform(ShipOrder(shipment_id, sale_id, DAY, lines=(ShippedLine(sold_id, Decimal(36)),)))
    assert "(1.5 BOX) 48 36 12 PC" in " ".join(slip_text(company, shipment_id, tmp_path).split())

    line = company.session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt_id)).one()
    return_id, path = new_id(), tmp_path / "note.pdf"
    company.perform(ReturnToSupplier(return_id, receipt_id, DAY, (SentBackLine(line, Decimal(7), Decimal(10)),)))
    return_note_pdf(company.session, company.company_id, return_id, path, "en", PRINTED_AT, printed_by="Li Wei")
    assert "(1 BOX = 24 PC) 7 PC 10.00 / BOX 2.92" in " ".join(pdf_text(path).split())


def test_a_document_that_is_not_there_is_said_to_be_missing(company, tmp_path):
    with pytest.raises(DocumentNotFound):
        order_text(company, new_id(), tmp_path)
    with pytest.raises(DocumentNotFound):
        slip_text(company, new_id(), tmp_path)


def test_a_file_name_takes_only_what_every_system_takes():
    assert file_name("purchase-order", "PO/2026:0001") == "PO-2026-0001.pdf"
    assert file_name("purchase-order", None) == "purchase-order.pdf"
    assert file_name("packing-slip", "../..") == "packing-slip.pdf"


def test_a_document_says_which_person_printed_it(company, tmp_path):
    order_id = company.buy((company.bottle_id, "600", "12.40"), on=DAY)
    assert "Printed by Li Wei on 2026-03-10 09:30." in " ".join(order_text(company, order_id, tmp_path).split())


def test_a_transfer_note_goes_with_goods_to_another_warehouse(company, tmp_path):
    harbour, transfer = new_id(), new_id()
    company.buy((company.bottle_id, "600", "12.40"), on=DAY)
    line = DispatchedLine(company.bottle_id, Decimal(60), derived_id("bin", company.company_id, "STOCK"))
    company.perform(SaveWarehouse(harbour, "NB", "Ningbo", "宁波仓", "8 Harbour Road"))
    company.perform(
        DispatchTransfer(transfer, company.warehouse_id, harbour, DAY, (line,), tracking_number="SF100200300")
    )
    path = tmp_path / "transfer.pdf"
    transfer_note_pdf(company.session, company.company_id, transfer, path, "en", PRINTED_AT, printed_by="Li Wei")
    text = " ".join(pdf_text(path).split())
    for part in (
        "Transfer note TRF-2026-0001",
        "Ningbo",
        "8 Harbour Road",
        "Main warehouse",
        "SF100200300",
        "1 BTL-500-C Bottle 500 ml clear <PET> & cap 透明瓶 500 毫升 STOCK 60 PC",
        "Dispatched by, date",
    ):
        assert part in text
    assert transfer_note_file_name(company.session, company.company_id, transfer) == "TRF-2026-0001.pdf"
