"""How every list reads its page: filter and sort on few columns first, then the names of the few rows that are shown.

Here: the statements that are made of what a list declares (list_shape.py). Not here: any particular list.

A page's ids come from a statement that joins only what its filters and its order need, so that it can walk an index; the
names are joined to those ids afterwards ("late join"). Missing values sort as the largest, alike on both databases.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, false, func, literal, not_, or_, select, true, tuple_
from sqlalchemy.orm import Session

from erp_desktop.models.types import String
from erp_desktop.queries.base import Between, Contains, IsEmpty, ListPage, ListRequest, NotHere, OneOf, Position, Record
from erp_desktop.queries.list_shape import Join, ListShape, TableAlias
from erp_desktop.queries.texts import has_text

MOST_FREQUENT = 20
FEW_NAMES = 50
MOST_WORDS = 100  # of the free text; no record has so many
FIRST_PAGE = ListRequest()


@dataclass(frozen=True)
class SortKey:
    expression: ColumnElement[Any]
    descending: bool
    is_nullable: bool

    def clause(self, backwards: bool) -> ColumnElement[Any]:
        descending = self.descending != backwards
        ordered: ColumnElement[Any] = self.expression.desc() if descending else self.expression.asc()
        if self.is_nullable:  # PostgreSQL's own way, so that it may still use an index; SQLite must be told
            ordered = ordered.nulls_first() if descending else ordered.nulls_last()
        return ordered

    def beyond(self, value: Any, backwards: bool) -> ColumnElement[bool]:
        """Is past `value` in this direction; a missing value counts as the largest."""
        descending = self.descending != backwards
        if value is None:
            return self.expression.is_not(None) if descending else false()
        if descending:
            smaller: ColumnElement[bool] = self.expression < value
            return smaller
        larger: ColumnElement[bool] = self.expression > value
        return or_(larger, self.expression.is_(None)) if self.is_nullable else larger


@dataclass(frozen=True)
class ListQuery(Generic[Record]):
    """A list that is asked for page by page. Subclasses declare `shape`, and may narrow it with fields and `criteria`."""

    tables: ClassVar[frozenset[str]]
    shape: ClassVar[ListShape[Any]]

    request: ListRequest = FIRST_PAGE

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "shape" in cls.__dict__:
            cls.tables = cls.shape.tables

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        """What holds for every row of this list, in terms of the shape's tables. May use only the base table."""
        return ()

    def with_request(self, request: ListRequest) -> "ListQuery[Record]":
        """The same list asked for another part."""
        return replace(self, request=request)

    def position(self, row: Record) -> Position:
        """Where `row` stands in the order of this request; for `after` and `before`."""
        values = tuple(getattr(row, name) for name, _ in self._order_names())
        return Position(values, row.id)  # type: ignore[attr-defined]  # every list row has an id

    def run(self, session: Session, company_id: UUID) -> ListPage[Record]:
        rows: tuple[Record, ...] = () if self.request.count_only else self._rows(session, company_id)
        if self.request.rows_only:
            return ListPage(rows, None, {})
        if self.request.count_at_most is not None:
            return self._capped(session, company_id, rows, self.request.count_at_most)
        return self._counted(session, company_id, rows)

    def frequent_values(self, session: Session, company_id: UUID, column: str) -> tuple[tuple[Any, int], ...]:
        """The column's most frequent values among the rows that match, with how often, most frequent first."""
        expression = self.shape.column(column).expression
        times = func.count()
        statement = select(expression, times).select_from(self._from([column])).where(*self._where(session, company_id))
        statement = statement.group_by(expression).order_by(times.desc(), expression).limit(MOST_FREQUENT)
        return tuple((value, number) for value, number in session.execute(statement))

    def ids(self, session: Session, company_id: UUID) -> tuple[UUID, ...]:
        """The ids of all rows that match, in order: what Ctrl+A takes, loaded or not."""
        statement = select(self.shape.base.c.id).select_from(self._from(self._order_column_names()))
        statement = statement.where(*self._where(session, company_id)).order_by(*self._order_by(backwards=False))
        return tuple(session.execute(statement).scalars())

    def row_number(self, session: Session, company_id: UUID, row: Record) -> int:
        """How many rows that match stand before `row`: keeps the cursor on a record when the list was read again."""
        statement = select(func.count()).select_from(self._from(self._order_column_names()))
        before = self._beyond(self.position(row), backwards=True)
        return int(session.execute(statement.where(*self._where(session, company_id), before)).scalar_one())

    # --- the page -----------------------------------------------------------------------------------------------

    def _rows(self, session: Session, company_id: UUID) -> tuple[Record, ...]:
        shape, base = self.shape, self.shape.base
        page = self._page_ids(session, company_id).subquery("page")
        start = page.join(base, and_(base.c.company_id == company_id, base.c.id == page.c.id))
        statement = select(*(column.expression for column in shape.columns.values()))
        statement = statement.select_from(shape.from_clause(shape.columns, start)).order_by(*self._order_by(False))
        record = shape.record
        return tuple(record(*row) for row in session.execute(statement))

    def _page_ids(self, session: Session, company_id: UUID) -> Select[Any]:
        request = self.request
        offset, limit, backwards = request.offset, request.limit, request.from_end
        if request.known_count is not None and not backwards and offset > request.known_count // 2:
            backwards, offset = True, request.known_count - offset - limit
            if offset < 0:  # the last page is a short one
                limit, offset = max(limit + offset, 0), 0
        statement = select(self.shape.base.c.id).select_from(self._from(self._order_column_names()))
        statement = statement.where(*self._where(session, company_id))
        if request.after is not None:
            statement = statement.where(self._beyond(request.after, backwards=False))
        if request.before is not None:
            backwards = True
            statement = statement.where(self._beyond(request.before, backwards=True))
        statement = statement.order_by(*self._order_by(backwards)).limit(limit)
        return statement.offset(offset) if offset else statement

    def _order_names(self) -> tuple[tuple[str, bool], ...]:
        if not self.request.sort:
            return self.shape.order
        return ((self.request.sort, self.request.descending), *self.request.then)

    def _order_column_names(self) -> list[str]:
        return [name for name, _ in self._order_names() if self.shape.column(name)]

    def _sort_keys(self) -> list[SortKey]:
        keys = []
        for name, descending in self._order_names():
            expression = self.shape.column(name).expression
            keys.append(SortKey(expression, descending, self.shape.is_nullable(expression)))
        return [*keys, SortKey(self.shape.base.c.id, keys[-1].descending, is_nullable=False)]

    def _order_by(self, backwards: bool) -> list[ColumnElement[Any]]:
        return [key.clause(backwards) for key in self._sort_keys()]

    def _beyond(self, position: Position, backwards: bool) -> ColumnElement[bool]:
        keys = self._sort_keys()
        values = (*position.values, position.id)
        first = keys[0].descending != backwards
        if all((key.descending != backwards) == first and (not key.is_nullable or first) for key in keys) and (
            None not in values
        ):  # one comparison of whole keys, which an index answers
            whole = tuple_(*(key.expression for key in keys))
            given = tuple_(*(literal(value, key.expression.type) for key, value in zip(keys, values, strict=True)))
            return whole < given if first else whole > given
        beyond: ColumnElement[bool] = false()
        for key, value in zip(reversed(keys), reversed(values), strict=True):
            same = key.expression == value if value is not None else key.expression.is_(None)
            beyond = or_(key.beyond(value, backwards), and_(same, beyond))
        return beyond

    # --- what matches -------------------------------------------------------------------------------------------

    def _from(self, names: Iterable[str]) -> FromClause:
        shape = self.shape
        filtered = (shape.column(name).name for name, _ in self.request.filters)
        searched = (c.name for c in shape.columns.values() if c.is_searched and shape.join_behind(c) is None)
        return shape.from_clause({*names, *filtered, *(searched if self.request.search.strip() else ())})

    def _where(self, session: Session, company_id: UUID) -> list[ColumnElement[bool]]:
        conditions = [self.shape.base.c.company_id == company_id, *self.criteria()]
        for name, value in self.request.filters:
            conditions.append(matches(self.shape.column(name).expression, value))
        return [*conditions, *self._found(session, company_id)]

    def _found(self, session: Session, company_id: UUID) -> list[ColumnElement[bool]]:
        """Every word stands in one of the searched columns; names elsewhere are looked up there, not row by row."""
        shape, words = self.shape, self.request.search.split()
        here: list[ColumnElement[Any]] = []
        elsewhere: dict[TableAlias, tuple[Join, list[ColumnElement[Any]]]] = {}
        for column in shape.columns.values():
            if column.is_searched:
                join = shape.join_behind(column)
                if join is None:
                    here.append(column.expression)
                else:
                    elsewhere.setdefault(join.target, (join, []))[1].append(column.expression)

        def named_so(join: Join, names: Sequence[ColumnElement[Any]], *words: str) -> Select[Any]:
            ids = select(join.target.c.id).where(join.target.c.company_id == company_id)
            return ids.where(*(_any_has(word, names) for word in words))

        if not words or not (here or elsewhere):
            return []
        if len(words) > MOST_WORDS:
            return [false()]
        if not here and len(elsewhere) == 1:
            # Nothing but these names: of few of them an index finds the rows, of many the list's own order soon does.
            [(join, names)] = elsewhere.values()
            ids = named_so(join, names, *words)
            few = session.execute(ids.limit(FEW_NAMES + 1)).scalars().all()
            if len(few) > FEW_NAMES:
                return [ids.where(join.target.c.id == join.key).correlate(shape.base).exists()]
            return [join.key.in_(few) if few else false()]
        return [
            or_(
                _any_has(word, here), *(join.key.in_(named_so(join, names, word)) for join, names in elsewhere.values())
            )
            for word in words
        ]

    # --- count and totals ---------------------------------------------------------------------------------------

    def _capped(self, session: Session, company_id: UUID, rows: tuple[Record, ...], at_most: int) -> ListPage[Record]:
        some = (
            select(literal(1)).select_from(self._from(())).where(*self._where(session, company_id)).limit(at_most + 1)
        )
        count = int(session.execute(select(func.count()).select_from(some.subquery())).scalar_one())
        return ListPage(rows, min(count, at_most), {}, is_count_exact=count <= at_most)

    def _counted(self, session: Session, company_id: UUID, rows: tuple[Record, ...]) -> ListPage[Record]:
        shape = self.shape
        summed = [column for column in shape.columns.values() if column.is_total]
        currency = shape.columns.get("currency")
        grouped = currency is not None and any(column.is_amount for column in summed)
        names = [column.name for column in summed] + (["currency"] if grouped else [])
        statement = select(func.count(), *(func.sum(column.expression) for column in summed))
        if currency is not None and grouped:
            statement = statement.add_columns(currency.expression).group_by(currency.expression)
        where = self._where(session, company_id)
        if len(where) == 1 and self._is_alone(session, company_id):
            where = []
        groups = session.execute(statement.select_from(self._from(names)).where(*where)).all()
        count = sum(group[0] for group in groups)
        totals: dict[str, Any] = {}
        by_currency: dict[str, dict[str, Any]] = {}
        for position, column in enumerate(summed, start=1):
            sums = [group[position] for group in groups if group[position] is not None]
            if len(sums) == 1 or (sums and not column.is_amount):
                totals[column.name] = sum(sums[1:], sums[0])
            elif sums:
                for group in groups:
                    by_currency.setdefault(group[-1], {})[column.name] = group[position]
        return ListPage(rows, count, totals, totals_by_currency=by_currency)

    def _is_alone(self, session: Session, company_id: UUID) -> bool:
        """No other company has rows here (a desk's cache, most centres): all rows are counted faster than compared."""
        one = self.shape.base.c.company_id
        ends = (select(one).order_by(way).limit(1).scalar_subquery() for way in (one, one.desc()))
        return set(session.execute(select(*ends)).one()) == {company_id}


