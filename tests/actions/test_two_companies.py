"""Two companies in one database: with the ids of the other one nothing can be read, changed or named, by any action.

Each action is performed in a transaction that is taken back: first as it is, then with each of its ids, one after another,
replaced by the other company's counterpart, and by one that nobody has. Triggers notice whoever touches the other company.
"""

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from furnished import DAY, Furnished, every_action, logged, rehearsed
from sqlalchemy import Connection, Engine, select
from test_periods import DATED

from company_fixtures import SmallCompany, open_small_company
from erp_desktop.database import open_engine, writer
from erp_desktop.ids import new_id
from erp_desktop.models import replicated_tables
from erp_desktop.wire import PushResult

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def engine(sqlite_template: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("two") / "centre.db"
    shutil.copyfile(str(sqlite_template), path)
    opened = open_engine(f"sqlite:///{path}")
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def ours(engine: Engine) -> Furnished:
    return Furnished(open_small_company(engine, revenue_at="invoice"))


@pytest.fixture(scope="module")
def theirs(engine: Engine, ours: Furnished) -> Furnished:
    furnished = Furnished(open_small_company(engine, code="RIVAL", owner_login="rival", revenue_at="invoice"))
    watch(engine, furnished.company.company_id)
    return furnished


def watch(engine: Engine, company_id: UUID) -> None:
    """From now on whoever touches a row of this company is noticed."""
    with writer(engine).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE touched (name TEXT)")
        for table in replicated_tables():
            for what, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER watch_{table}_{what}_{row} AFTER {what} ON {table} "
                    f"WHEN {row}.company_id = X'{company_id.hex}' BEGIN INSERT INTO touched VALUES ('{table}'); END"
                )


def rehearse(engine: Engine, company: SmallCompany, name: str, args: Any) -> tuple[PushResult, int]:
    """What the centre answers, and how many rows of the other company were touched."""
    with rehearsed(engine, company, name, args) as (result, session):
        return result, touched(session.connection())


def touched(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM touched").scalar_one())


def counterparts(engine: Engine, ours: UUID, theirs: UUID) -> dict[str, str]:
    """Our ids, each with the other company's of the same table and place."""
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for model in replicated_tables().values():

            def ids(company: UUID, model: type = model) -> list[UUID]:
                return list(
                    connection.scalars(
                        select(model.id).where(model.company_id == company).order_by(model.tick, model.id)
                    )
                )

            found |= {str(a): str(b) for a, b in zip(ids(ours), ids(theirs), strict=False)}
    return found


def told(result: PushResult, *ids: str) -> tuple[str, str]:
    text = json.dumps(result.problem, sort_keys=True)
    for known in ids:
        text = text.replace(known, "ID").replace(known.replace("-", ""), "ID")
    return result.outcome, text


def test_no_action_reads_changes_or_names_a_row_of_another_company(
    engine: Engine, ours: Furnished, theirs: Furnished
) -> None:
    assert rehearse(engine, theirs.company, "CloseCostBook", {"book_id": str(theirs.parallel)})[1], "the watch is awake"
    other = counterparts(engine, ours.company.company_id, theirs.company.company_id)
    some_of_theirs = str(theirs.receipt)
    failures = []
    for name, given in every_action(engine, ours).items():
        text = json.dumps(given)
        as_it_is, _ = rehearse(engine, ours.company, name, given)
        if as_it_is.outcome != "applied":
            failures.append(f"{name}: as it is {as_it_is.problem}")
        for own in sorted(set(ID.findall(text))):
            is_known = own in other
            foreign, nobodys = other.get(own, some_of_theirs), str(new_id())
            result, count = rehearse(engine, ours.company, name, json.loads(text.replace(own, foreign)))
            unknown, _ = rehearse(engine, ours.company, name, json.loads(text.replace(own, nobodys)))
            if count:
                failures.append(f"{name}: touched {count} rows of the other company by {own}")
            if told(result, foreign) != told(unknown, nobodys):
                failures.append(f"{name}: {told(result, foreign)} instead of {told(unknown, nobodys)}")
            if is_known and result.outcome == "applied":
                failures.append(f"{name}: took {own} -> {foreign}")
    assert not failures, "\n".join(failures)


def test_a_batch_of_the_other_companys_ids_changes_nothing_there(
    engine: Engine, ours: Furnished, theirs: Furnished
) -> None:
    """Gathered writing goes another way than one action by itself."""
    before = rows_of(engine, theirs.company.company_id)
    for name, args in logged(engine, theirs.company.company_id).items():
        rehearse(engine, ours.company, name, args)
    results = ours.company.centre.perform_local(
        ours.company.company_id,
        ours.company.owner_id,
        [make(theirs, DAY) for make in DATED.values()],
    )
    assert {result.outcome for result in results} == {"refused"}
    assert rows_of(engine, theirs.company.company_id) == before
    with engine.connect() as connection:
        assert touched(connection) == 0


def rows_of(engine: Engine, company_id: UUID) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {
            name: [
                tuple(row)
                for row in connection.exec_driver_sql(
                    f"SELECT * FROM {name} WHERE company_id = ? ORDER BY id", (company_id.bytes,)
                )
            ]
            for name in replicated_tables()
        }
