"""What somebody looked at reaches the centre, also from a desk that was offline or killed, and never holds up their work."""

import pytest
from acme_office import Office, OpenDesk
from network import Network, reply_lost
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from erp_desktop.central.administering import Administration
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.sync import ReadEvent, ReadNote
from erp_desktop.sync import reads as reads_of_a_desk
from erp_desktop.sync.reads import ReadKind
from erp_desktop.sync.state import SyncKind


def told(office: Office) -> list[tuple[str, str]]:
    with office.engine.connect() as connection:
        rows = connection.execute(select(ReadEvent.kind, ReadEvent.subject).order_by(ReadEvent.at, ReadEvent.id))
        return [(row.kind, row.subject) for row in rows]


def waiting(desk: Desk) -> int:
    return desk._cache.read_here(lambda session: session.scalar(select(func.count()).select_from(ReadNote)) or 0)


def test_what_was_looked_at_offline_is_told_once_the_centre_is_there_also_after_the_program_ended(
    office: Office, open_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = open_desk()
    desk.go_offline()
    product = new_id()
    desk.reads.note(ReadKind.REPORT, "margin", details={"From": "2026-03-01"}).result()
    desk.reads.note(ReadKind.PRINTED, "purchase_order", product).result()
    assert told(office) == []
    desk.close()

    again = open_desk(password=None)
    qtbot.waitUntil(lambda: len(told(office)) == 2)
    assert told(office) == [("report", "margin"), ("printed", "purchase_order")]
    qtbot.waitUntil(lambda: waiting(again) == 0)
    with office.engine.connect() as connection:
        first, second = connection.execute(select(ReadEvent).order_by(ReadEvent.at)).all()
    assert (first.details, second.record_id) == ({"From": "2026-03-01"}, product)
    assert first.user_id == office.owner_id


def test_what_is_told_twice_because_the_answer_was_lost_is_kept_once(
    office: Office, open_desk: OpenDesk, network: Network, qtbot: QtBot
) -> None:
    desk = open_desk()
    network.break_with(reply_lost, "/v1/sync/reads")
    desk.reads.note(ReadKind.REPORT, "margin").result()
    qtbot.waitUntil(lambda: len(told(office)) == 1)
    assert waiting(desk) == 1
    network.mend()
    desk.reads.note(ReadKind.OPENED, "employees").result()
    qtbot.waitUntil(lambda: waiting(desk) == 0)
    assert told(office) == [("report", "margin"), ("opened", "employees")]


def test_a_computer_that_was_taken_out_tells_nothing_more(office: Office, open_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = open_desk()
    office_desks = Administration(office.engine)
    office_desks.order_device(office.company_id, desk.administration.device_id, "take_out")
    office_desks.close()
    desk.sync_now()
    qtbot.waitUntil(lambda: desk.sync_state.kind is SyncKind.LOCKED)
    desk.reads.note(ReadKind.REPORT, "margin").result()
    desk.close()  # waits for whoever tells
    assert told(office) == []


def test_more_than_a_desk_keeps_is_counted(
    office: Office, open_desk: OpenDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads_of_a_desk, "MOST_NOTES", 3)
    desk = open_desk()
    desk.go_offline()
    for number in range(7):
        desk.reads.note(ReadKind.OPENED, f"screen {number}").result()
    assert waiting(desk) == 4
    desk.go_online()
    qtbot.waitUntil(lambda: waiting(desk) == 0)
    with office.engine.connect() as connection:
        counted = connection.execute(select(ReadEvent.details).where(ReadEvent.kind == "not_kept")).scalar_one()
    assert counted == {"count": "4"}
    assert len(told(office)) == 4
