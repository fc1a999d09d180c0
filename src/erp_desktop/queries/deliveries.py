"""Shipments that are under way, as the confirmation of their delivery shows them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from erp_desktop.models.company import Company
from erp_desktop.models.party import Party
from erp_desktop.models.sales import SalesOrder, Shipment, ShipmentLine
from erp_desktop.numbers import ZERO


@dataclass(frozen=True)
class UnderWay:
    """A shipment, and what of it has not come back, in stock units."""

    id: UUID
    number: str | None
    order_number: str | None
    customer_name: str
    customer_name_zh: str
    tracking_number: str
    shipped_on: date
    delivered_on: date | None
    left: Decimal
    has_lines: bool  # services alone have none


@dataclass(frozen=True)
class DeliveriesRecord:
    """The shipments in the order in which they were asked for; `product_ids` of all of them.

    `posts`: with their delivery they become revenue and cost of sales."""

    shipments: tuple[UnderWay, ...]
    product_ids: frozenset[UUID]
    posts: bool


@dataclass(frozen=True)
class Deliveries:
    """Shipments whose delivery is to be confirmed; those that are not here are left out."""

    tables: ClassVar[frozenset[str]] = frozenset({"shipment", "shipment_line", "sales_order", "party", "company"})

    shipment_ids: tuple[UUID, ...]

    def run(self, session: Session, company_id: UUID) -> DeliveriesRecord:
        rows = session.execute(
            select(Shipment, SalesOrder.number, Party.name, Party.name_zh)
            .join(SalesOrder, and_(SalesOrder.company_id == company_id, SalesOrder.id == Shipment.order_id))
            .outerjoin(Party, and_(Party.company_id == company_id, Party.id == Shipment.customer_id))
            .where(Shipment.company_id == company_id, Shipment.id.in_(self.shipment_ids))
        ).all()
        lines = session.execute(
            select(
                ShipmentLine.shipment_id, ShipmentLine.product_id, ShipmentLine.qty, ShipmentLine.returned_qty
            ).where(ShipmentLine.company_id == company_id, ShipmentLine.shipment_id.in_(self.shipment_ids))
        ).all()
        left: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
        for shipment_id, _, qty, returned_qty in lines:
            left[shipment_id] += qty - returned_qty
        found = {
            shipment.id: UnderWay(
                shipment.id,
                shipment.number,
                order_number,
                name or "",
                name_zh or "",
                shipment.tracking_number,
                shipment.shipped_on,
                shipment.delivered_on,
                left[shipment.id],
                shipment.id in left,
            )
            for shipment, order_number, name, name_zh in rows
        }
        company = session.get_one(Company, (company_id, company_id))
        return DeliveriesRecord(
            tuple(found[one] for one in dict.fromkeys(self.shipment_ids) if one in found),
            frozenset(line.product_id for line in lines),
            company.revenue_at == "delivery",
        )
