"""Counting events in cost streams at the centre: all pools of one product in one book, in the order of their events.

Here: the state that a run of `costing.stream` starts from, and what months ended with. An event that comes last is counted from the
pools as they stand; an earlier one re-costs what follows it (recosting.py). Not here: what anything costs (costing/), writing down
what a run came to (cost_writing.py), and postings.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.cost_events import (
    Counted,
    Document,
    NewEvent,
    NothingThereThen,
    NotThereThen,
    WorthTooLittleThen,
    balance_row,
    counts_until,
    month_ends,
)
from erp_desktop.actions.cost_line import Placed
from erp_desktop.actions.cost_pools import StreamPools
from erp_desktop.actions.cost_writing import opened_by, write_edges, write_effects, write_events, write_state
from erp_desktop.actions.remembering import MEMORY_ASKS
from erp_desktop.actions.standing import settled_issues, standing_of
from erp_desktop.costing.errors import NotEnoughStock, NothingToRevalue, ValueBelowZero
from erp_desktop.costing.events import Event, Kind, Result
from erp_desktop.costing.stock import KEY
from erp_desktop.costing.stream import Stream
from erp_desktop.models.costing import CostBalance, CostCheckpoint, MoveCost
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import QTY_PLACES, from_scaled


class CostStream(StreamPools):
    """The pools of one product in one book, and what is counted in them."""

    def append(self, new: Sequence[NewEvent], document: Document) -> list[Counted] | None:
        """Count `new`, none of them dated before the stream's last event. None: they lead to a pool that moved after them."""
        engine = self.stream()
        events = [self.event(one) for one in new]
        for number in range(len(self.rows)):
            self.open_as_it_stands(engine, number)
        inside = {event.key for event in events}
        naming = [(event.of, event) for event in events if event.of is not None]
        engine.expect(of for of, _ in naming)
        earlier = [(of, event) for of, event in naming if of not in inside]
        self.make_known(
            engine,
            issues={of for of, event in earlier if event.kind == Kind.CUSTOMER_RETURN},
            receipts={(of, event.pool) for of, event in earlier if event.kind != Kind.CUSTOMER_RETURN},
            opens=self.open_as_it_stands,
        )
        if self.last_on is not None and self.last_on > new[0].dated_on:
            return None
        result = run(self, engine, events, {one.move_id.bytes: one.dated_on for one in new})
        seqs = [self.streams.next_seq(one.kind) for one in new]
        self.move_on(new, [(change.pool, new[change.event]) for change in result.layer_changes])
        self.fresh |= inside
        written = dict(enumerate(zip(new, events, seqs, strict=True)))
        counted = write_events(self, written, result)
        write_edges(self, result, [one.dated_on for one in new])
        write_effects(self, counted, document)
        write_state(self, engine, opened_by(self, written, result))
        return counted

    def make_known(
        self,
        engine: Stream,
        issues: AbstractSet[bytes],
        receipts: AbstractSet[tuple[bytes, int]],
        opens: Callable[[Stream, int], object],
        until: date | None = None,
    ) -> None:
        """Tell the engine of issues and receipts (with their pools) before its start, the end of `until`, that events name.

        Its pools are open: what they are short of tells which transfers have to be known as well. `opens` opens those that
        goods of a receipt passed through.
        """
        if issues:
            wanted = sorted(UUID(bytes=key) for key in issues)
            for issue in settled_issues(self.session, self.ctx, self.book.id, wanted, until):
                engine.know_issue(
                    issue.move_id.bytes,
                    self.money(issue.settled),
                    self.qty(issue.qty),
                    self.qty(issue.returned_qty),
                    self.money(issue.returned_value),
                )

        def follow(transfers: Iterable[tuple[UUID, UUID]]) -> list[tuple[bytes, int]]:
            numbers = self.numbers_of(pool_id for _, pool_id in transfers)
            for number in range(len(engine.pools), len(self.rows)):
                opens(engine, number)
            return [(move_id.bytes, numbers[pool_id]) for move_id, pool_id in transfers if pool_id in numbers]

        waiting = sorted({*receipts, *follow(self._moved_short(engine))})
        known: set[bytes] = set()
        while waiting:
            key, number = waiting.pop()
            if key in known:
                continue
            known.add(key)
            on_hand = from_scaled(engine.pools[number].qty, QTY_PLACES)
            standing = standing_of(self.session, self.rows[number], UUID(bytes=key), until=until, on_hand=on_hand)
            engine.know_receipt(
                key,
                number,
                qty_in=self.qty(standing.qty_in),
                value_in=self.money(standing.value_in),
                came_in_later=self.qty(standing.came_in_later),
                takers=[(issue_id.bytes, self.qty(qty)) for issue_id, qty in standing.takers],
            )
            waiting += follow(standing.transfers)

    def _moved_short(self, engine: Stream) -> list[tuple[UUID, UUID]]:
        """Transfers that some of the goods are missing for, with where they went, in every book: what covers them goes on to
        there."""
        short = {UUID(bytes=layer[KEY]) for pool in engine.pools.values() for layer in pool.shorts}
        if not short:
            return []
        arrived = select(MoveCost.move_id, MoveCost.pool_id).where(
            MoveCost.company_id == self.ctx.company_id,
            MoveCost.move_id.in_(sorted(short)),
            MoveCost.kind == MoveKind.TRANSFER,
            MoveCost.qty > 0,
        )
        found = self.session.execute(arrived, execution_options=MEMORY_ASKS)
        return [(row.move_id, row.pool_id) for row in found]

    def move_on(
        self, new: Iterable[NewEvent], revalued: Iterable[tuple[int, NewEvent | Placed]], until: date | None = None
    ) -> None:
        """Pools move with new events, and where these or others changed the value of what they hold, `revalued`.

        Before that, for the months that ended since a pool last moved: what it held then, and the state to re-cost from. Only
        of pools that have not moved since `until`: of those, the rows say what they held.
        """
        first_on: dict[int, date] = {}
        last_on: dict[int, date] = {}
        moved = [(self.pool_of(place), one) for one in new for place in (one.place, one.to_place) if place is not None]
        for number, one in (*moved, *revalued):
            first_on[number] = min(first_on.get(number, one.dated_on), one.dated_on)
            last_on[number] = max(last_on.get(number, date.min), counts_until(one.kind, one.dated_on))
        balances: list[dict[str, Any]] = []
        checkpoints: list[dict[str, Any]] = []
        for number, day in first_on.items():
            row = self.rows[number]
            if row.last_moved_on is not None and (until is None or row.last_moved_on <= until):
                ends = list(month_ends(row.last_moved_on, day))
                if ends:
                    balances += [balance_row(row.id, end, row.on_hand, row.value) for end in ends]
                    engine = self.stream()
                    self.open_as_it_stands(engine, number)
                    checkpoints.append({"pool_id": row.id, "ends_on": ends[0], "state": engine.pools[number].state()})
            row.last_moved_on = max(row.last_moved_on or date.min, last_on[number])
        append_rows(self.session, self.ctx, CostBalance, balances)
        append_rows(self.session, self.ctx, CostCheckpoint, checkpoints)


def run(stream: CostStream, engine: Stream, events: Sequence[Event], dates: dict[bytes, date]) -> Result:
    """Run `events`. Raises NotThereThen, NothingThereThen or WorthTooLittleThen where what they say cannot have been."""
    try:
        return engine.run(events)
    except NotEnoughStock as short:
        raise NotThereThen(
            on_hand=from_scaled(short.on_hand, QTY_PLACES),
            product=stream.product.code,
            day=dates[short.key],
            asked=from_scaled(short.asked, QTY_PLACES),
        ) from None
    except NothingToRevalue as nothing:
        raise NothingThereThen(product=stream.product.code, day=dates[nothing.key]) from None
    except ValueBelowZero as below:
        raise WorthTooLittleThen(product=stream.product.code, day=dates[below.key]) from None
