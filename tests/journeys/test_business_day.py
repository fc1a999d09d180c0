"""A whole business day through real windows: what point 3 and 4 of the first promise say people can do."""

from datetime import timedelta
from decimal import Decimal

from opened_files import pdf_text, recalculated
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from the_books import nothing_differs

from erp_desktop.demo.business_day import BusinessDay
from erp_desktop.demo.month_end import MonthEnd
from erp_desktop.models.costing import CostBook
from erp_desktop.models.ledger import Account, JournalEntry, JournalLine, Period
from erp_desktop.models.purchasing import GoodsReceipt, LandedCost, PriceCorrection, PurchaseOrder, SupplierReturn
from erp_desktop.models.sales import SalesOrder, Shipment
from erp_desktop.models.valuation import StandardCostChange, StockRevaluation, WriteDown

REPORTS = ("inventory-valuation", "income-statement", "trial-balance")


def test_an_order_goes_from_the_supplier_to_the_ledger_through_the_windows(day: BusinessDay, books: Engine) -> None:
    order_id = day.buy()
    day.receive(order_id)
    sold_id = day.sell()
    day.deliver(day.ship(sold_id))
    with Session(books) as session:
        order = session.scalars(select(PurchaseOrder).where(PurchaseOrder.id == order_id)).one()
        receipts = session.scalars(select(GoodsReceipt).where(GoodsReceipt.order_id == order_id)).all()
        sold = session.scalars(select(SalesOrder).where(SalesOrder.id == sold_id)).one()
        shipment = session.scalars(select(Shipment).where(Shipment.order_id == sold_id)).one()
        assert (order.status, len(receipts), sold.status) == ("received", 2, "shipped")
        assert shipment.tracking_number == "SF1009998887771"
        assert shipment.delivered_on == day.today
        posted = session.execute(
            select(Account.code, func.sum(JournalLine.debit), func.sum(JournalLine.credit))
            .join(JournalLine, JournalLine.account_id == Account.id)
            .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
            .where(JournalEntry.document_id == shipment.id)
            .group_by(Account.code)
        ).all()
    (credited,) = [credit for code, _, credit in posted if code == "1405"]
    (debited,) = [debit for code, debit, _ in posted if code == "5401"]
    assert credited == debited > 0
    printed = [path for path in day.files if path.suffix == ".pdf"]
    assert [path.name[:2] for path in printed] == ["PO", "SH"]
    assert nothing_differs(books)


def test_the_network_is_cut_and_the_last_units_are_sold_twice(day: BusinessDay, books: Engine) -> None:
    day.without_a_network()
    items = day.desk.attention().result()
    assert "are free in" in items[0].sentence
    assert items[0].status == "refused"
    assert nothing_differs(books)


def test_excel_and_pdf_hold_the_figures_of_the_screen(day: BusinessDay) -> None:
    day.account()
    for name in REPORTS:
        report = day.desk.report(name.replace("-", "_")).result()
        totals = {
            f"{section.total(column):,.2f}" for section in report.sections for column in section.totals if section.rows
        }
        workbook = day.out / "reports" / f"{name}.xlsx"
        shown = recalculated(workbook, day.out)
        for total in totals:
            assert Decimal(total.replace(",", "")) in shown, f"{name}: {total} is not in the recalculated workbook"
        text = pdf_text(day.out / "reports" / f"{name}.pdf")
        for total in totals:
            assert total in text, f"{name}: {total} is not in the PDF"


def test_the_month_ends_with_late_costs_values_a_further_book_and_the_close(day: BusinessDay, books: Engine) -> None:
    order_id = day.buy()
    receipts = day.receive(order_id)
    shipment = day.ship(day.sell())
    MonthEnd(day, receipts, shipment).run()
    with Session(books) as session:
        made = (LandedCost, PriceCorrection, SupplierReturn, StockRevaluation, WriteDown, StandardCostChange)
        for table in made:
            entered = session.scalars(select(table).where(table.number.is_not(None)).order_by(table.id.desc())).first()
            posted = select(JournalEntry.id).where(JournalEntry.document_id == entered.id)
            assert session.scalars(posted).first() is not None, table.__tablename__
        assert {book.code for book in session.scalars(select(CostBook))} == {"MAIN", "TAX", "GROUP"}
        last_month = day.today.replace(day=1) - timedelta(days=1)
        assert session.scalars(select(Period.is_closed).where(Period.ends_on == last_month)).one()
    assert {path.name for path in day.files} >= {"method-comparison.xlsx", "unit-story.pdf"}
    assert nothing_differs(books)
