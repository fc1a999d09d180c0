"""A company at a real centre on loopback, desks that work with it, and a network that can be cut between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_office import PASSWORD, PATIENT, Office, OpenDesk
from firm import firm
from network import Network

from erp_desktop.central.serving import Server, served
from erp_desktop.database import open_engine
from erp_desktop.desk import Desk
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.transport import Timing

assert firm  # a fixture


@pytest.fixture
def office(sqlite_url: str, request: pytest.FixtureRequest) -> Iterator[Office]:
    """A module of tests may say in COMPANY_SETTINGS how the company is set up."""
    engine = open_engine(sqlite_url)
    yield Office(engine, **getattr(request.module, "COMPANY_SETTINGS", {}))
    engine.dispose()


@pytest.fixture
def server(office: Office) -> Iterator[Server]:
    with served(office.engine) as running:
        yield running


@pytest.fixture
def network(server: Server) -> Iterator[Network]:
    running = Network(server.url)
    yield running
    running.close()


@pytest.fixture
def open_desk(network: Network, tmp_path: Path) -> Iterator[OpenDesk]:
    """Opens the desk of `login`; `at` names the computer, so one person may have two."""
    opened: list[Desk] = []

    def make(
        login: str = "lin", *, at: str = "office", password: str | None = PASSWORD, timing: Timing = PATIENT
    ) -> Desk:
        path = cache_path("the centre", "ACME", login, tmp_path / at)
        desk = Desk.open(
            path,
            network.url,
            "ACME",
            login,
            password,
            secrets=Secrets(path.parent, use_keyring=False),
            timing=timing,
        )
        opened.append(desk)
        return desk

    yield make
    for desk in opened:
        desk.close()
