"""This computer's data are compared with the centre's, and what differs is put right, without losing what waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from acme_office import PASSWORD, PATIENT, Office, OpenDesk
from network import Network, reply_lost
from pytestqt.qtbot import QtBot
from sqlalchemy import Connection, select

from erp_desktop import cli
from erp_desktop.actions.masters import SaveParty
from erp_desktop.central import verifying as central_verifying
from erp_desktop.database import open_engine
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.party import Party
from erp_desktop.sync import checking, verifying
from erp_desktop.sync.cache import Cache, cache_path, get_state, set_state
from erp_desktop.sync.checking import Checker, CheckNotDone
from erp_desktop.sync.transport import Transport

Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture(autouse=True)
def nothing_is_checked_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test spoils would be put right before it looks, where the machine is so slow that nobody seems to work."""
    monkeypatch.setattr(checking, "IDLE_SECONDS", 3600.0)


@pytest.fixture
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """On both databases for a test that names `database_url`."""
    kind = "database_url" if "database_url" in request.fixturenames else "sqlite_url"
    engine = open_engine(request.getfixturevalue(kind))
    yield Office(engine)
    engine.dispose()


@pytest.fixture
def desk(open_desk: OpenDesk, office: Office) -> Desk:
    """A desk that holds forty suppliers."""
    office.perform(*(someone(f"S-{number}") for number in range(40)))
    opened = open_desk()
    assert opened.wait_until_synced()
    return opened


def someone(code: str, party_id: UUID | None = None) -> SaveParty:
    return SaveParty(party_id=party_id or new_id(), code=code, name=f"Party {code}", is_supplier=True)


def on_the_disk(desk: Desk, *statements: str) -> None:
    """What a fault of the disk or of a program did to the cache's rows."""

    def spoil(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    desk._cache.write(spoil).result()


def fact(desk: Desk, key: str) -> str | None:
    return desk._cache.read_here(lambda session: get_state(session.connection(), key))


def ids_by_code(desk: Desk) -> dict[str, UUID]:
    query = select(Party.code, Party.id)
    return {row.code: row.id for row in desk._cache.read_here(lambda session: session.execute(query).all())}


@contextmanager
def checker_of(desk: Desk, network: Network) -> Iterator[Checker]:
    """Checks whether the desk is offline or not; it may not pull."""
    transport = Transport(lambda: network.url, PATIENT)
    yield Checker(desk._cache, desk._credentials, transport, pull=lambda: pytest.fail("no pull was needed"))
    transport.close()


def rows(desk: Desk) -> Rows:
    def read(connection: Connection) -> Rows:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}" ORDER BY company_id, id')]
            for name in replicated_tables()
        }

    return desk._cache.write(read).result()


def check(desk: Desk) -> checking.Checked:
    return desk.check_data().result()


SPOILED = [
    ("party", "UPDATE party SET name = 'Somebody else' WHERE code = 'S-7'", (1, 0, 0)),
    ("party", "UPDATE party SET is_active = 2 WHERE code = 'S-7'", (1, 0, 0)),
    ("party", "DELETE FROM party WHERE code = 'S-7'", (0, 1, 0)),
    ("party", "UPDATE party SET id = randomblob(16) WHERE code = 'S-7'", (0, 1, 1)),
    ("party", "UPDATE party SET code = code || 'x'", (40, 0, 0)),
    ("party", "DELETE FROM party", (0, 40, 0)),
    ("role", "UPDATE role SET permissions = '[]' WHERE code = 'sales'", (1, 0, 0)),
    ("role", "UPDATE role SET permissions = 'no JSON' WHERE code = 'sales'", (1, 0, 0)),
]


def test_what_differs_is_put_right(database_url: str, desk: Desk) -> None:
    before = rows(desk)
    assert check(desk).mended == ()  # no false alarm
    for table, statement, counts in SPOILED:
        on_the_disk(desk, statement)
        (mended,) = check(desk).mended
        assert mended.table == table, statement
        assert (len(mended.wrong), len(mended.missing), len(mended.too_many)) == counts, statement
        assert rows(desk) == before, statement
    assert check(desk).mended == ()


