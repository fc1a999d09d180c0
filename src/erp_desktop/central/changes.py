"""What changed at the centre since a desk last asked: rows, deletions and answers, read in one snapshot.

A pull gives everything after the cursor's tick up to some later tick, whole ticks at a time. Between two pages other
actions may be performed: a row that moves on to a later tick comes with that tick, so what a desk has once a reply is
`complete` is exactly the centre at that reply's tick. A tick with more rows than a page holds is cut by table and id.
Here: ticks, pages, cursors. Not here: HTTP, signing in, how values are read (rows.py).
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import msgspec
from sqlalchemy import (
    CompoundSelect,
    Connection,
    Engine,
    Integer,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from erp_desktop.central.moment import CursorGone, Moment, SeenUpTo
from erp_desktop.central.recent import RecentChanges
from erp_desktop.central.rows import StoredTable, readable_tables
from erp_desktop.central.signing import Forged, Signer
from erp_desktop.central.window import Windows, rest_of_revived, within_window
from erp_desktop.database import reader
from erp_desktop.models.base import Replicated
from erp_desktop.models.sync import Tombstone
from erp_desktop.wire import MAX_ROWS_PER_PULL, SCHEMA_REVISION, PullReply, SizesReply, SnapshotReply, TablePage

CURSOR = "cursor"
_TOMBSTONES = "tombstone"  # counted beside the tables; comes first within a tick, so that a row made again stays
_FIRST_ID = UUID(int=0)

RESTORED = "the centre was restored from a backup"
OF_ANOTHER = "a cursor of another company"


class NotReadable(LookupError):
    """A table that does not exist, or that this user may not see."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a desk has read to. `nonce` is the log's chain hash at that tick: it differs after a restore from backup."""

    epoch: UUID
    company_id: UUID
    scope: str
    tick: int
    nonce: str
    acks_after: int  # below `tick` for the first pull after a fill, which must settle what was answered before
    begins_with: int = 0  # the tick that the window of this desk's documents begins with (window.py)
    table: str = ""  # inside the tick after `tick`: the last table and id that were sent
    after_id: UUID = _FIRST_ID


@dataclass(frozen=True)
class Reader:
    """Whose desk asks, and what they may see."""

    company_id: UUID
    user_id: UUID
    device_id: UUID
    permissions: frozenset[str]
    schema_revision: int = SCHEMA_REVISION  # the newest that both the desk's program and this one know
    warehouses: frozenset[UUID] = frozenset()  # in which they work; none: in all of them
    copies: frozenset[UUID] = frozenset()  # devices whose caches come from the same one as this device's


