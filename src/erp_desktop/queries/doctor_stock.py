"""What the doctor checks of goods and documents: balances, progress, totals and numbers."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select

from erp_desktop.currencies import CURRENCY_PLACES
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.base import Base
from erp_desktop.models.company import Company
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    LandedCostShare,
    PriceCorrection,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierReturn,
    SupplierReturnLine,
)
from erp_desktop.models.sales import (
    Allocation,
    CustomerReturn,
    CustomerReturnLine,
    ReturnStatus,
    SalesInvoice,
    SalesInvoiceLine,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from erp_desktop.models.stock import Bin, GoodsTransfer, Lot, StockBalance, StockCount, StockMove, StockScrap
from erp_desktop.models.sync import NumberSeries
from erp_desktop.models.valuation import StandardCostChange, StockRevaluation, WriteDown
from erp_desktop.numbers import MONEY_PLACES, QTY_PLACES, RATE_PLACES, UNIT_PRICE_PLACES, from_scaled, to_scaled
from erp_desktop.queries.examining import Check, Describe, Difference, Examined, check, differing, listed

NUMBERED: tuple[type[Any], ...] = (
    PurchaseOrder,
    GoodsReceipt,
    SupplierReturn,
    LandedCost,
    PriceCorrection,
    SalesOrder,
    Shipment,
    SalesInvoice,
    CustomerReturn,
    StockCount,
    GoodsTransfer,
    StockScrap,
    StockRevaluation,
    WriteDown,
    StandardCostChange,
)
_NUMBER = re.compile(r"^(?P<series>.+-(?P<year>\d{4}))-(?P<place>\d+)$")


def product_in_bin(examined: Examined, key: Sequence[Any]) -> str:
    lot = f" {examined.name(Lot, key[2])}" if len(key) > 2 and key[2] is not None else ""
    return f"{examined.name(Product, key[0])}{lot} @ {examined.name(Bin, key[1])}"


def line_of(document: type[Base], line: type[Any], column: str) -> Describe:
    """Names an order or shipment by its number, and the line by its place."""

    def describe(examined: Examined, key: Sequence[Any]) -> str:
        row = examined.session.get(line, (examined.company_id, key[0]))
        if row is None:
            return str(key[0])
        return f"{examined.name(document, getattr(row, column))} #{row.line_no}"

    return describe


def named(model: type[Any]) -> Describe:
    return lambda examined, key: examined.name(model, key[0])


@check(StockBalance, StockMove)
def on_hand_is_what_moved(examined: Examined) -> list[Difference]:
    company_id = examined.company_id
    arrived = select(StockMove.product_id, StockMove.to_bin_id, StockMove.lot_id, StockMove.qty)
    arrived = arrived.where(StockMove.company_id == company_id, StockMove.to_bin_id.is_not(None))
    left = select(StockMove.product_id, StockMove.from_bin_id, StockMove.lot_id, -StockMove.qty)
    left = left.where(StockMove.company_id == company_id, StockMove.from_bin_id.is_not(None))
    moved = arrived.union_all(left).subquery("moved")
    kept = select(StockBalance.product_id, StockBalance.bin_id, StockBalance.lot_id, StockBalance.on_hand)
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Quantity on hand against stock moves"),
        select(*moved.c),
        kept.where(StockBalance.company_id == company_id),
        product_in_bin,
    )


@check(StockBalance, Product, Lot)
def lots_are_where_they_belong(examined: Examined) -> list[Difference]:
    """A product kept by lots has nothing on hand without one, any other nothing with one; a lot is of its own product."""
    products = (Product.company_id == StockBalance.company_id) & (Product.id == StockBalance.product_id)
    lots = (Lot.company_id == StockBalance.company_id) & (Lot.id == StockBalance.lot_id)
    strange = select(StockBalance.product_id, StockBalance.bin_id, StockBalance.lot_id, Product.tracking)
    strange = strange.join(Product, products).outerjoin(Lot, lots)
    strange = strange.where(
        StockBalance.company_id == examined.company_id,
        StockBalance.on_hand != 0,
        or_(
            (Product.tracking == "none") == StockBalance.lot_id.is_not(None),
            Lot.product_id != StockBalance.product_id,
        ),
    )
    rows = examined.session.execute(strange)
    what = QT_TRANSLATE_NOOP("Doctor", "Lot of what is on hand against how the product is kept")
    return listed(what, ((product_in_bin(examined, row), row[3], examined.name(Lot, row[2])) for row in rows))


@check(StockBalance, Product, Lot)
def a_serial_number_is_one_piece(examined: Examined) -> list[Difference]:
    products = (Product.company_id == StockBalance.company_id) & (Product.id == StockBalance.product_id)
    pieces = func.sum(StockBalance.on_hand)
    twice = select(StockBalance.product_id, StockBalance.lot_id, pieces).join(Product, products)
    twice = twice.where(StockBalance.company_id == examined.company_id, Product.tracking == "serial")
    twice = twice.group_by(StockBalance.product_id, StockBalance.lot_id).having(pieces.not_in([0, 1]))
    rows = examined.session.execute(twice)
    what = QT_TRANSLATE_NOOP("Doctor", "Pieces of a serial number")
    return listed(what, ((f"{examined.name(Product, row[0])} {examined.name(Lot, row[1])}", 1, row[2]) for row in rows))


@check(StockBalance, Allocation)
def allocated_is_what_orders_hold(examined: Examined) -> list[Difference]:
    held = select(Allocation.product_id, Allocation.bin_id, Allocation.qty)
    kept = select(StockBalance.product_id, StockBalance.bin_id, StockBalance.allocated)
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Allocated quantity against open allocations"),
        held.where(Allocation.company_id == examined.company_id),
        kept.where(StockBalance.company_id == examined.company_id),
        product_in_bin,
    )


@check(StockBalance, Bin)
def balances_stand_in_the_warehouse_of_their_bin(examined: Examined) -> list[Difference]:
    bins = (Bin.company_id == StockBalance.company_id) & (Bin.id == StockBalance.bin_id)
    moved_away = select(StockBalance.product_id, StockBalance.bin_id, Bin.warehouse_id, StockBalance.warehouse_id)
    moved_away = moved_away.join(Bin, bins).where(
        StockBalance.company_id == examined.company_id, StockBalance.warehouse_id != Bin.warehouse_id
    )
    rows = examined.session.execute(moved_away)
    what = QT_TRANSLATE_NOOP("Doctor", "Warehouse of a stock balance against its bin")
    return listed(what, ((product_in_bin(examined, row), row[2], row[3]) for row in rows))


def _sums(examined: Examined, key: Any, figure: Any, *criteria: Any) -> Select[Any]:
    return select(key, figure).where(key.class_.company_id == examined.company_id, *criteria)


@check(PurchaseOrder, PurchaseOrderLine, GoodsReceiptLine)
def received_is_what_receipts_say(examined: Examined) -> list[Difference]:
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Received quantity of a purchase order line against goods receipts"),
        _sums(examined, GoodsReceiptLine.order_line_id, GoodsReceiptLine.qty),
        _sums(examined, PurchaseOrderLine.id, PurchaseOrderLine.received_qty),
        line_of(PurchaseOrder, PurchaseOrderLine, "order_id"),
    )


@check(SalesOrder, SalesOrderLine, ShipmentLine, Product)
def shipped_is_what_shipments_say(examined: Examined) -> list[Difference]:
    """Of what is kept in stock: services go with a shipment and stand on no line of it."""
    services = select(Product.id).where(Product.company_id == examined.company_id, Product.is_stocked.is_(False))
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Shipped quantity of a sales order line against shipments"),
        _sums(examined, ShipmentLine.order_line_id, ShipmentLine.qty),
        _sums(examined, SalesOrderLine.id, SalesOrderLine.shipped_qty, SalesOrderLine.product_id.not_in(services)),
        line_of(SalesOrder, SalesOrderLine, "order_id"),
    )


@check(SalesOrder, SalesOrderLine, Allocation)
def promised_is_what_allocations_say(examined: Examined) -> list[Difference]:
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Allocated quantity of a sales order line against its allocations"),
        _sums(examined, Allocation.order_line_id, Allocation.qty),
        _sums(examined, SalesOrderLine.id, SalesOrderLine.allocated_qty),
        line_of(SalesOrder, SalesOrderLine, "order_id"),
    )


@check(SalesOrder, SalesOrderLine, SalesInvoiceLine)
def invoiced_is_what_invoices_say(examined: Examined) -> list[Difference]:
    invoiced = SalesInvoiceLine.order_line_id.is_not(None)  # freight stands on no order line
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Invoiced quantity of a sales order line against sales invoices"),
        _sums(examined, SalesInvoiceLine.order_line_id, SalesInvoiceLine.qty, invoiced),
        _sums(examined, SalesOrderLine.id, SalesOrderLine.invoiced_qty),
        line_of(SalesOrder, SalesOrderLine, "order_id"),
    )


@check(Shipment, ShipmentLine, CustomerReturn, CustomerReturnLine)
def returned_is_what_returns_say(examined: Examined) -> list[Difference]:
    same = (CustomerReturn.company_id == CustomerReturnLine.company_id) & (
        CustomerReturn.id == CustomerReturnLine.return_id
    )
    returned = _sums(
        examined,
        CustomerReturnLine.shipment_line_id,
        CustomerReturnLine.qty,
        CustomerReturnLine.shipment_line_id.is_not(None),
        CustomerReturn.status == ReturnStatus.POSTED,
    )
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Returned quantity of a shipment line against customer returns"),
        returned.join(CustomerReturn, same),
        _sums(examined, ShipmentLine.id, ShipmentLine.returned_qty),
        line_of(Shipment, ShipmentLine, "shipment_id"),
    )


@check(GoodsReceipt, GoodsReceiptLine, SupplierReturnLine)
def sent_back_is_what_purchase_returns_say(examined: Examined) -> list[Difference]:
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Quantity of a goods receipt line sent back against purchase returns"),
        _sums(examined, SupplierReturnLine.receipt_line_id, SupplierReturnLine.qty),
        _sums(examined, GoodsReceiptLine.id, GoodsReceiptLine.returned_qty),
        line_of(GoodsReceipt, GoodsReceiptLine, "receipt_id"),
    )


def _total_check(
    what: str, document: type[Any], line: type[Any], key: str, total: str, *, is_shared: bool = False
) -> Check:
    """A document's total is the sum of its lines, with what it charges beside them. What is shared (`is_shared`) has its lines
    from the centre, as its number: without one it waits for them at a desk."""

    @check(document, line)
    def totals_add_up(examined: Examined) -> list[Difference]:
        lines = select(getattr(line, key), line.amount).where(line.company_id == examined.company_id)
        if hasattr(document, "freight"):
            freight = select(document.id, document.freight).where(document.company_id == examined.company_id)
            lines = select(*lines.union_all(freight).subquery("parts").c)
        kept = select(document.id, getattr(document, total)).where(document.company_id == examined.company_id)
        if is_shared:
            kept = kept.where(document.number.is_not(None))
        return differing(examined, what, lines, kept, named(document))

    return totals_add_up


def _amount_check(what: str, document: type[Any], line: type[Any]) -> Check:
    """A line's amount is its quantity in its unit x unit price x (1 - discount), rounded half up to the minor unit, once."""

    @check(document, line)
    def amounts_are_qty_times_price(examined: Examined) -> list[Difference]:
        discount = getattr(line, "discount", None)
        factor = (line.unit_numerator, line.unit_denominator)
        columns = [line.order_id, line.line_no, line.qty, line.unit_price, line.amount, *factor]
        lines = select(*columns, *([discount] if discount is not None else [])).where(
            line.company_id == examined.company_id
        )
        wrong: list[tuple[str, Any, Any]] = []
        places = QTY_PLACES + UNIT_PRICE_PLACES + RATE_PLACES
        decimals = _decimals_of_foreign(examined, document)
        for order_id, line_no, qty, price, amount, numerator, denominator, *rest in examined.session.execute(lines):
            if price is None or amount is None:  # only a desk may do without, and there this is not examined
                wrong.append((f"{examined.name(document, order_id)} #{line_no}", "?", amount))
                continue
            exact = to_scaled(qty, QTY_PLACES) * denominator * to_scaled(price, UNIT_PRICE_PLACES)
            exact *= 10**RATE_PLACES - (to_scaled(rest[0], RATE_PLACES) if rest else 0)
            minor = decimals.get(order_id, examined.currency_places)
            step = 10 ** (places - minor) * numerator
            rounded = (2 * exact + step) // (2 * step)  # none is negative
            if rounded * 10 ** (MONEY_PLACES - minor) != to_scaled(amount, MONEY_PLACES):
                where = f"{examined.name(document, order_id)} #{line_no}"
                wrong.append((where, from_scaled(rounded, minor), amount))
        return listed(what, wrong)

    return amounts_are_qty_times_price


