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
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import SaveCategory, SaveEmployee, SaveMasters, SaveParty, SaveProduct
from erp_desktop.actions.opening import OpenPeriods
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.saving import Save
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.ids import derived_id
from erp_desktop.integrations.importing import Cancelled, Progress
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
ACTIONS_AT_ONCE = 100

PerformAll = Callable[
    [Sequence[Action]], Sequence[Problem | None]
]  # performs in order; what was refused has its problem

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


@dataclass(frozen=True)
class _Step:
    """One action. `may_wait` is the number of an order that may as well wait for stock."""

    action: Action
    may_wait: str = ""


class NorthwindImport:
    """One import of one file into one company."""

    def __init__(
        self, path: Path, ask: Ask, perform: PerformAll, opening_cost_share: Decimal = USUAL_OPENING_COST_SHARE
    ) -> None:
        """Raises UnreadableTable for a file that is not Northwind."""
        self._path = path
        self._data: NorthwindFile = read_northwind(path)
        self._ask = ask
        self._perform = perform
        self._share = opening_cost_share
        self._channel_id: UUID = ask(IdsByCode("channel", ("DIRECT",)))["DIRECT"]
        self._warehouse_id: UUID = ask(IdsByCode("warehouse", ("MAIN",)))["MAIN"]
        self._unit_id: UUID = ask(IdsByCode("unit", ("PC",)))["PC"]
        self._products = {row["ProductID"]: self._product(row) for row in self._data["Products"]}

    def run(self, progress: Progress | None = None, cancelled: Cancelled | None = None) -> NorthwindResult:
        """Everything that is not here yet, some actions at once. Stopping leaves whole actions; the next run goes on."""
        steps = [*self._periods(), *self._masters(), *self._opening_stock(), *self._trade(), *self._endings()]
        performed: Counter[str] = Counter()
        refused: list[str] = []
        waiting: list[str] = []
        for start in range(0, len(steps), ACTIONS_AT_ONCE):
            if cancelled is not None and cancelled():
                return NorthwindResult(performed, tuple(refused), tuple(waiting), was_cancelled=True)
            part = steps[start : start + ACTIONS_AT_ONCE]
            for step, problem in zip(part, self._perform([step.action for step in part]), strict=True):
                if problem is None:
                    performed[type(step.action).__name__] += 1
                elif step.may_wait:
                    waiting.append(step.may_wait)
                else:
                    refused.append(f"{type(step.action).__name__}: {problem.sentence}")
            if progress is not None:
                progress(start + len(part), len(steps))
        return NorthwindResult(performed, tuple(refused), tuple(waiting))

    # --- what there is

    def _periods(self) -> Iterator[_Step]:
        orders = self._data["Orders"]
        days = [_day(row[column]) for row in orders for column in ("OrderDate", "ShippedDate") if row[column]]
        first = min(days) - timedelta(days=1)
        here = self._ask(OpenYears())
        return (_Step(OpenPeriods(year)) for year in range(first.year, max(days).year + 1) if year not in here)

    def _masters(self) -> Iterator[_Step]:
        data = self._data
        categories = [
            SaveCategory(_id("category", row["CategoryID"]), f"NW{row['CategoryID']}", row["CategoryName"])
            for row in data["Categories"]
        ]
        parties = [
            *(
                _party("supplier", row["SupplierID"], f"S{row['SupplierID']}", row, is_supplier=True)
                for row in data["Suppliers"]
            ),
            *(
                _party("customer", row["CustomerID"], row["CustomerID"], row, is_distributor=True)
                for row in data["Customers"]
            ),
            *(
                _party("shipper", row["ShipperID"], f"C{row['ShipperID']}", row, is_carrier=True)
                for row in data["Shippers"]
            ),
        ]
        missing: dict[str, tuple[Any, ...]] = {
            "categories": self._missing("category", categories),
            "parties": self._missing("party", parties),
            "products": self._missing("product", list(self._products.values())),
        }
        if any(missing.values()):
            yield _Step(SaveMasters(**missing))
        employees = [_employee(row) for row in data["Employees"]]
        employees.sort(key=lambda employee: employee.manager_id is not None)  # who reports to nobody is known first
        for employee in self._missing("employee", employees):
            yield _Step(employee)

    def _missing(self, table: str, rows: Sequence[Save]) -> tuple[Any, ...]:
        ids = [row.row_id for row in rows]
        here = self._ask(RowsHere(table, tuple(ids)))
        return tuple(row for row_id, row in zip(ids, rows, strict=True) if row_id not in here)

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

    def _opening_stock(self) -> Iterator[_Step]:
        opened, _ = self._ask(OpeningState(tuple(product.product_id for product in self._products.values())))
        if opened:
            return
        needed: Counter[str] = Counter({row["ProductID"]: int(row["UnitsInStock"]) for row in self._data["Products"]})
        shipped = {row["OrderID"] for row in self._data["Orders"] if row["ShippedDate"]}
        for line in self._data["OrderDetails"]:
            if line["OrderID"] in shipped:
                needed[line["ProductID"]] += int(line["Quantity"])
        bin_id = self._ask(WarehouseBins(self._warehouse_id))[""]
        lines = tuple(
            CountedLine(
                product.product_id,
                bin_id,
                Decimal(needed[key]),
                round_money((product.list_price or ZERO) * self._share, CURRENCY_PLACES),
            )
            for key, product in self._products.items()
            if needed[key]
        )
        yield _Step(
            CountStock(
                _id("opening stock", str(self._share)),
                self._warehouse_id,
                min(_day(row["OrderDate"]) for row in self._data["Orders"]) - timedelta(days=1),
                lines,
                reason=translate("Import", OPENING).format(share=f"{(self._share * 100).normalize():f} %"),
                is_opening=True,
            )
        )

    def _trade(self) -> Iterator[_Step]:
        """Orders and shipments by day; on one day orders come in before parcels go out."""
        orders = self._data["Orders"]
        states: dict[UUID, str] = self._ask(OrderStates(tuple(_id("order", row["OrderID"]) for row in orders)))
        lines: dict[str, list[Row]] = {}
        for line in self._data["OrderDetails"]:
            lines.setdefault(line["OrderID"], []).append(line)
        events: list[tuple[date, int, int, list[_Step]]] = []
        for row in orders:
            order_id, key = _id("order", row["OrderID"]), int(row["OrderID"])
            state = states.get(order_id, "")
            promise = _Step(AllocateSalesOrder(order_id), may_wait="" if row["ShippedDate"] else row["OrderID"])
            if not state:
                ordered = [_Step(self._order(row, lines[row["OrderID"]])), _Step(ConfirmSalesOrder(order_id))]
                events.append((_day(row["OrderDate"]), 0, key, ordered))
            elif state == SalesOrderStatus.DRAFT:
                events.append((_day(row["OrderDate"]), 0, key, [_Step(ConfirmSalesOrder(order_id))]))
            if row["ShippedDate"] and state != SalesOrderStatus.SHIPPED:
                sent = [_Step(_shipment(row))]
                events.append(
                    (
                        _day(row["ShippedDate"]),
                        1,
                        key,
                        sent if state == SalesOrderStatus.ALLOCATED else [promise, *sent],
                    )
                )
            elif not row["ShippedDate"] and state != SalesOrderStatus.ALLOCATED:
                events.append((date.max, 2, key, [promise]))
        for *_, steps in sorted(events, key=lambda event: event[:3]):
            yield from steps

    def _order(self, row: Row, lines: Sequence[Row]) -> SaveSalesOrder:
        employee = next((known for known in self._data["Employees"] if known["EmployeeID"] == row["EmployeeID"]), None)
        address = [row[f"Ship{part}"] for part in ("Name", "Address", "City", "Region", "PostalCode", "Country")]
        return SaveSalesOrder(
            order_id=_id("order", row["OrderID"]),
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

    def _endings(self) -> Iterator[_Step]:
        """Discontinued products end after their last order."""
        ended = [self._products[row["ProductID"]] for row in self._data["Products"] if int(row["Discontinued"] or 0)]
        stored = self._ask(StoredRows("product", ("id",), tuple(product.product_id for product in ended)))
        for product in ended:
            if (product.product_id,) not in stored or stored[product.product_id,]["is_active"]:
                yield _Step(replace(product, is_active=False))

    def _decimal(self, text: str) -> Decimal:
        return decimal_of(text, self._path)


def _party(kind: str, key: str, code: str, row: Row, **roles: Any) -> SaveParty:
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


def _employee(row: Row) -> SaveEmployee:
    return SaveEmployee(
        _id("employee", row["EmployeeID"]),
        f"NW{row['EmployeeID']}",
        _name_of(row),
        title=row["Title"],
        manager_id=_id("employee", row["ReportsTo"]) if row["ReportsTo"] else None,
        phone=row["HomePhone"],
        hired_on=_day(row["HireDate"]) if row["HireDate"] else None,
    )


def _shipment(row: Row) -> ShipOrder:
    return ShipOrder(
        derived_id("northwind", "shipment", row["OrderID"]),
        _id("order", row["OrderID"]),
        _day(row["ShippedDate"]),
        carrier_id=_id("shipper", row["ShipVia"]) if row["ShipVia"] else None,
    )


def _id(kind: str, key: str) -> UUID:
    return derived_id("northwind", kind, key)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _name_of(employee: Row) -> str:
    return f"{employee['FirstName']} {employee['LastName']}"
