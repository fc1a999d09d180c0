"""Northwind becomes a company: its master data, opening stock, and two years of orders and shipments in the order of their days.

The file knows no cost and no purchase. So the books begin with exactly the stock that its shipments need to end at its
UnitsInStock, at a stated share of the list price (docs/decisions/0051): say another with --opening-cost-share.
Every row's id derives from its number in Northwind, and what is here already is left alone, so that an import that was
stopped goes on where it was, and one that was finished changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import SaveCategory, SaveEmployee, SaveMasters, SaveParty, SaveProduct
from erp_desktop.actions.opening import OpenPeriods
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.ids import derived_id
from erp_desktop.integrations.importing import Cancelled, Perform, Progress
from erp_desktop.integrations.lookups import (
    Ask,
    IdsByCode,
    OpeningState,
    OpenYears,
    RowsHere,
    StoredRows,
    WarehouseBins,
    chunks,
)
from erp_desktop.integrations.northwind_file import NorthwindFile, Row, decimal_of, read_northwind
from erp_desktop.models.sales import SalesOrder, SalesOrderStatus
from erp_desktop.numbers import ZERO, round_money

CURRENCY_PLACES = 2
USUAL_OPENING_COST_SHARE = Decimal("0.60")  # of the list price; food importers' cost of sales is about that

OPENING = QT_TRANSLATE_NOOP("Import", "Opening stock of Northwind at {share} of the list price")
SOLD_BY = QT_TRANSLATE_NOOP("Import", "Sold by {name}")


@dataclass(frozen=True)
class OrderStates:
    """The status of those of `order_ids` that are here."""

    tables: ClassVar[frozenset[str]] = frozenset()

    order_ids: tuple[UUID, ...]

    def run(self, session: Session, company_id: UUID) -> dict[UUID, str]:
        found: dict[UUID, str] = {}
        for chunk in chunks(self.order_ids):
            rows = session.execute(
                select(SalesOrder.id, SalesOrder.status).where(
                    SalesOrder.company_id == company_id, SalesOrder.id.in_(chunk)
                )
            )
            found.update((order_id, status) for order_id, status in rows)
        return found


@dataclass(frozen=True)
class NorthwindResult:
    """What happened. `refused` are sentences; `waiting` are numbers of orders that stock does not reach for."""

    performed: Counter[str]
    refused: tuple[str, ...]
    waiting: tuple[str, ...]
    was_cancelled: bool = False


class NorthwindImport:
    """One import of one file into one company."""

    def __init__(
        self, path: Path, ask: Ask, perform: Perform, opening_cost_share: Decimal = USUAL_OPENING_COST_SHARE
    ) -> None:
        self._path = path
        self._data: NorthwindFile = read_northwind(path)
        self._ask = ask
        self._perform_action = perform
        self._share = opening_cost_share
        self._channel_id: UUID = ask(IdsByCode("channel", ("DIRECT",)))["DIRECT"]
        self._warehouse_id: UUID = ask(IdsByCode("warehouse", ("MAIN",)))["MAIN"]
        self._unit_id: UUID = ask(IdsByCode("unit", ("PC",)))["PC"]
        self._performed: Counter[str] = Counter()
        self._refused: list[str] = []
        self._waiting: list[str] = []
        self._product_steps = {row["ProductID"]: self._product(row) for row in self._data["Products"]}

    def run(self, progress: Progress | None = None, cancelled: Cancelled | None = None) -> NorthwindResult:
        """Everything that is not here yet. Each step is one action, so stopping leaves whole documents."""
        steps = [*self._periods(), *self._masters(), self._opening_stock(), *self._trade(), *self._endings()]
        for done, step in enumerate(steps, start=1):
            if cancelled is not None and cancelled():
                return self._result(was_cancelled=True)
            step()
            if progress is not None:
                progress(done, len(steps))
        return self._result()

    def _result(self, *, was_cancelled: bool = False) -> NorthwindResult:
        return NorthwindResult(self._performed, tuple(self._refused), tuple(self._waiting), was_cancelled)

    def _perform(self, action: Action) -> bool:
        try:
            self._perform_action(action)
        except Refused as refusal:
            self._refused.append(f"{type(action).__name__}: {refusal.problem.sentence}")
            return False
        self._performed[type(action).__name__] += 1
        return True

    # --- what there is

    def _periods(self) -> Iterator[Callable[[], object]]:
        days = [
            _day(row[column]) for row in self._data["Orders"] for column in ("OrderDate", "ShippedDate") if row[column]
        ]
        first = min(days) - timedelta(days=1)
        for year in range(first.year, max(days).year + 1):
            yield partial(self._open_year, year)

    def _open_year(self, year: int) -> None:
        if year not in self._ask(OpenYears()):
            self._perform(OpenPeriods(year))

    def _masters(self) -> Iterator[Callable[[], object]]:
        data = self._data
        parties = [
            *(
                self._party("supplier", row["SupplierID"], f"S{row['SupplierID']}", row, is_supplier=True)
                for row in data["Suppliers"]
            ),
            *(
                self._party("customer", row["CustomerID"], row["CustomerID"], row, is_distributor=True)
                for row in data["Customers"]
            ),
            *(
                self._party("shipper", row["ShipperID"], f"C{row['ShipperID']}", row, is_carrier=True)
                for row in data["Shippers"]
            ),
        ]
        categories = [
            SaveCategory(_id("category", row["CategoryID"]), f"NW{row['CategoryID']}", row["CategoryName"])
            for row in data["Categories"]
        ]
        yield partial(self._save_new, "category", "categories", categories)
        yield partial(self._save_new, "party", "parties", parties)
        yield partial(self._save_new, "product", "products", list(self._product_steps.values()))
        employees = [
            SaveEmployee(
                _id("employee", row["EmployeeID"]),
                f"NW{row['EmployeeID']}",
                _name_of(row),
                title=row["Title"],
                manager_id=_id("employee", row["ReportsTo"]) if row["ReportsTo"] else None,
                phone=row["HomePhone"],
                hired_on=_day(row["HireDate"]) if row["HireDate"] else None,
            )
            for row in data["Employees"]
        ]
        employees.sort(key=lambda employee: employee.manager_id is not None)  # the manager is known before their people
        for employee in employees:
            yield partial(self._save_employee, employee)

    def _save_employee(self, employee: SaveEmployee) -> None:
        if not self._ask(RowsHere("employee", (employee.employee_id,))):
            self._perform(employee)

    def _save_new(self, table: str, kind: str, rows: Sequence[Any]) -> None:
        ids = {_first_field(row): row for row in rows}
        here = self._ask(RowsHere(table, tuple(ids)))
        missing = tuple(row for row_id, row in ids.items() if row_id not in here)
        if missing:
            self._perform(SaveMasters(**{kind: missing}))

    def _party(self, kind: str, key: str, code: str, row: Row, **roles: Any) -> SaveParty:
        return SaveParty(
            _id(kind, key),
            code,
            row["CompanyName"],
            contact=row.get("ContactName", ""),
            phone=row["Phone"],
            address=row.get("Address", ""),
            city=row.get("City", ""),
            postal_code=row.get("PostalCode", ""),
            country=row.get("Country", ""),
            **roles,
        )

    def _product(self, row: Row) -> SaveProduct:
        """A product; how it is packed stands behind its name, because Northwind has no units of measure."""
        pack = f" ({row['QuantityPerUnit']})" if row["QuantityPerUnit"] else ""
        return SaveProduct(
            _id("product", row["ProductID"]),
            f"NW{int(row['ProductID']):02}",
            row["ProductName"] + pack,
            _id("category", row["CategoryID"]),
            self._unit_id,
            supplier_id=_id("supplier", row["SupplierID"]) if row["SupplierID"] else None,
            list_price=self._decimal(row["UnitPrice"]),
            minimum_qty=self._decimal(row["ReorderLevel"]),
        )

    # --- what happened

    def _opening_stock(self) -> Callable[[], object]:
        needed: Counter[str] = Counter({row["ProductID"]: int(row["UnitsInStock"]) for row in self._data["Products"]})
        shipped = {row["OrderID"] for row in self._data["Orders"] if row["ShippedDate"]}
        for line in self._data["OrderDetails"]:
            if line["OrderID"] in shipped:
                needed[line["ProductID"]] += int(line["Quantity"])
        bin_id = self._ask(WarehouseBins(self._warehouse_id))[""]
        first_day = min(_day(row["OrderDate"]) for row in self._data["Orders"])
        count = CountStock(
            _id("opening stock", str(self._share)),
            self._warehouse_id,
            first_day - timedelta(days=1),
            tuple(
                CountedLine(
                    product.product_id,
                    bin_id,
                    Decimal(needed[key]),
                    round_money((product.list_price or ZERO) * self._share, CURRENCY_PLACES),
                )
                for key, product in self._product_steps.items()
                if needed[key]
            ),
            reason=translate("Import", OPENING).format(share=f"{self._share:%}".replace(".000000", "")),
            is_opening=True,
        )
        return partial(self._open_with, count)

    def _open_with(self, count: CountStock) -> None:
        opened, _ = self._ask(OpeningState(tuple(line.product_id for line in count.lines)))
        if not opened:
            self._perform(count)

    def _trade(self) -> Iterator[Callable[[], object]]:
        """Orders and shipments by day; on one day orders come in before parcels go out."""
        orders = self._data["Orders"]
        states = self._ask(OrderStates(tuple(_id("order", row["OrderID"]) for row in orders)))
        lines: dict[str, list[Row]] = {}
        for line in self._data["OrderDetails"]:
            lines.setdefault(line["OrderID"], []).append(line)
        events: list[tuple[date, int, int, Callable[[], object]]] = []
        for row in orders:
            key, state = row["OrderID"], states.get(_id("order", row["OrderID"]), "")
            if state in ("", SalesOrderStatus.DRAFT):
                events.append((_day(row["OrderDate"]), 0, int(key), partial(self._order, row, lines[key])))
            if row["ShippedDate"] and state != SalesOrderStatus.SHIPPED:
                events.append((_day(row["ShippedDate"]), 1, int(key), partial(self._ship, row)))
        for row in orders:
            if not row["ShippedDate"] and states.get(_id("order", row["OrderID"])) != SalesOrderStatus.ALLOCATED:
                events.append((date.max, 2, int(row["OrderID"]), partial(self._promise, row)))
        return (event for *_, event in sorted(events, key=lambda event: event[:3]))

    def _order(self, row: Row, lines: Sequence[Row]) -> None:
        order_id = _id("order", row["OrderID"])
        employee = next((known for known in self._data["Employees"] if known["EmployeeID"] == row["EmployeeID"]), None)
        address = [row[f"Ship{part}"] for part in ("Name", "Address", "City", "Region", "PostalCode", "Country")]
        saved = self._perform(
            SaveSalesOrder(
                order_id=order_id,
                channel_id=self._channel_id,
                warehouse_id=self._warehouse_id,
                ordered_on=_day(row["OrderDate"]),
                due_on=_day(row["RequiredDate"]),
                lines=tuple(
                    SalesLine(
                        derived_id("northwind", "order line", row["OrderID"], line["ProductID"]),
                        _id("product", line["ProductID"]),
                        self._decimal(line["Quantity"]),
                        self._decimal(line["UnitPrice"]),
                        self._decimal(line["Discount"]),
                    )
                    for line in lines
                ),
                customer_id=_id("customer", row["CustomerID"]),
                external_number=row["OrderID"],
                ship_to=", ".join(filter(None, address)),
                note=translate("Import", SOLD_BY).format(name=_name_of(employee)) if employee else "",
                freight=self._decimal(row["Freight"]),
            )
        )
        if saved:
            self._perform(ConfirmSalesOrder(order_id))

    def _ship(self, row: Row) -> None:
        shipment = ShipOrder(
            derived_id("northwind", "shipment", row["OrderID"]),
            _id("order", row["OrderID"]),
            _day(row["ShippedDate"]),
            carrier_id=_id("shipper", row["ShipVia"]) if row["ShipVia"] else None,
        )
        state = self._ask(OrderStates((shipment.order_id,))).get(shipment.order_id)
        if state == SalesOrderStatus.ALLOCATED or self._perform(AllocateSalesOrder(shipment.order_id)):
            self._perform(shipment)

    def _promise(self, row: Row) -> None:
        try:
            self._perform_action(AllocateSalesOrder(_id("order", row["OrderID"])))
        except Refused:
            self._waiting.append(row["OrderID"])
        else:
            self._performed["AllocateSalesOrder"] += 1

    def _endings(self) -> Iterator[Callable[[], object]]:
        """Discontinued products end after their last order."""
        for row in self._data["Products"]:
            if int(row["Discontinued"] or 0):
                ended = replace(self._product_steps[row["ProductID"]], is_active=False)
                yield partial(self._end, ended)

    def _end(self, ended: SaveProduct) -> None:
        stored = self._ask(StoredRows("product", ("id",), (ended.product_id,)))
        if stored and stored[ended.product_id,]["is_active"]:
            self._perform(ended)

    def _decimal(self, text: str) -> Decimal:
        return decimal_of(text, self._path)


def _id(kind: str, key: str) -> UUID:
    return derived_id("northwind", kind, key)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _name_of(employee: Row) -> str:
    return f"{employee['FirstName']} {employee['LastName']}"


def _first_field(row: Any) -> UUID:
    found: UUID = next(iter(vars(row).values()))
    return found
