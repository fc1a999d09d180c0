"""A cache file that breaks: what only this computer knew is saved, the person is told, the rest is fetched again."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest
from furnished_cache import ADA, furnish
from sqlalchemy import Connection, select, update

from erp_desktop.actions.masters import SaveParty
from erp_desktop.database import encrypting_driver
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sync import KeptAction, OutboxAction
from erp_desktop.sync import applying, outbox
from erp_desktop.sync.cache import Cache, CacheInUse, device_id
from erp_desktop.sync.cache_key import key_of, open_driver
from erp_desktop.sync.secrets import Secrets
from erp_desktop.wire import Ack

PAGE = 4096


def fill(path: Path, actions: int) -> object:
    cache = Cache(path)
    cache.write(furnish).result()
    for n in range(actions):
        action = SaveParty(party_id=new_id(), code=f"S-{n}", name="x" * 190, is_supplier=True)
        cache.write(lambda connection, action=action: outbox.perform(connection, ADA, action)).result()
    known_as = cache.write(device_id).result()
    cache.write(lambda connection: None).result()
    cache.close()
    return known_as


def pages_of(path: Path, table: str) -> list[int]:
    """The leaves of a table, or its root where that is all: the pages without which it alone cannot be read."""
    key = key_of(path, Secrets(path.parent))
    with closing(open_driver(path, key)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    leaves = []
    for page in range(root + 1, path.stat().st_size // PAGE + 1):
        flip(path, page)
        if is_readable(path, key, "alembic_version") and not is_readable(path, key, table):
            leaves.append(page)
        flip(path, page)
    return leaves or [root]


def is_readable(path: Path, key: str, table: str) -> bool:
    with closing(open_driver(path, key)) as connection:
        try:
            connection.execute(f"SELECT count(*) FROM {table} NOT INDEXED").fetchone()
        except encrypting_driver().DatabaseError:
            return False
    return True


def flip(path: Path, page: int) -> None:
    """One byte of the page is another; done twice, it is as before."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE + 100)
        (byte,) = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0xFF]))


def spoil(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(os.urandom(PAGE))


def waiting_codes(cache: Cache) -> list[str]:
    rows = cache.write(
        lambda c: c.execute(select(OutboxAction.args).order_by(OutboxAction.seq)).scalars().all()
    ).result()
    return [row.split('"code":"')[1].split('"')[0] for row in rows]


def test_a_damaged_page_of_a_table_costs_nothing_that_the_centre_does_not_have(path: Path) -> None:
    known_as = fill(path, 40)
    spoil(path, pages_of(path, "party")[0])
    cache = Cache(path)
    assert waiting_codes(cache) == [f"S-{n}" for n in range(40)]
    assert cache.write(device_id).result() == known_as
    assert not cache.write(applying.is_filled).result()
    assert "40 changes that were waiting were saved" in cache.damage
    assert len(list(path.parent.glob("cache.damaged-*.db"))) == 1
    cache.close()
    again = Cache(path)
    assert again.damage == ""
    again.close()


def test_a_damaged_page_of_the_outbox_costs_only_the_rows_on_it(path: Path) -> None:
    fill(path, 40)
    leaves = pages_of(path, "outbox")
    assert len(leaves) > 3
    spoil(path, leaves[1])
    cache = Cache(path)
    saved = waiting_codes(cache)
    assert 20 < len(saved) < 40
    assert saved[0] == "S-0"
    assert saved[-1] == "S-39"
    perform_next = SaveParty(party_id=new_id(), code="S-next", name="next", is_supplier=True)
    cache.write(lambda connection: outbox.perform(connection, ADA, perform_next)).result()
    assert waiting_codes(cache)[-1] == "S-next"
    cache.close()


def test_what_was_held_goes_on_waiting_only_for_what_was_saved(path: Path) -> None:
    """A change that builds on one that is lost is offered to the centre, which knows what became of that."""
    fill(path, 40)
    cache = Cache(path)
    rows = OutboxAction.__table__

    def hold(connection: Connection) -> None:
        first, *_, last_but_one, last = connection.scalars(select(rows.c.id).order_by(rows.c.seq)).all()
        held = update(OutboxAction)
        connection.execute(held.where(rows.c.id == last_but_one).values(status="held", depends_on=[str(first)]))
        connection.execute(held.where(rows.c.id == last).values(status="held", depends_on=[str(new_id())]))

    cache.write(hold).result()
    cache.close()
    spoil(path, pages_of(path, "party")[0])
    cache = Cache(path)
    statuses = cache.write(lambda c: c.scalars(select(rows.c.status).order_by(rows.c.seq)).all()).result()
    assert statuses[-3:] == ["pending", "held", "pending"]
    cache.close()


def test_what_needs_attention_was_dropped_or_is_kept_for_a_restored_centre_is_saved_too(path: Path) -> None:
    fill(path, 40)
    cache = Cache(path)
    rows, kept = OutboxAction.__table__, KeptAction.__table__

    def answer(connection: Connection) -> None:
        applied, refused, dropped, *_ = connection.scalars(select(rows.c.id).order_by(rows.c.seq)).all()
        outbox.settle(connection, Ack(id=applied, outcome="applied", tick=1))
        taken = {"code": "code_taken", "fields": {"code": "S"}}
        for each in (refused, dropped):
            outbox.settle(connection, Ack(id=each, outcome="refused", tick=2, problem=taken))
        outbox.drop(connection, ADA, dropped, "entered twice")

    def known(connection: Connection) -> tuple[object, ...]:
        waiting = connection.execute(select(rows.c.status, rows.c.problem, rows.c.args).order_by(rows.c.seq)).all()
        return [tuple(row) for row in waiting], [tuple(row) for row in connection.execute(select(kept))]

    cache.write(answer).result()
    before = cache.write(known).result()
    cache.close()
    spoil(path, pages_of(path, "party")[0])
    cache = Cache(path)
    assert cache.damage
    assert cache.write(known).result() == before
    assert before[0][1][1]["reason"] == "entered twice"
    assert len(before[1]) == 1
    cache.close()


def test_a_file_that_is_no_database_is_put_aside(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"This is not a database at all. " * 1000)
    cache = Cache(path)
    assert "damaged" in cache.damage
    assert cache.read(outbox.waiting).result() == outbox.Waiting(0, 0)
    cache.close()


def test_a_cache_that_another_program_holds_is_not_opened(path: Path) -> None:
    cache = Cache(path)
    with pytest.raises(CacheInUse):
        Cache(path)
    cache.close()
    Cache(path).close()


CRASH = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, {helpers!r})
    from furnished_cache import ADA, furnish
    from sqlalchemy import event
    from erp_desktop.actions.masters import SaveParty
    from erp_desktop.ids import new_id
    from erp_desktop.sync import outbox
    from erp_desktop.sync.cache import Cache

    cache = Cache(Path({path!r}))
    cache.write(furnish).result()

    def perform(code):
        action = SaveParty(party_id=new_id(), code=code, name=code, is_supplier=True)
        cache.write(lambda connection: outbox.perform(connection, ADA, action)).result()
        print(code, flush=True)

    perform("S-1")
    perform("S-2")
    left = {statements}

    @event.listens_for(cache._engine, "before_cursor_execute")
    def count(*_):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    perform("S-3")
    perform("S-4")
    perform("S-5")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("statements", [0, 2, 5, 9, 13, 16, 25, 1000])
