"""Returns that a channel announced: which shipments their goods may be of, and one of these beside what was announced."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import Session

from erp_desktop.models.sales import CustomerReturn, CustomerReturnLine, SalesOrder, ShipmentLine
from erp_desktop.queries.list_shape import table_of
from erp_desktop.queries.selling import Shipments
from erp_desktop.queries.selling_details import (
    CustomerReturnDetail,
    CustomerReturnRecord,
    ShipmentDetail,
    ShipmentRecord,
)

_shipment = Shipments.shape.base  # this very one: the questions within refer to it
_shipment_line = table_of(ShipmentLine)
_order = table_of(SalesOrder)
_announced = table_of(CustomerReturn)
_announced_line = table_of(CustomerReturnLine)


@dataclass(frozen=True)
class ShipmentsAnnouncedBack(Shipments):
    """Shipments that announced goods may be of: to the same customer (where nobody knows it, of the same channel), with one
    of the announced products still out. Newest first."""

    tables: ClassVar[frozenset[str]] = Shipments.tables | {
        "customer_return",
        "customer_return_line",
        "sales_order",
        "shipment_line",
    }

    announced_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        line, announced, order = _shipment_line.c, _announced.c, _order.c
        same_product = (_announced_line.c.company_id == line.company_id) & (
            _announced_line.c.product_id == line.product_id
        )
        still_out = exists().where(
            line.company_id == _shipment.c.company_id,
            line.shipment_id == _shipment.c.id,
            line.returned_qty < line.qty,
            same_product,
            _announced_line.c.return_id == self.announced_id,
        )
        of_channel = exists().where(
            order.company_id == _shipment.c.company_id,
            order.id == _shipment.c.order_id,
            order.channel_id == announced.channel_id,
        )
        whose = or_(
            announced.customer_id == _shipment.c.customer_id,
            and_(announced.customer_id.is_(None), of_channel.correlate(_shipment, _announced)),
        )
        theirs = exists().where(
            announced.company_id == _shipment.c.company_id, announced.id == self.announced_id, whose
        )
        return (still_out.correlate(_shipment), theirs.correlate(_shipment))


@dataclass(frozen=True)
class AnnouncedShipmentRecord(ShipmentRecord):
    announced: CustomerReturnRecord


@dataclass(frozen=True)
class AnnouncedShipmentDetail:
    """One shipment with the announced return that its goods come back for. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = ShipmentDetail.tables | CustomerReturnDetail.tables

    shipment_id: UUID
    announced_id: UUID

    def run(self, session: Session, company_id: UUID) -> AnnouncedShipmentRecord:
        shipment = ShipmentDetail(self.shipment_id).run(session, company_id)
        announced = CustomerReturnDetail(self.announced_id).run(session, company_id)
        return AnnouncedShipmentRecord(**vars(shipment), announced=announced)
