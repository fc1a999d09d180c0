"""How landed costs were shared over the lines of their receipts, and where the shares are now."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.product import Product
from erp_desktop.numbers import ONE, ZERO
from erp_desktop.queries.cost_of_sales import posts_at_delivery
from erp_desktop.queries.landed import (
    LandedShare,
    Places,
    amounts_of,
    landed_shares,
    received_at,
    where_shares_are,
)
from erp_desktop.reports.figures import cost_book, named
from erp_desktop.reports.making import (
    COST_BOOK,
    FROM,
    PRODUCT,
    TO,
    dates,
    heading_of,
    product_names,
    ratio,
    record_named,
    report_for,
    sum_of,
)
from erp_desktop.reports.report import (
    Bilingual,
    Check,
    Column,
    ColumnKind,
    Link,
    Report,
    ReportDefinition,
    Row,
    Section,
    Term,
    define,
)

COLUMNS = (
    Column("kind", QT_TRANSLATE_NOOP("Report", "Kind")),
    Column("receipt", QT_TRANSLATE_NOOP("Report", "Receipt")),
    Column("product", QT_TRANSLATE_NOOP("Report", "Product")),
    Column("qty", QT_TRANSLATE_NOOP("Report", "Quantity"), ColumnKind.QTY),
    Column("shared_by", QT_TRANSLATE_NOOP("Report", "Shared by")),
    Column("basis", QT_TRANSLATE_NOOP("Report", "Basis"), ColumnKind.QTY),
    Column("share", QT_TRANSLATE_NOOP("Report", "Share"), ColumnKind.PERCENT),
    Column("amount", QT_TRANSLATE_NOOP("Report", "Allocated"), ColumnKind.MONEY, is_total=True),
    Column("to_inventory", QT_TRANSLATE_NOOP("Report", "In inventory"), ColumnKind.MONEY, is_total=True),
    Column("to_cost_of_sales", QT_TRANSLATE_NOOP("Report", "In cost of sales"), ColumnKind.MONEY, is_total=True),
    Column("to_variance", QT_TRANSLATE_NOOP("Report", "In price variance"), ColumnKind.MONEY, is_total=True),
    Column("to_scrap_loss", QT_TRANSLATE_NOOP("Report", "In scrap loss"), ColumnKind.MONEY, is_total=True),
    Column("received_at", QT_TRANSLATE_NOOP("Report", "Received at"), ColumnKind.MONEY),
    Column("ratio", QT_TRANSLATE_NOOP("Report", "Of price"), ColumnKind.PERCENT),
)
DISPATCHED = Column(
    "to_goods_dispatched", QT_TRANSLATE_NOOP("Report", "In goods dispatched"), ColumnKind.MONEY, is_total=True
)
TOTALS = ("amount", "to_inventory", "to_cost_of_sales", "to_variance", "to_scrap_loss")
SELDOM = ("to_variance", "to_scrap_loss")  # these columns stand only where a share went there
KINDS = {
    "freight": QT_TRANSLATE_NOOP("Report", "Freight"),
    "duty": QT_TRANSLATE_NOOP("Report", "Duty"),
    "insurance": QT_TRANSLATE_NOOP("Report", "Insurance"),
    "handling": QT_TRANSLATE_NOOP("Report", "Handling"),
}
BASES = {
    "value": QT_TRANSLATE_NOOP("Report", "Value"),
    "qty": QT_TRANSLATE_NOOP("Report", "Quantity"),
    "weight": QT_TRANSLATE_NOOP("Report", "Weight"),
    "volume": QT_TRANSLATE_NOOP("Report", "Volume"),
    "equal": QT_TRANSLATE_NOOP("Report", "Equal shares"),
    "manual": QT_TRANSLATE_NOOP("Report", "By hand"),
}
ALL_ALLOCATED = QT_TRANSLATE_NOOP("Report", "The shares add up to the landed costs")
ALL_ACCOUNTED_FOR = QT_TRANSLATE_NOOP(
    "Report", "What was allocated is in inventory, in cost of sales, in price variance or in scrap loss"
)
ISSUED_IS_EXPENSED = QT_TRANSLATE_NOOP(
    "Report",
    "The share of what had left by the date of the landed cost went to cost of sales, of what had gone back to the supplier to "
    "price variance, of what had been scrapped to scrap loss. Goods at standard cost keep their standard: all of their share is price variance.",
)


def landed_allocation(
    session: Session,
    company_id: UUID,
    first: date,
    last: date,
    book_id: UUID | None = None,
    product_id: UUID | None = None,
) -> Report:
    """Landed costs dated from `first` to `last`, line by line, with what of each share is in inventory in the book now."""
    book = cost_book(session, company_id, book_id)
    shares = landed_shares(session, company_id, first, last)
    places = where_shares_are(session, company_id, book.id, first, last)
    whole = amounts_of(session, company_id, first, last)
    if book.is_closed:  # what was shared since is not in it
        in_book = [share for share in shares if (share.landed_cost_id, share.line_id) in places]
        whole -= sum_of(share.amount for share in shares) - sum_of(share.amount for share in in_book)
        shares = in_book
    prices = received_at(session, company_id, book.id, sorted({share.line_id for share in shares}))
    products = product_names(session, company_id)
    rows = []
    for share in shares:
        if product_id not in (None, share.product_id):
            continue
        price = prices.get(share.line_id, ZERO)
        place = places.get((share.landed_cost_id, share.line_id), Places())
        rows.append(
            Row(
                {
                    "kind": Term(KINDS.get(share.kind, share.kind)),
                    "receipt": share.receipt_number,
                    "product": products[share.product_id].coded,
                    "qty": share.qty,
                    "shared_by": Term(BASES.get(share.basis, share.basis)),
                    "basis": _basis(share, price),
                    "share": ratio(share.amount, share.whole),
                    "amount": share.amount,
                    "to_inventory": place.inventory,
                    "to_cost_of_sales": place.cost_of_sales,
                    "to_variance": place.variance,
                    "to_scrap_loss": place.scrap_loss,
                    DISPATCHED.name: place.goods_dispatched,
                    "received_at": price,
                    "ratio": ratio(share.amount, price),
                },
                link=Link("landed_cost", id=share.landed_cost_id),
                group=f"{share.number} {share.dated_on.isoformat()}",
            )
        )
    heading = QT_TRANSLATE_NOOP("Report", "Landed cost")
    columns: tuple[Column, ...] = COLUMNS
    totals: tuple[str, ...] = TOTALS
    if posts_at_delivery(session, company_id):
        place_of_new = next(number for number, column in enumerate(COLUMNS) if column.name == "to_cost_of_sales")
        columns = (*COLUMNS[:place_of_new], DISPATCHED, *COLUMNS[place_of_new:])
        totals = (*TOTALS, DISPATCHED.name)
    unused = {name for name in SELDOM if not any(row.cells[name] for row in rows)}
    columns = tuple(column for column in columns if column.name not in unused)
    totals = tuple(name for name in totals if name not in unused)
    section = Section(columns, tuple(rows), totals=totals, group_heading=heading)
    accounted = sum_of(section.total(column) for column in totals[1:])
    checks = [Check(ALL_ACCOUNTED_FOR, section.total("amount"), accounted)]
    if product_id is None:
        checks.insert(0, Check(ALL_ALLOCATED, whole, section.total("amount")))
    parameters: list[tuple[str, str | Bilingual | Term]] = [dates(first, last), (COST_BOOK.heading, named(book))]
    if product_id is not None:
        parameters.append(heading_of(PRODUCT, record_named(session, company_id, Product, product_id)))
    return report_for(session, company_id, DEFINITION, parameters, [section], checks, [ISSUED_IS_EXPENSED], book=book)


def _basis(share: LandedShare, price: Decimal) -> Decimal | None:
    match share.basis:
        case "value":
            return price
        case "qty":
            return share.qty
        case "weight":
            return (share.weight_kg or ZERO) * share.qty
        case "volume":
            return (share.volume_m3 or ZERO) * share.qty
        case "equal":
            return ONE
    return None


def _build(
    session: Session,
    company_id: UUID,
    from_: date,
    to: date,
    cost_book: UUID | None = None,
    product: UUID | None = None,
) -> Report:
    return landed_allocation(session, company_id, from_, to, cost_book, product)


DEFINITION = define(
    ReportDefinition(
        "landed_cost_allocation",
        QT_TRANSLATE_NOOP("Report", "Landed cost allocation"),
        "cost.read",
        (FROM, TO, COST_BOOK, PRODUCT),
        _build,
        area="costing",
    )
)
