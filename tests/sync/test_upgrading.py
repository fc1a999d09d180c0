"""A cache that meets another version of the program than the one that made it."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from furnished_cache import ADA, furnish
from sqlalchemy import inspect, select

from erp_desktop import migrations
from erp_desktop.actions.masters import SaveParty
from erp_desktop.ids import new_id
from erp_desktop.migrations import NewerDatabase
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync import applying, outbox, salvage
from erp_desktop.sync.cache import Cache, device_id

NEXT_STEP = '''
"""What the next release adds."""

import os
import signal

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.create_table("contract", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("party", sa.Column("nickname", sa.String(20), nullable=False, server_default=""))
    op.execute("UPDATE party SET nickname = code")
    if "KILLED_MIDWAY" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
    op.add_column("party", sa.Column("website", sa.String(20)))
'''

OPEN = """
    import sys
    from pathlib import Path
    from erp_desktop import migrations
    migrations._HERE = Path({next_release!r})
    from erp_desktop.sync.cache import Cache
    Cache(Path({path!r})).close()
"""


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """The history of the tables with one step more."""
    history = copytree(Path(migrations.__file__).parent, tmp_path / "history", ignore=ignore_patterns("__pycache__"))
    newest = migrations.newest_revision()
    step = NEXT_STEP.format(revision="9000", before=newest)
    (history / "versions/9000_what_the_next_release_adds.py").write_text(step)
    return history


@pytest.fixture
def upgraded(next_release: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on this program is the next release."""
    return lambda: monkeypatch.setattr(migrations, "_HERE", next_release)


@pytest.fixture
def used(path: Path) -> str:
    """A cache in which Ada did two things that the centre has not seen. Answers what the centre knows the device by."""
    cache = Cache(path)
    cache.write(furnish).result()
    for code in ("S-1", "S-2"):
        action = SaveParty(party_id=new_id(), code=code, name=f"Supplier {code}", is_supplier=True)
        cache.write(lambda connection, action=action: outbox.perform(connection, ADA, action)).result()
    known_as = str(cache.write(device_id).result())
    cache.close()
    return known_as


def waits(cache: Cache) -> list[str]:
    found = cache.read(lambda session: session.scalars(select(OutboxAction.args).order_by(OutboxAction.seq)).all())
    return [args.split('"code":"')[1][:3] for args in found.result()]


def columns(cache: Cache, table: str) -> set[str]:
    return {column["name"] for column in inspect(cache._engine).get_columns(table)}


def test_the_next_release_brings_a_cache_up_to_date_and_what_waits_goes_on_waiting(
    path: Path, used: str, upgraded: Callable[[], None]
) -> None:
    upgraded()
    cache = Cache(path)
    assert cache.damage == ""
    assert {"nickname", "website"} <= columns(cache, "party")
    assert waits(cache) == ["S-1", "S-2"]
    assert str(cache.write(device_id).result()) == used
    assert cache.write(applying.is_filled).result()
    cache.write(
        lambda connection: outbox.run_again(connection, ADA)
    ).result()  # undone and done again on the new tables
    assert cache.read(outbox.waiting).result() == outbox.Waiting(pending=2, attention=0)
    cache.close()


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_an_upgrade_that_is_killed_midway_begins_again_and_nothing_is_lost(
    path: Path, used: str, next_release: Path, upgraded: Callable[[], None]
) -> None:
    script = textwrap.dedent(OPEN.format(next_release=str(next_release), path=str(path)))
    killed = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "KILLED_MIDWAY": "yes"}, check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()

    before = Cache(path)  # the old program still finds what it had
    assert "nickname" not in columns(before, "party")
    assert waits(before) == ["S-1", "S-2"]
    before.close()

    upgraded()
    cache = Cache(path)
    assert {"nickname", "website"} <= columns(cache, "party")
    assert waits(cache) == ["S-1", "S-2"]
    assert str(cache.write(device_id).result()) == used
    cache.close()


def test_a_damaged_cache_of_an_older_release_still_gives_what_waits(path: Path, used: str) -> None:
    cache = Cache(path)
    cache.write(lambda connection: connection.exec_driver_sql("ALTER TABLE outbox DROP COLUMN again_since")).result()
    key = cache._key
    cache.close()
    saved = salvage.read_what_is_readable(path, key)
    assert [row["args"].split('"code":"')[1][:3] for row in saved.outbox] == ["S-1", "S-2"]
    assert saved.facts["device_id"] == used


def test_an_older_program_says_in_one_sentence_that_the_cache_is_newer_and_leaves_it_alone(
    path: Path, used: str, upgraded: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    this_release = migrations._HERE
    upgraded()
    Cache(path).close()
    monkeypatch.setattr(migrations, "_HERE", this_release)
    with pytest.raises(NewerDatabase, match=r"newer version of the program.*nothing was changed"):
        Cache(path)
    upgraded()
    cache = Cache(path)
    assert waits(cache) == ["S-1", "S-2"]
    cache.close()
