"""What changed lately is read once for all desks, and each has exactly the centre's rows at the tick that it is told."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.central import recent as keeping
from erp_desktop.central.recent import RecentChanges
from erp_desktop.wire import TablePage

Row = tuple[int, int]  # tick, and what was written at that tick


class Company:
    """One table of a centre: at each tick a row is written or deleted."""

    def __init__(self) -> None:
        self.tick = 0
        self.rows: dict[UUID, Row] = {}
        self.gone: dict[UUID, int] = {}
        self.reads = 0
        self.timeline = "first"

    def nonce(self, tick: int) -> str:
        return f"{self.timeline} {tick}"

    def act(self, number: int, is_deletion: bool) -> None:
        self.tick += 1
        row = UUID(int=number)
        if is_deletion and row in self.rows:
            del self.rows[row]
            self.gone[row] = self.tick
        else:
            self.rows[row] = (self.tick, self.tick * 7)
            self.gone.pop(row, None)

    def read(self, after: int, upto: int) -> list[TablePage] | None:
        assert upto == self.tick
        self.reads += 1
        gone = [row for row, tick in self.gone.items() if after < tick]
        changed = [(row.hex, *values) for row, values in self.rows.items() if after < values[0]]
        pages = [TablePage(table="unit", columns=[], values=[], gone=gone)] if gone else []
        if changed:
            columns = [list(column) for column in zip(*changed, strict=True)]
            pages.append(TablePage(table="unit", columns=["id", "tick", "name"], values=columns))
        return pages


class Desk:
    """Writes pages as a desk does: first everything named is forgotten, then the rows are written."""

    def __init__(self) -> None:
        self.tick = 0
        self.rows: dict[UUID, Row] = {}

    def take(self, pages: list[TablePage], tick: int) -> None:
        for page in pages:
            named = [*page.gone, *(UUID(hex=name) for name in page.values[0])] if page.values else page.gone
            for row in named:
                self.rows.pop(row, None)
        for page in pages:
            for name, written, value in zip(*page.values, strict=True):
                self.rows[UUID(hex=name)] = (written, value)
        self.tick = tick


@given(
    st.lists(st.one_of(st.tuples(st.integers(0, 3), st.booleans()), st.integers(0, 2)), max_size=60), st.integers(1, 8)
)
def test_desks_that_ask_now_and_then_have_the_centres_rows_each_time(
    happenings: list[tuple[int, bool] | int], most_rows: int
) -> None:
    company, recent, desks = Company(), RecentChanges(), [Desk() for _ in range(3)]
    at_tick = {0: dict(company.rows)}
    for happening in happenings:
        if isinstance(happening, tuple):
            company.act(*happening)
            at_tick[company.tick] = dict(company.rows)
            continue
        desk = desks[happening]
        if desk.tick == company.tick:
            continue
        found = recent.pages("all of it", desk.tick, company.tick, most_rows, company.read, company.nonce)
        if found is None:  # read for this desk by itself
            pages = company.read(desk.tick, company.tick)
            assert pages is not None
            found = pages, company.tick
        desk.take(*found)
        assert desk.rows == at_tick[desk.tick]


def test_a_hundred_desks_that_are_woken_together_cost_one_read() -> None:
    company, recent = Company(), RecentChanges()
    recent.pages("all of it", 0, 0, 5_000, company.read, company.nonce)
    company.act(1, False)
    replies = [recent.pages("all of it", 0, 1, 5_000, company.read, company.nonce) for _ in range(100)]
    assert company.reads == 1
    assert all(reply is not None and reply[1] == 1 for reply in replies)


def test_who_may_see_something_else_is_read_for_apart() -> None:
    company, recent = Company(), RecentChanges()
    company.act(1, False)
    assert recent.pages("with costs", 0, 1, 5_000, company.read, company.nonce) is not None
    assert recent.pages("without costs", 0, 1, 5_000, lambda *_: [], company.nonce) == ([], 1)


def test_what_is_kept_of_all_kinds_of_work_is_bounded_and_the_longest_unused_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "MOST_ROWS_IN_ALL", 10)
    company, recent = Company(), RecentChanges()
    for number in range(4):
        company.act(number, False)

    def reads_for(kind: str) -> int:
        before = company.reads
        assert recent.pages(kind, 0, 4, 5_000, company.read, company.nonce) is not None
        return company.reads - before

    assert [reads_for(kind) for kind in ("buyers", "packers", "buyers", "bookkeepers")] == [1, 1, 0, 1]
    assert [reads_for(kind) for kind in ("buyers", "bookkeepers", "packers")] == [0, 0, 1]
    monkeypatch.setattr(keeping, "MOST_ROWS_IN_ALL", 3)  # less than one kind's: what is asked for now is kept
    assert [reads_for(kind) for kind in ("sellers", "sellers", "packers")] == [1, 0, 1]


def test_a_snapshot_older_than_what_is_kept_is_read_for_by_itself() -> None:
    company, recent = Company(), RecentChanges()
    for _ in range(3):
        company.act(1, False)
    assert recent.pages("all of it", 0, 3, 5_000, company.read, company.nonce) is not None
    assert recent.pages("all of it", 0, 2, 5_000, company.read, company.nonce) is None


def test_ticks_of_a_timeline_that_was_lost_are_not_handed_out() -> None:
    """The database was put back, and comes to the same tick with something else, or goes on past it."""
    company, recent = Company(), RecentChanges()
    company.act(1, False)
    assert recent.pages("all of it", 0, 1, 5_000, company.read, company.nonce) is not None
    for more in (0, 1):
        put_back = Company()
        put_back.timeline = f"second {more}"
        for _ in range(1 + more):
            put_back.act(2, False)
        found = recent.pages("all of it", 0, put_back.tick, 5_000, put_back.read, put_back.nonce)
        assert found is not None
        desk = Desk()
        desk.take(*found)
        assert desk.rows == put_back.rows