def _decimals_of_foreign(examined: Examined, document: type[Any]) -> dict[Any, int]:
    """Of the documents in another currency than the company's: how many decimals theirs has."""
    own = select(Company.currency).where(Company.company_id == examined.company_id).scalar_subquery()
    foreign = select(document.id, document.currency).where(
        document.company_id == examined.company_id, document.currency != own
    )
    rows = examined.session.execute(foreign)
    return {document_id: CURRENCY_PLACES.get(currency, examined.currency_places) for document_id, currency in rows}


def _number_check(what: str, model: type[Any]) -> Check:
    """Numbers of a kind of document are consecutive within a year, none twice, and none is missing."""

    @check(model)
    def numbers_have_no_gaps(examined: Examined) -> list[Difference]:
        numbers = select(model.number).where(model.company_id == examined.company_id, model.number.is_not(None))
        places: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        wrong: list[tuple[str, Any, Any]] = []
        for number in examined.session.execute(numbers).scalars():
            match = _NUMBER.match(number)
            if match is None:
                wrong.append((number, "XX-YYYY-NNNN", number))
            else:
                places[match["series"], match["year"]].append(int(match["place"]))
        for (series, year), taken in sorted(places.items()):
            last = examined.session.get(NumberSeries, (examined.company_id, model.__tablename__, year))
            wrong += ((f"{series}-{place:04d}", 1, count) for place, count in _counts(taken, last.last if last else 0))
        return listed(what, wrong)

    return numbers_have_no_gaps


