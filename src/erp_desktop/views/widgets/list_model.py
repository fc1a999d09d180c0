"""The rows of a list as Qt's model wants them: pages of 200, asked for when they come into sight, kept while in use.

Here: paging, stale answers, keeping rows on screen during a refresh. Not here: widgets, SQL (the list query sorts and filters).
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from erp_desktop.actions.refusals import Refused
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.queries.list_shape import ListShape
from erp_desktop.views.widgets.asking import Failure, when_done
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

PAGE_SIZE = 200
PAGES_KEPT = 20
PAGES_AT_ONCE = 3

Index = QModelIndex | QPersistentModelIndex

KIND_ROLE = Qt.ItemDataRole.UserRole + 1  # CellKind
VALUE_ROLE = Qt.ItemDataRole.UserRole + 2  # the raw value
LOADING_ROLE = Qt.ItemDataRole.UserRole + 3  # True while the row is on its way
BOLD_ROLE = Qt.ItemDataRole.UserRole + 4
LEVEL_ROLE = Qt.ItemDataRole.UserRole + 5


@dataclass(frozen=True)
class ListFilter:
    """A choice offered above the list: the query's filter name, its label, and (value, text as shown) pairs."""

    name: str
    label: str
    choices: tuple[tuple[Any, str], ...]


@dataclass(frozen=True)
class ListSpec:
    """What a shared table lists.

    `query` makes the list query for a ListRequest; `tables` are those whose changes make the list stale (empty: taken from
    the query's class). `empty_text` is what a list with nothing in it says ("No purchase orders yet"), `empty_first` what it
    says where only its first filters leave nothing ("No goods are expected"), `empty_detail` how something gets into it.
    """

    columns: tuple[TableColumn, ...]
    query: Callable[[ListRequest], Query[ListPage[Any]]]
    tables: frozenset[str] = frozenset()
    filters: tuple[ListFilter, ...] = ()
    name: str = ""  # for accessibility and remembered widths
    empty_text: str = ""
    empty_first: str = ""
    empty_detail: str = ""
    search_hint: str = ""
    first_filters: tuple[tuple[str, Any], ...] = ()  # chosen when the list opens
    sort: str = ""
    descending: bool = False
    shape: ListShape[Any] | None = None  # of the list query, where `query` itself is not its class

    def seen_with(self, permissions: frozenset[str]) -> "ListSpec":
        """The same list without the columns, filters and order that tell what somebody with `permissions` may not see."""
        shape = self.shape or getattr(getattr(self.query, "func", self.query), "shape", None)
        hidden = shape.hidden(permissions) if shape is not None else frozenset()
        if not hidden:
            return self
        return replace(
            self,
            columns=tuple(column for column in self.columns if column.name not in hidden),
            filters=tuple(one for one in self.filters if one.name not in hidden),
            sort="" if self.sort in hidden else self.sort,
        )


@dataclass
class _Asked:
    """What is shown now or asked for: one line of questions with the same search, filters and order."""

    generation: int = 0
    request: ListRequest = field(default_factory=ListRequest)
    in_flight: set[int] = field(default_factory=set)
    counts: bool = False  # one of the questions asks for count and totals; the others for rows only


