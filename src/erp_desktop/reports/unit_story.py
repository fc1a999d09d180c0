"""Where does this cost come from: the story of the units of a document's lines, from order and receipt to what came back.

Here: how queries/unit_story.py is told as a table. Every row leads to its document; rows of transfers and returns to their own
story. The figures add up, and each section's check says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.base import replicated_tables
from erp_desktop.models.costing import CostBook, CostEvent
from erp_desktop.numbers import UNIT_COST_PLACES, ZERO, minor_unit
from erp_desktop.queries.base import NotHere
from erp_desktop.queries.pool_history import PoolHistory
from erp_desktop.queries.story import LateValue, Story, Taken
from erp_desktop.queries.story_words import Cause, Origin
from erp_desktop.queries.unit_story import UnitStories
from erp_desktop.reports.figures import as_of_tick, company_of, cost_book, named
from erp_desktop.reports.kinds import KINDS
from erp_desktop.reports.report import (
    BadParameter,
    Bilingual,
    Check,
    Column,
    ColumnKind,
    Link,
    Parameter,
    ParameterKind,
    Report,
    ReportDefinition,
    Row,
    Section,
    Term,
    define,
)

COLUMNS = (
    Column("what", QT_TRANSLATE_NOOP("Report", "What happened")),
    Column("date", QT_TRANSLATE_NOOP("Report", "Date"), ColumnKind.DATE),
    Column("document", QT_TRANSLATE_NOOP("Report", "Document")),
    Column("qty", QT_TRANSLATE_NOOP("Report", "Quantity"), ColumnKind.QTY),
    Column("unit_cost", QT_TRANSLATE_NOOP("Report", "Unit cost"), ColumnKind.UNIT_COST),
    Column("amount", QT_TRANSLATE_NOOP("Report", "Amount"), ColumnKind.MONEY),
    Column("whole", QT_TRANSLATE_NOOP("Report", "Whole line"), ColumnKind.MONEY),
    Column("about", QT_TRANSLATE_NOOP("Report", "Order, supplier, who posted it")),
)
WHAT_IT_COST = QT_TRANSLATE_NOOP("Report", "What it cost")
SETTLED = QT_TRANSLATE_NOOP("Report", "Settled cost")
WHAT_IT_TOOK = QT_TRANSLATE_NOOP("Report", "What it took")
LATE_SHARE = QT_TRANSLATE_NOOP("Report", "Late value (above)")
THROUGH_LAYERS = QT_TRANSLATE_NOOP("Report", "The same, by layers")
ESTIMATED = QT_TRANSLATE_NOOP("Report", "Not here yet: estimate")
DELIVERED = QT_TRANSLATE_NOOP("Report", "Delivered to the customer")
UNDER_WAY = QT_TRANSLATE_NOOP("Report", "Under way to the customer: goods dispatched, no cost of sales yet")
WHAT_CAME_BACK = QT_TRANSLATE_NOOP("Report", "What came back")
STAYED = QT_TRANSLATE_NOOP("Report", "Cost that stayed away")
WHERE_IT_WENT = QT_TRANSLATE_NOOP("Report", "Where it went")
STILL_HERE = QT_TRANSLATE_NOOP("Report", "Still on hand")
GONE_AND_LEFT = QT_TRANSLATE_NOOP("Report", "The same, by use")
POOL_BEFORE = QT_TRANSLATE_NOOP("Report", "The average before it")
STANDARD_BEFORE = QT_TRANSLATE_NOOP("Report", "The stock at standard before it")
BEFORE_THE_CHANGE = QT_TRANSLATE_NOOP("Report", "Before the change of method")
HELD_BEFORE = QT_TRANSLATE_NOOP("Report", "On hand just before")
NOT_COSTED = QT_TRANSLATE_NOOP(
    "Report", "This move stays within one cost pool or is not costed yet: it changes no cost."
)
ADDS_UP = QT_TRANSLATE_NOOP("Report", "As posted and corrected equals what its layers say")

_FINDABLE = (
    "goods_receipt",
    "shipment",
    "customer_return",
    "stock_count",
    "stock_scrap",
    "goods_transfer",
    "supplier_return",
    "purchase_return",
)


@dataclass
class _Table:
    """The rows of one section while they are told."""

    zone: ZoneInfo
    rows: list[Row] = field(default_factory=list)

    def heading(self, text: str) -> None:
        self.rows.append(Row({"what": Term(text)}, is_heading=True))

    def add(self, what: str, document: Cause | None = None, level: int = 0, **cells: Any) -> int:
        """Appends a row and gives its place. `what` is source text."""
        link = cells.pop("link", None)
        if document is not None:
            cells = {"document": document.number, "about": _who(document, self.zone), **cells}
            link = link or Link(document.kind, id=document.id)
        self.rows.append(Row({"what": Term(what), **cells}, link=link, level=level))
        return len(self.rows) - 1

    def move(self, origin: Origin, level: int = 0, *, link: Link | None = None, **cells: Any) -> int:
        who = _who(origin.document, self.zone)
        about, about_zh = (
            " · ".join(filter(None, (f"{origin.order_number} {party}".strip(), who)))
            for party in (origin.party, origin.party_zh or origin.party)
        )
        return self.add(
            _kind(origin.kind),
            origin.document,
            level,
            date=origin.dated_on,
            about=Bilingual(about, about_zh),
            link=link,
            **cells,
        )

    def total(self, text: str, amount: Decimal, sums: Iterable[int]) -> int:
        """A row that adds up the amounts of the rows `sums`."""
        self.rows.append(Row({"what": Term(text), "amount": amount}, sums=tuple(sums)))
        return len(self.rows) - 1


def unit_story(
    session: Session, company_id: UUID, document: str, line: str | None = None, cost_book_id: UUID | None = None
) -> Report:
    """The story of every line of `document` (its number, or the id of it or of a move), or of `line` (its number).

    Raises BadParameter where no such document moved stock.
    """
    company = company_of(session, company_id)
    book = cost_book(session, company_id, cost_book_id)
    line_no = _line_number(line)
    try:
        stories = UnitStories(_document_id(session, company_id, document), line_no=line_no, book_id=book.id).run(
            session, company_id
        )
    except NotHere:
        text = translate("Report", "No line {line} of {document} moved stock.")
        raise BadParameter(text.format(line=line or "", document=document).replace("  ", " ")) from None
    zone = ZoneInfo(company.time_zone)
    return Report(
        name="unit_story",
        title=DEFINITION.title,
        company_name=company.name,
        company_name_zh=company.name_zh,
        company_address=company.address,
        currency=company.currency,
        currency_places=company.currency_places,
        as_of_tick=as_of_tick(session, company_id),
        parameters=(
            (QT_TRANSLATE_NOOP("Report", "Document"), stories[0].origin.document.number or document),
            (QT_TRANSLATE_NOOP("Report", "Line number"), line or Term(QT_TRANSLATE_NOOP("Report", "all"))),
            (QT_TRANSLATE_NOOP("Report", "Cost book"), named(book)),
        ),
        sections=tuple(_section(story, book, zone) for story in stories),
        checks=tuple(
            Check(ADDS_UP, expected=story.settled, found=story.explained)
            for story in stories
            if story.explained is not None
        ),
    )


def _line_number(line: str | None) -> int | None:
    if line is None or not line.strip():
        return None
    if not line.strip().isdecimal():
        raise BadParameter(translate("Report", "{line} is no line number.").format(line=line))
    return int(line)


def _document_id(session: Session, company_id: UUID, document: str) -> UUID:
    """The document of that number, or the id itself where it is one (of a move, of a transfer without a number)."""
    try:
        return UUID(document.strip())
    except ValueError:
        pass
    tables = replicated_tables()
    for kind in _FINDABLE:
        table: Any = tables.get(kind)
        if table is None:
            continue
        found = session.scalars(
            select(table.id).where(table.company_id == company_id, table.number == document.strip())
        ).first()
        if found is not None:
            return UUID(str(found))
    raise BadParameter(
        translate("Report", "There is no document {document} that moved stock.").format(document=document)
    )


def _section(story: Story, book: CostBook, zone: ZoneInfo) -> Section:
    table = _Table(zone)
    if not story.method:
        table.move(story.origin, qty=story.qty)
        table.add(NOT_COSTED)
        return _titled(table, story)
    _tell_cost(table, story)
    if story.taken:
        _tell_layers(table, story, book)
    if story.history is not None:
        _tell_pool(table, story, story.history)
    if story.is_incoming and story.history is None:
        _tell_uses(table, story, book)
    if story.came_back:
        _tell_returns(table, story, book)
    return _titled(table, story)


def _titled(table: _Table, story: Story) -> Section:
    """What was told, without the column that nothing of it needs."""
    needed = {name for row in table.rows for name in row.cells} | {"what"}
    return Section(tuple(column for column in COLUMNS if column.name in needed), tuple(table.rows), title=_title(story))


def _title(story: Story) -> Bilingual:
    number = story.origin.line_no
    name_zh = story.product_name_zh or story.product_name
    return Bilingual(
        f"{number}. {story.product_code} {story.product_name}", f"{number}. {story.product_code} {name_zh}"
    )


def _tell_cost(table: _Table, story: Story) -> None:
    table.heading(WHAT_IT_COST)
    parts = [table.move(story.origin, qty=story.qty, unit_cost=_per_unit(story.posted, story.qty), amount=story.posted)]
    for late in story.late:
        parts.append(
            table.add(
                _kind(late.kind), late.cause, date=late.dated_on, amount=late.to_inventory + late.to_cost_of_sales
            )
        )
    for correction in story.corrections:
        parts.append(
            table.add(_kind(correction.kind), correction.cause, date=correction.dated_on, amount=correction.amount)
        )
    table.total(SETTLED, story.settled, parts)
    if story.delivered_on is not None:
        table.add(DELIVERED, date=story.delivered_on)
    elif story.is_under_way:
        table.add(UNDER_WAY)


def _tell_layers(table: _Table, story: Story, book: CostBook) -> None:
    table.heading(WHAT_IT_TOOK)
    parts = [_tell_taken(table, taken, 1, book) for taken in story.taken]
    if story.expensed_late:
        parts.append(table.add(LATE_SHARE, level=1, amount=story.expensed_late))
    table.total(THROUGH_LAYERS, story.from_layers + story.expensed_late, parts)


def _tell_taken(table: _Table, taken: Taken, level: int, book: CostBook) -> int:
    """What was taken of a layer, and below it what the layer is made of; only the first level's amounts add up."""
    figures: dict[str, Any] = {"qty": taken.qty, "unit_cost": _per_unit(taken.value, taken.qty)}
    figures["amount" if level == 1 else "whole"] = taken.value
    if taken.is_estimate:
        return table.add(ESTIMATED, level=level, date=taken.origin.dated_on, **figures)
    if level == 1:
        figures["whole"] = taken.posted
    row = table.move(taken.origin, level, link=_onward(taken.origin, book), **figures)
    for late in taken.late:
        _tell_late(table, late, level + 1)
    for behind in taken.behind:
        _tell_taken(table, behind, level + 1, book)
    return row


