"""Whatever stands in the place of one value of an action, the centre applies it or refuses it: it never stumbles, and what
is kept can be sent to every desk.

A draw of all combinations by default; all of them, on both databases, where HOSTILE_VALUES is set.
"""

import copy
import os
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from furnished import Furnished, every_action, rehearsed
from sqlalchemy import Engine, select

from company_fixtures import open_small_company
from erp_desktop.actions.refusals import Problem
from erp_desktop.central.rows import stored_tables
from erp_desktop.models import replicated_tables

HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**38, 0.1, 1e308, -1e-320),
    *("", " ", "0", "-1", "1", "0.1", "NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "1e400", "-1E+4000", "1e-400"),
    *("9" * 38, "-" + "9" * 38, "0." + "9" * 38, "9" * 5_000, "1e999999999999999999", "٣", "½", "1,5", "0x10", "1_000"),
    *("\x00", "a\x00b", "😀" * 5, "𠮷野家", "e\u0301", "\u202e\u200b", "\ufeff", "\uffff", "x" * 100_000),
    *(
        "'; DROP TABLE unit; --",
        '"; DELETE FROM unit; --',
        "unit\\",
        "%",
        "_",
        "{code}",
        "${x}",
        "<b>",
        "{0.__class__}",
    ),
    *("9999-12-31", "0001-01-01", "2026-02-30", "2026-02-28T08:00:00Z", "0000-00-00"),
    *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "not an id"),
    *([], [[]], [None], {}, {"a": 1}, [{}], {"": None}),
]
MENDED: list[tuple[str, tuple[Any, ...], Any]] = [  # on these the centre has stumbled once
    ("SavePrice", ("from_qty",), "sNaN"),
    ("SavePrice", ("unit_price",), "9" * 5_000),
    ("SaveBudget", ("year",), 2**63),
    ("SaveBudget", ("lines", 0, "amount"), "9" * 5_000),
    ("RevalueStock", ("lines", 0, "amount"), "9" * 5_000),
    ("SaveCostToServeRule", ("kind",), "x" * 100_000),
]
DRAWN = {"sqlite": 200, "postgresql": 50}
IS_LONG_RUN = "HOSTILE_VALUES" in os.environ
if IS_LONG_RUN:  # 34,000 values, each in a transaction of its own: ten minutes on PostgreSQL where nothing else runs
    pytestmark = pytest.mark.timeout(0)


@pytest.fixture
def furnished(engine: Engine) -> Furnished:
    return Furnished(open_small_company(engine, revenue_at="invoice"))


def places(part: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value, lists and objects included."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inner:
        yield (*here, key)
        yield from places(value, (*here, key))


def with_value(args: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(args)
    part = changed
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    return changed


def test_no_value_in_any_place_of_any_action_makes_the_centre_stumble(
    engine: Engine, furnished: Furnished, caplog: pytest.LogCaptureFixture
) -> None:
    cases = [
        (name, args, place, value)
        for name, args in every_action(engine, furnished).items()
        for place in places(args)
        for value in HOSTILE
    ]
    if not IS_LONG_RUN:
        cases = random.Random(20260316).sample(cases, DRAWN[engine.dialect.name]) + [
            case for case in cases if _has_been_mended(case)
        ]
    failures = []
    applied = 0
    for name, args, place, value in cases:
        where = f"{name} {place} = {str(value)[:60]!r}"
        caplog.clear()
        try:
            with rehearsed(engine, furnished.company, name, with_value(args, place, value)) as (result, session):
                if result.outcome == "applied":
                    applied += 1
                    send_what_was_written(engine, session, furnished, result.tick)
        except Exception as error:
            failures.append(f"{where}: {type(error).__name__} {str(error)[:200]}")
            continue
        problem = Problem.from_dict(result.problem or {})
        if problem.code == "fault":
            log = " ".join(str(record.exc_info and record.exc_info[1]) for record in caplog.records)
            failures.append(f"{where}: fault {log[:200]}")
        elif len(problem.sentence) > 1_500:
            failures.append(f"{where}: a sentence of {len(problem.sentence)} characters")
    assert not failures, f"{len(failures)} of {len(cases)}\n" + "\n".join(failures)
    assert applied > len(cases) / 50, "most are refused, but not all"


def _has_been_mended(case: tuple[Any, ...]) -> bool:
    return (case[0], *case[2:]) in MENDED


def send_what_was_written(engine: Engine, session: Any, furnished: Furnished, tick: int | None) -> None:
    """As a pull would."""
    tables = stored_tables(engine.dialect.name)
    for name, model in replicated_tables().items():
        written = select(model.id).where(model.company_id == furnished.company.company_id, model.tick == tick).limit(1)
        if session.execute(written).first() is not None:
            asked = tables[name].select.where(model.company_id == furnished.company.company_id, model.tick == tick)
            msgspec.json.encode(tables[name].page(session.connection(), asked))