class ListModel(QAbstractTableModel):
    """A list query's rows. Rows not here yet are blank and `LOADING_ROLE`; asking never waits."""

    loaded = Signal()  # an answer arrived: count, totals and rows may differ
    failed = Signal(object)  # Failure or Refused
    about_to_change = Signal()  # rows may move: remember what is selected
    changed_rows = Signal()  # rows may have moved: select it again

    def __init__(self, desk: "Desk", spec: ListSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self._desk = desk
        self._pages: OrderedDict[int, tuple[Any, ...]] = OrderedDict()
        self._stale: set[int] = set()  # pages shown until their newer answer comes
        self._count = 0
        self._totals: Mapping[str, Any] = {}
        self._totals_by_currency: Mapping[str, Mapping[str, Any]] = {}
        self.is_loaded = False
        self._asked = _Asked(
            request=ListRequest(filters=spec.first_filters, sort=spec.sort, descending=spec.descending)
        )
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._asking = QTimer(self, singleShot=True, interval=0)
        self._asking.timeout.connect(self._ask_wanted)

    # What is asked for

    @property
    def request(self) -> ListRequest:
        """Search, filters and order of what is shown (its offset and limit mean nothing)."""
        return self._asked.request

    @property
    def is_filtered(self) -> bool:
        return bool(self.request.search or self.request.filters)

    def ask_for(self, request: ListRequest) -> None:
        """Shows another search, filter or order: the old rows stay until the first answer."""
        self._asked = _Asked(self._asked.generation + 1, request)
        self._stale = set(self._pages)
        self._wanted.clear()
        self._want(0)

    def refresh(self) -> None:
        """Asks again for the pages at hand: something in the tables changed."""
        shown_pages = list(self._pages)[-PAGES_AT_ONCE:] or [0]
        self._asked = _Asked(self._asked.generation + 1, self.request)
        self._stale = set(self._pages)
        for page in shown_pages:
            self._want(page)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        name = self.spec.columns[column].name if 0 <= column < len(self.spec.columns) else ""
        descending = order == Qt.SortOrder.DescendingOrder
        if (name, descending) != (self.request.sort, self.request.descending):
            self.ask_for(replace(self.request, sort=name, descending=descending))

    def _want(self, page: int) -> None:
        if page not in self._asked.in_flight:
            self._wanted[page] = None
            self._wanted.move_to_end(page)
            if not self._asking.isActive():
                self._asking.start()

    def _ask_wanted(self) -> None:
        """Asks for the pages wanted last: those in sight, not all that a thrown scroll bar flew over."""
        asked = self._asked
        for page in list(self._wanted)[-PAGES_AT_ONCE:]:
            asked.in_flight.add(page)
            request = replace(asked.request, offset=page * PAGE_SIZE, limit=PAGE_SIZE)
            if asked.counts:
                request = replace(request, rows_only=True, known_count=self._count if not self._stale else None)
            asked.counts = True
            when_done(
                self._desk.ask(self.spec.query(request)),
                self,
                partial(self._take, page, asked.generation),
                partial(self._fail, asked.generation),
                partial(self._fail, asked.generation),
            )
        self._wanted.clear()

    # Answers

    def _fail(self, generation: int, what: Failure | Refused) -> None:
        if generation == self._asked.generation:
            self._asked.in_flight.clear()
            self._asked.counts = False
            self.failed.emit(what)

    def _take(self, page: int, generation: int, answer: ListPage[Any]) -> None:
        if generation != self._asked.generation:
            return
        self._asked.in_flight.discard(page)
        self.about_to_change.emit()
        if answer.count is not None:
            self._set_count(answer.count)
            self._totals, self._totals_by_currency = answer.totals, answer.totals_by_currency
        self._pages[page] = answer.rows
        self._pages.move_to_end(page)
        self._stale.discard(page)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        self._stale &= self._pages.keys()
        self.is_loaded = True
        if self._count:
            first, last = page * PAGE_SIZE, min((page + 1) * PAGE_SIZE, self._count) - 1
            if first <= last:
                self.dataChanged.emit(self.index(first, 0), self.index(last, self.columnCount() - 1))
        self.changed_rows.emit()
        self.loaded.emit()

    def _set_count(self, count: int) -> None:
        if count > self._count:
            self.beginInsertRows(QModelIndex(), self._count, count - 1)
            self._count = count
            self.endInsertRows()
        elif count < self._count:
            self.beginRemoveRows(QModelIndex(), count, self._count - 1)
            self._count = count
            for page in [page for page in self._pages if page * PAGE_SIZE >= count]:
                del self._pages[page]
            self.endRemoveRows()

    # What Qt asks

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._count

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.spec.columns)

    @property
    def total_texts(self) -> dict[str, str]:
        """The totals over all rows that match, as shown, by column; different currencies stand side by side, not added."""
        texts = {}
        for column in self.spec.columns:
            if self._totals.get(column.name) is not None:
                texts[column.name] = shown(self._totals[column.name], column.kind, column.places)
            else:
                parts = [
                    f"{currency} {shown(sums[column.name], column.kind, column.places)}"
                    for currency, sums in self._totals_by_currency.items()
                    if sums.get(column.name) is not None
                ]
                if parts:
                    texts[column.name] = " | ".join(parts)
        return texts

    def row_at(self, row: int) -> Any | None:
        """The record in `row`, or None while it is on its way (it is asked for)."""
        page, place = divmod(row, PAGE_SIZE)
        rows = self._pages.get(page)
        if rows is None or page in self._stale:
            self._want(page)
        return rows[place] if rows is not None and place < len(rows) else None

    def loaded_rows(self) -> Iterator[tuple[int, Any]]:
        """Row and record of all that is here; asks for nothing."""
        for page, records in sorted(self._pages.items()):
            for place, record in enumerate(records):
                if page * PAGE_SIZE + place < self._count:
                    yield page * PAGE_SIZE + place, record

    def records_in(self, ranges: Iterable[tuple[int, int]]) -> list[Any] | None:
        """The records of these ranges of rows, or None while one of them is not here; asks for nothing."""
        records: list[Any] = []
        for first, last in ranges:
            for page in range(first // PAGE_SIZE, last // PAGE_SIZE + 1):
                rows, start = self._pages.get(page, ()), page * PAGE_SIZE
                part = rows[max(first - start, 0) : last - start + 1]
                if len(part) < min(last, start + PAGE_SIZE - 1) - max(first, start) + 1:
                    return None
                records.extend(part)
        return records

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= self._count:
            return None
        column = self.spec.columns[index.column()]
        if role == KIND_ROLE:
            return column.kind
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(column.kind)
        if role not in _ROW_ROLES:
            return None
        record = self.row_at(index.row())
        if role == LOADING_ROLE:
            return record is None
        if record is None:
            return None
        value = column.value(record)
        return value if role == VALUE_ROLE else shown(value, column.kind, column.places)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way == Qt.Orientation.Vertical or not 0 <= section < len(self.spec.columns):
            return section + 1 if role == Qt.ItemDataRole.DisplayRole and way == Qt.Orientation.Vertical else None
        column = self.spec.columns[section]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.heading
        return alignment(column.kind) if role == Qt.ItemDataRole.TextAlignmentRole else None


_ROW_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.AccessibleTextRole,
    VALUE_ROLE,
    LOADING_ROLE,
)


def alignment(kind: CellKind) -> Qt.AlignmentFlag:
    """Numbers and dates right, everything else left; headings like their data."""
    side = Qt.AlignmentFlag.AlignRight if kind.stands_right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
