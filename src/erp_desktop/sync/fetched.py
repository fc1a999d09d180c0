"""Rows of documents older than this desk's window, which are here because somebody looked for them (0104).

They are like all others but for one thing: the centre does not count them when it says what this desk should hold. As soon as
something is done on such a document it is young again, a pull brings all of it, and its rows are noted here no more. When the
cache is filled anew they go. Every function works inside the transaction of the connection that it is given.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection

from erp_desktop.sync import outbox, rows, undo
from erp_desktop.sync.signing_in import SignedIn
from erp_desktop.wire import TablePage

_NOTE = "INSERT OR IGNORE INTO fetched_row (table_name, row_id) VALUES (?, ?)"
NOT_FETCHED = "id NOT IN (SELECT row_id FROM fetched_row WHERE table_name = ?)"


def keep(connection: Connection, who: SignedIn, pages: Iterable[TablePage]) -> frozenset[str]:
    """Put the rows of `pages` beside those that are here. Answers which tables changed."""
    tables = undo.undo_all(connection)  # what waits may stand in their way, and is then refused in words
    for page in pages:
        if page.values and page.values[0]:
            rows.write(connection, page)
            connection.exec_driver_sql(_NOTE, [(page.table, row_id) for row_id in _ids(page)])
            tables |= {page.table}
    return tables | outbox.replay(connection, who)


def held(connection: Connection, table: str, most: int) -> list[UUID]:
    """Ids of the rows of a table that were fetched, the latest ones."""
    found = connection.exec_driver_sql(
        "SELECT row_id FROM fetched_row WHERE table_name = ? ORDER BY rowid DESC LIMIT ?", (table, most)
    )
    return [UUID(bytes=row.row_id) for row in found]


def are_any(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM fetched_row LIMIT 1").first() is not None


def came_with_a_pull(connection: Connection, page: TablePage) -> None:
    """The rows of `page` are within the window by now, or gone."""
    ids = [*(row_id.bytes for row_id in page.gone), *(_ids(page) if "id" in page.columns else ())]
    if ids:
        connection.exec_driver_sql(
            "DELETE FROM fetched_row WHERE table_name = ? AND row_id = ?", [(page.table, row_id) for row_id in ids]
        )


def forget(connection: Connection) -> None:
    """Take all of them out of their tables."""
    tables = connection.exec_driver_sql("SELECT DISTINCT table_name FROM fetched_row").scalars().all()
    for name in tables:
        if name in rows.replicated_tables_by_name():
            fetched = "SELECT row_id FROM fetched_row WHERE table_name = ?"
            connection.exec_driver_sql(f'DELETE FROM "{name}" WHERE id IN ({fetched})', (name,))
    connection.exec_driver_sql("DELETE FROM fetched_row")


def _ids(page: TablePage) -> list[bytes]:
    return [bytes.fromhex(row_id) for row_id in page.values[page.columns.index("id")]]
