"""Alembic's entry: runs on the connection that it is handed, or, for developers, on the one that alembic.ini names."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from erp_desktop.database import open_engine, writer
from erp_desktop.models import Base
from erp_desktop.models import types as kinds


def render_our_types(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types by name, so that a revision reads like the models."""
    if kind == "type" and type(item).__module__ == kinds.__name__:
        autogen.imports.add("from erp_desktop.models import types as kinds")
        arguments = f"length={item.length}" if isinstance(item, kinds.String) else ""
        return f"kinds.{type(item).__name__}({arguments})"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_our_types,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    address = context.config.get_main_option("sqlalchemy.url")
    assert address, "alembic.ini names the developer's database"
    with writer(open_engine(address)).begin() as opened:
        run(opened)