class Changes:
    """Reads one centre's database for its desks."""

    def __init__(self, engine: Engine, signer: Signer) -> None:
        self._reader = reader(
            engine
        )  # begun and so committed: a rollback makes psycopg forget every statement it prepared
        self._signer = signer
        self._recent = RecentChanges()
        self._windows = Windows()
        self._dialect = engine.dialect.name

    def tables_for(
        self,
        permissions: frozenset[str],
        revision: int = SCHEMA_REVISION,
        warehouses: frozenset[UUID] = frozenset(),
    ) -> list[StoredTable]:
        """The tables that these permissions open, in the order of their names, each with the columns that they open, as
        far as a desk of that schema revision knows them, and with the rows of those warehouses (none: of all)."""
        return list(readable_tables(self._dialect, permissions, revision, warehouses).values())

    def pull(self, who: Reader, cursor_text: str | None, max_rows: int = MAX_ROWS_PER_PULL) -> PullReply:
        """Pages of at most `max_rows` rows after the cursor; None starts from the beginning. Raises CursorGone."""
        with self._reader.begin() as connection:
            reply = self.answer(Moment(connection, who.company_id), who, self.cursor(cursor_text), max_rows)
        assert reply is not None
        return reply

    def answer(
        self, now: Moment, who: Reader, cursor: Cursor | None, max_rows: int, *, at_once: bool = False
    ) -> PullReply | None:
        """What `who` gets to know after `cursor`. Raises CursorGone.

        `at_once`: for who is answered together with others: None where much would have to be read for this desk alone.
        """
        max_rows = min(max_rows, MAX_ROWS_PER_PULL)
        tables = self.tables_for(who.permissions, who.schema_revision, who.warehouses)
        cursor = self._checked(now, who, tables, cursor)
        if cursor.tick == now.tick and cursor.acks_after == cursor.tick and not cursor.table:
            return self._reply(now, who, cursor, [], upto=cursor.tick)
        if cursor.table or cursor.tick == now.tick:
            recent = None
        else:
            recent = self._recently(now, who, tables, cursor, max_rows)
        if recent is not None:
            return self._reply(now, who, cursor, *recent)
        if at_once:
            return None
        if cursor.table:
            return self._rest_of_tick(now, who, tables, cursor, max_rows)
        counts = _counts_by_tick(now.connection, who.company_id, tables, cursor.tick, now.tick, max_rows)
        upto = _last_whole_tick(counts, cursor.tick, now.tick, max_rows)
        if upto == cursor.tick and now.tick > cursor.tick:
            return self._rest_of_tick(now, who, tables, cursor, max_rows, counts)
        pages = _pages(now.connection, who.company_id, tables, counts, cursor.tick, upto)
        return self._reply(now, who, cursor, pages, upto)

    def _recently(
        self, now: Moment, who: Reader, tables: Sequence[StoredTable], cursor: Cursor, max_rows: int
    ) -> tuple[list[TablePage], int] | None:
        """Pages that this worker has read already for others who see the same, or reads now for all of them, whatever size of
        pages each asks for."""

        def read(after: int, upto: int) -> list[TablePage] | None:
            counts = _counts_by_tick(now.connection, who.company_id, tables, after, upto, MAX_ROWS_PER_PULL)
            if _last_whole_tick(counts, after, upto, MAX_ROWS_PER_PULL) < upto:
                return None
            return _pages(now.connection, who.company_id, tables, counts, after, upto)

        kind = (who.company_id, now.epoch, cursor.scope)
        return self._recent.pages(kind, cursor.tick, now.tick, max_rows, read, now.nonce)

    def snapshot(
        self,
        who: Reader,
        table_name: str,
        after_id: UUID | None,
        limit: int = MAX_ROWS_PER_PULL,
        cursor_text: str | None = None,
    ) -> SnapshotReply:
        """Rows of one table by id. Pulling starts at the first reply's cursor afterwards; a cursor that came with the sizes
        says where the window of the documents begins. Raises NotReadable, CursorGone."""
        limit = min(limit, MAX_ROWS_PER_PULL)
        cursor = self.cursor(cursor_text)
        with self._reader.begin() as connection:
            now = Moment(connection, who.company_id)
            tables = self._filled_from(now, who, cursor and self._checked(now, who, self._tables_of(who), cursor))
            table = next((table for table in tables if table.name == table_name), None)
            if table is None:
                raise NotReadable(table_name)
            statement = (
                table.select.where(table.model.company_id == who.company_id, table.model.id > (after_id or _FIRST_ID))
                .order_by(table.model.id)
                .limit(limit)
            )
            here = cursor_text or self._signer.sign(CURSOR, self._cursor_of_now(now, who, tables))
            page = table.page(connection, statement)
        return SnapshotReply(page=page, cursor=here, complete=len(page.values[0]) < limit)

    def sizes(self, who: Reader, cursor_text: str | None = None) -> SizesReply:
        """How many rows each table has that `who` may see; pulling starts at this reply's cursor after the fill.

        `cursor_text`: what the desk has read to. If only what it may see has changed since, pulling goes on from there, and
        tables of the scope that it has them in already need not be fetched.
        """
        with self._reader.begin() as connection:
            now = Moment(connection, who.company_id)
            before = self._still_good(now, who, cursor_text)
            tables = self._filled_from(now, who, before)
            cursor = self._cursor_of_now(now, who, tables)
            if before is not None:
                cursor = msgspec.structs.replace(
                    cursor, tick=before.tick, nonce=before.nonce, acks_after=before.acks_after
                )
            counts = [table.counted(who.company_id) for table in tables]
            rows = {row.name: row.rows for row in connection.execute(union_all(*counts))} if counts else {}
        return SizesReply(
            rows=rows,
            cursor=self._signer.sign(CURSOR, cursor),
            scopes={table.name: table.scope for table in tables},
            goes_on=before is not None,
        )

    def _tables_of(self, who: Reader) -> list[StoredTable]:
        return self.tables_for(who.permissions, who.schema_revision, who.warehouses)

    def _filled_from(self, now: Moment, who: Reader, cursor: Cursor | None) -> list[StoredTable]:
        """The tables with the documents of the window that the cursor tells, if it may begin there, or of the one of now."""
        least, begins_with = self._windows.bounds(now, who.permissions)
        if cursor is not None and least <= cursor.begins_with <= begins_with:
            begins_with = cursor.begins_with
        return [within_window(table, begins_with) for table in self._tables_of(who)]

    def _cursor_of_now(self, now: Moment, who: Reader, tables: Sequence[StoredTable]) -> Cursor:
        """Of the clock in this snapshot; every answer to this desk so far is told after it."""
        return Cursor(
            epoch=now.epoch,
            company_id=who.company_id,
            scope=_scope(tables, who.schema_revision),
            tick=now.tick,
            nonce=now.nonce(now.tick),
            acks_after=0,
            begins_with=max((table.begins_with for table in tables), default=0),
        )

    @contextmanager
    def at(self, who: Reader, cursor_text: str) -> Iterator[tuple[Connection, list[StoredTable], Cursor]]:
        """One snapshot, the tables with the rows that `who` should hold, and the cursor that their desk has read to. Raises
        CursorGone."""
        with self._reader.begin() as connection:
            now = Moment(connection, who.company_id)
            cursor = self._checked(now, who, self._tables_of(who), self.cursor(cursor_text))
            yield connection, self._filled_from(now, who, cursor), cursor

    def tick_of(self, company_id: UUID) -> int:
        return self.clock_of(company_id)[0]

    def clock_of(self, company_id: UUID) -> tuple[int, UUID]:
        """Tick and epoch."""
        with self._reader.begin() as connection:
            now = Moment(connection, company_id)
        return now.tick, now.epoch

    def cursor(self, text: str | None) -> Cursor | None:
        """What we signed; None for nothing. Raises CursorGone."""
        if text is None:
            return None
        try:
            return self._signer.read(CURSOR, text, Cursor)
        except Forged:
            raise CursorGone("not a cursor of this centre") from None

    def seen(self, who: Reader, cursor_text: str | None) -> SeenUpTo | None:
        """What the desk with this cursor has seen of its company's log. Raises CursorGone."""
        cursor = self.cursor(cursor_text)
        if cursor is None:
            return None
        if cursor.company_id != who.company_id:
            raise CursorGone(OF_ANOTHER)
        return SeenUpTo(cursor.epoch, cursor.tick, cursor.nonce)

    def _checked(self, now: Moment, who: Reader, tables: Sequence[StoredTable], cursor: Cursor | None) -> Cursor:
        scope = _scope(tables, who.schema_revision)
        least, most = self._windows.bounds(now, who.permissions)
        if cursor is None:
            return Cursor(
                epoch=now.epoch,
                company_id=who.company_id,
                scope=scope,
                tick=0,
                nonce="",
                acks_after=0,
                begins_with=least,
            )
        if cursor.company_id != who.company_id:
            raise CursorGone(OF_ANOTHER)
        if cursor.epoch != now.epoch or cursor.tick > now.tick:
            raise CursorGone(RESTORED)
        if cursor.scope != scope or not least <= cursor.begins_with <= most:
            raise CursorGone("what this user may see has changed")
        if cursor.nonce != now.nonce(cursor.tick):
            raise CursorGone(RESTORED)
        return cursor

    def _still_good(self, now: Moment, who: Reader, cursor_text: str | None) -> Cursor | None:
        """The cursor, if it is one of this timeline, whatever its desk may see by now; else None."""
        try:
            cursor = self.cursor(cursor_text)
            if cursor is None or cursor.table:
                return None
            scope = _scope(self._tables_of(who), who.schema_revision)
            least, most = self._windows.bounds(now, who.permissions)
            begins_with = min(max(cursor.begins_with, least), most)
            same = msgspec.structs.replace(cursor, scope=scope, begins_with=begins_with)
            self._checked(now, who, self._tables_of(who), same)
        except CursorGone:
            return None
        return cursor

    def _rest_of_tick(
        self,
        now: Moment,
        who: Reader,
        tables: Sequence[StoredTable],
        cursor: Cursor,
        max_rows: int,
        counts: Counter[tuple[str, int]] | None = None,
    ) -> PullReply:
        """Part of the one tick after the cursor that holds more rows than a page, by table and id."""
        tick = min(found for _, found in counts) if counts else cursor.tick + 1
        if counts:  # ticks in between hold nothing for this desk
            cursor = msgspec.structs.replace(cursor, tick=tick - 1, nonce=now.nonce(tick - 1))
        pages = [] if cursor.table else _gone_at(now.connection, who.company_id, tables, tick - 1, tick)
        left = max_rows
        for table in tables:
            if table.name < cursor.table:
                continue
            after = cursor.after_id if table.name == cursor.table else _FIRST_ID
            model = table.model
            statement = (
                table.select.where(model.company_id == who.company_id, model.tick == tick, model.id > after)
                .order_by(model.id)
                .limit(left)
            )
            page = table.page(now.connection, statement)
            sent = len(page.values[0])
            if sent:
                pages.append(page)
                left -= sent
            if not left:
                here = msgspec.structs.replace(
                    cursor, table=table.name, after_id=UUID(page.values[page.columns.index("id")][-1])
                )
                pages += self._revived(now, who, cursor, pages)
                return PullReply(
                    pages=pages, acks=[], cursor=self._signer.sign(CURSOR, here), tick=now.tick, complete=False
                )
        return self._reply(now, who, cursor, pages, upto=tick)

    def _reply(self, now: Moment, who: Reader, cursor: Cursor, pages: list[TablePage], upto: int) -> PullReply:
        pages = [*pages, *self._revived(now, who, cursor, pages)]
        acks = now.acks((who.device_id, who.user_id), cursor.acks_after, upto)
        for copy in who.copies:  # what waited when the cache was copied was sent by whichever came first
            acks += now.acks((copy, who.user_id), cursor.acks_after, upto)
        nonce = cursor.nonce if upto == cursor.tick else now.nonce(upto)
        following = msgspec.structs.replace(
            cursor, tick=upto, nonce=nonce, acks_after=upto, table="", after_id=_FIRST_ID
        )
        return PullReply(
            pages=pages,
            acks=acks,
            cursor=self._signer.sign(CURSOR, following),
            tick=now.tick,
            complete=upto == now.tick,
        )

    def _revived(self, now: Moment, who: Reader, cursor: Cursor, pages: Sequence[TablePage]) -> list[TablePage]:
        """What a desk may hold no more of the orders in `pages`, because they were closed for long."""
        if not cursor.begins_with:
            return []
        return rest_of_revived(now.connection, who.company_id, self._tables_of(who), pages, cursor.tick)


