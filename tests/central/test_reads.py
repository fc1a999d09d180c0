"""What desks tell of what was looked at: kept once, by whom, for as long as the setting says, and shown to who may see it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from central_desk import OpenedCompany, RemoteDesk, save_unit
from sqlalchemy import Engine, func, select, update

from erp_desktop.central import audit_calls
from erp_desktop.central.changes import Reader
from erp_desktop.central.reads import Reads, set_kept_days
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.sync import ActionLog, AuditEvent, ReadEvent


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


def test_a_log_is_checked_in_parts_and_what_was_changed_in_the_database_shows(
    desk: RemoteDesk, acme: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_calls, "ENTRIES_PER_CHECK", 2)
    acme.perform(*(save_unit(f"U{number}") for number in range(4)))

    def check() -> tuple[list[int], dict[str, Any]]:
        parts, after = [], 0
        while True:
            asked = {"device_id": desk.device_id, "schema_revision": 1, "after": after}
            found = desk.post("/v1/admin/check-log", asked).json()
            after = found["sound"]
            parts.append(after)
            if found["broken_at"] is not None or after >= found["entries"]:
                return parts, found

    parts, found = check()
    assert (parts, found["broken_at"], found["entries"]) == ([2, 4, 5], None, 5)
    with acme.engine.begin() as connection:
        connection.execute(update(ActionLog).where(ActionLog.tick == 4).values(outcome="refused"))
    assert check()[1]["broken_at"] == 4
    page = desk.post("/v1/admin/audit", {"device_id": desk.device_id, "schema_revision": 1, "of": "events"}).json()
    assert (page["checked"]["broken_at"], page["checked"]["person"]) == (4, "Lin Wei (lin)")


def test_a_computer_that_fetches_everything_is_told_of(desk: RemoteDesk, acme: OpenedCompany) -> None:
    asked = {"device_id": desk.device_id, "schema_revision": 1}
    assert desk.post("/v1/sync/sizes", asked).status_code == 200
    with acme.engine.connect() as connection:
        kinds = set(connection.scalars(select(AuditEvent.kind)))
    assert "filled" in kinds
