"""What goods that came in cost, part by part, and why it changed against the period before: price, volume and mix."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.numbers import ZERO, minor_unit
from erp_desktop.queries.bought import CORRECTION, PRICE, RETURNED, VARIANCE, Bought, BoughtCost, bought
from erp_desktop.queries.served import cost_to_serve_by_kind
from erp_desktop.reports.effects import Effects, QtyAndAmount, effects
from erp_desktop.reports.figures import company_of, cost_book, named
from erp_desktop.reports.making import (
    CATEGORY,
    COST_BOOK,
    FROM,
    NOT_NAMED,
    TO,
    ProductName,
    Shown,
    by_text,
    choice,
    chosen,
    dates,
    names_by,
    product_names,
    report_for,
    sum_of,
    unit_cost_of,
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

PARTS = (
    Column(PRICE, QT_TRANSLATE_NOOP("Report", "Purchase price"), ColumnKind.MONEY),
    Column("freight", QT_TRANSLATE_NOOP("Report", "Freight"), ColumnKind.MONEY),
    Column("duty", QT_TRANSLATE_NOOP("Report", "Duty"), ColumnKind.MONEY),
    Column("insurance", QT_TRANSLATE_NOOP("Report", "Insurance"), ColumnKind.MONEY),
    Column("handling", QT_TRANSLATE_NOOP("Report", "Handling"), ColumnKind.MONEY),
    Column(CORRECTION, QT_TRANSLATE_NOOP("Report", "Price corrections"), ColumnKind.MONEY),
    Column(VARIANCE, QT_TRANSLATE_NOOP("Report", "Variance"), ColumnKind.MONEY),
    Column(RETURNED, QT_TRANSLATE_NOOP("Report", "Returned to suppliers"), ColumnKind.MONEY),
)
QTY = Column("qty", QT_TRANSLATE_NOOP("Report", "Quantity"), ColumnKind.QTY)
TOTAL = Column("total", QT_TRANSLATE_NOOP("Report", "Total cost"), ColumnKind.MONEY)
UNIT_COST = Column("unit_cost", QT_TRANSLATE_NOOP("Report", "Unit cost"), ColumnKind.UNIT_COST)
CHANGES = (
    Column("before", QT_TRANSLATE_NOOP("Report", "Period before"), ColumnKind.MONEY),
    Column("price", QT_TRANSLATE_NOOP("Report", "Price effect"), ColumnKind.MONEY),
    Column("volume", QT_TRANSLATE_NOOP("Report", "Volume effect"), ColumnKind.MONEY),
    Column("mix", QT_TRANSLATE_NOOP("Report", "Mix effect"), ColumnKind.MONEY),
    Column("change", QT_TRANSLATE_NOOP("Report", "Change"), ColumnKind.MONEY),
    Column("now", QT_TRANSLATE_NOOP("Report", "This period"), ColumnKind.MONEY),
)
SERVING = (
    Column("storage", QT_TRANSLATE_NOOP("Report", "Storage"), ColumnKind.MONEY),
    Column("handling", QT_TRANSLATE_NOOP("Report", "Handling labour"), ColumnKind.MONEY),
    Column("packaging", QT_TRANSLATE_NOOP("Report", "Packaging"), ColumnKind.MONEY),
    Column("channel_fees", QT_TRANSLATE_NOOP("Report", "Channel fees"), ColumnKind.MONEY),
    Column("payment_fees", QT_TRANSLATE_NOOP("Report", "Payment fees"), ColumnKind.MONEY),
    Column("delivery", QT_TRANSLATE_NOOP("Report", "Delivery"), ColumnKind.MONEY),
)
COMPOSITION = QT_TRANSLATE_NOOP("Report", "Cost of goods that came in")
CHANGE = QT_TRANSLATE_NOOP("Report", "Change against the period before")
TO_SERVE = QT_TRANSLATE_NOOP("Report", "Cost to serve")
EFFECTS_ADD_UP = QT_TRANSLATE_NOOP("Report", "Price, volume and mix effects add up to the change")
PARTS_AS_A_WHOLE = QT_TRANSLATE_NOOP("Report", "This period's cost in both tables is the same")
HOW_EFFECTS_ARE_MEASURED = QT_TRANSLATE_NOOP(
    "Report",
    "Volume: all quantities changed alike. Mix: a product's share of the quantity changed, or it is new. Price: its unit cost "
    "changed. Quantities of different units are added for the shares.",
)
BY = choice(
    "by",
    QT_TRANSLATE_NOOP("Report", "Grouped by"),
    ("product", QT_TRANSLATE_NOOP("Report", "Product")),
    ("category", QT_TRANSLATE_NOOP("Report", "Category")),
    ("supplier", QT_TRANSLATE_NOOP("Report", "Supplier")),
    ("month", QT_TRANSLATE_NOOP("Report", "Month")),
)

Facts = Mapping[Bought, BoughtCost]
Key = UUID | date | None


@dataclass
class _Sums:
    """One line of the composition, or of what it is compared with."""

    qty: Decimal = ZERO
    parts: dict[str, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return sum_of(self.parts.values())

    def add(self, cost: BoughtCost) -> None:
        self.qty += cost.qty
        for part, amount in cost.parts.items():
            self.parts[part] = self.parts.get(part, ZERO) + amount


def cost_composition(
    session: Session,
    company_id: UUID,
    first: date,
    last: date,
    by: str = "product",
    book_id: UUID | None = None,
    category_id: UUID | None = None,
) -> Report:
    """Parts of the cost of goods that came in from `first` to `last`, and the change against as long a period before.

    By month, each month is compared with the one before it. Price, volume and mix are worked out per product (and supplier)
    and added up. Cost to serve stands apart: it is no part of what goods cost (costing.md, rule 13).
    """
    book = cost_book(session, company_id, book_id)
    products = product_names(session, company_id)
    earlier = _before(first, last)
    is_monthly = by == "month"
    now = _of_category(bought(session, company_id, book.id, first, last, monthly=is_monthly), products, category_id)
    if is_monthly:
        earlier = (_month_before(first), first - timedelta(days=1))
    before = _of_category(bought(session, company_id, book.id, *earlier, monthly=is_monthly), products, category_id)
    lines = _summed(now, by, products)
    minor = minor_unit(company_of(session, company_id).currency_places)
    changes = (
        _monthly_changes({**before, **now}, lines, minor) if is_monthly else _changes(before, now, by, products, minor)
    )
    ids = {key for key in (*lines, *changes) if isinstance(key, UUID)}
    names: Mapping[Any, Bilingual] = dict(names_by(session, company_id, by, products, ids))

    def label(key: Key) -> Any:
        if isinstance(key, date):
            return f"{key:%Y-%m}"
        return names.get(key, Term(NOT_NAMED)) if key else Term(NOT_NAMED)

    def place(key: Key) -> str:
        return key.isoformat() if isinstance(key, date) else by_text(names, key)

    heading = Column("name", dict(BY.choices)[by])
    composition = tuple(
        Row(
            {
                "name": label(key),
                "qty": sums.qty,
                **{column.name: sums.parts.get(column.name, ZERO) for column in PARTS},
                "total": sums.total,
                "unit_cost": unit_cost_of(sums.total, sums.qty),
            },
            link=_behind(by, key, first, last, book.id),
        )
        for key, sums in sorted(lines.items(), key=lambda item: place(item[0]))
    )
    changed = tuple(
        Row({"name": label(key), **vars(each), "change": each.change})
        for key, each in sorted(changes.items(), key=lambda item: place(item[0]))
    )
    part_names = tuple(column.name for column in PARTS)
    change_names = tuple(column.name for column in CHANGES)
    sections = [
        Section(
            (heading, QTY, *PARTS, TOTAL, UNIT_COST), composition, title=COMPOSITION, totals=(*part_names, "total")
        ),
        Section((heading, *CHANGES), changed, title=CHANGE, totals=() if is_monthly else change_names),
    ]
    of_effects = sum_of(each.price + each.volume + each.mix for each in changes.values())
    checks = [
        Check(EFFECTS_ADD_UP, sum_of(each.change for each in changes.values()), of_effects),
        Check(PARTS_AS_A_WHOLE, sections[0].total("total"), sum_of(each.now for each in changes.values())),
    ]
    if by in ("product", "category"):
        served = _served(session, company_id, first, last, by, products, category_id, heading)
        sections += [served] if served.rows else []
    parameters: list[Shown] = [
        dates(first, last),
        (QT_TRANSLATE_NOOP("Report", "Compared with"), f"{earlier[0].isoformat()} – {earlier[1].isoformat()}"),
        chosen(BY, by),
        (COST_BOOK.heading, named(book)),
    ]
    return report_for(
        session, company_id, DEFINITION, parameters, sections, checks, [HOW_EFFECTS_ARE_MEASURED], book=book
    )


def _before(first: date, last: date) -> tuple[date, date]:
    """As long a span before `first`: whole months before whole months, else as many days."""
    ends = first - timedelta(days=1)
    if first.day == 1 and last.day == monthrange(last.year, last.month)[1]:
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        begins = first
        for _ in range(months):
            begins = _month_before(begins)
        return begins, ends
    return first - (last - first) - timedelta(days=1), ends


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _of_category(facts: Facts, products: Mapping[UUID, ProductName], category_id: UUID | None) -> Facts:
    if category_id is None:
        return facts
    return {key: cost for key, cost in facts.items() if products[key.product_id].category_id == category_id}


def _key(fact: Bought, by: str, products: Mapping[UUID, ProductName]) -> Key:
    match by:
        case "product":
            return fact.product_id
        case "category":
            return products[fact.product_id].category_id
        case "supplier":
            return fact.supplier_id
    return fact.period


def _summed(facts: Facts, by: str, products: Mapping[UUID, ProductName]) -> dict[Key, _Sums]:
    lines: defaultdict[Key, _Sums] = defaultdict(_Sums)
    for fact, cost in facts.items():
        lines[_key(fact, by, products)].add(cost)
    return dict(lines)


def _figures(facts: Iterable[tuple[Any, BoughtCost]]) -> dict[Any, QtyAndAmount]:
    sums: defaultdict[Any, _Sums] = defaultdict(_Sums)
    for key, cost in facts:
        sums[key].add(cost)
    return {key: QtyAndAmount(each.qty, each.total) for key, each in sums.items()}


def _changes(
    before: Facts, now: Facts, by: str, products: Mapping[UUID, ProductName], minor: Decimal
) -> dict[Key, Effects]:
    """Per line, the effects of the products (of that supplier) in it, added up."""

    def per_line(facts: Facts) -> dict[Any, QtyAndAmount]:
        return _figures(((_key(fact, by, products), fact.product_id), cost) for fact, cost in facts.items())

    return _added(effects(per_line(before), per_line(now), minor))


def _monthly_changes(facts: Facts, lines: Mapping[Key, Any], minor: Decimal) -> dict[Key, Effects]:
    """Each month against the month before it."""
    of_month: defaultdict[date | None, list[tuple[UUID, BoughtCost]]] = defaultdict(list)
    for fact, cost in facts.items():
        of_month[fact.period].append((fact.product_id, cost))
    changes: dict[Key, Effects] = {}
    for month in lines:
        if isinstance(month, date):
            before, now = _figures(of_month[_month_before(month)]), _figures(of_month[month])
            of_products = effects(before, now, minor)
            changes |= _added({(month, product_id): each for product_id, each in of_products.items()})
    return changes


def _added(each_product: Mapping[Any, Effects]) -> dict[Key, Effects]:
    added: dict[Key, Effects] = {}
    for (line, _), one in each_product.items():
        known = added.get(line, Effects(ZERO, ZERO, ZERO, ZERO, ZERO))
        added[line] = Effects(
            known.before + one.before,
            known.now + one.now,
            known.price + one.price,
            known.volume + one.volume,
            known.mix + one.mix,
        )
    return added


def _behind(by: str, key: Key, first: date, last: date, book_id: UUID) -> Link | None:
    if key is None or isinstance(key, date):
        return None
    dated = {"from": first, "to": last, "cost_book": book_id}
    if by == "category":
        return Link("report", report="cost_composition", parameters={**dated, "category": key, "by": "product"})
    return Link("report", report="purchase_price_variance", parameters={**dated, by: key})


def _served(
    session: Session,
    company_id: UUID,
    first: date,
    last: date,
    by: str,
    products: Mapping[UUID, ProductName],
    category_id: UUID | None,
    heading: Column,
) -> Section:
    """Cost to serve by kind; what fell on no product stands as not named."""
    sums: defaultdict[UUID | None, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    names: dict[UUID | None, Bilingual] = {}
    for product_id, kinds in cost_to_serve_by_kind(session, company_id, first, last).items():
        product = products.get(product_id) if product_id else None
        if category_id is not None and (product is None or product.category_id != category_id):
            continue
        key = product_id
        if product is not None:
            key = product.category_id if by == "category" else product_id
            names[key] = product.category if by == "category" else product.coded
        for kind, amount in kinds.items():
            sums[key][kind] += amount
    rows = tuple(
        Row(
            {
                "name": names.get(key, Term(NOT_NAMED)),
                **{column.name: kinds[column.name] for column in SERVING},
                "total": sum_of(kinds.values()),
            }
        )
        for key, kinds in sorted(sums.items(), key=lambda item: str(names.get(item[0], "\uffff")))
    )
    columns = (heading, *SERVING, TOTAL)
    return Section(columns, rows, title=TO_SERVE, totals=tuple(column.name for column in columns[1:]))


def _build(
    session: Session,
    company_id: UUID,
    from_: date,
    to: date,
    by: str = "product",
    cost_book: UUID | None = None,
    category: UUID | None = None,
) -> Report:
    return cost_composition(session, company_id, from_, to, by, cost_book, category)


DEFINITION = define(
    ReportDefinition(
        "cost_composition",
        QT_TRANSLATE_NOOP("Report", "Cost composition"),
        "cost.read",
        (FROM, TO, BY, COST_BOOK, CATEGORY),
        _build,
        area="costing",
    )
)
