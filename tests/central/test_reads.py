"""What desks tell of what was looked at: kept once, by whom, for as long as the setting says, and shown to who may see it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from central_desk import OpenedCompany, RemoteDesk, save_unit
from sqlalchemy import Engine, delete, func, select, update

from erp_desktop.central import audit_calls, log_checks
from erp_desktop.central.action_log import BEFORE_THE_FIRST, chained, content_digest, verify_log
from erp_desktop.central.changes import Reader
from erp_desktop.central.log_checks import PART
from erp_desktop.central.reads import Reads, set_kept_days
from erp_desktop.central.signing import Signer
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.sync import ActionLog, AuditEvent, CompanyClock, ReadEvent


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = open_engine(database_url)
    yield made
    made.dispose()


def read(kind: str = "report", subject: str = "margin", **more: Any) -> dict[str, Any]:
    return {"id": new_id(), "at": datetime.now(UTC) - timedelta(hours=1), "kind": kind, "subject": subject, **more}


def tell(desk: RemoteDesk, *reads: dict[str, Any]) -> Any:
    return desk.post("/v1/sync/reads", {"device_id": desk.device_id, "schema_revision": 1, "reads": list(reads)})


def seen(desk: RemoteDesk, **narrowed: Any) -> list[dict[str, Any]]:
    asked = {"device_id": desk.device_id, "schema_revision": 1, "of": "reads", **narrowed}
    answer = desk.post("/v1/admin/audit", asked)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["rows"]
    return [row for row in told if row["subject"] != "audit"]


def test_it_is_kept_once_by_whom_and_where_with_what_was_asked_for(desk: RemoteDesk, acme: OpenedCompany) -> None:
    unit = save_unit("PC7")
    acme.perform(unit)
    run = read(details={"From": "2026-03-01"})
    opened = read("opened", "unit", record_id=unit.unit_id, at=datetime.now(UTC) - timedelta(minutes=1))
    for _ in range(2):
        assert tell(desk, run, opened).status_code == 200
    newest, oldest = seen(desk)
    assert (oldest["what"], oldest["subject"], oldest["details"]) == ("report", "margin", {"From": "2026-03-01"})
    assert (oldest["person"], oldest["computer"]) == ("Lin Wei (lin)", "Dock 1")
    assert (newest["records"][0]["number"], newest["what"]) == ("PC7", "opened")
    assert [row["what"] for row in seen(desk, record=unit.unit_id)] == ["opened"]
    assert [row["subject"] for row in seen(desk, what="report")] == ["margin"]
    page = desk.post(
        "/v1/admin/audit", {"device_id": desk.device_id, "schema_revision": 1, "of": "reads", "limit": 2}
    ).json()
    assert [row["subject"] for row in seen(desk, before=page["before"])] == ["margin"]


def test_reading_who_did_what_is_told_too_and_once_in_a_while(desk: RemoteDesk, acme: OpenedCompany) -> None:
    asked = {"device_id": desk.device_id, "schema_revision": 1, "of": "changes"}
    for _ in range(3):
        assert desk.post("/v1/admin/audit", asked).status_code == 200
    with acme.engine.connect() as connection:
        looks = connection.execute(select(ReadEvent.subject, ReadEvent.details)).all()
    assert [tuple(look) for look in looks] == [("audit", {"of": "changes"})]


def test_a_clock_that_is_ahead_tells_of_nothing_that_is_still_to_come_and_odd_texts_do_no_harm(
    desk: RemoteDesk, acme: OpenedCompany
) -> None:
    ahead = read(at=datetime(2999, 1, 1, tzinfo=UTC))
    assert tell(desk, ahead, read(subject="nul\x00 and\n", details={"a\x00": "\x00b"})).status_code == 200
    with acme.engine.connect() as connection:
        latest = connection.scalar(select(func.max(ReadEvent.at)))
    assert latest is not None
    assert latest <= datetime.now(UTC)
    assert {row["subject"] for row in seen(desk)} == {"margin", "nul and"}
    assert tell(desk, read(subject="x" * 81)).json()["code"] == "malformed"


def test_only_who_may_read_it_reads_it_and_nobody_tells_for_another(
    new_desk: Callable[[], RemoteDesk], desk: RemoteDesk, acme: OpenedCompany
) -> None:
    acme.add_user("dock", "warehouse")
    dock = new_desk()
    dock.log_in("dock")
    assert tell(dock, read()).status_code == 200
    asked = {"device_id": dock.device_id, "schema_revision": 1, "of": "reads"}
    assert dock.post("/v1/admin/audit", asked).json()["code"] == "not_allowed"
    forged = {"device_id": desk.device_id, "schema_revision": 1, "reads": [read()]}
    assert dock.post("/v1/sync/reads", forged).json()["code"] == "other_device"
    assert [row["person"] for row in seen(desk)] == ["Dock (dock)"]


def test_it_is_let_go_after_the_time_that_is_set(desk: RemoteDesk, acme: OpenedCompany) -> None:
    tell(desk, read(at=datetime.now(UTC) - timedelta(days=40)), read())
    assert len(seen(desk)) == 2
    set_kept_days(acme.engine, 30)
    with acme.engine.connect() as connection:
        before = connection.execute(select(func.count()).select_from(ActionLog)).scalar_one()
    tomorrow = Reads(acme.engine)  # whoever looks for it for the first time on a day
    who = Reader(acme.id, acme.owner_id, desk.device_id, frozenset())
    tomorrow.keep(who, [])
    assert len(seen(desk)) == 1
    set_kept_days(acme.engine, 0)
    Reads(acme.engine).keep(who, [])
    assert len(seen(desk)) == 1
    with acme.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(ActionLog)).scalar_one() == before


def check(desk: RemoteDesk, proof: str = "") -> tuple[list[int], dict[str, Any]]:
    """How far each part came, and what the last one found."""
    parts = []
    while True:
        asked = {"device_id": desk.device_id, "schema_revision": 1, "proof": proof}
        found = desk.post("/v1/admin/check-log", asked).json()
        proof = found["proof"]
        parts.append(found["sound"])
        if found["broken_at"] is not None or found["sound"] >= found["entries"]:
            return parts, found


def last_check(desk: RemoteDesk) -> dict[str, Any]:
    page = desk.post("/v1/admin/audit", {"device_id": desk.device_id, "schema_revision": 1, "of": "events"}).json()
    told: dict[str, Any] = page["checked"]
    return told


def test_a_log_is_checked_in_parts_and_what_was_changed_in_the_database_shows(
    desk: RemoteDesk, acme: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_calls, "ENTRIES_PER_CHECK", 2)
    acme.perform(*(save_unit(f"U{number}") for number in range(4)))

    parts, found = check(desk)
    assert (parts, found["broken_at"], found["entries"]) == ([2, 4, 5], None, 5)
    with acme.engine.begin() as connection:
        connection.execute(update(ActionLog).where(ActionLog.tick == 4).values(outcome="refused"))
    assert check(desk)[1]["broken_at"] == 4
    assert (last_check(desk)["broken_at"], last_check(desk)["person"]) == (4, "Lin Wei (lin)")


def test_a_check_goes_on_only_from_what_this_centre_found_sound_just_now(
    desk: RemoteDesk, acme: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_calls, "ENTRIES_PER_CHECK", 2)
    acme.perform(*(save_unit(f"U{number}") for number in range(4)))
    asked = {"device_id": desk.device_id, "schema_revision": 1}
    proof = desk.post("/v1/admin/check-log", asked).json()["proof"]
    assert check(desk, proof)[0] == [4, 5]
    forged = proof[:30] + ("A" if proof[30] != "A" else "B") + proof[31:]
    other = Signer(b"another centre").sign(PART, (acme.id, 4, "00" * 32, time.time()))
    for text in (forged, other, "nonsense"):
        assert check(desk, text)[0] == [2, 4, 5], "from the first entry"
    monkeypatch.setattr(log_checks, "SECONDS_BETWEEN_PARTS", -1.0)
    assert desk.post("/v1/admin/check-log", {**asked, "proof": proof}).json()["sound"] == 2, "an old one is none"


def test_what_was_written_anew_or_cut_off_since_the_last_check_shows(desk: RemoteDesk, acme: OpenedCompany) -> None:
    acme.perform(*(save_unit(f"U{number}") for number in range(4)))
    assert check(desk)[1]["broken_at"] is None
    write_log_anew(acme, at=3, name="SaveNothing")
    assert verify_log(acme.engine, acme.id).broken_at is None, "by itself it is whole"
    for _ in range(2):
        found = check(desk)[1]
        assert (found["broken_at"], found["is_rewritten"], found["sound"]) == (5, True, 0)
    assert (last_check(desk)["broken_at"], last_check(desk)["is_rewritten"]) == (5, True)
    with acme.engine.begin() as connection:
        connection.execute(delete(ActionLog).where(ActionLog.tick > 3))
        connection.execute(update(CompanyClock).values(tick=3))
    assert verify_log(acme.engine, acme.id).broken_at is None
    found = check(desk)[1]
    assert (found["broken_at"], found["is_rewritten"]) == (4, False)
    assert "reached 5" in found["reason"]


def test_a_log_without_its_beginning_is_found_out_also_where_what_is_left_was_counted_anew(acme: OpenedCompany) -> None:
    acme.perform(*(save_unit(f"U{number}") for number in range(4)))
    with acme.engine.begin() as connection:
        connection.execute(delete(ActionLog).where(ActionLog.tick <= 2))
    assert verify_log(acme.engine, acme.id).reason == "tick 1 is missing"
    with acme.engine.begin() as connection:
        for tick in (3, 4, 5):
            connection.execute(update(ActionLog).where(ActionLog.tick == tick).values(tick=tick - 2))
        connection.execute(update(CompanyClock).values(tick=3))
    write_log_anew(acme, at=1)
    found = verify_log(acme.engine, acme.id)
    assert (found.broken_at, found.reason) == (1, "the log does not begin with the opening of the company")


def write_log_anew(acme: OpenedCompany, at: int, **changed: Any) -> None:
    """As somebody would who knows how the log is made: entry `at` is `changed`, and every hash from there on follows."""
    log = ActionLog.__table__
    with acme.engine.begin() as connection:
        before = connection.scalar(select(log.c.chain_hash).where(log.c.tick == at - 1))
        previous = bytes(before) if before is not None else BEFORE_THE_FIRST
        connection.execute(update(ActionLog).where(log.c.tick == at).values(**({"version": log.c.version} | changed)))
        for row in connection.execute(select(log).where(log.c.tick >= at).order_by(log.c.tick)).all():
            args = msgspec.json.decode(row.args)
            digest = content_digest(row.name, row.version, args, row.actor_id, row.issued_at)
            previous = chained(previous, dict(row._mapping) | {"args_digest": digest})
            written = {"args_digest": digest, "chain_hash": previous}
            connection.execute(update(ActionLog).where(log.c.tick == row.tick).values(**written))


def test_a_computer_that_fetches_everything_is_told_of(desk: RemoteDesk, acme: OpenedCompany) -> None:
    asked = {"device_id": desk.device_id, "schema_revision": 1}
    assert desk.post("/v1/sync/sizes", asked).status_code == 200
    with acme.engine.connect() as connection:
        kinds = set(connection.scalars(select(AuditEvent.kind)))
    assert "filled" in kinds
