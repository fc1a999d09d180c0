"""Setting up made quick, where what is made quick is not what a test proves. All of it holds for this process only:
programs that a test starts hash, compile and migrate as they do at a customer's.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.util import LRUCache

from erp_desktop import database, migrations
from erp_desktop.central import accounts
from erp_desktop.memory import settle_memory
from erp_desktop.sync import cache_key

KEY = "5e" * 48  # of every new cache
own_new_key = cache_key.new_key
STATEMENTS_KEPT = 3000  # a few hundred are asked again and again by most tests


def pytest_collection_finish() -> None:
    """All modules and tests are there and stay: the collector of unused objects need not walk them, as in the program."""
    settle_memory()


@pytest.fixture(scope="session", autouse=True)
def slow_hasher() -> Iterator[PasswordHasher]:
    """Passwords are hashed by Argon2id with the least it can do, in microseconds instead of a fifth of a second's CPU.

    Gives the hasher of the program itself, for a test of how strong it is.
    """
    own = accounts._hasher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield own


@pytest.fixture(scope="session", autouse=True)
def statements_are_compiled_once() -> Iterator[None]:
    """A statement that one test has had compiled is not compiled again by the next.

    An engine keeps what it compiled, as one does for weeks at a customer's; but every test opens engines of its own.
    So those of one kind of database share a dialect, which is part of what a statement is kept by, and the statements.
    """
    first: dict[str, Engine] = {}

    def create(address: Any, **options: Any) -> Engine:
        engine = create_engine(address, **options)
        known = first.get(kind(engine.dialect))
        if known is None:
            engine._compiled_cache = LRUCache(STATEMENTS_KEPT)
            event.listen(engine, "engine_connect", is_ready, once=True)
        else:
            engine.dialect = engine.pool._dialect = known.dialect
            engine._compiled_cache = known._compiled_cache
        return engine

    def is_ready(connection: Connection) -> None:  # only now does the dialect know which server it talks to
        first.setdefault(kind(connection.dialect), connection.engine)

    def kind(dialect: Any) -> str:
        return f"{dialect.name} {dialect.dbapi.__name__}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", create)
        yield


@pytest.fixture(scope="session", autouse=True)
def new_caches_are_copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A desk's new cache gets its tables by copying ones that were migrated once, not by migrating from nothing.

    A copy has the key of what it was copied from, so all new caches have one key; `keys_of_their_own` ends that.
    """
    migrate = migrations.upgrade
    templates = tmp_path_factory.mktemp("cache")

    def upgrade(engine: Engine) -> None:
        file = Path(engine.url.database or "")
        is_encrypted = engine.dialect.loaded_dbapi is database.encrypting_driver()
        if engine.dialect.name == "sqlite" and not file.exists() and (not is_encrypted or cache_key.new_key() == KEY):
            template = templates / ("encrypted.db" if is_encrypted else "plain.db")
            if not template.exists():
                made = database.open_engine(f"sqlite:///{template}", key=KEY if is_encrypted else None)
                migrate(made)
                made.dispose()
            shutil.copyfile(template, file)
        migrate(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache_key, "new_key", lambda: KEY)
        patch.setattr(migrations, "upgrade", upgrade)
        yield


@pytest.fixture
def keys_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cache that this test makes has a key of its own, as at a customer's."""
    monkeypatch.setattr(cache_key, "new_key", own_new_key)