def test_a_program_that_is_killed_while_performing_loses_nothing_that_it_confirmed(path: Path, statements: int) -> None:
    program = textwrap.dedent(CRASH).format(helpers=str(Path(__file__).parent), path=str(path), statements=statements)
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    confirmed = killed.stdout.split()
    assert confirmed[:2] == ["S-1", "S-2"]

    cache = Cache(path)
    waiting = waiting_codes(cache)
    parties = cache.write(lambda c: list(c.scalars(select(Party.code).order_by(Party.code)))).result()
    assert waiting == parties  # an action and what it wrote are there together, or neither
    assert waiting[: len(confirmed)] == confirmed
    assert len(waiting) <= len(confirmed) + 1  # the last one may be safe though nobody was told any more
    before = len(waiting)
    cache.write(lambda connection: outbox.run_again(connection, ADA)).result()
    assert len(waiting_codes(cache)) == before
    cache.close()


SETTLING = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, {helpers!r})
    from furnished_cache import ADA
    from sqlalchemy import event, select
    from erp_desktop.models.sync import OutboxAction
    from erp_desktop.sync.cache import Cache
    from erp_desktop.sync.settling import Decision, settle

    cache = Cache(Path({path!r}))
    rows = OutboxAction.__table__
    first, second = cache.write(lambda c: c.scalars(select(rows.c.id).where(rows.c.status == "refused")).all()).result()
    left = [{statements}]

    @event.listens_for(cache._engine, "before_cursor_execute")
    def count(_connection, _cursor, statement, *_):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    decisions = [Decision(first), Decision(second, reason="entered twice")]
    cache.write(lambda connection: settle(connection, ADA, decisions)).result()
    print("settled", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("statements", [12, 1000])
def test_a_program_that_is_killed_while_settling_has_carried_out_all_that_was_decided_or_nothing(
    path: Path, statements: int
) -> None:
    fill(path, 3)
    cache = Cache(path)
    rows = OutboxAction.__table__

    def refuse(connection: Connection) -> None:
        first, second, third = connection.scalars(select(rows.c.id).order_by(rows.c.seq)).all()
        for each in (first, third):
            outbox.settle(connection, Ack(id=each, outcome="refused", tick=1))
        held = update(OutboxAction).where(rows.c.id == second)
        connection.execute(held.values(status="held", depends_on=[str(first)]))
        outbox.run_again(connection, ADA)

    cache.write(refuse).result()
    cache.close()
    program = textwrap.dedent(SETTLING).format(
        helpers=str(Path(__file__).parent), path=str(path), statements=statements
    )
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    is_settled = "settled" in killed.stdout
    assert is_settled == (statements == 1000)

    cache = Cache(path)
    statuses = cache.write(lambda c: c.scalars(select(rows.c.status).order_by(rows.c.seq)).all()).result()
    assert statuses == (["dropped", "pending", "pending"] if is_settled else ["refused", "held", "refused"])
    cache.close()