def _counts(taken: list[int], last: int) -> list[tuple[int, int]]:
    """Each place from 1 to the last one given that is not there exactly once, with how often it is."""
    times: defaultdict[int, int] = defaultdict(int)
    for place in taken:
        times[place] += 1
    return [(place, times[place]) for place in range(1, max(last, *taken) + 1) if times[place] != 1]


@check(PurchaseOrder, PurchaseOrderLine)
def purchase_orders_stand_where_their_lines_say(examined: Examined) -> list[Difference]:
    line = PurchaseOrderLine
    sums = select(line.order_id, func.sum(line.received_qty).label("received"), func.sum(line.qty).label("qty"))
    sums = sums.where(line.company_id == examined.company_id).group_by(line.order_id)
    progress = sums.subquery("progress")
    orders = select(PurchaseOrder.id, PurchaseOrder.status, progress.c.received, progress.c.qty)
    orders = orders.join(progress, progress.c.order_id == PurchaseOrder.id).where(
        PurchaseOrder.company_id == examined.company_id,
        or_(
            (PurchaseOrder.status == "received") & (progress.c.received != progress.c.qty),
            (PurchaseOrder.status == "part_received")
            & or_(progress.c.received == 0, progress.c.received == progress.c.qty),
            PurchaseOrder.status.in_(("draft", "confirmed")) & (progress.c.received != 0),
        ),
    )
    what = QT_TRANSLATE_NOOP("Doctor", "Status of a purchase order against what was received")
    return listed(
        what,
        (
            (examined.name(PurchaseOrder, order_id), "received" if received == qty else _part(received), status)
            for order_id, status, received, qty in examined.session.execute(orders)
        ),
    )


