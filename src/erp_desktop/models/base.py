"""What every table has: the company in front of the key, and, where a desk may hold it, the tick that wrote the row."""

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, ForeignKeyConstraint, Index, MetaData
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column

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


EVERYBODY = ""  # read_permission of what whoever has signed in may see: the company, who works there
FIRST_REVISION = 1
_READ_BY = "read_by"
_SINCE = "since"


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
    """A row that desks may hold. `read_permission` is what a user needs for it to be pulled to their desk (EVERYBODY: to
    have signed in). Single columns may need more: `read_by`. `since` is the schema revision (wire.py) that brought the
    table; a column that came later says so itself.
    """

    __abstract__ = True

    read_permission: ClassVar[str]
    warehouse_columns: ClassVar[tuple[str, ...]] = ()  # the row is of the warehouses that these name
    part_of: ClassVar[tuple[str, str] | None] = None  # or of those of the row that a column names in another table
    of_document: ClassVar[tuple[str, str] | None] = None  # columns with table and id of what it belongs to,
    documents: ClassVar[tuple[str, ...]] = ()  # one of these: it is for who may read that row
    # A document on which nothing was done for the company's window is not sent to desks, unless its status is one of these;
    open_while: ClassVar[tuple[str, ...] | None] = None  # None: it is no document by itself
    kept_with: ClassVar[tuple[str, str] | None] = (
        None  # and this row goes with the one that a column names (else: `part_of`)
    )
    kept_with_documents: ClassVar[tuple[str, ...]] = ()  # or that `document_id` names, in the table `document_kind`
    since: ClassVar[int] = FIRST_REVISION

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


def read_by(*permissions: str) -> MappedColumn[Any]:
    """A column that only those hold who have one of `permissions`; on another desk it is NULL, which says "not known here".

    So the database lets it be missing; at the centre it never is where its type does not allow it. Whoever may perform an
    action that writes the column from what stands in it must be among those who hold it.
    """
    return mapped_column(nullable=True, info={_READ_BY: frozenset(permissions)})


def price_of_a_supplier() -> MappedColumn[Any]:
    """A column that tells what goods cost: for who sees costs, and who writes the orders."""
    return read_by("cost.read", "purchasing.write")


def permissions_to_read(column: Column[Any]) -> frozenset[str]:
    """One of these is needed to hold `column`; empty: its table's permission is enough."""
    found: frozenset[str] = column.info.get(_READ_BY, frozenset())
    return found


def since(revision: int, **options: Any) -> MappedColumn[Any]:
    """A column, with the `options` of mapped_column, that a table got with this schema revision. Desk or centre may be of an
    older one, so that it may be missing in a row: it is nullable, or has a `server_default`.
    """
    return mapped_column(info={_SINCE: revision}, **options)


def since_of(column: Column[Any]) -> int:
    """The schema revision that brought this column to its table."""
    found: int = column.info.get(_SINCE, FIRST_REVISION)
    return found


def columns_after(model: type[Replicated], revision: int) -> frozenset[str]:
    """The columns that a program of this schema revision does not know."""
    return frozenset(column.name for column in model.__table__.columns if since_of(column) > revision)  # type: ignore[arg-type]


def may_hold(model: type[Replicated], permissions: frozenset[str]) -> bool:
    """Whether a desk of somebody with `permissions` holds rows of this table."""
    return model.read_permission == EVERYBODY or model.read_permission in permissions


def hidden_columns(model: type[Replicated], permissions: frozenset[str]) -> frozenset[str]:
    """The columns that are left out of the rows of such a desk."""
    return frozenset(
        column.name
        for column in model.__table__.columns
        if (needed := permissions_to_read(column)) and not needed & permissions  # type: ignore[arg-type]
    )


def replicated_tables() -> dict[str, type[Replicated]]:
    """Every replicated table's class by table name, in the order of the names (desk and centre agree on it)."""
    classes = (mapper.class_ for mapper in Base.registry.mappers)
    found = {str(cls.__tablename__): cls for cls in classes if issubclass(cls, Replicated)}
    return dict(sorted(found.items()))
