"""Where the goods of a receipt are now, what an issue costs by now: what late value and returns start from.

Read the same way when something is counted (cost_streams.py) and when somebody asks beforehand what it would change. With `until`
it is read as it stood at the end of a day, leaving out the events that are about to be counted again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.remembering import MEMORY_ASKS, rows_by_id
from erp_desktop.costing.events import LAYERED
from erp_desktop.costing.landed_cost import left_of_receipt
from erp_desktop.ids import derived_id
from erp_desktop.models.costing import CostAdjustment, CostEdge, CostLayer, CostPool, MoveCost
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import ZERO


@dataclass(frozen=True)
class Standing:
    """Where the goods of one receipt are: what came, what is left, and who took the rest. Quantities in stock units."""

    qty_in: Decimal
    value_in: Decimal
    qty_left: Decimal
    value_left: Decimal  # of the layer, or of the whole pool of an average; a credit takes no more off it
    takers: list[tuple[UUID, Decimal]]  # issue move and quantity, in the order of the issues
    came_in_later: Decimal = ZERO  # what an average pool took in after it
    # takers that are transfers, with the pools where they arrived, of every book
    transfers: tuple[tuple[UUID, UUID], ...] = ()


@dataclass(frozen=True)
class SettledIssue:
    """What an issue cost with everything that changed it since, and what came back of it so far."""

    move_id: UUID
    settled: Decimal
    qty: Decimal
    returned_qty: Decimal
    returned_value: Decimal


def layer_id(pool_id: UUID, move_id: UUID, part: int) -> UUID:
    """The id of a layer that a move opened in a pool: the same however often its stream is run again."""
    return derived_id("cost_layer", pool_id, move_id, str(part))


def settled_issues(
    session: Session, ctx: Context, book_id: UUID, issue_ids: Sequence[UUID], until: date | None
) -> list[SettledIssue]:
    """What each issue cost by now (costing.md, rule 5), in one book. What corrected it may have happened in any pool."""
    of_company = [MoveCost.company_id == ctx.company_id]
    if until is not None:
        of_company.append(MoveCost.dated_on <= until)
    left = select(MoveCost.pool_id, MoveCost.move_id, MoveCost.qty, MoveCost.cost).where(
        *of_company, MoveCost.move_id.in_(issue_ids), MoveCost.qty < 0
    )
    back = select(MoveCost.pool_id, MoveCost.of_id, MoveCost.move_id, MoveCost.qty, MoveCost.cost).where(
        *of_company, MoveCost.of_id.in_(issue_ids), MoveCost.kind == MoveKind.CUSTOMER_RETURN
    )
    gone = session.execute(left, execution_options=MEMORY_ASKS).all()
    came_back = session.execute(back, execution_options=MEMORY_ASKS).all()
    corrections = _corrections(session, ctx.company_id, [row.move_id for row in (*gone, *came_back)], until)
    pool_ids = {row.pool_id for rows in (gone, came_back, corrections) for row in rows}
    of_book = {row.id for row in rows_by_id(session, ctx, CostPool, pool_ids).values() if row.book_id == book_id}
    issues = {row.move_id: row for row in gone if row.pool_id in of_book}
    returns: defaultdict[UUID | None, list[Any]] = defaultdict(list)
    for one in came_back:
        if one.pool_id in of_book:
            returns[one.of_id].append(one)
    corrected = _by_move(row for row in corrections if row.pool_id in of_book)
    found = []
    for issue_id, row in sorted(issues.items()):
        came = returns[issue_id]
        found.append(
            SettledIssue(
                issue_id,
                -row.cost + corrected.get(issue_id, (ZERO, ZERO))[1],
                -row.qty,
                sum((one.qty for one in came), ZERO),
                sum((one.cost + corrected.get(one.move_id, (ZERO, ZERO))[0] for one in came), ZERO),
            )
        )
    return found


def _corrections(session: Session, company_id: UUID, move_ids: Sequence[UUID], until: date | None) -> Sequence[Any]:
    """What was added to moves later, in every book."""
    of = CostAdjustment
    statement = select(of.pool_id, of.move_id, of.to_inventory, of.to_cost_of_sales).where(
        of.company_id == company_id, of.move_id.in_(move_ids)
    )
    if until is not None:
        statement = statement.where(of.dated_on <= until)
    return session.execute(statement, execution_options=MEMORY_ASKS).all()


def _by_move(corrections: Iterable[Any]) -> dict[UUID, tuple[Decimal, Decimal]]:
    """To inventory, to cost of sales."""
    sums: dict[UUID, tuple[Decimal, Decimal]] = {}
    for row in corrections:
        inventory, sales = sums.get(row.move_id, (ZERO, ZERO))
        sums[row.move_id] = (inventory + row.to_inventory, sales + row.to_cost_of_sales)
    return sums


def standing_of(
    session: Session,
    pool: CostPool,
    move_id: UUID,
    *,
    until: date | None = None,
    on_hand: Decimal | None = None,
) -> Standing:
    """Where the goods that `move_id` brought into `pool` are; `on_hand` is what the pool held then (None: what it holds now)."""
    came: Any = select(MoveCost.qty, MoveCost.cost, MoveCost.kind, MoveCost.dated_on, MoveCost.seq).where(
        MoveCost.company_id == pool.company_id,
        MoveCost.pool_id == pool.id,
        MoveCost.move_id == move_id,
        MoveCost.qty > 0,
    )
    receipt = session.execute(came, execution_options=MEMORY_ASKS).one()
    corrections = _corrections(session, pool.company_id, [move_id], until)
    corrected = sum((row.to_inventory for row in corrections if row.pool_id == pool.id), ZERO)
    if pool.method in LAYERED:
        return _standing_in_layers(session, pool, move_id, receipt, receipt.cost + corrected, until)
    return _standing_in_average(session, pool, receipt, receipt.cost + corrected, until, on_hand)


def _standing_in_layers(
    session: Session, pool: CostPool, move_id: UUID, receipt: Row[Any], value_in: Decimal, until: date | None
) -> Standing:
    parts = 1
    if receipt.kind == MoveKind.TRANSFER:  # each part that it took arrived as a layer of its own
        taken_by = select(func.count()).where(CostEdge.company_id == pool.company_id, CostEdge.issue_move_id == move_id)
        parts = session.scalar(taken_by, execution_options=MEMORY_ASKS) or 1
    layer_ids = [layer_id(pool.id, move_id, part) for part in range(parts)]
    edges = (
        select(
            MoveCost.dated_on,
            MoveCost.seq,
            CostEdge.id,
            CostEdge.issue_move_id,
            CostEdge.qty,
            CostEdge.dated_on.label("taken_on"),
            MoveCost.kind,
        )
        .join(
            MoveCost,
            (MoveCost.company_id == CostEdge.company_id)
            & (MoveCost.move_id == CostEdge.issue_move_id)
            & (MoveCost.pool_id == CostEdge.pool_id),
        )
        .where(CostEdge.company_id == pool.company_id, CostEdge.layer_id.in_(layer_ids))
        .where(MoveCost.qty < 0)
    )
    # Sorted here: a database that has looked at none of the rows yet would read all moves in that order.
    rows = sorted(session.execute(edges, execution_options=MEMORY_ASKS), key=lambda row: row[:3])
    taken: dict[UUID, Decimal] = {}
    transfers = set()
    for edge in rows:
        if until is not None and edge.taken_on > until:
            continue
        taken[edge.issue_move_id] = taken.get(edge.issue_move_id, ZERO) + edge.qty
        if edge.kind == MoveKind.TRANSFER:
            transfers.add(edge.issue_move_id)
    takers = [(issue_id, qty) for issue_id, qty in taken.items() if qty]
    left = select(func.sum(CostLayer.value_left)).where(
        CostLayer.company_id == pool.company_id, CostLayer.id.in_(layer_ids)
    )
    return Standing(
        receipt.qty,
        value_in,
        receipt.qty - sum((qty for _, qty in takers), ZERO),
        session.scalar(left, execution_options=MEMORY_ASKS) or ZERO,
        takers,
        transfers=_arrivals(session, pool, [issue_id for issue_id, _ in takers if issue_id in transfers]),
    )


def _arrivals(session: Session, pool: CostPool, transfer_ids: Sequence[UUID]) -> tuple[tuple[UUID, UUID], ...]:
    """For each transfer the pools where its goods arrived, of whatever book."""
    if not transfer_ids:
        return ()
    arrived = (
        select(MoveCost.move_id, MoveCost.pool_id)
        .where(MoveCost.company_id == pool.company_id, MoveCost.move_id.in_(transfer_ids), MoveCost.qty > 0)
        .order_by(MoveCost.seq)
    )
    return tuple((row.move_id, row.pool_id) for row in session.execute(arrived, execution_options=MEMORY_ASKS))


def _standing_in_average(
    session: Session, pool: CostPool, receipt: Row[Any], value_in: Decimal, until: date | None, on_hand: Decimal | None
) -> Standing:
    """In an average pool units are alike; the oldest are taken to leave first, as stock that is handled well does. What was
    sold before it came is covered before that (costing.md, rule 4)."""
    in_pool = [MoveCost.company_id == pool.company_id, MoveCost.pool_id == pool.id]
    if until is not None:
        in_pool.append(MoveCost.dated_on <= until)
    same_day = MoveCost.dated_on == receipt.dated_on
    after = (MoveCost.dated_on > receipt.dated_on) | (same_day & (MoveCost.seq > receipt.seq))
    before = (MoveCost.dated_on < receipt.dated_on) | (same_day & (MoveCost.seq < receipt.seq))

    def moved(*where: Any) -> Decimal:
        total = session.scalar(select(func.sum(MoveCost.qty)).where(*in_pool, *where), execution_options=MEMORY_ASKS)
        return total or ZERO

    came_in_later = moved(after, MoveCost.qty > 0)
    left = left_of_receipt(receipt.qty, came_in_later, pool.on_hand if on_hand is None else on_hand)
    gone = receipt.qty - left
    taken: list[tuple[Row[Any], Decimal]] = []
    ahead = moved(before) if gone else ZERO
    for issue, missing in _short_of(session, [*in_pool, before], -ahead) if ahead < 0 else ():
        if covered := min(missing, gone):
            taken.append((issue, covered))
            gone -= covered
    ahead = max(ahead, ZERO)
    issues: Any = (
        select(MoveCost.move_id, MoveCost.qty, MoveCost.kind)
        .where(*in_pool, after, MoveCost.qty < 0)
        .order_by(MoveCost.dated_on, MoveCost.seq, MoveCost.id)
    )
    for issue in _piece_by_piece(session, issues) if gone else ():  # the last issues are seldom reached
        from_ahead = min(ahead, -issue.qty)
        ahead -= from_ahead
        if took := min(-issue.qty - from_ahead, gone):
            taken.append((issue, took))
            gone -= took
        if not gone:
            break
    takers = [(issue.move_id, qty) for issue, qty in taken]
    transfers = [issue.move_id for issue, _ in taken if issue.kind == MoveKind.TRANSFER]
    value_left = pool.value if left else ZERO
    arrivals = _arrivals(session, pool, transfers)
    return Standing(receipt.qty, value_in, left, value_left, takers, came_in_later, arrivals)


def _short_of(session: Session, earlier: Sequence[Any], short: Decimal) -> list[tuple[Row[Any], Decimal]]:
    """The issues among `earlier` events that waited for goods in the end, `short` of them altogether, and how much each; the
    oldest first, as they are covered."""
    moves: Any = (
        select(MoveCost.move_id, MoveCost.qty, MoveCost.kind)
        .where(*earlier, MoveCost.qty != 0)
        .order_by(MoveCost.dated_on.desc(), MoveCost.seq.desc(), MoveCost.id.desc())
    )
    waiting = []
    level, missing = -short, short  # what came in meanwhile covered older ones
    for move in _piece_by_piece(session, moves):
        if own := min(-move.qty, -level, missing) if move.qty < 0 and level < 0 else ZERO:
            waiting.append((move, own))
            missing -= own
        level -= move.qty
        if not missing:
            break
    return waiting[::-1]


def _piece_by_piece(session: Session, statement: Select[Any]) -> Iterator[Row[Any]]:
    """The rows of an ordered `statement`: the first hundred, and more only if they are asked for."""
    read, limit = 0, 100
    while rows := session.execute(statement.offset(read).limit(limit), execution_options=MEMORY_ASKS).all():
        yield from rows
        if len(rows) < limit:
            return
        read, limit = read + limit, limit * 4