def _part(received: Any) -> str:
    return "part_received" if received else "confirmed"


STOCK_CHECKS: tuple[Check, ...] = (
    on_hand_is_what_moved,
    lots_are_where_they_belong,
    a_serial_number_is_one_piece,
    allocated_is_what_orders_hold,
    balances_stand_in_the_warehouse_of_their_bin,
    received_is_what_receipts_say,
    shipped_is_what_shipments_say,
    promised_is_what_allocations_say,
    invoiced_is_what_invoices_say,
    returned_is_what_returns_say,
    sent_back_is_what_purchase_returns_say,
    purchase_orders_stand_where_their_lines_say,
    _amount_check(
        QT_TRANSLATE_NOOP("Doctor", "Amount of a purchase order line against quantity and price"),
        PurchaseOrder,
        PurchaseOrderLine,
    ),
    _amount_check(
        QT_TRANSLATE_NOOP("Doctor", "Amount of a sales order line against quantity, price and discount"),
        SalesOrder,
        SalesOrderLine,
    ),
    _total_check(
        QT_TRANSLATE_NOOP("Doctor", "Total of a purchase order against its lines"),
        PurchaseOrder,
        PurchaseOrderLine,
        "order_id",
        "total",
    ),
    _total_check(
        QT_TRANSLATE_NOOP("Doctor", "Total of a sales order against its lines and freight"),
        SalesOrder,
        SalesOrderLine,
        "order_id",
        "total",
    ),
    _total_check(
        QT_TRANSLATE_NOOP("Doctor", "Total of a sales invoice against its lines"),
        SalesInvoice,
        SalesInvoiceLine,
        "invoice_id",
        "total",
    ),
    _total_check(
        QT_TRANSLATE_NOOP("Doctor", "Total of a customer return against its lines"),
        CustomerReturn,
        CustomerReturnLine,
        "return_id",
        "total",
    ),
    _total_check(
        QT_TRANSLATE_NOOP("Doctor", "Total of a purchase return against its lines"),
        SupplierReturn,
        SupplierReturnLine,
        "return_id",
        "total",
    ),
    _total_check(
        QT_TRANSLATE_NOOP("Doctor", "Amount of a landed cost against its shares"),
        LandedCost,
        LandedCostShare,
        "landed_cost_id",
        "amount",
        is_shared=True,
    ),
    *(
        _number_check(QT_TRANSLATE_NOOP("Doctor", "Document numbers, each given once and none left out"), model)
        for model in NUMBERED
    ),
)
