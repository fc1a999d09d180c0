"""The history of the tables and the models say the same, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, Inspector, inspect, text

from erp_desktop.database import open_engine
from erp_desktop.migrations import NewerDatabase, newest_revision, revision_of, upgrade
from erp_desktop.models import Base


@pytest.fixture(params=["sqlite", "postgres"])
def blank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'blank.db'}")
    else:
        engine = open_engine(request.getfixturevalue("empty_postgres_url"))
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list[Any]:
    """What Alembic would have to change to make the database equal to the models."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def tables_of(engine: Engine) -> dict[str, Any]:
    """Everything that the database itself says of its tables; Alembic compares no CHECKs and no deferrability."""
    looking: Inspector = inspect(engine)

    def named(found: Any) -> list[str]:
        return sorted(str(sorted(one.items(), key=str)) for one in found)

    return {
        table: {
            "columns": named({**column, "type": str(column["type"])} for column in looking.get_columns(table)),
            "key": looking.get_pk_constraint(table),
            "foreign keys": named(looking.get_foreign_keys(table)),
            "checks": named(looking.get_check_constraints(table)),
            "unique": named(looking.get_unique_constraints(table)),
            "indexes": named(with_words(index) for index in looking.get_indexes(table)),
        }
        for table in looking.get_table_names()
        if table != "alembic_version"
    }


def with_words(index: Any) -> dict[str, Any]:
    """An index with the condition of a partial one as text."""
    options = {name: str(condition) for name, condition in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def test_history_and_models_make_the_same_tables(blank: Engine, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    upgrade(blank)
    assert differences(blank) == []

    by_history = tables_of(blank)
    with blank.begin() as connection:
        for table in reversed(list(by_history)):
            connection.execute(text(f"DROP TABLE {table} {'CASCADE' if blank.dialect.name == 'postgresql' else ''}"))
    Base.metadata.create_all(blank)
    assert by_history == tables_of(blank)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE party ADD COLUMN nickname VARCHAR(20)",
        "DROP INDEX ix_party_company_id_tick",
        "CREATE TABLE forgotten (id INTEGER)",
    ],
)
def test_the_comparison_notices_what_a_step_forgot(blank: Engine, change: str) -> None:
    upgrade(blank)
    with blank.begin() as connection:
        connection.execute(text(change))
    assert differences(blank)


def test_upgrading_twice_changes_nothing(blank: Engine) -> None:
    upgrade(blank)
    before = tables_of(blank)
    upgrade(blank)
    assert tables_of(blank) == before
    with blank.connect() as connection:
        assert revision_of(connection) == newest_revision()


def test_a_database_of_a_newer_program_is_left_alone(blank: Engine) -> None:
    upgrade(blank)
    with blank.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="9999"):
        upgrade(blank)


def test_an_upgrade_that_fails_leaves_nothing_behind(blank: Engine) -> None:
    with blank.begin() as connection:
        connection.execute(text("CREATE TABLE stock_move (unexpected INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        upgrade(blank)
    assert inspect(blank).get_table_names() == ["stock_move"]