def _tell_late(table: _Table, late: LateValue, level: int) -> None:
    table.add(_kind(late.kind), late.cause, level, date=late.dated_on, whole=late.to_inventory + late.to_cost_of_sales)


def _tell_pool(table: _Table, story: Story, history: PoolHistory) -> None:
    heading = STANDARD_BEFORE if story.method == "standard" else POOL_BEFORE
    table.heading(BEFORE_THE_CHANGE if story.taken else heading)
    for step in history.steps:
        table.add(
            _kind(step.kind),
            step.document,
            1,
            date=step.dated_on,
            qty=step.qty or None,
            unit_cost=_per_unit(step.value_after, step.qty_after),
            whole=step.value,
        )
    table.add(
        HELD_BEFORE, level=1, qty=history.qty, unit_cost=_per_unit(history.value, history.qty), whole=history.value
    )


def _tell_uses(table: _Table, story: Story, book: CostBook) -> None:
    table.heading(WHERE_IT_WENT)
    parts = [
        table.move(
            use.origin,
            1,
            link=_onward(use.origin, book),
            qty=use.qty,
            unit_cost=_per_unit(use.value + use.late, use.qty),
            amount=use.value + use.late,
        )
        for use in story.uses
    ]
    parts.append(table.add(STILL_HERE, level=1, qty=story.left_qty, amount=story.left_value))
    table.total(GONE_AND_LEFT, story.gone_and_left, parts)