def _scope(tables: Sequence[StoredTable], revision: int) -> str:
    """What a desk holds: a table more or less, a column that is hidden from it now or no more, or a schema revision that both
    sides know now, and it fills its cache anew. A revision that only one side knows changes nothing."""
    held = "\n".join(" -".join([table.name, *sorted(table.hidden)]) for table in tables)
    held += f"\n{revision}"
    held += "".join(f"\n{one.hex}" for one in sorted({one for table in tables for one in table.warehouses}))
    return hashlib.sha256(held.encode()).hexdigest()[:16]


def _counts_by_tick(
    connection: Connection, company_id: UUID, tables: Sequence[StoredTable], after: int, upto: int, max_rows: int
) -> Counter[tuple[str, int]]:
    """How many rows each table has at each tick after `after`; of each table at most the first `max_rows` + 1."""
    if after == upto:
        return Counter()
    counting = _counting(tuple((table.name, table.model) for table in tables))
    rows = connection.execute(counting, {"company": company_id, "after": after, "upto": upto, "most": max_rows + 1})
    return Counter({(name, tick): count for name, tick, count in rows})


@lru_cache(maxsize=64)  # as many sets of tables as a company has kinds of work
def _counting(tables: tuple[tuple[str, type[Replicated]], ...]) -> CompoundSelect[str, int, int]:
    """The question over so many tables takes 15 times as long to write down as to answer, so it is kept."""
    counted: list[tuple[str, type[Tombstone] | type[Replicated]]] = [(_TOMBSTONES, Tombstone), *tables]
    ticks = [
        select(literal(name).label("name"), model.tick.label("tick"))
        .where(
            model.company_id == bindparam("company"),
            model.tick > bindparam("after"),
            model.tick <= bindparam("upto"),
        )
        .order_by(model.tick)
        .limit(bindparam("most", type_=Integer))
        .subquery()
        for name, model in counted
    ]
    return union_all(*(select(one.c.name, one.c.tick, func.count()).group_by(one.c.name, one.c.tick) for one in ticks))


