"""Counting events in cost streams at the centre: all pools of one product in one book, in the order of their events.

Here: the state that a run of `costing.stream` starts from, and writing down where it ended: costs, edges, layers, pools, what
months ended with. An event that comes last is counted from the pools as they stand; an earlier one re-costs what follows it
(recosting.py). Not here: what anything costs (costing/), and postings.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.cost_events import (
    ADJUSTS,
    COMING_IN,
    GOING_OUT,
    LATE_VALUES,
    POSTED_BY_THEIR_DOCUMENT,
    Counted,
    Document,
    NewEvent,
    NothingThereThen,
    NotThereThen,
    WorthTooLittleThen,
    balance_row,
    counts_until,
    month_ends,
    pool_of_effect,
)
from erp_desktop.actions.cost_line import Placed
from erp_desktop.actions.cost_pools import StreamPools
from erp_desktop.actions.remembering import MEMORY_ASKS, rows_by_id
from erp_desktop.actions.standing import LAYERED, settled_issues, standing_of
from erp_desktop.costing.errors import NotEnoughStock, NothingToRevalue, ValueBelowZero
from erp_desktop.costing.events import Event, Kind, LayerKey, Result
from erp_desktop.costing.stock import KEY
from erp_desktop.costing.stream import Stream
from erp_desktop.models.costing import (
    AdjustmentKind,
    CostAdjustment,
    CostBalance,
    CostCheckpoint,
    CostEdge,
    CostEvent,
    CostLayer,
    MoveCost,
)
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import QTY_PLACES, UNIT_COST_PLACES, ZERO, from_scaled

Written = Mapping[int, tuple[NewEvent, Event, int]]  # by place in a run: a new event, as it was counted, its `seq`


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
        counted = self.write_events(written, result)
        self.write_edges(result, [one.dated_on for one in new])
        self.write_effects(counted, document)
        self.write_state(engine, self.opened_by(written, result))
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

    # -- writing down

    def write_events(self, written: Written, result: Result) -> list[Counted]:
        """The new events with their costs."""
        rows: list[dict[str, Any]] = []
        counted = {}
        for place, (one, event, seq) in written.items():
            cost, passed_on = result.costs[place], result.passed_on.get(place, 0)
            if one.kind in LATE_VALUES:
                passed_on = 0  # all of it is the document's
            variance = result.variances.get(place, 0) - passed_on
            rows.append(self._event_row(one, event, seq, event.pool, cost))
            if event.kind is Kind.TRANSFER:
                rows.append(self._event_row(one, event, seq, event.to_pool, -cost - variance))
            counted[place] = Counted(one, self.amount(cost), self.amount(variance), self.amount(passed_on))
        append_rows(self.session, self.ctx, MoveCost, rows)
        for effect in result.effects:
            if effect.event in written:
                event = written[effect.event][1]
                counted[effect.event].effects.append(
                    (
                        self.rows[pool_of_effect(event, effect)].id,
                        UUID(bytes=effect.target),
                        self.amount(effect.to_inventory),
                        self.amount(effect.to_cost_of_sales),
                    )
                )
        for change in result.layer_changes:
            if change.event in written:
                layer = None if change.layer is None else self.layer_id(change.pool, change.layer)
                valued = counted[change.event]
                valued.layers.append((self.rows[change.pool].id, layer, self.amount(change.amount)))
                # Goods are worth their own cost: what they true up elsewhere nets to zero by itself.
                if not valued.event.qty:
                    valued.to_inventory += self.amount(change.amount)
        return list(counted.values())

    def _event_row(self, new: NewEvent, event: Event, seq: int, number: int, cost: int) -> dict[str, Any]:
        row = self.rows[number]
        out = event.kind in GOING_OUT and number == event.pool
        return {
            "id": self.ctx.new_centre_id(),
            "pool_id": row.id,
            "product_id": self.product.id,
            "move_id": new.move_id,
            "kind": new.kind,
            "dated_on": new.dated_on,
            "seq": seq,
            "qty": -new.qty if out else new.qty,
            "of_id": new.of_id,
            "stated": new.stated,
            "unit_cost": new.unit_cost,
            "method": new.method,
            "cost": self.amount(cost) if new.qty else ZERO,
        }

    def write_edges(self, result: Result, dates: Sequence[date]) -> None:
        edges: defaultdict[tuple[int, int, bytes, LayerKey], list[int]] = defaultdict(lambda: [0, 0])
        for take in result.takes:
            both = edges[take.event, take.pool, take.issue, take.layer]
            both[0] += take.qty
            both[1] += take.value
        self.append_edges(
            (dates[event], pool, issue, self.layer_id(pool, layer), qty, value)
            for (event, pool, issue, layer), (qty, value) in edges.items()
        )

    def append_edges(self, edges: Iterable[tuple[date, int, bytes, UUID, int, int]]) -> None:
        append_rows(
            self.session,
            self.ctx,
            CostEdge,
            [
                {
                    "id": self.ctx.new_centre_id(),
                    "pool_id": self.rows[pool].id,
                    "issue_move_id": UUID(bytes=issue),
                    "layer_id": layer,
                    "dated_on": dated_on,
                    "qty": from_scaled(qty, QTY_PLACES),
                    "value": self.amount(value),
                }
                for dated_on, pool, issue, layer, qty, value in edges
                if qty or value
            ],
        )

    def write_effects(self, counted: Sequence[Counted], document: Document) -> None:
        """What new events changed besides their own cost: earlier moves, and layers whose value changed without quantity."""
        rows: list[dict[str, Any]] = []
        for one in counted:
            new = one.event
            kind = ADJUSTS.get(new.kind, AdjustmentKind.TRUE_UP)
            about = (kind, new.move_id, new.dated_on, new.document or document, new.line_id)
            for pool_id, layer, amount in one.layers:
                if amount and new.kind == CostEvent.STANDARD_COST and new.line_id is None:
                    # A pool that begins late takes up a standard that was set before: no document posts what that changes.
                    rows.append(self.adjustment(pool_id, *about, layer, None, amount, -amount))
                    self.corrections.add(new.kind, new.dated_on, new.move_id, None, layer, amount, -amount)
                elif amount:
                    rows.append(self.adjustment(pool_id, *about, layer, None, amount, ZERO))
            if one.variance and new.kind == MoveKind.TRANSFER:
                self.corrections.add(
                    new.kind, new.dated_on, new.move_id, new.move_id, None, -one.variance, one.variance
                )
            if one.passed_on:
                pool_id = self.rows[self.pool_of(new.place)].id
                rows.append(self.adjustment(pool_id, *about, None, None, ZERO, one.passed_on))
                self.corrections.add(new.kind, new.dated_on, new.move_id, None, None, ZERO, one.passed_on)
            if one.variance and new.kind in LATE_VALUES:
                pool_id = self.rows[self.pool_of(new.place)].id
                rows.append(self.adjustment(pool_id, *about, None, None, ZERO, one.variance))
            for pool_id, move_id, inventory, sales in one.effects:
                if inventory or sales:
                    rows.append(self.adjustment(pool_id, *about, None, move_id, inventory, sales))
                    if new.kind not in POSTED_BY_THEIR_DOCUMENT:
                        self.corrections.add(new.kind, new.dated_on, new.move_id, move_id, None, inventory, sales)
        append_rows(self.session, self.ctx, CostAdjustment, rows)

    def adjustment(
        self,
        pool_id: UUID,
        kind: AdjustmentKind,
        event_id: UUID,
        dated_on: date,
        document: Document,
        line_id: UUID | None,
        layer: UUID | None,
        move_id: UUID | None,
        to_inventory: Decimal,
        to_cost_of_sales: Decimal,
    ) -> dict[str, Any]:
        return {
            "id": self.ctx.new_centre_id(),
            "pool_id": pool_id,
            "product_id": self.product.id,
            "kind": kind,
            "event_id": event_id,
            "dated_on": dated_on,
            "document_kind": document.kind,
            "document_id": document.id,
            "line_id": line_id,
            "layer_id": layer,
            "move_id": move_id,
            "to_inventory": to_inventory,
            "to_cost_of_sales": to_cost_of_sales,
        }

    def opened_by(self, written: Written, result: Result) -> dict[tuple[int, LayerKey], dict[str, Any]]:
        """The layers that new events opened, by pool and key: what a row of theirs says of where they came from."""
        opened: dict[tuple[int, LayerKey], dict[str, Any]] = {}
        for place, (one, event, seq) in written.items():
            if event.kind in COMING_IN:
                opened[event.pool, (event.key, 0)] = {
                    "dated_on": one.dated_on,
                    "seq": seq,
                    "move_id": one.move_id,
                    "qty_in": one.qty,
                    "value_in": self.amount(result.costs[place]),
                }
        for arrival in result.arrivals:
            if arrival.event in written:
                one, _, seq = written[arrival.event]
                opened[arrival.pool, arrival.layer] = {
                    "dated_on": one.dated_on,
                    "seq": seq,
                    "move_id": one.move_id,
                    "qty_in": from_scaled(arrival.qty, QTY_PLACES),
                    "value_in": self.amount(arrival.value),
                }
        return opened

    def write_opened(self, opened: dict[tuple[int, LayerKey], dict[str, Any]]) -> None:
        """After a run that came back to where the stream was: the layers that it opened and used up, or restated."""
        ids = {self.layer_id(*held): held for held in opened}
        there = rows_by_id(self.session, self.ctx, CostLayer, ids)
        used_up = []
        for layer_id, (number, key) in ids.items():
            begins = opened[number, key]
            layer = there.get(layer_id)
            if layer is not None:
                layer.qty_in, layer.value_in = begins["qty_in"], begins["value_in"]
            elif self.rows[number].method in LAYERED:
                used_up.append(self._layer(number, key, begins, 0, 0))
        append_rows(self.session, self.ctx, CostLayer, used_up)

    def _layer(self, number: int, key: LayerKey, begins: dict[str, Any], qty: int, value: int) -> dict[str, Any]:
        return {
            **begins,
            "id": self.layer_id(number, key),
            "pool_id": self.rows[number].id,
            "part": key[1],
            "qty_left": from_scaled(qty, QTY_PLACES),
            "value_left": self.amount(value),
        }

    def write_state(self, engine: Stream, opened: dict[tuple[int, LayerKey], dict[str, Any]]) -> None:
        """Bring pools and layers to where the run left them."""
        for number, row in enumerate(self.rows):
            pool = engine.pools[number]
            row.method = pool.method
            row.on_hand = from_scaled(pool.qty, 6)
            row.value = self.amount(pool.value)
            row.last_unit_cost = _unit_cost(pool.last_unit_cost)
            row.standard_cost = _unit_cost(pool.standard)
            self._write_layers(number, pool.layers(), opened)

    def _write_layers(
        self,
        number: int,
        left: Sequence[tuple[LayerKey, int, int]],
        opened: dict[tuple[int, LayerKey], dict[str, Any]],
    ) -> None:
        row = self.rows[number]
        now = {key: (qty, value) for key, qty, value in left}
        if row.method in LAYERED:
            for pool, key in opened:
                if pool == number:
                    now.setdefault(key, (0, 0))
        stored = {(layer.move_id.bytes, layer.part): layer for layer in self.layers[row.id]}
        missing = {self.layer_id(number, key) for key in now if key not in stored and key[0] not in self.fresh}
        again = rows_by_id(self.session, self.ctx, CostLayer, missing) if missing else {}
        stored.update({(layer.move_id.bytes, layer.part): layer for layer in again.values()})
        used_up = []
        for key, (qty, value) in now.items():
            layer = stored.pop(key, None)
            if layer is None:
                added = self._layer(
                    number, key, opened.get((number, key)) or self._of_a_shortage(number, key), qty, value
                )
                if qty:
                    self.session.add(CostLayer(company_id=self.ctx.company_id, **added))
                else:
                    used_up.append(added)
                continue
            layer.qty_left, layer.value_left = from_scaled(qty, QTY_PLACES), self.amount(value)
            if (restated := opened.get((number, key))) is not None:  # came in at another quantity or cost than before
                layer.qty_in, layer.value_in = restated["qty_in"], restated["value_in"]
        for layer in stored.values():
            layer.qty_left = layer.value_left = ZERO
        append_rows(self.session, self.ctx, CostLayer, used_up)

    def _of_a_shortage(self, number: int, key: LayerKey) -> dict[str, Any]:
        """A layer that no receipt opened: what an issue took and was not there (costing.md, rule 4)."""
        issue = self.session.execute(
            select(MoveCost.dated_on, MoveCost.seq).where(
                MoveCost.company_id == self.ctx.company_id,
                MoveCost.move_id == UUID(bytes=key[0]),
                MoveCost.pool_id == self.rows[number].id,
            ),
            execution_options=MEMORY_ASKS,
        ).one()
        begins = {"dated_on": issue.dated_on, "seq": issue.seq, "move_id": UUID(bytes=key[0])}
        return {**begins, "qty_in": ZERO, "value_in": ZERO}

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


def _unit_cost(scaled: int | None) -> Decimal | None:
    return None if scaled is None else from_scaled(scaled, UNIT_COST_PLACES)