def _tell_returns(table: _Table, story: Story, book: CostBook) -> None:
    table.heading(WHAT_CAME_BACK)
    settled = table.add(SETTLED, level=1, qty=story.qty, amount=story.settled)
    parts = [
        table.move(
            back.origin,
            1,
            link=_onward(back.origin, book),
            qty=-back.qty,
            unit_cost=_per_unit(back.value, back.qty),
            amount=-back.value,
        )
        for back in story.came_back
    ]
    stayed = story.settled - sum((back.value for back in story.came_back), ZERO)
    table.total(STAYED, stayed, [settled, *parts])


def _onward(origin: Origin, book: CostBook) -> Link:
    """The story of another move's line; a change of method leads to its book."""
    if origin.kind == CostEvent.METHOD:
        return Link(origin.document.kind, id=origin.document.id)
    document = origin.document.number or origin.document.id.hex
    parameters = {"document": document, "line": str(origin.line_no), "cost_book": book.id}
    return Link("report", report="unit_story", parameters=parameters)


def _kind(kind: str) -> str:
    return KINDS.get(kind, kind)


def _per_unit(value: Decimal, qty: Decimal) -> Decimal | None:
    return (value / qty).quantize(minor_unit(UNIT_COST_PLACES)) if qty else None


def _who(cause: Cause, zone: ZoneInfo) -> str:
    if cause.at is None:
        return cause.by
    return f"{cause.by} {cause.at.astimezone(zone):%Y-%m-%d %H:%M}".strip()


def _build(
    session: Session, company_id: UUID, document: str, line: str | None = None, cost_book: UUID | None = None
) -> Report:
    return unit_story(session, company_id, document, line, cost_book)


DEFINITION = define(
    ReportDefinition(
        "unit_story",
        QT_TRANSLATE_NOOP("Report", "Where a cost comes from"),
        "cost.read",
        (
            Parameter("document", QT_TRANSLATE_NOOP("Report", "Document"), ParameterKind.TEXT, is_required=True),
            Parameter("line", QT_TRANSLATE_NOOP("Report", "Line number"), ParameterKind.TEXT),
            Parameter("cost_book", QT_TRANSLATE_NOOP("Report", "Cost book"), ParameterKind.COST_BOOK),
        ),
        _build,
        area="costing",
    )
)
