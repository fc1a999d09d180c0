"""One history of the tables for desks and centres, on SQLite and PostgreSQL. How to add to it: README.md beside this file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from erp_desktop.database import writer

_HERE = Path(__file__).parent
_ONE_AT_A_TIME = 0x6572705F  # PostgreSQL advisory lock: two workers that start together do not both upgrade


class NewerDatabase(RuntimeError):
    """The database was made by a newer program; this one would not understand its tables."""


def configuration() -> Config:
    """Alembic's configuration for this history, wherever the program is installed."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def newest_revision() -> str:
    """The revision that this program's tables have."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None, "the history has a first revision"
    return head


def revision_of(connection: Connection) -> str | None:
    """The revision of a database; None where nothing has been created yet."""
    return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    """Whether the database has exactly this program's tables. Changes nothing."""
    with engine.connect() as connection:
        return revision_of(connection) == newest_revision()


def upgrade(engine: Engine) -> None:
    """Bring the database to this program's tables, in one transaction: wholly or not at all.

    Raises NewerDatabase where the database knows a revision that this program does not.
    """
    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    with writer(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        current = revision_of(connection)
        if current == scripts.get_current_head():
            return
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise NewerDatabase(f"the database has revision {current}")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
