"""Whatever cells a file holds, every row gets a verdict, and taking it in ends with every row accounted for."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_books import Books, open_books

from erp_desktop.integrations.importing import make_plan, take_in
from erp_desktop.integrations.judging import Verdict
from erp_desktop.integrations.mapping import match_columns
from erp_desktop.integrations.tables import Cell, Table, TableRow, UnusableCell
from erp_desktop.integrations.targets import TARGETS


@dataclass(frozen=True)
class TableInMemory(Table):
    held: tuple[tuple[Cell, ...], ...] = ()

    def rows(self) -> Iterator[TableRow]:
        return (TableRow(number, cells) for number, cells in enumerate(self.held, start=1))


words = st.sampled_from(
    [
        "",
        "A",
        "B",
        "PC",
        "GENERAL",
        "MAIN",
        "DIRECT",
        "STOCK",
        "RETAIL",
        "1",
        "-1",
        "0.5",
        "5%",
        "2026-01-31",
        "03/04/2026",
        "yes",
    ]
)
cells = st.one_of(
    words,
    words,
    st.text(max_size=50),
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=True),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.just(UnusableCell("The formula has no stored value")),
    st.just("x" * 700),
    st.just("\x00"),
    st.just("\ud800"),
    st.just(Decimal("1E+30")),
)


@pytest.fixture(scope="module")
def books(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    path = tmp_path_factory.mktemp("any") / "erp.db"
    shutil.copyfile(sqlite_template, path)
    with open_books(f"sqlite:///{path}") as books:
        yield books


@pytest.mark.parametrize("target", sorted(TARGETS))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_row_is_taken_in_or_comes_back(books: Books, tmp_path: Path, target: str, data: st.DataObject) -> None:
    wanted = TARGETS[target]
    headings = tuple(known.heading for known in wanted.fields)
    rows = data.draw(st.lists(st.tuples(*[cells] * len(headings)), min_size=1, max_size=8))
    table = TableInMemory(tmp_path / "a.csv", "csv", separator=",", held=(headings, *rows))
    plan = make_plan(wanted, table, match_columns(wanted, table), books.ask, today=date(2026, 3, 1))
    assert len(plan.rows) == len(rows)
    assert all(bool(row.reason) == (row.verdict is Verdict.BAD) for row in plan.rows)
    bad_file = tmp_path / "back.csv"
    bad_file.unlink(missing_ok=True)
    result = take_in(plan, books.perform, bad_file=bad_file)
    assert result.taken + result.same + result.bad == len(rows)
    assert (result.bad_file is not None) == bool(result.bad)