def _last_whole_tick(counts: Counter[tuple[str, int]], after: int, upto: int, max_rows: int) -> int:
    """The last tick such that all rows after `after` up to it fit a page; `after` itself if not even one tick fits."""
    by_tick: Counter[int] = Counter()
    for (_, tick), count in counts.items():
        by_tick[tick] += count
    total, last = 0, after
    for tick in sorted(by_tick):
        total += by_tick[tick]
        if total > max_rows:
            return last if last == after else tick - 1
        last = tick
    return upto


def _pages(
    connection: Connection,
    company_id: UUID,
    tables: Sequence[StoredTable],
    counts: Counter[tuple[str, int]],
    after: int,
    upto: int,
) -> list[TablePage]:
    named = {name for name, tick in counts if tick <= upto}
    pages = _gone_at(connection, company_id, tables, after, upto) if _TOMBSTONES in named else []
    for table in tables:
        if table.name in named:
            model = table.model
            statement = table.select.where(model.company_id == company_id, model.tick > after, model.tick <= upto)
            pages.append(table.page(connection, statement.order_by(model.tick, model.id)))
    return pages


def _gone_at(
    connection: Connection, company_id: UUID, tables: Sequence[StoredTable], after: int, upto: int
) -> list[TablePage]:
    """What was deleted, or left a warehouse, after `after` up to `upto`: one page for each table that has any."""
    gone: dict[str, list[UUID]] = {}
    readable = {table.name for table in tables}
    for name, row_id in connection.execute(
        select(Tombstone.table_name, Tombstone.row_id).where(
            Tombstone.company_id == company_id, Tombstone.tick > after, Tombstone.tick <= upto
        )
    ):
        if name in readable:
            gone.setdefault(name, []).append(row_id)
    return [TablePage(table=name, columns=[], values=[], gone=ids) for name, ids in sorted(gone.items())]
