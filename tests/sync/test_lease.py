"""How the days of a lease are counted: by whatever says that the most of them have passed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from erp_desktop.sync.cache import Cache
from erp_desktop.sync.lease import Lease

MOMENT = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAY = 86_400


class Computer:
    """A clock that people can set, and the seconds since the program began, which they cannot."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = MOMENT
        self.running = 0.0
        self.cache = Cache(path)
        self.lease = self._opened()

    def _opened(self) -> Lease:
        return Lease(self.cache, lambda: self.clock, lambda: self.running)

    def works_for(self, days: float) -> None:
        self.clock += timedelta(days=days)
        self.running += days * DAY
        self.lease.is_over()

    def starts_again(self) -> None:
        self.cache.close()
        self.cache = Cache(self.path)
        self.running = 0.0
        self.lease = self._opened()


@pytest.fixture
def computer(path: Path) -> Iterator[Computer]:
    made = Computer(path)
    made.lease.begin(30 * DAY)
    yield made
    made.cache.close()


def test_a_lease_ends_after_its_days(computer: Computer) -> None:
    computer.works_for(30)
    assert not computer.lease.is_over()
    computer.works_for(0.01)
    assert computer.lease.is_over()


def test_a_clock_turned_back_every_morning_makes_no_lease_longer(computer: Computer) -> None:
    for _morning in range(3):
        computer.works_for(11)
        computer.clock = MOMENT
        computer.starts_again()
    assert computer.lease.is_over()


def test_a_clock_turned_back_while_the_program_runs_makes_no_lease_longer(computer: Computer) -> None:
    computer.works_for(20)
    computer.clock = MOMENT - timedelta(days=400)
    computer.works_for(11)
    assert computer.lease.is_over()


def test_days_in_which_the_computer_was_off_count(computer: Computer) -> None:
    computer.clock += timedelta(days=31)
    computer.starts_again()
    assert computer.lease.is_over()


def test_the_centres_word_begins_a_new_lease_also_where_the_clock_was_years_ahead(computer: Computer) -> None:
    computer.clock += timedelta(days=4000)
    assert computer.lease.is_over()
    computer.clock = MOMENT
    computer.lease.begin(30 * DAY)
    computer.works_for(29)
    assert not computer.lease.is_over()


def test_a_lease_without_end(computer: Computer) -> None:
    computer.lease.begin(None)
    computer.works_for(4000)
    computer.starts_again()
    assert not computer.lease.is_over()


def test_a_cache_from_before_there_were_leases_begins_one_when_it_is_opened(path: Path) -> None:
    cache = Cache(path)
    assert not Lease(cache, lambda: MOMENT, lambda: 0.0).is_over()
    cache.close()
    cache = Cache(path)
    again = Lease(cache, lambda: MOMENT + timedelta(days=31), lambda: 0.0)
    is_over = again.is_over()
    cache.close()
    assert is_over
