"""What is on hand, receipt by receipt: each cost layer's quantity, value and age, as they are now."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.costing import CostLayer, CostPool
from erp_desktop.models.product import Category, Product
from erp_desktop.models.stock import Lot, StockMove, Warehouse
from erp_desktop.numbers import ZERO
from erp_desktop.reports.figures import cost_book, document_numbers, named
from erp_desktop.reports.making import (
    CATEGORY,
    COST_BOOK,
    PRODUCT,
    TO,
    WAREHOUSE,
    heading_of,
    names_of,
    product_names,
    record_named,
    report_for,
    unit_cost_of,
    with_default,
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
    Column("receipt", QT_TRANSLATE_NOOP("Report", "Receipt")),
    Column("warehouse", QT_TRANSLATE_NOOP("Report", "Warehouse")),
    Column("lot", QT_TRANSLATE_NOOP("Report", "Lot")),
    Column("date", QT_TRANSLATE_NOOP("Report", "Date"), ColumnKind.DATE),
    Column("age", QT_TRANSLATE_NOOP("Report", "Age in days"), ColumnKind.INTEGER),
    Column("qty_in", QT_TRANSLATE_NOOP("Report", "Quantity in"), ColumnKind.QTY),
    Column("qty_left", QT_TRANSLATE_NOOP("Report", "Quantity left"), ColumnKind.QTY),
    Column("unit_cost", QT_TRANSLATE_NOOP("Report", "Unit cost"), ColumnKind.UNIT_COST),
    Column("value_left", QT_TRANSLATE_NOOP("Report", "Value left"), ColumnKind.MONEY, is_total=True),
)
ONE_COST = QT_TRANSLATE_NOOP("Report", "All at one cost")
SOLD_BEFORE_IT_CAME = QT_TRANSLATE_NOOP("Report", "Sold before it came")
LAYERS_EQUAL_POOLS = QT_TRANSLATE_NOOP("Report", "Value of the layers equals the value of their cost pools")
AVERAGES_HAVE_NONE = QT_TRANSLATE_NOOP(
    "Report", "Averages and standard costs keep no layers: a product's stock in a pool is all at one cost."
)
OVERSOLD = QT_TRANSLATE_NOOP(
    "Report", "A negative quantity is stock that was sold before it came; its cost is an estimate until it does."
)


def cost_layers(
    session: Session,
    company_id: UUID,
    aged_on: date,
    book_id: UUID | None = None,
    product_id: UUID | None = None,
    category_id: UUID | None = None,
    warehouse_id: UUID | None = None,
) -> Report:
    """Every layer that holds stock now, by product and in the order of its queue; `aged_on` is the day that ages count to.

    The sum of the layers is checked against the pools that they belong to.
    """
    book = cost_book(session, company_id, book_id)
    pools = _pools(session, company_id, book.id, product_id, category_id, warehouse_id)
    rows, checked = _rows(session, company_id, pools, aged_on)
    section = Section(COLUMNS, tuple(rows), totals=("value_left",), group_heading=PRODUCT.heading)
    notes = [AVERAGES_HAVE_NONE] if any(row.cells["receipt"] == Term(ONE_COST) for row in rows) else []
    if any(row.cells["qty_left"] < 0 for row in rows):
        notes.append(OVERSOLD)
    parameters: list[tuple[str, str | Bilingual | Term]] = [
        (AGED_ON.heading, aged_on.isoformat()),
        (COST_BOOK.heading, named(book)),
    ]
    for parameter, table, id in (
        (PRODUCT, Product, product_id),
        (CATEGORY, Category, category_id),
        (WAREHOUSE, Warehouse, warehouse_id),
    ):
        if id is not None:
            parameters.append(heading_of(parameter, record_named(session, company_id, table, id)))
    return report_for(session, company_id, DEFINITION, parameters, [section], [checked], notes, book=book)


def _pools(
    session: Session,
    company_id: UUID,
    book_id: UUID,
    product_id: UUID | None,
    category_id: UUID | None,
    warehouse_id: UUID | None,
) -> list[CostPool]:
    pools = select(CostPool).where(CostPool.company_id == company_id, CostPool.book_id == book_id)
    if product_id:
        pools = pools.where(CostPool.product_id == product_id)
    if category_id:
        in_category = select(Product.id).where(Product.company_id == company_id, Product.category_id == category_id)
        pools = pools.where(CostPool.product_id.in_(in_category))
    if warehouse_id:
        pools = pools.where(CostPool.warehouse_id == warehouse_id)
    return list(session.scalars(pools))


def _rows(session: Session, company_id: UUID, pools: list[CostPool], aged_on: date) -> tuple[list[Row], Check]:
    products = product_names(session, company_id)
    place = {id: place for place, id in enumerate(products)}
    warehouses = names_of(session, company_id, Warehouse, (pool.warehouse_id for pool in pools))
    lots: dict[UUID, str] = {}
    if any(pool.lot_id for pool in pools):
        named_lots = session.execute(select(Lot.id, Lot.code).where(Lot.company_id == company_id))
        lots = {row.id: row.code for row in named_lots}
    layers = _layers(session, company_id, {pool.id for pool in pools})
    found = [layer for of_pool in layers.values() for layer in of_pool]
    numbers = document_numbers(session, company_id, {(layer.document_kind, layer.document_id) for layer in found})
    rows: list[Row] = []
    kept = shown = ZERO
    in_order = sorted(
        pools,
        key=lambda pool: (
            place[pool.product_id],
            warehouses[pool.warehouse_id].name if pool.warehouse_id else "",
            lots.get(pool.lot_id, "") if pool.lot_id else "",
        ),
    )
    for pool in in_order:
        kept += pool.value
        common = {
            "warehouse": warehouses[pool.warehouse_id] if pool.warehouse_id else "",
            "lot": lots.get(pool.lot_id, "") if pool.lot_id else "",
        }
        group = products[pool.product_id].coded
        if pool.id not in layers and pool.on_hand:
            behind = {"product": pool.product_id, "cost_book": pool.book_id}
            stock = Link("report", report="stock_ledger", parameters=behind)
            rows.append(_row({"receipt": Term(ONE_COST), **common}, None, pool.on_hand, pool.value, stock, group))
            shown += pool.value
        for layer in layers.get(pool.id, ()):
            is_short = layer.qty_left < 0
            cells = {
                "receipt": Term(SOLD_BEFORE_IT_CAME) if is_short else numbers.get(layer.document_id, ""),
                **common,
                "date": layer.dated_on,
                "age": (aged_on - layer.dated_on).days,
            }
            link = Link(layer.document_kind, id=layer.document_id) if layer.document_id else None
            rows.append(_row(cells, layer.qty_in, layer.qty_left, layer.value_left, link, group))
            shown += layer.value_left
    return rows, Check(LAYERS_EQUAL_POOLS, expected=kept, found=shown)


def _row(
    cells: dict[str, Any], qty_in: Decimal | None, qty: Decimal, value: Decimal, link: Link | None, group: Bilingual
) -> Row:
    figures = {"qty_in": qty_in, "qty_left": qty, "value_left": value, "unit_cost": unit_cost_of(value, qty)}
    return Row({**cells, **figures}, link=link, group=group)


def _layers(session: Session, company_id: UUID, pool_ids: set[UUID]) -> dict[UUID, list[Any]]:
    statement: Any = (
        select(
            CostLayer.pool_id,
            CostLayer.dated_on,
            CostLayer.qty_in,
            CostLayer.qty_left,
            CostLayer.value_left,
            StockMove.document_kind,
            StockMove.document_id,
        )
        .outerjoin(StockMove, and_(StockMove.company_id == CostLayer.company_id, StockMove.id == CostLayer.move_id))
        .where(CostLayer.company_id == company_id, CostLayer.qty_left != 0)
        .order_by(CostLayer.pool_id, CostLayer.seq, CostLayer.part)
    )
    layers: dict[UUID, list[Any]] = {}
    for layer in session.execute(statement):
        if layer.pool_id in pool_ids:
            layers.setdefault(layer.pool_id, []).append(layer)
    return layers


def _build(
    session: Session,
    company_id: UUID,
    aged_on: date,
    cost_book: UUID | None = None,
    product: UUID | None = None,
    category: UUID | None = None,
    warehouse: UUID | None = None,
) -> Report:
    return cost_layers(session, company_id, aged_on, cost_book, product, category, warehouse)


AGED_ON = with_default(TO, name="aged_on", heading=QT_TRANSLATE_NOOP("Report", "Age on"))
DEFINITION = define(
    ReportDefinition(
        "cost_layers",
        QT_TRANSLATE_NOOP("Report", "Cost layers"),
        "cost.read",
        (AGED_ON, COST_BOOK, PRODUCT, CATEGORY, WAREHOUSE),
        _build,
        area="costing",
    )
)
