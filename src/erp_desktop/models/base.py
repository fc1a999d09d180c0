"""What every table has: the company in front of the key, and, where a desk may hold it, the tick that wrote the row."""

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Connection, ForeignKeyConstraint, Index, MetaData
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from erp_desktop.models.types import TYPE_ANNOTATIONS

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TICK_IN_CONNECTION_INFO = "tick"
PENDING_TICK = 0  # a desk's own rows, until the centre's come back with the next pull


class Base(DeclarativeBase):
    """All tables of desk and centre."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPE_ANNOTATIONS


def set_tick(connection: Connection, tick: int) -> None:
    """From now on, every row written through `connection` carries `tick` (ORM, Core and bulk statements alike)."""
    connection.info[TICK_IN_CONNECTION_INFO] = tick


def current_tick(connection: Connection) -> int:
    """The tick that rows written now carry."""
    tick: int = connection.info.get(TICK_IN_CONNECTION_INFO, PENDING_TICK)
    return tick


def _current_tick(context: DefaultExecutionContext) -> int:
    return current_tick(context.connection)


class Replicated(Base):
    """A row that desks may hold. `read_permission` is what a user needs for it to be pulled to their desk."""

    __abstract__ = True

    read_permission: ClassVar[str]

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    tick: Mapped[int] = mapped_column(BigInteger, default=_current_tick, onupdate=_current_tick)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (*cls.rules(), Index(None, "company_id", "tick"))

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        """Constraints and further indexes of this table; each index begins with company_id."""
        return ()


def belongs_to(column: str, table: str) -> ForeignKeyConstraint:
    """`column` names a row of `table` in the same company. Checked at commit, so that a pull may bring rows in any order."""
    return ForeignKeyConstraint(
        ["company_id", column],
        [f"{table}.company_id", f"{table}.id"],
        deferrable=True,
        initially="DEFERRED",
    )


def replicated_tables() -> dict[str, type[Replicated]]:
    """Every replicated table's class by table name, in the order of the names (desk and centre agree on it)."""
    classes = (mapper.class_ for mapper in Base.registry.mappers)
    found = {str(cls.__tablename__): cls for cls in classes if issubclass(cls, Replicated)}
    return dict(sorted(found.items()))