def _any_has(word: str, texts: Iterable[ColumnElement[Any]]) -> ColumnElement[bool]:
    return or_(false(), *(has_text(text, word) for text in texts))


def matches(expression: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    """The condition that a filter's value stands for."""
    match value:
        case OneOf(values):
            given = [one for one in values if one is not None]
            found = expression.in_(given)
            return or_(found, expression.is_(None)) if len(given) < len(values) else found
        case Between(low, high):
            sides = [expression >= low] if low is not None else []
            sides += [expression <= high] if high is not None else []
            return and_(true(), *sides)
        case Contains(text):
            return has_text(expression, text)
        case IsEmpty(empty):
            nothing: ColumnElement[bool] = expression.is_(None)
            if isinstance(expression.type, String):
                nothing = or_(nothing, expression == "")
            return nothing if empty else not_(nothing)
        case None:
            return expression.is_(None)
        case _:
            same: ColumnElement[bool] = expression == value
            return same


EVERY_LINE = ListRequest(limit=100_000, rows_only=True)


def row_of(session: Session, company_id: UUID, a_list: ListQuery[Record], kind: str, id: UUID) -> Record:
    """The one row of a list that has this id. Raises NotHere."""
    request = ListRequest(filters=(("id", id),), rows_only=True)
    rows = a_list.with_request(request).run(session, company_id).rows
    if not rows:
        raise NotHere(kind, id)
    return rows[0]
