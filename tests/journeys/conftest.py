"""The sample company at work: a real central service in its own process, real desks, the real main window."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from erp_desktop import embedded
from erp_desktop.database import open_engine, reader
from erp_desktop.demo.business_day import BusinessDay
from erp_desktop.demo.here import office_open, sample_here
from erp_desktop.demo.person import Person
from erp_desktop.views.translation import show_language
from erp_desktop.views.widgets.theme import load_fonts

DAYS_OF_HISTORY = 45


@pytest.fixture(scope="session")
def today() -> date:
    """The sample company's business date when its history ends; midnight may pass while the tests run."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory, today: date) -> Path:
    """A sample company with a short history, made once."""
    folder = tmp_path_factory.mktemp("sample")
    sample_here(folder, seed=3, today=today, days=DAYS_OF_HISTORY)
    return folder


@pytest.fixture
def day(qapp: object, sample_folder: Path, tmp_path: Path, today: date) -> Iterator[BusinessDay]:
    """Somebody sits at the window of the sample company; what they make is left in a folder of the test."""
    load_fonts()
    show_language("en")  # as the program begins, whatever ran before
    company = sample_here(sample_folder, seed=3, today=today)
    with office_open(sample_folder, company) as office:
        window = office.window(office.desk(tmp_path.name), (1280, 720))
        yield BusinessDay(office, Person(window, tmp_path / "day"), tmp_path, today, lambda _sentence: None)


@pytest.fixture
def books(sample_folder: Path):  # type: ignore[no-untyped-def]
    """The centre's own database, to look into."""
    engine = reader(open_engine(embedded.database_address(sample_folder)))
    yield engine
    engine.dispose()
