import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from simulated_centre import Time
from simulated_database import Database, PostgresDatabase, SqliteDatabase
from simulated_office import Prepared, SimulatedOffice, prepare
from sqlalchemy import Engine

from erp_desktop.database import open_engine
from postgres_clones import clone, drop


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Prepared:
    """With the centre on SQLite."""
    folder = tmp_path_factory.mktemp("simulation")
    made = folder / "centre.db"
    shutil.copyfile(sqlite_template, made)
    company_id = prepare(SqliteDatabase(made), folder / "caches")

    def copy(to: Path) -> Database:
        return SqliteDatabase(Path(shutil.copyfile(made, to / "centre.db")))

    return Prepared(company_id, folder / "caches", copy)


@pytest.fixture(scope="session")
def prepared_on_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: str, postgres_template: str
) -> Iterator[Prepared]:
    """With the centre on PostgreSQL."""
    folder = tmp_path_factory.mktemp("simulation")
    made = f"simulation_{uuid4().hex}"
    clone(postgres_server, postgres_template, made)
    company_id = prepare(PostgresDatabase(postgres_server, made), folder / "caches")

    def copy(_: Path) -> Database:
        name = f"simulation_{uuid4().hex}"
        clone(postgres_server, made, name)
        return PostgresDatabase(postgres_server, name, is_dropped=True)

    yield Prepared(company_id, folder / "caches", copy)
    drop(postgres_server, made)


@pytest.fixture
def new_engine(sqlite_template: Path) -> Iterator[Callable[[Path], Engine]]:
    """An empty database in a folder."""
    opened: list[Engine] = []

    def make(folder: Path) -> Engine:
        shutil.copyfile(sqlite_template, folder / "oracle.db")
        opened.append(open_engine(f"sqlite:///{folder / 'oracle.db'}"))
        return opened[-1]

    yield make
    for engine in opened:
        engine.dispose()


@pytest.fixture
def office(prepared: Prepared, tmp_path: Path, new_engine: Callable[[Path], Engine]) -> Iterator[SimulatedOffice]:
    """Four desks in step with their centre. In the end all comes to rest, and the oracle agrees."""
    folder = tmp_path / "office"
    time = Time(1)
    with time.rules():
        opened = prepared.opened(folder, time)
        for desk in opened.desks.values():
            desk.sync()  # each has a token now, so that a fault hits what the test means
        yield opened
        opened.comes_to_rest()
        opened.agrees_with_the_oracle(new_engine(folder))
        opened.abandon()
