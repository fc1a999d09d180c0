"""What a list declares: its columns, the tables that their names come from, and its own order.

Not here: how a page is read (listing.py), nor any particular list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias

from sqlalchemy import Column, ColumnElement, FromClause, Table, and_, func, select, type_coerce
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import Alias, ColumnClause
from sqlalchemy.sql.selectable import NamedFromClause

from erp_desktop.models.base import PENDING_TICK, Base, permissions_to_read
from erp_desktop.queries.base import Record


class UnknownColumn(ValueError):
    """A request sorts or filters by a column that the list does not have."""


TableAlias: TypeAlias = "NamedFromClause[Any]"


def table_of(model: type[Base], name: str = "") -> TableAlias:
    """The table of `model` under a name of its own, so that one table can stand in a list twice (from bin, to bin)."""
    table = model.__table__
    assert isinstance(table, Table)
    return table.alias(name or table.name)


@dataclass(frozen=True)
class ListColumn:
    """A column of a list: the row's attribute, where it comes from, and what it is good for."""

    name: str
    expression: ColumnElement[Any]
    is_searched: bool = False  # by the free text
    is_total: bool = False  # summed over all rows that match
    is_amount: bool = False  # total per currency, where the list has a `currency` column


@dataclass(frozen=True)
class Join:
    """A table whose names a list shows: joined where `key`, a column of a table before it, is the `target`'s id."""

    target: TableAlias
    key: ColumnElement[Any]


class ListShape(Generic[Record]):
    """What a list is made of. `order` is its own order: column names, each with `descending`.

    The columns have the names of `record`'s fields, in their order.
    """

    def __init__(
        self,
        record: type[Record],
        base: TableAlias,
        columns: Sequence[ListColumn],
        joins: Sequence[Join] = (),
        order: Sequence[tuple[str, bool]] = (("code", False),),
    ) -> None:
        self.record = record
        self.base = base
        self.columns = {column.name: column for column in columns}
        self.joins = tuple(joins)
        self.order = tuple(order)
        fields = tuple(getattr(record, "__dataclass_fields__", {}))
        if fields != tuple(self.columns):
            raise TypeError(f"{record.__name__} has the fields {fields}, its list the columns {tuple(self.columns)}")
        self._needed = {column.name: self._joins_for(column.expression) for column in columns}
        self.tables = frozenset(
            _table_names([base, *(join.target for join in joins), *(c.expression for c in columns)])
        )

    def column(self, name: str) -> ListColumn:
        """Raises UnknownColumn."""
        if name not in self.columns:
            raise UnknownColumn(name)
        return self.columns[name]

    def hidden(self, permissions: frozenset[str]) -> frozenset[str]:
        """The columns that are made of what somebody with `permissions` may not see; on their desk they are empty."""
        return frozenset(
            name
            for name, column in self.columns.items()
            if any(not needed & permissions for needed in _permissions_for(column.expression))
        )

    def from_clause(self, names: Iterable[str], start: FromClause | None = None) -> FromClause:
        """The base table with the joins that the columns called `names` need, in the declared order."""
        needed = {position for name in names for position in self._needed[name]}
        clause: FromClause = self.base if start is None else start
        for position in sorted(needed):
            join = self.joins[position]
            clause = clause.outerjoin(join.target, self.on(join))
        return clause

    def on(self, join: Join) -> ColumnElement[bool]:
        same_company: ColumnElement[bool] = join.target.c.company_id == self.base.c.company_id
        return and_(same_company, join.target.c.id == join.key)

    def join_behind(self, column: ListColumn) -> Join | None:
        """The one join that a plain column comes from, if its key stands in the base table itself."""
        expression = column.expression
        if isinstance(expression, ColumnClause):
            for join in self.joins:
                if expression.table is join.target and getattr(join.key, "table", None) is self.base:
                    return join
        return None

    def is_nullable(self, expression: ColumnElement[Any]) -> bool:
        if isinstance(expression, Column) and getattr(expression, "table", None) is self.base:
            return bool(expression.nullable)
        return True

    def _joins_for(self, expression: ColumnElement[Any]) -> frozenset[int]:
        positions: set[int] = set()
        open_expressions: list[ColumnElement[Any]] = [expression]
        while open_expressions:
            sources = _source_tables(open_expressions.pop())
            for position, join in enumerate(self.joins):
                if join.target in sources and position not in positions:
                    positions.add(position)
                    open_expressions.append(join.key)
        return frozenset(positions)


def _source_tables(expression: ColumnElement[Any]) -> set[Any]:
    return {element.table for element in visitors.iterate(expression) if isinstance(element, ColumnClause)}


def _permissions_for(expression: ColumnElement[Any]) -> set[frozenset[str]]:
    """Of each guarded column that `expression` reads: the permissions one of which is needed."""
    found = set()
    for element in visitors.iterate(expression):
        source = getattr(element, "table", None)
        while isinstance(source, Alias):
            source = source.element
        if isinstance(source, Table) and isinstance(element, ColumnClause):
            found.add(permissions_to_read(source.columns[element.name]))
    return found - {frozenset()}


def _table_names(elements: Iterable[Any]) -> Iterable[str]:
    for element in elements:
        for part in visitors.iterate(element):
            source = getattr(part, "table", part)
            while isinstance(source, Alias):
                source = source.element
            if isinstance(source, Table):
                yield source.name


# --- short ways to declare columns ----------------------------------------------------------------------------------


def plain(source: TableAlias, *names: str) -> list[ListColumn]:
    """Columns that are called as in their table."""
    return [ListColumn(name, source.c[name]) for name in names]


def searched(source: TableAlias, *names: str) -> list[ListColumn]:
    """Columns of the list's own table that the free text looks in."""
    return [ListColumn(name, source.c[name], is_searched=True) for name in names]


def named(source: TableAlias, *fields: str) -> list[ListColumn]:
    """Fields of a joined table, each called after both: supplier_code, supplier_name. The free text looks in them."""
    return [ListColumn(f"{source.name}_{field}", source.c[field], is_searched=True) for field in fields]


def is_pending(source: TableAlias) -> ListColumn:
    """True while only this desk knows the row; always False at the centre."""
    return ListColumn("is_pending", source.c.tick == PENDING_TICK)


def sum_of(
    column: ColumnElement[Any], base: TableAlias, key: ColumnElement[Any], *criteria: ColumnElement[bool]
) -> ColumnElement[Any]:
    """The sum of `column` over the rows of its table whose `key` is the list row's id (and that meet `criteria`); 0 without
    any."""
    source = getattr(key, "table", None)
    assert isinstance(source, Alias)
    summed = select(func.sum(column)).where(source.c.company_id == base.c.company_id, key == base.c.id, *criteria)
    return func.coalesce(summed.correlate(base).scalar_subquery(), 0)


def difference(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
    """`left` less `right`, of the kind that `left` is (SQL alone would forget that it is a quantity)."""
    return type_coerce(left - right, left.type)
