"""The sample company on this computer: made once in a folder, then opened like any other company."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shiboken6 import delete

from erp_desktop import embedded
from erp_desktop.app import know_screens
from erp_desktop.central.performing import Centre
from erp_desktop.demo.company import CODE, DAYS, NAME, Progress, make_sample_company
from erp_desktop.desk import Desk
from erp_desktop.embedded import CompanyHere, EmbeddedCentre
from erp_desktop.sync.cache import cache_path
from erp_desktop.views.shell.main_window import MainWindow

OWNER = "owner"


def sample_here(
    directory: Path, seed: int, today: date, progress: Progress | None = None, days: int = DAYS
) -> CompanyHere:
    """The sample company in `directory`; made there if it is not yet. A year takes up to a minute the first time.

    Raises AlreadyHere where it is there, but nobody here knows its owner's password.
    """
    for known in embedded.companies_here(directory):
        if known.code == CODE:
            return known

    def make(centre: Centre, password: str) -> CompanyHere:
        make_sample_company(centre, today, password, seed=seed, days=days, progress=progress)
        return CompanyHere(CODE, NAME, OWNER)

    return embedded.open_here(make, directory)


@dataclass
class Office:
    """The sample company at work: its central service, and desks that people open on it."""

    directory: Path
    company: CompanyHere
    centre: EmbeddedCentre
    _desks: list[Desk]
    _windows: list[MainWindow]

    def desk(self, at: str = "front") -> Desk:
        """A desk of the owner; `at` names the computer, so that there may be several. Blocks until it is filled."""
        password = embedded.kept_password(self.company.code, self.company.login, self.directory)
        path = cache_path(at, self.company.code, self.company.login, self.directory / "desks")
        desk = Desk.open(path, self.centre.address, self.company.code, self.company.login, password)
        self._desks.append(desk)
        return desk

    def window(self, desk: Desk, size: tuple[int, int]) -> MainWindow:
        """The main window of `desk`, shown."""
        know_screens()
        window = MainWindow(desk, self.directory / "desks" / f"window-{len(self._windows)}.ini")
        window.resize(*size)
        window.show()
        self._windows.append(window)
        return window


@contextmanager
def office_open(directory: Path, company: CompanyHere) -> Iterator[Office]:
    """The central service started for as long as the block runs; desks and windows are closed after it."""
    centre = EmbeddedCentre(directory)
    centre.start()
    office = Office(directory, company, centre, [], [])
    try:
        yield office
    finally:
        for window in office._windows:
            window.jobs.stop()
            window.hide()
            delete(window)  # with its pages, so that none asks a closed desk
        for desk in office._desks:
            desk.close()
        centre.close()
