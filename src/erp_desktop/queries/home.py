"""The figures of the home screen: how much work waits, and what is late."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.transit import transit_warehouse_id
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import PurchaseOrder, PurchaseOrderStatus
from erp_desktop.models.sales import SalesOrder, SalesOrderLine, SalesOrderStatus, Shipment
from erp_desktop.models.stock import StockBalance
from erp_desktop.numbers import ZERO

TO_RECEIVE = (PurchaseOrderStatus.CONFIRMED, PurchaseOrderStatus.PART_RECEIVED)
TO_SHIP = (SalesOrderStatus.CONFIRMED, SalesOrderStatus.ALLOCATED, SalesOrderStatus.PART_SHIPPED)


@dataclass(frozen=True)
class WorkWaiting:
    """Numbers of documents and products."""

    orders_to_receive: int
    overdue_to_receive: int  # due before today
    orders_to_allocate: int  # some open quantity is promised from no stock yet
    orders_to_ship: int  # some quantity is promised and not shipped yet
    overdue_to_ship: int
    low_stock: int  # products with less on hand than their minimum
    shipments_today: int


@dataclass(frozen=True)
class HomeFigures:
    """What waits in a company. `today` is the company's business date."""

    tables: ClassVar[frozenset[str]] = frozenset(
        {"purchase_order", "sales_order", "sales_order_line", "shipment", "product", "stock_balance"}
    )

    today: date

    def run(self, session: Session, company_id: UUID) -> WorkWaiting:
        purchases = (PurchaseOrder.company_id == company_id, PurchaseOrder.status.in_(TO_RECEIVE))
        sales = (SalesOrder.company_id == company_id, SalesOrder.status.in_(TO_SHIP))
        line = SalesOrderLine
        of_order = (line.company_id == SalesOrder.company_id, line.order_id == SalesOrder.id)
        unpromised = select(line.id).where(*of_order, line.qty > line.allocated_qty + line.shipped_qty).exists()
        promised = select(line.id).where(*of_order, line.allocated_qty > ZERO).exists()

        def number(statement: Select[Any]) -> Any:
            return statement.scalar_subquery()

        on_hand = select(func.coalesce(func.sum(StockBalance.on_hand), 0)).where(
            StockBalance.company_id == Product.company_id,
            StockBalance.product_id == Product.id,
            StockBalance.warehouse_id != transit_warehouse_id(company_id),
        )
        low = on_hand.correlate(Product).scalar_subquery() < Product.minimum_qty
        counted = select(
            number(select(func.count()).where(*purchases)),
            number(select(func.count()).where(*purchases, PurchaseOrder.due_on < self.today)),
            number(select(func.count(SalesOrder.id)).where(*sales, unpromised)),
            number(select(func.count(SalesOrder.id)).where(*sales, promised)),
            number(select(func.count()).where(*sales, SalesOrder.due_on < self.today)),
            number(select(func.count(Product.id)).where(Product.company_id == company_id, Product.is_active, low)),
            number(select(func.count()).where(Shipment.company_id == company_id, Shipment.shipped_on == self.today)),
        )
        return WorkWaiting(*session.execute(counted).one())
