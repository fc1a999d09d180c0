"""Writers that take their time, and lines that fall silent."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from company_fixtures import SmallCompany
from erp_desktop import failpoints, wire
from erp_desktop.actions.masters import SaveUnit
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.central.changes import Changes, Reader
from erp_desktop.central.performing import Centre
from erp_desktop.central.signing import identity_of
from erp_desktop.ids import new_id
from erp_desktop.models.product import Unit
from erp_desktop.sync.transport import NoAnswer, Timing, Transport

PATIENCE = 60.0


@pytest.fixture
def silent_centre() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_silent_line_is_given_up_when_its_time_is_over(silent_centre: str) -> None:
    """A long poll on a line that was dropped without a word: as long as it was asked to wait, and the time of an answer."""
    transport = Transport(lambda: silent_centre, Timing(connect=PATIENCE, answer=0.2, body=PATIENCE))
    begun = datetime.now(UTC)
    request = wire.PullRequest(device_id=new_id(), schema_revision=1, wait=1)
    with pytest.raises(NoAnswer):
        transport.post("/v1/sync/pull", request, wire.PullReply, "token", wait=0.5)
    assert (datetime.now(UTC) - begun).total_seconds() >= 0.5
    transport.close()
    ours = Timing()
    assert wire.LONGEST_WAIT_SECONDS + ours.answer < 60


def test_a_writer_that_commits_late_is_missed_by_nobody(company: SmallCompany) -> None:
    """Who asks meanwhile gets nothing of it and a cursor before it; who writes meanwhile waits and comes after it."""
    engine = company.centre.engine
    changes = Changes(engine, identity_of(engine).signer)
    who = Reader(company.company_id, company.owner_id, new_id(), ALL_PERMISSIONS)
    begun = changes.pull(who, None)
    while not begun.complete:
        begun = changes.pull(who, begun.cursor)

    is_late, may_commit = threading.Event(), threading.Event()

    def hold(point: str) -> None:
        if point == failpoints.CENTRE_COMMIT and threading.current_thread().name == "late":
            is_late.set()
            may_commit.wait(PATIENCE)

    def save(worker: Centre, code: str) -> None:
        unit = SaveUnit(unit_id=new_id(), code=code, name=code)
        (result,) = worker.perform_local(company.company_id, company.owner_id, [unit])
        assert result.outcome == "applied"

    late = threading.Thread(target=save, args=(company.centre, "LATE"), name="late")
    other = threading.Thread(target=save, args=(Centre(engine), "OTHER"), name="other")
    failpoints.listener = hold
    try:
        late.start()
        assert is_late.wait(PATIENCE)
        other.start()
        meanwhile = changes.pull(who, begun.cursor)
        assert (meanwhile.pages, meanwhile.tick) == ([], begun.tick)
    finally:
        may_commit.set()
        late.join()
        other.join()
        failpoints.listener = None
    after = changes.pull(who, meanwhile.cursor)
    (units,) = [page for page in after.pages if page.table == "unit"]
    assert units.values[units.columns.index("code")] == ["LATE", "OTHER"]
    with engine.connect() as connection:
        ticks = connection.scalars(select(Unit.tick).where(Unit.code.in_(["LATE", "OTHER"])).order_by(Unit.code)).all()
    assert ticks == [begun.tick + 1, begun.tick + 2]
