"""A desk for tests of single widgets: answers from lists in memory, on another thread, and notes what was performed."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID, uuid4

from PySide6.QtCore import QObject, Signal

from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.refusals import Refused
from erp_desktop.queries.attachments import FilesAt
from erp_desktop.queries.base import EachOf, ListPage, ListRequest
from erp_desktop.queries.company import CompanyDetail, CompanyFacts
from erp_desktop.queries.finding_records import RecordsNamed
from erp_desktop.sync.checking import Checked
from erp_desktop.sync.settling import Unsettled
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.views.widgets.selected_rows import ParcelOf, RowsAt
from erp_desktop.wire import Effect


@dataclass(frozen=True)
class OrderRow:
    id: UUID
    number: str
    supplier_name: str
    supplier_name_zh: str
    ordered_on: date
    status: str
    amount: Decimal


STATUSES = ("draft", "confirmed", "part_received", "received", "cancelled")


def order_rows(count: int) -> list[OrderRow]:
    return [
        OrderRow(
            UUID(int=number),
            f"PO-2024-{number:04d}",
            ("Hangzhou Plastics", "Nordic Packaging AB", "Shenzhen Cable Co")[number % 3],
            ("杭州塑料", "北欧包装", "深圳电缆")[number % 3],
            date(2024, 1, 1) + timedelta(days=number % 300),
            STATUSES[number % 5],
            Decimal(number) + Decimal("0.25"),
        )
        for number in range(1, count + 1)
    ]


class Orders:
    """A list query over rows in memory, with what the real ones do: search, filters, order, pages, totals."""

    tables: ClassVar[frozenset[str]] = frozenset({"purchase_order"})
    rows: ClassVar[list[OrderRow]] = []
    asked: ClassVar[list[ListRequest]] = []
    fails: ClassVar[Exception | None] = None

    def __init__(self, request: ListRequest) -> None:
        self.request = request

    def run(self, _session: Any, _company_id: UUID) -> ListPage[OrderRow]:
        return self.answer()

    def answer(self) -> ListPage[OrderRow]:
        request = self.request
        Orders.asked.append(request)
        if Orders.fails is not None:
            raise Orders.fails
        found = [row for row in Orders.rows if request.search.casefold() in (row.number + row.supplier_name).casefold()]
        for name, value in request.filters:
            found = [row for row in found if getattr(row, name) == value]
        if request.sort:
            found.sort(key=lambda row: getattr(row, request.sort), reverse=request.descending)
        rows = tuple(found[request.offset : request.offset + request.limit])
        if request.rows_only:
            return ListPage(rows, None, {})
        return ListPage(rows, len(found), {"amount": sum((row.amount for row in found), Decimal(0))})


@dataclass(frozen=True)
class _Named:
    id: UUID
    code: str
    name: str
    login: str = ""
    name_zh: str = ""
    time_zone: str = "Asia/Shanghai"


FACTS = CompanyFacts(uuid4(), "ACME", "Acme", "", "CNY", 2, "Asia/Shanghai", "cn-small-enterprise", "", "", "shipment")


class NotedReads:
    """What would be told to the centre of what was looked at."""

    def __init__(self) -> None:
        self.noted: list[tuple[Any, ...]] = []

    def note(self, *what: Any, **details: Any) -> None:
        self.noted.append((*what, *details.values()))


class FakeDesk(QObject):
    changed = Signal(object)
    sync_state_changed = Signal(object)
    signed_in_changed = Signal()
    files_changed = Signal()
    data_mended = Signal(object)

    def __init__(self, permissions: frozenset[str] = ALL_PERMISSIONS) -> None:
        super().__init__()
        self.permissions = permissions
        self.key_store = "keyring"
        self.company = _Named(uuid4(), "ACME", "Acme Trading", name_zh="顶峰贸易")
        self.user = _Named(uuid4(), "", "Li Wei", "liwei")
        self.sync_state = SyncState(SyncKind.SYNCED, 0, 0, datetime(2024, 3, 31, 10, 42, tzinfo=UTC))
        self.performed: list[Any] = []
        self.amended: list[tuple[UUID, Any]] = []
        self.items: tuple[Any, ...] = ()
        self.changes: tuple[Any, ...] = ()
        self.settled: list[Any] = []
        self.dropped: list[tuple[UUID, str]] = []
        self.sent: list[UUID] = []
        self.refusal: Exception | None = None
        self.answers: dict[type, Callable[[Any], Any]] = {
            Orders: lambda query: query.answer(),
            CompanyDetail: lambda _query: FACTS,
            RecordsNamed: lambda _query: (),
            FilesAt: lambda _query: (),
            EachOf: lambda query: tuple(self.answers[type(one)](one) for one in query.queries),
            RowsAt: lambda query: query.run(None, self.company.id),
            ParcelOf: lambda query: query.run(None, self.company.id),
        }
        self.previewed: list[Any] = []
        self.checked = Checked(())
        self.effect: Callable[[Any], Effect] = lambda _action: Effect()
        self._reader = ThreadPoolExecutor(1)
        self.reads = NotedReads()

    def ask(self, query: Any) -> "Future[Any]":
        answer = self.answers.get(type(query), lambda _: ListPage((), 7, {}))
        return self._reader.submit(answer, query)

    def perform(self, action: Any) -> "Future[None]":
        return self._reader.submit(self._do, self.performed, action)

    def amend(self, item_id: UUID, action: Any) -> "Future[None]":
        return self._reader.submit(self._do, self.amended, (item_id, action))

    def preview(self, action: Any) -> "Future[Effect]":
        self.previewed.append(action)
        return self._reader.submit(self.effect, action)

    def check_data(self) -> "Future[Checked]":
        return self._reader.submit(lambda: self.checked)

    def attention(self) -> "Future[tuple[Any, ...]]":
        return self._reader.submit(lambda: self.items)

    def settle(self, decisions: Any) -> "Future[tuple[Unsettled, ...]]":
        return self._reader.submit(self._settle, decisions)

    def waiting_changes(self) -> "Future[tuple[Any, ...]]":
        return self._reader.submit(lambda: self.changes)

    def _settle(self, decisions: Any) -> tuple[Unsettled, ...]:
        if isinstance(self.refusal, Refused):
            return tuple(Unsettled(decision.item_id, self.refusal.problem) for decision in decisions)
        for decision in decisions:
            self.settled.append(decision)
            if decision.reason is None:
                self.sent.append(decision.item_id)
            else:
                self.items = tuple(item for item in self.items if item.id != decision.item_id)
                self.dropped.append((decision.item_id, decision.reason))
        return ()

    def _do(self, done: list[Any], what: Any) -> None:
        if self.refusal is not None:
            raise self.refusal
        done.append(what)

    def show_state(self, **changes: Any) -> None:
        self.sync_state = replace(self.sync_state, **changes)
        self.sync_state_changed.emit(self.sync_state)

    def sync_now(self) -> None: ...

    def go_offline(self) -> None:
        self.show_state(kind=SyncKind.OFFLINE)

    def go_online(self) -> None:
        self.show_state(kind=SyncKind.SYNCED)

    def close(self) -> None:
        self._reader.shutdown()
