"""What changed lately, read once for all the desks that ask for it: after a commit a hundred of them do at once.

Kept are spans of ticks that follow each other without a gap. The rows of a span are those that a snapshot with its last
tick showed, and in such a snapshot nothing with these ticks can ever change: a later change has a later tick. Who is allowed
to see what is part of the key. Here: keeping and putting together. Not here: SQL (changes.py).
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from erp_desktop.wire import TablePage

MOST_KINDS = 64  # companies times kinds of work
MOST_ROWS, MOST_SPANS = 20_000, 200  # of each kind; older spans are read from the database again
MOST_ROWS_IN_ALL = 60_000  # of all kinds together: the kind that nobody has asked for longest goes

Read = Callable[[int, int], list[TablePage] | None]  # rows after a tick up to another; None: more than a reply holds
Nonce = Callable[
    [int], str
]  # what tells a tick from the same one of another timeline (a backup, a replica that took over)


@dataclass(frozen=True)
class _Span:
    after: int
    upto: int
    pages: list[TablePage]
    rows: int


@dataclass
class _Lane:
    guard: threading.Lock = field(default_factory=threading.Lock)
    spans: deque[_Span] = field(default_factory=deque)
    rows: int = 0
    nonce: str = ""  # of the tick that the last span ends with


class RecentChanges:
    """One worker's; safe to use from many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._lanes: OrderedDict[Hashable, _Lane] = OrderedDict()

    def pages(
        self, kind: Hashable, after: int, upto: int, most_rows: int, read: Read, nonce: Nonce
    ) -> tuple[list[TablePage], int] | None:
        """All rows after `after` up to the tick that is given back: `upto`, or less where `most_rows` are reached before.

        `upto` is the clock of the snapshot that `read` reads in. None: this desk has to be read for by itself.
        """
        with self._guard:
            lane = self._lanes.setdefault(kind, _Lane())
            self._lanes.move_to_end(kind)
            if len(self._lanes) > MOST_KINDS:
                self._lanes.popitem(last=False)
        with lane.guard:
            before = lane.rows
            if not _reach(lane, after, upto, read, nonce):
                return None
            spans = [span for span in lane.spans if span.upto > after]
            is_more = lane.rows > before
        if is_more:
            self._make_room()
        chosen: list[_Span] = []
        rows = 0
        for span in spans:
            rows += span.rows
            if rows > most_rows:
                break
            chosen.append(span)
        if not chosen:
            return None
        if chosen[0].after < after:  # this desk has the first part of it already
            rest = _rest(chosen[0].pages, after)
            if rest is None:
                return None
            chosen[0] = _Span(after, chosen[0].upto, rest, chosen[0].rows)
        pages = chosen[0].pages if len(chosen) == 1 else _together(span.pages for span in chosen)
        return pages, chosen[-1].upto

    def _make_room(self) -> None:
        """What was just asked for stays. A kind that goes while another thread reads it is read again the next time."""
        with self._guard:
            rows = sum(lane.rows for lane in self._lanes.values())
            while rows > MOST_ROWS_IN_ALL and len(self._lanes) > 1:
                rows -= self._lanes.popitem(last=False)[1].rows


def _reach(lane: _Lane, after: int, upto: int, read: Read, nonce: Nonce) -> bool:
    """Whether the lane's spans hold everything from `after` to `upto` now, and nothing later."""
    if lane.spans and lane.spans[-1].upto <= upto and nonce(lane.spans[-1].upto) != lane.nonce:
        lane.spans.clear()  # what was read is not what happened
    if not lane.spans or after > lane.spans[-1].upto:
        lane.spans.clear()
        lane.rows = 0
        begin = after
    elif after < lane.spans[0].after or upto < lane.spans[-1].upto:
        return False
    else:
        begin = lane.spans[-1].upto
    if begin < upto:
        pages = read(begin, upto)
        if pages is None:
            return False
        span = _Span(begin, upto, pages, sum(_count(page) for page in pages))
        lane.spans.append(span)
        lane.rows += span.rows
        lane.nonce = nonce(upto)
        while len(lane.spans) > 1 and (lane.rows > MOST_ROWS or len(lane.spans) > MOST_SPANS):
            lane.rows -= lane.spans.popleft().rows
    return bool(lane.spans) and after >= lane.spans[0].after


def _count(page: TablePage) -> int:
    return len(page.gone) + (len(page.values[0]) if page.values else 0)


def _rest(pages: list[TablePage], after: int) -> list[TablePage] | None:
    """The rows after `after`. What is gone has no tick here, and a row may have been made again since: then None."""
    rest = []
    for page in pages:
        if page.gone or "tick" not in page.columns:
            return None
        ticks = page.values[page.columns.index("tick")]
        kept = [place for place, tick in enumerate(ticks) if tick > after]
        if len(kept) == len(ticks):
            rest.append(page)
        elif kept:
            values = [[column[place] for place in kept] for column in page.values]
            rest.append(TablePage(table=page.table, columns=page.columns, values=values))
    return rest


def _together(spans: Iterable[list[TablePage]]) -> list[TablePage]:
    """Each row once, as the last span has it; a row that a later span says is gone is not there."""
    rows: dict[str, dict[str, tuple[object, ...]]] = {}
    columns: dict[str, list[str]] = {}
    gone: dict[str, dict[UUID, None]] = {}
    for pages in spans:
        for page in pages:
            here = rows.setdefault(page.table, {})
            for row_id in page.gone:
                gone.setdefault(page.table, {})[row_id] = None
                here.pop(row_id.hex, None)
            if page.columns:
                columns[page.table] = page.columns
                for row_id, row in zip(
                    page.values[page.columns.index("id")], zip(*page.values, strict=True), strict=True
                ):
                    here.pop(row_id, None)
                    here[row_id] = row
    found = [TablePage(table=name, columns=[], values=[], gone=list(ids)) for name, ids in sorted(gone.items())]
    for name in sorted(columns):
        if rows[name]:
            values = [list(column) for column in zip(*rows[name].values(), strict=True)]
            found.append(TablePage(table=name, columns=columns[name], values=values))
    return found