def test_the_sentence_says_how_many_rows_and_the_log_which(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    assert check(desk).sentence == "This computer's data agree with the central service."
    on_the_disk(desk, "DELETE FROM party WHERE code IN ('S-7', 'S-8')")
    checked = check(desk)
    assert checked.sentence.startswith("2 rows on this computer differed")
    assert "party: 0 rows wrong, 2 missing, 0 too many" in caplog.text
    assert checked.mended[0].missing[0] in caplog.text


@pytest.mark.parametrize("in_all", [1, 7, 13, 20_000])
def test_tables_larger_than_a_bucket_are_checked_to_their_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, in_all: int
) -> None:
    monkeypatch.setattr(verifying, "ROWS_OF_A_BUCKET", 7)
    monkeypatch.setattr(verifying, "ROWS_OF_A_PIECE", 20)
    monkeypatch.setattr(central_verifying, "MOST_ROWS", 9)
    monkeypatch.setattr(central_verifying, "MOST_ROWS_IN_ALL", in_all)
    before = rows(desk)
    assert check(desk).mended == ()
    on_the_disk(desk, "DELETE FROM party WHERE code > 'S-2'", "UPDATE party SET code = 'S-' || hex(id)")
    mended = check(desk).mended
    assert {one.table for one in mended} == {"party"}
    assert sum(one.count for one in mended) == 40
    assert max(one.count for one in mended) <= 9  # only those buckets were fetched, a few rows at a time
    assert rows(desk) == before


def test_what_is_pending_is_neither_taken_for_an_error_nor_lost(desk: Desk, office: Office, network: Network) -> None:
    party = ids_by_code(desk)
    desk.go_offline()
    desk.perform_and_wait(someone("S-7b", party["S-7"]))
    desk.perform_and_wait(someone("NEW"))
    with checker_of(desk, network) as checker:
        assert checker.check_all().count == 0
        on_the_disk(desk, "DELETE FROM party WHERE code = 'S-8'", "UPDATE party SET phone = '0' WHERE code = 'S-9'")
        assert checker.check_all().count == 2
    assert desk.sync_state.waiting == 2
    assert ids_by_code(desk).keys() == (party.keys() - {"S-7"}) | {"S-7b", "NEW"}
    desk.go_online()
    assert desk.wait_until_synced()
    assert check(desk).count == 0
    assert ids_by_code(desk).keys() == (party.keys() - {"S-7"}) | {"S-7b", "NEW"}


def test_a_desk_that_lags_behind_gives_no_false_alarm_and_still_finds_a_wrong_row(
    database_url: str, desk: Desk, office: Office, network: Network
) -> None:
    party = ids_by_code(desk)
    desk.go_offline()
    office.perform(someone("S-1b", party["S-1"]), someone("LATER"), someone("S-2b", party["S-2"]))
    with checker_of(desk, network) as checker:
        assert checker.check_all().count == 0
        on_the_disk(
            desk, "UPDATE party SET phone = '0' WHERE code IN ('S-1', 'S-9')", "DELETE FROM party WHERE code = 'S-2'"
        )
        (mended,) = checker.check_all().mended
        assert (mended.wrong, mended.missing) == ([party["S-9"].hex], [])
    assert "LATER" not in ids_by_code(desk)  # rows of later ticks come with a pull, all of a tick together
    desk.go_online()
    assert desk.wait_until_synced()
    assert {"S-1b", "S-2b", "LATER"} <= ids_by_code(desk).keys()
    assert check(desk).count == 0  # what was wrong in rows that moved on came anew with the pull


