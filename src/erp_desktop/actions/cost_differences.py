"""What came out differently when a stream was counted again: as adjustments, edges and restated layers of its books."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from erp_desktop.actions.appending import append_stored
from erp_desktop.actions.cost_events import COMING_IN, Document
from erp_desktop.actions.cost_line import Differing, EdgeOn, Edges, Placed, edges_in_the_books, edges_of
from erp_desktop.actions.cost_streams import CostStream
from erp_desktop.actions.cost_writing import Opened, came_in
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.costing.events import Kind, Result
from erp_desktop.models.costing import AdjustmentKind, CostAdjustment, CostEdge, CostLayer
from erp_desktop.numbers import MONEY_PLACES, ZERO


@dataclass
class CountedAgain:
    """A stream counted again from a day on: its events and what came of them, with places as in `line`."""

    start: date
    line: list[Placed] = field(default_factory=list)
    result: Result = field(default_factory=Result)
    found: list[Differing] = field(default_factory=list)  # what the books had otherwise
    until: date = date.max  # the end of the month with which it was over; never, if it went on to the last event

    @property
    def is_over_early(self) -> bool:
        return self.until < date.max


def write_differences(stream: CostStream, again: CountedAgain, document: Document, opened: Opened) -> None:
    """Writes them, and adds to `opened` the layers of old events that came in otherwise."""
    taken_before = edges_in_the_books(stream, again.start, again.until)
    edges = _edge_differences(stream, again, taken_before)
    opened.update(_restated_layers(stream, again, {edge.issue for edge, _, _ in edges}, taken_before))
    _write_adjustments(stream, again, document)
    _write_edges(stream, edges)


_ADJUSTMENT = (
    "pool_id",
    "product_id",
    "kind",
    "event_id",
    "dated_on",
    "document_kind",
    "document_id",
    "line_id",
    "layer_id",
    "move_id",
    "to_inventory",
    "to_cost_of_sales",
)
_EDGE = ("pool_id", "issue_move_id", "layer_id", "dated_on", "qty", "value")


def _write_adjustments(stream: CostStream, again: CountedAgain, document: Document) -> None:
    rows = []
    pool_ids = [row.id.bytes for row in stream.rows]
    product_id, document_id = stream.product.id.bytes, document.id.bytes
    finer = 10 ** (MONEY_PLACES - stream.places)
    for place, part, inventory, sales in again.found:
        line = again.line[place]
        rows.append(
            (
                pool_ids[part.pool],
                product_id,
                AdjustmentKind.BACK_DATED.value,
                part.event,
                line.dated_on,
                document.kind,
                document_id,
                None,
                part.layer or None,
                part.target or None,
                inventory * finer,
                sales * finer,
            )
        )
        about = (part.event, part.target or None, part.layer or None)
        stream.corrections.add(line.kind, line.dated_on, *about, inventory, stream.amount(sales))
    append_stored(stream.session, stream.ctx, CostAdjustment, _ADJUSTMENT, rows)


def _restated_layers(
    stream: CostStream, again: CountedAgain, taking_otherwise: Set[bytes], taken_before: Edges
) -> Opened:
    """The layers of goods that came in at another cost than before, or, with a transfer, in other parts."""
    restated: Opened = {}
    changed = {one.part.event for one in again.found if one.part.event == one.part.target} | taking_otherwise
    parts: dict[bytes, int] = {}  # that a transfer has now
    to_pool: dict[bytes, int] = {}
    for place, row in enumerate(again.line):
        if row.cost is not None and row.event.key in changed:
            if row.event.kind in COMING_IN:
                qty, value = row.event.qty, again.result.costs[place]
                restated[row.event.pool, (row.event.key, 0)] = came_in(
                    stream, row.dated_on, row.seq, row.event.key, qty, value
                )
            elif row.event.kind == Kind.TRANSFER:
                parts[row.event.key], to_pool[row.event.key] = 0, row.event.to_pool
    for arrival in again.result.arrivals:
        row = again.line[arrival.event]
        if row.event.key in parts or (row.event.kind == Kind.METHOD and row.cost is not None):
            restated[arrival.pool, arrival.layer] = came_in(
                stream, row.dated_on, row.seq, row.event.key, arrival.qty, arrival.value
            )
            parts[row.event.key] = arrival.layer[1] + 1
    gone: set[UUID] = set()  # the last parts of transfers that took of more layers than now
    for transfer, count in Counter(edge.issue for edge in taken_before if edge.issue in parts).items():
        pool = to_pool[transfer]
        gone.update(stream.layer_id(pool, (transfer, part)) for part in range(parts[transfer], count))
    for layer in rows_by_id(stream.session, stream.ctx, CostLayer, gone).values():
        layer.qty_in = layer.value_in = ZERO
    return restated


def _edge_differences(stream: CostStream, again: CountedAgain, taken_before: Edges) -> list[tuple[EdgeOn, int, int]]:
    """What issues now take of other layers than before: quantity and value, in order."""
    now, then = edges_of(stream, again.line, again.result), dict(taken_before)
    different = []
    for key, (qty, value) in now.items():
        before = then.pop(key, None)
        if before is None:
            different.append((key, qty, value))
        elif before != [qty, value]:
            different.append((key, qty - before[0], value - before[1]))
    different += [(key, -qty, -value) for key, (qty, value) in then.items() if qty or value]
    return sorted(different)  # the database gives them in any order


def _write_edges(stream: CostStream, edges: Sequence[tuple[EdgeOn, int, int]]) -> None:
    """Edges of their own."""
    pool_ids = [row.id.bytes for row in stream.rows]
    finer = 10 ** (MONEY_PLACES - stream.places)
    rows = [(pool_ids[key.pool], key.issue, key.layer, key.dated_on, qty, value * finer) for key, qty, value in edges]
    append_stored(stream.session, stream.ctx, CostEdge, _EDGE, rows)
