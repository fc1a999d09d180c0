"""What a person takes of a list: all the rows that they selected, those too that were never on the screen.

Here: reading them beside the window, in one snapshot, and what goes to the clipboard. Not here: widgets.
"""

import html
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.views.widgets.cells import TableColumn, copied

MOST_TAKEN = 1_000  # by one command: more lines than this nobody looks over in a form
MOST_COPIED = 100_000  # rows on the clipboard, some 60 MB
_NEAR = 200  # ranges with no more rows between them are read at once

Range = tuple[int, int]  # first and last row


@dataclass(frozen=True)
class RowsAt:
    """The rows of a list at some places, top to bottom; None if the list is not the one any more that was chosen from.

    `known` are place and id of those among them that the person has seen: they must still stand there.
    """

    tables: ClassVar[frozenset[str]] = frozenset()

    query: Callable[[ListRequest], Query[ListPage[Any]]]
    request: ListRequest
    ranges: tuple[Range, ...]
    known: tuple[tuple[int, UUID], ...]

    def run(self, session: Any, company_id: UUID) -> tuple[Any, ...] | None:
        found: dict[int, Any] = {}
        for first, last in merged(self.ranges, _NEAR):
            part = replace(self.request, offset=first, limit=last - first + 1, rows_only=True)
            found.update(enumerate(self.query(part).run(session, company_id).rows, first))
        places = [place for first, last in self.ranges for place in range(first, last + 1)]
        is_there = all(place in found for place in places)
        if not is_there or any(found[place].id != seen for place, seen in self.known):
            return None
        return tuple(found[place] for place in places)


@dataclass(frozen=True)
class Parcel:
    """What goes to the clipboard: the rows as a spreadsheet takes them, and as a table for a letter."""

    count: int
    text: str
    html: str


@dataclass(frozen=True)
class ParcelOf:
    """The rows at some places, packed for the clipboard; None if the list changed meanwhile."""

    tables: ClassVar[frozenset[str]] = frozenset()

    rows: RowsAt
    columns: tuple[TableColumn, ...]  # as they stand
    with_headings: bool

    def run(self, session: Any, company_id: UUID) -> Parcel | None:
        rows = self.rows.run(session, company_id)
        if rows is None:
            return None
        headings = [column.heading for column in self.columns] if self.with_headings else []
        return packed(headings, ([copied(one.value(row), one.kind) for one in self.columns] for row in rows))


def packed(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Parcel:
    """Rows of texts, tab-separated and as an HTML table, under their headings if there are any."""
    texts, parts, count = [], ["<table>"], 0
    if headings:
        rows = itertools.chain([[" ".join(heading.split("\n")) for heading in headings]], rows)
    for row in rows:  # one after the other: they are many
        count += 1
        texts.append("\t".join(row))
        parts.append(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>")
    parts.append("</table>")
    return Parcel(count - bool(headings), "\n".join(texts), "".join(parts))


def merged(ranges: Iterable[Range], near: int = 0) -> Iterator[Range]:
    """The ranges from top to bottom, those that meet or have at most `near` rows between them as one."""
    now: Range | None = None
    for first, last in sorted(ranges):
        if now is not None and first <= now[1] + near + 1:
            now = (now[0], max(now[1], last))
            continue
        if now is not None:
            yield now
        now = (first, last)
    if now is not None:
        yield now


def too_many_to_take(count: int) -> str:
    return translate(
        "Table",
        "{count} rows are selected, and one command takes at most {most}. Nothing was done: narrow the list, or select fewer.",
    ).format(count=f"{count:,}", most=f"{MOST_TAKEN:,}")


def too_many_to_copy(count: int) -> str:
    return translate(
        "Table",
        "{count} rows are selected, and at most {most} are copied at once. Nothing was copied: narrow the list, or select fewer.",
    ).format(count=f"{count:,}", most=f"{MOST_COPIED:,}")


def list_has_changed() -> str:
    return translate(
        "Table",
        "The list changed while the selected rows were read. Nothing was done: look at what is selected and do it again.",
    )


def reading(count: int) -> str:
    return translate("Table", "Reading the selected rows: {count}").format(count=f"{count:,}")


def no_longer_selected() -> str:
    return translate("Table", "The list changed: rows that were not read yet are no longer selected. Nothing was done.")
