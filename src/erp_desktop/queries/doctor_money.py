"""What the doctor checks of money: costs against moves and layers, the ledger against its lines, and both together.

Every cost book for itself: value in = value out + value on hand + value expensed (costing.md, rule 1); and for the book that
posts: inventory accounts = cost layers = moves at cost with their adjustments (accounting.md).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from erp_desktop.costing.events import LAYERED
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.base import PENDING_TICK
from erp_desktop.models.costing import CostAdjustment, CostBook, CostEdge, CostEvent, CostLayer, CostPool, MoveCost
from erp_desktop.models.ledger import Account, AccountPurpose, JournalEntry, JournalLine, LedgerBalance, Period
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import LandedCost, LandedCostShare
from erp_desktop.models.stock import StockMove, Warehouse
from erp_desktop.models.sync import NumberSeries
from erp_desktop.numbers import ZERO
from erp_desktop.queries.examining import Check, Describe, Difference, Examined, check, differing, listed, shown


def _pool(examined: Examined, key: Sequence[Any]) -> str:
    pool = examined.session.get(CostPool, (examined.company_id, key[0]))
    if pool is None:
        return str(key[0])
    place = "" if pool.warehouse_id is None else f" @ {examined.name(Warehouse, pool.warehouse_id)}"
    return f"{examined.name(Product, pool.product_id)}{place} [{examined.name(CostBook, pool.book_id)}]"


def _layer(examined: Examined, key: Sequence[Any]) -> str:
    layer = examined.session.get(CostLayer, (examined.company_id, key[0]))
    if layer is None:
        return str(key[0])
    return f"{_pool(examined, [layer.pool_id])} {layer.dated_on.isoformat()}"


def _move_in_pool(examined: Examined, key: Sequence[Any]) -> str:
    move = examined.session.get(StockMove, (examined.company_id, key[1]))
    dated = "" if move is None else f" {move.kind} {move.moved_on.isoformat()}"
    return f"{_pool(examined, key)}{dated} {key[1]}"


def _in_book(model: type[Any], book: str) -> Describe:
    """Names the record, the book, and what else the key holds."""
    return lambda examined, key: " ".join([examined.name(model, key[0]), f"[{book}]", *map(str, key[1:])])


def _of(examined: Examined, *columns: Any) -> Select[Any]:
    return select(*columns).where(columns[0].class_.company_id == examined.company_id)


def _together(*parts: Select[Any]) -> Select[Any]:
    first, *others = parts
    return select(*first.union_all(*others).subquery("parts").c)


def _books_in_use(examined: Examined) -> Sequence[Any]:
    """Id and code of the books that are kept; one that was closed says nothing of what moved since."""
    return examined.session.execute(
        _of(examined, CostBook.id, CostBook.code).where(CostBook.is_closed.is_(False))
    ).all()


@check(CostPool, MoveCost)
def pool_quantities_are_their_moves(examined: Examined) -> list[Difference]:
    what = QT_TRANSLATE_NOOP("Doctor", "Quantity of a cost pool against its costed moves")
    moved = _of(examined, MoveCost.pool_id, MoveCost.qty)
    return differing(examined, what, moved, _of(examined, CostPool.id, CostPool.on_hand), _pool)


@check(CostPool, MoveCost, CostAdjustment)
def pool_values_are_their_moves_and_adjustments(examined: Examined) -> list[Difference]:
    what = QT_TRANSLATE_NOOP("Doctor", "Value of a cost pool against its moves and adjustments")
    moved = _together(
        _of(examined, MoveCost.pool_id, MoveCost.cost),
        _of(examined, CostAdjustment.pool_id, CostAdjustment.to_inventory),
    )
    return differing(examined, what, moved, _of(examined, CostPool.id, CostPool.value), _pool)


def _in_layered_pools(examined: Examined, column: Any, *, always: bool = True) -> Any:
    """Only of pools that keep layers, and have done so from the beginning: averages and standards are one layer each.

    The pools are the same for every row of `column`; a condition that named its company would look through them for each.
    """
    pools = select(CostPool.id).where(CostPool.company_id == examined.company_id, CostPool.method.in_(LAYERED))
    if not always:
        return column.in_(pools.correlate(None))
    begun = select(MoveCost.pool_id).where(
        MoveCost.company_id == examined.company_id,
        MoveCost.kind == CostEvent.METHOD,
        MoveCost.method.not_in(LAYERED),
    )
    begun = begun.correlate(None)
    return column.in_(pools.where(CostPool.first_method.in_(LAYERED), CostPool.id.not_in(begun)).correlate(None))


@check(CostPool, CostLayer)
def pools_are_their_layers(examined: Examined) -> list[Difference]:
    layer, pool = CostLayer, CostPool
    quantities = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Quantity of a cost pool against its layers"),
        _of(examined, layer.pool_id, layer.qty_left).where(_in_layered_pools(examined, layer.pool_id, always=False)),
        _of(examined, pool.id, pool.on_hand).where(_in_layered_pools(examined, pool.id, always=False)),
        _pool,
    )
    values = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Value of a cost pool against its layers"),
        _of(examined, layer.pool_id, layer.value_left).where(_in_layered_pools(examined, layer.pool_id, always=False)),
        _of(examined, pool.id, pool.value).where(_in_layered_pools(examined, pool.id, always=False)),
        _pool,
    )
    return quantities + values


def _of_moves(sign: Any) -> Any:
    """Corrections of moves that came in or went out, whichever `sign` asks for, of their own pool."""
    moves = select(MoveCost.move_id).where(
        MoveCost.company_id == CostAdjustment.company_id,
        MoveCost.pool_id == CostAdjustment.pool_id,
        MoveCost.move_id == CostAdjustment.move_id,
        sign,
    )
    return moves.exists()


@check(CostLayer, MoveCost, CostAdjustment)
def what_layers_took_in_is_what_came(examined: Examined) -> list[Difference]:
    came = MoveCost.qty > 0
    layered = _in_layered_pools(examined, MoveCost.pool_id)
    quantities = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Quantity that layers took in against the moves that brought it"),
        _of(examined, MoveCost.pool_id, MoveCost.qty).where(came, layered),
        _of(examined, CostLayer.pool_id, CostLayer.qty_in).where(_in_layered_pools(examined, CostLayer.pool_id)),
        _pool,
    )
    restated = _of(examined, CostAdjustment.pool_id, CostAdjustment.to_inventory).where(
        _in_layered_pools(examined, CostAdjustment.pool_id),
        CostAdjustment.event_id == CostAdjustment.move_id,
        _of_moves(came),
    )
    values = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Value that layers took in against the moves that brought it"),
        _together(_of(examined, MoveCost.pool_id, MoveCost.cost).where(came, layered), restated),
        _of(examined, CostLayer.pool_id, CostLayer.value_in).where(_in_layered_pools(examined, CostLayer.pool_id)),
        _pool,
    )
    return quantities + values


@check(CostLayer, CostEdge, CostAdjustment)
def what_is_left_of_layers(examined: Examined) -> list[Difference]:
    of_layers = _in_layered_pools(examined, CostLayer.pool_id)
    edges = _in_layered_pools(examined, CostEdge.pool_id)
    quantities = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Quantity left of a cost layer against what was taken"),
        _together(
            _of(examined, CostLayer.id, CostLayer.qty_in).where(of_layers),
            _of(examined, CostEdge.layer_id, -CostEdge.qty).where(edges),
        ),
        _of(examined, CostLayer.id, CostLayer.qty_left).where(of_layers),
        _layer,
    )
    later = _of(examined, CostAdjustment.layer_id, CostAdjustment.to_inventory)
    values = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Value left of a cost layer against what was taken and added"),
        _together(
            _of(examined, CostLayer.id, CostLayer.value_in).where(of_layers),
            _of(examined, CostEdge.layer_id, -CostEdge.value).where(edges),
            later.where(CostAdjustment.layer_id.is_not(None), _in_layered_pools(examined, CostAdjustment.pool_id)),
        ),
        _of(examined, CostLayer.id, CostLayer.value_left).where(of_layers),
        _layer,
    )
    return quantities + values


@check(CostPool, CostLayer)
def no_quantity_no_value(examined: Examined) -> list[Difference]:
    what = QT_TRANSLATE_NOOP("Doctor", "Value where there is no quantity")
    pools = _of(examined, CostPool.id, CostPool.value).where(CostPool.on_hand == 0, CostPool.value != 0)
    layers = _of(examined, CostLayer.id, CostLayer.value_left).where(CostLayer.qty_left == 0, CostLayer.value_left != 0)
    execute = examined.session.execute
    return [
        *listed(what, ((_pool(examined, row), ZERO, row[1]) for row in execute(pools))),
        *listed(what, ((_layer(examined, row), ZERO, row[1]) for row in execute(layers))),
    ]


@check(MoveCost, CostEdge, CostAdjustment)
def issues_cost_what_they_took(examined: Examined) -> list[Difference]:
    """With true-ups and corrections; an expensed share of late value is no part of what an issue took."""
    left = (MoveCost.qty < 0, _in_layered_pools(examined, MoveCost.pool_id))
    edges = _in_layered_pools(examined, CostEdge.pool_id)
    quantities = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Quantity of an issue against what it took of layers"),
        _of(examined, CostEdge.pool_id, CostEdge.issue_move_id, CostEdge.qty).where(edges),
        _of(examined, MoveCost.pool_id, MoveCost.move_id, -MoveCost.qty).where(*left),
        _move_in_pool,
    )
    adjustment = CostAdjustment
    corrected = _of(examined, adjustment.pool_id, adjustment.move_id, -adjustment.to_inventory).where(
        _in_layered_pools(examined, adjustment.pool_id), _of_moves(MoveCost.qty < 0)
    )
    values = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Cost of an issue against the value that it took of layers"),
        _of(examined, CostEdge.pool_id, CostEdge.issue_move_id, CostEdge.value).where(edges),
        _together(_of(examined, MoveCost.pool_id, MoveCost.move_id, -MoveCost.cost).where(*left), corrected),
        _move_in_pool,
    )
    return quantities + values


@check(StockMove, MoveCost, CostPool, CostBook)
def every_move_is_costed_in_every_book(examined: Examined) -> list[Difference]:
    """Compared per move: a transfer adds up to nothing, within one pool or between two."""
    differences: list[Difference] = []
    settled = (StockMove.company_id == examined.company_id) & (StockMove.tick != PENDING_TICK)
    signed = case(
        (StockMove.to_bin_id.is_(None), -StockMove.qty), (StockMove.from_bin_id.is_(None), StockMove.qty), else_=0
    )
    moved = select(StockMove.product_id, StockMove.id, signed).where(settled, signed != 0)
    for book_id, code in _books_in_use(examined):
        in_book = and_(CostPool.company_id == MoveCost.company_id, CostPool.id == MoveCost.pool_id)
        costed = _of(examined, MoveCost.product_id, MoveCost.move_id, MoveCost.qty).join(CostPool, in_book)
        differences += differing(
            examined,
            QT_TRANSLATE_NOOP("Doctor", "Quantity of a stock move against its costing"),
            moved,
            costed.where(CostPool.book_id == book_id),
            _in_book(Product, code),
        )
    return differences


@check(LandedCost, LandedCostShare, CostAdjustment, CostPool, CostBook)
def landed_costs_went_where_their_shares_say(examined: Examined) -> list[Difference]:
    """Per landed cost, in every book: what went to inventory and to cost of sales is all of it."""
    differences: list[Difference] = []
    both = CostAdjustment.to_inventory + CostAdjustment.to_cost_of_sales
    for book_id, code in _books_in_use(examined):
        in_book = and_(CostPool.company_id == CostAdjustment.company_id, CostPool.id == CostAdjustment.pool_id)
        adjusted = _of(examined, CostAdjustment.document_id, both).join(CostPool, in_book)
        differences += differing(
            examined,
            QT_TRANSLATE_NOOP("Doctor", "Landed cost against what it added to inventory and cost of sales"),
            _of(examined, LandedCost.id, LandedCost.amount).where(
                LandedCost.number.is_not(None)
            ),  # else a desk's alone
            adjusted.where(CostAdjustment.document_kind == "landed_cost", CostPool.book_id == book_id),
            _in_book(LandedCost, code),
        )
    share = LandedCostShare
    fell = (
        share.to_inventory
        + share.to_goods_dispatched
        + share.to_cost_of_sales
        + share.to_variance
        + share.to_scrap_loss
    )
    uneven = _of(examined, share.landed_cost_id, share.line_no, share.amount, fell).where(share.amount != fell)
    rows = examined.session.execute(uneven)
    what = QT_TRANSLATE_NOOP("Doctor", "Share of a landed cost against how it fell")
    return [
        *differences,
        *listed(what, ((f"{examined.name(LandedCost, row[0])} #{row[1]}", row[2], row[3]) for row in rows)),
    ]


@check(JournalEntry, JournalLine, Period)
def entries_balance(examined: Examined) -> list[Difference]:
    unbalanced = differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Credits of a journal entry against its debits"),
        _of(examined, JournalLine.entry_id, JournalLine.debit),
        _of(examined, JournalLine.entry_id, JournalLine.credit),
        lambda examined, key: examined.name(JournalEntry, key[0]),
    )
    same = and_(JournalEntry.company_id == JournalLine.company_id, JournalEntry.id == JournalLine.entry_id)
    moved = select(JournalEntry.id, JournalEntry.dated_on, JournalLine.dated_on).join(JournalLine, same)
    moved = moved.where(JournalLine.company_id == examined.company_id, JournalLine.dated_on != JournalEntry.dated_on)
    in_period = and_(Period.company_id == JournalEntry.company_id, Period.id == JournalEntry.period_id)
    outside = select(JournalEntry.id, Period.starts_on, JournalEntry.dated_on).join(Period, in_period)
    outside = outside.where(
        JournalEntry.company_id == examined.company_id,
        or_(JournalEntry.dated_on < Period.starts_on, JournalEntry.dated_on > Period.ends_on),
    )
    execute = examined.session.execute
    return [
        *unbalanced,
        *listed(
            QT_TRANSLATE_NOOP("Doctor", "Date of a journal line against its entry"),
            ((examined.name(JournalEntry, row[0]), row[1], row[2]) for row in execute(moved)),
        ),
        *listed(
            QT_TRANSLATE_NOOP("Doctor", "Date of a journal entry against its period"),
            ((examined.name(JournalEntry, row[0]), f"{row[1]:%Y-%m}", row[2]) for row in execute(outside)),
        ),
    ]


@check(JournalEntry, Period)
def vouchers_have_no_gaps(examined: Examined) -> list[Difference]:
    """Voucher numbers are unique within a period by the table's own rule; so the last must be how many there are."""
    entry = JournalEntry
    periods = select(entry.period_id, func.count(), func.max(entry.number))
    periods = periods.where(entry.company_id == examined.company_id).group_by(entry.period_id)
    wrong = []
    for period_id, count, highest in examined.session.execute(periods).all():
        series = examined.session.get(NumberSeries, (examined.company_id, "voucher", period_id.hex))
        last = max(highest, series.last if series else 0)
        if count != last:
            there = select(entry.number).where(entry.company_id == examined.company_id, entry.period_id == period_id)
            missing = sorted(set(range(1, last + 1)) - set(examined.session.execute(there).scalars()))
            numbers = ", ".join(map(str, missing[:10]))
            wrong.append((f"{examined.name(Period, period_id)} ({numbers})", last, count))
    return listed(QT_TRANSLATE_NOOP("Doctor", "Voucher numbers of a period, missing ones in brackets"), wrong)


