"""One history of the tables for desks and centres, on SQLite and PostgreSQL. How to add to it: README.md beside this file.

Alembic is imported only where there is a step to do: a program that finds its tables as they should be starts without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from erp_desktop.actions.refusals import Refused
from erp_desktop.database import writer
from erp_desktop.i18n import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent
_ONE_AT_A_TIME = 0x6572705F  # PostgreSQL advisory lock: two workers that start together do not both upgrade


class NewerDatabase(Refused):
    """The database was made by a newer program; this one would not understand its tables."""

    code = "newer_database"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "These data were made by a newer version of the program (tables {revision}). Install that version to open them; "
        "nothing was changed.",
    )


def configuration() -> "Config":
    """Alembic's configuration for this history, wherever the program is installed."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def known_revisions() -> list[str]:
    """Every revision from the first to the newest: the history is one line, numbered in its files' names."""
    return sorted(file.name.partition("_")[0] for file in (_HERE / "versions").glob("[0-9]*_*.py"))


def newest_revision() -> str:
    """The revision that this program's tables have."""
    return known_revisions()[-1]


def revision_of(connection: Connection) -> str | None:
    """The revision of a database; None where nothing has been created yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def is_current(engine: Engine) -> bool:
    """Whether the database has exactly this program's tables. Changes nothing."""
    with engine.connect() as connection:
        return revision_of(connection) == newest_revision()


def upgrade(engine: Engine) -> None:
    """Bring the database to this program's tables, in one transaction: wholly or not at all.

    Raises NewerDatabase where the database knows a revision that this program does not.
    """
    with writer(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        current = revision_of(connection)
        if current == newest_revision():
            return
        if current is not None and current not in known_revisions():
            raise NewerDatabase(revision=current)
        from alembic import command

        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