def test_a_desk_is_compared_by_what_its_user_may_see_and_holds_nothing_else_afterwards(
    office: Office, open_desk: OpenDesk
) -> None:
    office.perform(someone("S-7"), someone("S-8"))
    office.add_user("wu", "warehouse")
    everything, warehouse = open_desk("lin"), open_desk("wu")
    assert check(warehouse).mended == ()
    all_rows, theirs = rows(everything), rows(warehouse)
    table, secret = next((name, found) for name, found in all_rows.items() if found and not theirs[name])
    places = ", ".join("?" * len(secret[0]))
    warehouse._cache.write(lambda c: c.exec_driver_sql(f'INSERT INTO "{table}" VALUES ({places})', secret)).result()
    on_the_disk(warehouse, "UPDATE party SET name = 'Somebody else' WHERE code = 'S-7'")
    assert [(one.table, one.count) for one in check(warehouse).mended] == [(table, len(secret)), ("party", 1)]
    assert rows(warehouse)[table] == []
    assert check(warehouse).mended == ()


def test_the_doctor_compares_an_offices_copy_with_the_centre_first(
    office: Office, network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office.perform(someone("S-7"), someone("S-8"))
    path = cache_path(network.url, "ACME", "lin", tmp_path)
    who = ["--centre", network.url, "--company", "ACME", "--user", "lin", "--data-dir", str(tmp_path)]
    assert cli.main(["doctor", *who]) == 1
    assert "There are no books" in capsys.readouterr().err
    assert not path.exists()
    desk = Desk.open(path, network.url, "ACME", "lin", PASSWORD, timing=PATIENT)
    on_the_disk(desk, "DELETE FROM party WHERE code = 'S-7'")
    assert cli.main(["doctor", *who]) == 1
    assert "already open" in capsys.readouterr().err
    desk.close()
    assert cli.main(["doctor", *who]) == 0
    assert capsys.readouterr().out.startswith("1 rows on this computer differed from the central service")
    assert cli.main(["doctor", *who]) == 0
    assert capsys.readouterr().out.startswith("This computer's data agree with the central service.")
    network.break_with(reply_lost)
    assert cli.main(["doctor", *who]) == 0  # the books themselves are sound
    assert capsys.readouterr().out.startswith("The data could not be checked")


def test_a_desk_too_far_behind_pulls_first(desk: Desk, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(central_verifying, "MOST_MOVED", 3)
    office.perform(*(someone(f"T-{number}") for number in range(9)))
    assert check(desk).count == 0
    assert "T-8" in ids_by_code(desk)


def test_offline_it_says_that_nothing_could_be_checked(desk: Desk, network: Network) -> None:
    desk.go_offline()
    with pytest.raises(CheckNotDone, match="could not be checked"):
        check(desk)
    desk.go_online()
    assert desk.wait_until_synced()
    network.break_with(reply_lost, "/verify")
    with pytest.raises(CheckNotDone):
        check(desk)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has worked for a while."""
    monkeypatch.setattr(checking, "MARKED_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(checking, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(checking, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(checking, "LOOK_EVERY_SECONDS", 0.01)


def test_a_quiet_desk_checks_itself_after_its_first_fill_and_then_once_a_day(
    quick: None, desk: Desk, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: fact(desk, "checked_at") is not None)
    assert fact(desk, "check_wanted") is None
    on_the_disk(desk, "DELETE FROM party WHERE code = 'S-7'")
    told: list[checking.Checked] = []
    desk.data_mended.connect(told.append)
    on_the_disk(desk, "UPDATE cache_state SET value = '2026-01-01T00:00:00+00:00' WHERE key = 'checked_at'")
    qtbot.waitUntil(lambda: bool(told))
    assert told[0].count == 1
    assert "S-7" in ids_by_code(desk)


def test_after_a_program_that_ended_without_closing_everything_is_checked(
    desk: Desk, open_desk: OpenDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MARKED_AFTER_SECONDS", 0.0)
    check(desk)
    desk.close()
    again = open_desk(password=None)
    qtbot.waitUntil(lambda: fact(again, "running") == "yes")
    assert fact(again, "check_wanted") is None  # it had been closed
    path = again._cache.path
    again.close()
    cache = Cache(path)
    cache.write(lambda connection: set_state(connection, running="yes")).result()  # as a kill leaves it
    cache.close()
    after_the_kill = open_desk(password=None)
    qtbot.waitUntil(lambda: fact(after_the_kill, "check_wanted") == "yes")