@check(LedgerBalance, JournalLine, JournalEntry)
def ledger_balances_are_their_lines(examined: Examined) -> list[Difference]:
    same = and_(JournalEntry.company_id == JournalLine.company_id, JournalEntry.id == JournalLine.entry_id)

    def where(examined: Examined, key: Sequence[Any]) -> str:
        return f"{examined.name(Account, key[0])} {examined.name(Period, key[1])}"

    differences: list[Difference] = []
    for what, side in (
        (QT_TRANSLATE_NOOP("Doctor", "Debit balance of an account against its journal lines"), "debit"),
        (QT_TRANSLATE_NOOP("Doctor", "Credit balance of an account against its journal lines"), "credit"),
    ):
        line, kept = getattr(JournalLine, side), getattr(LedgerBalance, side)
        posted = select(JournalLine.account_id, JournalEntry.period_id, JournalLine.cost_centre_id, line)
        posted = posted.join(JournalEntry, same).where(JournalLine.company_id == examined.company_id)
        balances = _of(examined, LedgerBalance.account_id, LedgerBalance.period_id, LedgerBalance.cost_centre_id, kept)
        differences += differing(examined, what, posted, balances, where)
    return differences


@check(AccountPurpose, LedgerBalance, CostPool, CostBook, CostLayer, MoveCost, CostAdjustment)
def inventory_in_the_ledger_is_inventory_at_cost(examined: Examined) -> list[Difference]:
    """Of the book that posts: the inventory accounts hold what the pools are worth, and what moves and adjustments cost."""
    posting = select(CostPool.id).join(
        CostBook, and_(CostBook.company_id == CostPool.company_id, CostBook.id == CostPool.book_id)
    )
    posting = posting.where(CostPool.company_id == examined.company_id, CostBook.posts_to_ledger)
    accounts = select(AccountPurpose.account_id).where(
        AccountPurpose.company_id == examined.company_id, AccountPurpose.purpose == "inventory"
    )
    scalar = examined.session.scalar
    of_accounts = and_(LedgerBalance.company_id == examined.company_id, LedgerBalance.account_id.in_(accounts))
    debit = scalar(select(func.sum(LedgerBalance.debit)).where(of_accounts)) or ZERO
    credit = scalar(select(func.sum(LedgerBalance.credit)).where(of_accounts)) or ZERO

    def summed(column: Any) -> Any:
        of_pools = (column.class_.company_id == examined.company_id, column.class_.pool_id.in_(posting))
        return scalar(select(func.sum(column)).where(*of_pools)) or ZERO

    of_pools = (CostPool.company_id == examined.company_id, CostPool.id.in_(posting))
    pools = scalar(select(func.sum(CostPool.value)).where(*of_pools)) or ZERO
    moves = summed(MoveCost.cost) + summed(CostAdjustment.to_inventory)
    codes = select(Account.code).where(Account.company_id == examined.company_id, Account.id.in_(accounts))
    where = ", ".join(sorted(examined.session.scalars(codes)))
    found = []
    if debit - credit != pools:
        what = QT_TRANSLATE_NOOP("Doctor", "Balance of the inventory accounts against the cost pools")
        found.append(Difference(what, where, shown(pools), shown(debit - credit)))
    if debit - credit != moves:
        what = QT_TRANSLATE_NOOP("Doctor", "Balance of the inventory accounts against stock moves at cost")
        found.append(Difference(what, where, shown(moves), shown(debit - credit)))
    return found


MONEY_CHECKS: tuple[Check, ...] = (
    every_move_is_costed_in_every_book,
    pool_quantities_are_their_moves,
    pool_values_are_their_moves_and_adjustments,
    pools_are_their_layers,
    what_layers_took_in_is_what_came,
    what_is_left_of_layers,
    no_quantity_no_value,
    issues_cost_what_they_took,
    landed_costs_went_where_their_shares_say,
    entries_balance,
    vouchers_have_no_gaps,
    ledger_balances_are_their_lines,
    inventory_in_the_ledger_is_inventory_at_cost,
)
