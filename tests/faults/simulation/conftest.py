import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from simulated_centre import Time
from simulated_office import PEOPLE, SimulatedOffice, prepare
from sqlalchemy import Engine

from erp_desktop.database import open_engine


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Path, UUID]:
    """A folder with the centre's database and everybody's filled cache, and the company's id."""
    template = tmp_path_factory.mktemp("simulation") / "template"
    return template, prepare(template, sqlite_template)


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
def office(
    prepared: tuple[Path, UUID], tmp_path: Path, new_engine: Callable[[Path], Engine]
) -> Iterator[SimulatedOffice]:
    """Four desks in step with their centre. In the end all comes to rest, and the oracle agrees."""
    template, company_id = prepared
    folder = tmp_path / "office"
    shutil.copytree(template, folder)
    time = Time(1)
    with time.rules():
        opened = SimulatedOffice(open_engine(f"sqlite:///{folder / 'centre.db'}"), company_id, folder, time, PEOPLE)
        for desk in opened.desks.values():
            desk.sync()  # each has a token now, so that a fault hits what the test means
        yield opened
        opened.comes_to_rest()
        opened.agrees_with_the_oracle(new_engine(folder))
        opened.close()
