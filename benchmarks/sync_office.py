"""An office to measure syncing in: PostgreSQL, a company, and `erp-central serve` as real processes."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from sqlalchemy import select

from benchmarks.business import LOGIN, PASSWORD, Business
from benchmarks.databases import Database, postgres
from benchmarks.sync_crowd import CrowdDesk
from erp_desktop import wire
from erp_desktop.actions.base import Action, action_args
from erp_desktop.actions.masters import SaveParty
from erp_desktop.central.performing import Centre
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.sync import CompanyClock
from erp_desktop.sync.secrets import Secrets


@dataclass
class Office:
    """A company that is served at `url`. Documents are taken from `business`, by numbers that nobody used before."""

    database: Database
    business: Business
    url: str
    folder: Path
    _document: int = 0

    def desk(self, name: str) -> Desk:
        """A real desk, signed in and filled; needs a QCoreApplication."""
        path = self.folder / name / "cache.db"
        path.parent.mkdir()
        secrets = Secrets(path.parent, use_keyring=False)
        return Desk.open(path, self.url, self.business.code, LOGIN, PASSWORD, secrets=secrets)

    def crowd(self, count: int, url: str = "") -> list[CrowdDesk]:
        return [CrowdDesk(url or self.url, self.business.code, LOGIN, PASSWORD) for _ in range(count)]

    def document(self) -> list[Action]:
        """What a day brings: an order at a supplier, raised, confirmed, received; a customer's, written down and confirmed."""
        self._document += 1
        d = self._document
        return [*self.business.w1(d), *self.business.w2(d), *self.business.w3_order(d)[:2]]

    def customer(self) -> SaveParty:
        """The smallest thing to do: one row."""
        self._document += 1
        return SaveParty(new_id(), f"N{self._document}", f"Customer N{self._document}", is_consumer=True)

    def pushed(self, action: Action, seq: int) -> wire.PushedAction:
        return wire.PushedAction(
            id=new_id(),
            seq=seq,
            name=type(action).__name__,
            version=action.version,
            args=msgspec.json.decode(action_args(action)),
            depends_on=[],
            actor_id=self.business.owner_id,
            issued_at=datetime.now(UTC),
            base_tick=0,
        )

    def tick(self) -> int:
        with self.database.engine.connect() as connection:
            found = connection.scalar(
                select(CompanyClock.tick).where(CompanyClock.company_id == self.business.company_id)
            )
        return int(found or 0)


@contextmanager
def office(workers: int, products: int = 500) -> Iterator[Office]:
    """A new company on a PostgreSQL of its own, with fsync on, served by `workers` processes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else max(soft, 65_536), hard))
    with postgres() as database, TemporaryDirectory(prefix="erp-bench.") as folder:
        business = Business(Centre(database.engine), products)
        with served(database, workers) as url:
            yield Office(database, business, url, Path(folder))


@contextmanager
def served(database: Database, workers: int) -> Iterator[str]:
    """`erp-central serve`; gives its address."""
    command = [sys.executable, "-m", "erp_desktop.central.cli", "serve", "--database", database.url]
    command += ["--workers", str(workers), "--stop-with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}) as one:
        assert one.stdout is not None
        assert one.stdin is not None
        try:
            yield str(json.loads(one.stdout.readline())["listening"])
        finally:
            one.stdin.close()
            one.wait()
